/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Where tags come from: a task of a run is tagged when it starts a program, its children inherit
 * the tag, and so do the IPv4 and IPv6 sockets that it makes. */
#include "lib/socket_tags.h"

/* The cgroup that the child begins in may be another (CLONE_INTO_CGROUP). */
SEC("lsm/task_alloc")
int BPF_PROG(sluice_lsm_task_alloc, struct task_struct *child)
{
	struct sluice_decision failed = sluice_deny(SLUICE_REASON_NO_STORAGE, SLUICE_ENOMEM, 0);
	struct sluice_task_tag me = {}, *tag;
	__u32 standing = find_standing(&me);

	witness(SLUICE_LSM_TASK_ALLOC);
	if (standing == SLUICE_STANDING_NONE)
		return 0;
	tag = bpf_task_storage_get(&sluice_task_tags, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!tag)
		return act(&me, &failed);
	*tag = me;
	return 0;
}

/* One that left its run may start what it likes: the tag stays. */
SEC("lsm/bprm_check_security")
int BPF_PROG(sluice_lsm_bprm_check)
{
	struct sluice_task_tag me = {};
	__u32 standing = find_standing(&me);
	struct sluice_decision decision = sluice_go_on();

	witness(SLUICE_LSM_BPRM_CHECK);
	if (standing == SLUICE_STANDING_NO_TAG)
		decision = sluice_decide_standing(standing);
	return act(&me, &decision);
}

SEC("lsm/socket_post_create")
int BPF_PROG(sluice_lsm_socket_post_create, struct socket *socket, int family, int type,
	     int protocol, int kern)
{
	struct sluice_decision failed = sluice_deny(SLUICE_REASON_NO_STORAGE, SLUICE_ENOMEM, 0);
	struct sluice_task_tag me = {};
	struct sluice_socket_tag *tag;
	struct sock *sk = socket->sk;

	witness(SLUICE_LSM_SOCKET_POST_CREATE);
	if (kern || !sk || !is_inet(sk) || find_standing(&me) == SLUICE_STANDING_NONE)
		return 0;
	tag = bpf_sk_storage_get(&sluice_socket_tags, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!tag)
		return act(&me, &failed);
	tag->cgroup_id = me.cgroup_id;
	return 0;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
