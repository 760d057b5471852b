// SPDX-License-Identifier: Apache-2.0
#include "daemon/dns_desk.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/time_text.h"
#include "daemon/verdict_publisher.h"

namespace sluice::daemon {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kSayLimitedEvery{1};

json::object line_about(const LiveRun& run, const char* event, WallTime now) {
  json::object line;
  line["time"] = to_rfc3339(now);
  line["event"] = event;
  line["run"] = run.run.id;
  json::array lineage;
  for (const Run& member : *run.lineage) lineage.emplace_back(member.agent);
  line["lineage"] = std::move(lineage);
  line["on_behalf_of"] = run.run.on_behalf_of;
  return line;
}

}  // namespace

bool DnsDesk::may_ask(const LiveRun& run, SteadyTime now) {
  const std::lock_guard lock{mutex_};
  if (line_count_ >= limits_.lines_max) {
    ++unrecorded_;
    return false;
  }
  // A run that has all its tokens is as one that never asked.
  const auto full_after = std::chrono::duration<double>{limits_.burst / limits_.queries_per_second};
  if (buckets_.size() >= limits_.runs_max)
    std::erase_if(buckets_,
                  [&](const auto& each) { return now - each.second.filled > full_after; });
  const auto [found, is_new] = buckets_.try_emplace(run.run.cgroup_id);
  Bucket& bucket = found->second;
  if (is_new) {
    bucket.tokens = limits_.burst;
  } else {
    const std::chrono::duration<double> since = now - bucket.filled;
    bucket.tokens =
        std::min(limits_.burst, bucket.tokens + since.count() * limits_.queries_per_second);
  }
  bucket.filled = now;
  const bool may = bucket.tokens >= 1;
  if (may) {
    bucket.tokens -= 1;
  } else {
    ++limited_;
    ++bucket.dropped;
  }
  if (bucket.dropped != 0 && now - bucket.said >= kSayLimitedEvery) {
    json::object line = line_about(run, "dns_limited", ports_.clock.wall());
    line["dropped"] = std::exchange(bucket.dropped, 0);
    lines_ += json::serialize(line) + "\n";
    ++line_count_;
    bucket.said = now;
  }
  return may;
}

void DnsDesk::say(const LiveRun& run, const FlowRecord& who, const net::DnsReply& reply,
                  bool stream) {
  json::object line = line_about(run, "dns", ports_.clock.wall());
  line["pid"] = who.pid;
  line["flow"] = std::to_string(who.flow);
  line["resolver"] = who.original_destination.text();
  line["transport"] = stream ? "tcp" : "udp";
  line["name"] = reply.name;
  line["type"] = reply.type;
  line["verdict"] = net::name_of(reply.verdict);
  if (!reply.addresses.empty()) {
    json::array addresses;
    for (const IpAddress& ip : reply.addresses) addresses.emplace_back(ip.text());
    line["addresses"] = std::move(addresses);
  }
  if (reply.truncated) line["truncated"] = true;
  const std::lock_guard lock{mutex_};
  lines_ += json::serialize(line) + "\n";
  ++line_count_;
}

void DnsDesk::open() {
  const std::lock_guard lock{answering_};
  open_ = true;
}

void DnsDesk::close() {
  const std::lock_guard lock{answering_};
  open_ = false;
}

Bytes DnsDesk::answer(const FlowRecord& who, ByteView query, bool stream) {
  const std::shared_lock lock{answering_};
  if (!open_) return {};
  const auto run = ports_.runs.by_cgroup_of_flow(who.cgroup_id);
  if (!run || run->revoked) {
    ++unowned_;
    return {};
  }
  if (!may_ask(*run, ports_.clock.steady())) return {};
  const auto names = names_.of(ports_.policies.policy(), agents_of(*run->lineage));
  net::DnsReply reply =
      net::answer_dns(query, stream, limits_.message, [&](const std::string& name) {
        net::DnsName found;
        found.known = names->contains(name);
        if (!found.known) return found;
        const auto book = ports_.newest();
        if (const auto known = book->find(name); known != book->end())
          found.addresses = known->second;
        return found;
      });
  ++by_verdict_[static_cast<std::size_t>(reply.verdict)];
  say(*run, who, reply, stream);
  return std::move(reply.message);
}

std::string DnsDesk::take_lines() {
  const std::lock_guard lock{mutex_};
  line_count_ = 0;
  return std::exchange(lines_, {});
}

std::vector<std::pair<std::string, std::uint64_t>> DnsDesk::counters() const {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (std::size_t i = 0; i < by_verdict_.size(); ++i)
    all.emplace_back("dns_" + std::string{net::name_of(static_cast<net::DnsVerdict>(i))},
                     by_verdict_[i].load());
  all.emplace_back("dns_limited", limited_.load());
  all.emplace_back("dns_unowned", unowned_.load());
  all.emplace_back("dns_unrecorded", unrecorded_.load());
  return all;
}

}  // namespace sluice::daemon
