// SPDX-License-Identifier: Apache-2.0
// What we cut texts into is what PostgreSQL's own scanner cuts them into: texts at random, of the
// pieces by which strings, names and comments begin and end.
#include "sql/body_tokens.h"
#include "sql/text_guard.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include <pg_query.h>
}

namespace sluice::sql::test {
namespace {

using Kind = BodyToken::Kind;

constexpr const char* kPieces[] = {
    "'",   "'",  "''", "\\'", "\\\\", "\\",  "E'", "e'", "U&'", "u&\"", "\"",  "\"\"", "$$", "$$",
    "$a$", "$a", "$1", "$",   "1",    "1.5", "7e", "0x", "a",   "e",    "E",   "u",    "n",  "N'",
    "\n",  "\r", "\n", " ",   "\t",   "--",  "/*", "*/", "*",   "/",    "-",   "+",    "=",  "<",
    "@",   "(",  ")",  "[",   ",",    ";",   ".",  "_1", "é",   "A",    "''\n"};

std::string at_random(std::mt19937& numbers) {
  std::string text;
  for (auto left = 1 + numbers() % 12; left > 0; --left)
    text += kPieces[numbers() % std::size(kPieces)];
  return text;
}

// A message of protocol buffers, as far as pg_query's ScanResult needs it.
struct Message {
  std::string_view rest;
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; !rest.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(rest.front());
      rest.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80U) == 0) break;
    }
    return value;
  }
  std::string_view bytes() {
    const std::size_t length = number();
    const std::string_view value = rest.substr(0, length);
    rest.remove_prefix(value.size());
    return value;
  }
};

// The tokens as they stand in the text; nullopt where the scanner fails.
std::optional<std::vector<std::string_view>> scanned(const std::string& text) {
  const std::unique_ptr<PgQueryScanResult, void (*)(PgQueryScanResult*)> result{
      new PgQueryScanResult{pg_query_scan(text.c_str())}, [](PgQueryScanResult* done) {
        pg_query_free_scan_result(*done);
        delete done;
      }};
  if (result->error != nullptr) return std::nullopt;
  std::vector<std::string_view> tokens;
  Message all{{result->pbuf.data, result->pbuf.len}};
  while (!all.rest.empty()) {
    const std::uint64_t field = all.number();
    if ((field & 7U) != 2) {
      all.number();
      continue;
    }
    Message token{all.bytes()};
    std::array<std::size_t, 8> parts{};  // start = 1, end = 2, its kind, and a keyword's
    while (!token.rest.empty()) {
      const std::uint64_t part = token.number() >> 3U;
      parts.at(part) = token.number();
    }
    tokens.push_back(std::string_view{text}.substr(parts[1], parts[2] - parts[1]));
  }
  return tokens;
}

// What is in quotes of any kind, in order: as the scanner has it, and as we do.
std::vector<Kind> quoted(const std::vector<std::string_view>& tokens) {
  std::vector<Kind> kinds;
  for (const std::string_view token : tokens) {
    const auto begins = [&](std::string_view with) { return token.starts_with(with); };
    if (begins("\""))
      kinds.push_back(Kind::kName);
    else if (begins("'") || token.substr(0, 2).ends_with("'") ||
             (begins("$") && token.size() > 2 && token.ends_with("$")))
      kinds.push_back(Kind::kString);
  }
  return kinds;
}

std::vector<Kind> quoted(const std::vector<BodyToken>& tokens) {
  std::vector<Kind> kinds;
  for (const BodyToken& token : tokens)
    if (token.kind == Kind::kString || token.kind == Kind::kName) kinds.push_back(token.kind);
  return kinds;
}

// Calls `test` with a few thousand texts that the scanner takes.
template <class Test>
void for_texts(const Test& test) {
  std::mt19937 numbers{20261128};
  std::size_t taken = 0;
  for (int i = 0; i < 60'000 && !::testing::Test::HasFailure(); ++i) {
    const std::string text = at_random(numbers);
    const auto tokens = scanned(text);
    if (!tokens) continue;
    ++taken;
    SCOPED_TRACE(::testing::PrintToString(text));
    test(text, *tokens);
  }
  EXPECT_GT(taken, 5'000U);
}

TEST(Scanner, CutsBodiesWhereTheServerDoes) {
  for_texts([](const std::string& text, const std::vector<std::string_view>& tokens) {
    // pg_query, unlike the server, ends a string where a comment stands before the new line.
    if (text.find("--") != std::string::npos) return;
    // Of names and strings with U& it does not tell where they are.
    if (text.find("&'") != std::string::npos || text.find("&\"") != std::string::npos) return;
    const auto ours = tokens_of_body(text);
    ASSERT_TRUE(ours.has_value());
    EXPECT_EQ(quoted(*ours), quoted(tokens));
  });
}

TEST(Scanner, NothingHidesWhatIsNestedTooDeeply) {
  std::string nested = "\n, 1";
  for (int i = 0; i < 100; ++i) nested += "+1";
  Limits limits;
  limits.token_nesting_max = 150;
  for_texts([&](const std::string& text, const std::vector<std::string_view>&) {
    EXPECT_FALSE(check_shape(text + nested, limits).ok());
  });
}

}  // namespace
}  // namespace sluice::sql::test
