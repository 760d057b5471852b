/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a task may do that stands in a run, or once stood in one. For the BPF LSM programs. PURE:
 * facts in, decision out; also compiled by g++ in the unit tests. */
#pragma once

#include "decide.h"

#define SLUICE_EAFNOSUPPORT 97u
#define SLUICE_FAMILY_UNIX 1u
#define SLUICE_FAMILY_NETLINK 16u
#define SLUICE_NETLINK_ROUTE 0u

enum sluice_standing {
	SLUICE_STANDING_NONE = 0,   /* in no run: nothing of this layer is for it */
	SLUICE_STANDING_INSIDE = 1, /* in a run, and tagged with it */
	SLUICE_STANDING_LEFT = 2,   /* tagged, but its cgroup is not below the tag's any more */
	SLUICE_STANDING_NO_TAG = 3, /* in a run, but there was no memory for the tag */
};

struct sluice_task_facts {
	__u8 tagged;
	__u8 below_tag; /* the cgroup of the tag is above the task, or is the task's */
	__u8 in_run;	/* a cgroup above the task, or its own, is a run's */
};

/* A tag whose run is no run any more, with the task still there, is one of an agent that the policy
 * has dropped: the task is free. A task that went elsewhere is not, whatever became of its run:
 * else a daemon that outlives its run would be free. */
SLUICE_PURE __u32 sluice_standing_of(const struct sluice_task_facts *facts)
{
	if (facts->tagged && !facts->below_tag)
		return SLUICE_STANDING_LEFT;
	return facts->in_run ? SLUICE_STANDING_INSIDE : SLUICE_STANDING_NONE;
}

SLUICE_PURE struct sluice_decision sluice_go_on(void)
{
	struct sluice_decision on = {SLUICE_VERDICT_DIRECT, SLUICE_REASON_DIRECT, 0, 0};

	return on;
}

/* The part that all decisions here begin with. */
SLUICE_PURE struct sluice_decision sluice_decide_standing(__u32 standing)
{
	if (standing == SLUICE_STANDING_NONE || standing == SLUICE_STANDING_INSIDE)
		return sluice_go_on();
	if (standing == SLUICE_STANDING_NO_TAG)
		return sluice_deny(SLUICE_REASON_NO_STORAGE, SLUICE_ENOMEM, 0);
	return sluice_deny(SLUICE_REASON_LEFT_RUN, SLUICE_EPERM, 0);
}

struct sluice_use_facts {
	__u32 standing;
	__u64 run;	   /* of the task */
	__u64 socket_run;  /* of the socket's tag; 0 = made in no run */
	__u8 socket_below; /* the socket was made in a run below that of the task */
};

/* connect, send, listen or accept with a socket of IPv4 or IPv6. One of an inner run is judged by
 * the outer run's rules too, so the outer may use it; the other way round would lift the ceiling.
 */
SLUICE_PURE struct sluice_decision sluice_decide_use(const struct sluice_use_facts *facts)
{
	if (facts->standing != SLUICE_STANDING_INSIDE)
		return sluice_decide_standing(facts->standing);
	if (facts->socket_run && (facts->socket_run == facts->run || facts->socket_below))
		return sluice_go_on();
	return sluice_deny(SLUICE_REASON_FOREIGN_SOCKET, SLUICE_EPERM, 0);
}

/* A descriptor that arrives over a Unix socket, and is a socket of IPv4 or IPv6. */
SLUICE_PURE struct sluice_decision sluice_decide_receive(const struct sluice_use_facts *facts)
{
	struct sluice_decision decision = sluice_decide_use(facts);

	if (decision.reason == SLUICE_REASON_FOREIGN_SOCKET)
		decision.reason = SLUICE_REASON_SOCKET_RECEIVED;
	return decision;
}

/* socket(): what ordinary programs need. What kind of IPv4 and IPv6 socket it may be is for the
 * cgroup program of sock_create. The errors are those of a kernel that lacks the family. */
SLUICE_PURE struct sluice_decision sluice_decide_family(__u32 standing, __u32 family,
							__u32 protocol)
{
	if (standing != SLUICE_STANDING_INSIDE)
		return sluice_decide_standing(standing);
	if (family == SLUICE_FAMILY_INET || family == SLUICE_FAMILY_INET6 ||
	    family == SLUICE_FAMILY_UNIX)
		return sluice_go_on();
	if (family != SLUICE_FAMILY_NETLINK)
		return sluice_deny(SLUICE_REASON_SOCKET_FAMILY, SLUICE_EAFNOSUPPORT, 0);
	if (protocol != SLUICE_NETLINK_ROUTE)
		return sluice_deny(SLUICE_REASON_SOCKET_FAMILY, SLUICE_EPROTONOSUPPORT, 0);
	return sluice_go_on();
}

/* An act that no run may do at all, for the reason given. */
SLUICE_PURE struct sluice_decision sluice_decide_forbidden(__u32 standing, __u32 reason)
{
	if (standing == SLUICE_STANDING_INSIDE)
		return sluice_deny(reason, SLUICE_EPERM, 0);
	return sluice_decide_standing(standing);
}

/* A debugger's access to a task. `inner`: that task is of the asker's run, or of one below. */
SLUICE_PURE struct sluice_decision sluice_decide_trace(__u32 standing, int inner)
{
	if (standing == SLUICE_STANDING_INSIDE && inner)
		return sluice_go_on();
	return sluice_decide_forbidden(standing, SLUICE_REASON_PTRACE);
}

struct sluice_mount_facts {
	__u32 standing;
	__u8 in_host_namespace; /* in the daemon's mount namespace, or that is not known */
	__u8 guarded;		/* bpffs or cgroup2 is mounted, covered, moved or unmounted */
};

/* Containers arrange their own mounts, before their program starts. */
SLUICE_PURE struct sluice_decision sluice_decide_mount(const struct sluice_mount_facts *facts)
{
	if (facts->standing == SLUICE_STANDING_INSIDE && !facts->in_host_namespace &&
	    !facts->guarded)
		return sluice_go_on();
	return sluice_decide_forbidden(facts->standing, SLUICE_REASON_MOUNT);
}

/* Names of files, of 16 bytes, filled up with zeros. */
SLUICE_PURE int sluice_same_name(const char *one, const char *other)
{
	for (int i = 0; i < 16; i++)
		if (one[i] != other[i])
			return 0;
	return 1;
}
