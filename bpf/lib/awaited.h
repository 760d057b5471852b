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

struct awaited_walk {
	struct cgroup *cgroup; /* the task's */
	__u32 node;	       /* of the awaited tree: where its name was found last */
	__u32 left;	       /* levels to go */
	struct sluice_awaited deepest;
	struct sluice_awaited_key key;
};

static long follow_name(__u32 index, struct awaited_walk *walk)
{
	struct cgroup *cgroup = walk->cgroup;
	struct sluice_awaited *next;
	const char *name;

	if (!walk->left)
		return 1;
	walk->left--;
	cgroup = ancestor_at(cgroup, index + 1);
	name = BPF_CORE_READ(cgroup, kn, name);
	__builtin_memset(&walk->key, 0, sizeof(walk->key));
	walk->key.parent = walk->node;
	if (bpf_probe_read_kernel_str(walk->key.name, sizeof(walk->key.name), name) <= 0)
		return 1;
	next = bpf_map_lookup_elem(&sluice_awaited, &walk->key);
	if (!next)
		return 1;
	walk->node = next->node;
	if (next->subject)
		walk->deepest = *next;
	return 0;
}

/* Follows the names of the task's cgroups from the root as far as the awaited tree goes; for most
 * tasks that is one step. A match that lies deeper than the run found so far is the task's run: its
 * subject is the whole lineage, so a match inside a run takes rights away and gives none. A
 * function of its own, because the key is large for the stack. */
__noinline int find_awaited(struct run *found, __u64 depth)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	struct awaited_walk walk = {
	    .cgroup = cgroup,
	    .left = (__u32)BPF_CORE_READ(cgroup, level),
	};

	if (!found || walk.left <= found->level)
		return 0;
	if (walk.left > depth)
		walk.left = depth;
	bpf_loop(SLUICE_CGROUP_LEVELS_MAX - 1, follow_name, &walk, 0);
	if (!walk.deepest.subject || walk.deepest.level <= found->level)
		return 0;
	found->cgroup_id = bpf_get_current_ancestor_cgroup_id(walk.deepest.level);
	found->subject = walk.deepest.subject;
	found->level = walk.deepest.level;
	return 0;
}
