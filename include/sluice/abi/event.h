/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* RINGBUF sluice_events: one struct sluice_event each. PERCPU_ARRAY sluice_cpus: where each CPU's
 * sequence stands. The sequence advances for an event that found no room, too, so that the reader
 * sees a gap. Numbers of one CPU may arrive out of order by as many places as hooks can interrupt
 * one another. */
#pragma once

#include <linux/types.h>
#include <sluice/abi/reason.h>
#include <sluice/abi/unix.h>

enum sluice_event_kind {
	SLUICE_EVENT_NONE = 0,
	SLUICE_EVENT_OPENED = 1, /* steered to the daemon */
	SLUICE_EVENT_DIRECT = 2, /* let through by a verdict entry */
	SLUICE_EVENT_DENIED = 3,
	SLUICE_EVENT_CLOSED = 4, /* the end of one that was opened or direct */
};

struct sluice_event {
	__u64 sequence; /* 1, 2, ... on this CPU since the maps were made */
	__u64 time_ns;	/* CLOCK_MONOTONIC */
	__u64 flow;	/* socket cookie; 0 where there is none yet (a refused socket()) */
	__u64 cgroup_id;
	__u64 task_start_ns;	/* CLOCK_BOOTTIME: with pid, names one process for ever */
	__u64 executable_inode; /* of the file that the process executes; 0: it has none */
	__u64 bytes_sent;	/* closed TCP: payload that left the agent's socket, counted once */
	__u64 bytes_received;	/* closed TCP: payload that reached the agent's socket */
	__u64 netns_cookie;	/* where the socket is; 0 where none was connected or sent */
	__u8 destination[16];	/* network order, IPv4 mapped; zeros for a refused socket() */
	__be16 destination_port;
	__u8 ip_protocol;
	__u8 kind; /* enum sluice_event_kind */
	__u32 cpu;
	__u32 pid; /* thread group id, initial pid namespace */
	__u32 subject;
	__u32 rule;
	__u32 verdict;		 /* enum sluice_verdict_kind */
	__u32 denied_errno;	 /* what the caller was told; 0 where nothing was refused */
	__u32 reason;		 /* enum sluice_reason */
	__u32 executable_device; /* of its file system, as the kernel has it: major << 20 | minor */
	__u32 reserved;		 /* 0 */
};

/* The record of a Unix socket, known by its size; `destination` and what belongs to it are 0. There
 * is no closed event: no cgroup hook sees the end of a Unix socket. */
struct sluice_unix_event {
	struct sluice_event event;
	__u32 name_length; /* bytes */
	__u8 name[SLUICE_UNIX_NAME_BYTES];
	__u32 reserved; /* 0 */
};

struct sluice_cpu {
	__u64 sequence; /* of the last event */
	__u64 lost;	/* events that found no room in the ring buffer */
};

/* PERCPU_ARRAY sluice_counters, by enum sluice_reason. For each reason, when no hook is running:
 * total = repeated + lost + events that the ring buffer was given. */
struct sluice_counter {
	__u64 total;
	__u64 repeated; /* counted without an event of their own: a repeated datagram, a detail */
	__u64 lost;	/* their event found no room in the ring buffer */
};

/* ARRAY sluice_audited, one element: what the daemon has written down, whole after each batch. It
 * lives exactly as long as the ring buffer and the counters, so that over any number of daemons
 * each event is accounted for once. */
struct sluice_audited {
	__u64 position; /* of the ring buffer's consumer: all before it is in `events` */
	__u64 lost;	/* as it was said in the audit file last */
	__u64 events[SLUICE_REASON_COUNT];
};
