/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Looks for runs at the levels where any live, the deepest first. A step is a function that
 * bpf_loop() calls, so that the verifier walks one and not one for each level. */
#pragma once

#include "awaited.h"
#include "levels.h"
#include "report.h"

struct level_walk {
	__u64 levels;	  /* still to be looked at */
	struct run found; /* the deepest run so far, with the flags of all */
};

/* The deepest level that is left; false where none is. */
static __always_inline bool next_level(struct level_walk *walk, __u32 *level)
{
	if (!walk->levels)
		return false;
	*level = sluice_deepest_level(walk->levels);
	walk->levels = sluice_without_deepest(walk->levels);
	return true;
}

/* `id`: the cgroup at that level, 0 = none. Gives what bpf_loop() takes: whether to stop. */
static __always_inline long look_at(struct level_walk *walk, __u32 level, __u64 id)
{
	struct sluice_run *run = id ? bpf_map_lookup_elem(&sluice_runs, &id) : NULL;

	if (run) {
		walk->found.flags |= run->flags;
		if (!walk->found.cgroup_id) {
			walk->found.cgroup_id = id;
			walk->found.subject = run->subject;
			walk->found.level = level;
		}
	}
	return !walk->levels;
}
