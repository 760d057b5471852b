/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* DNS over UDP: the places of a socket. The kernel holds the socket's lock around every hook that
 * comes here. */
#pragma once

#include "address.h"
#include "decide.h"
#include "maps.h"

static __always_inline void leave_place(struct sluice_place *place)
{
	if (place->cgroup_id)
		bpf_map_delete_elem(&sluice_queries, &place->query);
	place->cgroup_id = 0;
}

static __always_inline void leave_all(struct sluice_asker *asker)
{
	for (__u32 i = 0; i < SLUICE_PLACES; i++)
		leave_place(&asker->place[i]);
}

/* Where the datagram that came from, or the connection that goes to, `address` and `port` of the
 * daemon's resolver was meant for. NULL: it is nothing of ours. */
static __always_inline struct sluice_place *
place_of(struct bpf_sock *sk, const struct sluice_address *address, __be16 port)
{
	struct sluice_asker *asker;

	if (!sk)
		return NULL;
	asker = bpf_sk_storage_get(&sluice_askers, sk, NULL, 0);
	if (!asker)
		return NULL;
	for (__u32 i = 0; i < SLUICE_PLACES; i++) {
		struct sluice_place *place = &asker->place[i];
		struct sluice_address resolver;

		__builtin_memcpy(&resolver, place->resolver, sizeof(resolver));
		if (place->cgroup_id && place->query.resolver_port == port &&
		    sluice_same_address(&resolver, address))
			return place;
	}
	return NULL;
}
