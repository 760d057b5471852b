/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* socket(): the families that a run gets. cgroup/sock_create is not called for others than IPv4 and
 * IPv6. */
#include "lib/tags.h"

SEC("lsm/socket_create")
int BPF_PROG(sluice_lsm_socket_create, int family, int type, int protocol, int kern)
{
	struct sluice_task_tag me = {};
	struct sluice_decision decision;
	__u32 standing;

	witness(SLUICE_LSM_SOCKET_CREATE);
	if (kern)
		return 0;
	standing = find_standing(&me);
	decision = sluice_decide_family(standing, family, protocol);
	return act(&me, &decision);
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
