// SPDX-License-Identifier: Apache-2.0
// The programs' decisions, compiled by the host's compiler: tables only.
#include "../../../bpf/lib/decide.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sluice/abi/settings.h>
#include <sys/socket.h>

#include <cerrno>
#include <map>
#include <optional>
#include <string>

#include "../../../bpf/lib/address.h"
#include "../../../bpf/lib/levels.h"

namespace {

constexpr std::uint64_t kEpoch = 7, kNow = 1000;

sluice_verdict entry(std::uint32_t kind, std::uint64_t epoch = kEpoch, std::uint64_t expiry = 0,
                     std::uint32_t error = 0) {
  return {.kind = kind,
          .denied_errno = error,
          .epoch = epoch,
          .expiry_ns = expiry,
          .rule = 42,
          .reserved = 0};
}

struct Case {
  const char* name;
  int protocol = IPPROTO_TCP;
  std::uint32_t run_flags = 0;
  bool listener = true;
  bool to_listener = false;
  bool dns = false;
  bool resolver = true;
  bool foreign_netns = false;
  bool to_loopback = false;
  bool foreign_device = false;
  std::uint64_t alive_until = kNow + 1;
  std::optional<sluice_verdict> exact = {};
  std::optional<sluice_verdict> any_port = {};
  std::uint32_t kind;
  std::uint32_t reason;
  std::uint32_t error = 0;
};

class ConnectDecision : public testing::TestWithParam<Case> {};

TEST_P(ConnectDecision, IsAsTheTableSays) {
  const Case& c = GetParam();
  const sluice_connect_facts facts{.run_flags = c.run_flags,
                                   .ip_protocol = static_cast<std::uint32_t>(c.protocol),
                                   .epoch = kEpoch,
                                   .now_ns = kNow,
                                   .alive_until_ns = c.alive_until,
                                   .entry = c.exact ? &*c.exact : nullptr,
                                   .any_port = c.any_port ? &*c.any_port : nullptr,
                                   .listener_set = c.listener,
                                   .to_listener = c.to_listener,
                                   .foreign_netns = c.foreign_netns,
                                   .to_loopback = c.to_loopback,
                                   .foreign_device = c.foreign_device,
                                   .dns = c.dns,
                                   .resolver_set = c.resolver};
  const sluice_decision decision = sluice_decide_connect(&facts);
  EXPECT_EQ(decision.kind, c.kind);
  EXPECT_EQ(decision.reason, c.reason);
  EXPECT_EQ(decision.error, c.error);
}

const auto kDirect = entry(SLUICE_VERDICT_DIRECT);
const auto kSteer = entry(SLUICE_VERDICT_STEER);
const auto kDeny = entry(SLUICE_VERDICT_DENY, kEpoch, 0, EHOSTUNREACH);

const Case kCases[] = {
    {.name = "no_entry_steers",
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_STEERED_NO_ENTRY},
    {.name = "foreign_namespace_with_a_listener_steers",
     .foreign_netns = true,
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_STEERED_NO_ENTRY},
    {.name = "foreign_namespace_without_one_refuses",
     .listener = false,
     .foreign_netns = true,
     .exact = kSteer,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_NETNS_WITHOUT_LISTENER,
     .error = ECONNREFUSED},
    {.name = "loopback_at_home_steers",
     .to_loopback = true,
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_STEERED_NO_ENTRY},
    {.name = "loopback_of_another_namespace_is_not_the_hosts",
     .foreign_netns = true,
     .to_loopback = true,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_FOREIGN_LOOPBACK,
     .error = ECONNREFUSED},
    {.name = "loopback_of_another_namespace_needs_no_listener",
     .listener = false,
     .foreign_netns = true,
     .to_loopback = true,
     .exact = kSteer,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_FOREIGN_LOOPBACK,
     .error = ECONNREFUSED},
    {.name = "loopback_of_another_namespace_is_not_direct_either",
     .foreign_netns = true,
     .to_loopback = true,
     .any_port = kDirect,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_FOREIGN_LOOPBACK,
     .error = ECONNREFUSED},
    {.name = "loopback_of_another_namespace_that_a_rule_denies",
     .foreign_netns = true,
     .to_loopback = true,
     .exact = kDeny,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_DENIED_BY_VERDICT,
     .error = EHOSTUNREACH},
    {.name = "loopback_of_another_namespace_over_udp",
     .protocol = IPPROTO_UDP,
     .foreign_netns = true,
     .to_loopback = true,
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_FOREIGN_LOOPBACK,
     .error = ECONNREFUSED},
    {.name = "loopback_of_another_namespace_as_its_resolver",
     .protocol = IPPROTO_UDP,
     .dns = true,
     .foreign_netns = true,
     .to_loopback = true,
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_DNS_STEERED},
    {.name = "bound_to_a_device_is_not_steered",
     .foreign_device = true,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_BOUND_TO_DEVICE,
     .error = EPERM},
    {.name = "bound_to_a_device_goes_direct",
     .foreign_device = true,
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DIRECT,
     .reason = SLUICE_REASON_DIRECT},
    {.name = "silent_daemon_is_not_steered_to",
     .alive_until = kNow,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_DAEMON_SILENT,
     .error = ECONNREFUSED},
    {.name = "silent_daemon_is_asked_no_name",
     .protocol = IPPROTO_UDP,
     .dns = true,
     .alive_until = kNow,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_DAEMON_SILENT,
     .error = ECONNREFUSED},
    {.name = "silent_daemon_ends_direct",
     .alive_until = kNow,
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_DAEMON_SILENT,
     .error = ECONNREFUSED},
    {.name = "silent_daemon_ends_direct_datagrams",
     .protocol = IPPROTO_UDP,
     .alive_until = 0,
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_DAEMON_SILENT,
     .error = ECONNREFUSED},
    {.name = "a_denial_needs_no_daemon",
     .alive_until = 0,
     .exact = kDeny,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_DENIED_BY_VERDICT,
     .error = EHOSTUNREACH},
    {.name = "stopped_in_order_has_no_listener",
     .listener = false,
     .alive_until = 0,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_NO_LISTENER,
     .error = ECONNREFUSED},
    {.name = "no_listener_refuses",
     .listener = false,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_NO_LISTENER,
     .error = ECONNREFUSED},
    {.name = "direct",
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DIRECT,
     .reason = SLUICE_REASON_DIRECT},
    {.name = "direct_without_listener",
     .listener = false,
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DIRECT,
     .reason = SLUICE_REASON_DIRECT},
    {.name = "any_port",
     .any_port = kDirect,
     .kind = SLUICE_VERDICT_DIRECT,
     .reason = SLUICE_REASON_DIRECT},
    {.name = "the_port_beats_any_port",
     .exact = kDeny,
     .any_port = kDirect,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_DENIED_BY_VERDICT,
     .error = EHOSTUNREACH},
    {.name = "a_stale_port_entry_hides_any_port",
     .exact = entry(SLUICE_VERDICT_DENY, kEpoch - 1, 0, EPERM),
     .any_port = kDirect,
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_STEERED_STALE},
    {.name = "steer_entry",
     .exact = kSteer,
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_STEERED_BY_VERDICT},
    {.name = "old_epoch",
     .exact = entry(SLUICE_VERDICT_DIRECT, kEpoch - 1),
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_STEERED_STALE},
    {.name = "epoch_to_come",
     .exact = entry(SLUICE_VERDICT_DIRECT, kEpoch + 1),
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_STEERED_STALE},
    {.name = "expires_now",
     .exact = entry(SLUICE_VERDICT_DIRECT, kEpoch, kNow),
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_STEERED_STALE},
    {.name = "expires_later",
     .exact = entry(SLUICE_VERDICT_DIRECT, kEpoch, kNow + 1),
     .kind = SLUICE_VERDICT_DIRECT,
     .reason = SLUICE_REASON_DIRECT},
    {.name = "revoked_beats_direct",
     .run_flags = SLUICE_RUN_REVOKED,
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_REVOKED,
     .error = EPERM},
    {.name = "own_listener_beats_direct",
     .to_listener = true,
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_OWN_LISTENER,
     .error = EPERM},
    {.name = "deny_without_errno",
     .exact = entry(SLUICE_VERDICT_DENY),
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_UNKNOWN_VERDICT,
     .error = EPERM},
    {.name = "deny_with_no_errno_at_all",
     .exact = entry(SLUICE_VERDICT_DENY, kEpoch, 0, 4096),
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_UNKNOWN_VERDICT,
     .error = EPERM},
    {.name = "zeroed_entry",
     .exact = entry(SLUICE_VERDICT_NONE),
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_UNKNOWN_VERDICT,
     .error = EPERM},
    {.name = "entry_of_another_build",
     .exact = entry(99),
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_UNKNOWN_VERDICT,
     .error = EPERM},
    {.name = "udp_direct",
     .protocol = IPPROTO_UDP,
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DIRECT,
     .reason = SLUICE_REASON_DIRECT},
    {.name = "udp_no_entry",
     .protocol = IPPROTO_UDP,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_UDP_NO_ENTRY,
     .error = EPERM},
    {.name = "udp_is_never_steered",
     .protocol = IPPROTO_UDP,
     .exact = kSteer,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_UDP_NO_ENTRY,
     .error = EPERM},
    {.name = "udp_stale",
     .protocol = IPPROTO_UDP,
     .exact = entry(SLUICE_VERDICT_DIRECT, kEpoch - 1),
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_UDP_STALE,
     .error = EPERM},
    {.name = "dns_goes_to_our_resolver",
     .protocol = IPPROTO_UDP,
     .dns = true,
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_DNS_STEERED},
    {.name = "dns_needs_no_listener_for_tcp",
     .protocol = IPPROTO_UDP,
     .listener = false,
     .dns = true,
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_DNS_STEERED},
    {.name = "dns_without_our_resolver",
     .protocol = IPPROTO_UDP,
     .dns = true,
     .resolver = false,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_NO_RESOLVER,
     .error = ECONNREFUSED},
    {.name = "dns_to_the_resolver_that_a_rule_names",
     .protocol = IPPROTO_UDP,
     .dns = true,
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DIRECT,
     .reason = SLUICE_REASON_DIRECT},
    {.name = "dns_by_a_stale_rule_is_ours_again",
     .protocol = IPPROTO_UDP,
     .dns = true,
     .exact = entry(SLUICE_VERDICT_DIRECT, kEpoch - 1),
     .kind = SLUICE_VERDICT_STEER,
     .reason = SLUICE_REASON_DNS_STEERED},
    {.name = "dns_that_a_rule_denies",
     .protocol = IPPROTO_UDP,
     .dns = true,
     .exact = kDeny,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_DENIED_BY_VERDICT,
     .error = EHOSTUNREACH},
    {.name = "dns_of_a_revoked_run",
     .protocol = IPPROTO_UDP,
     .run_flags = SLUICE_RUN_REVOKED,
     .dns = true,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_REVOKED,
     .error = EPERM},
    {.name = "sctp_even_where_direct",
     .protocol = IPPROTO_SCTP,
     .exact = kDirect,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_PROTOCOL,
     .error = EPERM},
    {.name = "ping_socket",
     .protocol = IPPROTO_ICMP,
     .kind = SLUICE_VERDICT_DENY,
     .reason = SLUICE_REASON_PROTOCOL,
     .error = EPERM},
};
INSTANTIATE_TEST_SUITE_P(Table, ConnectDecision, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string{test.param.name}; });

struct SocketCase {
  int family, type, protocol;
  std::uint32_t reason;  // SLUICE_REASON_DIRECT: made
  std::uint32_t error;
};

TEST(SocketDecision, AllowsTcpUdpAndMptcpOverInternetFamiliesOnly) {
  const SocketCase cases[] = {
      {AF_INET, SOCK_STREAM, IPPROTO_TCP, SLUICE_REASON_DIRECT, 0},
      {AF_INET6, SOCK_STREAM, IPPROTO_TCP, SLUICE_REASON_DIRECT, 0},
      {AF_INET, SOCK_STREAM, 262, SLUICE_REASON_DIRECT, 0},
      {AF_INET6, SOCK_DGRAM, IPPROTO_UDP, SLUICE_REASON_DIRECT, 0},
      {AF_INET, SOCK_RAW, IPPROTO_TCP, SLUICE_REASON_SOCKET_RAW, EPERM},
      {AF_INET6, SOCK_RAW, IPPROTO_RAW, SLUICE_REASON_SOCKET_RAW, EPERM},
      {AF_INET, SOCK_DGRAM, IPPROTO_ICMP, SLUICE_REASON_SOCKET_PING, EACCES},
      {AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6, SLUICE_REASON_SOCKET_PING, EACCES},
      {AF_INET, SOCK_STREAM, IPPROTO_SCTP, SLUICE_REASON_SOCKET_PROTOCOL, EPROTONOSUPPORT},
      {AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, SLUICE_REASON_SOCKET_PROTOCOL, EPROTONOSUPPORT},
      {AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, SLUICE_REASON_SOCKET_PROTOCOL, EPROTONOSUPPORT},
      {AF_INET, SOCK_DGRAM, IPPROTO_TCP, SLUICE_REASON_SOCKET_PROTOCOL, EPROTONOSUPPORT},
      {AF_PACKET, SOCK_DGRAM, IPPROTO_UDP, SLUICE_REASON_SOCKET_PROTOCOL, EPROTONOSUPPORT},
  };
  for (const SocketCase& c : cases) {
    const auto decision = sluice_decide_socket(static_cast<std::uint32_t>(c.family),
                                               static_cast<std::uint32_t>(c.type),
                                               static_cast<std::uint32_t>(c.protocol));
    EXPECT_EQ(decision.reason, c.reason) << c.family << "/" << c.type << "/" << c.protocol;
    EXPECT_EQ(decision.error, c.error) << c.family << "/" << c.type << "/" << c.protocol;
  }
}

TEST(InboundDecision, IsAsTheTableSays) {
  const struct {
    const char* what;
    sluice_inbound_facts facts;
    __u32 reason;
  } cases[] = {
      {"own run", {0, SLUICE_INBOUND_OWN_RUN, 1, 1, 1, 0}, 0},
      {"own run from an address of this host", {0, SLUICE_INBOUND_OWN_RUN, 1, 1, 0, 0}, 0},
      {"a neighbour", {0, SLUICE_INBOUND_OWN_RUN, 1, 0, 1, 0}, SLUICE_REASON_INBOUND_FOREIGN},
      {"another machine", {0, SLUICE_INBOUND_LOOPBACK, 1, 0, 0, 0}, SLUICE_REASON_INBOUND_FOREIGN},
      {"a neighbour that may", {0, SLUICE_INBOUND_LOOPBACK, 1, 0, 1, 0}, 0},
      {"own run where loopback may", {0, SLUICE_INBOUND_LOOPBACK, 1, 1, 0, 0}, 0},
      {"none, own run", {0, SLUICE_INBOUND_NONE, 1, 1, 1, 0}, SLUICE_REASON_INBOUND_NONE},
      {"unreadable", {0, SLUICE_INBOUND_LOOPBACK, 0, 1, 1, 0}, SLUICE_REASON_INBOUND_FOREIGN},
      {"squatter", {0, SLUICE_INBOUND_LOOPBACK, 1, 1, 1, 1}, SLUICE_REASON_INBOUND_SQUATTER},
      {"revoked", {SLUICE_RUN_REVOKED, SLUICE_INBOUND_LOOPBACK, 1, 1, 1, 0}, SLUICE_REASON_REVOKED},
  };
  for (const auto& [what, facts, reason] : cases)
    EXPECT_EQ(sluice_decide_inbound(&facts), reason) << what;
  // A number that means nothing is the strict default.
  const sluice_inbound_facts odd{0, 99, 1, 0, 1, 0};
  EXPECT_EQ(sluice_decide_inbound(&odd), __u32{SLUICE_REASON_INBOUND_FOREIGN});
}

TEST(OwnRunDecision, IsDirectToAListenerOfItsOwnOnly) {
  const sluice_decision steered{SLUICE_VERDICT_STEER, SLUICE_REASON_STEERED_NO_ENTRY, 0, 3};
  const auto decide = [&](__u32 inbound, int own) {
    return sluice_decide_own_run(&steered, inbound, own);
  };
  EXPECT_EQ(decide(SLUICE_INBOUND_OWN_RUN, 1).kind, __u32{SLUICE_VERDICT_DIRECT});
  EXPECT_EQ(decide(SLUICE_INBOUND_OWN_RUN, 1).reason, __u32{SLUICE_REASON_OWN_RUN});
  EXPECT_EQ(decide(SLUICE_INBOUND_LOOPBACK, 1).kind, __u32{SLUICE_VERDICT_DIRECT});
  EXPECT_EQ(decide(SLUICE_INBOUND_OWN_RUN, 0).rule, 3u);
  EXPECT_EQ(decide(SLUICE_INBOUND_NONE, 1).kind, __u32{SLUICE_VERDICT_STEER});
}

TEST(LoopbackAddress, IsNeverAnotherMachines) {
  const auto is = [](const char* text) {
    sluice_address address{};
    if (inet_pton(AF_INET6, text, &address) != 1) {
      __be32 v4 = 0;
      EXPECT_EQ(inet_pton(AF_INET, text, &v4), 1) << text;
      address = sluice_mapped(v4);
    }
    return sluice_is_loopback(&address) != 0;
  };
  for (const char* own : {"127.0.0.1", "127.255.255.255", "::1"}) EXPECT_TRUE(is(own)) << own;
  for (const char* other : {"128.0.0.1", "126.255.255.255", "0.0.0.0", "::", "::2", "::7f00:1"})
    EXPECT_FALSE(is(other)) << other;
}

TEST(CgroupLevels, AreFoundDeepestFirst) {
  for (std::uint32_t deep = 0; deep < SLUICE_CGROUP_LEVELS_MAX; ++deep) {
    EXPECT_EQ(sluice_deepest_level(sluice_level_bit(deep)), deep);
    for (std::uint32_t shallow = 0; shallow < deep; ++shallow) {
      const std::uint64_t both = sluice_level_bit(deep) | sluice_level_bit(shallow);
      ASSERT_EQ(sluice_deepest_level(both), deep);
      ASSERT_EQ(sluice_without_deepest(both), sluice_level_bit(shallow));
    }
  }
}

TEST(UnspecifiedDestination, IsLoopbackBeforeItIsJudged) {
  sluice_address v4 = sluice_mapped(0);
  sluice_resolve_any(&v4);
  EXPECT_EQ(v4.word[3], htonl(INADDR_LOOPBACK));
  sluice_address v6{};
  sluice_resolve_any(&v6);
  EXPECT_EQ(v6.word[3], htonl(1));
  EXPECT_FALSE(sluice_is_v4(&v6));
  sluice_address other = sluice_mapped(htonl(0x7f000002));
  sluice_resolve_any(&other);
  EXPECT_EQ(other.word[3], htonl(0x7f000002));
}

}  // namespace
