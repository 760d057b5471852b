// SPDX-License-Identifier: Apache-2.0
// What a session costs beside the network: masking, detectors, verdicts, statements. Prints one
// JSON object a line: name, unit, values (one a round), of this thread's own CPU time.
//
// session_costs NAME COUNT does one of them COUNT times and measures nothing: for callgrind with
// --toggle-collect='*Talk::say*', which counts what the session does.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "../unit/session/say.h"
#include "../unit/session/world.h"
#include "base/system_clock.h"
#include "policy/compile.h"
#include "record/recorder.h"
#include "session/postgres/session.h"

namespace {

using namespace sluice;
using namespace sluice::session;
using namespace sluice::session::test;

constexpr int kRounds = 5;

// What the command line asked for instead of measuring.
struct Only {
  std::string name;
  int count = 0;
} only;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// `work` does `count` things; the value is how many of them a second takes, by `scale`.
void report(const std::string& name, const char* unit, double count, double scale,
            const std::function<void()>& work) {
  if (!only.name.empty()) {
    for (int i = 0; name == only.name && i < only.count; ++i) work();
    return;
  }
  work();  // what is made once is made now
  std::string values;
  for (int round = 0; round < kRounds; ++round) {
    const double begun = cpu_seconds();
    work();
    values += (round == 0 ? "" : ", ") + std::to_string(count / (cpu_seconds() - begun) / scale);
  }
  std::printf("{\"name\": \"%s\", \"unit\": \"%s\", \"values\": [%s]}\n", name.c_str(), unit,
              values.c_str());
}

// A session that is logged in. What it sends is looked at no further; what it records is written
// where there is a writer, as the driver does it.
class Talk {
 public:
  explicit Talk(SessionWriter* writer = nullptr)
      : session_(make_postgres_session(world().session_options())), writer_(writer) {
    say(Side::kAgent, Say{}.startup());
    say(Side::kUpstream, Reply{}.authentication_ok().key().ready());
  }
  void agent(ByteView bytes) { say(Side::kAgent, bytes); }
  void server(ByteView bytes) { say(Side::kUpstream, bytes); }

 private:
  static World& world() {
    static World one;
    return one;
  }
  void say(Side side, ByteView bytes) {
    const std::size_t used = give(Received{side, bytes});
    while (!next_.empty()) {
      const Input input = std::move(next_.back());
      next_.pop_back();
      give(input);
    }
    if (used < bytes.size()) say(side, bytes.subspan(used));
  }
  std::size_t give(const Input& input) {
    actions_.clear();
    const std::size_t used = session_->handle(input, now_, WallTime{}, actions_);
    for (const FlowAction& action : actions_) {
      if (const auto* record = std::get_if<Record>(&action);
          record != nullptr && writer_ != nullptr)
        must(writer_->append(WallTime{}, record->event));
      if (std::holds_alternative<NeedCatalog>(action))
        next_.push_back(CatalogArrived{world().catalog, ""});
      else if (std::holds_alternative<ConnectUpstream>(action))
        next_.push_back(UpstreamConnected{});
      else if (std::holds_alternative<Close>(action))
        std::abort();
    }
    if (writer_ != nullptr) must(writer_->commit());
    return used;
  }
  static void must(const Result<void>& done) {
    if (!done) std::abort();
  }

  std::unique_ptr<FlowSession> session_;
  SessionWriter* writer_;
  FlowActions actions_;
  std::vector<Input> next_;
  SteadyTime now_{std::chrono::hours{1}};
};

void masking() {
  constexpr std::size_t kColumns = 10, kRows = 100, kMessages = 100;
  const Field ssn{"ssn", kCustomers, 4};
  Talk talk;
  Reply rows;
  for (std::size_t i = 0; i < kRows; ++i) rows.row(Values(kColumns, "078-05-1120"));
  report("mask_cells", "cells/s", kColumns * kRows * kMessages, 1, [&] {
    talk.agent(
        Say{}.query("select ssn, ssn, ssn, ssn, ssn, ssn, ssn, ssn, ssn, ssn from customers"));
    talk.server(Reply{}.columns(std::vector<Field>(kColumns, ssn)));
    for (std::size_t i = 0; i < kMessages; ++i) talk.server(rows);
    talk.server(Reply{}.complete("SELECT 1").ready());
  });
  Reply copied;
  for (std::size_t i = 0; i < kRows; ++i) copied.copy_data("078-05-1120\tada@example.com\n");
  report("mask_copy_cells", "cells/s", 2 * kRows * kMessages, 1, [&] {
    talk.agent(Say{}.query("copy customers (ssn, email) to stdout"));
    talk.server(Reply{}.copy_out(2));
    for (std::size_t i = 0; i < kMessages; ++i) talk.server(copied);
    talk.server(Reply{}.copy_done().complete("COPY 1").ready());
  });
}

void detecting() {
  const MaskTools tools = mask_tools();
  const mask::DetectorSet all{Detector::kCreditCard, Detector::kUsSsn, Detector::kAwsKey,
                              Detector::kPrivateKey, Detector::kJwt,   Detector::kIban};
  const std::string prose =
      "The order of 2026-11-27 was sent to Ada in 3 parts, and 14 of 15 lamps came whole; ";
  const auto scan = [&](const char* name, std::size_t size) {
    constexpr std::size_t kBytes = std::size_t{64} << 20;
    std::string text;
    while (text.size() < size) text += prose;
    text.resize(size);
    std::vector<mask::Hit> hits;
    report(name, "MB/s", kBytes, 1e6, [&] {
      for (std::size_t done = 0; done < kBytes; done += size)
        if (!tools.detectors->scan(as_bytes(text), all, *tools.scratch, hits)) std::abort();
      if (!hits.empty()) std::abort();
    });
  };
  scan("detect_text", 65536);
  scan("detect_cells", 100);
}

std::shared_ptr<const policy::Policy> policy_of(int count) {
  std::string text = "version: 1\nagents:\n  reporter:\n";
  for (int i = 0; i < count; ++i) text += "  other" + std::to_string(i) + ":\n";
  text +=
      "resources:\n  shop: { protocol: postgres, address: [\"10.0.0.5:5432\"], upstream_tls: "
      "disable, login: { user: u, password_file: /s/p } }\nrules:\n"
      "  - { name: reads, agents: [reporter], resources: [shop], actions: [read], verdict: allow "
      "}\n";
  for (int i = 0; i < count; ++i)
    text += "  - { name: rule " + std::to_string(i) + ", agents: [other" + std::to_string(i) +
            "], resources: [shop], actions: [read], when: { tables: [public.t" + std::to_string(i) +
            "] }, verdict: deny }\n";
  auto compiled = policy::compile({{"p.yaml", text}});
  if (!compiled.policy) std::abort();
  return compiled.policy;
}

void judging() {
  constexpr int kVerdicts = 200'000;
  World world;
  Intent intent;
  intent.lineage = world.lineage;
  intent.resource = "shop";
  intent.protocol = "postgres";
  intent.statement = "select 1 from orders";
  intent.actions = {Action::kRead};
  intent.objects = {{ObjectRef::Kind::kTable, "public", "orders"}};
  for (const int count : {10, 10'000}) {
    const auto policy = policy_of(count);
    report("policy_" + std::to_string(count), "verdicts/s", kVerdicts, 1, [&] {
      for (int i = 0; i < kVerdicts; ++i)
        if (policy->judge(intent).kind != VerdictKind::kAllow) std::abort();
    });
  }
}

void speaking(const std::string& prefix, SessionWriter* writer) {
  constexpr int kStatements = 20'000;
  Talk talk{writer};
  const Field id{"id", kOrders, 1, 23};
  int number = 0;
  const Reply answer = Reply{}.columns({id}).row({"1"}).complete("SELECT 1").ready();
  report(prefix + "_simple", "statements/s", kStatements, 1, [&] {
    for (int i = 0; i < kStatements; ++i) {
      talk.agent(Say{}.query("select id from orders where id = " + std::to_string(++number)));
      talk.server(answer);
    }
  });
  talk.agent(Say{}.parse("s", "select id from orders where id = $1", {23}).sync());
  talk.server(Reply{}.parsed().ready());
  const Reply row = Reply{}.bound().columns({id}).row({"1"}).complete("SELECT 1").ready();
  report(prefix + "_prepared", "statements/s", kStatements, 1, [&] {
    for (int i = 0; i < kStatements; ++i) {
      talk.agent(
          Say{}.bind("", "s", {std::to_string(++number)}).describe_portal("").execute("").sync());
      talk.server(row);
    }
  });
}

// The same with a recording on the disk.
void recording() {
  std::string directory = std::filesystem::temp_directory_path() / "session_costs.XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) std::abort();
  {
    const SystemClock clock;
    auto recorder = record::DirectoryRecorder::start({.directory = directory + "/sessions",
                                                      .key_directory = directory + "/keys",
                                                      .journal_slots = 1},
                                                     clock);
    if (!recorder) std::abort();
    SessionOpened opened;
    opened.session = "ses-costs";
    opened.lineage = *World{}.lineage;
    auto writer = (*recorder)->open(WallTime{}, opened);
    if (!writer) std::abort();
    speaking("recorded", writer->get());
    if (!(*writer)->close()) std::abort();
  }
  std::filesystem::remove_all(directory);
}

// Rows that nothing has to be masked in, and such that detectors read.
void rows_passing() {
  constexpr int kRows = 100, kMessages = 1000;
  Talk talk;
  const auto send = [&](const char* name, const char* query, const Field& field,
                        const char* value) {
    Reply rows;
    for (int i = 0; i < kRows; ++i) rows.row({value});
    report(name, "rows/s", kRows * kMessages, 1, [&] {
      talk.agent(Say{}.query(query));
      talk.server(Reply{}.columns({field}));
      for (int i = 0; i < kMessages; ++i) talk.server(rows);
      talk.server(Reply{}.complete("SELECT 1").ready());
    });
  };
  send("rows_untouched", "select id from orders", {"id", kOrders, 1, 23}, "123456");
  send("rows_detected", "select note from orders", {"note", kOrders, 3}, "a lamp, and a table");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3) only = {argv[1], std::atoi(argv[2])};
  masking();
  detecting();
  judging();
  speaking("statements", nullptr);
  recording();
  rows_passing();
}
