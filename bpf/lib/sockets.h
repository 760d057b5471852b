/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Whose a socket is: the run of the cgroup that it was made in. */
#pragma once

#include "judge.h"
#include <sluice/abi/subject.h>

/* As find_run, for a socket; in programs that have bpf_sk_ancestor_cgroup_id. */
static __always_inline bool find_run_of_socket(struct bpf_sock *socket, struct run *found)
{
	__u64 levels = setting(SLUICE_SETTING_RUN_LEVELS);

	for (__u32 i = 0; i < SLUICE_CGROUP_LEVELS_MAX && levels; i++) {
		__u32 level = sluice_deepest_level(levels);
		__u64 id = bpf_sk_ancestor_cgroup_id(socket, level);
		struct sluice_run *run;

		levels = sluice_without_deepest(levels);
		run = id ? bpf_map_lookup_elem(&sluice_runs, &id) : NULL;
		if (!run)
			continue;
		found->flags |= run->flags;
		if (!found->cgroup_id) {
			found->cgroup_id = id;
			found->subject = run->subject;
			found->level = level;
		}
	}
	return found->cgroup_id != 0;
}

static __always_inline __u32 inbound_of(__u32 subject)
{
	struct sluice_subject *about = bpf_map_lookup_elem(&sluice_subjects, &subject);

	return about ? about->inbound : SLUICE_INBOUND_OWN_RUN;
}

/* Connections are steered there: whoever listens on it would get what others say. */
static __always_inline bool is_daemons_port(__be16 port)
{
	struct sluice_listener_key key = {.netns_cookie = setting(SLUICE_SETTING_HOME_NETNS),
					  .family = SLUICE_FAMILY_INET};
	struct sluice_listener *listener = bpf_map_lookup_elem(&sluice_listeners, &key);

	if (listener && sluice_has_port(listener, port))
		return true;
	key.family = SLUICE_FAMILY_INET6;
	listener = bpf_map_lookup_elem(&sluice_listeners, &key);
	return listener && sluice_has_port(listener, port);
}
