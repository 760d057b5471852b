// SPDX-License-Identifier: Apache-2.0
// How a refused statement ends: the agent gets an ERROR of ours, and the server gets, in the
// statement's place, a text that can only fail. So the server itself skips to Sync and aborts the
// transaction, and both sides agree on its state without our modelling it.
#pragma once

#include <sluice/bytes.h>
#include <sluice/identity.h>

#include <string>
#include <string_view>

#include "proto/postgres/build.h"
#include "session/postgres/judge.h"

namespace sluice::session {

// "ses-0123456789abcdef/12": what a person quotes to find the statement in the recording.
std::string request_id(const SessionId& session, std::uint64_t statement);

pg::Report refused_by_policy(const Judgement& judgement, const std::string& request);
// How a hold ended without approval.
pg::Report refused_after_hold(DecisionKind kind, std::string_view by, std::string_view note,
                              const TicketId& ticket, const std::string& request);
pg::Report cancelled_while_held(const TicketId& ticket);
pg::Report changed_since_approval(const TicketId& ticket, const std::string& request);
pg::Report no_such_statement(std::string_view name);
pg::Report no_such_portal(std::string_view name);
pg::Report name_beyond_ascii(std::string_view client_encoding, std::string_view server_encoding);
// Of a portal whose statement names another that has changed.
pg::Report means_another(std::string_view portal);

// The notice that a held statement's agent gets at once.
pg::Report held_notice(const TicketId& ticket, const Verdict& verdict, WallTime expires,
                       const std::string& request);

// A text that no PostgreSQL parser accepts and that says in the server's log who sent it. Holds
// nothing of the statement in whose place it goes.
std::string failing_text(const std::string& request);

// "2026-11-23 09:15:00 UTC"
std::string utc(WallTime time);

}  // namespace sluice::session
