// SPDX-License-Identifier: Apache-2.0
// The extended query protocol (PostgreSQL manual, "Extended Query"). A statement is judged when its
// text comes (Parse) and again, with its parameters, when it is bound: Bind is the last message
// before the server acts on them.
#include <chrono>

#include "proto/postgres/build.h"
#include "session/postgres/agent_messages.h"
#include "session/postgres/bind_parameters.h"
#include "session/postgres/prepared_meaning.h"
#include "session/postgres/refusal.h"
#include "session/postgres/server_name.h"
#include "sql/declared_types.h"

namespace sluice::session {
namespace {

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

// Of a text that comes without values: what they become depends on these.
std::string digest_of_types(const std::vector<std::uint32_t>& types) {
  std::string digest = "types";
  for (const std::uint32_t type : types) digest += " " + std::to_string(type);
  return digest;
}

// What was approved longer ago is compared by the catalogue of now.
constexpr std::chrono::seconds kApprovalAgeMax{1};

bool copies_out(const AnalysedText& text) {
  const auto& statements = text.analysis->statements;
  return !statements.empty() && statements.front().kind == sql::StatementKind::kCopyOut;
}

// Rows are read and changed by what Bind found. All else looks its names up when it runs.
bool looks_up_names_when_run(const AnalysedText& text) {
  const auto& statements = text.analysis->statements;
  return statements.empty() || !sql::is_planned(statements.front().kind);
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
  pg::append_parse(context_.to_upstream.own(), kNobodysName, failing_text(request));
  // The agent may have asked with Flush for what it will not send a Sync for yet.
  pg::append_flush(context_.to_upstream.own());
  pipeline_.units.push_back(std::move(unit));
  pipeline_.skipping = true;
}

// A name that stands for nothing.
void AgentMessages::refuse_unknown(pg::Report report) {
  refuse_extended(std::make_unique<pg::Report>(std::move(report)), gate_.next_request());
}

// A name that may be another's at the server: it gets names in its own encoding, and what a name
// was given in one is not what it is in another. Nothing: it is the one that we know.
std::optional<AgentMessages::Outcome> AgentMessages::settle_name(std::string_view name) {
  if (is_ascii(name) || context_.unguarded()) return std::nullopt;
  if (pipeline_.encoding_may_change()) return wait_for_answers();
  if (context_.client_encoding == "UTF8" && context_.server_encoding == "UTF8" &&
      !context_.may_read_otherwise())
    return std::nullopt;
  refuse_unknown(name_beyond_ascii(context_.client_encoding, context_.server_encoding));
  return Outcome::kConsumed;
}

// Null: there is none. Where nothing is guarded an unread text may have made it, and if not, the
// server says so.
PreparedPtr AgentMessages::prepared_named(std::string_view name) {
  PreparedPtr known = pipeline_.names.prepared(name);
  return known || !context_.unguarded() ? known : unread_prepared(name);
}

PortalPtr AgentMessages::portal_named(std::string_view name) {
  if (pipeline_.names.is_declared(name))
    pipeline_.names.renew(sql::SessionNames::Space::kCursor, std::string{name}, reader_of_names());
  PortalPtr known = pipeline_.names.portal(name);
  if (known || !context_.unguarded()) return known;
  auto portal = std::make_shared<Portal>();
  portal->name = name;
  portal->prepared = unread_prepared(name);
  portal->text = portal->prepared->text;
  return portal;
}

AgentMessages::Outcome AgentMessages::on_parse(const Message& message, const pg::Parse& parse) {
  const std::string_view name = server_name(parse.statement);
  if (const auto outcome = settle_name(name)) return *outcome;
  std::vector<std::uint32_t> types = types_of(parse.parameter_types);
  if (bind_awaited_ &&
      !upcoming_bind(message.after, parse.statement, read_by(types), context_.options.limits)
           .certain)
    return Outcome::kWait;
  if (wait_for_names(parse.text) || wait_for_reading(parse.text)) return Outcome::kWait;
  if (pipeline_.names.full()) {
    context_.fatal("53000", "too many prepared statements and portals in one session");
    return Outcome::kConsumed;
  }
  auto prepared = std::make_shared<PreparedStatement>();
  prepared->name = name;
  prepared->parameter_types = std::move(types);
  if (sql::any_unknown_type(prepared->parameter_types, *context_.catalog) && may_look_again()) {
    look_again();
    return Outcome::kWait;
  }
  const AnalysedTextPtr text = analyse(parse.text);
  prepared->text = with_declared_types(text, prepared->parameter_types, context_);
  if (wait_for_newer_catalog(*prepared->text)) return Outcome::kWait;
  prepared->meant = pipeline_.names.meant_by(*prepared->text);
  UpcomingBind bind = upcoming_bind(message.after, parse.statement,
                                    read_by(prepared->parameter_types), context_.options.limits);
  // Nothing is cast to the declared types before values are bound.
  Judgement judgement = judge_.judge(bind.message ? *prepared->text : *text, bind.parameters);
  // Whoever is asked must see the parameters, so wait until they are here or cannot come any more.
  bind_awaited_ = judgement.verdict().kind == VerdictKind::kHold && !bind.certain && !gate_.holds();
  if (bind_awaited_) return Outcome::kWait;
  if (wait_for_settings(judgement)) return Outcome::kWait;
  refuse_other_meanings(judgement, *prepared->text);
  if (gate_.compares(judgement)) {
    if (bind.message)
      judgement.parameters_digest = digest_of(
          bind.message->parameters, bind.message->parameter_formats, prepared->declared());
    else if (!prepared->parameter_types.empty())
      judgement.parameters_digest = digest_of_types(prepared->parameter_types);
  }
  Admitted admitted = gate_.admit(std::move(judgement), told(*prepared->text));
  if (admitted.admission == Admission::kWait) return Outcome::kWait;
  if (admitted.admission == Admission::kRefuse) {
    refuse_extended(std::move(admitted.refusal), admitted.request);
    return Outcome::kConsumed;
  }
  prepared->covered = std::move(bind.parameters);
  prepared->approved = std::move(admitted.approved);
  prepared->approved_epoch = pipeline_.names.epoch();
  prepared->approved_at = context_.now;
  note_meaning(*prepared, context_);
  Unit unit;
  unit.kind = Unit::Kind::kParse;
  note_parsing(unit, *prepared);
  unit.prepared = std::move(prepared);
  pipeline_.names.parse_sent(unit);
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  return Outcome::kConsumed;
}

// What was analysed lives long; what it touches is judged by the catalogue of now, and by what the
// names in it stand for now.
void AgentMessages::renew(AnalysedTextPtr& text, const std::vector<std::uint32_t>& declared) {
  const bool stale =
      text->analysis->catalog_version != context_.catalog->version() ||
      (text->uses_names && text->names_version != pipeline_.names.for_analysis().version());
  if (stale && !text->unread()) text = with_declared_types(analyse(text->text), declared, context_);
}

void AgentMessages::renew_statement(PreparedStatement& prepared) {
  if (prepared.made_by_sql) return;
  renew(prepared.text, types_bound(prepared, context_));
  if (!prepared.text->uses_names) return;
  std::vector<std::uint64_t> meant = pipeline_.names.meant_by(*prepared.text);
  if (meant == prepared.meant) return;
  prepared.meant = std::move(meant);
  prepared.covered.reset();  // that was another one
  prepared.approved.reset();
}

// The portal was described, and perhaps begun, as something else: its rows would not be the ones
// that are judged and masked now.
std::optional<AgentMessages::Outcome> AgentMessages::renew_portal(const PortalPtr& portal) {
  if (portal->prepared->made_by_sql) return std::nullopt;
  if (wait_for_names_of(*portal->text)) return Outcome::kWait;
  renew(portal->text, types_bound(*portal->prepared, context_));
  if (!portal->text->uses_names || context_.unguarded() ||
      portal->meant == pipeline_.names.meant_by(*portal->text))
    return std::nullopt;
  refuse_unknown(means_another(portal->name));
  return Outcome::kConsumed;
}

// What people said yes to a while ago. True: it is judged when the catalogue is there.
bool AgentMessages::looks_again(SteadyTime approved_at, bool& looked) {
  if (context_.now - approved_at < kApprovalAgeMax) return false;
  looked = !looked;
  if (looked) pipeline_.need_fresh_catalog(context_);
  return looked;
}

// The server would run what it has parsed.
PreparedPtr AgentMessages::parse_again(const PreparedStatement& prepared) {
  close_unseen(prepared.name);
  Unit parse;
  parse.kind = Unit::Kind::kParse;
  parse.hidden = true;
  parse.prepared = parsed_again(prepared, context_);
  pipeline_.names.parse_sent(parse);
  // The types of the parameters are those by which people saw the values.
  pg::append_parse(context_.to_upstream.own(), prepared.name, prepared.text->text,
                   prepared.parameter_types);
  PreparedPtr again = parse.prepared;
  pipeline_.units.push_back(std::move(parse));
  return again;
}

void AgentMessages::note_approval(Portal& portal, const Approval& approved) const {
  portal.approved = true;
  portal.approved_digest = approved.intent.unshown_digest;
  portal.approved_by = approved.asked;
}

AgentMessages::Outcome AgentMessages::on_bind(const Message& message, const pg::Bind& bind) {
  const std::string_view name = server_name(bind.statement);
  if (const auto outcome = settle_name(name)) return *outcome;
  if (const auto outcome = settle_name(server_name(bind.portal))) return *outcome;
  if (statement_in_doubt(pipeline_.units, name)) return wait_for_answers();
  PreparedPtr prepared = prepared_named(name);
  if (prepared && prepared->made_by_sql) {
    pipeline_.names.renew(sql::SessionNames::Space::kPrepared, prepared->name, reader_of_names());
    prepared = prepared_named(name);
  }
  if (!prepared) {
    refuse_unknown(no_such_statement(name));
    return Outcome::kConsumed;
  }
  if (wait_for_names_of(*prepared->text)) return Outcome::kWait;
  if (pipeline_.names.full()) {
    context_.fatal("53000", "too many prepared statements and portals in one session");
    return Outcome::kConsumed;
  }
  if (prepared->approved && !gate_.holds() &&
      looks_again(prepared->approved_at, prepared->looked_again))
    return Outcome::kWait;
  renew_statement(*prepared);  // an unreadable text is judged as such below
  auto portal = std::make_shared<Portal>();
  portal->name = server_name(bind.portal);
  portal->prepared = prepared;
  portal->text = prepared->text;
  portal->meant = prepared->meant;
  portal->parameters =
      render_values(bind.parameters, bind.parameter_formats, read_by(prepared->parameter_types));
  portal->result_formats = formats_of(bind.result_formats);
  portal->judged_under = context_.options.policy().version();
  portal->judged_at = context_.now;
  portal->acts = pipeline_.names.acts();
  portal->looked_at_with = context_.catalog->version();

  Judgement judgement = judge_.judge(*prepared->text, portal->parameters);
  if (wait_for_settings(judgement)) return Outcome::kWait;
  refuse_other_meanings(judgement, *prepared->text);
  if (prepared->made_by_sql) refuse_other_meaning(judgement, *prepared);
  if (gate_.compares(judgement))
    portal->parameters_digest = judgement.parameters_digest =
        digest_of(bind.parameters, bind.parameter_formats, types_bound(*prepared, context_));
  const bool approved =
      prepared->approved && prepared->approved_epoch == pipeline_.names.epoch() &&
      approved_by_enough(prepared->approved->asked, judgement.verdict()) &&
      same_intent(prepared->approved->intent, gate_.whole(judgement, told(*prepared->text)));
  const bool covered = !gate_.holds() && prepared->covered &&
                       *prepared->covered == portal->parameters &&
                       (judgement.verdict().kind == VerdictKind::kAllow ||
                        (judgement.verdict().kind == VerdictKind::kHold && approved));
  if (covered && approved) note_approval(*portal, *prepared->approved);
  if (!covered) {
    Admitted admitted = gate_.admit(std::move(judgement), told(*prepared->text));
    if (admitted.admission == Admission::kWait) return Outcome::kWait;
    if (admitted.admission == Admission::kRefuse) {
      refuse_extended(std::move(admitted.refusal), admitted.request);
      return Outcome::kConsumed;
    }
    if (admitted.approved) {
      note_approval(*portal, *admitted.approved);
      if (!means_the_same_now(*prepared, context_)) portal->prepared = parse_again(*prepared);
    }
  }
  prepared->covered.reset();
  prepared->approved.reset();
  Unit unit;
  unit.kind = Unit::Kind::kBind;
  unit.portal = std::move(portal);
  const bool acts = prepared->made_by_sql || sql::any_users_type(types_bound(*prepared, context_));
  if (acts) note_effects(unit, *prepared->text, true);
  note_binding(unit, *prepared->text, acts || bind.parameters.size() != 0);
  ran_since_sync_ = true;
  const bool settles = unit.settles;
  pipeline_.names.bind_sent(unit);
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  if (settles) pg::append_flush(context_.to_upstream.own());
  return Outcome::kConsumed;
}

AgentMessages::Outcome AgentMessages::on_describe(const Message& message,
                                                  const pg::Describe& describe) {
  const bool of_statement = describe.target == pg::Target::kStatement;
  const std::string_view name = server_name(describe.name);
  if (const auto outcome = settle_name(name)) return *outcome;
  if (of_statement ? statement_in_doubt(pipeline_.units, name)
                   : portal_in_doubt(pipeline_.units, name))
    return wait_for_answers();
  Unit unit;
  if (of_statement) {
    unit.kind = Unit::Kind::kDescribeStatement;
    unit.prepared = prepared_named(name);
    if (!unit.prepared) {
      refuse_unknown(no_such_statement(name));
      return Outcome::kConsumed;
    }
    // Where its names may stand for something else the server parses it again.
    note_parsing(unit, *unit.prepared);
  } else {
    unit.kind = Unit::Kind::kDescribePortal;
    unit.portal = portal_named(name);
    if (!unit.portal) {
      refuse_unknown(no_such_portal(name));
      return Outcome::kConsumed;
    }
    if (const auto outcome = renew_portal(unit.portal)) return *outcome;
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
  const PreparedStatement& prepared = *portal->prepared;
  const auto& statements = portal->text->analysis->statements;
  const sql::Statement* statement = statements.empty() ? nullptr : &statements.front();
  if (!rows_need_reading()) {
    portal->plan = ResultPlan{{}, true};
    return;
  }
  if (statement != nullptr && statement->lineage == sql::ResultLineage::kNoRows &&
      statement->kind != sql::StatementKind::kFetch)
    return;
  // What EXECUTE gives is another thing with each PREPARE.
  if (prepared.fields && prepared.fields_epoch == pipeline_.names.epoch() &&
      !portal->text->uses_names) {
    std::vector<ResultField> fields = *prepared.fields;
    for (std::size_t i = 0; i < fields.size(); ++i)
      fields[i].format = format_of(portal->result_formats, i);
    const PlanInputs inputs{statement, context_.catalog.get(), context_.options.resource.get(),
                            context_.may_have_tried};
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
  if (portal->approved && !gate_.holds() && looks_again(portal->judged_at, portal->looked_again))
    return Outcome::kWait;
  const bool judged =
      portal->judged_under == version && context_.now - portal->judged_at <= kJudgementAgeMax;
  // A name may have been given again, or a cursor moved, since it was judged.
  const bool in_doubt = (portal->approved || looks_up_names_when_run(*portal->text)) &&
                        (portal->acts != pipeline_.names.acts() ||
                         portal->looked_at_with != context_.catalog->version());
  // What a COPY writes goes by the encoding that holds when it begins.
  const bool may_be_misread = context_.may_read_otherwise() && copies_out(*portal->text);
  if (judged && !gate_.holds() && !may_be_misread && !in_doubt) return std::nullopt;
  Judgement judgement = judge_.judge(*portal->text, portal->parameters);
  if (wait_for_settings(judgement)) return Outcome::kWait;
  refuse_other_meanings(judgement, *portal->text);
  if (!portal->prepared->made_by_sql && !portal->approved)
    refuse_other_meaning(judgement, *portal->prepared);
  const VerdictKind kind = judgement.verdict().kind;
  // Its bytes are gone where nobody was to be asked when it was bound.
  if (gate_.compares(judgement) && !portal->parameters.empty() && portal->parameters_digest.empty())
    portal->parameters_digest = gate_.next_request();
  judgement.parameters_digest = portal->parameters_digest;
  const bool more_of_the_same =
      portal->judged_under != 0 && !gate_.holds() &&
      (kind == VerdictKind::kAllow ||
       (portal->approved && approved_by_enough(portal->approved_by, judgement.verdict()) &&
        (!in_doubt ||
         gate_.whole(judgement, told(*portal->text)).unshown_digest == portal->approved_digest)));
  if (!more_of_the_same) {
    Admitted admitted = gate_.admit(std::move(judgement), told(*portal->text));
    if (admitted.admission == Admission::kWait) return Outcome::kWait;
    if (admitted.admission == Admission::kRefuse) {
      refuse_extended(std::move(admitted.refusal), admitted.request);
      return Outcome::kConsumed;
    }
    portal->approved = false;
    if (admitted.approved) note_approval(*portal, *admitted.approved);
  }
  portal->acts = pipeline_.names.acts();
  portal->looked_at_with = context_.catalog->version();
  portal->judged_under = version;
  portal->judged_at = context_.now;
  return std::nullopt;
}

AgentMessages::Outcome AgentMessages::on_execute(const Message& message,
                                                 const pg::Execute& execute) {
  const std::string_view name = server_name(execute.portal);
  if (const auto outcome = settle_name(name)) return *outcome;
  if (portal_in_doubt(pipeline_.units, name)) return wait_for_answers();
  const PortalPtr portal = portal_named(name);
  if (!portal) {
    refuse_unknown(no_such_portal(name));
    return Outcome::kConsumed;
  }
  if (const auto outcome = renew_portal(portal)) return *outcome;
  if (const auto outcome = judge_portal_again(portal)) return *outcome;
  describe_if_rows_are_read(portal);
  if (const auto& statements = portal->text->analysis->statements;
      context_.may_have_tried && portal->plan && !statements.empty() &&
      shows_counts(statements.front()))
    hide(*portal->plan);
  Unit unit;
  unit.kind = Unit::Kind::kExecute;
  unit.portal = portal;
  note_effects(unit, *portal->text, true);
  ran_since_sync_ = true;
  unit.copies_left = copies_of(*portal->text);
  pipeline_.names.text_sent(*portal->text);
  const bool settles = unit.settles;
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  // We wait for its answer before we read on, so the server must not wait for the agent's Sync to
  // give it.
  if (settles) pg::append_flush(context_.to_upstream.own());
  return Outcome::kConsumed;
}

AgentMessages::Outcome AgentMessages::on_close(const Message& message, const pg::Close& close) {
  const std::string_view name = server_name(close.name);
  if (const auto outcome = settle_name(name)) return *outcome;
  Unit unit;
  unit.kind = Unit::Kind::kClose;
  unit.closed_statement = close.target == pg::Target::kStatement;
  unit.closed_name = name;
  pipeline_.names.close_sent(unit);
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  return Outcome::kConsumed;
}

AgentMessages::Outcome AgentMessages::on_sync(const Message& message) {
  pipeline_.skipping = false;
  Unit unit;
  in_extended_ = false;
  ran_since_sync_ = false;
  unit.kind = Unit::Kind::kSync;
  pipeline_.units.push_back(std::move(unit));
  context_.to_upstream.pass(message.whole);
  return Outcome::kConsumed;
}

}  // namespace sluice::session
