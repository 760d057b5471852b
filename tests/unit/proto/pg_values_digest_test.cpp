// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/values_digest.h"

#include <gtest/gtest.h>

#include <set>

#include "proto/postgres/build.h"
#include "proto/postgres/frontend.h"

namespace sluice::pg {
namespace {

using Values = std::vector<std::optional<std::string>>;

std::string digest(const Values& values, const std::vector<Format>& formats = {},
                   const std::vector<std::uint32_t>& types = {}) {
  std::vector<Cell> cells;
  for (const auto& value : values) cells.push_back(value ? Cell{as_bytes(*value)} : std::nullopt);
  Bytes bytes;
  append_bind(bytes, {"", "", formats, cells, {}});
  const auto step = next_frame(Direction::kFrontend, bytes, Limits{});
  const auto message = decode_frontend(std::get<Frame>(step), Limits{});
  EXPECT_TRUE(message.ok());
  const auto& bind = std::get<Bind>(*message);
  return digest_of_values(bind.parameters, bind.parameter_formats, types).value_or("failed");
}

TEST(ValuesDigest, IsTheSameForTheSame) {
  EXPECT_EQ(digest({"a", "b"}), digest({"a", "b"}, {Format::kText}));
  EXPECT_EQ(digest({"a", "b"}, {}, {25}),
            digest({"a", "b"}, {Format::kText, Format::kText}, {25, 0}));
  EXPECT_EQ(digest({}), "") << "nothing that could differ";
}

TEST(ValuesDigest, IsAnotherForWhateverDiffers) {
  const std::string head(70000, 'y');
  const std::set<std::string> digests{
      digest({"a", "b"}),
      digest({"ab", ""}),
      digest({"", "ab"}),
      digest({"ab"}),
      digest({"a", std::nullopt}),
      digest({"a", ""}),
      digest({"a", "b"}, {Format::kBinary}),
      digest({"a", "b"}, {Format::kText, Format::kBinary}),
      digest({"a", "b"}, {}, {25}),
      digest({"a", "b"}, {}, {0, 25}),
      digest({head + "a"}),
      digest({head + "b"}),
      digest({head}),
  };
  EXPECT_EQ(digests.size(), 13U);
  for (const std::string& one : digests) EXPECT_EQ(one.size(), 64U);
}

}  // namespace
}  // namespace sluice::pg
