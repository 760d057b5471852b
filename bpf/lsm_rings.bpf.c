/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A run makes no user namespace, whose root could do what its own user may not, and has no ring
 * that works in a kernel thread of its own or with somebody else's credentials. */
#include "lib/tags.h"

static __always_inline int forbid(__u32 reason)
{
	struct sluice_task_tag me = {};
	struct sluice_decision decision = sluice_decide_forbidden(find_standing(&me), reason);

	return act(&me, &decision);
}

SEC("lsm/userns_create")
int BPF_PROG(sluice_lsm_userns_create)
{
	witness(SLUICE_LSM_USERNS_CREATE);
	return forbid(SLUICE_REASON_USER_NAMESPACE);
}

SEC("lsm/uring_sqpoll")
int BPF_PROG(sluice_lsm_uring_sqpoll)
{
	witness(SLUICE_LSM_URING_SQPOLL);
	return forbid(SLUICE_REASON_IO_URING);
}

SEC("lsm/uring_override_creds")
int BPF_PROG(sluice_lsm_uring_creds)
{
	witness(SLUICE_LSM_URING_CREDS);
	return forbid(SLUICE_REASON_IO_URING);
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
