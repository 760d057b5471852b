/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What to do with a connect, a send or a new socket of a run. PURE: facts in, decision out; also
 * compiled by g++ in the unit tests. */
#pragma once

#include <linux/types.h>
#include <sluice/abi/reason.h>
#include <sluice/abi/run.h>
#include <sluice/abi/subject.h>
#include <sluice/abi/verdict.h>

/* Numbers of the kernel's interface, named here because its headers cannot be included on both
 * sides. The same on all architectures that BPF runs on, but for sparc, mips, alpha and parisc. */
#define SLUICE_EPERM 1u
#define SLUICE_EAGAIN 11u
#define SLUICE_ENOMEM 12u
#define SLUICE_EACCES 13u
#define SLUICE_EEXIST 17
#define SLUICE_EPROTONOSUPPORT 93u
#define SLUICE_ENOBUFS 105u
#define SLUICE_ECONNREFUSED 111u
#define SLUICE_PROTOCOL_ICMP 1u
#define SLUICE_PROTOCOL_TCP 6u
#define SLUICE_PROTOCOL_UDP 17u
#define SLUICE_PROTOCOL_ICMPV6 58u
#define SLUICE_PROTOCOL_MPTCP 262u
#define SLUICE_TYPE_STREAM 1u
#define SLUICE_TYPE_DGRAM 2u
#define SLUICE_TYPE_RAW 3u
#define SLUICE_PORT_DNS 53u
#define SLUICE_FAMILY_INET 2u
#define SLUICE_FAMILY_INET6 10u

#define SLUICE_PURE static inline __attribute__((always_inline))

struct sluice_decision {
	__u32 kind;   /* enum sluice_verdict_kind; never NONE */
	__u32 reason; /* enum sluice_reason */
	__u32 error;  /* errno for DENY, 0 otherwise */
	__u32 rule;   /* of the entry that decided; 0 where none did */
};

struct sluice_connect_facts {
	__u32 run_flags; /* of the run and of all above it */
	__u32 ip_protocol;
	__u64 epoch;
	__u64 now_ns;			       /* CLOCK_MONOTONIC */
	__u64 alive_until_ns;		       /* of the daemon; see settings.h */
	const struct sluice_verdict *entry;    /* for the port; NULL = none */
	const struct sluice_verdict *any_port; /* for any port; NULL = none */
	__u8 listener_set;		       /* in the family of the destination */
	__u8 to_listener;		       /* the destination is that listener */
	__u8 foreign_netns;		       /* the socket is not in the daemon's namespace */
	__u8 to_loopback;		       /* the destination is of 127.0.0.0/8 or ::1 */
	__u8 foreign_device;		       /* it is bound to a device that is not lo */
	__u8 dns;			       /* UDP to port 53 */
	__u8 resolver_set;		       /* ours is there, in that namespace and family */
};

SLUICE_PURE struct sluice_decision sluice_deny(__u32 reason, __u32 error, __u32 rule)
{
	struct sluice_decision denied = {SLUICE_VERDICT_DENY, reason, error, rule};

	return denied;
}

/* What would go to the daemon, or past it: nobody would answer the one, audit or end the other. */
SLUICE_PURE struct sluice_decision sluice_if_alive(struct sluice_decision decision, __u64 now_ns,
						   __u64 alive_until_ns)
{
	if (now_ns >= alive_until_ns)
		return sluice_deny(SLUICE_REASON_DAEMON_SILENT, SLUICE_ECONNREFUSED, decision.rule);
	return decision;
}

/* There it means that namespace's own services. The daemon, which connects from its namespace,
 * would reach the host's, and a rule about it is about these. */
SLUICE_PURE int sluice_is_foreign_loopback(const struct sluice_connect_facts *facts)
{
	return facts->foreign_netns && facts->to_loopback;
}

SLUICE_PURE struct sluice_decision sluice_steer(const struct sluice_connect_facts *facts,
						__u32 reason, __u32 udp_reason, __u32 rule)
{
	struct sluice_decision steered = {SLUICE_VERDICT_STEER, reason, 0, rule};

	if (facts->dns && !facts->resolver_set)
		return sluice_deny(SLUICE_REASON_NO_RESOLVER, SLUICE_ECONNREFUSED, rule);
	if (facts->dns) {
		steered.reason = SLUICE_REASON_DNS_STEERED;
		return sluice_if_alive(steered, facts->now_ns, facts->alive_until_ns);
	}
	if (facts->ip_protocol == SLUICE_PROTOCOL_UDP)
		return sluice_deny(udp_reason, SLUICE_EPERM, rule);
	if (sluice_is_foreign_loopback(facts))
		return sluice_deny(SLUICE_REASON_FOREIGN_LOOPBACK, SLUICE_ECONNREFUSED, rule);
	/* Refused like a port that nobody listens on, never with EAGAIN: many clients take that for
	 * a connect in progress. */
	if (!facts->listener_set && facts->foreign_netns)
		return sluice_deny(SLUICE_REASON_NETNS_WITHOUT_LISTENER, SLUICE_ECONNREFUSED, rule);
	if (!facts->listener_set)
		return sluice_deny(SLUICE_REASON_NO_LISTENER, SLUICE_ECONNREFUSED, rule);
	/* Ours are on lo; its SYN would go out of that device. */
	if (facts->foreign_device)
		return sluice_deny(SLUICE_REASON_BOUND_TO_DEVICE, SLUICE_EPERM, rule);
	return sluice_if_alive(steered, facts->now_ns, facts->alive_until_ns);
}

/* An entry for the port beats one for any port, also when it is stale: whoever wrote the narrower
 * one knew better, so the daemon is asked instead of the wider one. */
SLUICE_PURE struct sluice_decision sluice_decide_connect(const struct sluice_connect_facts *facts)
{
	const struct sluice_verdict *entry = facts->entry ? facts->entry : facts->any_port;
	struct sluice_decision direct = {SLUICE_VERDICT_DIRECT, SLUICE_REASON_DIRECT, 0, 0};

	if (facts->run_flags & SLUICE_RUN_REVOKED)
		return sluice_deny(SLUICE_REASON_REVOKED, SLUICE_EPERM, 0);
	if (facts->ip_protocol != SLUICE_PROTOCOL_TCP && facts->ip_protocol != SLUICE_PROTOCOL_UDP)
		return sluice_deny(SLUICE_REASON_PROTOCOL, SLUICE_EPERM, 0);
	if (facts->ip_protocol == SLUICE_PROTOCOL_TCP && facts->listener_set && facts->to_listener)
		return sluice_deny(SLUICE_REASON_OWN_LISTENER, SLUICE_EPERM, 0);
	if (!entry)
		return sluice_steer(facts, SLUICE_REASON_STEERED_NO_ENTRY,
				    SLUICE_REASON_UDP_NO_ENTRY, 0);
	if (entry->epoch != facts->epoch || (entry->expiry_ns && entry->expiry_ns <= facts->now_ns))
		return sluice_steer(facts, SLUICE_REASON_STEERED_STALE, SLUICE_REASON_UDP_STALE, 0);
	if (entry->kind == SLUICE_VERDICT_STEER)
		return sluice_steer(facts, SLUICE_REASON_STEERED_BY_VERDICT,
				    SLUICE_REASON_UDP_NO_ENTRY, entry->rule);
	if (entry->kind == SLUICE_VERDICT_DIRECT && sluice_is_foreign_loopback(facts))
		return sluice_deny(SLUICE_REASON_FOREIGN_LOOPBACK, SLUICE_ECONNREFUSED,
				   entry->rule);
	if (entry->kind == SLUICE_VERDICT_DIRECT) {
		direct.rule = entry->rule;
		return sluice_if_alive(direct, facts->now_ns, facts->alive_until_ns);
	}
	if (entry->kind == SLUICE_VERDICT_DENY && entry->denied_errno &&
	    entry->denied_errno <= SLUICE_ERRNO_MAX)
		return sluice_deny(SLUICE_REASON_DENIED_BY_VERDICT, entry->denied_errno,
				   entry->rule);
	return sluice_deny(SLUICE_REASON_UNKNOWN_VERDICT, SLUICE_EPERM, entry->rule);
}

/* A run's connection that would be steered, to a listener on a loopback address. What a run says to
 * itself, or to a run inside it, needs no rule and no daemon. The other way round it does: a run
 * inside could use the rights of the one around it. */
SLUICE_PURE struct sluice_decision sluice_decide_own_run(const struct sluice_decision *steered,
							 __u32 inbound, int own_listener)
{
	struct sluice_decision direct = {SLUICE_VERDICT_DIRECT, SLUICE_REASON_OWN_RUN, 0, 0};

	return own_listener && inbound != SLUICE_INBOUND_NONE ? direct : *steered;
}

struct sluice_inbound_facts {
	__u32 run_flags; /* of the listener's run and of all above it */
	__u32 inbound;	 /* enum sluice_inbound, of that run */
	__u8 readable;	 /* it is known where the packet comes from */
	__u8 from_own_run;
	__u8 from_loopback;
	__u8 daemons_port; /* connections of runs are steered to that port */
};

/* A packet to a TCP listener of a run: 0 lets it pass, else the reason to drop it. */
SLUICE_PURE __u32 sluice_decide_inbound(const struct sluice_inbound_facts *facts)
{
	if (facts->run_flags & SLUICE_RUN_REVOKED)
		return SLUICE_REASON_REVOKED;
	if (facts->inbound == SLUICE_INBOUND_NONE)
		return SLUICE_REASON_INBOUND_NONE;
	if (facts->daemons_port)
		return SLUICE_REASON_INBOUND_SQUATTER;
	if (!facts->readable)
		return SLUICE_REASON_INBOUND_FOREIGN;
	if (facts->from_own_run)
		return 0;
	return facts->inbound == SLUICE_INBOUND_LOOPBACK && facts->from_loopback
		   ? 0
		   : SLUICE_REASON_INBOUND_FOREIGN;
}

/* socket(family, type, protocol), the protocol as the kernel resolved it. DIRECT: make it. */
SLUICE_PURE struct sluice_decision sluice_decide_socket(__u32 family, __u32 type, __u32 protocol)
{
	struct sluice_decision made = {SLUICE_VERDICT_DIRECT, SLUICE_REASON_DIRECT, 0, 0};

	if (type == SLUICE_TYPE_RAW)
		return sluice_deny(SLUICE_REASON_SOCKET_RAW, SLUICE_EPERM, 0);
	if (family != SLUICE_FAMILY_INET && family != SLUICE_FAMILY_INET6)
		return sluice_deny(SLUICE_REASON_SOCKET_PROTOCOL, SLUICE_EPROTONOSUPPORT, 0);
	if (type == SLUICE_TYPE_STREAM &&
	    (protocol == SLUICE_PROTOCOL_TCP || protocol == SLUICE_PROTOCOL_MPTCP))
		return made;
	if (type == SLUICE_TYPE_DGRAM && protocol == SLUICE_PROTOCOL_UDP)
		return made;
	/* What the kernel itself answers to who is outside net.ipv4.ping_group_range. */
	if (type == SLUICE_TYPE_DGRAM &&
	    (protocol == SLUICE_PROTOCOL_ICMP || protocol == SLUICE_PROTOCOL_ICMPV6))
		return sluice_deny(SLUICE_REASON_SOCKET_PING, SLUICE_EACCES, 0);
	return sluice_deny(SLUICE_REASON_SOCKET_PROTOCOL, SLUICE_EPROTONOSUPPORT, 0);
}
