// SPDX-License-Identifier: Apache-2.0
// What must add up, and that a difference is named.
#include "kernel/reconcile.h"

#include <gtest/gtest.h>

namespace sluice::kernel {
namespace {

Books in_order() {
  Books books;
  books.counted = {
      {"steered_no_entry", {10, 0, 1}},  {"direct", {5, 2, 0}},        {"closed", {12, 0, 0}},
      {"event_lost", {1, 1, 0}},         {"flow_recorded", {8, 8, 0}}, {"flow_map_full", {1, 1, 0}},
      {"flow_record_exists", {0, 0, 0}}, {"never_sent", {1, 1, 0}},    {"flow_dropped", {2, 2, 0}}};
  books.audited = {{"steered_no_entry", 9}, {"direct", 3}, {"closed", 12}};
  books.sequences = {25, 1};
  books.taken = 4;
  books.sessions = 3;
  books.refused = 1;
  books.swept = 1;
  books.waiting = 1;
  return books;
}

std::string wrong(const Books& books) {
  std::string ids;
  for (const Balance& balance : reconcile(books))
    if (balance.one != balance.other) ids += balance.id + " ";
  return ids;
}

TEST(Reconciliation, AddsUpWhereNothingIsMissing) { EXPECT_EQ(wrong(in_order()), ""); }

TEST(Reconciliation, NamesTheReasonOfAnEventThatIsMissingOrTooMany) {
  Books books = in_order();
  --books.audited["direct"];
  EXPECT_EQ(wrong(books), "events events_direct ");
  books = in_order();
  ++books.audited["closed"];
  --books.audited["direct"];
  EXPECT_EQ(wrong(books), "events_closed events_direct ") << "also where the sums agree";
}

TEST(Reconciliation, SeesEachOtherGap) {
  Books books = in_order();
  ++books.sequences.given_out;
  EXPECT_EQ(wrong(books), "sequences ");
  books = in_order();
  books.waiting = 0;
  EXPECT_EQ(wrong(books), "flow_records ");
  books = in_order();
  ++books.refused;
  EXPECT_EQ(wrong(books), "accepted ");
  books = in_order();
  books.counted["never_sent"] = {};
  EXPECT_EQ(wrong(books), "steered ");
}

}  // namespace
}  // namespace sluice::kernel
