/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What to do with a run's connect or send to a Unix socket, by the name that it typed. PURE.
 *
 * A name proves nothing about the socket behind it: it may be a symbolic link, or mean another file
 * in another mount namespace or root. So a name decides alone only where that does no harm:
 *   STEER   the daemon connects to the path of the policy, not to what was typed;
 *   DENY    whatever it leads to;
 *   DIRECT  for a few paths in directories of root, and only for tasks that see the host's own
 *           files: there no run without root can make the path mean something else. */
#pragma once

#include "decide.h"
#include <sluice/abi/unix.h>

#define SLUICE_EPROTOTYPE 91u

struct sluice_unix_facts {
	__u32 run_flags;			  /* of the run and of all above it */
	__u32 type;				  /* SOCK_STREAM, ... */
	const struct sluice_unix_verdict *entry;  /* for the name; NULL = none */
	const struct sluice_unix_verdict *others; /* for all names without one; NULL = none */
	__u8 listener_set;			  /* in the network namespace of the socket */
	__u8 to_listener;			  /* the name is that listener's */
	__u8 sees_host_files;			  /* the task's root is the host's */
	__u64 now_ns;				  /* CLOCK_MONOTONIC */
	__u64 alive_until_ns;			  /* of the daemon; see settings.h */
};

SLUICE_PURE struct sluice_decision sluice_unix_go(__u32 kind, __u32 reason, __u32 rule)
{
	struct sluice_decision go = {kind, reason, 0, rule};

	return go;
}

/* That the peer is in the run itself cannot be seen here: bind() has no hook for Unix sockets. */
SLUICE_PURE struct sluice_decision sluice_decide_unlisted(const struct sluice_unix_facts *facts)
{
	__u32 kind = facts->others ? facts->others->kind : (__u32)SLUICE_VERDICT_DENY;

	if (kind == SLUICE_VERDICT_DIRECT)
		return sluice_unix_go(SLUICE_VERDICT_DIRECT, SLUICE_REASON_UNIX_ANY,
				      facts->others->rule);
	return sluice_deny(kind == SLUICE_UNIX_OWN ? SLUICE_REASON_UNIX_NOT_OWN
						   : SLUICE_REASON_UNIX_UNLISTED,
			   SLUICE_EACCES, 0);
}

SLUICE_PURE struct sluice_decision sluice_decide_unix_entry(const struct sluice_unix_facts *facts)
{
	const struct sluice_unix_verdict *entry = facts->entry;

	if (facts->run_flags & SLUICE_RUN_REVOKED)
		return sluice_deny(SLUICE_REASON_REVOKED, SLUICE_EPERM, 0);
	if (facts->to_listener)
		return sluice_deny(SLUICE_REASON_OWN_LISTENER, SLUICE_EPERM, 0);
	if (!entry)
		return sluice_decide_unlisted(facts);
	if (entry->kind == SLUICE_VERDICT_STEER && facts->type != SLUICE_TYPE_STREAM)
		return sluice_deny(SLUICE_REASON_UNIX_TYPE, SLUICE_EPROTOTYPE, entry->rule);
	if (entry->kind == SLUICE_VERDICT_STEER && !facts->listener_set)
		return sluice_deny(SLUICE_REASON_NO_LISTENER, SLUICE_ECONNREFUSED, entry->rule);
	if (entry->kind == SLUICE_VERDICT_STEER)
		return sluice_unix_go(SLUICE_VERDICT_STEER, SLUICE_REASON_UNIX_STEERED,
				      entry->rule);
	if (entry->kind == SLUICE_VERDICT_DIRECT && !facts->sees_host_files)
		return sluice_deny(SLUICE_REASON_UNIX_ELSEWHERE, SLUICE_EACCES, entry->rule);
	if (entry->kind == SLUICE_VERDICT_DIRECT)
		return sluice_unix_go(SLUICE_VERDICT_DIRECT, SLUICE_REASON_DIRECT, entry->rule);
	if (entry->kind == SLUICE_VERDICT_DENY && entry->denied_errno &&
	    entry->denied_errno <= SLUICE_ERRNO_MAX)
		return sluice_deny(SLUICE_REASON_DENIED_BY_VERDICT, entry->denied_errno,
				   entry->rule);
	return sluice_deny(SLUICE_REASON_UNKNOWN_VERDICT, SLUICE_EPERM, entry->rule);
}

SLUICE_PURE struct sluice_decision sluice_decide_unix(const struct sluice_unix_facts *facts)
{
	struct sluice_decision decision = sluice_decide_unix_entry(facts);

	if (decision.kind == SLUICE_VERDICT_DENY)
		return decision;
	return sluice_if_alive(decision, facts->now_ns, facts->alive_until_ns);
}
