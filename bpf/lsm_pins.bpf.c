/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What keeps Sluice in force without a process: pins on bpffs, and the mounts of bpffs and cgroup2.
 * A pin that is removed ends what it pins. */
#include "lib/tags.h"

static __always_inline bool is_guarded(struct super_block *file_system)
{
	unsigned long magic = file_system ? file_system->s_magic : 0;

	return magic == SLUICE_BPFFS_MAGIC || magic == SLUICE_CGROUP2_MAGIC;
}

static __always_inline int on_pins(struct inode *directory)
{
	struct sluice_task_tag me = {};
	struct sluice_decision decision;

	if (directory->i_sb->s_magic != SLUICE_BPFFS_MAGIC)
		return 0;
	decision = sluice_decide_forbidden(find_standing(&me), SLUICE_REASON_PINS);
	return act(&me, &decision);
}

static __always_inline int on_mount(bool guarded)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct sluice_task_tag me = {};
	struct sluice_mount_facts facts = {.standing = find_standing(&me), .guarded = guarded};
	struct sluice_decision decision;
	__u64 host;

	if (facts.standing == SLUICE_STANDING_NONE)
		return 0;
	host = setting(SLUICE_SETTING_HOST_MOUNTS);
	facts.in_host_namespace = !host || task->nsproxy->mnt_ns->ns.inum == host;
	decision = sluice_decide_mount(&facts);
	return act(&me, &decision);
}

SEC("lsm/inode_unlink")
int BPF_PROG(sluice_lsm_inode_unlink, struct inode *directory)
{
	witness(SLUICE_LSM_INODE_UNLINK);
	return on_pins(directory);
}

SEC("lsm/inode_rename")
int BPF_PROG(sluice_lsm_inode_rename, struct inode *directory)
{
	witness(SLUICE_LSM_INODE_RENAME);
	return on_pins(directory); /* a rename never leaves its file system */
}

SEC("lsm/sb_mount")
int BPF_PROG(sluice_lsm_sb_mount, const char *device, struct path *path)
{
	witness(SLUICE_LSM_SB_MOUNT);
	return on_mount(is_guarded(path->dentry->d_sb));
}

SEC("lsm/sb_umount")
int BPF_PROG(sluice_lsm_sb_umount, struct vfsmount *mount)
{
	witness(SLUICE_LSM_SB_UMOUNT);
	return on_mount(is_guarded(mount->mnt_sb));
}

SEC("lsm/move_mount")
int BPF_PROG(sluice_lsm_move_mount, struct path *from, struct path *to)
{
	witness(SLUICE_LSM_MOVE_MOUNT);
	return on_mount(is_guarded(from->dentry->d_sb) || is_guarded(to->dentry->d_sb));
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
