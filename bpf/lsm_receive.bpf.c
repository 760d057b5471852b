/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* SCM_RIGHTS and pidfd_getfd: a run receives no IPv4 or IPv6 socket that was made outside of it. */
#include "lib/socket_tags.h"

SEC("lsm/file_receive")
int BPF_PROG(sluice_lsm_file_receive, struct file *file)
{
	struct sluice_task_tag me = {};
	struct sluice_use_facts facts;
	struct sluice_decision decision;
	struct socket *socket = bpf_sock_from_file(file);
	struct sock *sk = socket ? socket->sk : NULL;
	__u32 standing;

	witness(SLUICE_LSM_FILE_RECEIVE);
	if (!sk || !is_inet(sk))
		return 0;
	standing = find_standing(&me);
	if (standing == SLUICE_STANDING_NONE)
		return 0;
	facts = use_of(sk, standing, &me);
	decision = sluice_decide_receive(&facts);
	return act(&me, &decision);
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
