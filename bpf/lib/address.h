/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Addresses as four words in network order, IPv4 in its mapped form. PURE. */
#pragma once

#include <linux/types.h>

struct sluice_address {
	__be32 word[4];
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SLUICE_BE32(value) __builtin_bswap32(value)
#else
#define SLUICE_BE32(value) (value)
#endif
#define SLUICE_V4_PREFIX SLUICE_BE32(0x0000ffffu)

static inline __attribute__((always_inline)) struct sluice_address sluice_mapped(__be32 v4)
{
	struct sluice_address address = {{0, 0, SLUICE_V4_PREFIX, v4}};

	return address;
}

static inline __attribute__((always_inline)) int sluice_is_v4(const struct sluice_address *a)
{
	return !a->word[0] && !a->word[1] && a->word[2] == SLUICE_V4_PREFIX;
}

static inline __attribute__((always_inline)) int sluice_same_address(const struct sluice_address *a,
								     const struct sluice_address *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2] &&
	       a->word[3] == b->word[3];
}

/* The kernel takes 0.0.0.0 and :: as a destination to mean loopback, after the hooks have run. What
 * is judged must be what is used, so the hooks do it first. */
static inline __attribute__((always_inline)) void sluice_resolve_any(struct sluice_address *a)
{
	if (a->word[0] || a->word[1] || a->word[3])
		return;
	if (a->word[2] == SLUICE_V4_PREFIX)
		a->word[3] = SLUICE_BE32(0x7f000001u);
	else if (!a->word[2])
		a->word[3] = SLUICE_BE32(1u);
}

static inline __attribute__((always_inline)) int sluice_is_loopback_v4(__be32 v4)
{
	return (v4 & SLUICE_BE32(0xff000000u)) == SLUICE_BE32(0x7f000000u);
}

/* 127.0.0.0/8 or ::1: never another machine. */
static inline __attribute__((always_inline)) int sluice_is_loopback(const struct sluice_address *a)
{
	if (sluice_is_v4(a))
		return sluice_is_loopback_v4(a->word[3]);
	return !a->word[0] && !a->word[1] && !a->word[2] && a->word[3] == SLUICE_BE32(1u);
}
