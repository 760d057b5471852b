// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>

#include "base/time_text.h"

namespace sluice::daemon {
namespace {

namespace json = boost::json;

std::string_view name_of_verdict(ConnectVerdict verdict) {
  switch (verdict) {
    case ConnectVerdict::kSteer: return "steer";
    case ConnectVerdict::kDirect: return "direct";
    case ConnectVerdict::kDeny: return "deny";
  }
  return "?";
}

// CLOCK_MONOTONIC of the kernel, as wall time of now.
WallTime wall_of(std::uint64_t monotonic_ns, const Clock& clock) {
  const auto ago = clock.steady().time_since_epoch() - std::chrono::nanoseconds{monotonic_ns};
  return clock.wall() - std::chrono::duration_cast<std::chrono::nanoseconds>(ago);
}

json::object line_of(const kernel::KernelEvent& event, const RunRegistry& runs,
                     const policy::Policy& policy, const Clock& clock) {
  json::object line;
  line["time"] = to_rfc3339(wall_of(event.time_ns, clock));
  line["event"] = kernel::name_of(event.kind);
  line["cpu"] = event.cpu;
  line["sequence"] = event.sequence;
  line["flow"] = std::to_string(event.flow);  // 64 bits do not fit the numbers of every JSON reader
  if (const auto run = runs.living_or_ended(event.cgroup_id)) {
    line["run"] = run->run.id;
    json::array lineage;
    for (const Run& member : *run->lineage) lineage.emplace_back(member.agent);
    line["lineage"] = std::move(lineage);
    line["on_behalf_of"] = run->run.on_behalf_of;
  } else {
    line["cgroup_id"] = event.cgroup_id;
  }
  line["pid"] = event.pid;
  line["task_start_ns"] = event.task_start_ns;
  line["destination"] = event.destination.text();
  line["ip_protocol"] = event.ip_protocol;
  line["verdict"] = name_of_verdict(event.verdict);
  line["reason"] = event.reason;
  if (event.rule != 0) line["rule"] = policy.rule_name(event.rule);
  if (event.denied_errno != 0) line["errno"] = event.denied_errno;
  if (event.kind == kernel::KernelEventKind::kClosed) {
    line["bytes_sent"] = event.bytes_sent;
    line["bytes_received"] = event.bytes_received;
  }
  return line;
}

}  // namespace

Result<AuditLog> AuditLog::open(const std::string& file, kernel::EventReader reader) {
  UniqueFd fd{::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)};
  if (!fd) return Error::sys(errno, "open audit file '" + file + "'");
  return AuditLog{std::move(fd), file, std::move(reader)};
}

Result<void> AuditLog::write(const std::string& lines) {
  std::size_t written = 0;
  while (written < lines.size()) {
    const ssize_t count = ::write(file_.get(), lines.data() + written, lines.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::sys(errno, "write audit file '" + name_ + "'");
    written += static_cast<std::size_t>(count);
  }
  return {};
}

Result<void> AuditLog::write_found_open(const std::vector<FoundOpen>& found, const Clock& clock) {
  if (found.empty()) return {};
  std::string lines;
  for (const auto& [run, connection, why_kept] : found) {
    json::object line;
    line["time"] = to_rfc3339(clock.wall());
    line["event"] = "found_open";
    line["run"] = run.run.id;
    json::array lineage;
    for (const Run& member : *run.lineage) lineage.emplace_back(member.agent);
    line["lineage"] = std::move(lineage);
    if (connection) {
      line["pid"] = connection->pid;
      line["ip_protocol"] = connection->ip_protocol;
      line["local"] = connection->local.text();
      line["destination"] = connection->remote.text();
      line["outcome"] = connection->killed ? "killed" : "kept";
    } else {
      line["outcome"] = "unknown";
    }
    if (!why_kept.empty()) line["why"] = why_kept;
    lines += json::serialize(line);
    lines += '\n';
  }
  return write(lines);
}

Result<void> AuditLog::drain(const RunRegistry& runs, const PolicyHolder& policies,
                             const Clock& clock) {
  std::string lines;
  const auto policy = policies.policy();
  SLUICE_TRY(const std::size_t count, reader_.drain([&](const kernel::KernelEvent& event) {
    lines += json::serialize(line_of(event, runs, *policy, clock));
    lines += '\n';
  }));
  events_ += count;
  if (const std::uint64_t lost = reader_.lost(); lost > lost_said_) {
    lines += json::serialize(json::object{
        {"time", to_rfc3339(clock.wall())}, {"event", "lost"}, {"count", lost - lost_said_}});
    lines += '\n';
    lost_said_ = lost;
  }
  return write(lines);
}

}  // namespace sluice::daemon
