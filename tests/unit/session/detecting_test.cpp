// SPDX-License-Identifier: Apache-2.0
// Long results that the detectors read many cells at a time: what one of them would find is found
// wherever it stands, and all else passes.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "harness.h"

namespace sluice::session::test {
namespace {

const std::string kCard = "4111 1111 1111 1111";
const Field kNote{"note", kOrders, 3, 25};

WorldOptions detecting() {
  return {.sensitive = "[{ detect: [credit_card, us_ssn], mask: redact }]"};
}

Bytes bytes_of(ByteView view) { return {view.begin(), view.end()}; }

std::vector<std::string> rows_seen(Harness& h) {
  std::vector<std::string> rows;
  const Bytes all = h.agent_bytes();
  const pg::Limits limits;
  for (ByteView bytes = all; !bytes.empty();) {
    const auto step = pg::next_frame(pg::Direction::kBackend, bytes, limits);
    const auto& frame = std::get<pg::Frame>(step);
    if (frame.type == 'D') {
      const auto row = pg::decode_data_row(frame.body, limits);
      rows.emplace_back(as_text(**row->cells.begin()));
    } else if (frame.type == 'd') {
      rows.emplace_back(as_text(frame.body));
    }
    bytes = bytes.subspan(frame.size);
  }
  return rows;
}

TEST(Detecting, FindsTheOneRowOfThousandsWhereverItIs) {
  constexpr std::size_t kRows = 3000;
  for (const std::size_t place : {0U, 1U, 511U, 512U, 513U, 1500U, 2999U}) {
    Harness h{detecting()};
    h.logged_in();
    h.agent(Say{}.query("select note from orders"));
    Reply reply;
    reply.columns({kNote});
    for (std::size_t i = 0; i < kRows; ++i)
      reply.row({i == place ? kCard : "note number " + std::to_string(i)});
    h.server(reply.complete("SELECT 3000").ready());
    const auto rows = rows_seen(h);
    ASSERT_EQ(rows.size(), kRows);
    for (std::size_t i = 0; i < kRows; ++i)
      EXPECT_EQ(rows[i], i == place ? "[redacted]" : "note number " + std::to_string(i));
  }
}

TEST(Detecting, FindsWhatComesInPieces) {
  Reply reply;
  reply.columns({kNote}).row({"plain"}).row({kCard}).row({"plain"}).complete("SELECT 3").ready();
  const Bytes whole = bytes_of(reply);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    Harness h{detecting()};
    h.logged_in();
    h.agent(Say{}.query("select note from orders"));
    h.server(ByteView{whole}.first(cut));
    h.server(ByteView{whole}.subspan(cut));
    EXPECT_EQ(rows_seen(h), (std::vector<std::string>{"plain", "[redacted]", "plain"})) << cut;
  }
}

// A driver reads into the same memory again and again.
TEST(Detecting, BelievesNothingOfTheInputBefore) {
  Harness h{detecting()};
  h.logged_in();
  h.agent(Say{}.query("select note from orders"));
  h.server(Reply{}.columns({kNote}));
  const std::string same_length(kCard.size(), 'x');
  Bytes memory = bytes_of(Reply{}.row({same_length}).row({same_length}));
  FlowActions actions;
  const auto read_again = [&] {
    actions.clear();
    EXPECT_EQ(h.session->handle(Received{Side::kUpstream, memory}, h.now, h.wall, actions),
              memory.size());
    std::string sent;
    for (const FlowAction& action : actions)
      if (const auto* send = std::get_if<Send>(&action)) sent += as_text(send->bytes);
    return sent;
  };
  EXPECT_NE(read_again().find(same_length), std::string::npos);
  const Bytes with_card = bytes_of(Reply{}.row({kCard}).row({same_length}));
  std::copy(with_card.begin(), with_card.end(), memory.begin());
  EXPECT_EQ(read_again().find(kCard), std::string::npos);
}

TEST(Detecting, FindsInCopyDataWhateverItsOptionsPutWithin) {
  const auto copied = [](const std::string& options, const std::vector<std::string>& data) {
    Harness h{detecting()};
    h.logged_in();
    h.agent(Say{}.query("copy orders (note) to stdout" + options));
    Reply reply;
    reply.copy_out(1);
    for (const std::string& one : data) reply.copy_data(one);
    h.server(reply.copy_done().complete("COPY 1").ready());
    std::string all;
    for (const std::string& row : rows_seen(h)) all += row;
    return all;
  };
  EXPECT_EQ(copied("", {"plain\n", "x 078-05-1120\n", "plain\n"}), "plain\nx [redacted]\nplain\n");
  EXPECT_EQ(copied(" (delimiter '-')", {"plain\n", "078\\-05\\-1120\n"}), "plain\n[redacted]\n");
  EXPECT_EQ(copied(" (delimiter ' ')", {"4111\\ 1111\\ 1111\\ 1111\n"}), "[redacted]\n");
  EXPECT_EQ(copied(" (format csv, quote '-')", {"-078--05--1120-\n"}), "-[redacted]-\n");
  EXPECT_EQ(copied(" (format csv, escape '1')", {"\"4111111111111111111111111111111\"\n"}),
            "\"[redacted]\"\n");
  EXPECT_EQ(copied("", {"plain 078-0", "5-1120\nplain\n"}), "plain [redacted]\nplain\n");
}

// Words at random, a card here and there, and now and then one that is longer than what the
// detectors read at a time.
class Cells {
 public:
  explicit Cells(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t end) { return random_() % end; }
  std::string next(std::size_t longest) {
    std::string cell;
    for (std::size_t words = below(8); words > 0; --words) {
      if (below(12) == 0)
        cell += kCard + " ";
      else
        cell.append(1 + below(9), static_cast<char>('a' + below(26))).append(" ");
    }
    if (below(40) == 0) cell.append(below(longest), 'x');
    if (below(12) == 0) cell += kCard;
    return cell;
  }

 private:
  std::minstd_rand random_;
};

std::string without_cards(std::string text) {
  for (std::size_t at = text.find(kCard); at != std::string::npos; at = text.find(kCard, at))
    text.replace(at, kCard.size(), "[redacted]");
  return text;
}

// Reads of a driver end anywhere.
void give_in_pieces(Harness& h, const Bytes& all, Cells& random) {
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t size = std::min(all.size() - at, 1 + random.below(40'000));
    h.server(ByteView{all}.subspan(at, size));
    at += size;
  }
}

TEST(Detecting, FindsTheSameHoweverLongRowsAreAndBytesAreCut) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    Cells random{seed};
    Harness h{detecting()};
    h.logged_in();
    h.agent(Say{}.query("select note from orders"));
    Reply reply;
    reply.columns({kNote});
    std::vector<std::string> expected;
    for (int i = 0; i < 2000; ++i) {
      const std::string cell = random.next(60'000);
      reply.row({cell});
      expected.push_back(without_cards(cell));
    }
    give_in_pieces(h, reply.complete("SELECT 2000").ready().bytes, random);
    EXPECT_EQ(rows_seen(h), expected) << seed;
  }
}

// A row of COPY may come in as many messages as the server likes, and a message may hold many rows.
TEST(Detecting, FindsTheSameInCopyRowsOfMegabytes) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    Cells random{seed};
    Harness h{detecting()};
    h.logged_in();
    h.agent(Say{}.query("copy orders (note) to stdout"));
    std::string data, expected;
    for (int i = 0; i < 300; ++i) {
      std::string row = random.next(60'000);
      if (i % 100 == 50) {  // over what is read at a time, and over what a driver reads at a time
        const std::string filling(1 + random.below(3U << 20), 'y');
        row = filling + " " + kCard + " " + filling;
      }
      data += row + "\n";
      expected += without_cards(row) + "\n";
    }
    Reply reply;
    reply.copy_out(1);
    for (std::size_t at = 0; at < data.size();) {
      const std::size_t size = std::min(data.size() - at, 1 + random.below(400'000));
      reply.copy_data(std::string_view{data}.substr(at, size));
      at += size;
    }
    give_in_pieces(h, reply.copy_done().complete("COPY 300").ready().bytes, random);
    std::string seen;
    for (const std::string& rows : rows_seen(h)) seen += rows;
    EXPECT_EQ(seen.size(), expected.size());
    EXPECT_TRUE(seen == expected) << seed;
  }
}

}  // namespace
}  // namespace sluice::session::test
