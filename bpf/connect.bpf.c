/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* connect(): a run's connection goes to the daemon, goes direct, or fails. A task outside of every
 * run is not touched. */
#include "lib/flows.h"
#include "lib/own_run.h"
#include "lib/steer_query.h"
#include <linux/in.h>
#include <linux/in6.h>

#define SLUICE_PORT_LOWEST 32768u /* the kernel's own range, as it is by default */
#define SLUICE_PORT_COUNT 28232u
#define SLUICE_PORT_ATTEMPTS 8

/* MPTCP connects a subflow; getpeername asks the socket above it. What opens and closes is the
 * subflow. */
static __always_inline bool remember_above(struct bpf_sock *sk, const struct sluice_socket *about)
{
	struct mptcp_sock *above = bpf_skc_to_mptcp_sock(sk);
	struct sluice_socket *socket;

	if (!above)
		return true;
	socket = bpf_sk_storage_get(&sluice_sockets, above, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket)
		return false;
	*socket = *about;
	socket->flags = 0;
	return true;
}

static __always_inline bool remember(struct bpf_sock_addr *ctx, const struct sluice_socket *about)
{
	struct bpf_sock *sk = ctx->sk;
	struct sluice_socket *socket;

	if (!sk || !remember_above(sk, about))
		return false;
	socket = bpf_sk_storage_get(&sluice_sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket)
		return false;
	/* An earlier connect of this socket may have failed where no other hook saw it: no route,
	 * no source port. */
	end_flow(socket, 0, 0);
	*socket = *about;
	return true;
}

/* Refused after all: this connect has no end that would be reported. */
static __always_inline void forget(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct sluice_socket *socket;

	if (!sk)
		return;
	socket = bpf_sk_storage_get(&sluice_sockets, sk, NULL, 0);
	if (socket)
		socket->flags = 0;
}

static __always_inline int let_go(struct bpf_sock_addr *ctx, struct sluice_socket *about,
				  const struct sluice_decision *decision)
{
	struct outcome outcome = {
	    .event =
		decision->kind == SLUICE_VERDICT_STEER ? SLUICE_EVENT_OPENED : SLUICE_EVENT_DIRECT,
	    .reason = decision->reason,
	    .verdict = decision->kind,
	};

	about->kind = decision->kind;
	about->flags = SLUICE_SOCKET_OPEN;
	/* Also for DIRECT: without it the end of the connection would not be accounted for. */
	if (!remember(ctx, about))
		return refuse(about, SLUICE_REASON_NO_STORAGE, SLUICE_ENOMEM);
	if (!report(about, &outcome)) {
		forget(ctx);
		bpf_set_retval(-(int)SLUICE_ENOBUFS);
		return 0;
	}
	return 1;
}

/* A query is known by its source port, which a datagram socket gets only after this hook. So it
 * gets one here, as the kernel would choose it; the address stays the kernel's choice. */
static __always_inline void choose_source_port(struct bpf_sock_addr *ctx, struct bpf_sock *sk)
{
	struct sockaddr_in6 v6 = {.sin6_family = SLUICE_FAMILY_INET6};
	struct sockaddr_in v4 = {.sin_family = SLUICE_FAMILY_INET};

	for (int attempt = 0; attempt < SLUICE_PORT_ATTEMPTS; attempt++) {
		__be16 port =
		    bpf_htons(SLUICE_PORT_LOWEST + bpf_get_prandom_u32() % SLUICE_PORT_COUNT);
		long failed;

		v6.sin6_port = port;
		v4.sin_port = port;
		if (sk->family == SLUICE_FAMILY_INET6)
			failed = bpf_bind(ctx, (struct sockaddr *)&v6, sizeof(v6));
		else
			failed = bpf_bind(ctx, (struct sockaddr *)&v4, sizeof(v4));
		if (!failed)
			return;
	}
}

static __always_inline struct sluice_decision steer_connect(struct bpf_sock_addr *ctx,
							    const struct sluice_resolver *resolver,
							    const struct sluice_socket *about,
							    struct destination *to,
							    struct sluice_decision decision)
{
	struct bpf_sock *sk = ctx->sk;

	if (sk && !sk->src_port)
		choose_source_port(ctx, sk);
	return steer_query(ctx, resolver, about, to, decision);
}

/* Any of the listener's ports: whoever meets one towards which its source port is taken finds
 * another when it tries again. */
static __always_inline void steer(struct destination *to, struct sluice_socket *about,
				  const struct sluice_listener *listener)
{
	__u32 any = bpf_get_prandom_u32() & (SLUICE_LISTENER_PORTS - 1);

	__builtin_memcpy(&to->address, listener->address, sizeof(to->address));
	to->port = listener->port[any];
	about->flow_key.listener_port = to->port;
}

static __always_inline bool bound_to_device(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	return sk && sk->bound_dev_if > SLUICE_LOOPBACK_DEVICE;
}

/* Leaves in `to` where the socket shall really connect. */
static __always_inline int on_connect(struct bpf_sock_addr *ctx, const struct run *run,
				      struct destination *to)
{
	struct sluice_listener *listener;
	struct sluice_resolver *resolver;
	struct sluice_decision decision;
	struct sluice_socket about;

	sluice_resolve_any(&to->address);
	to->loopback = sluice_is_loopback(&to->address);
	to->netns_cookie = bpf_get_netns_cookie(ctx);
	to->foreign_device = bound_to_device(ctx);
	listener = listener_for(to);
	resolver = resolver_for(to);
	judge(run, to, listener, resolver, &decision);
	decision = unless_to_own_run(ctx, run, to, decision);
	about = describe(run, to);
	about.flow = bpf_get_socket_cookie(ctx);
	about.rule = decision.rule;
	if (decision.kind == SLUICE_VERDICT_STEER && resolver) {
		decision = steer_connect(ctx, resolver, &about, to, decision);
		if (decision.kind == SLUICE_VERDICT_STEER)
			return let_go(ctx, &about, &decision);
	}
	if (decision.kind == SLUICE_VERDICT_DIRECT)
		return let_go(ctx, &about, &decision);
	if (decision.kind == SLUICE_VERDICT_STEER && listener) {
		steer(to, &about, listener);
		return let_go(ctx, &about, &decision);
	}
	return refuse(&about, decision.reason, decision.error);
}

SEC("cgroup/connect4")
int sluice_connect4(struct bpf_sock_addr *ctx)
{
	struct run run = {};
	struct destination to = {};

	if (!find_run(&run))
		return 1;
	to.address = sluice_mapped(ctx->user_ip4);
	to.port = ctx->user_port;
	to.ip_protocol = ctx->protocol;
	if (!on_connect(ctx, &run, &to))
		return 0;
	ctx->user_ip4 = to.address.word[3];
	ctx->user_port = to.port;
	return 1;
}

SEC("cgroup/connect6")
int sluice_connect6(struct bpf_sock_addr *ctx)
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
	if (!on_connect(ctx, &run, &to))
		return 0;
	ctx->user_ip6[0] = to.address.word[0];
	ctx->user_ip6[1] = to.address.word[1];
	ctx->user_ip6[2] = to.address.word[2];
	ctx->user_ip6[3] = to.address.word[3];
	ctx->user_port = to.port;
	return 1;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
