/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Unix sockets: a run reaches its own, those of runs below it and around it, the daemon, and a few
 * of the host by their place in the file system. The peer is what the kernel found, whatever path
 * or name the run typed. */
#include <sluice/abi/unix_peer.h>

#include "lib/daemons.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct sluice_unix_peer);
	__type(value, __u32);
} sluice_unix_peers SEC(".maps");

/* The key is too large for the stack beside all else. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sluice_unix_peer);
} sluice_unix_scratch SEC(".maps");

/* The peer was made in a cgroup on the way from the outermost run down to the asker. */
static __always_inline bool is_of_outer_run(__u64 cgroup, const struct sluice_task_tag *me)
{
	int level = 0;

	if (!cgroup || bpf_core_read(&level, sizeof(level), &((struct cgroup *)cgroup)->level) ||
	    level < 0 || (__u32)level < me->outermost_level || (__u32)level > me->level)
		return false;
	return bpf_get_current_ancestor_cgroup_id(level) == cgroup_above(cgroup, level);
}

/* Who called listen(); a datagram socket has nobody here. */
static __always_inline bool is_daemons(const struct sock *peer)
{
	struct pid *process = peer->sk_peer_pid;
	__u32 number = process ? BPF_CORE_READ(process, numbers[0].nr) : 0;

	return number && bpf_map_lookup_elem(&sluice_daemons, &number);
}

static __always_inline bool is_listed(struct sock *peer)
{
	struct unix_sock *bound = (struct unix_sock *)peer;
	struct dentry *entry = BPF_CORE_READ(bound, path.dentry), *above;
	__u32 zero = 0, one = 0;
	struct sluice_unix_peer *key = bpf_map_lookup_elem(&sluice_unix_scratch, &zero);
	const unsigned char *name;

	if (!entry || !key)
		return false;
	__builtin_memset(key, 0, sizeof(*key));
	key->device = BPF_CORE_READ(entry, d_sb, s_dev);
	for (__u32 i = 0; i < SLUICE_UNIX_PEER_DEPTH; i++) {
		above = BPF_CORE_READ(entry, d_parent);
		if (!above || above == entry)
			return bpf_map_lookup_elem(&sluice_unix_peers, key);
		name = BPF_CORE_READ(entry, d_name.name);
		if (bpf_probe_read_kernel_str(key->name[i], SLUICE_UNIX_PEER_NAME, name) < 0)
			return false;
		/* A longer one was cut. */
		if (key->name[i][SLUICE_UNIX_PEER_NAME - 2])
			return false;
		key->depth = i + 1;
		entry = above;
	}
	above = BPF_CORE_READ(entry, d_parent);
	one = above == entry;
	return one && bpf_map_lookup_elem(&sluice_unix_peers, key);
}

static __always_inline int on_peer(struct sock *peer)
{
	struct sluice_task_tag me = {};
	struct sluice_unix_facts facts = {.standing = find_standing(&me)};
	struct sluice_decision decision;
	__u64 cgroup;

	if (facts.standing == SLUICE_STANDING_NONE || !peer)
		return 0;
	cgroup = cgroup_of_socket(peer);
	facts.of_lineage = is_below(cgroup, &me) || is_of_outer_run(cgroup, &me);
	if (!facts.of_lineage)
		facts.of_daemon = is_daemons(peer);
	if (!facts.of_lineage && !facts.of_daemon)
		facts.listed = is_listed(peer);
	decision = sluice_decide_unix_peer(&facts);
	return act(&me, &decision);
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(sluice_lsm_unix_connect, struct sock *socket, struct sock *peer)
{
	witness(SLUICE_LSM_UNIX_CONNECT);
	return on_peer(peer);
}

/* Asked at connect() and at each send of a datagram socket. */
SEC("lsm/unix_may_send")
int BPF_PROG(sluice_lsm_unix_may_send, struct socket *socket, struct socket *peer)
{
	witness(SLUICE_LSM_UNIX_MAY_SEND);
	return on_peer(peer->sk);
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
