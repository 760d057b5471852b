/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A run neither traces who is outside of it, nor signals the daemon, nor calls bpf(). */
#include "lib/daemons.h"

static __always_inline bool is_of_run(struct task_struct *task, const struct sluice_task_tag *me)
{
	struct sluice_task_tag *tag = bpf_task_storage_get(&sluice_task_tags, task, NULL, 0);
	__u64 cgroup = 0;

	if (tag && tag->cgroup_id == me->cgroup_id)
		return true;
	bpf_core_read(&cgroup, sizeof(cgroup), &task->cgroups->dfl_cgrp);
	return is_below(cgroup, me);
}

/* ptrace, process_vm_readv, pidfd_getfd, /proc/PID/mem and all that asks the same question. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(sluice_lsm_ptrace_access, struct task_struct *child)
{
	struct sluice_task_tag me = {};
	struct sluice_decision decision;
	__u32 standing = find_standing(&me);

	witness(SLUICE_LSM_PTRACE_ACCESS);
	if (standing == SLUICE_STANDING_NONE)
		return 0;
	decision = sluice_decide_trace(standing, is_of_run(child, &me));
	return act(&me, &decision);
}

/* The current task lets itself be traced. A run's task must not get to trace one from outside. */
SEC("lsm/ptrace_traceme")
int BPF_PROG(sluice_lsm_ptrace_traceme, struct task_struct *parent)
{
	struct sluice_task_tag *tag = bpf_task_storage_get(&sluice_task_tags, parent, NULL, 0);
	struct sluice_task_tag tracer = {};
	struct sluice_decision decision;

	witness(SLUICE_LSM_PTRACE_TRACEME);
	if (!tag)
		return 0;
	tracer = *tag;
	decision = sluice_decide_trace(SLUICE_STANDING_INSIDE,
				       is_of_run(bpf_get_current_task_btf(), &tracer));
	return act(&tracer, &decision);
}

/* Signal 0 asks only whether the process is there. */
SEC("lsm/task_kill")
int BPF_PROG(sluice_lsm_task_kill, struct task_struct *target, void *info, int signal)
{
	__u32 process = target->tgid;
	struct sluice_task_tag me = {};
	struct sluice_decision decision;

	witness(SLUICE_LSM_TASK_KILL);
	if (!signal || !bpf_map_lookup_elem(&sluice_daemons, &process))
		return 0;
	decision = sluice_decide_forbidden(find_standing(&me), SLUICE_REASON_SIGNAL);
	return act(&me, &decision);
}

SEC("lsm/bpf")
int BPF_PROG(sluice_lsm_bpf)
{
	struct sluice_task_tag me = {};
	struct sluice_decision decision;

	witness(SLUICE_LSM_BPF);
	decision = sluice_decide_forbidden(find_standing(&me), SLUICE_REASON_BPF_CALL);
	return act(&me, &decision);
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
