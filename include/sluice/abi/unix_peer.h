/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* HASH sluice_unix_peers: where a Unix socket outside of every run lies that a run may reach all
 * the same -> __u32 1. By its place in the file system, not by a path that somebody typed. */
#pragma once

#include <linux/types.h>

#define SLUICE_UNIX_PEER_DEPTH 6u
#define SLUICE_UNIX_PEER_NAME 32u

struct sluice_unix_peer {
	__u32 device; /* of the file system, as the kernel has it: major << 20 | minor */
	__u32 depth;  /* names below the root of that file system */
	/* The socket's own first, then those of its directories; each ends with a NUL, and what is
	 * left over is 0. */
	char name[SLUICE_UNIX_PEER_DEPTH][SLUICE_UNIX_PEER_NAME];
};
