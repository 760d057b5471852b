/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What is read of Unix sockets and of a task's view of the file system; CO-RE finds the places. */
#pragma once

#include "kernel_types.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sockaddr {
	unsigned short sa_family;
};

struct sock_common___unix {
	unsigned char skc_state;
};

struct sock___unix {
	struct sock_common___unix __sk_common;
};

struct bpf_sock_addr_kern {
	struct sock___unix *sk;
	struct sockaddr *uaddr;
	__u32 uaddrlen;
};

struct unix_sock {
	struct sock *peer;
};

struct dentry;

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct vfsmount mnt;
	int mnt_id;
};

struct fs_struct {
	struct path root;
};

struct ns_common {
	unsigned int inum;
};

struct user_namespace {
	struct ns_common ns;
};

struct cred {
	struct user_namespace *user_ns;
};

struct task_struct___files {
	struct fs_struct *fs;
	const struct cred *cred;
};

#pragma clang attribute pop
