/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* getpeername() of a steered socket shows where the agent meant to go, to whoever asks. */
#include "lib/query.h"

struct shown {
	struct sluice_address address;
	__be16 port;
};

/* What a datagram socket is connected to need not be what it asked last: that is known by the
 * place.
 */
static __always_inline bool shown_peer(struct bpf_sock_addr *ctx, const struct sluice_address *to,
				       struct shown *shown)
{
	struct bpf_sock *sk = ctx->sk;
	struct sluice_socket *socket;
	struct sluice_place *place;

	if (!sk)
		return false;
	if (ctx->protocol == SLUICE_PROTOCOL_UDP) {
		place = place_of(sk, to, ctx->user_port);
		if (!place)
			return false;
		__builtin_memcpy(&shown->address, place->destination, sizeof(shown->address));
		shown->port = place->destination_port;
		return true;
	}
	socket = bpf_sk_storage_get(&sluice_sockets, sk, NULL, 0);
	if (!socket || socket->kind != SLUICE_VERDICT_STEER)
		return false;
	__builtin_memcpy(&shown->address, socket->destination, sizeof(shown->address));
	shown->port = socket->destination_port;
	return true;
}

SEC("cgroup/getpeername4")
int sluice_getpeername4(struct bpf_sock_addr *ctx)
{
	struct sluice_address to = sluice_mapped(ctx->user_ip4);
	struct shown shown = {};

	if (!shown_peer(ctx, &to, &shown))
		return 1;
	ctx->user_ip4 = shown.address.word[3];
	ctx->user_port = shown.port;
	return 1;
}

/* An IPv4-mapped destination is kept as one, so it is shown as one. */
SEC("cgroup/getpeername6")
int sluice_getpeername6(struct bpf_sock_addr *ctx)
{
	struct sluice_address to;
	struct shown shown = {};

	to.word[0] = ctx->user_ip6[0];
	to.word[1] = ctx->user_ip6[1];
	to.word[2] = ctx->user_ip6[2];
	to.word[3] = ctx->user_ip6[3];
	if (!shown_peer(ctx, &to, &shown))
		return 1;
	ctx->user_ip6[0] = shown.address.word[0];
	ctx->user_ip6[1] = shown.address.word[1];
	ctx->user_ip6[2] = shown.address.word[2];
	ctx->user_ip6[3] = shown.address.word[3];
	ctx->user_port = shown.port;
	return 1;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
