/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which of a listener's addresses and ports a connection is steered to, and whether a destination
 * is one of them. PURE. */
#pragma once

#include "address.h"
#include <sluice/abi/settings.h>

static inline __attribute__((always_inline)) int sluice_is_loopback(const struct sluice_address *a)
{
	if (sluice_is_v4(a))
		return (a->word[3] & SLUICE_BE32(0xff000000u)) == SLUICE_BE32(0x7f000000u);
	return !a->word[0] && !a->word[1] && !a->word[2] && a->word[3] == SLUICE_BE32(1u);
}

/* Murmur3's last step: each bit of the input moves half of the bits of the result. */
static inline __attribute__((always_inline)) __u64 sluice_mix(__u64 value)
{
	value ^= value >> 33;
	value *= 0xff51afd7ed558ccdull;
	value ^= value >> 33;
	value *= 0xc4ceb9fe1a85ec53ull;
	return value ^ value >> 33;
}

/* By destination, so that one source port can have connections to several of them; and by flow, so
 * that whoever meets a place that is taken finds another one when it tries again. */
static inline __attribute__((always_inline)) __u64
sluice_place(const struct sluice_address *destination, __be16 port, __u64 flow)
{
	__u64 high = (__u64)destination->word[0] << 32 | destination->word[1];
	__u64 low = (__u64)destination->word[2] << 32 | destination->word[3];

	return sluice_mix(sluice_mix(sluice_mix(high) ^ low) ^ flow ^ (__u64)port << 48);
}

static inline __attribute__((always_inline)) __be32
sluice_listener_word(const struct sluice_listener *listener, __be32 base, __u64 place)
{
	return (base & ~listener->spread) | ((__be32)place & listener->spread);
}

static inline __attribute__((always_inline)) __be16
sluice_listener_port(const struct sluice_listener *listener, __u64 place)
{
	return listener->ports[(place >> 32) & (SLUICE_LISTENER_PORTS - 1)];
}

/* Its sockets take whatever comes to their ports on loopback, so each such address is one of it. */
static inline __attribute__((always_inline)) int
sluice_is_listener(const struct sluice_listener *listener, const struct sluice_address *address,
		   __be16 port)
{
	if (!sluice_is_loopback(address))
		return 0;
	/* Leaves at once, or the verifier would follow each way through all of it. */
	for (__u32 i = 0; i < SLUICE_LISTENER_PORTS; i++)
		if (listener->ports[i] == port)
			return 1;
	return 0;
}
