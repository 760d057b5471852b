// SPDX-License-Identifier: Apache-2.0
// Text that was made to be read again and again: the detectors' work grows as the text does.
#include "counter.h"

#include "mask/detectors.h"
#include "mask/masks.h"

#include <sluice/postgres_types.h>

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace sluice::mask {
namespace {

constexpr std::size_t kStackBytes = std::size_t{8} << 20;

struct Unit {
  const char* name;
  const char* text;
};
void PrintTo(const Unit& unit, std::ostream* out) { *out << unit.name; }

class WorkOnACell : public ::testing::TestWithParam<Unit> {};

TEST_P(WorkOnACell, GrowsAsTheCell) {
  const Detectors detectors = *Detectors::make();
  const DetectorSet all = {Detector::kCreditCard, Detector::kUsSsn, Detector::kAwsKey,
                           Detector::kPrivateKey, Detector::kJwt,   Detector::kIban};
  const auto work_of = [&](std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += GetParam().text;
    return work::measure(kStackBytes, [&] {
      Scratch scratch = *detectors.make_scratch();
      KeyedHash hash = *KeyedHash::make(Secret{std::string_view{"key"}});
      std::vector<Hit> hits;
      ASSERT_TRUE(detectors.scan(as_bytes(text), all, scratch, hits));
      detectors.may_find(as_bytes(text), scratch);
      Bytes out;
      for (const std::uint32_t type : {postgres_type::kText, postgres_type::kJson})
        if (!hits.empty())
          mask_hits_in_cell({type, -1, Format::kText}, as_bytes(text), hits, {}, hash, out);
    });
  };
  const work::Work once = work_of(64U << 10), more = work_of(256U << 10);
  EXPECT_LT(static_cast<double>(more.blocks), 5.0 * static_cast<double>(once.blocks) + 100'000);
  EXPECT_LT(static_cast<double>(more.bytes_asked),
            5.0 * static_cast<double>(once.bytes_asked) + 100'000);
}

INSTANTIATE_TEST_SUITE_P(
    Hostile, WorkOnACell,
    ::testing::Values(
        Unit{"digits", "1"}, Unit{"digits_apart", "1 "}, Unit{"cards", "4111111111111111 "},
        Unit{"cards_in_one_run", "4111-1111-1111-1111-"}, Unit{"words_of_secrets", "secretkey"},
        Unit{"words_of_secrets_apart", "secret_key = "}, Unit{"keys", "AKIAAAAAAAAAAAAAAAAA,"},
        Unit{"key_begins", "-----BEGIN PRIVATE KEY-----"},
        Unit{"key_begins_and_ends", "-----BEGIN PRIVATE KEY----------END "},
        Unit{"key_ends", "-----END PRIVATE KEY-----"}, Unit{"tokens", "eyAAAAAAAAAA.AA."},
        Unit{"token_begins", "ey"}, Unit{"token_dots", "eyAAAAAAAAAA."}, Unit{"dots", "a."},
        Unit{"ssns", "123-45-6789 "}, Unit{"ssns_in_a_row", "123-45-6789-"},
        Unit{"accounts", "NO9386011117947 "},
        Unit{"accounts_of_cards", "NO9386011117947 4111111111111111 "},
        Unit{"account_begins", "MT84"}, Unit{"account_begins_apart", "MT84 "}, Unit{"letters", "A"},
        Unit{"json_cards", "\"4111111111111111\","}, Unit{"json_escapes", "\\\\4111111111111111"},
        Unit{"json_quotes", "\"\""}, Unit{"json_nested", "[{\"a\":"}, Unit{"zeros", "0"}),
    [](const auto& one) { return std::string{one.param.name}; });

}  // namespace
}  // namespace sluice::mask
