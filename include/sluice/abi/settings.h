/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* ARRAY sluice_settings: __u64 by enum sluice_setting; each is read and written whole.
 * HASH sluice_listeners: struct sluice_listener_key -> struct sluice_listener; replaced whole. */
#pragma once

#include <linux/types.h>

/* Raised with every change of a map's key, value or meaning: maps pinned under another number are
 * not reused. */
#define SLUICE_LAYOUT 3u

/* A run's cgroup is less deep than this, counted from the root of cgroup2 (0). */
#define SLUICE_CGROUP_LEVELS_MAX 64u

enum sluice_setting {
	SLUICE_SETTING_LAYOUT = 0, /* SLUICE_LAYOUT of who made the maps */
	SLUICE_SETTING_EPOCH = 1,
	/* Bit (63 - level) is set while a run may live at that cgroup level, so that the lowest set
	 * bit is the deepest level. 0: no run at all, and every hook returns at once. */
	SLUICE_SETTING_RUN_LEVELS = 2,
	/* Cookie of the network namespace that the daemon lives in. 0: none is; all are foreign. */
	SLUICE_SETTING_HOME_NETNS = 3,
	/* CLOCK_MONOTONIC. The daemon puts it off again and again while all its threads make
	 * progress; after it, it counts as dead: nothing is steered, and nothing passes direct. */
	SLUICE_SETTING_ALIVE_UNTIL_NS = 4,
	SLUICE_SETTING_COUNT
};

/* A power of two, so that a place is found with a mask. */
#define SLUICE_LISTENER_PORTS 16u

struct sluice_listener_key {
	__u64 netns_cookie;
	__u32 family;	/* AF_INET or AF_INET6; an IPv4-mapped destination is AF_INET */
	__u32 reserved; /* 0 */
};

/* One source address has some 28,000 ports towards one destination. So there are many: each bit in
 * `spread` of the address, and each place in `ports`, is chosen anew for each connection. */
struct sluice_listener {
	__u8 address[16]; /* loopback; network order; IPv4 as ::ffff:a.b.c.d */
	__be32 spread;	  /* of the last four bytes of `address`; 0: there is one address only */
	__be16 ports[SLUICE_LISTENER_PORTS]; /* fewer ports are repeated until the array is full */
};
