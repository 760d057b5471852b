/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Is the current task in a cgroup that a policy enrols, and that userspace has not seen yet? */
#pragma once

#include "kernel_types.h"
#include "maps.h"
#include <bpf/bpf_core_read.h>

struct run {
	__u64 cgroup_id; /* of the deepest run above the task; 0 = in none */
	__u32 subject;
	__u32 flags; /* of that run and of all above it */
	__u32 level; /* of its cgroup; 0 = in none */
	__u32 reserved;
};

static __always_inline struct cgroup *ancestor_at(struct cgroup *cgroup, __u32 level)
{
	/* Not an index: CO-RE has no relocation for one that is not constant. */
	__u64 list = (__u64)cgroup + bpf_core_field_offset(struct cgroup, ancestors);
	struct cgroup *ancestor = NULL;

	bpf_probe_read_kernel(&ancestor, sizeof(ancestor),
			      (void *)(list + level * sizeof(ancestor)));
	return ancestor;
}

/* Follows the names of the task's cgroups from the root as far as the awaited tree goes; for most
 * tasks that is one step. A match that lies deeper than the run found so far is the task's run: its
 * subject is the whole lineage, so a match inside a run takes rights away and gives none. A
 * function of its own, because the key is large for the stack. What is found is kept as it stands
 * in the map, and compared after the loop: constants and compares in it multiply what the verifier
 * walks.
 */
__noinline int find_awaited(struct run *found, __u64 depth)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	__u64 left = (__u32)BPF_CORE_READ(cgroup, level);
	struct sluice_awaited deepest = {};
	struct sluice_awaited_key key;
	__u32 node = 0;

	if (!found || left <= found->level)
		return 0;
	if (left > depth)
		left = depth;
	for (__u32 level = 1; level < SLUICE_CGROUP_LEVELS_MAX && left; level++, left--) {
		const char *name = BPF_CORE_READ(ancestor_at(cgroup, level), kn, name);
		struct sluice_awaited *next;

		__builtin_memset(&key, 0, sizeof(key));
		key.parent = node;
		if (bpf_probe_read_kernel_str(key.name, sizeof(key.name), name) <= 0)
			break;
		next = bpf_map_lookup_elem(&sluice_awaited, &key);
		if (!next)
			break;
		node = next->node;
		if (next->subject)
			deepest = *next;
	}
	if (!deepest.subject || deepest.level <= found->level)
		return 0;
	found->cgroup_id = bpf_get_current_ancestor_cgroup_id(deepest.level);
	found->subject = deepest.subject;
	found->level = deepest.level;
	return 0;
}
