/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The maps that all objects share. Userspace makes them once, pins them under their names and gives
 * each object the same ones; capacities marked "set at load" are userspace's choice. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <sluice/abi/awaited.h>
#include <sluice/abi/event.h>
#include <sluice/abi/flow.h>
#include <sluice/abi/query.h>
#include <sluice/abi/reason.h>
#include <sluice/abi/run.h>
#include <sluice/abi/settings.h>
#include <sluice/abi/subject.h>
#include <sluice/abi/unix.h>
#include <sluice/abi/verdict.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096); /* set at load */
	__type(key, __u64);
	__type(value, struct sluice_run);
} sluice_runs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct sluice_awaited_key);
	__type(value, struct sluice_awaited);
} sluice_awaited SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536); /* set at load */
	__type(key, struct sluice_verdict_key);
	__type(value, struct sluice_verdict);
} sluice_verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct sluice_subject);
} sluice_subjects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLUICE_SETTING_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} sluice_settings SEC(".maps");

/* Not preallocated: an element is then never reused while a program still reads it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2048); /* two families in so many network namespaces */
	__type(key, struct sluice_listener_key);
	__type(value, struct sluice_listener);
} sluice_listeners SEC(".maps");

/* Never an LRU: an eviction would lose the destination of a connection. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536); /* set at load */
	__type(key, struct sluice_flow_key);
	__type(value, struct sluice_flow);
} sluice_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sluice_socket);
} sluice_sockets SEC(".maps");

/* Not preallocated, for the same reason as the listeners. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct sluice_resolver_key);
	__type(value, struct sluice_resolver);
} sluice_resolvers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536); /* set at load */
	__type(key, struct sluice_query_key);
	__type(value, struct sluice_query);
} sluice_queries SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sluice_asker);
} sluice_askers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536); /* set at load */
	__type(key, struct sluice_unix_key);
	__type(value, struct sluice_unix_verdict);
} sluice_unix_verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct sluice_unix_listener);
} sluice_unix_listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sluice_unix_socket);
} sluice_unix_sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLUICE_REASON_COUNT);
	__type(key, __u32);
	__type(value, struct sluice_counter);
} sluice_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sluice_cpu);
} sluice_cpus SEC(".maps");

/* By number of the rule, of which userspace adds those of the policy: a program only counts. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u64);
} sluice_rule_hits SEC(".maps");

/* The daemon's own, see event.h and flow.h: no program reads them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sluice_audited);
} sluice_audited SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SLUICE_FLOW_TOTAL_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} sluice_flow_totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024); /* bytes; set at load */
} sluice_events SEC(".maps");
