/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* ARRAY sluice_settings: __u64 by enum sluice_setting; each is read and written whole.
 * HASH sluice_listeners: __u32 address family -> struct sluice_listener; replaced whole. */
#pragma once

#include <linux/types.h>

/* Raised with every change of a map's key, value or meaning: maps pinned under another number are
 * not reused. */
#define SLUICE_LAYOUT 8u

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
	SLUICE_SETTING_COUNT
};

struct sluice_listener {
	__u8 address[16]; /* network order; IPv4 as ::ffff:a.b.c.d; never unspecified */
	__be16 port;
	__u16 reserved; /* 0 */
};
