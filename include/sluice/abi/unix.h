/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* HASH sluice_unix_verdicts: what a run may do with a Unix socket, by the name that it typed.
 * HASH sluice_unix_listeners: __u64 netns cookie -> the daemon's listener in that namespace.
 * SK_STORAGE sluice_unix_sockets: what was asked of a run's socket. The programs copy it from the
 * agent's end to the daemon's when the daemon asks its end for its name; so the record of a steered
 * connection lives and dies with the connection. */
#pragma once

#include <linux/types.h>
#include <sluice/abi/flow.h>

/* sun_path holds 108 bytes, and all 108 may be used. Four more keep a NUL behind the longest. */
#define SLUICE_UNIX_NAME_BYTES 112u
#define SLUICE_UNIX_NAME_MAX 108u

/* A path without its NUL, or an abstract name from its leading NUL on. What lies behind is 0. */
struct sluice_unix_key {
	__u32 subject;
	__u32 epoch;  /* low half of the epoch: a new policy's entries are all there before it is in
			 force */
	__u32 length; /* bytes; 0 = the entry for every name that has none of its own */
	__u8 name[SLUICE_UNIX_NAME_BYTES];
};

struct sluice_unix_verdict {
	__u32 kind;	    /* enum sluice_verdict_kind, or SLUICE_UNIX_OWN */
	__u32 denied_errno; /* for DENY, positive */
	__u32 rule;
	__u32 reserved; /* 0 */
};

/* Only for the entry of length 0: a peer in the run itself. Refused as long as no program can tell
 * who the peer is; the reason says that it was meant. */
#define SLUICE_UNIX_OWN 4u

struct sluice_unix_listener {
	__u32 length; /* bytes */
	__u8 name[SLUICE_UNIX_NAME_BYTES];
};

struct sluice_unix_socket {
	struct sluice_socket about;	 /* of what was asked last; its destination is 0 */
	struct sluice_unix_key asked;	 /* a steered socket's getpeername shows it */
	struct sluice_unix_key reported; /* of the last event: a flood of datagrams is one event */
};
