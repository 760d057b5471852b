// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/render.h"

#include "cli/replay/how_it_ended.h"
#include "cli/replay/json_text.h"
#include "cli/replay/moments.h"
#include "proto/postgres/replay_text.h"

#include <optional>

namespace sluice::cli {
namespace {

std::string_view name_of(DecisionKind kind) {
  constexpr std::string_view kNames[] = {"approved", "denied", "expired", "withdrawn"};
  return kNames[static_cast<std::size_t>(kind)];
}
std::string_view name_of(ObjectRef::Kind kind) {
  constexpr std::string_view kNames[] = {"table", "function", "other"};
  return kNames[static_cast<std::size_t>(kind)];
}
std::string_view name_of(pg::ReplayEvent::Kind kind) {
  using Kind = pg::ReplayEvent::Kind;
  switch (kind) {
    case Kind::kEncryption: return "encryption";
    case Kind::kLogin: return "login";
    case Kind::kParameter: return "parameter";
    case Kind::kColumns: return "columns";
    case Kind::kRow: return "row";
    case Kind::kCommand: return "command";
    case Kind::kError: return "error";
    case Kind::kNotice: return "notice";
    case Kind::kNotification: return "notification";
    case Kind::kReady: return "ready";
    case Kind::kCopy: return "copy";
    case Kind::kStep: return "step";
    case Kind::kUnreadable: return "unreadable";
  }
  return "?";
}

std::string base64(ByteView bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = (group << 8) | (j < count ? bytes[i + j] : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= count ? kAlphabet[(group >> (18 - 6 * j)) & 63U] : '=';
  }
  return out;
}

template <class List, class Each>
void array(JsonWriter& json, std::string_view name, const List& list, Each&& each) {
  json.key(name);
  json.begin_array();
  for (const auto& element : list) each(element);
  json.end_array();
}

// One object per event: number, at, type, then what the event has.
class EventJson {
 public:
  EventJson(JsonWriter& json, std::optional<pg::ReplayText>& stream)
      : json_(json), stream_(stream) {}

  void operator()(const SessionOpened& opened) {
    if (opened.protocol == "postgres") stream_.emplace(pg::ReplayText::Begin::kConversation);
    json_.member("type", "session_opened");
    json_.member("session", opened.session);
    json_.member_number("flow", opened.flow);
    array(json_, "lineage", opened.lineage, [this](const Run& run) {
      json_.begin_object();
      json_.member("id", run.id);
      json_.member("agent", run.agent);
      json_.member_number("cgroup_id", run.cgroup_id);
      json_.member("cgroup_path", run.cgroup_path);
      json_.member("launched_by", run.launched_by);
      json_.member("on_behalf_of", run.on_behalf_of);
      json_.member("task", run.task);
      json_.end_object();
    });
    json_.member("resource", opened.resource);
    json_.member("protocol", opened.protocol);
    json_.member("agent_address", opened.agent_address.text());
    json_.member("original_destination", opened.original_destination.text());
    json_.member_number("policy_version", opened.policy_version);
  }
  void operator()(const Remark& remark) {
    json_.member("type", "remark");
    json_.member("text", remark.text);
  }
  void operator()(const StatementJudged& judged) {
    json_.member("type", "statement");
    json_.member_number("statement", judged.statement);
    intent(judged.intent);
    verdict(judged.verdict);
    json_.member("ticket", judged.ticket);
  }
  void operator()(const HoldDecided& decided) {
    json_.member("type", "decision");
    json_.member("ticket", decided.ticket);
    json_.member_number("statement", decided.statement);
    json_.member("decision", name_of(decided.kind));
    json_.member("by", decided.by);
    json_.member("note", decided.note);
  }
  void operator()(const AgentSees& sees) {
    json_.member("type", "agent_sees");
    json_.member_number("bytes", sees.bytes.size());
    json_.member("base64", base64(sees.bytes));
    if (stream_) decoded(stream_->feed(sees.bytes));
  }
  void operator()(const SessionClosed& closed) {
    json_.member("type", "session_closed");
    json_.member("reason", closed.reason);
    json_.member_number("bytes_from_agent", closed.bytes_from_agent);
    json_.member_number("bytes_to_agent", closed.bytes_to_agent);
    json_.member_number("statements", closed.statements);
  }

 private:
  void intent(const Intent& intent) {
    json_.member("resource", intent.resource);
    json_.member("protocol", intent.protocol);
    json_.member("database", intent.database);
    json_.member("text", intent.statement);
    json_.member("fingerprint", intent.fingerprint);
    array(json_, "actions", intent.actions.list(),
          [this](Action action) { json_.text(sluice::name_of(action)); });
    array(json_, "objects", intent.objects, [this](const ObjectRef& object) {
      json_.begin_object();
      json_.member("kind", name_of(object.kind));
      json_.member("schema", object.schema);
      json_.member("name", object.name);
      json_.end_object();
    });
    array(json_, "columns", intent.columns, [this](const ColumnRef& column) {
      json_.begin_object();
      json_.member("schema", column.schema);
      json_.member("table", column.table);
      json_.member("column", column.column);
      json_.member_boolean("sensitive", column.sensitive);
      json_.end_object();
    });
    array(json_, "parameters", intent.parameters, [this](const Parameter& parameter) {
      parameter ? json_.text(*parameter) : json_.null();
    });
    json_.member_boolean("unbounded", intent.unbounded);
    json_.member("asked_at", moment_text(intent.asked_at));
  }
  void verdict(const Verdict& verdict) {
    const auto text = [this](const std::string& value) { json_.text(value); };
    json_.key("verdict");
    json_.begin_object();
    json_.member("kind", name_of(verdict.kind));
    json_.member("rule", verdict.rule);
    json_.member("agent", verdict.agent);
    json_.member("message", verdict.message);
    array(json_, "approver_users", verdict.approvers.users, text);
    array(json_, "approver_groups", verdict.approvers.groups, text);
    json_.member_number("approver_count", verdict.approvers.count);
    json_.member_number("timeout_s", static_cast<std::uint64_t>(verdict.timeout.count()));
    array(json_, "observed", verdict.observed, [this](const Observation& observed) {
      json_.begin_object();
      json_.member("rule", observed.rule);
      json_.member("kind", name_of(observed.kind));
      json_.end_object();
    });
    json_.member_number("policy_version", verdict.policy_version);
    json_.end_object();
  }
  void decoded(const std::vector<pg::ReplayEvent>& events) {
    array(json_, "messages", events, [this](const pg::ReplayEvent& event) {
      json_.begin_object();
      json_.member("kind", name_of(event.kind));
      json_.member("text", event.text);
      array(json_, "cells", event.cells, [this](const std::optional<std::string>& cell) {
        cell ? json_.text(*cell) : json_.null();
      });
      json_.end_object();
    });
  }

  JsonWriter& json_;
  std::optional<pg::ReplayText>& stream_;
};

}  // namespace

Replayed render_json(record::SessionReader& reader, const Output& out) {
  std::string text;
  JsonWriter json{text};
  std::optional<pg::ReplayText> stream;
  json.begin_object();
  json.key("events");
  json.begin_array();
  for (;;) {
    const auto step = reader.next();
    const auto* event = std::get_if<record::RecordedEvent>(&step);
    if (!event) {
      const Replayed ended = how_it_ended(step, reader.closed());
      json.end_array();
      json.member_boolean("closed", reader.closed());
      json.member_boolean("verified", ended != Replayed::kDamaged);
      json.key("damage");
      if (const auto* bad = std::get_if<record::Bad>(&step)) {
        json.begin_object();
        json.member_number("offset", bad->offset);
        json.member_number("block", bad->sequence);
        json.member("what", bad->what);
        json.end_object();
      } else {
        json.null();
      }
      json.end_object();
      out(text + "\n");
      return ended;
    }
    json.begin_object();
    json.member_number("number", event->number);
    json.member_number("block", event->block);
    json.member("at", moment_text(event->at));
    std::visit(EventJson{json, stream}, event->event);
    json.end_object();
    out(text);
    text.clear();
  }
}

}  // namespace sluice::cli
