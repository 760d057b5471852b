/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* connect, send, listen, accept, bind and options: a run uses the IPv4 and IPv6 sockets that it
 * made itself, and those only while it is in its cgroup. Sockets made elsewhere run no cgroup hook
 * of the run. */
#include "lib/socket_tags.h"
#include "lib/sockets.h"

static __always_inline int on_use(struct socket *socket)
{
	struct sluice_task_tag me = {};
	struct sluice_use_facts facts;
	struct sluice_decision decision;
	struct sock *sk = socket->sk;
	__u32 standing;

	if (!sk || !is_inet(sk))
		return 0;
	standing = find_standing(&me);
	if (standing == SLUICE_STANDING_NONE || is_kernels(sk))
		return 0;
	facts = use_of(sk, standing, &me);
	decision = sluice_decide_use(&facts);
	return act(&me, &decision);
}

SEC("lsm/socket_connect")
int BPF_PROG(sluice_lsm_socket_connect, struct socket *socket)
{
	witness(SLUICE_LSM_SOCKET_CONNECT);
	return on_use(socket);
}

/* TCP Fast Open connects in here. */
SEC("lsm/socket_sendmsg")
int BPF_PROG(sluice_lsm_socket_sendmsg, struct socket *socket)
{
	witness(SLUICE_LSM_SOCKET_SENDMSG);
	return on_use(socket);
}

SEC("lsm/socket_listen")
int BPF_PROG(sluice_lsm_socket_listen, struct socket *socket)
{
	witness(SLUICE_LSM_SOCKET_LISTEN);
	return on_use(socket);
}

SEC("lsm/socket_accept")
int BPF_PROG(sluice_lsm_socket_accept, struct socket *socket)
{
	witness(SLUICE_LSM_SOCKET_ACCEPT);
	return on_use(socket);
}

/* SCTP connects in here, too. */
SEC("lsm/socket_setsockopt")
int BPF_PROG(sluice_lsm_socket_setsockopt, struct socket *socket)
{
	witness(SLUICE_LSM_SOCKET_SETSOCKOPT);
	return on_use(socket);
}

SEC("lsm/socket_bind")
int BPF_PROG(sluice_lsm_socket_bind, struct socket *socket, struct sockaddr *address)
{
	struct sluice_task_tag me = {};
	struct sluice_decision decision;
	struct sock *sk = socket->sk;
	__be16 port = 0;
	__u32 standing;

	witness(SLUICE_LSM_SOCKET_BIND);
	if (!sk || !is_inet(sk))
		return 0;
	standing = find_standing(&me);
	if (standing == SLUICE_STANDING_NONE || is_kernels(sk))
		return 0;
	/* The port has the same place in the addresses of both families. */
	bpf_probe_read_kernel(&port, sizeof(port), (void *)address + 2);
	/* The daemon's ports are in the map also after its death, until the next one's are set. */
	if (standing == SLUICE_STANDING_INSIDE &&
	    (!port || !is_daemons_port(netns_cookie_of(sk), port)))
		return 0;
	decision = sluice_decide_forbidden(standing, SLUICE_REASON_LISTENER_PORT);
	return act(&me, &decision);
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
