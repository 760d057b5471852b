/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Whose a socket is: the run of the cgroup that it was made in. */
#pragma once

#include "judge.h"
#include <bpf/bpf_core_read.h>
#include <sluice/abi/subject.h>

struct socket_walk {
	struct level_walk walk;
	struct bpf_sock *socket;
};

static long look_at_socket(__u32 index, struct socket_walk *of)
{
	__u32 level;

	return !next_level(&of->walk, &level) ||
	       look_at(&of->walk, level, bpf_sk_ancestor_cgroup_id(of->socket, level));
}

/* As find_run, for a socket; in programs that have bpf_sk_ancestor_cgroup_id. */
static __always_inline bool find_run_of_socket(struct bpf_sock *socket, struct run *found)
{
	struct socket_walk of = {.walk.levels = setting(SLUICE_SETTING_RUN_LEVELS),
				 .socket = socket};

	if (of.walk.levels)
		bpf_loop(SLUICE_CGROUP_LEVELS_MAX, look_at_socket, &of, 0);
	*found = of.walk.found;
	return found->cgroup_id != 0;
}

static __always_inline __u32 inbound_of(__u32 subject)
{
	struct sluice_subject *about = bpf_map_lookup_elem(&sluice_subjects, &subject);

	return about ? about->inbound : SLUICE_INBOUND_OWN_RUN;
}

/* bpf_get_netns_cookie() is not there for every program that asks this. */
static __always_inline __u64 netns_cookie_of(struct sock *sk)
{
	return sk ? BPF_CORE_READ(sk, __sk_common.skc_net.net, net_cookie) : 0;
}

/* Connections in that namespace are steered there: whoever listens on it would get what others say.
 */
static __always_inline bool is_daemons_port(__u64 netns_cookie, __be16 port)
{
	struct sluice_listener_key key = {.netns_cookie = netns_cookie,
					  .family = SLUICE_FAMILY_INET};
	struct sluice_listener *listener = bpf_map_lookup_elem(&sluice_listeners, &key);

	if (listener && sluice_has_port(listener, port))
		return true;
	key.family = SLUICE_FAMILY_INET6;
	listener = bpf_map_lookup_elem(&sluice_listeners, &key);
	return listener && sluice_has_port(listener, port);
}
