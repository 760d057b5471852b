// SPDX-License-Identifier: Apache-2.0
// Catalogues that were made to cost more than they are long.
#include "../sql/fixture.h"
#include "counter.h"

#include <gtest/gtest.h>

namespace sluice::sql::test {
namespace {

// Each shows the one below it, beside the same once more: written out, 2 to the power of `count`.
CatalogRows views_upon_views(int count, bool upside_down) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.relation(5000, "public", "v0", 'r', "id ssn");
  const auto add = [&](int i) {
    const std::string below = "public.v" + std::to_string(i - 1);
    const Oid oid = static_cast<Oid>(5000 + i);
    rows.relation(oid, "public", "v" + std::to_string(i), 'v', "id ssn");
    rows.view(oid, "SELECT a.id, b.ssn FROM " + below + " a, " + below + " b");
  };
  for (int i = 1; i <= count; ++i) add(upside_down ? count + 1 - i : i);
  return rows;
}

TEST(WorkOnACatalogue, GrowsAsTheViewsUponViews) {
  for (const bool upside_down : {false, true}) {
    const auto work_of = [&](int count) {
      CatalogRows rows = views_upon_views(count, upside_down);
      return work::measure(kStackBytes, [&] {
        const auto catalog = rows.build(shop_rules());
        EXPECT_EQ(catalog->mask_of(static_cast<Oid>(5000 + count), 2), MaskKind::kRedact);
      });
    };
    const work::Work once = work_of(50), more = work_of(200);
    EXPECT_LT(static_cast<double>(more.blocks), 6.0 * static_cast<double>(once.blocks));
    EXPECT_LT(more.stack_bytes, kStackBytes / 8);
  }
}

TEST(WorkOnACatalogue, OfAStatementDoesNotGrowWithTheViewsUnderAView) {
  const auto work_of = [](int count) {
    const auto catalog = views_upon_views(count, false).build(shop_rules());
    const std::string text = "SELECT * FROM v" + std::to_string(count);
    return work::measure(kStackBytes,
                         [&] { EXPECT_TRUE(analyse(text, *catalog, SessionNames{}).ok()); });
  };
  const work::Work once = work_of(8), more = work_of(32);
  EXPECT_LT(static_cast<double>(more.blocks), 4.5 * static_cast<double>(once.blocks));
}

}  // namespace
}  // namespace sluice::sql::test
