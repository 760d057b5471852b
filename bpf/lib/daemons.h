/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The daemon's own processes, for the BPF LSM programs. */
#pragma once

#include "tags.h"

/* Process ids of its two halves, as the initial pid namespace has them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} sluice_daemons SEC(".maps");
