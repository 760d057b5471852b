/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Files of cgroup2: a run moves no task between cgroups, and governs (kill, freeze, limits) only
 * cgroups below its own. */
#include "lib/tags.h"

static __always_inline bool moves_tasks(struct dentry *entry)
{
	char name[16] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), entry->d_name.name);
	return sluice_same_name(name, "cgroup.procs\0\0\0") ||
	       sluice_same_name(name, "cgroup.threads\0");
}

/* The inode number of a cgroup's directory is its id. */
static __always_inline bool lies_below(struct dentry *entry, __u64 cgroup_id)
{
	for (__u32 i = 0; i < SLUICE_CGROUP_LEVELS_MAX; i++) {
		struct dentry *above = entry->d_parent;
		struct inode *inode = above ? above->d_inode : NULL;

		if (!inode)
			return false;
		if (inode->i_ino == cgroup_id)
			return true;
		if (above == entry)
			return false;
		entry = above;
	}
	return false;
}

SEC("lsm/file_open")
int BPF_PROG(sluice_lsm_file_open, struct file *file)
{
	struct sluice_task_tag me = {};
	struct sluice_decision decision;
	struct dentry *entry;
	__u32 standing;

	witness(SLUICE_LSM_FILE_OPEN);
	if (!(file->f_mode & SLUICE_FILE_MODE_WRITE) ||
	    file->f_inode->i_sb->s_magic != SLUICE_CGROUP2_MAGIC)
		return 0;
	standing = find_standing(&me);
	if (standing == SLUICE_STANDING_NONE)
		return 0;
	entry = file->f_path.dentry;
	if (standing == SLUICE_STANDING_INSIDE && !moves_tasks(entry) &&
	    lies_below(entry, me.cgroup_id))
		return 0;
	decision = sluice_decide_forbidden(standing, SLUICE_REASON_CGROUP_WRITE);
	return act(&me, &decision);
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
