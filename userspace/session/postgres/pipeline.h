// SPDX-License-Identifier: Apache-2.0
// State that the two directions of a logged-in session share.
#pragma once

#include "session/postgres/context.h"
#include "session/postgres/names.h"
#include "session/postgres/units.h"

namespace sluice::session {

struct Pipeline {
  Units units;
  Names names;

  // The server skips everything up to the agent's next Sync, so we do not even send it.
  bool skipping = false;
  // Something may have changed the catalogue; a newer one is needed before the next statement is
  // judged.
  bool catalog_stale = false;
  // The same, of what others may see already, and have not been told yet that it is done.
  bool changed_for_others = false;
  // A NeedCatalog is on its way, and until it is answered nothing that depends on it goes on.
  bool awaiting_catalog = false;
  // One because of its age is on its way. It may be older than what made another one necessary, so
  // that is asked for after it: there is never more than one request, and no answer is taken for
  // another's.
  bool renewal_asked = false;
  bool fresh_after_renewal = false;
  // The server's rows wait for a catalogue: it is not read on, however much it sends.
  bool rows_wait = false;
  SteadyTime looked_again_at{};  // for a name that the catalogue did not have
  bool looking_again = false;
  // The agent sent Terminate: it says nothing more, and waits for what it is still owed.
  bool goodbye = false;
  // The server is taking COPY data.
  bool copying_in = false;
  // The transaction changed the catalogue: it changes again, for the others, when it ends.
  bool transaction_changes_catalog = false;
  // By itself, and not only by a function that it called (meaning.h).
  bool transaction_tells_others = false;
  // BEGIN was answered, so that no end of a message ends the transaction.
  bool in_transaction_block = false;
  // Else: something of it was answered of which errors and notices may quote sensitive values. What
  // is deferred speaks at its end, when another statement is being answered.
  bool end_may_quote = false;
  // It may have changed which columns a table with sensitive ones has, or what a view shows.
  bool transaction_moves_columns = false;
  // It changed what names mean: a rollback changes that back.
  bool transaction_changes_meaning = false;
  // It has another client_encoding or standard_conforming_strings than before: an error changes
  // that back.
  bool transaction_changes_settings = false;
  // Bytes of a large message of the agent that passes piece by piece.
  std::size_t passing_to_upstream = 0;
  // Of our own, for the agent, at the next place between two messages.
  Bytes waiting_notice;

  // Nothing is sent behind a unit that settles or feeds a COPY, so it is the last one.
  bool settling() const { return !units.empty() && units.back().settles; }
  bool feeding_copy() const {
    return !units.empty() && units.back().copies_left > 0 && !units.back().failed;
  }
  // What comes next may be read by the server in another encoding than the one that it told.
  bool encoding_may_change() const {
    return !units.empty() && (transaction_changes_meaning || transaction_changes_settings ||
                              may_change_encoding(units));
  }
  void need_fresh_catalog(Context& context) { need_catalog(context, true); }
  // Others have told of changes.
  void need_newer_catalog(Context& context) {
    need_catalog(context, context.watch.others_change(context.now));
  }
  void catalog_changed(bool for_others) {
    catalog_stale = true;
    changed_for_others |= for_others;
  }
  void notice(Context& context, const pg::Report& report) {
    Bytes& out = context.passing_to_agent == 0 ? context.to_agent.own() : waiting_notice;
    pg::append_notice_response(out, report);
  }

 private:
  void need_catalog(Context& context, bool fresh) {
    if (awaiting_catalog) return;
    awaiting_catalog = true;
    if (renewal_asked)
      fresh_after_renewal = true;
    else
      context.ask_for_catalog(fresh);
  }
};

}  // namespace sluice::session
