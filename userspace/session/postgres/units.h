// SPDX-License-Identifier: Apache-2.0
// What was sent upstream and is not answered yet, in order. The server answers in the same order,
// so the front unit is the one that the next reply belongs to.
#pragma once

#include <sluice/intent.h>
#include <sluice/verdict.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/postgres/build.h"
#include "session/postgres/analysed_text.h"
#include "session/postgres/result_plan.h"

namespace sluice::session {

// What people saw and approved, and who had to be asked.
struct Approval {
  Intent intent;
  Approvers asked;
};

// A prepared statement of the protocol (Parse) or of SQL (PREPARE).
struct PreparedStatement {
  std::string name;
  AnalysedTextPtr text;
  std::vector<std::uint32_t>
      parameter_types;  // from Parse, completed by ParameterDescription; 0 = not known
  // What Parse declared, once parameter_types say more; see declared().
  std::optional<std::vector<std::uint32_t>> declared_types;
  // From Describe: what its rows look like, in text format. Void after anything that could make the
  // server plan anew.
  std::optional<std::vector<ResultField>> fields;
  std::uint64_t fields_epoch = 0;
  std::vector<std::uint64_t> meant;  // since when the names that its text uses were what they are
  bool no_rows = false;              // Describe said NoData
  bool made_by_sql = false;  // by PREPARE or DECLARE: its text is not what the server parsed
  // One judgement, with these parameters, was recorded (and approved, if it had to be) at Parse and
  // serves one Bind.
  std::optional<std::vector<Parameter>> covered;
  std::optional<Approval> approved;  // where people had to be asked
  std::uint64_t approved_epoch = 0;  // what names meant then
  SteadyTime approved_at{};
  bool looked_again = false;  // by a newer catalogue, since then
  // What the server parsed it with, and keeps to (prepared_meaning.h): the version of the
  // catalogue, 0 where it is not known, and Context::settings_heard; of what SQL made a digest
  // instead.
  std::uint64_t parsed_with = 0, settings_then = 0;
  std::string meant_as;

  const std::vector<std::uint32_t>& declared() const {
    return declared_types ? *declared_types : parameter_types;
  }
};
using PreparedPtr = std::shared_ptr<PreparedStatement>;

struct Portal {
  std::string name;
  PreparedPtr prepared;
  // What was bound: the statement may have been read anew since, with names that mean other things.
  AnalysedTextPtr text;
  std::vector<std::uint64_t> meant;  // as the statement's, then
  // Counts of Names: of transactions, 0 until the server said that it is there; and of what is made
  // in it.
  std::uint64_t transaction = 0;
  std::uint64_t made = 0;
  std::vector<Parameter> parameters;
  std::string parameters_digest;  // Judgement's, where people were asked
  std::vector<pg::Format> result_formats;
  std::optional<ResultPlan> plan;
  // What the plan was made from where it was made without a Describe of the portal, and with which
  // catalogue.
  std::vector<ResultField> remembered;
  std::uint64_t planned_with = 0;
  bool described = false;       // a Describe of it is on its way or answered
  bool suspended = false;       // once: some of it has run
  bool approved = false;        // by people; more rows of it need no second approval
  std::string approved_digest;  // Intent::unshown_digest of that
  Approvers approved_by;        // who had to be asked
  // When that was looked at last: Names::acts(), and the version of the catalogue.
  std::uint64_t acts = 0, looked_at_with = 0;
  bool looked_again = false;       // a newer catalogue was asked for
  std::uint64_t judged_under = 0;  // version of the policy that let it pass; 0 = not judged
  SteadyTime judged_at{};
};
using PortalPtr = std::shared_ptr<Portal>;

struct Unit {
  enum class Kind : std::uint8_t {
    kQuery,
    kFunctionCall,
    kParse,
    kBind,
    kDescribeStatement,
    kDescribePortal,
    kExecute,
    kClose,
    kSync,
  };
  Kind kind = Kind::kSync;
  bool hidden = false;   // our own; its reply is not for the agent
  bool settles = false;  // the agent's next message waits until this is answered
  // What it runs may change what texts mean, or their encoding (meaning.h): of what is in an
  // extended query the server tells only at the Sync.
  bool unsettles_meaning = false;
  bool unsettles_encoding = false;
  // Sent in place of a refused message: the error reply becomes this. Else null.
  std::unique_ptr<pg::Report> refusal;

  AnalysedTextPtr text;            // kQuery, and through portal/prepared for the others
  std::size_t statement = 0;       // kQuery: index of the statement whose replies are coming
  std::optional<ResultPlan> plan;  // kQuery: of the result that is coming
  bool news_heard = false;         // kExecute: what it names was looked at when its rows began
  bool failed = false;             // kQuery: an error came; ReadyForQuery is next
  // COPY FROM STDIN that the agent has still to feed. While any is left this is the last unit: the
  // server takes the next messages as part of the COPY.
  std::size_t copies_left = 0;

  PreparedPtr prepared;           // kParse, kDescribeStatement
  PreparedPtr previous_prepared;  // kParse, kClose: what the name stood for before
  PortalPtr portal;               // kBind, kDescribePortal, kExecute
  PortalPtr previous_portal;      // kBind, kClose
  std::string closed_name;        // kClose
  bool closed_statement = false;  // kClose: of a statement, else of a portal

  // The text that was sent; null where there is none.
  const AnalysedText* sent_text() const;
  // The analysed statement that the next reply is about; null where there is none.
  const sql::Statement* current() const;
  // It gives a name, or takes one away.
  bool changes_names() const;
  // Its text was not read: any reply may come that a statement can have.
  bool unread() const;
};

using Units = std::deque<Unit>;

// What a name stands for when the server gets there is not known before it has answered: a Parse,
// Bind or Close of it that stands before a Sync may fail or be skipped, and the old meaning stays.
// Behind the last Sync it may not: then what uses the name is skipped too. A portal may also be
// gone, and another have its name, behind whatever may end a transaction.
bool statement_in_doubt(const Units& units, std::string_view name);
bool portal_in_doubt(const Units& units, std::string_view name);
// Something on its way may set client_encoding.
bool may_change_encoding(const Units& units);
// Something on its way may end a transaction, or close portals.
bool may_end_portals(const Units& units);
// Whether the name that the first unit, a Parse or Bind, gives is given by a later one too.
bool gives_name_again(const Units& units);

}  // namespace sluice::session
