/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* ARRAY sluice_settings: __u64 by enum sluice_setting; each is read and written whole.
 * HASH sluice_listeners: struct sluice_listener_key -> struct sluice_listener; replaced whole. */
#pragma once

#include <linux/types.h>

/* Raised with every change of a map's key, value or meaning: maps pinned under another number are
 * not reused. */
#define SLUICE_LAYOUT 11u

/* A run's cgroup is less deep than this, counted from the root of cgroup2 (0). */
#define SLUICE_CGROUP_LEVELS_MAX 64u

enum sluice_setting {
	SLUICE_SETTING_LAYOUT = 0, /* SLUICE_LAYOUT of who made the maps */
	SLUICE_SETTING_EPOCH = 1,
	/* Bit (63 - level) is set while a run may live at that cgroup level, so that the lowest set
	 * bit is the deepest level. 0: no run at all, and every hook returns at once. */
	SLUICE_SETTING_RUN_LEVELS = 2,
	/* 1: what cannot be reported is refused (SLUICE_REASON_AUDIT_FULL). */
	SLUICE_SETTING_AUDIT_REQUIRED = 3,
	/* Who sees the host's own files: a task whose root is the root of the mount with this id,
	 * in the user namespace with this inode. 0: unknown, and nobody does. */
	SLUICE_SETTING_HOST_ROOT_MOUNT = 4,
	SLUICE_SETTING_HOST_USER_NAMESPACE = 5,
	/* Level of the deepest awaited cgroup (sluice/abi/awaited.h); 0: none is awaited. */
	SLUICE_SETTING_AWAITED_DEPTH = 6,
	/* CLOCK_MONOTONIC, in ns. The daemon puts it off again and again while its threads answer;
	 * once it is over the daemon counts as dead: nothing is steered, and nothing passes
	 * direct. */
	SLUICE_SETTING_ALIVE_UNTIL = 7,
	/* Cookie of the network namespace that the daemon lives in. 0: none; all are foreign. */
	SLUICE_SETTING_HOME_NETNS = 8,
	/* Number of the mount namespace that the daemon lives in; 0: not known. */
	SLUICE_SETTING_HOST_MOUNTS = 9,
	SLUICE_SETTING_COUNT
};

/* A power of two, so that one is chosen with a mask. */
#define SLUICE_LISTENER_PORTS 16u

struct sluice_listener_key {
	__u64 netns_cookie;
	__u32 family;	/* AF_INET or AF_INET6; an IPv4-mapped destination is AF_INET */
	__u32 reserved; /* 0 */
};

/* One source address has some 28,000 ports towards one address and port. So there are several
 * ports, and each connection goes to any of them. */
struct sluice_listener {
	__u8 address[16]; /* network order; IPv4 as ::ffff:a.b.c.d; never unspecified */
	__be16 port[SLUICE_LISTENER_PORTS]; /* fewer are repeated until the array is full */
};
