// SPDX-License-Identifier: Apache-2.0
// A logged-in session between an agent and a server that say anything: whole messages that make
// sense, in any order, and raw bytes. It never crashes, does nothing after Close, sends nothing of
// a refused statement up, and shows no masked value while only the canned messages speak.
#include <cstdlib>
#include <memory>

#include "../unit/session/say.h"
#include "../unit/session/world.h"
#include "session/postgres/session.h"

// One program per target: what the tests build is built in.
#include "../unit/session/world.cpp"

namespace {

using namespace sluice;
using namespace sluice::session;
using namespace sluice::session::test;

constexpr std::string_view kRefused = "forbidden_marker";
constexpr std::string_view kSecret = "078-05-1120";
const std::string kRefusedText = "delete from orders /* forbidden_marker */";

class Driver {
 public:
  Driver() : session_(make_postgres_session(world().session_options())) {
    say(Side::kAgent, Say{}.startup());
    say(Side::kUpstream, Reply{}.authentication_ok().key().ready());
  }
  void say(Side side, ByteView bytes) {
    append(pending_[static_cast<std::size_t>(side)], bytes);
    offer();
  }
  void input(const Input& input) {
    handle(input);
    offer();
  }
  const TicketId& ticket() const { return ticket_; }
  bool shown(std::string_view text) const {
    return as_text(sent_[0]).find(text) != std::string_view::npos;
  }

 private:
  static World& world() {
    static World one;
    return one;
  }
  void offer() {
    for (bool progress = true; progress && !closed_;) {
      progress = !inputs_.empty();
      for (const Input& next : std::exchange(inputs_, {})) handle(next);
      for (const Side side : {Side::kAgent, Side::kUpstream}) {
        Bytes& pending = pending_[static_cast<std::size_t>(side)];
        if (closed_ || pending.empty() || session_->demand(side) == Demand::kNone) continue;
        const Bytes exact{pending};
        const std::size_t used = handle(Received{side, exact});
        if (used > exact.size()) std::abort();
        pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(used));
        progress = progress || used > 0;
      }
    }
  }
  std::size_t handle(const Input& input) {
    FlowActions actions;
    const std::size_t used = session_->handle(input, now_, WallTime{}, actions);
    for (const FlowAction& action : actions) {
      if (closed_) std::abort();
      perform(action);
    }
    return used;
  }
  void perform(const FlowAction& action) {
    if (const auto* send = std::get_if<Send>(&action)) {
      Bytes& sent = sent_[static_cast<std::size_t>(send->side)];
      append(sent, send->bytes);
      if (send->side == Side::kUpstream && as_text(sent).find(kRefused) != std::string_view::npos)
        std::abort();
    } else if (const auto* ask = std::get_if<Ask>(&action)) {
      ticket_ = ask->ticket;
    } else if (std::holds_alternative<NeedCatalog>(action)) {
      inputs_.push_back(CatalogArrived{world().catalog, ""});
    } else if (std::holds_alternative<ConnectUpstream>(action)) {
      inputs_.push_back(UpstreamConnected{});
    } else if (std::holds_alternative<Close>(action)) {
      closed_ = true;
    }
  }

  std::unique_ptr<FlowSession> session_;
  std::array<Bytes, 2> pending_, sent_;
  std::vector<Input> inputs_;
  TicketId ticket_;
  bool closed_ = false;
  SteadyTime now_{std::chrono::hours{1}};
};

Say agent_says(std::uint8_t which) {
  switch (which % 22) {
    case 0: return Say{}.query("select upper(ssn) from customers");
    case 1: return Say{}.query("select ssn from customers");
    case 2: return Say{}.query(kRefusedText);
    case 3: return Say{}.query("delete from orders where id = 1");
    case 4: return Say{}.query("prepare s as select ssn from customers");
    case 5: return Say{}.query("begin");
    case 6: return Say{}.query("copy orders from stdin");
    case 7: return Say{}.parse("s", "select ssn from customers");
    case 8: return Say{}.parse("", kRefusedText);
    case 9: return Say{}.parse("", "copy orders from stdin");
    case 10: return Say{}.bind("", "s");
    case 11: return Say{}.bind("p", "");
    case 12: return Say{}.describe_statement("s");
    case 13: return Say{}.describe_portal("");
    case 14: return Say{}.execute("", 1);
    case 15: return Say{}.execute("p");
    case 16: return Say{}.sync();
    case 17: return Say{}.copy_data("x").copy_done();
    case 18: return Say{}.close_statement("s").close_portal("");
    case 19: return Say{}.query("copy customers to stdout");
    case 20: return Say{}.query("copy (select ssn from customers) to stdout (format csv, header)");
    default: return Say{}.query("set standard_conforming_strings to off");
  }
}

// Rows of the server hold the secret; its descriptions say where that is from, or that it is
// computed.
Reply server_says(std::uint8_t which) {
  const Values row{std::string{kSecret}};
  switch (which % 22) {
    case 0: return Reply{}.columns({{"ssn", kCustomers, 4, 25}});
    case 1: return Reply{}.row(row);
    case 2: return Reply{}.complete("SELECT 1");
    case 3: return Reply{}.ready();
    case 4: return Reply{}.ready('T');
    case 5: return Reply{}.error("42601", "x");
    case 6: return Reply{}.parsed();
    case 7: return Reply{}.bound();
    case 8: return Reply{}.closed();
    case 9: return Reply{}.no_data();
    case 10: return Reply{}.parameters({23});
    case 11: return Reply{}.suspended();
    case 12: return Reply{}.copy_in();
    case 13: return Reply{}.complete("PREPARE").ready();
    case 14: return Reply{}.columns({{"x", 4242, 1, 25}});
    case 15: return Reply{}.parameter("standard_conforming_strings", "off");
    case 16: return Reply{}.empty();
    case 17: return Reply{}.copy_out(1);
    case 18: return Reply{}.copy_out(4).copy_data("1\tAda\tx\t" + std::string{kSecret} + "\n");
    case 19: return Reply{}.copy_data("x\n\"" + std::string{kSecret} + "\"\n");
    case 20: return Reply{}.copy_done();
    default: return Reply{}.error("42703", "x").ready('E');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Driver driver;
  bool only_canned = true;
  for (std::size_t at = 0; at + 1 < size; at += 2) {
    const std::uint8_t what = data[at + 1];
    switch (data[at] % 8) {
      case 0:
      case 1:
      case 2: driver.say(Side::kAgent, agent_says(what)); break;
      case 3:
      case 4:
      case 5: driver.say(Side::kUpstream, server_says(what)); break;
      case 6:
        if (what < 64)
          driver.input(Decision{driver.ticket(), static_cast<DecisionKind>(what % 4), "", ""});
        else if (what < 128)
          driver.input(CancelAsked{});
        else if (what < 144)
          driver.input(SideClosed{what % 2 == 0 ? Side::kAgent : Side::kUpstream});
        else if (what < 148)
          driver.input(Terminate{"revoked"});
        break;
      default: {
        const std::size_t count = std::min<std::size_t>(what % 32, size - at - 2);
        const Side side = what < 128 ? Side::kAgent : Side::kUpstream;
        only_canned = false;
        driver.say(side, ByteView{data + at + 2, count});
        at += count;
      }
    }
    if (only_canned && driver.shown(kSecret)) std::abort();
  }
  return 0;
}
