/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The few members of kernel structs that are read; CO-RE finds their places at load. */
#pragma once

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct super_block {
	__u32 s_dev; /* major << 20 | minor */
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	unsigned int f_mode;
	struct inode *f_inode;
	struct path f_path;
};

struct mm_struct {
	struct file *exe_file;
};

struct kernfs_node {
	__u64 id; /* of a cgroup's node: the cgroup's id */
	const char *name;
};

struct cgroup {
	int level; /* 0 = the root */
	struct kernfs_node *kn;
	struct cgroup *ancestors[]; /* by level, itself too */
};

struct css_set {
	struct cgroup *dfl_cgrp; /* in the tree of cgroup2 */
};

struct task_struct {
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct css_set *cgroups;
	struct nsproxy *nsproxy;
	int tgid;
	__u64 start_boottime; /* ns */
};

struct net {
	__u64 net_cookie;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	unsigned char skc_reuseport : 1;
	unsigned long skc_flags; /* 1 << enum sock_flags */
	unsigned short skc_family;
	possible_net_t skc_net;
};

struct sock_cgroup_data {
	struct cgroup *cgroup; /* that the socket was made in */
};

struct sock {
	struct sock_common __sk_common;
	struct sock_cgroup_data sk_cgrp_data;
	__u8 sk_kern_sock : 1; /* made by the kernel for itself */
};

struct tcp_sock {
	__u64 bytes_received; /* payload, and one more for a FIN */
	__u64 bytes_sent;     /* payload, retransmissions too */
	__u64 bytes_retrans;
};

#pragma clang attribute pop

enum sock_flags {
	SOCK_DONE = 1, /* a FIN was received */
};
