/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Why the kernel side did what it did. Each return of each hook that acts on a run counts under one
 * of these in the per-CPU array sluice_counters; userspace/kernel/reasons.cpp has their names. New
 * ones go to the end: the numbers are in recordings. */
#pragma once

enum sluice_reason {
	SLUICE_REASON_NONE = 0, /* never counted */

	/* went on */
	SLUICE_REASON_STEERED_NO_ENTRY,	  /* no verdict entry: the daemon decides */
	SLUICE_REASON_STEERED_STALE,	  /* the entry is of another epoch or has expired */
	SLUICE_REASON_STEERED_BY_VERDICT, /* the entry says STEER */
	SLUICE_REASON_DIRECT,		  /* the entry says DIRECT */

	/* refused */
	SLUICE_REASON_DENIED_BY_VERDICT, /* the entry says DENY */
	SLUICE_REASON_REVOKED,		 /* the run, or one above it, is revoked */
	SLUICE_REASON_OWN_LISTENER,	 /* the destination is the daemon's listener itself */
	SLUICE_REASON_NO_LISTENER,	 /* nowhere to steer to in that address family */
	SLUICE_REASON_NO_STORAGE,	 /* no memory to remember the destination in */
	SLUICE_REASON_UNKNOWN_VERDICT,	 /* the entry holds a number that means nothing */
	SLUICE_REASON_UDP_NO_ENTRY,	 /* UDP passes only by a DIRECT entry */
	SLUICE_REASON_UDP_STALE,	 /* UDP, and its entry is of another epoch or has expired */
	SLUICE_REASON_PROTOCOL,		 /* connect or send of what is neither TCP nor UDP */
	SLUICE_REASON_SOCKET_RAW,	 /* a raw socket */
	SLUICE_REASON_SOCKET_PING,	 /* a datagram socket of ICMP */
	SLUICE_REASON_SOCKET_PROTOCOL,	 /* SCTP, DCCP, UDP-Lite, ...; or a family with no rule */
	SLUICE_REASON_NOT_TRACKED,	 /* the end of the connection could not be watched */
	SLUICE_REASON_FLOW_MAP_FULL,	 /* no flow record: the daemon will reset the connection */
	SLUICE_REASON_FLOW_RECORD_EXISTS, /* a record of the same source waits: as above */

	/* ended */
	SLUICE_REASON_CLOSED,	      /* an opened connection, or direct socket, has ended */
	SLUICE_REASON_CONNECT_FAILED, /* ended before it was established */

	/* of the event channel itself */
	SLUICE_REASON_EVENT_LOST, /* the ring buffer was full; the sequence shows the gap */

	SLUICE_REASON_AUDIT_FULL, /* refused: its event would be lost, and the audit is required */

	/* what became of a steered TCP connection, beside its events */
	SLUICE_REASON_FLOW_RECORDED, /* its flow record was written */
	SLUICE_REASON_FLOW_DROPPED, /* its flow record was deleted: it failed before the daemon took
				       it */
	SLUICE_REASON_NEVER_SENT,   /* it ended before a SYN left: no flow record */

	/* of Unix sockets */
	SLUICE_REASON_UNIX_STEERED,   /* the entry says STEER */
	SLUICE_REASON_UNIX_UNLISTED,  /* no entry for the name, and others are refused */
	SLUICE_REASON_UNIX_NOT_OWN,   /* no entry, and the peer cannot be proved to be in the run */
	SLUICE_REASON_UNIX_ANY,	      /* let go: the policy lets the run reach any other name */
	SLUICE_REASON_UNIX_ELSEWHERE, /* let go by path, but asked from another root or namespace */
	SLUICE_REASON_UNIX_TYPE,      /* steered, but the socket is no byte stream */

	/* between a run and its own listeners, and from outside to them */
	SLUICE_REASON_OWN_RUN,	       /* went on: the listener is the run's own, or of one in it */
	SLUICE_REASON_INBOUND_NONE,    /* dropped: nobody may connect to this run */
	SLUICE_REASON_INBOUND_FOREIGN, /* dropped: the peer is not of the run */
	SLUICE_REASON_INBOUND_SQUATTER, /* dropped: the run listens on the daemon's port */

	/* of DNS over UDP */
	SLUICE_REASON_DNS_STEERED,    /* went on, to the daemon's resolver */
	SLUICE_REASON_NO_RESOLVER,    /* refused: none in that namespace, family or device */
	SLUICE_REASON_NO_SOURCE_PORT, /* refused: no port for the socket was found */
	SLUICE_REASON_QUERY_MAP_FULL, /* refused: no room to remember who asks */

	SLUICE_REASON_DAEMON_SILENT, /* refused: it is dead or hangs (SLUICE_SETTING_ALIVE_UNTIL) */

	SLUICE_REASON_BOUND_TO_DEVICE, /* refused: steered, but bound to a device that is not lo */
	SLUICE_REASON_NETNS_WITHOUT_LISTENER, /* refused: the daemon has none in that namespace */

	/* refused by the BPF LSM layer */
	SLUICE_REASON_LEFT_RUN,	       /* the task is tagged with a run that it is no longer in */
	SLUICE_REASON_FOREIGN_SOCKET,  /* the socket was not made in the run that uses it */
	SLUICE_REASON_SOCKET_RECEIVED, /* such a socket was passed in over a Unix socket */
	SLUICE_REASON_SOCKET_FAMILY,   /* a socket of a family that no run gets */
	SLUICE_REASON_CGROUP_WRITE,    /* a file of cgroup2 was opened to move or govern tasks */
	SLUICE_REASON_PTRACE,	     /* tracing, or reading the memory of, a task of no inner run */
	SLUICE_REASON_SIGNAL,	     /* a signal to the daemon */
	SLUICE_REASON_BPF_CALL,	     /* bpf() */
	SLUICE_REASON_PINS,	     /* a pin would be removed or moved */
	SLUICE_REASON_MOUNT,	     /* a mount of the host, of bpffs or of cgroup2 would change */
	SLUICE_REASON_LISTENER_PORT, /* a bind to the daemon's port */
	SLUICE_REASON_IO_URING,	     /* a ring that works for others, or by itself */
	SLUICE_REASON_USER_NAMESPACE, /* a new user namespace */

	SLUICE_REASON_FOREIGN_LOOPBACK, /* refused: loopback of another namespace than the
					   daemon's */

	SLUICE_REASON_COUNT
};
