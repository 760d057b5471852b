// SPDX-License-Identifier: Apache-2.0
#include "record/decode.h"

#include "record/event_tags.h"
#include "record/format.h"
#include "record/wire.h"

#include <algorithm>

namespace sluice::record {
namespace {

template <class E>
E enumerator(Cursor& in, E last) {
  const std::uint8_t value = in.byte();
  if (value > static_cast<std::uint8_t>(last)) in.fail();
  return static_cast<E>(value);
}

// Grows by what is really there, never by what the count claims.
template <class T, class Read>
std::vector<T> list(Cursor& in, Read&& read_one) {
  const std::uint64_t count = in.varint();
  if (count > kListMax) in.fail();
  std::vector<T> elements;
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) elements.push_back(read_one(in));
  return elements;
}

WallTime time(Cursor& in) {
  return WallTime{std::chrono::nanoseconds{static_cast<std::int64_t>(in.fixed64())}};
}

Run run(Cursor& in) {
  Run out;
  out.id = in.text();
  out.agent = in.text();
  out.cgroup_id = in.varint();
  out.cgroup_path = in.text();
  out.launched_by = in.text();
  out.on_behalf_of = in.text();
  out.task = in.text();
  return out;
}

Endpoint endpoint(Cursor& in) {
  Endpoint out;
  const ByteView ip = in.raw(out.ip.bytes.size());
  std::copy(ip.begin(), ip.end(), out.ip.bytes.begin());
  const std::uint64_t port = in.varint();
  if (port > 0xFFFF) in.fail();
  out.port = static_cast<std::uint16_t>(port);
  return out;
}

Intent intent(Cursor& in) {
  Intent out;
  out.resource = in.text();
  out.protocol = in.text();
  out.database = in.text();
  out.statement = in.text();
  out.fingerprint = in.text();
  const std::uint64_t actions = in.varint();
  out.actions = ActionSet::from_bits(actions);
  if (out.actions.bits() != actions) in.fail();
  out.objects = list<ObjectRef>(in, [](Cursor& c) {
    ObjectRef object;
    object.kind = enumerator(c, ObjectRef::Kind::kOther);
    object.schema = c.text();
    object.name = c.text();
    return object;
  });
  out.columns = list<ColumnRef>(in, [](Cursor& c) {
    ColumnRef column;
    column.schema = c.text();
    column.table = c.text();
    column.column = c.text();
    column.sensitive = c.flag();
    return column;
  });
  out.parameters = list<Parameter>(
      in, [](Cursor& c) { return c.flag() ? Parameter{c.text()} : Parameter{std::nullopt}; });
  out.unbounded = in.flag();
  out.asked_at = time(in);
  return out;
}

Verdict verdict(Cursor& in) {
  const auto text = [](Cursor& c) { return c.text(); };
  Verdict out;
  out.kind = enumerator(in, VerdictKind::kDeny);
  out.rule = in.text();
  out.agent = in.text();
  out.message = in.text();
  out.approvers.users = list<std::string>(in, text);
  out.approvers.groups = list<std::string>(in, text);
  const std::uint64_t count = in.varint();
  if (count > 0xFFFFFFFFU) in.fail();
  out.approvers.count = static_cast<std::uint32_t>(count);
  out.timeout = std::chrono::seconds{static_cast<std::int64_t>(in.fixed64())};
  out.observed = list<Observation>(in, [](Cursor& c) {
    Observation observation;
    observation.rule = c.text();
    observation.kind = enumerator(c, VerdictKind::kDeny);
    return observation;
  });
  out.policy_version = in.varint();
  return out;
}

SessionOpened session_opened(Cursor& in) {
  SessionOpened out;
  out.session = in.text();
  out.flow = in.varint();
  out.lineage = list<Run>(in, run);
  out.resource = in.text();
  out.protocol = in.text();
  out.agent_address = endpoint(in);
  out.original_destination = endpoint(in);
  out.policy_version = in.varint();
  return out;
}

StatementJudged statement_judged(Cursor& in) {
  StatementJudged out;
  out.statement = in.varint();
  out.intent = intent(in);
  out.verdict = verdict(in);
  out.ticket = in.text();
  return out;
}

HoldDecided hold_decided(Cursor& in) {
  HoldDecided out;
  out.ticket = in.text();
  out.statement = in.varint();
  out.kind = enumerator(in, DecisionKind::kWithdrawn);
  out.by = in.text();
  out.note = in.text();
  return out;
}

SessionClosed session_closed(Cursor& in) {
  SessionClosed out;
  out.reason = in.text();
  out.bytes_from_agent = in.varint();
  out.bytes_to_agent = in.varint();
  out.statements = in.varint();
  return out;
}

}  // namespace

std::variant<DecodedEvent, BadEvent> decode_event(ByteView bytes) {
  Cursor head{bytes};
  const std::uint8_t tag = head.byte();
  const std::uint32_t body_bytes = head.fixed32();
  if (head.failed()) return BadEvent{"an event's head is cut short"};
  if (body_bytes > head.rest().size()) return BadEvent{"an event is longer than its block"};
  Cursor in{head.raw(body_bytes)};
  DecodedEvent out;
  out.bytes = bytes.size() - head.rest().size();
  out.at = time(in);
  switch (static_cast<Tag>(tag)) {
    case Tag::kSessionOpened: out.event = session_opened(in); break;
    case Tag::kRemark: out.event = Remark{in.text()}; break;
    case Tag::kStatementJudged: out.event = statement_judged(in); break;
    case Tag::kHoldDecided: out.event = hold_decided(in); break;
    case Tag::kAgentSees: out.event = AgentSees{in.raw(in.rest().size())}; break;
    case Tag::kSessionClosed: out.event = session_closed(in); break;
    default: return BadEvent{"an event has the unknown tag " + std::to_string(tag)};
  }
  if (!in.done()) return BadEvent{"an event of tag " + std::to_string(tag) + " is malformed"};
  return out;
}

}  // namespace sluice::record
