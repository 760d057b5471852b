/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Counters by reason, and events. Nothing that a run does goes without one of them. */
#pragma once

#include "maps.h"

static __always_inline void count(__u32 reason)
{
	__u64 *counter = bpf_map_lookup_elem(&sluice_counters, &reason);

	/* Atomic, because a hook in a softirq may interrupt one in a task on the same CPU. */
	if (counter)
		__sync_fetch_and_add(counter, 1);
}

struct outcome {
	__u32 event; /* enum sluice_event_kind */
	__u32 reason;
	__u32 error;
	__u32 verdict;
	__u64 bytes_sent;
	__u64 bytes_received;
};

static __always_inline void report(const struct sluice_socket *about, const struct outcome *outcome)
{
	__u32 zero = 0;
	struct sluice_cpu *cpu = bpf_map_lookup_elem(&sluice_cpus, &zero);
	struct sluice_event *event;
	__u64 sequence;

	count(outcome->reason);
	if (!cpu)
		return;
	sequence = __sync_fetch_and_add(&cpu->sequence, 1) + 1;
	event = bpf_ringbuf_reserve(&sluice_events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&cpu->lost, 1);
		count(SLUICE_REASON_EVENT_LOST);
		return;
	}
	event->sequence = sequence;
	event->time_ns = bpf_ktime_get_ns();
	event->flow = about->flow;
	event->cgroup_id = about->cgroup_id;
	event->netns_cookie = about->flow_key.netns_cookie;
	event->task_start_ns = about->task_start_ns;
	event->bytes_sent = outcome->bytes_sent;
	event->bytes_received = outcome->bytes_received;
	__builtin_memcpy(event->destination, about->destination, sizeof(event->destination));
	event->destination_port = about->destination_port;
	event->ip_protocol = about->ip_protocol;
	event->kind = outcome->event;
	event->cpu = bpf_get_smp_processor_id();
	event->pid = about->pid;
	event->subject = about->subject;
	event->rule = about->rule;
	event->verdict = outcome->verdict;
	event->denied_errno = outcome->error;
	event->reason = outcome->reason;
	bpf_ringbuf_submit(event, 0);
}
