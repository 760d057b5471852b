// SPDX-License-Identifier: Apache-2.0
// No cast in what the daemon asks is one that users could make: they can between any two types that
// PostgreSQL itself has no entry of pg_cast for, and then theirs runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sql/catalog_queries.h"

namespace sluice::sql::test {
namespace {

constexpr std::string_view kCast = "::pg_catalog.";

// Of PostgreSQL's own: numbers of functions and others as oid, trees as text, numbers as larger
// ones. What is written in quotes is read, not cast.
constexpr std::array<std::string_view, 30> kCastable = {"'",
                                                        "::pg_catalog.regclass",
                                                        "aggfnoid",
                                                        "aggtransfn",
                                                        "aggfinalfn",
                                                        "aggcombinefn",
                                                        "aggserialfn",
                                                        "aggdeserialfn",
                                                        "aggmtransfn",
                                                        "aggminvtransfn",
                                                        "aggmfinalfn",
                                                        "oprcode",
                                                        "oprrest",
                                                        "oprjoin",
                                                        "amproc",
                                                        "typinput",
                                                        "typoutput",
                                                        "rngcanonical",
                                                        "rngsubdiff",
                                                        "proargdefaults",
                                                        "conbin",
                                                        "p.proname, 0",
                                                        "polqual",
                                                        "polwithcheck",
                                                        "ev_action",
                                                        "adbin",
                                                        "int8in(pg_catalog.textout(f.found[1]))",
                                                        "typdefaultbin",
                                                        "f.number",
                                                        "age(t.xmin)"};

void expect_no_other_cast(std::string_view query) {
  for (auto at = query.find(kCast); at != query.npos; at = query.find(kCast, at + 1)) {
    const std::string_view before = query.substr(0, at);
    EXPECT_TRUE(std::any_of(kCastable.begin(), kCastable.end(), [&](std::string_view known) {
      return before.ends_with(known);
    })) << query.substr(at > 40 ? at - 40 : 0, 80);
  }
  EXPECT_EQ(query.find("CAST("), query.npos);
}

TEST(CatalogQueries, CastNothingThatUsersCouldCastOtherwise) {
  for (const CatalogQuery& query : catalog_queries()) expect_no_other_cast(query.text);
  for (const std::string_view query : {kCatalogSnapshot, kCatalogHasDigest, kCatalogDigest})
    expect_no_other_cast(query);
}

TEST(CatalogQueries, JoinNothingButTexts) {
  for (const CatalogQuery& query : catalog_queries())
    for (const std::string_view number : {".xmin ||", ".oid ||", "relid ||"})
      EXPECT_EQ(query.text.find(number), query.text.npos) << number;
}

}  // namespace
}  // namespace sluice::sql::test
