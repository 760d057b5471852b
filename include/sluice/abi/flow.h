/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* HASH sluice_flows: the way from an accepted connection to where the agent meant to go. Written
 * before the SYN leaves; taken, once, by the daemon at accept.
 * SK_STORAGE sluice_sockets: the same, on the agent's socket, for as long as that lives. */
#pragma once

#include <linux/types.h>

/* The connection as the daemon sees it. One source may have a connection to each of the addresses
 * and ports that a listener has, so those are in it. */
struct sluice_flow_key {
	__u64 netns_cookie;
	__u8 source[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__be16 source_port;
	__be16 listener_port;
	__be32 listener_address; /* the last four bytes of it; network order */
};

struct sluice_flow {
	__u64 flow;	 /* socket cookie */
	__u64 cgroup_id; /* of the deepest run above the connecting task */
	__u64 opened_ns; /* CLOCK_MONOTONIC */
	/* CLOCK_MONOTONIC; 0 while the agent's socket is open. A connection that was established
	 * and closed before the daemon accepted it keeps its record for the daemon to take: what
	 * the agent sent is still waiting there. */
	__u64 closed_ns;
	__u8 destination[16]; /* where the agent meant to go; network order, IPv4 mapped */
	__be16 destination_port;
	__u16 reserved; /* 0 */
	__u32 subject;
	__u32 pid; /* thread group id, initial pid namespace */
	__u32 rule;
};

#define SLUICE_SOCKET_OPEN 1u	     /* its opened or direct event has had no closed event yet */
#define SLUICE_SOCKET_RECORDED 2u    /* its flow record was written under flow_key */
#define SLUICE_SOCKET_ESTABLISHED 4u /* the handshake was done */
#define SLUICE_SOCKET_WATCHED 8u     /* sockops will be called when it reaches TCP_CLOSE */

struct sluice_socket {
	struct sluice_flow_key flow_key; /* netns_cookie always; whole where it is RECORDED */
	__u64 flow;
	__u64 cgroup_id;
	__u64 task_start_ns; /* CLOCK_BOOTTIME */
	__u8 destination[16];
	__be16 destination_port;
	__u8 ip_protocol;
	__u8 kind;   /* enum sluice_verdict_kind; STEER: getpeername shows the destination above */
	__u32 flags; /* SLUICE_SOCKET_* */
	__u32 subject;
	__u32 pid;
	__u32 rule;
	__u32 reserved; /* 0 */
};
