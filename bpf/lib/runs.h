/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Who is asking: the run of the current task. */
#pragma once

#include "kernel_types.h"
#include "level_walk.h"

static long look_at_task(__u32 index, struct level_walk *walk)
{
	__u32 level;

	return !next_level(walk, &level) ||
	       look_at(walk, level, bpf_get_current_ancestor_cgroup_id(level));
}

/* For a task outside of every run this is all that Sluice costs. A revoked run takes those below it
 * along, so all levels are looked at. */
static __always_inline bool find_run(struct run *found)
{
	struct level_walk walk = {.levels = setting(SLUICE_SETTING_RUN_LEVELS)};
	__u64 awaited = setting(SLUICE_SETTING_AWAITED_DEPTH);

	if (walk.levels)
		bpf_loop(SLUICE_CGROUP_LEVELS_MAX, look_at_task, &walk, 0);
	*found = walk.found;
	if (awaited > found->level)
		find_awaited(found, awaited);
	return found->cgroup_id != 0;
}

/* Which file the process executes: not its path, which others can change and the kernel side cannot
 * read. A kernel thread has none. */
static __always_inline void describe_executable(struct sluice_socket *about,
						struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	struct file *file;
	struct inode *inode;

	if (!mm)
		return;
	file = mm->exe_file;
	if (!file)
		return;
	inode = file->f_inode;
	if (!inode)
		return;
	about->executable_inode = inode->i_ino;
	about->executable_device = inode->i_sb->s_dev;
}

/* What is known of the asker, before it is known what it asks. */
static __always_inline void describe_task(struct sluice_socket *about, const struct run *run)
{
	struct task_struct *task = bpf_get_current_task_btf();

	about->cgroup_id = run->cgroup_id;
	about->subject = run->subject;
	about->pid = bpf_get_current_pid_tgid() >> 32;
	about->task_start_ns = task->group_leader->start_boottime;
	describe_executable(about, task);
}
