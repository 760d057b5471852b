// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/session.h"

#include <utility>

#include "base/check.h"
#include "proto/postgres/startup.h"
#include "session/postgres/agent_messages.h"
#include "session/postgres/context.h"
#include "session/postgres/hold.h"
#include "session/postgres/refusal.h"
#include "session/postgres/server_replies.h"
#include "session/postgres/startup_parameters.h"
#include "session/postgres/upstream_login.h"

namespace sluice::session {
namespace {

class PostgresSession final : public FlowSession {
 public:
  explicit PostgresSession(PostgresOptions options)
      : context_(std::move(options)),
        guard_(*context_.options.resource, context_.options.mask),
        judge_(context_),
        gate_(context_, pipeline_),
        login_(context_, guard_),
        agent_(context_, pipeline_, judge_, gate_, guard_),
        server_(context_, pipeline_, guard_) {
    SLUICE_CHECK(context_.options.randomness.size() == PostgresOptions::kRandomBytes);
  }

  std::size_t handle(const Input& input, SteadyTime now, WallTime wall, FlowActions& out) override {
    context_.actions = &out;
    context_.now = now;
    context_.wall = wall;
    context_.work = 0;
    context_.to_agent.begin();
    context_.to_upstream.begin();
    const std::size_t consumed =
        context_.closed ? 0 : std::visit([this](const auto& what) { return on(what); }, input);
    if (const auto* received = std::get_if<Received>(&input);
        received != nullptr && received->side == Side::kAgent)
      agent_unread_ = received->bytes.size() - consumed;
    if (!context_.closed) context_.flush();
    finish_if_said();
    context_.actions = nullptr;
    return consumed;
  }

  Demand demand(Side side) const override {
    if (context_.closed || (side == Side::kUpstream && pipeline_.rows_wait)) return Demand::kNone;
    if (side == Side::kUpstream) return Demand::kMore;
    if (phase_ == Phase::kConversation && agent_.has_had_its_turn()) return Demand::kInTurn;
    const bool waits = phase_ == Phase::kAgentTls || phase_ == Phase::kLogin ||
                       (phase_ == Phase::kConversation && agent_.stalled());
    return waits ? Demand::kLater : Demand::kMore;
  }

 private:
  enum class Phase : std::uint8_t { kStartup, kAgentTls, kCancelling, kLogin, kConversation };

  std::size_t on(const Received& received) {
    if (received.side == Side::kUpstream) return from_upstream(received.bytes);
    switch (phase_) {
      case Phase::kStartup: return startup(received.bytes);
      case Phase::kAgentTls:
      case Phase::kLogin: return 0;  // read on when login is done
      case Phase::kCancelling: return received.bytes.size();
      case Phase::kConversation: return agent_.read(received.bytes);
    }
    return 0;
  }

  std::size_t from_upstream(ByteView bytes) {
    if (phase_ == Phase::kConversation) {
      renew_catalog_if_old();
      const std::size_t consumed = server_.read(bytes);
      if (pipeline_.skipping && gate_.holds() && !context_.closed)
        gate_.abandon("an earlier statement of the pipeline failed");
      return consumed;
    }
    if (phase_ != Phase::kLogin) return 0;
    std::size_t consumed = login_.read(bytes);
    if (context_.closed || !login_.done()) return consumed;
    phase_ = Phase::kConversation;
    if (!catalog_failure_.empty()) {
      no_catalog();
      return bytes.size();
    }
    context_.flush();
    context_.to_agent.set_recorded(true);
    return consumed + server_.read(bytes.subspan(consumed));
  }

  std::size_t startup(ByteView bytes) {
    const auto step = pg::next_startup(bytes, context_.options.limits);
    if (std::holds_alternative<pg::NeedMore>(step)) return 0;
    if (const auto* bad = std::get_if<pg::Bad>(&step)) {
      context_.fatal("08P01", "unreadable start-up packet: " + std::string{bad->reason});
      return bytes.size();
    }
    const auto& packet = std::get<pg::StartupPacket>(step);
    const std::size_t size = packet.size;
    std::visit([this, &bytes, size](const auto& what) { on_startup(what, bytes.size() - size); },
               packet.packet);
    if (context_.closed) return bytes.size();
    return size;
  }

  void on_startup(const pg::SslRequest&, std::size_t after) {
    if (agent_tls_ || ssl_asked_)
      return context_.fatal("08P01", "SSLRequest where it cannot stand");
    // Bytes that came with the request are plain text: what somebody put before the handshake must
    // not be read as if it had come through TLS.
    if (after != 0) return context_.fatal("08P01", "bytes between SSLRequest and TLS");
    ssl_asked_ = true;
    append(context_.to_agent.own(), "S");
    context_.flush();
    phase_ = Phase::kAgentTls;
    context_.act(StartTls{Side::kAgent, false});
  }
  void on_startup(const pg::DirectTls&, std::size_t) {
    if (agent_tls_ || ssl_asked_ || gss_asked_)
      return context_.fatal("08P01", "TLS where it cannot begin");
    phase_ = Phase::kAgentTls;
    context_.act(StartTls{Side::kAgent, true});
  }
  void on_startup(const pg::GssEncRequest&, std::size_t after) {
    if (gss_asked_ || agent_tls_ || after != 0)
      return context_.fatal("08P01", "GSSENCRequest where it cannot stand");
    gss_asked_ = true;
    append(context_.to_agent.own(), "N");
  }
  void on_startup(const pg::CancelRequest& cancel, std::size_t) {
    phase_ = Phase::kCancelling;
    context_.act(ForwardCancel{Bytes{cancel.key.begin(), cancel.key.end()}});
  }
  void on_startup(const pg::UnsupportedProtocol& protocol, std::size_t) {
    context_.fatal("0A000", "unsupported frontend protocol " + std::to_string(protocol.major) +
                                "." + std::to_string(protocol.minor) + ": sluice speaks 3.0 to 3." +
                                std::to_string(pg::kProtocolMinorMax));
  }
  void on_startup(const pg::StartupMessage& message, std::size_t) {
    auto request = read_startup(message);
    if (!request) return context_.fatal("42501", request.error().text());
    if (request->user.empty())
      return context_.fatal("28000", "no PostgreSQL user name specified in startup packet");
    context_.database = request->database;
    context_.watch.open(context_.database);
    context_.remark("agent asks for database " + guard_.clean(request->database) + " as user " +
                    guard_.clean(request->user) + (agent_tls_ ? ", " + tls_description_ : ""));
    if (!context_.options.resource->login)
      return context_.fatal(
          "28000", "resource '" + context_.options.resource->name + "' has no login in the policy");
    settings_ = std::move(request->settings);
    pipeline_.awaiting_catalog = true;
    context_.ask_for_catalog(false);
    phase_ = Phase::kLogin;
    startup_ = *std::move(request);
    if (settings_.empty()) login_.begin(std::move(startup_));
    // Else the login waits: what the start-up sets is judged first, and for that the catalogue is
    // needed.
  }

  // SET by another name. Nothing of the start-up goes upstream before all of it passed.
  void judge_settings() {
    for (const std::string& setting : settings_) {
      const auto text = judge_.analyse(setting, pipeline_.names.for_analysis(), false);
      const Judgement judgement = judge_.judge(*text, {});
      const Verdict& verdict = judgement.verdict();
      StatementJudged event;
      event.statement = ++context_.statements;
      event.intent = judgement.statements[judgement.worst].intent;
      event.verdict = verdict;
      const std::string request = request_id(context_.options.session, event.statement);
      if (verdict.kind == VerdictKind::kHold) {
        // Nobody can be asked before the session is there; send it as a statement instead.
        event.verdict.kind = VerdictKind::kDeny;
        event.verdict.message = "a setting that needs approval cannot be part of the start-up";
      }
      const bool allowed = verdict.kind == VerdictKind::kAllow;
      const pg::Report report = refused_by_policy(judgement, request);
      context_.record(std::move(event));
      if (!allowed)
        return context_.fatal(
            "42501", "start-up setting refused (" + setting + "): " + report.message, report.hint);
      for (const sql::Statement& statement : text->analysis->statements)
        context_.note_changes(statement, setting, false);
    }
    login_.begin(std::move(startup_));
  }

  void renew_catalog_if_old() {
    if (pipeline_.awaiting_catalog || pipeline_.renewal_asked || context_.catalog == nullptr ||
        context_.unguarded())
      return;
    if (context_.now - catalog_at_ < context_.options.catalog_age_max) return;
    pipeline_.renewal_asked = true;
    context_.ask_for_catalog(false);
  }

  std::size_t on(const CatalogArrived& arrived) {
    if (!arrived.catalog && context_.unguarded()) {
      context_.remark("catalogue of database " + context_.database + ": " + arrived.reason);
      return without_catalog();
    }
    if (!arrived.catalog) {
      catalog_failure_ = arrived.reason;
      // The server may have a better word for it (3D000) when it answers the agent's own login.
      if (phase_ != Phase::kLogin || !settings_.empty()) no_catalog();
      return 0;
    }
    const bool first = context_.catalog == nullptr;
    context_.show_catalog(arrived.catalog);
    context_.watch.arrived();
    catalog_at_ = context_.now;
    if (pipeline_.renewal_asked) {
      pipeline_.renewal_asked = false;
      if (!std::exchange(pipeline_.fresh_after_renewal, false)) return 0;
      context_.ask_for_catalog(true);
      return 0;
    }
    pipeline_.catalog_stale = false;
    pipeline_.awaiting_catalog = false;
    pipeline_.rows_wait = false;
    // From now on, not from when it was asked for: reading it may take longer than looking again
    // has to wait.
    if (std::exchange(pipeline_.looking_again, false)) pipeline_.looked_again_at = context_.now;
    if (first && phase_ == Phase::kLogin && !settings_.empty()) judge_settings();
    return 0;
  }

  // The recording says less of what statements touch, and that is all.
  std::size_t without_catalog() {
    pipeline_.renewal_asked = false;
    pipeline_.fresh_after_renewal = false;
    if (context_.catalog == nullptr) on(CatalogArrived{std::make_shared<const sql::Catalog>(), ""});
    pipeline_.awaiting_catalog = false;
    pipeline_.rows_wait = false;
    pipeline_.catalog_stale = true;  // should the policy begin to guard something
    return 0;
  }

  void no_catalog() {
    context_.remark("catalogue of database " + context_.database + ": " + catalog_failure_);
    context_.fatal("58000",
                   "cannot read the catalogue of database \"" + context_.database +
                       "\", without which nothing can be judged or masked: " + catalog_failure_);
  }

  std::size_t on(const TlsStarted& tls) {
    if (tls.side == Side::kUpstream) {
      login_.tls_started(tls);
    } else if (phase_ == Phase::kAgentTls) {
      agent_tls_ = true;
      tls_description_ = tls.description;
      phase_ = Phase::kStartup;
    }
    return 0;
  }
  std::size_t on(const UpstreamConnected&) {
    login_.connected();
    return 0;
  }
  std::size_t on(const UpstreamFailed& failed) {
    gate_.withdraw("the server went away");
    context_.remark("upstream: " + failed.reason);
    context_.fatal("08006", failed.reason);
    return 0;
  }
  std::size_t on(const SideClosed& side) {
    if (side.side == Side::kUpstream) {
      gate_.withdraw("the server closed the connection");
      context_.close(pipeline_.goodbye ? "the agent said goodbye"
                                       : "the server closed the connection");
      return 0;
    }
    if (pipeline_.goodbye) return 0;  // it does not hear the answers, but the server ends by itself
    if (phase_ != Phase::kConversation || gate_.holds()) {
      gate_.withdraw("the agent went away");
      context_.close("the agent went away");
      return 0;
    }
    agent_finished_ = true;  // as a server would: what was sent is answered first
    return 0;
  }
  // The half-close goes on when all that came before it did.
  void finish_if_said() {
    if (!agent_finished_ || context_.closed) return;
    if (gate_.waiting()) {
      gate_.withdraw("the agent went away");
      return context_.close("the agent went away");
    }
    if (agent_unread_ != 0 && agent_.stalled()) return;
    agent_finished_ = false;
    context_.act(FinishSending{Side::kUpstream});
  }
  std::size_t on(const Decision& decision) {
    gate_.decided(decision);
    return 0;
  }
  std::size_t on(const CancelAsked& asked) {
    if (!gate_.cancel() && !login_.upstream_key().empty()) {
      Bytes request;
      pg::append_cancel_request(request, login_.upstream_key());
      context_.act(SendCancelUpstream{std::move(request), asked.receipt});
    }
    return 0;
  }
  std::size_t on(const CancelDelivered&) {
    context_.close("cancel request");
    return 0;
  }
  std::size_t on(const TimerFired&) { return 0; }
  std::size_t on(const Terminate& terminate) {
    gate_.withdraw(terminate.reason);
    if (phase_ == Phase::kAgentTls) {  // no message of ours can stand within a handshake
      context_.close(terminate.reason, true);
      return 0;
    }
    context_.fatal("57P01", "terminating connection: " + terminate.reason);
    return 0;
  }

  Context context_;
  Pipeline pipeline_;
  TextGuard guard_;
  Judge judge_;
  Gate gate_;
  UpstreamLogin login_;
  AgentMessages agent_;
  ServerReplies server_;

  Phase phase_ = Phase::kStartup;
  bool ssl_asked_ = false;
  bool gss_asked_ = false;
  bool agent_tls_ = false;
  std::string tls_description_;
  StartupRequest startup_;
  std::vector<std::string> settings_;
  SteadyTime catalog_at_{};
  std::string catalog_failure_;
  bool agent_finished_ = false;  // and the server has not been told yet
  std::size_t agent_unread_ = 0;
};

}  // namespace

std::unique_ptr<FlowSession> make_postgres_session(PostgresOptions options) {
  return std::make_unique<PostgresSession>(std::move(options));
}

}  // namespace sluice::session
