// SPDX-License-Identifier: Apache-2.0
#include "record/encode.h"

#include "record/event_tags.h"
#include "record/format.h"
#include "record/wire.h"

#include <algorithm>

namespace sluice::record {
namespace {

constexpr std::size_t kEventHeaderBytes = 5;  // tag, body_bytes

// Each struct is taken apart by a structured binding that names all of its members: one that is
// added to the struct and forgotten here does not compile.
class EventWriter {
 public:
  explicit EventWriter(Bytes& out) : writer_(out) {}
  bool list_too_long() const { return list_too_long_; }

  void operator()(const SessionOpened& opened) {
    const auto& [session, flow, lineage, resource, protocol, agent, destination, version] = opened;
    writer_.text(session);
    writer_.varint(flow);
    list(lineage, [this](const Run& run) { write(run); });
    writer_.text(resource);
    writer_.text(protocol);
    write(agent);
    write(destination);
    writer_.varint(version);
  }
  void operator()(const Remark& remark) {
    const auto& [text] = remark;
    writer_.text(text);
  }
  void operator()(const StatementJudged& judged) {
    const auto& [statement, intent, verdict, ticket] = judged;
    writer_.varint(statement);
    write(intent);
    write(verdict);
    writer_.text(ticket);
  }
  void operator()(const HoldDecided& decided) {
    const auto& [ticket, statement, kind, by, note] = decided;
    writer_.text(ticket);
    writer_.varint(statement);
    writer_.byte(static_cast<std::uint8_t>(kind));
    writer_.text(by);
    writer_.text(note);
  }
  void operator()(const AgentSees& sees) {
    const auto& [bytes] = sees;
    writer_.raw(bytes);
  }
  void operator()(const SessionClosed& closed) {
    const auto& [reason, from_agent, to_agent, statements] = closed;
    writer_.text(reason);
    writer_.varint(from_agent);
    writer_.varint(to_agent);
    writer_.varint(statements);
  }

 private:
  template <class List, class Write>
  void list(const List& elements, Write&& write_one) {
    if (elements.size() > kListMax) {
      list_too_long_ = true;
      return;
    }
    writer_.varint(elements.size());
    for (const auto& element : elements) write_one(element);
  }
  void texts(const std::vector<std::string>& values) {
    list(values, [this](const std::string& value) { writer_.text(value); });
  }
  void write(const Run& run) {
    const auto& [id, agent, cgroup_id, cgroup_path, launched_by, on_behalf_of, task] = run;
    writer_.text(id);
    writer_.text(agent);
    writer_.varint(cgroup_id);
    writer_.text(cgroup_path);
    writer_.text(launched_by);
    writer_.text(on_behalf_of);
    writer_.text(task);
  }
  void write(const Endpoint& endpoint) {
    const auto& [ip, port] = endpoint;
    writer_.raw(ip.bytes);
    writer_.varint(port);
  }
  void write(const Intent& intent) {
    // The session has the lineage; it is not written again. The digest is of no use afterwards.
    const auto& [lineage, resource, protocol, database, statement, fingerprint, actions, objects,
                 columns, parameters, unshown_digest, unbounded, asked_at] = intent;
    static_cast<void>(lineage);
    static_cast<void>(unshown_digest);
    writer_.text(resource);
    writer_.text(protocol);
    writer_.text(database);
    writer_.text(statement);
    writer_.text(fingerprint);
    writer_.varint(actions.bits());
    list(objects, [this](const ObjectRef& object) {
      const auto& [kind, schema, name] = object;
      writer_.byte(static_cast<std::uint8_t>(kind));
      writer_.text(schema);
      writer_.text(name);
    });
    list(columns, [this](const ColumnRef& column_ref) {
      const auto& [schema, table, column, sensitive] = column_ref;
      writer_.text(schema);
      writer_.text(table);
      writer_.text(column);
      writer_.flag(sensitive);
    });
    list(parameters, [this](const Parameter& parameter) {
      writer_.flag(parameter.has_value());
      if (parameter) writer_.text(*parameter);
    });
    writer_.flag(unbounded);
    writer_.fixed64(static_cast<std::uint64_t>(asked_at.time_since_epoch().count()));
  }
  void write(const Verdict& verdict) {
    const auto& [kind, rule, agent, message, approvers, timeout, observed, version] = verdict;
    writer_.byte(static_cast<std::uint8_t>(kind));
    writer_.text(rule);
    writer_.text(agent);
    writer_.text(message);
    const auto& [users, groups, count] = approvers;
    texts(users);
    texts(groups);
    writer_.varint(count);
    writer_.fixed64(static_cast<std::uint64_t>(timeout.count()));
    list(observed, [this](const Observation& observation) {
      const auto& [observed_rule, observed_kind] = observation;
      writer_.text(observed_rule);
      writer_.byte(static_cast<std::uint8_t>(observed_kind));
    });
    writer_.varint(version);
  }

  Writer writer_;
  bool list_too_long_ = false;
};

}  // namespace

Result<void> encode_event(WallTime at, const Event& event, Bytes& out) {
  const std::size_t start = out.size();
  if (const auto* sees = std::get_if<AgentSees>(&event)) {
    if (sees->bytes.size() > kEventBytesMax)
      return Error{"record " + std::to_string(sees->bytes.size()) +
                   " bytes of what the agent sees: over the limit of an event"};
  }
  out.resize(start + kEventHeaderBytes);
  out[start] = tag_of(event);
  Writer{out}.fixed64(static_cast<std::uint64_t>(at.time_since_epoch().count()));
  EventWriter writer{out};
  std::visit(writer, event);
  const std::size_t event_bytes = out.size() - start;
  if (writer.list_too_long() || event_bytes > kEventBytesMax) {
    out.resize(start);
    return Error{writer.list_too_long() ? "record an event: one of its lists is over the limit"
                                        : "record an event of " + std::to_string(event_bytes) +
                                              " bytes: over the limit of an event"};
  }
  put_u32(out.data() + start + 1, static_cast<std::uint32_t>(event_bytes - kEventHeaderBytes));
  return {};
}

}  // namespace sluice::record
