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

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct super_block *d_sb;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
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

#pragma clang attribute pop
