// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>

#include "base/time_text.h"
#include "base/unix_name.h"

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

// File system and inode, as stat(2) shows them. Not the path: the worker may not read it, and it
// says less.
json::object executable_of(const kernel::KernelEvent& event) {
  json::object executable;
  executable["device"] = std::to_string(event.executable.device >> 20) + ":" +
                         std::to_string(event.executable.device & 0xfffff);
  executable["inode"] = event.executable.inode;
  return executable;
}

json::object line_of(const kernel::KernelEvent& event, const RunRegistry& runs,
                     const RuleIds& rules, const Clock& clock) {
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
  if (event.executable.inode != 0) line["executable"] = executable_of(event);
  line["destination"] = event.unix_name.empty() ? event.destination.text()
                                                : "unix:" + printable_unix_name(event.unix_name);
  line["ip_protocol"] = event.ip_protocol;
  line["verdict"] = name_of_verdict(event.verdict);
  line["reason"] = event.reason;
  if (event.rule != 0) line["rule"] = rules.name_of(event.rule);
  if (event.denied_errno != 0) line["errno"] = event.denied_errno;
  if (event.kind == kernel::KernelEventKind::kClosed) {
    line["bytes_sent"] = event.bytes_sent;
    line["bytes_received"] = event.bytes_received;
  }
  return line;
}

}  // namespace

Result<AuditLog> AuditLog::open(const std::string& file, kernel::EventReader reader,
                                Observer also) {
  UniqueFd fd{::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)};
  if (!fd) return Error::sys(errno, "open audit file '" + file + "'");
  return AuditLog{std::move(fd), file, std::move(reader), std::move(also)};
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
  const std::lock_guard lock{*mutex_};
  std::string lines;
  for (const auto& [run, connection, why] : found) {
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
    if (!why.empty()) line["why"] = why;
    lines += json::serialize(line);
    lines += '\n';
  }
  return write(lines);
}

Result<void> AuditLog::drain(const RunRegistry& runs, const RuleIds& rules,
                             const kernel::KernelMaps& kernel, const Clock& clock) {
  const std::lock_guard lock{*mutex_};
  std::string lines;
  const auto add = [&](const kernel::KernelEvent& event) {
    lines += json::serialize(line_of(event, runs, rules, clock));
    lines += '\n';
    also_(event);
  };
  const auto written = [&](std::uint64_t said) -> Result<std::uint64_t> {
    SLUICE_TRY(const kernel::SequenceTotals sequences, kernel.sequences());
    if (sequences.lost > said) {
      lines += json::serialize(json::object{
          {"time", to_rfc3339(clock.wall())}, {"event", "lost"}, {"count", sequences.lost - said}});
      lines += '\n';
    }
    SLUICE_TRY_VOID(write(lines));
    lines.clear();
    return sequences.lost;
  };
  SLUICE_TRY([[maybe_unused]] const std::size_t count, reader_.drain(add, written));
  return {};
}

Result<void> AuditLog::append(const std::string& lines) {
  const std::lock_guard lock{*mutex_};
  return write(lines);
}

std::map<std::string, std::uint64_t> AuditLog::audited() const {
  const std::lock_guard lock{*mutex_};
  return reader_.audited();
}

}  // namespace sluice::daemon
