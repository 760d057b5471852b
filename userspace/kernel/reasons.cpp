// SPDX-License-Identifier: Apache-2.0
#include "kernel/reasons.h"

#include <sluice/abi/reason.h>

#include <array>

namespace sluice::kernel {
namespace {

struct Named {
  sluice_reason reason;
  std::string_view name;
};

constexpr std::array kNames{
    Named{SLUICE_REASON_NONE, "none"},
    Named{SLUICE_REASON_STEERED_NO_ENTRY, "steered_no_entry"},
    Named{SLUICE_REASON_STEERED_STALE, "steered_stale"},
    Named{SLUICE_REASON_STEERED_BY_VERDICT, "steered_by_verdict"},
    Named{SLUICE_REASON_DIRECT, "direct"},
    Named{SLUICE_REASON_DENIED_BY_VERDICT, "denied_by_verdict"},
    Named{SLUICE_REASON_REVOKED, "revoked"},
    Named{SLUICE_REASON_OWN_LISTENER, "own_listener"},
    Named{SLUICE_REASON_NO_LISTENER, "no_listener"},
    Named{SLUICE_REASON_NO_STORAGE, "no_storage"},
    Named{SLUICE_REASON_UNKNOWN_VERDICT, "unknown_verdict"},
    Named{SLUICE_REASON_UDP_NO_ENTRY, "udp_no_entry"},
    Named{SLUICE_REASON_UDP_STALE, "udp_stale"},
    Named{SLUICE_REASON_PROTOCOL, "protocol"},
    Named{SLUICE_REASON_SOCKET_RAW, "socket_raw"},
    Named{SLUICE_REASON_SOCKET_PING, "socket_ping"},
    Named{SLUICE_REASON_SOCKET_PROTOCOL, "socket_protocol"},
    Named{SLUICE_REASON_NOT_TRACKED, "not_tracked"},
    Named{SLUICE_REASON_FLOW_MAP_FULL, "flow_map_full"},
    Named{SLUICE_REASON_FLOW_RECORD_EXISTS, "flow_record_exists"},
    Named{SLUICE_REASON_CLOSED, "closed"},
    Named{SLUICE_REASON_CONNECT_FAILED, "connect_failed"},
    Named{SLUICE_REASON_EVENT_LOST, "event_lost"},
    Named{SLUICE_REASON_AUDIT_FULL, "audit_full"},
    Named{SLUICE_REASON_FLOW_RECORDED, "flow_recorded"},
    Named{SLUICE_REASON_FLOW_DROPPED, "flow_dropped"},
    Named{SLUICE_REASON_NEVER_SENT, "never_sent"},
    Named{SLUICE_REASON_UNIX_STEERED, "unix_steered"},
    Named{SLUICE_REASON_UNIX_UNLISTED, "unix_unlisted"},
    Named{SLUICE_REASON_UNIX_NOT_OWN, "unix_not_own"},
    Named{SLUICE_REASON_UNIX_ANY, "unix_any"},
    Named{SLUICE_REASON_UNIX_ELSEWHERE, "unix_elsewhere"},
    Named{SLUICE_REASON_UNIX_TYPE, "unix_type"},
    Named{SLUICE_REASON_OWN_RUN, "own_run"},
    Named{SLUICE_REASON_INBOUND_NONE, "inbound_none"},
    Named{SLUICE_REASON_INBOUND_FOREIGN, "inbound_foreign"},
    Named{SLUICE_REASON_INBOUND_SQUATTER, "inbound_squatter"},
    Named{SLUICE_REASON_DNS_STEERED, "dns_steered"},
    Named{SLUICE_REASON_NO_RESOLVER, "no_resolver"},
    Named{SLUICE_REASON_NO_SOURCE_PORT, "no_source_port"},
    Named{SLUICE_REASON_QUERY_MAP_FULL, "query_map_full"},
    Named{SLUICE_REASON_DAEMON_SILENT, "daemon_silent"},
    Named{SLUICE_REASON_BOUND_TO_DEVICE, "bound_to_device"},
    Named{SLUICE_REASON_NETNS_WITHOUT_LISTENER, "netns_without_listener"},
    Named{SLUICE_REASON_LEFT_RUN, "left_run"},
    Named{SLUICE_REASON_FOREIGN_SOCKET, "foreign_socket"},
    Named{SLUICE_REASON_SOCKET_RECEIVED, "socket_received"},
    Named{SLUICE_REASON_SOCKET_FAMILY, "socket_family"},
    Named{SLUICE_REASON_CGROUP_WRITE, "cgroup_write"},
    Named{SLUICE_REASON_PTRACE, "ptrace"},
    Named{SLUICE_REASON_SIGNAL, "signal"},
    Named{SLUICE_REASON_BPF_CALL, "bpf_call"},
    Named{SLUICE_REASON_PINS, "pins"},
    Named{SLUICE_REASON_MOUNT, "mount"},
    Named{SLUICE_REASON_LISTENER_PORT, "listener_port"},
    Named{SLUICE_REASON_IO_URING, "io_uring"},
    Named{SLUICE_REASON_USER_NAMESPACE, "user_namespace"},
    Named{SLUICE_REASON_FOREIGN_LOOPBACK, "foreign_loopback"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i].reason != i) return false;
  return kNames.size() == SLUICE_REASON_COUNT;
}
static_assert(in_order(), "a reason has no name, or stands in another order than in reason.h");

}  // namespace

std::string_view reason_name(std::uint32_t reason) {
  return reason < kNames.size() ? kNames[reason].name : std::string_view{};
}

}  // namespace sluice::kernel
