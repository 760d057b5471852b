/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The last close of a socket, and of its DNS queries. The end of a TCP connection that sockops
 * watches comes later, when its byte counts are final; all others end here. */
#include "lib/flows.h"
#include "lib/query.h"

SEC("cgroup/sock_release")
int sluice_sock_release(struct bpf_sock *ctx)
{
	struct sluice_socket *socket = bpf_sk_storage_get(&sluice_sockets, ctx, NULL, 0);
	struct sluice_asker *asker = bpf_sk_storage_get(&sluice_askers, ctx, NULL, 0);

	if (asker)
		leave_all(asker);
	if (socket && !(socket->flags & SLUICE_SOCKET_WATCHED))
		end_flow(socket, 0, 0);
	return 1;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
