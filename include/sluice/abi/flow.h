/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* HASH sluice_flows: the way from an accepted connection to where the agent meant to go. Written
 * before the SYN leaves; taken, once, by the daemon at accept.
 * SK_STORAGE sluice_sockets: the same, on the agent's socket, for as long as that lives. */
#pragma once

#include <linux/types.h>

struct sluice_flow_key {
	__u64 netns_cookie;
	__u8 source[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__be16 source_port;
	__be16 listener_port; /* one source port may have a connection to each of them */
	__u8 reserved[4];     /* 0 */
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
	/* Whole where RECORDED; before, the namespace and the listener's port. */
	struct sluice_flow_key flow_key;
	__u64 flow;
	__u64 cgroup_id;
	__u64 task_start_ns; /* CLOCK_BOOTTIME */
	__u64 executable_inode;
	__u8 destination[16];
	__be16 destination_port;
	__u8 ip_protocol;
	__u8 kind;   /* enum sluice_verdict_kind; STEER: getpeername shows the destination above */
	__u32 flags; /* SLUICE_SOCKET_* */
	__u32 subject;
	__u32 pid;
	__u32 rule;
	__u32 executable_device;
};

/* ARRAY sluice_flow_totals, by this enum: what became of flow records and connections in userspace.
 * The daemon counts in the mapped memory of the map, so that a count survives whatever ends it. */
enum sluice_flow_total {
	SLUICE_FLOW_TAKEN = 0,	 /* records that an accepted connection was found by */
	SLUICE_FLOW_SESSION = 1, /* of these: became a session */
	SLUICE_FLOW_REFUSED = 2, /* of these: reset by the daemon */
	SLUICE_FLOW_SWEPT = 3,	 /* records dropped, because nobody accepted the connection */
	SLUICE_FLOW_UNKNOWN = 4, /* connections to the daemon without a record: reset */
	SLUICE_FLOW_TOTAL_COUNT
};
