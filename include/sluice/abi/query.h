/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* DNS over UDP: a query of a run goes to the daemon's resolver instead of the one that was asked.
 * HASH sluice_resolvers: where that is, in each network namespace and address family. It has some
 * ports, so that a socket can ask as many resolvers at once and each answer shows which was meant.
 * HASH sluice_queries: who sends from a source port to one of those ports; written before the
 * datagram leaves, there until the socket is closed or its place is used anew.
 * SK_STORAGE sluice_askers: the same, on the asking socket. */
#pragma once

#include <linux/types.h>

#define SLUICE_PLACES 8u /* resolvers that one socket may ask before the first is forgotten */

struct sluice_resolver_key {
	__u64 netns_cookie;
	__u32 family;	/* AF_INET or AF_INET6: of the datagram, not of the socket */
	__u32 reserved; /* 0 */
};

struct sluice_resolver {
	__u8 address[16]; /* network order, IPv4 mapped; never unspecified */
	__be16 port[SLUICE_PLACES];
};

struct sluice_query_key {
	__u64 netns_cookie;
	__u32 family; /* as above */
	__be16 source_port;
	__be16 resolver_port;
};

struct sluice_query {
	__u64 flow;	      /* socket cookie */
	__u64 cgroup_id;      /* of the deepest run above the asking task */
	__u8 source[16];      /* that the socket is bound to; zeros where to none */
	__u8 destination[16]; /* the resolver that was meant; network order, IPv4 mapped */
	__be16 destination_port;
	__u16 reserved; /* 0 */
	__u32 pid;	/* thread group id, initial pid namespace */
};

/* One resolver that a socket asks. A place is of one run alone: a subagent that inherited the
 * socket gets another. */
struct sluice_place {
	__u64 cgroup_id; /* 0: free */
	struct sluice_query_key query;
	__u8 resolver[16]; /* the daemon's, as the answer's source shows it */
	__u8 destination[16];
	__be16 destination_port;
	__u16 reserved[3]; /* 0 */
};

struct sluice_asker {
	struct sluice_place place[SLUICE_PLACES];
	__u32 next;	/* the place to use anew when none is free */
	__u32 reserved; /* 0 */
};
