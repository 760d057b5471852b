// SPDX-License-Identifier: Apache-2.0
// What the parts of one session share: options, what is known of the server, and where actions go.
#pragma once

#include <sluice/event.h>
#include <sluice/flow.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "proto/postgres/build.h"
#include "session/postgres/catalog_watch.h"
#include "session/postgres/new_meanings.h"
#include "session/postgres/options.h"
#include "session/postgres/output.h"
#include "sql/catalog.h"
#include "sql/made_names.h"
#include "sql/session_catalog.h"

namespace sluice::session {

struct Context {
  explicit Context(PostgresOptions given) : options(std::move(given)), watch(options.news) {}

  PostgresOptions options;
  Output to_agent{Side::kAgent};
  Output to_upstream{Side::kUpstream};
  // The daemon's as this session sees it: `own_catalog`.
  std::shared_ptr<const sql::Catalog> catalog;
  sql::SessionCatalog own_catalog;
  CatalogWatch watch;

  std::string database;
  // As the server reports them (ParameterStatus).
  bool standard_conforming_strings = true;
  std::string client_encoding = "UTF8";
  std::string server_encoding;
  // By these the server reads dates, times and intervals that are strings.
  std::string date_style, interval_style, time_zone;
  std::uint64_t settings_heard = 0;  // how often the server has reported a setting
  // A statement that may change them was sent since the last ReadyForQuery.
  bool meaning_unsettled = false;
  // The same of the encoding alone, by what may run unseen.
  bool encoding_unsettled = false;
  // In which encoding the server reads: what it said last may no longer hold.
  bool may_read_otherwise() const { return meaning_unsettled || encoding_unsettled; }
  // The transaction made something that the catalogue cannot have before it ends, and that later
  // statements run or mean without naming it.
  bool blinded = false;
  // The transaction may have put code of users where it runs unnamed, before the catalogue has it.
  bool made_unnamed_code = false;
  // What is parsed or planned may set client_encoding, whatever it names.
  bool unnamed_code_sets() const {
    return made_unnamed_code || (catalog != nullptr && catalog->unnamed_code_sets());
  }
  // What runs before a statement does may make relations, or change them.
  bool early_code_defines() const {
    return made_unnamed_code || (catalog != nullptr && catalog->early_code_defines());
  }
  // The session has changed rows with sensitive columns, or may have: how many entries of an index
  // a plan meets may tell whether a new value was the old one, also after a ROLLBACK.
  bool may_have_tried = false;
  // What this session has made that the catalogue cannot have.
  sql::MadeNames made;
  NewMeanings new_meanings;

  // Names of those that this session has prepared: it was judged what they do.
  std::set<std::string, std::less<>> prepared_transactions;

  // Bytes of a large message that the agent is getting piece by piece. While any are left nothing
  // may be put in between.
  std::size_t passing_to_agent = 0;
  std::uint64_t statements = 0;  // judged so far; the next one is this plus one
  bool closed = false;

  // Looks at names and columns, or what costs as much, since handle() began (sql/effort.h). Counts
  // whatever an agent can make large.
  std::size_t work = 0;

  // Set for the time of one handle().
  FlowActions* actions = nullptr;
  SteadyTime now{};
  WallTime wall{};

  // The policy would let whatever this run asks of the resource pass, and masks nothing: then what
  // cannot be read may pass too, and no catalogue needs to be waited for.
  bool unguarded() {
    const policy::Policy& policy = options.policy();
    if (unguarded_under_ != policy.version()) {
      unguarded_under_ = policy.version();
      unguarded_ = options.resource->sensitive.empty() &&
                   policy.guards_nothing(*options.lineage, options.resource->name);
    }
    return unguarded_;
  }
  void show_catalog(std::shared_ptr<const sql::Catalog> arrived) {
    own_catalog.arrived(std::move(arrived));
    show_own_catalog();
  }
  void show_own_catalog() {
    if (catalog != own_catalog.now()) catalog = own_catalog.now();
  }
  // Of a statement that has run, or has failed: `text` is what held it.
  void note_changes(const sql::Statement& statement, std::string_view text, bool failed) {
    if (!sql::SessionCatalog::concerns(statement)) return;
    sql::AnalyseOptions read;
    read.standard_conforming_strings = standard_conforming_strings;
    read.client_encoding = client_encoding;
    read.limits = options.sql_limits;
    const std::string_view own =
        text.substr(std::min(statement.location, text.size()), statement.length);
    failed ? own_catalog.note_failed(statement, own, read) : own_catalog.note(statement, own, read);
    show_own_catalog();
  }
  // Of one whose code may be running already, though it was not executed.
  void note_early(const sql::Statement& statement) {
    if (!early_code_defines() || !sql::SessionCatalog::concerns(statement)) return;
    own_catalog.note_early(statement);
    show_own_catalog();
  }
  void ask_for_catalog(bool fresh) { act(NeedCatalog{database, fresh, watch.asked()}); }
  template <class Action>
  void act(Action&& action) {
    actions->emplace_back(std::forward<Action>(action));
  }
  // An event among the actions, to be filled in where it stands: some are large.
  template <class Kind>
  Kind& record() {
    actions->emplace_back(std::in_place_type<Record>);
    return std::get<Record>(actions->back()).event.emplace<Kind>();
  }
  template <class Kind>
  void record(Kind&& event) {
    record<std::decay_t<Kind>>() = std::forward<Kind>(event);
  }
  void remark(std::string text) { record(Remark{std::move(text)}); }
  // What the server reports about how it reads and writes text.
  void note_parameter(const pg::ParameterStatus& status) {
    if (status.name == "standard_conforming_strings")
      standard_conforming_strings = status.value == "on";
    if (status.name == "client_encoding") client_encoding = status.value;
    if (status.name == "server_encoding") server_encoding = status.value;
    if (status.name == "DateStyle") date_style = status.value;
    if (status.name == "IntervalStyle") interval_style = status.value;
    if (status.name == "TimeZone") time_zone = status.value;
    ++settings_heard;
  }
  // Sends what is pending to both sides. Must come before an action that changes the transport.
  void flush() {
    to_upstream.flush(*actions);
    to_agent.flush(*actions);
  }
  void close(std::string reason, bool reset = false) {
    if (closed) return;
    flush();
    act(Close{std::move(reason), reset});
    closed = true;
  }
  // The agent gets this FATAL error and the flow ends.
  void fatal(std::string sqlstate, std::string message, std::string hint = {}) {
    if (closed) return;
    if (passing_to_agent != 0) return close(std::move(message), true);
    pg::Report report;
    report.severity = "FATAL";
    report.sqlstate = std::move(sqlstate);
    report.message = "sluice: " + message;
    report.hint = std::move(hint);
    pg::append_error_response(to_agent.own(), report);
    close(std::move(message));
  }

 private:
  std::optional<std::uint64_t> unguarded_under_;  // version of the policy that said so
  bool unguarded_ = false;
};

}  // namespace sluice::session
