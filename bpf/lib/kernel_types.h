/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The few members of kernel structs that are read; CO-RE finds their places at load. */
#pragma once

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	struct task_struct *group_leader;
	struct css_set *cgroups;
	struct nsproxy *nsproxy;
	int tgid;
	__u64 start_boottime; /* ns */
};

struct sock_cgroup_data {
	struct cgroup *cgroup; /* of the task that made the socket */
};

struct sock_common {
	unsigned long skc_flags; /* 1 << enum sock_flags */
	unsigned short skc_family;
};

struct sock {
	struct sock_common __sk_common;
	struct sock_cgroup_data sk_cgrp_data;
	struct pid *sk_peer_pid; /* of a listening Unix socket: who called listen() */
	__u8 sk_kern_sock : 1;	 /* made by the kernel for itself */
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
