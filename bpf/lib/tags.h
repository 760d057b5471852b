/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Who is asking, for the BPF LSM programs: the run of the current task by its tag, which stays when
 * the task leaves the cgroup. A task outside of every run costs one lookup that finds nothing and
 * the look at the levels where runs live. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <sluice/abi/lsm.h>

#include "decide_task.h"
#include "lsm_types.h"
#include "report.h"
#include "runs.h"
#include "witness.h"

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sluice_task_tag);
} sluice_task_tags SEC(".maps");

/* Cloned: a socket that accept() returns has the tag of the one that listened. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct sluice_socket_tag);
} sluice_socket_tags SEC(".maps");

/* Tags the current task where it has no tag yet or has gone to an inner run; `me` is its tag then,
 * or the one of the run that it left. */
static __always_inline __u32 find_standing(struct sluice_task_tag *me)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct sluice_task_tag *tag = bpf_task_storage_get(&sluice_task_tags, task, NULL, 0);
	struct sluice_task_facts facts = {};
	struct run run = {};
	__u32 standing;

	if (tag) {
		facts.tagged = 1;
		facts.below_tag = bpf_get_current_ancestor_cgroup_id(tag->level) == tag->cgroup_id;
		*me = *tag;
	}
	facts.in_run = find_run(&run);
	standing = sluice_standing_of(&facts);
	if (standing != SLUICE_STANDING_INSIDE)
		return standing;
	if (tag && tag->cgroup_id == run.cgroup_id)
		return standing;
	me->cgroup_id = run.cgroup_id;
	me->subject = run.subject;
	me->level = run.level;
	if (!tag)
		tag = bpf_task_storage_get(&sluice_task_tags, task, NULL,
					   BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!tag)
		return SLUICE_STANDING_NO_TAG;
	*tag = *me;
	return standing;
}

/* Id of the cgroup that lies at `level` around a cgroup, or is it; 0 where there is none. Read as a
 * plain address, because the place in `ancestors` is not known before the program runs. */
static __always_inline __u64 cgroup_above(__u64 cgroup, __u32 level)
{
	__u64 place = bpf_core_field_offset(struct cgroup, ancestors);
	struct kernfs_node *node = NULL;
	__u64 above = 0, id = 0;
	int own_level = 0;

	if (!cgroup ||
	    bpf_core_read(&own_level, sizeof(own_level), &((struct cgroup *)cgroup)->level) ||
	    own_level < 0 || (__u32)own_level < level)
		return 0;
	if (bpf_probe_read_kernel(&above, sizeof(above),
				  (void *)(cgroup + place + level * sizeof(above))) ||
	    !above || bpf_core_read(&node, sizeof(node), &((struct cgroup *)above)->kn) ||
	    bpf_core_read(&id, sizeof(id), &node->id))
		return 0;
	return id;
}

/* Whether a cgroup is that of the run, or below it. */
static __always_inline bool is_below(__u64 cgroup, const struct sluice_task_tag *me)
{
	return cgroup_above(cgroup, me->level) == me->cgroup_id;
}

static __always_inline __u64 cgroup_of_socket(struct sock *sk)
{
	__u64 cgroup = 0;

	bpf_core_read(&cgroup, sizeof(cgroup), &sk->sk_cgrp_data.cgroup);
	return cgroup;
}

/* Counts and tells what was refused; returns what the hook must. */
static __always_inline int act(const struct sluice_task_tag *me,
			       const struct sluice_decision *decision)
{
	struct run run = {.cgroup_id = me->cgroup_id, .subject = me->subject};
	struct sluice_socket about = {};
	struct outcome outcome = {
	    .event = SLUICE_EVENT_DENIED,
	    .reason = decision->reason,
	    .error = decision->error,
	    .verdict = SLUICE_VERDICT_DENY,
	};
	long returned;

	if (decision->kind != SLUICE_VERDICT_DENY)
		return 0;
	describe_task(&about, &run);
	report(&about, &outcome);
	returned = -(long)decision->error;
	barrier_var(returned);
	/* The verifier wants to see that it is an errno. */
	if (returned < -(long)SLUICE_ERRNO_MAX || returned > 0)
		return -(int)SLUICE_EPERM;
	return returned;
}
