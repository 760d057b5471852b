/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Does a connect of a run go to a listener of its own? Asked of the kernel's socket table at that
 * moment, so nothing has to be kept true beside it. */
#pragma once

#include "awaited.h"
#include "sockets.h"
#include <bpf/bpf_core_read.h>

/* A run may hold its own listener and share its port (SO_REUSEPORT) with somebody outside; which of
 * them gets a connection cannot be told before. Such a listener is nobody's own. */
static __always_inline bool is_of_run(struct bpf_sock *listener, const struct run *run)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(listener);
	struct cgroup *cgroup, *at_level;

	if (!tcp || BPF_CORE_READ_BITFIELD(&((struct sock *)tcp)->__sk_common, skc_reuseport))
		return false;
	cgroup = ((struct sock *)tcp)->sk_cgrp_data.cgroup;
	if ((__u32)BPF_CORE_READ(cgroup, level) < run->level)
		return false;
	at_level = ancestor_at(cgroup, run->level);
	return BPF_CORE_READ(at_level, kn, id) == run->cgroup_id;
}

/* Only on loopback: a listener on all addresses would be found for any address of the world. */
static __always_inline bool to_own_listener(struct bpf_sock_addr *ctx, const struct run *run,
					    const struct destination *to)
{
	struct bpf_sock_tuple tuple = {};
	__u32 size = sizeof(tuple.ipv6);
	struct bpf_sock *listener;
	bool own = false;

	if (to->ip_protocol != SLUICE_PROTOCOL_TCP || !to->loopback)
		return false;
	if (sluice_is_v4(&to->address)) {
		tuple.ipv4.daddr = to->address.word[3];
		tuple.ipv4.dport = to->port;
		size = sizeof(tuple.ipv4);
	} else {
		__builtin_memcpy(tuple.ipv6.daddr, &to->address, sizeof(to->address));
		tuple.ipv6.dport = to->port;
	}
	listener = bpf_sk_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!listener)
		return false;
	if (listener->state == BPF_TCP_LISTEN)
		own = is_of_run(listener, run);
	bpf_sk_release(listener);
	return own;
}

static __always_inline struct sluice_decision unless_to_own_run(struct bpf_sock_addr *ctx,
								const struct run *run,
								const struct destination *to,
								struct sluice_decision decision)
{
	bool undecided = decision.kind == SLUICE_VERDICT_STEER ||
			 decision.reason == SLUICE_REASON_NO_LISTENER ||
			 decision.reason == SLUICE_REASON_NETNS_WITHOUT_LISTENER ||
			 decision.reason == SLUICE_REASON_FOREIGN_LOOPBACK ||
			 decision.reason == SLUICE_REASON_DAEMON_SILENT;

	if (!undecided)
		return decision;
	return sluice_decide_own_run(&decision, inbound_of(run->subject),
				     to_own_listener(ctx, run, to));
}
