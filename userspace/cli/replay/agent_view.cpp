// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/agent_view.h"

#include "cli/replay/table.h"
#include "cli/replay/visible.h"
#include "proto/postgres/replay_text.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kIndent = "    ";

std::string indented(std::string_view label, std::string_view text) {
  std::string out;
  const std::string safe = visible(text, /*lines=*/true);
  std::string_view rest = safe;
  bool first = true;
  do {
    const std::size_t end = rest.find('\n');
    out += kIndent;
    out += first ? label : std::string(width(label), ' ');
    out += rest.substr(0, end);
    out += '\n';
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    first = false;
  } while (!rest.empty());
  return out;
}

class PostgresView final : public AgentView {
 public:
  std::string feed(ByteView bytes) override { return lines(stream_.feed(bytes)); }
  std::string finish() override { return lines(stream_.finish()) + table_.flush(kIndent); }

 private:
  std::string lines(const std::vector<pg::ReplayEvent>& events) {
    using Kind = pg::ReplayEvent::Kind;
    std::string out;
    for (const pg::ReplayEvent& event : events) {
      if (event.kind == Kind::kColumns || event.kind == Kind::kRow) {
        if (event.kind == Kind::kColumns) out += table_.begin(event.cells, kIndent);
        if (event.kind == Kind::kRow) out += table_.row(event.cells, kIndent);
        continue;
      }
      out += table_.flush(kIndent);
      switch (event.kind) {
        case Kind::kEncryption: out += indented("encryption: ", event.text); break;
        case Kind::kCommand: out += indented("", event.text); break;
        case Kind::kError:
        case Kind::kNotice:
        case Kind::kNotification: out += indented("", event.text); break;
        case Kind::kCopy: out += indented("copy: ", event.text); break;
        case Kind::kUnreadable: out += indented("unreadable: ", event.text); break;
        // Part of the stream, and noise to a reader; `--format json` has them.
        case Kind::kLogin:
        case Kind::kParameter:
        case Kind::kReady:
        case Kind::kStep:
        case Kind::kColumns:
        case Kind::kRow: break;
      }
    }
    return out;
  }

  pg::ReplayText stream_{pg::ReplayText::Begin::kConversation};
  Table table_;
};

class ByteCountView final : public AgentView {
 public:
  std::string feed(ByteView bytes) override {
    return std::string{kIndent} + std::to_string(bytes.size()) + " bytes\n";
  }
  std::string finish() override { return ""; }
};

}  // namespace

std::unique_ptr<AgentView> make_agent_view(std::string_view protocol) {
  if (protocol == "postgres") return std::make_unique<PostgresView>();
  return std::make_unique<ByteCountView>();
}

}  // namespace sluice::cli
