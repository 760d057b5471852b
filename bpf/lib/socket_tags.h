/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Whose socket it is, for the BPF LSM programs. */
#pragma once

#include "tags.h"

static __always_inline bool is_inet(const struct sock *sk)
{
	__u16 family = sk ? sk->__sk_common.skc_family : 0;

	return family == SLUICE_FAMILY_INET || family == SLUICE_FAMILY_INET6;
}

/* Network file systems and the like send through their own sockets, in the task that reads. */
static __always_inline bool is_kernels(struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock);
}

/* For a socket of IPv4 or IPv6. */
static __always_inline struct sluice_use_facts use_of(struct sock *sk, __u32 standing,
						      const struct sluice_task_tag *me)
{
	struct sluice_use_facts facts = {.standing = standing, .run = me->cgroup_id};
	struct sluice_socket_tag *tag;

	if (standing != SLUICE_STANDING_INSIDE)
		return facts;
	tag = bpf_sk_storage_get(&sluice_socket_tags, sk, NULL, 0);
	if (!tag)
		return facts;
	facts.socket_run = tag->cgroup_id;
	if (facts.socket_run != me->cgroup_id)
		facts.socket_below = is_below(cgroup_of_socket(sk), me);
	return facts;
}
