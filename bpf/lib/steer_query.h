/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* DNS over UDP, from the resolver that was asked to the daemon's. */
#pragma once

#include "judge.h"
#include "query.h"

#define SLUICE_LOOPBACK_DEVICE 1u /* the number of lo, in every network namespace */

static __always_inline __u32 family_of(const struct sluice_address *address)
{
	return sluice_is_v4(address) ? SLUICE_FAMILY_INET : SLUICE_FAMILY_INET6;
}

static __always_inline struct sluice_resolver *resolver_for(const struct destination *to)
{
	struct sluice_resolver_key key = {
	    .netns_cookie = to->netns_cookie,
	    .family = family_of(&to->address),
	};

	if (to->ip_protocol != SLUICE_PROTOCOL_UDP)
		return NULL;
	return bpf_map_lookup_elem(&sluice_resolvers, &key);
}

/* One comparison instead of many: each branch in a loop is a way that the verifier has to walk. */
static __always_inline bool is_place_for(const struct sluice_place *place,
					 const struct sluice_place *wanted)
{
	struct sluice_address a, b;
	__u64 differs;

	__builtin_memcpy(&a, place->destination, sizeof(a));
	__builtin_memcpy(&b, wanted->destination, sizeof(b));
	differs = place->cgroup_id ^ wanted->cgroup_id;
	differs |= a.word[0] ^ b.word[0];
	differs |= a.word[1] ^ b.word[1];
	differs |= a.word[2] ^ b.word[2];
	differs |= a.word[3] ^ b.word[3];
	differs |= place->destination_port ^ wanted->destination_port;
	differs |= place->query.source_port ^ wanted->query.source_port;
	differs |= place->query.resolver_port ^ wanted->query.resolver_port;
	return !(differs | (place->query.family ^ wanted->query.family));
}

/* The source address that the socket is bound to, zeros where the kernel chooses it. */
static __always_inline void bound_source(struct bpf_sock *sk, struct sluice_query *query)
{
	struct sluice_address source = {};

	if (sk->family == SLUICE_FAMILY_INET6) {
		source.word[0] = sk->src_ip6[0];
		source.word[1] = sk->src_ip6[1];
		source.word[2] = sk->src_ip6[2];
		source.word[3] = sk->src_ip6[3];
	} else if (sk->src_ip4) {
		source = sluice_mapped(sk->src_ip4);
	}
	__builtin_memcpy(query->source, &source, sizeof(query->source));
}

/* Takes `place` for `wanted`; false where another socket sends from the same port to that port of
 * the resolver. */
static __always_inline bool take_place(struct sluice_place *place,
				       const struct sluice_place *wanted,
				       const struct sluice_query *query)
{
	leave_place(place);
	if (bpf_map_update_elem(&sluice_queries, &wanted->query, query, BPF_NOEXIST))
		return false;
	*place = *wanted;
	return true;
}

/* Turns `to` into the daemon's resolver: 0. Or the reason why not, and `to` stays. The socket has
 * its source port by now. A function of its own, so that the verifier walks through it once and not
 * once for each way that leads to it. */
__noinline __u32 sluice_steer_query(struct bpf_sock_addr *ctx,
				    const struct sluice_resolver *resolver,
				    const struct sluice_socket *about, struct destination *to)
{
	struct sluice_place wanted = {};
	struct sluice_query query = {};
	struct sluice_asker *asker;
	struct bpf_sock *sk = ctx->sk;
	bool found = false;

	if (!sk || !resolver || !about || !to)
		return SLUICE_REASON_NO_RESOLVER;
	/* Ours is on lo; out of another device the query would go to a neighbour. */
	if (sk->bound_dev_if > SLUICE_LOOPBACK_DEVICE)
		return SLUICE_REASON_NO_RESOLVER;
	if (!sk->src_port)
		return SLUICE_REASON_NO_SOURCE_PORT;
	asker = bpf_sk_storage_get(&sluice_askers, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!asker)
		return SLUICE_REASON_NO_STORAGE;
	wanted.cgroup_id = about->cgroup_id;
	wanted.query.netns_cookie = bpf_get_netns_cookie(ctx);
	wanted.query.family = family_of(&to->address);
	wanted.query.source_port = bpf_htons((__u16)sk->src_port);
	wanted.destination_port = to->port;
	__builtin_memcpy(wanted.resolver, resolver->address, sizeof(wanted.resolver));
	__builtin_memcpy(wanted.destination, &to->address, sizeof(wanted.destination));
	query.flow = about->flow;
	query.cgroup_id = about->cgroup_id;
	query.destination_port = to->port;
	query.pid = about->pid;
	__builtin_memcpy(query.destination, &to->address, sizeof(query.destination));
	bound_source(sk, &query);
	for (__u32 i = 0; i < SLUICE_PLACES && !found; i++) {
		wanted.query.resolver_port = resolver->port[i];
		found = is_place_for(&asker->place[i], &wanted);
	}
	for (__u32 i = 0; i < SLUICE_PLACES && !found; i++) {
		__u32 at = asker->next++ & (SLUICE_PLACES - 1);

		wanted.query.resolver_port = resolver->port[at];
		found = take_place(&asker->place[at], &wanted, &query);
	}
	if (!found)
		return SLUICE_REASON_QUERY_MAP_FULL;
	__builtin_memcpy(&to->address, resolver->address, sizeof(to->address));
	to->port = wanted.query.resolver_port;
	return 0;
}

/* The same as a decision: `decision` where it is steered, a refusal otherwise. */
static __always_inline struct sluice_decision steer_query(struct bpf_sock_addr *ctx,
							  const struct sluice_resolver *resolver,
							  const struct sluice_socket *about,
							  struct destination *to,
							  struct sluice_decision decision)
{
	__u32 reason;

	if (!resolver)
		return sluice_deny(SLUICE_REASON_NO_RESOLVER, SLUICE_ECONNREFUSED, 0);
	reason = sluice_steer_query(ctx, resolver, about, to);
	if (!reason)
		return decision;
	if (reason == SLUICE_REASON_NO_RESOLVER)
		return sluice_deny(reason, SLUICE_ECONNREFUSED, 0);
	return sluice_deny(
	    reason, reason == SLUICE_REASON_NO_SOURCE_PORT ? SLUICE_EAGAIN : SLUICE_ENOMEM, 0);
}
