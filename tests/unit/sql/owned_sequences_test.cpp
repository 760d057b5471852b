// SPDX-License-Identifier: Apache-2.0
#include "sql/owned_sequences.h"

#include <gtest/gtest.h>

namespace sluice::sql::test {
namespace {

TEST(OwnedSequence, IsNamedAsTheServerDoes) {
  EXPECT_EQ(name_of_sequence("orders", "id", 0), "orders_id_seq");
  EXPECT_EQ(name_of_sequence("orders", "id", 2), "orders_id_seq2");
  const std::string long_name(63, 'a'), other(40, 'b');
  EXPECT_EQ(name_of_sequence(long_name, "id", 0), std::string(56, 'a') + "_id_seq");
  EXPECT_EQ(name_of_sequence(long_name, other, 0),
            std::string(29, 'a') + "_" + std::string(29, 'b') + "_seq");
  EXPECT_EQ(name_of_sequence("\xc3\xa4", "id", 0), "\xc3\xa4_id_seq");
  EXPECT_EQ(name_of_sequence(std::string(62, 'a') + "\xc3\xa4", "id", 0), "");
}

}  // namespace
}  // namespace sluice::sql::test
