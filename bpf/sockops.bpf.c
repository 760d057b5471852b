/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A run's TCP connection from its SYN to its end. */
#include "lib/address.h"
#include "lib/flows.h"
#include "lib/kernel_types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

static __always_inline struct sluice_address source_of(struct bpf_sock_ops *ctx)
{
	struct sluice_address address;
	__be32 v4 = ctx->local_ip4;

	/* Or clang joins the loads behind one computed address, which no program may read a context
	 * by. */
	barrier_var(v4);
	if (ctx->family != SLUICE_FAMILY_INET6)
		return sluice_mapped(v4);
	address.word[0] = ctx->local_ip6[0];
	address.word[1] = ctx->local_ip6[1];
	address.word[2] = ctx->local_ip6[2];
	address.word[3] = ctx->local_ip6[3];
	return address;
}

/* The source port is chosen by now, and the SYN has not left. Nothing can stop the connection here;
 * without a record the daemon resets it. */
static __always_inline void record_flow(struct bpf_sock_ops *ctx, struct sluice_socket *socket)
{
	struct sluice_flow_key key = {.netns_cookie = bpf_get_netns_cookie(ctx),
				      .listener_port = socket->flow_key.listener_port};
	struct sluice_flow flow = {
	    .flow = socket->flow,
	    .cgroup_id = socket->cgroup_id,
	    .opened_ns = bpf_ktime_get_ns(),
	    .destination_port = socket->destination_port,
	    .subject = socket->subject,
	    .pid = socket->pid,
	    .rule = socket->rule,
	};
	struct sluice_address source = source_of(ctx);
	long failed;

	__builtin_memcpy(key.source, &source, sizeof(key.source));
	key.source_port = bpf_htons((__u16)ctx->local_port);
	__builtin_memcpy(flow.destination, socket->destination, sizeof(flow.destination));
	/* Never over another's record: the daemon would take what one run sent for another's. */
	failed = bpf_map_update_elem(&sluice_flows, &key, &flow, BPF_NOEXIST);
	if (failed) {
		count(failed == -SLUICE_EEXIST ? SLUICE_REASON_FLOW_RECORD_EXISTS
					       : SLUICE_REASON_FLOW_MAP_FULL);
		return;
	}
	count(SLUICE_REASON_FLOW_RECORDED);
	socket->flow_key = key;
	socket->flags |= SLUICE_SOCKET_RECORDED;
}

static __always_inline void on_syn(struct bpf_sock_ops *ctx, struct sluice_socket *socket)
{
	int flags = ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG;

	if (bpf_sock_ops_cb_flags_set(ctx, flags)) {
		count(SLUICE_REASON_NOT_TRACKED);
		return;
	}
	socket->flags |= SLUICE_SOCKET_WATCHED;
	if (socket->kind == SLUICE_VERDICT_STEER)
		record_flow(ctx, socket);
}

static __always_inline void on_end(struct bpf_sock_ops *ctx, struct sluice_socket *socket)
{
	struct bpf_sock *sk = ctx->sk;
	struct tcp_sock *tcp = sk ? bpf_skc_to_tcp_sock(sk) : NULL;
	__u64 sent = 0, received = 0;

	if (tcp) {
		unsigned long flags = ((struct sock *)tcp)->__sk_common.skc_flags;
		__u64 fin = flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1;

		sent = tcp->bytes_sent - tcp->bytes_retrans;
		received = tcp->bytes_received;
		received -= received ? fin : 0;
	}
	end_flow(socket, sent, received);
}

SEC("sockops")
int sluice_sockops(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk;
	struct sluice_socket *socket;

	if (ctx->op != BPF_SOCK_OPS_TCP_CONNECT_CB && ctx->op != BPF_SOCK_OPS_STATE_CB)
		return 1;
	sk = ctx->sk;
	if (!sk)
		return 1;
	socket = bpf_sk_storage_get(&sluice_sockets, sk, NULL, 0);
	if (!socket || !(socket->flags & SLUICE_SOCKET_OPEN))
		return 1;
	if (ctx->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		on_syn(ctx, socket);
	else if (ctx->args[1] == BPF_TCP_ESTABLISHED)
		socket->flags |= SLUICE_SOCKET_ESTABLISHED;
	else if (ctx->args[1] == BPF_TCP_CLOSE)
		on_end(ctx, socket);
	return 1;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
