/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Packets to a TCP listener of a run: who may connect to it. What comes from elsewhere is dropped
 * before there is a connection. All other packets of the machine pass after one look at the state
 * of their socket. A listener is the run's in whose cgroup it was made, whatever it is bound to and
 * however: listen() without bind() calls no other hook. */
#include "lib/address.h"
#include "lib/decide.h"
#include "lib/judge.h"
#include "lib/sockets.h"

#define IPV4_VERSION 4
#define IPV6_VERSION 6

struct ipv4_header {
	__u8 version_and_length; /* length in words of four bytes */
	__u8 skipped[8];
	__u8 protocol;
	__u16 checksum;
	__be32 source, destination;
};

struct ipv6_header {
	__u8 version_and_more;
	__u8 skipped[5];
	__u8 next_header;
	__u8 hop_limit;
	__be32 source[4], destination[4];
};

struct ports {
	__be16 source, destination;
};

/* The peer's socket has the packet's source as its own address. `size` says which family. */
struct peer {
	struct bpf_sock_tuple tuple;
	__u32 size;
	__be16 port_here;
	bool loopback;
};

static __always_inline bool read_ipv4(struct __sk_buff *skb, struct peer *peer)
{
	struct ipv4_header ip;
	struct ports ports;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)) || ip.protocol != SLUICE_PROTOCOL_TCP ||
	    bpf_skb_load_bytes(skb, (ip.version_and_length & 15) * 4, &ports, sizeof(ports)))
		return false;
	peer->tuple.ipv4.saddr = ip.destination;
	peer->tuple.ipv4.sport = ports.destination;
	peer->tuple.ipv4.daddr = ip.source;
	peer->tuple.ipv4.dport = ports.source;
	peer->size = sizeof(peer->tuple.ipv4);
	peer->port_here = ports.destination;
	peer->loopback = sluice_is_loopback_v4(ip.source);
	return true;
}

/* Extension headers before TCP are not followed: nobody needs them to connect to an agent. */
static __always_inline bool read_ipv6(struct __sk_buff *skb, struct peer *peer)
{
	struct ipv6_header ip;
	struct sluice_address source;
	struct ports ports;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)) || ip.next_header != SLUICE_PROTOCOL_TCP ||
	    bpf_skb_load_bytes(skb, sizeof(ip), &ports, sizeof(ports)))
		return false;
	__builtin_memcpy(peer->tuple.ipv6.saddr, ip.destination, sizeof(ip.destination));
	peer->tuple.ipv6.sport = ports.destination;
	__builtin_memcpy(peer->tuple.ipv6.daddr, ip.source, sizeof(ip.source));
	peer->tuple.ipv6.dport = ports.source;
	peer->size = sizeof(peer->tuple.ipv6);
	peer->port_here = ports.destination;
	__builtin_memcpy(&source, ip.source, sizeof(source));
	peer->loopback = sluice_is_loopback(&source);
	return true;
}

static __always_inline bool read_peer(struct __sk_buff *skb, struct peer *peer)
{
	__u8 version = 0;

	if (bpf_skb_load_bytes(skb, 0, &version, sizeof(version)))
		return false;
	version >>= 4;
	if (version == IPV4_VERSION)
		return read_ipv4(skb, peer);
	return version == IPV6_VERSION && read_ipv6(skb, peer);
}

/* Is the peer's socket in the listener's run, or in one that this run lies in? A peer on another
 * machine, or in another network namespace, has no socket here. */
static __always_inline bool peer_is_same_or_above(struct __sk_buff *skb, struct bpf_sock *listener,
						  struct peer *peer)
{
	struct bpf_sock *socket =
	    bpf_sk_lookup_tcp(skb, &peer->tuple, peer->size, BPF_F_CURRENT_NETNS, 0);
	struct run run = {};
	bool related = false;

	if (!socket)
		return false;
	if (socket->state != BPF_TCP_LISTEN && find_run_of_socket(socket, &run))
		related = bpf_sk_ancestor_cgroup_id(listener, run.level) == run.cgroup_id;
	bpf_sk_release(socket);
	return related;
}

SEC("cgroup_skb/ingress")
int sluice_ingress(struct __sk_buff *skb)
{
	struct bpf_sock *listener = skb->sk;
	struct sluice_inbound_facts facts = {};
	struct peer peer = {};
	struct run run = {};
	__u32 reason;

	if (!listener || listener->state != BPF_TCP_LISTEN || !find_run_of_socket(listener, &run))
		return 1;
	facts.run_flags = run.flags;
	facts.inbound = inbound_of(run.subject);
	facts.readable = read_peer(skb, &peer);
	facts.from_loopback = peer.loopback;
	if (facts.readable && facts.inbound != SLUICE_INBOUND_NONE) {
		struct sock *sk = (struct sock *)bpf_skc_to_tcp_sock(listener);

		facts.daemons_port = is_daemons_port(netns_cookie_of(sk), peer.port_here);
		facts.from_own_run = peer_is_same_or_above(skb, listener, &peer);
	}
	reason = sluice_decide_inbound(&facts);
	if (!reason)
		return 1;
	count(reason);
	return 0;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
