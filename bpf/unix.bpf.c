/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* connect() and sendto() of a run to a Unix socket; what a steered one shows of itself. What is
 * decided, and why by name, is in lib/decide_unix.h. socketpair() comes to no hook and needs none.
 *
 * A steered connection goes to the daemon's abstract listener. It is found from any root and mount
 * namespace; in another network namespace it is not, and there steering is refused. The daemon
 * asks its end for its own name (getsockname); on that the record is copied to it from the agent's
 * end. The kernel tells which end that is, nothing the agent says. */
#include "lib/flows.h"
#include "lib/unix.h"

#define SLUICE_STATE_ESTABLISHED 1

static __always_inline struct sluice_unix_socket *storage_of(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	if (!sk)
		return NULL;
	return bpf_sk_storage_get(&sluice_unix_sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
}

/* No place to put the name: an event without one. */
static __always_inline int refuse_nameless(const struct run *run)
{
	struct sluice_socket about = {};
	struct outcome outcome = {
	    .event = SLUICE_EVENT_DENIED,
	    .reason = SLUICE_REASON_NO_STORAGE,
	    .error = SLUICE_ENOMEM,
	    .verdict = SLUICE_VERDICT_DENY,
	};

	describe_task(&about, run);
	report(&about, &outcome);
	bpf_set_retval(-(int)SLUICE_ENOMEM);
	return 0;
}

static __always_inline struct sluice_decision ask(struct bpf_sock_addr *ctx, const struct run *run,
						  struct sluice_unix_socket *socket,
						  const struct sluice_unix_listener *listener)
{
	struct sluice_decision decision;

	describe_task(&socket->about, run);
	socket->about.flow = bpf_get_socket_cookie(ctx);
	socket->about.flow_key.netns_cookie = bpf_get_netns_cookie(ctx);
	socket->asked.subject = run->subject;
	socket->asked.epoch = setting(SLUICE_SETTING_EPOCH);
	decision = judge_unix(ctx, run, &socket->asked, listener);
	socket->about.rule = decision.rule;
	socket->about.kind = decision.kind;
	return decision;
}

/* Tells the daemon, and the caller of the system call where it is refused; gives what the hook
 * must return. */
static __always_inline int tell(struct sluice_unix_socket *socket,
				const struct sluice_decision *decision)
{
	struct outcome outcome = {
	    .event = SLUICE_EVENT_DENIED,
	    .reason = decision->reason,
	    .error = decision->error,
	    .verdict = decision->kind,
	};

	if (decision->kind == SLUICE_VERDICT_STEER)
		outcome.event = SLUICE_EVENT_OPENED;
	if (decision->kind == SLUICE_VERDICT_DIRECT)
		outcome.event = SLUICE_EVENT_DIRECT;
	socket->about.kind = decision->kind;
	socket->reported = socket->asked;
	if (!report_unix(socket, &outcome)) {
		socket->about.kind = SLUICE_VERDICT_NONE;
		bpf_set_retval(-(int)SLUICE_ENOBUFS);
		return 0;
	}
	if (decision->kind != SLUICE_VERDICT_DENY)
		return 1;
	bpf_set_retval(-(int)decision->error);
	return 0;
}

static __always_inline bool set_name(struct bpf_sock_addr_kern *kern, const __u8 *name,
				     __u32 length)
{
	if (length > SLUICE_UNIX_NAME_MAX)
		return false;
	/* Else the compiler makes one comparison of both, of a copy that Linux 6.12 does not follow
	 * back to the length. */
	asm volatile("" : "+r"(length));
	return length && !bpf_sock_addr_set_sun_path(kern, name, length);
}

SEC("cgroup/connect_unix")
int sluice_connect_unix(struct bpf_sock_addr *ctx)
{
	struct bpf_sock_addr_kern *kern = bpf_cast_to_kern_ctx(ctx);
	struct sluice_unix_listener *listener;
	struct sluice_unix_socket *socket;
	struct sluice_decision decision;
	struct run run = {};

	if (!find_run(&run))
		return 1;
	/* A connected stream stays with its peer, whatever is asked; nor may its record change. */
	if (ctx->type != SLUICE_TYPE_DGRAM && socket_state(kern) == SLUICE_STATE_ESTABLISHED)
		return 1;
	socket = storage_of(ctx);
	if (!socket)
		return refuse_nameless(&run);
	if (!read_name(kern, socket->asked.name, &socket->asked.length))
		return 1;
	listener = unix_listener(ctx);
	decision = ask(ctx, &run, socket, listener);
	if (decision.kind == SLUICE_VERDICT_STEER &&
	    (!listener || !set_name(kern, listener->name, listener->length)))
		decision = sluice_deny(SLUICE_REASON_NO_LISTENER, SLUICE_ECONNREFUSED, 0);
	return tell(socket, &decision);
}

static __always_inline bool is_news(const struct sluice_unix_socket *socket, __u32 kind_before)
{
	return socket->about.kind != kind_before ||
	       socket->asked.subject != socket->reported.subject ||
	       socket->asked.epoch != socket->reported.epoch ||
	       socket->asked.length != socket->reported.length ||
	       !same_name(socket->asked.name, socket->reported.name);
}

/* A datagram with a destination of its own: it goes direct or not at all. */
SEC("cgroup/sendmsg_unix")
int sluice_sendmsg_unix(struct bpf_sock_addr *ctx)
{
	struct bpf_sock_addr_kern *kern = bpf_cast_to_kern_ctx(ctx);
	struct sluice_unix_socket *socket;
	struct sluice_decision decision;
	struct run run = {};
	__u32 kind_before;

	if (!find_run(&run))
		return 1;
	socket = storage_of(ctx);
	if (!socket)
		return refuse_nameless(&run);
	if (!read_name(kern, socket->asked.name, &socket->asked.length))
		return 1;
	kind_before = socket->about.kind;
	decision = ask(ctx, &run, socket, NULL);
	if (decision.kind == SLUICE_VERDICT_STEER)
		decision = sluice_deny(SLUICE_REASON_UNIX_TYPE, SLUICE_EPROTOTYPE, decision.rule);
	socket->about.kind = decision.kind;
	if (is_news(socket, kind_before))
		return tell(socket, &decision);
	count(decision.reason);
	if (decision.kind == SLUICE_VERDICT_DIRECT)
		return 1;
	bpf_set_retval(-(int)decision.error);
	return 0;
}

/* The record of the agent's end, where `ctx` is about the daemon's end of a steered connection.
 * Only a connected stream is looked through: that keeps its peer for as long as it lives. */
static __always_inline struct sluice_unix_socket *agents_end(struct bpf_sock_addr *ctx,
							     struct bpf_sock_addr_kern *kern)
{
	struct sluice_unix_listener *listener = unix_listener(ctx);
	struct bpf_sock *sk = ctx->sk;
	struct unix_sock *unix_sk;
	struct name own;
	struct sock *peer;

	if (!sk || !listener || ctx->type != SLUICE_TYPE_STREAM ||
	    !read_name(kern, own.bytes, &own.length) || own.length != listener->length ||
	    !same_name(own.bytes, listener->name))
		return NULL;
	unix_sk = bpf_skc_to_unix_sock(sk);
	if (!unix_sk)
		return NULL;
	peer = unix_sk->peer;
	if (!peer)
		return NULL;
	return bpf_sk_storage_get(&sluice_unix_sockets, peer, NULL, 0);
}

SEC("cgroup/getsockname_unix")
int sluice_getsockname_unix(struct bpf_sock_addr *ctx)
{
	struct bpf_sock_addr_kern *kern = bpf_cast_to_kern_ctx(ctx);
	struct sluice_unix_socket *agents = agents_end(ctx, kern);
	struct sluice_unix_socket *own;

	if (!agents || agents->about.kind != SLUICE_VERDICT_STEER)
		return 1;
	own = storage_of(ctx);
	if (own)
		*own = *agents;
	return 1;
}

/* The agent sees the name that it asked for. */
SEC("cgroup/getpeername_unix")
int sluice_getpeername_unix(struct bpf_sock_addr *ctx)
{
	struct bpf_sock_addr_kern *kern = bpf_cast_to_kern_ctx(ctx);
	struct sluice_unix_socket *agents = agents_end(ctx, kern);
	__u32 length;

	if (!agents || agents->about.kind != SLUICE_VERDICT_STEER)
		return 1;
	length = agents->asked.length;
	/* The kernel shows a path with its NUL. */
	if (agents->asked.name[0] && length < SLUICE_UNIX_NAME_MAX)
		length++;
	set_name(kern, agents->asked.name, length);
	return 1;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
