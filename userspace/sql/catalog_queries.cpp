// SPDX-License-Identifier: Apache-2.0
#include "sql/catalog_queries.h"

#include <array>

namespace sluice::sql {
namespace {

// Temporary relations of other sessions are none of ours; those of the agent's own session come
// after the snapshot and are unknown by OID, so they are masked whole.
constexpr std::string_view kRelations = R"sql(
SELECT c.oid, n.nspname, c.relname, c.relkind
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 't', 'S') AND c.relpersistence <> 't')sql";

constexpr std::string_view kColumns = R"sql(
SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attgenerated
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 't', 'S') AND c.relpersistence <> 't')sql";

constexpr std::string_view kInheritance = R"sql(
SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i)sql";

// The shape: OUT and TABLE parameters give a row of those names; a plain type gives one value;
// records, composites and polymorphic types are decided by the call.
constexpr std::string_view kFunctions = R"sql(
SELECT p.oid, n.nspname, p.proname, p.provolatile, p.prokind, l.lanname, p.proretset,
  CASE
    WHEN t.typname IN ('anyelement', 'anyarray', 'anynonarray', 'anycompatible',
                       'anycompatiblearray', 'anycompatiblenonarray') THEN '?'
    WHEN p.proargmodes && '{o,b,t}'::pg_catalog."char"[] THEN 'r'
    WHEN t.typtype IN ('b', 'd', 'e', 'r', 'm') OR t.typname IN ('void', 'cstring') THEN 's'
    ELSE '?'
  END,
  pg_catalog.array_to_string(ARRAY(
    SELECT CASE WHEN p.proargnames[i] IS NULL OR p.proargnames[i] = ''
                THEN 'column' || i::pg_catalog.text
                ELSE p.proargnames[i] END
    FROM pg_catalog.generate_subscripts(p.proargmodes, 1) i
    WHERE p.proargmodes[i] IN ('o', 'b', 't')
    ORDER BY i), pg_catalog.chr(31))
FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  JOIN pg_catalog.pg_type t ON t.oid = p.prorettype)sql";

constexpr std::string_view kOperators = R"sql(
SELECT o.oprname, p.oid
FROM pg_catalog.pg_operator o
  JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode::pg_catalog.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname <> 'pg_catalog')sql";

// A domain's checks run for what is made of it too: domains over it, arrays, rows with such a
// column.
constexpr std::string_view kCasts = R"sql(
WITH RECURSIVE made_of (part, type) AS (
  SELECT t.typbasetype, t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype <> 0
  UNION ALL
  SELECT t.typelem, t.oid FROM pg_catalog.pg_type t WHERE t.typelem <> 0
  UNION ALL
  SELECT a.atttypid, c.reltype
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  WHERE c.reltype <> 0 AND c.relnamespace <> 'pg_catalog'::pg_catalog.regnamespace AND a.attnum > 0 AND NOT a.attisdropped
), checked (type, function) AS (
  SELECT c.contypid, p.oid
  FROM pg_catalog.pg_constraint c
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
      AND d.objid = c.oid
    LEFT JOIN pg_catalog.pg_operator o ON o.oid = d.refobjid
      AND d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass
    JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode::pg_catalog.oid
      OR p.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE c.contypid <> 0 AND n.nspname <> 'pg_catalog'
  UNION
  SELECT m.type, k.function FROM checked k JOIN made_of m ON m.part = k.type)
SELECT t.typname, k.function
FROM checked k JOIN pg_catalog.pg_type t ON t.oid = k.type
UNION ALL
SELECT t.typname, p.oid
FROM pg_catalog.pg_cast c
  JOIN pg_catalog.pg_type t ON t.oid = c.casttarget
  JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname <> 'pg_catalog')sql";

// Columns that are made of others: generated ones, and those whose type is the row of a table, or
// an array, a domain, a type with a field of it (then the last number is 0). Unlike in kCasts the
// row of another table that has such a column is left out: that table has a row of its own in
// here, and CatalogBuilder goes on from there, so all tables above it need not be listed again.
constexpr std::string_view kDependents = R"sql(
WITH RECURSIVE made_of (part, type) AS (
  SELECT t.typbasetype, t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype <> 0
  UNION ALL
  SELECT t.typelem, t.oid FROM pg_catalog.pg_type t WHERE t.typelem <> 0
  UNION ALL
  SELECT a.atttypid, c.reltype
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped
), holding (type, relation) AS (
  SELECT r.reltype, r.oid
  FROM pg_catalog.pg_class r
  WHERE r.reltype <> 0 AND r.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND r.relnamespace <> 'pg_catalog'::pg_catalog.regnamespace
  UNION
  SELECT m.type, h.relation FROM holding h JOIN made_of m ON m.part = h.type)
SELECT d.refobjid, a.attnum, d.refobjid, d.refobjsubid
FROM pg_catalog.pg_attribute a
  LEFT JOIN pg_catalog.pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.refobjid = a.attrelid AND d.refobjsubid > 0 AND d.refobjsubid <> a.attnum
    AND (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = a.attrelid
           AND d.objsubid = a.attnum
         OR d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = ad.oid)
WHERE a.attgenerated <> ''
UNION ALL
SELECT a.attrelid, a.attnum, h.relation, 0
FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN holding h ON h.type = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND c.relpersistence <> 't')sql";

// What views are, and rules of CREATE RULE. pg_settings has one, too.
//
// To print a definition the server locks what it names, as if somebody read that. Where an
// exclusive lock is held or waited for, that would wait as well, and whoever holds it may next wait
// for us. So what such a lock is about is left out here, and said to be.
constexpr std::string_view kRewrites = R"sql(
WITH locked (oid) AS (
  SELECT l.relation FROM pg_catalog.pg_locks l
  WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
), locked_rules (oid) AS (
  SELECT r.oid FROM pg_catalog.pg_rewrite r WHERE r.ev_class IN (SELECT k.oid FROM locked k)
  UNION
  SELECT d.objid FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.refobjid IN (SELECT k.oid FROM locked k)
), rules (oid, ev_class, ev_type, locked) AS MATERIALIZED (
  SELECT r.oid, r.ev_class, r.ev_type, r.oid IN (SELECT k.oid FROM locked_rules k)
  FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
  WHERE (r.ev_type = '1' OR r.ev_enabled <> 'D') AND c.relpersistence <> 't')
SELECT r.ev_class, r.ev_type,
  CASE WHEN r.locked THEN NULL
       WHEN r.ev_type = '1' THEN pg_catalog.pg_get_viewdef(r.ev_class)
       ELSE pg_catalog.pg_get_ruledef(r.oid) END,
  r.locked
FROM rules r)sql";

// Those that act when what they refer to is changed, with the names of the columns on both sides.
constexpr std::string_view kForeignKeys = R"sql(
SELECT k.confrelid, k.conrelid, k.confdeltype, k.confupdtype,
  pg_catalog.array_to_string(ARRAY(
    SELECT a.attname FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey)), pg_catalog.chr(31)),
  pg_catalog.array_to_string(ARRAY(
    SELECT a.attname FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)), pg_catalog.chr(31))
FROM pg_catalog.pg_constraint k
WHERE k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd')))sql";

// Whether it is of postgres_fdw, what it is called there, and "here=there" of columns, 30 between
// the names and 31 between the columns.
constexpr std::string_view kForeignTables = R"sql(
SELECT f.ftrelid, coalesce(p.proname = 'postgres_fdw_handler', false),
  coalesce((SELECT o.option_value FROM pg_catalog.pg_options_to_table(f.ftoptions) o
            WHERE o.option_name = 'schema_name'), n.nspname),
  coalesce((SELECT o.option_value FROM pg_catalog.pg_options_to_table(f.ftoptions) o
            WHERE o.option_name = 'table_name'), c.relname),
  pg_catalog.array_to_string(ARRAY(
    SELECT a.attname || pg_catalog.chr(30) || o.option_value
    FROM pg_catalog.pg_attribute a, pg_catalog.pg_options_to_table(a.attfdwoptions) o
    WHERE a.attrelid = f.ftrelid AND o.option_name = 'column_name'), pg_catalog.chr(31))
FROM pg_catalog.pg_foreign_table f
  JOIN pg_catalog.pg_class c ON c.oid = f.ftrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver
  JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
  LEFT JOIN pg_catalog.pg_proc p ON p.oid = w.fdwhandler)sql";

constexpr std::array<CatalogQuery, 11> kQueries = {{
    {CatalogTable::kSettings, "SELECT pg_catalog.current_setting('server_version_num')", 1},
    {CatalogTable::kRelations, kRelations, 4},
    {CatalogTable::kColumns, kColumns, 6},
    {CatalogTable::kInheritance, kInheritance, 2},
    {CatalogTable::kFunctions, kFunctions, 9},
    {CatalogTable::kOperators, kOperators, 2},
    {CatalogTable::kCasts, kCasts, 2},
    {CatalogTable::kDependents, kDependents, 4},
    {CatalogTable::kRewrites, kRewrites, 4},
    {CatalogTable::kForeignKeys, kForeignKeys, 6},
    {CatalogTable::kForeignTables, kForeignTables, 5},
}};

}  // namespace

std::span<const CatalogQuery> catalog_queries() { return kQueries; }

// Also which server and database it is: another one may be there by the same name.
const std::string_view kCatalogSnapshot =
    "SELECT pg_catalog.pg_current_snapshot(), pg_catalog.pg_postmaster_start_time(), d.oid"
    " FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";
const std::string_view kCatalogHasDigest =
    "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 140000";

// A row that changes lies elsewhere, or where another one was that is gone, and was written by
// another transaction. age() counts back from the transaction that comes next, so the age of a
// fixed one makes that independent of the moment; of what initdb wrote it is always the largest
// number there is.
#define DIGEST_OF(table)                                                                        \
  "SELECT '" table                                                                              \
  "', count(*), count(*) FILTER (WHERE w.age = 2147483647),"                                    \
  " sum(CASE WHEN w.age = 2147483647 THEN 0 ELSE w.age - pg_catalog.age('3'::pg_catalog.xid) "  \
  "END),"                                                                                       \
  " sum(pg_catalog.hashtidextended(w.ctid, 0))"                                                 \
  " FROM (SELECT t.ctid, pg_catalog.age(t.xmin)::pg_catalog.int8 AS age FROM pg_catalog." table \
  " t OFFSET 0) w"
const std::string_view kCatalogDigest =
    DIGEST_OF("pg_class") " UNION ALL "
    DIGEST_OF("pg_attribute") " UNION ALL "
    DIGEST_OF("pg_attrdef") " UNION ALL "
    DIGEST_OF("pg_namespace") " UNION ALL "
    DIGEST_OF("pg_inherits") " UNION ALL "
    DIGEST_OF("pg_proc") " UNION ALL "
    DIGEST_OF("pg_language") " UNION ALL "
    DIGEST_OF("pg_type") " UNION ALL "
    DIGEST_OF("pg_enum") " UNION ALL "
    DIGEST_OF("pg_operator") " UNION ALL "
    DIGEST_OF("pg_cast") " UNION ALL "
    DIGEST_OF("pg_aggregate") " UNION ALL "
    DIGEST_OF("pg_collation") " UNION ALL "
    DIGEST_OF("pg_constraint") " UNION ALL "
    DIGEST_OF("pg_depend") " UNION ALL "
    DIGEST_OF("pg_rewrite") " UNION ALL "
    DIGEST_OF("pg_foreign_table") " UNION ALL "
    DIGEST_OF("pg_foreign_server") " UNION ALL "
    DIGEST_OF("pg_foreign_data_wrapper");
#undef DIGEST_OF

}  // namespace sluice::sql
