/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* getpeername() of a steered socket shows where the agent meant to go, to whoever asks. */
#include "lib/maps.h"

static __always_inline struct sluice_socket *steered(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct sluice_socket *socket;

	if (!sk)
		return NULL;
	socket = bpf_sk_storage_get(&sluice_sockets, sk, NULL, 0);
	return socket && socket->kind == SLUICE_VERDICT_STEER ? socket : NULL;
}

SEC("cgroup/getpeername4")
int sluice_getpeername4(struct bpf_sock_addr *ctx)
{
	struct sluice_socket *socket = steered(ctx);
	__be32 word[4];

	if (!socket)
		return 1;
	__builtin_memcpy(word, socket->destination, sizeof(word));
	ctx->user_ip4 = word[3];
	ctx->user_port = socket->destination_port;
	return 1;
}

/* An IPv4-mapped destination is kept as one, so it is shown as one. */
SEC("cgroup/getpeername6")
int sluice_getpeername6(struct bpf_sock_addr *ctx)
{
	struct sluice_socket *socket = steered(ctx);
	__be32 word[4];

	if (!socket)
		return 1;
	__builtin_memcpy(word, socket->destination, sizeof(word));
	ctx->user_ip6[0] = word[0];
	ctx->user_ip6[1] = word[1];
	ctx->user_ip6[2] = word[2];
	ctx->user_ip6[3] = word[3];
	ctx->user_port = socket->destination_port;
	return 1;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
