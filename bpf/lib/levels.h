/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which cgroup levels to look at. PURE: also compiled by g++ in the unit tests. */
#pragma once

#include <linux/types.h>
#include <sluice/abi/settings.h>

/* Place of a lone bit in a 64-bit word: the top six bits of its product with a de Bruijn sequence
 * are different for each place. Without branches, because a chain of compares multiplies the states
 * that the verifier walks. */
#define SLUICE_DE_BRUIJN 0x03f79d71b4cb0a89ull

static const __u8 sluice_bit_place[64] = {
    0,	1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,  62, 55, 59, 36, 53, 51,
    43, 22, 45, 39, 33, 30, 24, 18, 12, 5,  63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21,
    44, 32, 23, 11, 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,	6,
};

/* The deepest level in the set; `levels` is not 0. See SLUICE_SETTING_RUN_LEVELS. */
static inline __attribute__((always_inline)) __u32 sluice_deepest_level(__u64 levels)
{
	__u64 lowest = levels & (~levels + 1);

	return SLUICE_CGROUP_LEVELS_MAX - 1 -
	       sluice_bit_place[((lowest * SLUICE_DE_BRUIJN) >> 58) & 63];
}

/* The set without its deepest level. */
static inline __attribute__((always_inline)) __u64 sluice_without_deepest(__u64 levels)
{
	return levels & (levels - 1);
}

static inline __attribute__((always_inline)) __u64 sluice_level_bit(__u32 level)
{
	return 1ull << (SLUICE_CGROUP_LEVELS_MAX - 1 - level);
}
