// SPDX-License-Identifier: Apache-2.0
#include "kernel/kernel_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <netinet/in.h>
#include <sluice/abi/awaited.h>
#include <sluice/abi/event.h>
#include <sluice/abi/flow.h>
#include <sluice/abi/query.h>
#include <sluice/abi/reason.h>
#include <sluice/abi/run.h>
#include <sluice/abi/settings.h>
#include <sluice/abi/subject.h>
#include <sluice/abi/unix.h>
#include <sluice/abi/verdict.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "kernel/cgroup.h"
#include "kernel/map_keys.h"
#include "kernel/netns_cookie.h"
#include "kernel/reasons.h"
#include "kernel/socket_address.h"

namespace sluice::kernel {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
// An accept queue is emptied within this time, or what is left in it belongs to nobody.
constexpr std::uint64_t kUnacceptedAge = 10 * kSecond;

std::uint64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kSecond + static_cast<std::uint64_t>(now.tv_nsec);
}

struct Shape {
  __u32 type, key_size, value_size;
};
constexpr std::array<Shape, kMapCount> kShapes{{
    {BPF_MAP_TYPE_HASH, sizeof(__u64), sizeof(sluice_run)},
    {BPF_MAP_TYPE_LPM_TRIE, sizeof(sluice_verdict_key), sizeof(sluice_verdict)},
    {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(__u64)},
    {BPF_MAP_TYPE_HASH, sizeof(sluice_listener_key), sizeof(sluice_listener)},
    {BPF_MAP_TYPE_HASH, sizeof(sluice_flow_key), sizeof(sluice_flow)},
    {BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32), sizeof(sluice_counter)},
    {BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32), sizeof(sluice_cpu)},
    {BPF_MAP_TYPE_RINGBUF, 0, 0},
    {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(sluice_audited)},
    {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(__u64)},
    {BPF_MAP_TYPE_HASH, sizeof(sluice_unix_key), sizeof(sluice_unix_verdict)},
    {BPF_MAP_TYPE_HASH, sizeof(__u64), sizeof(sluice_unix_listener)},
    {BPF_MAP_TYPE_SK_STORAGE, sizeof(int), sizeof(sluice_unix_socket)},
    {BPF_MAP_TYPE_HASH, sizeof(sluice_awaited_key), sizeof(sluice_awaited)},
    {BPF_MAP_TYPE_HASH, sizeof(__u32), sizeof(sluice_subject)},
    {BPF_MAP_TYPE_HASH, sizeof(sluice_resolver_key), sizeof(sluice_resolver)},
    {BPF_MAP_TYPE_HASH, sizeof(sluice_query_key), sizeof(sluice_query)},
    {BPF_MAP_TYPE_PERCPU_HASH, sizeof(__u32), sizeof(__u64)},
}};

Result<void> check_shapes(const MapDescriptors& maps) {
  for (std::size_t i = 0; i < kMapCount; ++i) {
    const std::string name = name_of(static_cast<MapName>(i));
    bpf_map_info info{};
    __u32 size = sizeof info;
    if (bpf_obj_get_info_by_fd(maps.fds[i].get(), &info, &size) != 0)
      return Error::sys(errno, "look at the inherited map " + name);
    if (info.type != kShapes[i].type || info.key_size != kShapes[i].key_size ||
        info.value_size != kShapes[i].value_size)
      return Error{"the inherited descriptor for " + name +
                   " is another map: keeper and worker are of different builds"};
  }
  return {};
}

// One element of a per-CPU map, from every CPU.
template <class Value>
Result<std::vector<Value>> each_cpu(int map, std::uint32_t key) {
  static_assert(sizeof(Value) % 8 == 0);  // the kernel's stride
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return Error::sys(-cpus, "count the CPUs");
  std::vector<Value> values(static_cast<std::size_t>(cpus));
  if (bpf_map_lookup_elem(map, &key, values.data()) != 0)
    return Error::sys(errno, "read the counters of each CPU");
  return values;
}

bool unspecified(const IpAddress& ip) {
  const std::size_t from = ip.is_v4() ? 12 : 0;
  return std::all_of(ip.bytes.begin() + from, ip.bytes.end(), [](auto b) { return b == 0; });
}

static_assert(kListenerPorts == SLUICE_LISTENER_PORTS);

// Of one family, and at least one.
Result<void> check_listeners(const std::vector<Endpoint>& listeners) {
  if (SLUICE_LISTENER_PORTS % listeners.size() != 0)
    return Error{"a listener has " + std::to_string(listeners.size()) +
                 " ports; it must have 1, 2, 4, 8 or 16"};
  for (const Endpoint& each : listeners)
    if (unspecified(each.ip) || each.port == 0 || !(each.ip == listeners[0].ip))
      return Error{"listener " + each.text() +
                   " is not at the one address of its family, and at a port, that agents can "
                   "connect to"};
  return {};
}

__u32 kind_of(ConnectVerdict verdict) {
  switch (verdict) {
    case ConnectVerdict::kSteer: return SLUICE_VERDICT_STEER;
    case ConnectVerdict::kDirect: return SLUICE_VERDICT_DIRECT;
    case ConnectVerdict::kDeny: return SLUICE_VERDICT_DENY;
  }
  return SLUICE_VERDICT_NONE;
}

Result<void> check(const VerdictEntry& entry) {
  if (entry.prefix_length > 128)
    return Error{"verdict entry: prefix length " + std::to_string(entry.prefix_length) +
                 " is over 128"};
  if (entry.ip_protocol != IPPROTO_TCP && entry.ip_protocol != IPPROTO_UDP)
    return Error{"verdict entry: IP protocol " + std::to_string(entry.ip_protocol) +
                 " is neither TCP nor UDP"};
  if (entry.verdict == ConnectVerdict::kDeny &&
      (entry.denied_errno <= 0 || entry.denied_errno > static_cast<int>(SLUICE_ERRNO_MAX)))
    return Error{"verdict entry: " + std::to_string(entry.denied_errno) +
                 " is no errno to deny with"};
  return {};
}

sluice_verdict_key key_of(const VerdictEntry& entry) {
  sluice_verdict_key key{};
  key.prefix_length = SLUICE_VERDICT_FIXED_BITS + entry.prefix_length;
  key.subject = entry.subject;
  key.ip_protocol = entry.ip_protocol;
  key.port = htons(entry.port);
  for (unsigned bit = 0; bit < entry.prefix_length; ++bit)  // what lies outside stays 0
    key.address[bit / 8] |= static_cast<__u8>(entry.network.bytes[bit / 8] & (0x80u >> (bit % 8)));
  return key;
}

}  // namespace

KernelMaps::KernelMaps(MapDescriptors maps, std::string cgroup_mount)
    : maps_(std::move(maps)), cgroup_mount_(std::move(cgroup_mount)) {}

Result<std::unique_ptr<KernelMaps>> KernelMaps::adopt(MapDescriptors maps,
                                                      std::string cgroup_mount) {
  SLUICE_TRY_VOID(check_shapes(maps));
  if (const int cpus = libbpf_num_possible_cpus(); cpus < 0)
    return Error::sys(-cpus, "count the CPUs from /sys/devices/system/cpu/possible");
  std::unique_ptr<KernelMaps> kernel{new KernelMaps{std::move(maps), std::move(cgroup_mount)}};
  SLUICE_TRY(kernel->totals_, FlowTotals::map(kernel->fd(MapName::kFlowTotals)));
  if (const auto found = kernel->find_surviving_runs(); !found)
    return found.error().within("take over the runs of an earlier daemon");
  return kernel;
}

// --- settings
// ----------------------------------------------------------------------------------------

Result<std::uint64_t> KernelMaps::setting(std::uint32_t which) const {
  std::uint64_t value = 0;
  if (bpf_map_lookup_elem(fd(MapName::kSettings), &which, &value) != 0)
    return Error::sys(errno, "read sluice_settings");
  return value;
}

Result<void> KernelMaps::set_setting(std::uint32_t which, std::uint64_t value) {
  if (bpf_map_update_elem(fd(MapName::kSettings), &which, &value, BPF_ANY) != 0)
    return Error::sys(errno, "write sluice_settings");
  return {};
}

Result<void> KernelMaps::set_alive_until(std::uint64_t monotonic_ns) {
  return set_setting(SLUICE_SETTING_ALIVE_UNTIL, monotonic_ns);
}

Result<void> KernelMaps::set_listeners(const std::vector<Endpoint>& listeners) {
  SLUICE_TRY(const std::uint64_t home, setting(SLUICE_SETTING_HOME_NETNS));
  return set_listeners_in(home, listeners);
}

Result<void> KernelMaps::set_listeners_in(std::uint64_t netns_cookie,
                                          const std::vector<Endpoint>& listeners) {
  for (const __u32 family : {__u32{AF_INET}, __u32{AF_INET6}}) {
    std::vector<Endpoint> own;
    for (const Endpoint& each : listeners)
      if (each.ip.is_v4() == (family == AF_INET)) own.push_back(each);
    sluice_listener_key key{};
    key.netns_cookie = netns_cookie;
    key.family = family;
    if (own.empty()) {
      if (bpf_map_delete_elem(fd(MapName::kListeners), &key) != 0 && errno != ENOENT)
        return Error::sys(errno, "forget a listener");
      continue;
    }
    SLUICE_TRY_VOID(check_listeners(own));
    sluice_listener value{};
    std::copy(own[0].ip.bytes.begin(), own[0].ip.bytes.end(), value.address);
    for (std::size_t i = 0; i < SLUICE_LISTENER_PORTS; ++i)
      value.port[i] = htons(own[i % own.size()].port);
    if (bpf_map_update_elem(fd(MapName::kListeners), &key, &value, BPF_ANY) != 0)
      return Error::sys(errno, "set the listener " + own[0].text());
  }
  return {};
}

// --- runs
// --------------------------------------------------------------------------------------------

// Runs outlive a daemon in the pinned maps. Those whose cgroup is gone go too: no task can be in
// them.
Result<void> KernelMaps::find_surviving_runs() {
  SLUICE_TRY(const auto ids, keys_of<std::uint64_t>(fd(MapName::kRuns)));
  if (ids.empty()) return {};
  SLUICE_TRY(const auto levels, cgroup_levels(cgroup_mount_));
  const std::lock_guard lock{mutex_};
  for (const std::uint64_t id : ids) {
    const auto found = levels.find(id);
    if (found != levels.end())
      level_of_run_[id] = found->second;
    else if (bpf_map_delete_elem(fd(MapName::kRuns), &id) != 0 && errno != ENOENT)
      return Error::sys(errno, "drop a run whose cgroup is gone");
  }
  return write_levels();
}

Result<void> KernelMaps::write_levels() {
  std::uint64_t levels = 0;
  for (const auto& [id, level] : level_of_run_)
    levels |= std::uint64_t{1} << (SLUICE_CGROUP_LEVELS_MAX - 1 - level);
  return set_setting(SLUICE_SETTING_RUN_LEVELS, levels);
}

Result<void> KernelMaps::add_run(std::uint64_t cgroup_id, std::uint32_t subject) {
  SLUICE_TRY(const std::uint32_t level, cgroup_level_of(cgroup_mount_, cgroup_id));
  return add_run_at(cgroup_id, subject, level);
}

Result<void> KernelMaps::add_run_at(std::uint64_t cgroup_id, std::uint32_t subject,
                                    std::uint32_t level) {
  if (level >= SLUICE_CGROUP_LEVELS_MAX)
    return Error{"the run's cgroup lies " + std::to_string(level) + " levels deep; at most " +
                 std::to_string(SLUICE_CGROUP_LEVELS_MAX - 1) + " are looked at"};
  if (level == 0)
    return Error{"the root of cgroup2 cannot be a run: every process of the machine is in it"};
  const std::lock_guard lock{mutex_};
  const bool known = level_of_run_.contains(cgroup_id);
  level_of_run_[cgroup_id] = level;
  Result<void> done = write_levels();
  sluice_run run{};
  // Revoked it stays, whoever adds it again: a daemon that starts anew must not pardon by accident.
  if (bpf_map_lookup_elem(fd(MapName::kRuns), &cgroup_id, &run) != 0) run.flags = 0;
  run.subject = subject;
  if (done && bpf_map_update_elem(fd(MapName::kRuns), &cgroup_id, &run, BPF_ANY) != 0)
    done = Error::sys(errno,
                      errno == E2BIG ? "add a run: the kernel's map of runs is full" : "add a run");
  if (done || known) return done;
  level_of_run_.erase(cgroup_id);
  (void)!write_levels().ok();  // one level too many costs time, nothing else
  return done;
}

Result<void> KernelMaps::revoke_run(std::uint64_t cgroup_id) {
  const std::lock_guard lock{mutex_};
  sluice_run run{};
  if (bpf_map_lookup_elem(fd(MapName::kRuns), &cgroup_id, &run) != 0)
    return Error::sys(errno, "revoke the run of cgroup " + std::to_string(cgroup_id));
  run.flags |= SLUICE_RUN_REVOKED;
  if (bpf_map_update_elem(fd(MapName::kRuns), &cgroup_id, &run, BPF_EXIST) != 0)
    return Error::sys(errno, "revoke the run of cgroup " + std::to_string(cgroup_id));
  return {};
}

Result<void> KernelMaps::remove_run(std::uint64_t cgroup_id) {
  const std::lock_guard lock{mutex_};
  if (bpf_map_delete_elem(fd(MapName::kRuns), &cgroup_id) != 0)
    return Error::sys(errno, "remove the run of cgroup " + std::to_string(cgroup_id));
  level_of_run_.erase(cgroup_id);
  return write_levels();
}

// --- verdicts
// ----------------------------------------------------------------------------------------

Result<void> KernelMaps::set_verdict(const VerdictEntry& entry) {
  SLUICE_TRY_VOID(check(entry));
  const std::lock_guard lock{mutex_};
  SLUICE_TRY(const std::uint64_t epoch, setting(SLUICE_SETTING_EPOCH));
  const std::uint64_t now = monotonic_ns();
  const sluice_verdict_key key = key_of(entry);
  sluice_verdict value{};
  value.kind = kind_of(entry.verdict);
  if (entry.verdict == ConnectVerdict::kDeny)
    value.denied_errno = static_cast<__u32>(entry.denied_errno);
  value.epoch = epoch;
  value.rule = entry.rule;
  if (entry.lifetime_ns != 0)
    value.expiry_ns = entry.lifetime_ns > std::numeric_limits<std::uint64_t>::max() - now
                          ? std::numeric_limits<std::uint64_t>::max()
                          : now + entry.lifetime_ns;
  const int map = fd(MapName::kVerdicts);
  if (bpf_map_update_elem(map, &key, &value, BPF_ANY) == 0) return {};
  if (errno == ENOSPC) {
    SLUICE_TRY_VOID(drop_dead_verdicts(epoch, now));
    if (bpf_map_update_elem(map, &key, &value, BPF_ANY) == 0) return {};
  }
  return Error::sys(errno, errno == ENOSPC
                               ? "set a verdict: the map of verdicts, one for each agent and "
                                 "address, is full; name networks instead of addresses"
                               : "set a verdict");
}

Result<void> KernelMaps::next_epoch() {
  const std::lock_guard lock{mutex_};
  SLUICE_TRY(const std::uint64_t epoch, setting(SLUICE_SETTING_EPOCH));
  SLUICE_TRY_VOID(set_setting(SLUICE_SETTING_EPOCH, epoch + 1));
  SLUICE_TRY_VOID(drop_dead_unix_verdicts(epoch + 1));
  // Dead already. Left in, a long prefix would go on hiding a shorter one of the new epoch.
  return drop_dead_verdicts(epoch + 1, monotonic_ns());
}

Result<void> KernelMaps::drop_dead_verdicts(std::uint64_t epoch, std::uint64_t now_ns) {
  const int map = fd(MapName::kVerdicts);
  SLUICE_TRY(const auto keys, keys_of<sluice_verdict_key>(map));
  for (const sluice_verdict_key& key : keys) {
    sluice_verdict value{};
    if (bpf_map_lookup_elem(map, &key, &value) != 0) continue;
    if (value.epoch == epoch && (value.expiry_ns == 0 || value.expiry_ns > now_ns)) continue;
    if (bpf_map_delete_elem(map, &key) != 0 && errno != ENOENT)
      return Error::sys(errno, "drop a dead verdict");
  }
  return {};
}

Result<void> KernelMaps::count_rules(const std::set<std::uint32_t>& rules) {
  const std::lock_guard lock{mutex_};
  const int map = fd(MapName::kRuleHits);
  SLUICE_TRY(const auto counted, keys_of<std::uint32_t>(map));
  for (const std::uint32_t rule : counted)
    if (!rules.contains(rule) && bpf_map_delete_elem(map, &rule) != 0 && errno != ENOENT)
      return Error::sys(errno, "forget the hits of a rule");
  const std::vector<std::uint64_t> zeros(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  for (const std::uint32_t rule : rules)
    if (bpf_map_update_elem(map, &rule, zeros.data(), BPF_NOEXIST) != 0 && errno != EEXIST)
      return Error::sys(errno, errno == E2BIG ? "count the hits of more than 16384 rules"
                                              : "count the hits of a rule");
  return {};
}

Result<std::map<std::uint32_t, std::uint64_t>> KernelMaps::rule_hits() const {
  const int map = fd(MapName::kRuleHits);
  SLUICE_TRY(const auto rules, keys_of<std::uint32_t>(map));
  std::map<std::uint32_t, std::uint64_t> hits;
  for (const std::uint32_t rule : rules) {
    const auto cpus = each_cpu<std::uint64_t>(map, rule);
    if (!cpus && cpus.error().code() == ENOENT) continue;  // taken out meanwhile
    if (!cpus) return cpus.error();
    hits[rule] = std::accumulate(cpus->begin(), cpus->end(), std::uint64_t{0});
  }
  return hits;
}

Result<std::uint32_t> KernelMaps::largest_subject() const {
  SLUICE_TRY(const auto ids, keys_of<std::uint64_t>(fd(MapName::kRuns)));
  std::uint32_t largest = 0;
  for (const std::uint64_t id : ids) {
    sluice_run run{};
    if (bpf_map_lookup_elem(fd(MapName::kRuns), &id, &run) == 0)
      largest = std::max(largest, run.subject);
  }
  SLUICE_TRY(const auto keys, keys_of<sluice_verdict_key>(fd(MapName::kVerdicts)));
  for (const sluice_verdict_key& key : keys) largest = std::max(largest, key.subject);
  SLUICE_TRY(const auto unix_keys, keys_of<sluice_unix_key>(fd(MapName::kUnixVerdicts)));
  for (const sluice_unix_key& key : unix_keys) largest = std::max(largest, key.subject);
  SLUICE_TRY(const auto steps, keys_of<sluice_awaited_key>(fd(MapName::kAwaited)));
  for (const sluice_awaited_key& step : steps) {
    sluice_awaited awaited{};
    if (bpf_map_lookup_elem(fd(MapName::kAwaited), &step, &awaited) == 0)
      largest = std::max(largest, awaited.subject);
  }
  return largest;
}

Result<void> KernelMaps::drop_verdicts_up_to(std::uint32_t subject) {
  const std::lock_guard lock{mutex_};
  const int map = fd(MapName::kVerdicts);
  SLUICE_TRY(const auto keys, keys_of<sluice_verdict_key>(map));
  for (const sluice_verdict_key& key : keys)
    if (key.subject <= subject && bpf_map_delete_elem(map, &key) != 0 && errno != ENOENT)
      return Error::sys(errno, "drop an earlier daemon's verdict");
  SLUICE_TRY(const auto subjects, keys_of<__u32>(fd(MapName::kSubjects)));
  for (const __u32 each : subjects)
    if (each <= subject && bpf_map_delete_elem(fd(MapName::kSubjects), &each) != 0 &&
        errno != ENOENT)
      return Error::sys(errno, "drop what an earlier daemon said of a lineage");
  return drop_unix_verdicts_up_to(subject);
}

// --- flows
// -------------------------------------------------------------------------------------------

Result<FlowRecord> KernelMaps::take_flow_record(int accepted_fd) {
  SLUICE_TRY(const std::uint64_t netns_cookie, netns_cookie_of(accepted_fd));
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  if (::getpeername(accepted_fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0)
    return Error::sys(errno, "ask an accepted connection for its peer");
  SLUICE_TRY(const Endpoint source, endpoint_of(peer));
  sockaddr_storage own{};
  length = sizeof own;
  if (::getsockname(accepted_fd, reinterpret_cast<sockaddr*>(&own), &length) != 0)
    return Error::sys(errno, "ask an accepted connection for its own address");
  SLUICE_TRY(const Endpoint listener, endpoint_of(own));
  sluice_flow_key key{};
  key.netns_cookie = netns_cookie;
  std::copy(source.ip.bytes.begin(), source.ip.bytes.end(), key.source);
  key.source_port = htons(source.port);
  key.listener_port = htons(listener.port);
  sluice_flow flow{};
  const int missing =
      bpf_map_lookup_and_delete_elem(fd(MapName::kFlows), &key, &flow) == 0 ? 0 : errno;
  sweep_now_and_then();
  totals_->add(missing == 0 ? FlowTotal::kTaken : FlowTotal::kUnknown);
  if (missing != 0)
    return Error::sys(missing, "find the flow record of a connection from " + source.text());
  FlowRecord record;
  record.flow = flow.flow;
  record.cgroup_id = flow.cgroup_id;
  record.agent_address = source;
  record.original_destination = endpoint_of(flow.destination, flow.destination_port);
  record.pid = flow.pid;
  return record;
}

// Best effort: a map that stays full refuses connections, and the next accept comes here again.
void KernelMaps::sweep_now_and_then() {
  {
    const std::lock_guard lock{mutex_};
    const std::uint64_t now = monotonic_ns();
    if (now - swept_at_ns_ < kUnacceptedAge) return;
    swept_at_ns_ = now;
  }
  (void)!sweep_flow_records(kUnacceptedAge).ok();
}

Result<std::size_t> KernelMaps::sweep_flow_records(std::uint64_t age_ns) {
  const int map = fd(MapName::kFlows);
  SLUICE_TRY(const auto keys, keys_of<sluice_flow_key>(map));
  const std::uint64_t now = monotonic_ns();
  std::size_t dropped = 0;
  for (const sluice_flow_key& key : keys) {
    sluice_flow flow{};
    if (bpf_map_lookup_elem(map, &key, &flow) != 0) continue;
    if (flow.closed_ns == 0 || now < flow.closed_ns || now - flow.closed_ns < age_ns) continue;
    if (bpf_map_delete_elem(map, &key) == 0) ++dropped;
  }
  totals_->add(FlowTotal::kSwept, dropped);
  return dropped;
}

// --- counters
// ----------------------------------------------------------------------------------------

Result<std::map<std::string, Counted>> KernelMaps::counted() const {
  std::map<std::string, Counted> sums;
  for (std::uint32_t reason = SLUICE_REASON_NONE + 1; reason < SLUICE_REASON_COUNT; ++reason) {
    SLUICE_TRY(const auto cpus, each_cpu<sluice_counter>(fd(MapName::kCounters), reason));
    Counted& sum = sums[std::string{reason_name(reason)}];
    for (const sluice_counter& cpu : cpus) {
      sum.total += cpu.total;
      sum.repeated += cpu.repeated;
      sum.lost += cpu.lost;
    }
  }
  return sums;
}

Result<std::map<std::string, std::uint64_t>> KernelMaps::counters() const {
  SLUICE_TRY(const auto all, counted());
  std::map<std::string, std::uint64_t> totals;
  for (const auto& [reason, counted] : all) totals[reason] = counted.total;
  return totals;
}

Result<SequenceTotals> KernelMaps::sequences() const {
  SLUICE_TRY(const auto cpus, each_cpu<sluice_cpu>(fd(MapName::kCpus), 0));
  SequenceTotals totals;
  for (const sluice_cpu& cpu : cpus) {
    totals.given_out += cpu.sequence;
    totals.lost += cpu.lost;
  }
  return totals;
}

Result<std::size_t> KernelMaps::waiting_flow_records() const {
  SLUICE_TRY(const auto keys, keys_of<sluice_flow_key>(fd(MapName::kFlows)));
  return keys.size();
}

Result<Books> KernelMaps::books(std::map<std::string, std::uint64_t> audited) const {
  Books books;
  books.audited = std::move(audited);
  SLUICE_TRY(books.counted, counted());
  SLUICE_TRY(books.sequences, sequences());
  SLUICE_TRY(books.waiting, waiting_flow_records());
  books.taken = totals_->get(FlowTotal::kTaken);
  books.sessions = totals_->get(FlowTotal::kSession);
  books.refused = totals_->get(FlowTotal::kRefused);
  books.swept = totals_->get(FlowTotal::kSwept);
  return books;
}

Result<void> KernelMaps::require_audit(bool required) {
  return set_setting(SLUICE_SETTING_AUDIT_REQUIRED, required ? 1 : 0);
}

}  // namespace sluice::kernel
