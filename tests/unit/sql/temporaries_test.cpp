// SPDX-License-Identifier: Apache-2.0
#include "sql/temporaries.h"

#include <gtest/gtest.h>

namespace sluice::sql::test {
namespace {

using Names = std::vector<std::string>;

TEST(Temporaries, AreWhatTheBodySaysItMakes) {
  EXPECT_EQ(temporaries_in("BEGIN CREATE TEMP TABLE One (id int); END"), Names{"one"});
  EXPECT_EQ(temporaries_in("create local temporary table if not exists pg_temp.\"My One\" as x"),
            Names{"My One"});
  EXPECT_EQ(temporaries_in("CREATE OR REPLACE TEMP RECURSIVE VIEW v (a) AS SELECT 1"), Names{"v"});
  EXPECT_EQ(temporaries_in("CREATE TEMP SEQUENCE s"), Names{"s"});
  EXPECT_EQ(temporaries_in("SELECT 1 AS a INTO TEMP t; SELECT 2 AS a INTO TEMPORARY TABLE t"),
            Names{"t"});
  EXPECT_EQ(temporaries_in("ALTER TABLE x SET SCHEMA pg_temp; CREATE TABLE pg_temp . y ()"),
            (Names{"y"}));
}

TEST(Temporaries, AreFoundInStrings) {
  EXPECT_EQ(temporaries_in("EXECUTE 'CREATE TEMP TABLE ' || 'one (id int)'"), Names{"one"});
}

TEST(Temporaries, AreNotWhatIsOnlyCalledSo) {
  EXPECT_TRUE(temporaries_in("SELECT id FROM people").empty());
  EXPECT_TRUE(temporaries_in("").empty());
  EXPECT_TRUE(temporaries_in("CREATE TEMP TABLE").empty());
  EXPECT_TRUE(temporaries_in("SET search_path = pg_temp, public").empty());
  EXPECT_TRUE(temporaries_in("\"").empty());
}

}  // namespace
}  // namespace sluice::sql::test
