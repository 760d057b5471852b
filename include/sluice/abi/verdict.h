/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* LPM_TRIE sluice_verdicts. What stands before the address must match exactly, so prefix_length is
 * SLUICE_VERDICT_FIXED_BITS plus the prefix of the 128-bit address.
 * PERCPU_HASH sluice_rule_hits: __u32 rule -> __u64 decisions; userspace makes the entries. */
#pragma once

#include <linux/types.h>

#define SLUICE_VERDICT_FIXED_BITS 64u
#define SLUICE_ERRNO_MAX 4095u /* the kernel's MAX_ERRNO: no errno is larger */

enum sluice_verdict_kind {
	SLUICE_VERDICT_NONE = 0,
	SLUICE_VERDICT_STEER = 1,
	SLUICE_VERDICT_DIRECT = 2,
	SLUICE_VERDICT_DENY = 3,
};

struct sluice_verdict_key {
	__u32 prefix_length; /* bits */
	__u32 subject;
	__u8 ip_protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	__u8 reserved;	  /* 0 */
	__be16 port;	  /* 0 = any port */
	__u8 address[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
};

struct sluice_verdict {
	__u32 kind;	    /* enum sluice_verdict_kind */
	__u32 denied_errno; /* for DENY, positive */
	__u64 epoch;	    /* valid while equal to the epoch in sluice_settings */
	__u64 expiry_ns;    /* CLOCK_MONOTONIC; 0 = none */
	__u32 rule;
	__u32 reserved; /* 0 */
};
