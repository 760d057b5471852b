/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The question of connect and sendmsg: may this run reach that destination? */
#pragma once

#include "address.h"
#include "decide.h"
#include "report.h"
#include "runs.h"
#include <bpf/bpf_endian.h>

struct destination {
	struct sluice_address address; /* never unspecified */
	__be16 port;
	__u8 ip_protocol;
	bool foreign_device; /* the socket is bound to a device that is not lo */
	bool loopback;	     /* the address is */
	__u64 netns_cookie;  /* where the socket is */
};

static __always_inline struct sluice_listener *listener_for(const struct destination *to)
{
	struct sluice_listener_key key = {
	    .netns_cookie = to->netns_cookie,
	    .family = sluice_is_v4(&to->address) ? SLUICE_FAMILY_INET : SLUICE_FAMILY_INET6,
	};

	return bpf_map_lookup_elem(&sluice_listeners, &key);
}

/* A function of its own, so that the verifier walks its ways once and not once for each that leads
 * here. */
__noinline __u32 sluice_has_port(const struct sluice_listener *listener, __u32 port)
{
	if (!listener)
		return 0;
	for (__u32 i = 0; i < SLUICE_LISTENER_PORTS; i++)
		if (listener->port[i] == port)
			return 1;
	return 0;
}

static __always_inline bool is_listener(const struct destination *to,
					const struct sluice_listener *listener)
{
	struct sluice_address address;

	__builtin_memcpy(&address, listener->address, sizeof(address));
	return sluice_same_address(&to->address, &address) && sluice_has_port(listener, to->port);
}

/* A function of its own, so that what it needs of the stack is free again behind it. */
static __attribute__((noinline, unused)) int
judge(const struct run *run, const struct destination *to, const struct sluice_listener *listener,
      const struct sluice_resolver *resolver, struct sluice_decision *decision)
{
	struct sluice_verdict_key key = {
	    .prefix_length = SLUICE_VERDICT_FIXED_BITS + 128,
	    .subject = run->subject,
	    .ip_protocol = to->ip_protocol,
	    .port = to->port,
	};
	struct sluice_connect_facts facts = {
	    .run_flags = run->flags,
	    .ip_protocol = to->ip_protocol,
	    .epoch = setting(SLUICE_SETTING_EPOCH),
	    .now_ns = bpf_ktime_get_ns(),
	    .alive_until_ns = setting(SLUICE_SETTING_ALIVE_UNTIL),
	    .listener_set = listener != NULL,
	    .to_listener = listener && is_listener(to, listener),
	    .foreign_netns = to->netns_cookie != setting(SLUICE_SETTING_HOME_NETNS),
	    .to_loopback = to->loopback,
	    .foreign_device = to->foreign_device,
	    .dns = to->ip_protocol == SLUICE_PROTOCOL_UDP && to->port == bpf_htons(SLUICE_PORT_DNS),
	    .resolver_set = resolver != NULL,
	};

	__builtin_memcpy(key.address, &to->address, sizeof(key.address));
	facts.entry = bpf_map_lookup_elem(&sluice_verdicts, &key);
	if (!facts.entry) {
		key.port = 0;
		facts.any_port = bpf_map_lookup_elem(&sluice_verdicts, &key);
	}
	*decision = sluice_decide_connect(&facts);
	return 0;
}

static __always_inline struct sluice_socket describe(const struct run *run,
						     const struct destination *to)
{
	struct sluice_socket about = {
	    .flow_key = {.netns_cookie = to->netns_cookie},
	    .destination_port = to->port,
	    .ip_protocol = to->ip_protocol,
	};

	describe_task(&about, run);
	__builtin_memcpy(about.destination, &to->address, sizeof(about.destination));
	return about;
}

/* The mask shows the verifier of Linux 7 that it is an errno. */
static __always_inline void fail_with(__u32 error)
{
	bpf_set_retval(-(int)(error & SLUICE_ERRNO_MAX));
}

/* Tells the caller of the system call and the daemon; returns what the hook must. */
static __always_inline int refuse(const struct sluice_socket *about, __u32 reason, __u32 error)
{
	struct outcome outcome = {
	    .event = SLUICE_EVENT_DENIED,
	    .reason = reason,
	    .error = error,
	    .verdict = SLUICE_VERDICT_DENY,
	};

	report(about, &outcome);
	fail_with(error);
	return 0;
}
