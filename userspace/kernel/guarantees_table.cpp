// SPDX-License-Identifier: Apache-2.0
// One entry for each row of THREAT_MODEL.md's table. Change both in one commit.
#include "kernel/guarantees.h"

namespace sluice::kernel {
namespace {

constexpr std::string_view kOwnCode = "the daemon's own code, on any kernel";

// clang-format off
constexpr Guarantee kGuarantees[] = {
  {.number = 1, .id = "identity", .words = "A run is known by its cgroup; nothing the agent says counts", .required = true,
   .needs = "cgroup2 capabilities btf connect4 connect6", .by = "cgroup ancestry, read in BPF",
   .open = "the kernel cannot tell an agent from anybody else"},
  {.number = 2, .id = "lineage", .words = "A subagent can never do what its parent may not", .required = true,
   .needs = "cgroup2", .by = "child cgroups, and judged over the whole lineage",
   .open = "a subagent is not known as one"},
  {.number = 3, .id = "separation", .words = "No agent approves, denies, revokes or reads others", .required = true,
   .needs = "cgroup2", .by = "the caller's cgroup, read at each request",
   .open = "the daemon cannot tell an agent from an operator"},
  {.number = 4, .id = "four_eyes", .words = "Nobody approves a request of their own runs", .required = true,
   .by = kOwnCode},
  {.number = 5, .id = "tcp", .words = "TCP of a run goes to the daemon, direct by verdict, or nowhere", .required = true,
   .needs = "connect4 connect6 sockops sk_storage lpm_trie", .by = "cgroup/connect4 and connect6, sockops",
   .open = "agents connect where they like"},
  {.number = 6, .id = "datagrams", .words = "UDP, raw and other protocols of AF_INET/6 are refused; DNS goes to the daemon, other UDP only to a `dns` resource on this host", .required = true,
   .needs = "connect4 connect6 sendmsg4 sendmsg6 sock_create", .by = "cgroup/sendmsg4 and sendmsg6, connect4 and connect6, sock_create",
   .open = "agents send datagrams where they like"},
  {.number = 7, .id = "fail_closed", .words = "Daemon dead: what needs it is refused, not open", .required = true,
   .needs = "bpffs connect4 connect6", .by = "pinned links and maps",
   .open = "enforcement ends with the daemon"},
  {.number = 8, .id = "held_bytes", .words = "Nothing of a refused or held statement reaches the server", .required = true,
   .by = kOwnCode},
  {.number = 9, .id = "approved_is_run", .words = "What was approved is what runs", .required = true,
   .by = kOwnCode},
  {.number = 10, .id = "masking", .words = "A sensitive column does not come out unmasked", .required = true,
   .by = kOwnCode},
  {.number = 11, .id = "credentials", .words = "The upstream credential is never seen by an agent", .required = true,
   .by = kOwnCode},
  {.number = 12, .id = "recorded_first", .words = "Recorded before released; a recording that fails ends the flow", .required = true,
   .by = kOwnCode},
  {.number = 13, .id = "tamper_evidence", .words = "A changed recording is found", .required = true,
   .by = kOwnCode},
  {.number = 14, .id = "parse_or_stop", .words = "After an unreadable frame nothing passes; one flow's bytes do not end the daemon", .required = true,
   .by = kOwnCode},
  {.number = 15, .id = "unprivileged", .words = "Bytes from the network are read without privilege; root on the host is not behind them", .required = true,
   .needs = "seccomp", .by = "a worker without capabilities, behind a seccomp filter",
   .open = "the worker would parse without a filter on its system calls"},
  {.number = 16, .id = "upstream_identity", .words = "The upstream is who the policy says", .required = true,
   .by = kOwnCode},
  {.number = 17, .id = "events", .words = "Every connection is one event, and loss is visible", .required = true,
   .needs = "ringbuf sockops sock_release", .by = "ring buffer, sequence and counters of each CPU",
   .open = "connections are not accounted for"},
  {.number = 18, .id = "whole_policy", .words = "A wrong policy is never half in force", .required = true,
   .by = kOwnCode},
  {.number = 19, .id = "file_modes", .words = "A secret file or policy that others can write, or a secret that they can read, is refused", .required = true,
   .by = kOwnCode},
  {.number = 20, .id = "foreign_sockets", .words = "A socket that was made outside of the run is of no use in it", .required = false,
   .needs = "bpf_lsm lsm_tag lsm_sockets lsm_receive", .by = "BPF LSM: tasks and sockets are tagged; connect, send, listen, accept and SCM_RIGHTS ask for the tag",
   .partly = "seccomp", .partly_by = "`sluice run` closes foreign descriptors before the agent begins",
   .open = "a socket passed in by SCM_RIGHTS, or inherited by an enrolled process, runs no cgroup hook"},
  {.number = 21, .id = "unix_sockets", .words = "A run's connections to Unix sockets of others are judged", .required = false,
   .needs = "unix_sockaddr", .by = "connect and sendmsg hooks, by the name that is typed: what nothing names is refused, the run's own too",
   .open = "file permissions alone stand before a database's, Docker's, ssh-agent's or D-Bus's socket"},
  {.number = 22, .id = "other_families", .words = "Sockets of other families (vsock, packet, netlink, ...) are refused", .required = false,
   .needs = "bpf_lsm lsm_tag lsm_families", .by = "BPF LSM at socket_create",
   .partly = "seccomp", .partly_by = "the seccomp filter of `sluice run`; enrolled processes have none",
   .open = "no cgroup hook sees these families"},
  {.number = 23, .id = "names", .words = "Names are resolved by the daemon, for those that the policy knows", .required = false,
   .needs = "connect4 connect6 sendmsg4 sendmsg6 recvmsg4 recvmsg6 sock_release", .by = "port 53 is steered to the daemon's resolver, which passes nothing on",
   .open = "data can leave in queries, and a resolver says where names are"},
  {.number = 24, .id = "enrolment", .words = "The first connect of an enrolled cgroup is judged", .required = false,
   .needs = "connect4 connect6 sendmsg4 sendmsg6 sock_create", .by = "its path is awaited in the kernel, before the cgroup is there",
   .open = "what the cgroup does before the daemon has seen it is not judged"},
  {.number = 25, .id = "earlier_sockets", .words = "Connections that an enrolled process had before are listed and, as the policy says, ended", .required = false,
   .needs = "sock_destroy", .by = "a look at the cgroup's sockets once it is a run, then SOCK_DESTROY; the audit lists them",
   .open = "a process that is enrolled keeps the connections that it has open"},
  {.number = 26, .id = "inbound", .words = "A run listens only as the policy says", .required = false,
   .needs = "ingress", .by = "packets to a TCP listener of a run are dropped unless they come from whom `inbound:` names",
   .open = "anybody who reaches the host's addresses may connect to what a run listens on"},
  {.number = 27, .id = "tamper_guard", .words = "An agent with root cannot leave its run, trace or stop the daemon, or take its programs away", .required = false,
   .needs = "bpf_lsm lsm_tag lsm_cgroup_files lsm_tamper lsm_pins lsm_rings", .by = "BPF LSM on cgroup files, ptrace, signals, bpf(), pins, mounts and namespaces",
   .partly = "seccomp", .partly_by = "`sluice run` leaves root few capabilities: none over BPF, network and mounts",
   .open = "root inside a run can write cgroup.procs and read what the daemon keeps"},
  {.number = 28, .id = "heartbeat", .words = "A daemon that hangs counts as dead", .required = false,
   .needs = "connect4 connect6 sendmsg4 sendmsg6", .by = "a mark in the kernel's map that the daemon puts off while its threads answer",
   .open = "connections wait for a hung daemon until the client's own time-out, and DIRECT entries go on passing"},
  {.number = 29, .id = "revocation", .words = "A revoked run loses its open connections, direct ones too", .required = false,
   .needs = "sock_destroy", .by = "the run's entry in the kernel's map, then SOCK_DESTROY", .partly = "connect4 connect6",
   .partly_by = "new connections are refused and steered ones cut",
   .open = "connections that are direct live on"},
};
// clang-format on

}  // namespace

std::span<const Guarantee> guarantees() { return kGuarantees; }

}  // namespace sluice::kernel
