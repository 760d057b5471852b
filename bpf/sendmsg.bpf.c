/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A datagram with a destination of its own: UDP passes by a DIRECT entry or not at all. The hook's
 * type says the family, never what the caller wrote into the address: AF_UNSPEC is taken for IPv4
 * by the kernel, and an IPv4-mapped address or a sockaddr_in on an IPv6 socket comes to sendmsg4.
 */
#include "lib/flows.h"
#include "lib/judge.h"

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
	if (open && about->kind != SLUICE_VERDICT_DIRECT)
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

static __always_inline int on_send(struct bpf_sock_addr *ctx, const struct run *run,
				   struct destination *to)
{
	struct sluice_decision decision;
	struct sluice_socket about, *socket;
	bool direct;

	sluice_resolve_any(&to->address);
	to->netns_cookie = bpf_get_netns_cookie(ctx);
	/* Datagrams are never steered, so no listener. */
	decision = judge(run, to, NULL);
	direct = decision.kind == SLUICE_VERDICT_DIRECT;
	about = describe(run, to);
	about.flow = bpf_get_socket_cookie(ctx);
	about.rule = decision.rule;
	about.kind = decision.kind;
	about.flags = direct ? SLUICE_SOCKET_OPEN : 0;
	socket = storage_of(ctx);
	if (!socket)
		return refuse(&about, SLUICE_REASON_NO_STORAGE, SLUICE_ENOMEM);
	if (is_news(socket, &about)) {
		struct outcome outcome = {
		    .event = direct ? SLUICE_EVENT_DIRECT : SLUICE_EVENT_DENIED,
		    .reason = decision.reason,
		    .error = decision.error,
		    .verdict = decision.kind,
		};

		report(&about, &outcome);
	} else {
		count(decision.reason);
	}
	if (!direct)
		bpf_set_retval(-(int)decision.error);
	return direct;
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
	ctx->user_ip6[3] = to.address.word[3];
	return 1;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
