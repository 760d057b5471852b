/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A datagram with a destination of its own: a DNS query goes to the daemon's resolver, all else
 * passes by a DIRECT entry or not at all. The hook's type says the family, never what the caller
 * wrote into the address: AF_UNSPEC is taken for IPv4 by the kernel, and an IPv4-mapped address or
 * a sockaddr_in on an IPv6 socket comes to sendmsg4. */
#include "lib/flows.h"
#include "lib/steer_query.h"

static __always_inline bool same_question(const struct sluice_socket *a,
					  const struct sluice_socket *b)
{
	struct sluice_address to_a, to_b;

	__builtin_memcpy(&to_a, a->destination, sizeof(to_a));
	__builtin_memcpy(&to_b, b->destination, sizeof(to_b));
	return a->kind == b->kind && a->rule == b->rule && a->cgroup_id == b->cgroup_id &&
	       a->destination_port == b->destination_port && sluice_same_address(&to_a, &to_b);
}

/* A socket that keeps asking for one thing is reported once: a flood of datagrams must not push
 * other events out of the ring buffer. The counters count each. */
static __always_inline bool is_news(struct sluice_socket *socket, const struct sluice_socket *about)
{
	bool open = socket->flags & SLUICE_SOCKET_OPEN;

	if (same_question(socket, about))
		return false;
	/* A refusal does not end what the socket may do: its own end is still to be reported. */
	if (open && about->kind == SLUICE_VERDICT_DENY)
		return true;
	end_flow(socket, 0, 0);
	*socket = *about;
	return true;
}

static __always_inline struct sluice_socket *storage_of(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	if (!sk)
		return NULL;
	return bpf_sk_storage_get(&sluice_sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
}

static __always_inline __u32 event_of(__u32 verdict)
{
	if (verdict == SLUICE_VERDICT_DENY)
		return SLUICE_EVENT_DENIED;
	return verdict == SLUICE_VERDICT_STEER ? SLUICE_EVENT_OPENED : SLUICE_EVENT_DIRECT;
}

/* An IPv6 socket that is connected to an IPv4 address comes here with each send, and names what it
 * was steered to. */
static __always_inline void undo_connect(struct bpf_sock_addr *ctx, struct destination *to)
{
	struct sluice_place *place = place_of(ctx->sk, &to->address, to->port);

	if (!place)
		return;
	__builtin_memcpy(&to->address, place->destination, sizeof(to->address));
	to->port = place->destination_port;
}

static __always_inline int on_send(struct bpf_sock_addr *ctx, const struct run *run,
				   struct destination *to)
{
	struct sluice_resolver *resolver;
	struct sluice_decision decision;
	struct sluice_socket about, *socket;
	bool goes;

	undo_connect(ctx, to);
	sluice_resolve_any(&to->address);
	to->loopback = sluice_is_loopback(&to->address);
	to->netns_cookie = bpf_get_netns_cookie(ctx);
	resolver = resolver_for(to);
	judge(run, to, NULL, resolver, &decision);
	about = describe(run, to);
	about.flow = bpf_get_socket_cookie(ctx);
	if (decision.kind == SLUICE_VERDICT_STEER)
		decision = steer_query(ctx, resolver, &about, to, decision);
	goes = decision.kind != SLUICE_VERDICT_DENY;
	about.rule = decision.rule;
	about.kind = decision.kind;
	about.flags = goes ? SLUICE_SOCKET_OPEN : 0;
	socket = storage_of(ctx);
	if (!socket)
		return refuse(&about, SLUICE_REASON_NO_STORAGE, SLUICE_ENOMEM);
	if (is_news(socket, &about)) {
		struct outcome outcome = {
		    .event = event_of(decision.kind),
		    .reason = decision.reason,
		    .error = decision.error,
		    .verdict = decision.kind,
		};

		if (!report(&about, &outcome)) {
			/* The next datagram asks again. */
			socket->kind = SLUICE_VERDICT_NONE;
			socket->flags = 0;
			bpf_set_retval(-(int)SLUICE_ENOBUFS);
			return 0;
		}
	} else {
		count(decision.reason);
	}
	if (!goes)
		fail_with(decision.error);
	return goes;
}

SEC("cgroup/sendmsg4")
int sluice_sendmsg4(struct bpf_sock_addr *ctx)
{
	struct run run = {};
	struct destination to = {};

	if (!find_run(&run))
		return 1;
	to.address = sluice_mapped(ctx->user_ip4);
	to.port = ctx->user_port;
	to.ip_protocol = ctx->protocol;
	if (!on_send(ctx, &run, &to))
		return 0;
	ctx->user_ip4 = to.address.word[3];
	ctx->user_port = to.port;
	return 1;
}

SEC("cgroup/sendmsg6")
int sluice_sendmsg6(struct bpf_sock_addr *ctx)
{
	struct run run = {};
	struct destination to = {};

	if (!find_run(&run))
		return 1;
	to.address.word[0] = ctx->user_ip6[0];
	to.address.word[1] = ctx->user_ip6[1];
	to.address.word[2] = ctx->user_ip6[2];
	to.address.word[3] = ctx->user_ip6[3];
	to.port = ctx->user_port;
	to.ip_protocol = ctx->protocol;
	if (!on_send(ctx, &run, &to))
		return 0;
	ctx->user_ip6[0] = to.address.word[0];
	ctx->user_ip6[1] = to.address.word[1];
	ctx->user_ip6[2] = to.address.word[2];
	ctx->user_ip6[3] = to.address.word[3];
	ctx->user_port = to.port;
	return 1;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
