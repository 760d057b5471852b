/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What only the BPF LSM layer keeps.
 * TASK_STORAGE sluice_task_tags: the run that a task was first seen in; its children inherit it.
 * SK_STORAGE sluice_socket_tags: the run that an IPv4 or IPv6 socket was made in; what it accepts
 * inherits it.
 * HASH sluice_daemons: process id of a keeper or worker (__u32) -> __u32 1. */
#pragma once

#include <linux/types.h>

struct sluice_task_tag {
	__u64 cgroup_id; /* of the run */
	__u32 subject;
	__u32 level; /* of that cgroup, counted from the root of cgroup2 */
};

struct sluice_socket_tag {
	__u64 cgroup_id; /* of the run of the task that made the socket */
};

/* The programs of the layer, as a place in `sluice_witness_calls` of each object's memory: calls by
 * the thread that `sluice_witness_thread` names are counted there, so that whoever attached a
 * program can see that it is really called. */
enum sluice_lsm_program {
	SLUICE_LSM_TASK_ALLOC,
	SLUICE_LSM_BPRM_CHECK,
	SLUICE_LSM_SOCKET_POST_CREATE,
	SLUICE_LSM_SOCKET_CONNECT,
	SLUICE_LSM_SOCKET_SENDMSG,
	SLUICE_LSM_SOCKET_LISTEN,
	SLUICE_LSM_SOCKET_ACCEPT,
	SLUICE_LSM_FILE_RECEIVE,
	SLUICE_LSM_SOCKET_CREATE,
	SLUICE_LSM_FILE_OPEN,
	SLUICE_LSM_SOCKET_BIND,
	SLUICE_LSM_SOCKET_SETSOCKOPT,
	SLUICE_LSM_PTRACE_ACCESS,
	SLUICE_LSM_PTRACE_TRACEME,
	SLUICE_LSM_TASK_KILL,
	SLUICE_LSM_BPF,
	SLUICE_LSM_INODE_UNLINK,
	SLUICE_LSM_INODE_RENAME,
	SLUICE_LSM_SB_MOUNT,
	SLUICE_LSM_SB_UMOUNT,
	SLUICE_LSM_MOVE_MOUNT,
	SLUICE_LSM_USERNS_CREATE,
	SLUICE_LSM_URING_SQPOLL,
	SLUICE_LSM_URING_CREDS,
	SLUICE_LSM_PROGRAM_COUNT
};

struct sluice_witness {
	__u64 thread; /* (tgid << 32) | tid; 0 = nobody */
	__u64 calls[SLUICE_LSM_PROGRAM_COUNT];
};
