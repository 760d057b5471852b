/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* From the connect of a socket to its end. */
#pragma once

#include "decide.h"
#include "report.h"

/* The one closed event that each opened or direct event gets, and the end of its flow record: one
 * of a connection that never came to be is deleted; one that the daemon may still accept, because
 * it was established, is only marked. */
static __always_inline void end_flow(struct sluice_socket *socket, __u64 bytes_sent,
				     __u64 bytes_received)
{
	bool established = socket->flags & SLUICE_SOCKET_ESTABLISHED;
	bool failed = !established && socket->ip_protocol == SLUICE_PROTOCOL_TCP;
	struct outcome outcome = {
	    .event = SLUICE_EVENT_CLOSED,
	    .reason = failed ? SLUICE_REASON_CONNECT_FAILED : SLUICE_REASON_CLOSED,
	    .verdict = socket->kind,
	    .bytes_sent = bytes_sent,
	    .bytes_received = bytes_received,
	};

	if (!(socket->flags & SLUICE_SOCKET_OPEN))
		return;
	if (socket->flags & SLUICE_SOCKET_RECORDED) {
		struct sluice_flow *flow = bpf_map_lookup_elem(&sluice_flows, &socket->flow_key);

		if (flow && flow->flow == socket->flow && established)
			flow->closed_ns = bpf_ktime_get_ns();
		else if (flow && flow->flow == socket->flow &&
			 !bpf_map_delete_elem(&sluice_flows, &socket->flow_key))
			count(SLUICE_REASON_FLOW_DROPPED);
	} else if (socket->kind == SLUICE_VERDICT_STEER &&
		   socket->ip_protocol == SLUICE_PROTOCOL_TCP &&
		   !(socket->flags & SLUICE_SOCKET_WATCHED)) {
		count(SLUICE_REASON_NEVER_SENT);
	}
	socket->flags = 0;
	report(socket, &outcome);
}
