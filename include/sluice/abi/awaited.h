/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* HASH sluice_awaited: the paths of the cgroups that a policy enrols, as a tree of names, so that a
 * task in such a cgroup is in a run from its first system call, before userspace has seen that the
 * cgroup is there. One entry for each name: the node it leads to. Names are compared whole, never
 * by a hash alone: who may make cgroups chooses their names. */
#pragma once

#include <linux/types.h>

#define SLUICE_AWAITED_NAME_BYTES 92u /* with the NUL, and NULs to the end */
/* One less than fits: a longer name of the kernel's is cut where it would fill the bytes, and must
 * not look like one that is awaited. */
#define SLUICE_AWAITED_NAME_MAX 90u

struct sluice_awaited_key {
	__u32 parent; /* node; 0 = the root of cgroup2 */
	char name[SLUICE_AWAITED_NAME_BYTES];
};

struct sluice_awaited {
	__u32 node;	/* never 0 */
	__u32 subject;	/* of tasks in there; 0 = only on the way to one that is awaited */
	__u32 level;	/* of the cgroup */
	__u32 reserved; /* 0 */
};
