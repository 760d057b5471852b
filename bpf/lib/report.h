/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Counters by reason, and events. Nothing that a run does goes without one of them. */
#pragma once

#include "decide.h"
#include "maps.h"

static __always_inline __u64 setting(__u32 which)
{
	__u64 *value = bpf_map_lookup_elem(&sluice_settings, &which);

	return value ? *value : 0;
}

/* Without an event. Atomic, like all counting here, because a hook in a softirq may interrupt one
 * in a task on the same CPU. */
static __always_inline void count(__u32 reason)
{
	struct sluice_counter *counter = bpf_map_lookup_elem(&sluice_counters, &reason);

	if (!counter)
		return;
	__sync_fetch_and_add(&counter->total, 1);
	__sync_fetch_and_add(&counter->repeated, 1);
}

struct outcome {
	__u32 event; /* enum sluice_event_kind */
	__u32 reason;
	__u32 error;
	__u32 verdict;
	__u64 bytes_sent;
	__u64 bytes_received;
};

/* The reader comes by itself every 100 ms; waking it for each event would cost more than all else
 * here. It is woken when a quarter of the buffer is waiting, looked at now and then. */
static __always_inline __u64 wake_up(__u64 sequence)
{
	if (sequence & 63)
		return BPF_RB_NO_WAKEUP;
	return bpf_ringbuf_query(&sluice_events, BPF_RB_AVAIL_DATA) >
		       bpf_ringbuf_query(&sluice_events, BPF_RB_RING_SIZE) / 4
		   ? BPF_RB_FORCE_WAKEUP
		   : BPF_RB_NO_WAKEUP;
}

static __always_inline void fill(struct sluice_event *event, const struct sluice_socket *about,
				 const struct outcome *outcome)
{
	event->time_ns = bpf_ktime_get_ns();
	event->flow = about->flow;
	event->cgroup_id = about->cgroup_id;
	event->task_start_ns = about->task_start_ns;
	event->executable_inode = about->executable_inode;
	event->bytes_sent = outcome->bytes_sent;
	event->bytes_received = outcome->bytes_received;
	event->netns_cookie = about->flow_key.netns_cookie;
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
	event->executable_device = about->executable_device;
	event->reserved = 0;
}

/* There was no room for it. False: and the audit is required, so what it tells of must not happen;
 * that is then counted in its place. A function of its own, so that no compiler can join its branch
 * with the one that holds an event, which Linux 6.1 would not follow. */
static __attribute__((noinline, unused)) bool report_lost(__u32 reason, __u32 event)
{
	bool goes_on = event == SLUICE_EVENT_OPENED || event == SLUICE_EVENT_DIRECT;
	bool refused = goes_on && setting(SLUICE_SETTING_AUDIT_REQUIRED);
	struct sluice_counter *counter;
	struct sluice_cpu *cpu;
	__u32 zero = 0;

	if (refused)
		reason = SLUICE_REASON_AUDIT_FULL;
	counter = bpf_map_lookup_elem(&sluice_counters, &reason);
	if (counter) {
		__sync_fetch_and_add(&counter->total, 1);
		__sync_fetch_and_add(&counter->lost, 1);
	}
	cpu = bpf_map_lookup_elem(&sluice_cpus, &zero);
	if (cpu) {
		__sync_fetch_and_add(&cpu->sequence, 1);
		__sync_fetch_and_add(&cpu->lost, 1);
	}
	count(SLUICE_REASON_EVENT_LOST);
	return !refused;
}

/* Counts an outcome and numbers its event, for which there is room. */
static __always_inline __u64 number(__u32 reason)
{
	struct sluice_counter *counter = bpf_map_lookup_elem(&sluice_counters, &reason);
	struct sluice_cpu *cpu;
	__u32 zero = 0;

	if (counter)
		__sync_fetch_and_add(&counter->total, 1);
	cpu = bpf_map_lookup_elem(&sluice_cpus, &zero);
	return cpu ? __sync_fetch_and_add(&cpu->sequence, 1) + 1 : 0;
}

/* A rule decided. Each event but the end of a flow tells of one decision. */
static __attribute__((noinline, unused)) int count_rule(__u32 rule)
{
	__u64 *hits = bpf_map_lookup_elem(&sluice_rule_hits, &rule);

	if (hits)
		__sync_fetch_and_add(hits, 1);
	return 0;
}

/* False: see report_lost(); the caller refuses. */
static __always_inline bool report(const struct sluice_socket *about, const struct outcome *outcome)
{
	struct sluice_event *event;
	__u64 sequence;

	if (about->rule && outcome->event != SLUICE_EVENT_CLOSED)
		count_rule(about->rule);
	event = bpf_ringbuf_reserve(&sluice_events, sizeof(*event), 0);
	if (!event)
		return report_lost(outcome->reason, outcome->event);
	sequence = number(outcome->reason);
	event->sequence = sequence;
	fill(event, about, outcome);
	bpf_ringbuf_submit(event, wake_up(sequence));
	return true;
}
