// SPDX-License-Identifier: Apache-2.0
// Texts that were made to cost more than they are long: their work grows as they grow, or they are
// refused by a limit that is said.
#include "../sql/fixture.h"
#include "counter.h"
#include "pattern.h"

#include <gtest/gtest.h>

#include <ostream>

namespace sluice::sql::test {
namespace {

using work::filled;

struct Bomb {
  const char* name;
  std::size_t count;
  std::string pattern;
  const char* says;  // of four times as many: what the error says; "" where there is none
};
void PrintTo(const Bomb& bomb, std::ostream* out) { *out << bomb.name; }

constexpr const char* kNested = "nested too deeply";
constexpr const char* kIntricate = "too intricate";
constexpr const char* kSigns = "rows of operator signs";

const std::string kPluses(1000, '+');
const std::string kFifty(50, '+');
const std::string kBanner = "/*" + std::string(78, '*') + "*/\n";

const Bomb kBombs[] = {
    {"parentheses", 400, "SELECT `(`1`)`", ""},
    {"parentheses_flood", 50000, "SELECT `(`1`)`", kNested},
    {"case", 200, "SELECT `CASE WHEN true THEN `1` END`", kNested},
    {"case_arms", 100, "SELECT CASE `WHEN id = 1 THEN name ` END FROM customers", kNested},
    {"subqueries", 200, "SELECT * FROM `(SELECT * FROM `customers`) x`", kNested},
    {"scalar_subqueries", 100, "SELECT `(SELECT `1`)`", ""},
    {"columns_doubled_at_each_level", 100, "SELECT * FROM `(SELECT *, * FROM `customers`) x`", ""},
    {"columns_beside_strings", 2000, "SELECT 'x', `c#~,` FROM `customers t#~,`", kIntricate},
    {"exists", 70, "SELECT 1 WHERE `EXISTS (SELECT 1 WHERE `true`)`", ""},
    {"lateral", 2000, "SELECT 1 FROM customers c0`, LATERAL (SELECT c#.id) c@`", kIntricate},
    {"unions", 400, "`SELECT id, ssn FROM customers~ UNION `", ""},
    {"unions_to_the_right", 60, "`(SELECT id, ssn FROM customers UNION `SELECT 1, 'x'`)`", ""},
    {"with", 1000, "WITH `a# AS (SELECT 1)~,` SELECT 1", ""},
    {"with_each_used", 2000, "WITH `a# AS (SELECT 1)~,` SELECT 1 FROM `a#~,`", kIntricate},
    {"with_each_twice", 2000,
     "WITH a0 AS (TABLE customers), `a@ AS (SELECT x.* FROM a# x, a# y)~,` SELECT 1", kIntricate},
    {"recursive_within_recursive", 4,
     "`WITH RECURSIVE r AS (SELECT id, ssn, name FROM customers UNION SELECT ssn, name, id FROM r, "
     "(`SELECT id FROM orders`) q) SELECT id FROM r`",
     kIntricate},
    {"and", 3000, "DELETE FROM orders WHERE `id <> #~ AND `", ""},
    {"or", 3000, "DELETE FROM orders WHERE `id = #~ OR `", ""},
    {"or_of_computed", 2000, "DELETE FROM orders WHERE `id + # = 1~ OR `", ""},
    {"or_of_not", 300, "DELETE FROM orders WHERE `NOT id = #~ OR `", ""},
    {"or_of_both", 1000, "DELETE FROM orders WHERE `(id = 1 AND total IN (1, 2))~ OR `", ""},
    {"or_within_and", 100, "DELETE FROM orders WHERE `(id = 1 OR id = 2 AND (`total = 3`))`", ""},
    {"not", 200, "DELETE FROM orders WHERE `NOT `id = 1", ""},
    {"between_without_brackets", 200, "SELECT 1` BETWEEN 1 AND 2 IS NULL`", kNested},
    {"in_list", 10000, "DELETE FROM orders WHERE id IN (`#~,`)", ""},
    {"in_list_of_a_long_value", 2000, "DELETE FROM orders WHERE ARRAY[`id~,`] IN (`ARRAY[1]~,`)",
     ""},
    {"array", 20000, "SELECT ARRAY[`1~,`]", ""},
    {"array_of_columns", 10000, "SELECT ARRAY[`ssn~,`] FROM customers", ""},
    {"arrays_in_arrays", 200, "SELECT ARRAY`[`1`]`", ""},
    {"rows_in_rows", 150, "SELECT `ROW(`ssn`)` FROM customers", ""},
    {"fields_of_fields", 150, "SELECT `(`c`).x` FROM customers c", ""},
    {"long_identifier", 100000, "SELECT \"`a`\" FROM customers", ""},
    {"dotted_name", 200, "SELECT a`.b` FROM customers", ""},
    {"tables", 3000, "SELECT id FROM `customers c#~,`", ""},
    {"same_table", 5000, "SELECT 1 FROM `customers~,`", ""},
    {"same_view", 3000, "SELECT 1 FROM `people_again~,`", ""},
    {"tables_each_used", 3000, "SELECT `c#.id~,` FROM `customers c#~,`", kIntricate},
    {"whole_rows", 1500, "SELECT `c0~,` FROM `customers c#~,`", kIntricate},
    {"names_among_many_tables", 1500, "SELECT `id~,` FROM `customers c#~,`", kIntricate},
    {"joins", 40, "SELECT 1 FROM customers c0 `JOIN orders c@ ON c0.id = c@.id `", ""},
    {"joins_using", 100, "SELECT 1 FROM customers c0 `JOIN orders c@ USING (id) `", ""},
    {"joins_natural", 100, "SELECT 1 FROM customers c0 `NATURAL JOIN orders c@ `", ""},
    {"stars_over_many_tables", 500, "SELECT `*~,` FROM `customers c#~,`", kIntricate},
    {"names_of_nothing", 3000, "SELECT `c#~,` FROM missing", ""},
    {"tables_of_nothing", 3000, "SELECT 1 FROM `t#~,`", ""},
    {"functions_of_nothing", 3000, "SELECT `f#()~,`", ""},
    {"order_by_numbers", 3000, "SELECT * FROM customers ORDER BY `0~,`", ""},
    {"group_by_names", 3000, "SELECT `id~,` FROM customers GROUP BY `id~,`", kIntricate},
    {"grouping_sets", 3000, "SELECT 1 FROM customers GROUP BY GROUPING SETS (`(id)~,`)", ""},
    {"windows", 1000, "SELECT 1 FROM customers WINDOW `w# AS (ORDER BY id)~,`", ""},
    {"aggregate_order", 3000, "SELECT array_agg(id ORDER BY `ssn~,`) FROM customers", ""},
    {"functions_in_from", 1000, "SELECT * FROM ROWS FROM (`generate_series(1, 2)~,`)", ""},
    {"xmltable", 1000, "SELECT 1 FROM XMLTABLE('/r' PASSING '' COLUMNS `c# int~,`)", ""},
    {"behind_a_string_that_goes_on", 20000, "SELECT E'a'\n'\\'', `1+`1, ''", kNested},
    {"behind_dollars_at_a_number", 20000, "SELECT 1$$'$$, `1+`1, ''", kNested},
    {"casts", 100, "SELECT 1`::int`", ""},
    {"concatenation", 120, "SELECT `ssn~ || ` FROM customers", ""},
    {"types", 3000, "SELECT `1::int[][][]~,`", ""},
    {"constant", 100000, "SELECT '`x`'", ""},
    {"number", 100000, "SELECT `9`", ""},
    {"parameters", 5000, "SELECT `$@~,`", ""},
    {"unicode_escapes", 10000, "SELECT U&'`\\0041`'", ""},
    {"unicode_names", 10000, "SELECT U&\"`\\0041`\"", ""},
    {"unicode_strings", 5000, "SELECT `U&'\\0041'~,`", ""},
    {"backslash_escapes", 50000, "SELECT E'`\\n`'", ""},
    {"dollar_quotes_in_one", 5000, "SELECT $$`$q#$`$$", ""},
    {"dollar_signs", 20000, "SELECT $q$`$q`$q$", ""},
    {"dollar_quotes_open", 5000, "SELECT `$q#$ `", "unterminated dollar-quoted string"},
    {"comments_in_comments", 25000, "`/*``*/`SELECT 1", kSigns},
    {"comments_open", 25000, "`/*`", kSigns},
    {"comments_side_by_side", 25000, "`/**/`SELECT 1", kSigns},
    {"comments_apart", 20000, "`/**/ `SELECT 1", ""},
    {"banners", 1000, "`" + kBanner + "`SELECT 1", ""},
    {"operator_signs", 100, "SELECT 1`+`1", ""},
    {"operator_signs_many", 30, "SELECT `1" + kPluses + "1~,`", kSigns},
    {"operator_signs_in_rows", 1000, "SELECT `1" + kFifty + "1~,`", kSigns},
    {"insert_rows", 5000, "INSERT INTO orders VALUES `(1, 2, 3, 'x')~,`", ""},
    {"insert_columns", 5000, "INSERT INTO orders (`id~,`) VALUES (1)", ""},
    {"update_columns", 5000, "UPDATE orders SET `id = 1~,` WHERE id = 1", ""},
    {"update_many_by_one", 1000, "UPDATE orders SET (`id~,`) = (SELECT `1~,`) WHERE id = 1",
     "too many columns at once"},
    {"merge_arms", 1000,
     "MERGE INTO orders o USING customers c ON o.id = c.id `WHEN MATCHED AND o.id = 1 THEN DELETE "
     "`",
     ""},
    {"table_columns", 1000, "CREATE TABLE t (`c# int DEFAULT 1 CHECK (c# > 0)~,`)", ""},
    {"table_generated", 500, "CREATE TABLE t (`c# int GENERATED ALWAYS AS (c0) STORED~,`)", ""},
    {"table_checks", 500, "ALTER TABLE customers `ADD c# int CHECK (ssn > 'a')~,`", kIntricate},
    {"grants", 2000, "GRANT SELECT ON `t#~,` TO x", ""},
    {"drops", 2000, "DROP TABLE `t#~,`", ""},
    {"setting", 5000, "SET search_path TO `a~,`", ""},
    {"explain", 1000, "EXPLAIN WITH `a# AS (SELECT 1)~,` SELECT 1 FROM `a#~,`", kIntricate},
    {"explain_options", 2000, "EXPLAIN (`analyze off~,`) SELECT 1", ""},
    {"explain_of_or", 1000, "EXPLAIN DELETE FROM orders WHERE `id = #~ OR `", ""},
    {"copy_options", 5000, "COPY customers TO STDOUT WITH (`header~,`)", ""},
    {"copy_columns", 5000, "COPY customers (`id~,`) TO STDOUT", ""},
    {"do_statements", 500, "DO $$BEGIN `PERFORM 1; `END$$", ""},
    {"do_statements_many", 20000, "DO $$BEGIN `PERFORM 1; `END$$", ""},
    {"do_variables", 2000, "DO $$DECLARE `v# int; `BEGIN `v# := 1; `END$$", ""},
    {"do_variables_many", 10000, "DO $$DECLARE `v# int; `BEGIN `v# := 1; `END$$", ""},
    {"do_blocks", 1000, "DO $$`BEGIN `PERFORM 1; `END; `$$", ""},
    {"do_ifs", 1000, "DO $$BEGIN `IF true THEN `PERFORM 1; `END IF; `END$$", ""},
    {"do_arms", 400, "DO $$BEGIN IF true THEN NULL;` ELSIF true THEN NULL;` END IF; END$$", ""},
    {"do_ifs_behind_statements", 400, "DO $$BEGIN `IF true THEN NULL; `PERFORM 1; `END IF; `END$$",
     ""},
    {"do_loops_behind_statements", 400, "DO $$BEGIN `LOOP NULL; `PERFORM 1; `END LOOP; `END$$", ""},
    {"do_cases_behind_statements", 400,
     "DO $$BEGIN `CASE WHEN true THEN NULL; `PERFORM 1; `END CASE; `END$$", ""},
    {"do_blocks_behind_statements", 400, "DO $$BEGIN `BEGIN NULL; `PERFORM 1; `END; `END$$", ""},
    {"do_arms_behind_statements", 400,
     "DO $$BEGIN `IF true THEN NULL; ELSE NULL; `PERFORM 1; `END IF; `END$$", ""},
    {"do_handlers", 400,
     "DO $$BEGIN `BEGIN NULL; EXCEPTION WHEN others THEN NULL; `PERFORM 1; `END; `END$$", ""},
    {"do_comments", 20000, "DO $$BEGIN `/**/` END$$", ""},
    {"do_within_do", 8, "`DO $q#$BEGIN `PERFORM 1;` END$q%$;`", ""},
    {"function_within_function", 100,
     "`CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $q#$`SELECT 1`$q%$`", ""},
    {"function_statements", 2000,
     "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$`SELECT 1; `$$", ""},
    {"function_atomic", 2000,
     "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC `SELECT 1; `END", ""},
    {"statements", 2000, "`SELECT 1~;`", ""},
    {"statements_of_nothing", 50000, "`;`", ""},
    {"statements_wide", 1000, "`TABLE customers~;`", ""},
    {"statements_renaming_schemas", 600, "`ALTER SCHEMA a RENAME TO b~;`", kIntricate},
    {"prepare_one_name", 1500, "`PREPARE p AS SELECT 1 FROM t#~;`", kIntricate},
    {"prepare_many_names", 2000, "`PREPARE p# AS SELECT 1~;`", ""},
    {"execute_what_names_much", 1000, "PREPARE p AS SELECT 1 FROM `t#~,`; `EXECUTE p~;`",
     kIntricate},
    {"notify", 2000, "`NOTIFY c#~;`", ""},
};

// A tenth of a second, or a twentieth of what the worst text may take.
constexpr std::uint64_t kFewBlocks = 32'000'000;
constexpr std::uint64_t kBlocksMax = 500'000'000;
constexpr std::uint64_t kBytesMost = std::uint64_t{400} << 20;
constexpr double kGrowthMax = 5.5;

class WorkOnAText : public ::testing::TestWithParam<Bomb> {
 protected:
  work::Work of(const std::string& text, std::string* says) {
    const auto catalog = shop();
    return work::measure(kStackBytes, [&] {
      const auto analysis = analyse(text, *catalog, SessionNames{});
      if (!analysis.ok()) *says = analysis.error().text();
    });
  }
};

TEST_P(WorkOnAText, GrowsAsTheTextOrMeetsALimit) {
  const Bomb& bomb = GetParam();
  std::string once, twice, more;
  const work::Work first = of(filled(bomb.pattern, bomb.count), &once);
  const work::Work second = of(filled(bomb.pattern, 2 * bomb.count), &twice);
  const work::Work last = of(filled(bomb.pattern, 4 * bomb.count), &more);
  RecordProperty("blocks", std::to_string(last.blocks));

  if (*bomb.says == '\0')
    EXPECT_EQ(more, "");
  else
    EXPECT_NE(more.find(bomb.says), std::string::npos) << more;
  for (const work::Work& work : {first, second, last}) {
    EXPECT_LT(work.blocks, kBlocksMax);
    EXPECT_LT(work.bytes_most, kBytesMost);
    EXPECT_LT(work.stack_bytes, kStackBytes / 2);
  }
  if (*bomb.says != '\0' || last.blocks < kFewBlocks) return;
  EXPECT_LT(static_cast<double>(last.blocks), kGrowthMax * static_cast<double>(first.blocks));
  EXPECT_LT(static_cast<double>(last.bytes_asked),
            kGrowthMax * static_cast<double>(first.bytes_asked));
}

INSTANTIATE_TEST_SUITE_P(Bombs, WorkOnAText, ::testing::ValuesIn(kBombs),
                         [](const auto& one) { return std::string{one.param.name}; });

}  // namespace
}  // namespace sluice::sql::test
