/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The source of a datagram that a run receives: an answer of the daemon's resolver comes from the
 * resolver that was asked. */
#include "lib/query.h"
#include <bpf/bpf_endian.h>

SEC("cgroup/recvmsg4")
int sluice_recvmsg4(struct bpf_sock_addr *ctx)
{
	struct sluice_address from = sluice_mapped(ctx->user_ip4);
	struct sluice_place *place = place_of(ctx->sk, &from, ctx->user_port);
	__be32 word[4];

	if (!place)
		return 1;
	__builtin_memcpy(word, place->destination, sizeof(word));
	ctx->user_ip4 = word[3];
	ctx->user_port = place->destination_port;
	return 1;
}

/* An IPv6 socket that talks IPv4 comes here with mapped addresses. */
SEC("cgroup/recvmsg6")
int sluice_recvmsg6(struct bpf_sock_addr *ctx)
{
	struct sluice_address from;
	struct sluice_place *place;
	__be32 word[4];

	from.word[0] = ctx->user_ip6[0];
	from.word[1] = ctx->user_ip6[1];
	from.word[2] = ctx->user_ip6[2];
	from.word[3] = ctx->user_ip6[3];
	place = place_of(ctx->sk, &from, ctx->user_port);
	if (!place)
		return 1;
	__builtin_memcpy(word, place->destination, sizeof(word));
	ctx->user_ip6[0] = word[0];
	ctx->user_ip6[1] = word[1];
	ctx->user_ip6[2] = word[2];
	ctx->user_ip6[3] = word[3];
	ctx->user_port = place->destination_port;
	return 1;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
