/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* More members of kernel structs, for the BPF LSM programs; CO-RE finds their places at load. */
#pragma once

#include "kernel_types.h"

#define SLUICE_CGROUP2_MAGIC 0x63677270u
#define SLUICE_BPFFS_MAGIC 0xcafe4a11u
#define SLUICE_FILE_MODE_WRITE 2u /* the kernel's FMODE_WRITE */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct socket {
	struct sock *sk;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
	struct cgroup *ancestors[]; /* by level, the cgroup itself last */
};

struct css_set {
	struct cgroup *dfl_cgrp; /* in the tree of cgroup2 */
};

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct super_block *d_sb;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct path {
	struct dentry *dentry;
};

struct vfsmount {
	struct super_block *mnt_sb;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct upid {
	int nr;
};

struct pid {
	struct upid numbers[1]; /* the initial namespace's first */
};

struct unix_sock {
	struct path path; /* of the file that it is bound to */
};

struct file {
	unsigned int f_mode;
	struct inode *f_inode;
	struct path f_path;
};

#pragma clang attribute pop
