/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* RINGBUF sluice_events: one struct sluice_event each. PERCPU_ARRAY sluice_cpus: where each CPU's
 * sequence stands. The sequence advances for an event that found no room, too, so that the reader
 * sees a gap. Numbers of one CPU may arrive out of order by as many places as hooks can interrupt
 * one another. */
#pragma once

#include <linux/types.h>

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
	__u64 netns_cookie;   /* of the socket; that of the task where there is no socket yet */
	__u64 task_start_ns;  /* CLOCK_BOOTTIME: with pid, names one process for ever */
	__u64 bytes_sent;     /* closed TCP: payload that left the agent's socket, counted once */
	__u64 bytes_received; /* closed TCP: payload that reached the agent's socket */
	__u8 destination[16]; /* network order, IPv4 mapped; zeros for a refused socket() */
	__be16 destination_port;
	__u8 ip_protocol;
	__u8 kind; /* enum sluice_event_kind */
	__u32 cpu;
	__u32 pid; /* thread group id, initial pid namespace */
	__u32 subject;
	__u32 rule;
	__u32 verdict;	    /* enum sluice_verdict_kind */
	__u32 denied_errno; /* what the caller was told; 0 where nothing was refused */
	__u32 reason;	    /* enum sluice_reason */
};

struct sluice_cpu {
	__u64 sequence; /* of the last event */
	__u64 lost;	/* events that found no room in the ring buffer */
};
