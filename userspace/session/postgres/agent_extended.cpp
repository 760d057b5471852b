// SPDX-License-Identifier: Apache-2.0
// The extended query protocol (PostgreSQL manual, "Extended Query"). A statement is judged when its
// text comes (Parse) and again, with its parameters, when it is bound: Bind is the last message
// before the server acts on them.
#include <chrono>

#include "proto/postgres/build.h"
#include "session/postgres/agent_messages.h"
#include "session/postgres/bind_parameters.h"
#include "session/postgres/refusal.h"

namespace sluice::session {
namespace {

// A statement name that no client of ours uses; the server never keeps it, because its text cannot
// be parsed.
constexpr std::string_view kRefusedName = "sluice_refused";

// A portal that is executed again after this is judged again: rules may depend on the hour.
constexpr std::chrono::seconds kJudgementAgeMax{10};

std::vector<std::uint32_t> types_of(const pg::OidList& oids) {
  std::vector<std::uint32_t> types;
  types.reserve(oids.size());
  for (std::size_t i = 0; i < oids.size(); ++i) types.push_back(oids[i]);
  return types;
}

std::vector<pg::Format> formats_of(const pg::FormatCodes& codes) {
  std::vector<pg::Format> formats;
  formats.reserve(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) formats.push_back(codes.at(i));
  return formats;
}

pg::Format format_of(const std::vector<pg::Format>& formats, std::size_t position) {
  if (formats.size() == 1) return formats.front();
  return position < formats.size() ? formats[position] : pg::Format::kText;
}

bool copies_out(const AnalysedText& text) {
  const auto& statements = text.analysis->statements;
  return !statements.empty() && statements.front().kind == sql::StatementKind::kCopyOut;
}

// A name of which nothing is known.
PreparedPtr unread_prepared(std::string_view name) {
  auto text = std::make_shared<AnalysedText>();
  text->text = "(what \"" + std::string{name} + "\" stands for was not read)";
  text->analysis = std::make_shared<const sql::Analysis>();
  text->error = "it was made by a text that was not read";
  auto prepared = std::make_shared<PreparedStatement>();
  prepared->name = name;
  prepared->text = std::move(text);
  return prepared;
}

}  // namespace

// The server gets a Parse that fails in place of the refused message, and skips to Sync from there;
// so do we.
void AgentMessages::refuse_extended(std::unique_ptr<pg::Report> report,
                                    const std::string& request) {
  Unit unit;
  unit.kind = Unit::Kind::kParse;
  unit.refusal = std::move(report);
  pg::append_parse(context_.to_upstream.own(), kRefusedName, failing_text(request));
  // The agent may have asked with Flush for what it will not send a Sync for yet.
  pg::append_flush(context_.to_upstream.own());
  pipeline_.units.push_back(std::move(unit));
  pipeline_.skipping = true;
}

// A name that stands for nothing.
void AgentMessages::refuse_unknown(pg::Report report) {
  refuse_extended(std::make_unique<pg::Report>(std::move(report)), gate_.next_request());
}

// Null: there is none. Where nothing is guarded an unread text may have made it, and if not, the
// server says so.
PreparedPtr AgentMessages::prepared_named(std::string_view name) {
  PreparedPtr known = pipeline_.names.prepared(name);
  return known || !context_.unguarded() ? known : unread_prepared(name);
}

PortalPtr AgentMessages::portal_named(std::string_view name) {
  PortalPtr known = pipeline_.names.portal(name);
  if (known || !context_.unguarded()) return known;
  auto portal = std::make_shared<Portal>();
  portal->name = name;
  portal->prepared = unread_prepared(name);
  return portal;
}

AgentMessages::Outcome AgentMessages::on_parse(const Message& message, const pg::Parse& parse) {
  if (pipeline_.names.full()) {
    context_.fatal("53000", "too many prepared statements and portals in one session");
    return Outcome::kConsumed;
  }
  auto prepared = std::make_shared<PreparedStatement>();
  prepared->name = parse.statement;
  prepared->parameter_types = types_of(parse.parameter_types);
  prepared->text = analyse(parse.text);
  if (wait_for_newer_catalog(*prepared->text)) return Outcome::kWait;
  UpcomingBind bind = upcoming_bind(message.after, parse.statement, prepared->parameter_types,
                                    context_.options.limits);
  Judgement judgement = judge_.judge(*prepared->text, bind.parameters);
  // Whoever is asked must see the parameters, so wait until they are here or cannot come any more.
  if (judgement.verdict().kind == VerdictKind::kHold && !bind.certain && !gate_.holds())
    return Outcome::kWait;

  Admitted admitted = gate_.admit(std::move(judgement), prepared->text->text);
  if (admitted.admission == Admission::kWait) return Outcome::kWait;
  if (admitted.admission == Admission::kRefuse) {
    refuse_extended(std::move(admitted.refusal), admitted.request);
    return Outcome::kConsumed;
  }
  prepared->covered = std::move(bind.parameters);
  prepared->approved = std::move(admitted.approved);
  prepared->approved_epoch = pipeline_.names.epoch();
  Unit unit;
  unit.kind = Unit::Kind::kParse;
  unit.prepared = std::move(prepared);
  pipeline_.names.parse_sent(unit);
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  return Outcome::kConsumed;
}

// A prepared statement lives long; what it touches is judged by the catalogue of now. False: it
// cannot be read any more.
bool AgentMessages::renew_analysis(PreparedStatement& prepared) {
  if (prepared.made_by_sql || prepared.text->unread() ||
      prepared.text->analysis->catalog_version == context_.catalog->version())
    return true;
  prepared.text = analyse(prepared.text->text);
  return !prepared.text->unread();
}

AgentMessages::Outcome AgentMessages::on_bind(const Message& message, const pg::Bind& bind) {
  if (statement_in_doubt(pipeline_.units, bind.statement)) return wait_for_answers();
  PreparedPtr prepared = prepared_named(bind.statement);
  if (prepared && prepared->made_by_sql) {
    renew_names();
    prepared = prepared_named(bind.statement);
  }
  if (!prepared) {
    refuse_unknown(no_such_statement(bind.statement));
    return Outcome::kConsumed;
  }
  if (pipeline_.names.full()) {
    context_.fatal("53000", "too many prepared statements and portals in one session");
    return Outcome::kConsumed;
  }
  renew_analysis(*prepared);  // an unreadable text is judged as such below
  auto portal = std::make_shared<Portal>();
  portal->name = bind.portal;
  portal->prepared = prepared;
  portal->parameters =
      render_values(bind.parameters, bind.parameter_formats, prepared->parameter_types);
  portal->result_formats = formats_of(bind.result_formats);
  portal->judged_under = context_.options.policy().version();
  portal->judged_at = context_.now;

  Judgement judgement = judge_.judge(*prepared->text, portal->parameters);
  const bool approved = prepared->approved && prepared->approved_epoch == pipeline_.names.epoch() &&
                        same_intent(*prepared->approved, judgement.whole(prepared->text->text));
  const bool covered = !gate_.holds() && prepared->covered &&
                       *prepared->covered == portal->parameters &&
                       (judgement.verdict().kind == VerdictKind::kAllow ||
                        (judgement.verdict().kind == VerdictKind::kHold && approved));
  portal->approved = covered && approved;
  if (!covered) {
    Admitted admitted = gate_.admit(std::move(judgement), prepared->text->text);
    if (admitted.admission == Admission::kWait) return Outcome::kWait;
    if (admitted.admission == Admission::kRefuse) {
      refuse_extended(std::move(admitted.refusal), admitted.request);
      return Outcome::kConsumed;
    }
    portal->approved = admitted.approved.has_value();
  }
  prepared->covered.reset();
  prepared->approved.reset();
  Unit unit;
  unit.kind = Unit::Kind::kBind;
  unit.portal = std::move(portal);
  pipeline_.names.bind_sent(unit);
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  return Outcome::kConsumed;
}

AgentMessages::Outcome AgentMessages::on_describe(const Message& message,
                                                  const pg::Describe& describe) {
  const bool of_statement = describe.target == pg::Target::kStatement;
  if (of_statement ? statement_in_doubt(pipeline_.units, describe.name)
                   : portal_in_doubt(pipeline_.units, describe.name))
    return wait_for_answers();
  Unit unit;
  if (of_statement) {
    unit.kind = Unit::Kind::kDescribeStatement;
    unit.prepared = prepared_named(describe.name);
    if (!unit.prepared) {
      refuse_unknown(no_such_statement(describe.name));
      return Outcome::kConsumed;
    }
  } else {
    unit.kind = Unit::Kind::kDescribePortal;
    unit.portal = portal_named(describe.name);
    if (!unit.portal) {
      refuse_unknown(no_such_portal(describe.name));
      return Outcome::kConsumed;
    }
    unit.portal->described = true;
  }
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  return Outcome::kConsumed;
}

// Rows that must be masked need a description. Where the agent asks for none, because it remembers
// one, we ask.
void AgentMessages::describe_if_rows_are_read(const PortalPtr& portal) {
  if (portal->described || portal->plan) return;
  renew_analysis(*portal->prepared);
  const PreparedStatement& prepared = *portal->prepared;
  const sql::Statement* statement = prepared.text->analysis->statements.empty()
                                        ? nullptr
                                        : &prepared.text->analysis->statements.front();
  if (!rows_need_reading()) {
    portal->plan = ResultPlan{{}, true};
    return;
  }
  if (statement != nullptr && statement->lineage == sql::ResultLineage::kNoRows &&
      statement->kind != sql::StatementKind::kFetch)
    return;
  if (prepared.fields && prepared.fields_epoch == pipeline_.names.epoch()) {
    std::vector<ResultField> fields = *prepared.fields;
    for (std::size_t i = 0; i < fields.size(); ++i)
      fields[i].format = format_of(portal->result_formats, i);
    const PlanInputs inputs{statement, context_.catalog.get(), context_.options.resource.get()};
    if (unknown_tables(fields, inputs).empty()) {
      portal->plan = plan_result(fields, inputs);
      portal->remembered = std::move(fields);
      portal->planned_with = context_.catalog->version();
      return;
    }
  }
  Unit unit;
  unit.kind = Unit::Kind::kDescribePortal;
  unit.hidden = true;
  unit.portal = portal;
  pg::append_describe(context_.to_upstream.own(), pg::Target::kPortal, portal->name);
  portal->described = true;
  pipeline_.units.push_back(std::move(unit));
}

// A portal that was bound under another policy, or a while ago, or that SQL declared. Nothing: it
// may run.
std::optional<AgentMessages::Outcome> AgentMessages::judge_portal_again(const PortalPtr& portal) {
  const std::uint64_t version = context_.options.policy().version();
  const bool judged =
      portal->judged_under == version && context_.now - portal->judged_at <= kJudgementAgeMax;
  // What a COPY writes goes by the encoding that holds when it begins.
  const bool may_be_misread = context_.meaning_unsettled && copies_out(*portal->prepared->text);
  if (judged && !gate_.holds() && !may_be_misread) return std::nullopt;
  Judgement judgement = judge_.judge(*portal->prepared->text, portal->parameters);
  const VerdictKind kind = judgement.verdict().kind;
  const bool more_of_the_same =
      portal->judged_under != 0 && !gate_.holds() &&
      (kind == VerdictKind::kAllow || (kind == VerdictKind::kHold && portal->approved));
  if (!more_of_the_same) {
    Admitted admitted = gate_.admit(std::move(judgement), portal->prepared->text->text);
    if (admitted.admission == Admission::kWait) return Outcome::kWait;
    if (admitted.admission == Admission::kRefuse) {
      refuse_extended(std::move(admitted.refusal), admitted.request);
      return Outcome::kConsumed;
    }
    portal->approved = admitted.approved.has_value();
  }
  portal->judged_under = version;
  portal->judged_at = context_.now;
  return std::nullopt;
}

AgentMessages::Outcome AgentMessages::on_execute(const Message& message,
                                                 const pg::Execute& execute) {
  if (portal_in_doubt(pipeline_.units, execute.portal)) return wait_for_answers();
  const PortalPtr portal = portal_named(execute.portal);
  if (!portal) {
    refuse_unknown(no_such_portal(execute.portal));
    return Outcome::kConsumed;
  }
  if (const auto outcome = judge_portal_again(portal)) return *outcome;
  describe_if_rows_are_read(portal);
  Unit unit;
  unit.kind = Unit::Kind::kExecute;
  unit.portal = portal;
  note_effects(unit, *portal->prepared->text, true);
  unit.copies_left = copies_of(*portal->prepared->text);
  pipeline_.names.text_sent(*portal->prepared->text);
  const bool settles = unit.settles;
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  // We wait for its answer before we read on, so the server must not wait for the agent's Sync to
  // give it.
  if (settles) pg::append_flush(context_.to_upstream.own());
  return Outcome::kConsumed;
}

AgentMessages::Outcome AgentMessages::on_close(const Message& message, const pg::Close& close) {
  Unit unit;
  unit.kind = Unit::Kind::kClose;
  unit.closed_statement = close.target == pg::Target::kStatement;
  unit.closed_name = close.name;
  pipeline_.names.close_sent(unit);
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  return Outcome::kConsumed;
}

AgentMessages::Outcome AgentMessages::on_sync(const Message& message) {
  pipeline_.skipping = false;
  Unit unit;
  unit.kind = Unit::Kind::kSync;
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  return Outcome::kConsumed;
}

}  // namespace sluice::session
