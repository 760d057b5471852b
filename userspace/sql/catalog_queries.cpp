// SPDX-License-Identifier: Apache-2.0
#include "sql/catalog_queries.h"

#include <array>

#include "sql/catalog_calls_query.h"
#include "sql/catalog_revisions_query.h"

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

// Bodies that are read; others may do anything. One by one and together they are no more than a
// reading can bring, and what is there already stays so when more is made.
#define SHORT_BODIES                                                                      \
  " short_bodies (function) AS MATERIALIZED ("                                            \
  "  SELECT q.oid FROM ("                                                                 \
  "    SELECT s.oid, pg_catalog.sum(s.bytes) OVER (ORDER BY s.oid)"                       \
  "    FROM (SELECT p.oid, pg_catalog.octet_length(p.prosrc)"                             \
  "            + coalesce(pg_catalog.octet_length(p.proargdefaults::pg_catalog.text), 0)" \
  "          FROM pg_catalog.pg_proc p WHERE p.oid >= 16384) s (oid, bytes)"              \
  "    WHERE s.bytes <= 65536) q (oid, total)"                                            \
  "  WHERE q.total <= 8388608)"

// The shape: OUT and TABLE parameters give a row of those names; a plain type gives one value;
// records, composites and polymorphic types are decided by the call. What is volatile is a call,
// whatever is in it; but casts run unasked, and there it matters.
constexpr std::string_view kFunctions = R"sql(
WITH)sql" SHORT_BODIES R"sql(
SELECT p.oid, n.nspname, p.proname, p.provolatile, p.prokind, l.lanname, p.proretset,
  CASE
    WHEN t.typname IN ('anyelement', 'anyarray', 'anynonarray', 'anycompatible',
                       'anycompatiblearray', 'anycompatiblenonarray') THEN '?'
    WHEN t.typcategory = 'C' THEN '?'
    WHEN p.proargmodes && '{o,b,t}'::pg_catalog."char"[] THEN 'r'
    WHEN t.typtype IN ('b', 'd', 'e', 'r', 'm') OR t.typname IN ('void', 'cstring') THEN 's'
    ELSE '?'
  END,
  pg_catalog.array_to_string(ARRAY(
    SELECT CASE WHEN p.proargnames[i] IS NULL OR p.proargnames[i] = ''
                THEN 'column' || pg_catalog.textin(pg_catalog.int8out(pg_catalog.row_number() OVER (ORDER BY i)))
                ELSE p.proargnames[i] END
    FROM pg_catalog.generate_subscripts(p.proargmodes, 1) i
    WHERE p.proargmodes[i] IN ('o', 'b', 't')
    ORDER BY i), pg_catalog.chr(31)),
  s.shipped,
  CASE WHEN p.oid >= 16384 AND p.prokind = 'f' AND p.prosrc <> ''
         AND (p.provolatile <> 'v' OR p.oid IN (
           SELECT c.castfunc FROM pg_catalog.pg_cast c WHERE c.oid >= 16384))
         AND b.function IS NOT NULL AND (l.lanname = 'sql' OR l.lanname = 'plpgsql' AND NOT s.shipped)
       THEN pg_catalog.pg_get_functiondef(p.oid) END
FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  JOIN pg_catalog.pg_type t ON t.oid = p.prorettype
  CROSS JOIN LATERAL (
    SELECT p.oid >= 16384 AND EXISTS (
      SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
        AND d.deptype IN ('e', 'i'))) s (shipped)
  LEFT JOIN short_bodies b ON b.function = p.oid)sql";

// Whatever is not PostgreSQL's own, operator or function: 16384 is kFirstUserOid. The planner may
// put an operator's negator or commutator in its place, and calls what estimates for it; such a
// function can be made in C only, and those of extensions just estimate.
constexpr std::string_view kOperators = R"sql(
WITH RECURSIVE reached (operator, other) AS (
  SELECT o.oid, o.oid FROM pg_catalog.pg_operator o
  UNION
  SELECT r.operator, l.other
  FROM reached r JOIN (
    SELECT n.oid, n.oprnegate FROM pg_catalog.pg_operator n WHERE n.oprnegate <> 0
    UNION ALL
    SELECT c.oid, c.oprcom FROM pg_catalog.pg_operator c WHERE c.oprcom <> 0) l (operator, other)
    ON l.operator = r.other)
SELECT DISTINCT o.oprname, f.function
FROM reached r
  JOIN pg_catalog.pg_operator o ON o.oid = r.operator
  JOIN pg_catalog.pg_operator x ON x.oid = r.other
  CROSS JOIN LATERAL (
    VALUES (x.oprcode::pg_catalog.oid, false), (x.oprrest::pg_catalog.oid, true),
      (x.oprjoin::pg_catalog.oid, true)) f (function, estimates)
WHERE f.function <> 0 AND (x.oid >= 16384 OR f.function >= 16384)
  AND NOT (f.estimates AND (f.function < 16384 OR EXISTS (
    SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = f.function
      AND d.deptype = 'e'))))sql";

// A domain's checks run for what is made of it too: domains over it or with a check that casts to
// it, arrays, ranges, rows with such a column, and where a function takes or gives it; so do what
// orders the bounds of a range type, and its other functions. Nothing depends on a function of
// PostgreSQL's own: those that a check calls stand in its tree. What takes values of any type (0)
// may turn others into them, and run the checks of each; not what is in C, which would have to ask
// for that. A cast of users runs for what is made of its target, too, but not for who takes or
// gives such a thing. There what extensions have in C and call immutable is left out: it computes,
// and may reach the row of every table. Without a name those casts that run where nobody asks for
// one (to_json() looks for casts to json), by the type that is of users.
constexpr std::string_view kCasts = R"sql(
WITH RECURSIVE made_of (part, type) AS (
  SELECT t.typbasetype, t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype <> 0
  UNION ALL
  SELECT t.typelem, t.oid FROM pg_catalog.pg_type t WHERE t.typelem <> 0
  UNION ALL
  SELECT d.refobjid, d.objid FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
    AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
  UNION ALL
  SELECT d.refobjid, c.contypid
  FROM pg_catalog.pg_constraint c
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
      AND d.objid = c.oid AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
  WHERE c.contypid <> 0 AND d.refobjid <> c.contypid
  UNION ALL
  SELECT a.atttypid, c.reltype
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  WHERE c.reltype <> 0 AND a.attnum > 0 AND NOT a.attisdropped
), checked (type, function) AS (
  SELECT c.contypid, p.oid
  FROM pg_catalog.pg_constraint c
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
      AND d.objid = c.oid
    LEFT JOIN pg_catalog.pg_operator o ON o.oid = d.refobjid
      AND d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass
    JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode::pg_catalog.oid
      OR p.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
  WHERE c.contypid <> 0
  UNION
  SELECT t.type, f.function
  FROM pg_catalog.pg_range r
    JOIN pg_catalog.pg_opclass c ON c.oid = r.rngsubopc
    CROSS JOIN LATERAL (
      SELECT r.rngcanonical::pg_catalog.oid
      UNION SELECT r.rngsubdiff::pg_catalog.oid
      UNION SELECT p.amproc::pg_catalog.oid FROM pg_catalog.pg_amproc p
      WHERE p.amprocfamily = c.opcfamily) f (function)
    CROSS JOIN LATERAL (
      VALUES (r.rngtypid), (pg_catalog.oidin(pg_catalog.textout(pg_catalog.to_jsonb(r) ->> 'rngmultitypid')))) t (type)
  WHERE r.rngtypid >= 16384 AND f.function <> 0 AND t.type <> 0
  UNION
  SELECT c.contypid, p.oid
  FROM pg_catalog.pg_constraint c
    CROSS JOIN LATERAL pg_catalog.regexp_matches(
      c.conbin::pg_catalog.text, ':(?:funcid|opfuncid) ([0-9]+)', 'g') AS called (number)
    JOIN pg_catalog.pg_proc p ON p.oid = pg_catalog.oidin(pg_catalog.textout(called.number[1]))
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE c.contypid <> 0 AND n.nspname = 'pg_catalog' AND p.provolatile <> 'i'
  UNION
  SELECT m.type, k.function FROM checked k JOIN made_of m ON m.part = k.type
), reached (type, function) AS (
  SELECT c.casttarget, p.oid
  FROM pg_catalog.pg_cast c
    JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  WHERE (c.oid >= 16384 OR p.oid >= 16384)
    AND NOT (p.oid >= 16384 AND p.provolatile = 'i' AND l.lanname = 'c' AND EXISTS (
      SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
        AND d.deptype = 'e'))
  UNION
  SELECT m.type, r.function FROM reached r JOIN made_of m ON m.part = r.type)
SELECT t.typname, k.function, t.oid
FROM checked k JOIN pg_catalog.pg_type t ON t.oid = k.type
UNION ALL
SELECT p.proname, k.function, 0
FROM pg_catalog.pg_proc p
  CROSS JOIN LATERAL (
    SELECT pg_catalog.unnest(p.proargtypes)
    UNION ALL SELECT pg_catalog.unnest(p.proallargtypes)
    UNION ALL SELECT p.prorettype) u (type)
  JOIN checked k ON k.type = u.type
WHERE p.oid >= 16384
UNION ALL
SELECT DISTINCT p.proname, 0::pg_catalog.oid, 0
FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  CROSS JOIN LATERAL (
    SELECT pg_catalog.unnest(p.proargtypes)
    UNION ALL SELECT pg_catalog.unnest(p.proallargtypes)) u (type)
  JOIN pg_catalog.pg_type t ON t.oid = u.type
WHERE p.oid >= 16384 AND t.typtype = 'p' AND (t.typname ~ '^any' OR t.typname = 'record')
  AND (l.lanname NOT IN ('c', 'internal') OR p.prokind = 'a')
UNION ALL
SELECT t.typname, p.oid, 0
FROM pg_catalog.pg_cast c
  JOIN pg_catalog.pg_type t ON t.oid = c.casttarget
  JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
WHERE c.oid >= 16384 OR p.oid >= 16384
UNION ALL
SELECT t.typname, r.function, 0
FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.type
UNION ALL
SELECT '', 0, c.castsource
FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_type t ON t.oid = c.castsource
WHERE c.oid >= 16384 AND t.typrelid <> 0
UNION ALL
SELECT '', c.castfunc, CASE WHEN c.castsource >= 16384 THEN c.castsource ELSE c.casttarget END
FROM pg_catalog.pg_cast c
WHERE c.castfunc <> 0 AND (c.oid >= 16384 OR c.castfunc >= 16384)
  AND (c.castcontext <> 'e' OR c.casttarget IN (114, 3802)))sql";

// By the name of the operator class, and of the type that it is the default one of.
constexpr std::string_view kOperatorClasses = R"sql(
SELECT DISTINCT k.name, f.function
FROM pg_catalog.pg_opclass c
  JOIN (
    SELECT p.amprocfamily, p.amproc::pg_catalog.oid FROM pg_catalog.pg_amproc p
    UNION ALL
    SELECT a.amopfamily, o.oprcode::pg_catalog.oid
    FROM pg_catalog.pg_amop a JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr) f (family, function)
    ON f.family = c.opcfamily
  JOIN pg_catalog.pg_type t ON t.oid = c.opcintype
  CROSS JOIN LATERAL (VALUES (c.opcname), (CASE WHEN c.opcdefault THEN t.typname END)) k (name)
WHERE (c.oid >= 16384 OR f.function >= 16384) AND k.name IS NOT NULL)sql";

// Those that are not PostgreSQL's own: a message may give a parameter's type by its number.
constexpr std::string_view kTypes = R"sql(
SELECT t.oid, t.typname FROM pg_catalog.pg_type t WHERE t.oid >= 16384)sql";

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
  SELECT d.refobjid, d.objid FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
    AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
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

// What sql/standing.h is built of: a kind, a name, and three objects by the number of their system
// catalogue, their own, and that of a column. 'd': the first depends on the second. 'a': it takes
// it along (a view its rule, a constraint its index, a type its checks, an operator class the
// members of its family). 'y': it is the type of rows of the second. 'u', 'v': it is a part of the
// second, which is a table or a view; 'v': a policy, a trigger or a rule. 'o', 'i', 't': it is
// called so; 'i': an index or statistics, 't': a type. 'q': a table with a policy, a trigger or a
// rule that a column may take along. 'p': the function of an event trigger, or its schema.
constexpr std::string_view kStanding = R"sql(
SELECT 'd', NULL, d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid
FROM pg_catalog.pg_depend d
WHERE d.objid >= 16384
  AND (d.refobjid >= 16384 OR d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass)
UNION ALL
SELECT 'a', NULL, 'pg_catalog.pg_class'::pg_catalog.regclass, r.ev_class, 0,
  'pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid, 0
FROM pg_catalog.pg_rewrite r WHERE r.ev_class >= 16384 AND r.rulename = '_RETURN'
UNION ALL
SELECT 'a', NULL, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 0,
  'pg_catalog.pg_class'::pg_catalog.regclass, k.conindid, 0
FROM pg_catalog.pg_constraint k WHERE k.conindid >= 16384 AND k.contype <> 'f'
UNION ALL
SELECT 'a', NULL, 'pg_catalog.pg_type'::pg_catalog.regclass, k.contypid, 0,
  'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 0
FROM pg_catalog.pg_constraint k WHERE k.contypid >= 16384
UNION ALL
SELECT 'a', NULL, 'pg_catalog.pg_opclass'::pg_catalog.regclass, c.oid, 0,
  'pg_catalog.pg_proc'::pg_catalog.regclass, p.amproc::pg_catalog.oid, 0
FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_amproc p ON p.amprocfamily = c.opcfamily
WHERE c.oid >= 16384 AND p.amproc::pg_catalog.oid >= 16384
UNION ALL
SELECT 'a', NULL, 'pg_catalog.pg_opclass'::pg_catalog.regclass, c.oid, 0,
  'pg_catalog.pg_operator'::pg_catalog.regclass, o.amopopr, 0
FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_amop o ON o.amopfamily = c.opcfamily
WHERE c.oid >= 16384 AND o.amopopr >= 16384
UNION ALL
SELECT 'y', NULL, 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 0,
  'pg_catalog.pg_class'::pg_catalog.regclass, t.typrelid, 0
FROM pg_catalog.pg_type t WHERE t.typrelid >= 16384
UNION ALL
SELECT p.kind, NULL, p.class, p.object, 0,
  'pg_catalog.pg_class'::pg_catalog.regclass, p.relation, 0
FROM (
  SELECT 'u', 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid, c.oid
  FROM pg_catalog.pg_class c
  WHERE c.relkind IN ('r', 'p', 'f', 'm', 'v') AND c.relpersistence <> 't'
  UNION ALL
  SELECT 'u', 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, i.indrelid
  FROM pg_catalog.pg_index i
  UNION ALL
  SELECT 'u', 'pg_catalog.pg_attrdef'::pg_catalog.regclass, a.oid, a.adrelid
  FROM pg_catalog.pg_attrdef a
  UNION ALL
  SELECT 'u', 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.conrelid
  FROM pg_catalog.pg_constraint k
  UNION ALL
  SELECT 'v', 'pg_catalog.pg_trigger'::pg_catalog.regclass, t.oid, t.tgrelid
  FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal
  UNION ALL
  SELECT 'v', 'pg_catalog.pg_policy'::pg_catalog.regclass, p.oid, p.polrelid
  FROM pg_catalog.pg_policy p
  UNION ALL
  SELECT CASE WHEN r.rulename <> '_RETURN' THEN 'v' ELSE 'u' END,
    'pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid, r.ev_class
  FROM pg_catalog.pg_rewrite r
  UNION ALL
  SELECT 'u', 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, x.oid, x.stxrelid
  FROM pg_catalog.pg_statistic_ext x) p (kind, class, object, relation)
WHERE p.relation >= 16384
UNION ALL
SELECT n.kind, n.name, n.class, n.object, 0, 0, 0, 0
FROM (
  SELECT CASE WHEN c.relkind IN ('i', 'I') THEN 'i' ELSE 'o' END, c.relname,
    'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid
  FROM pg_catalog.pg_class c
  UNION ALL
  SELECT 't', t.typname, 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid
  FROM pg_catalog.pg_type t
  UNION ALL
  SELECT 'o', p.proname, 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid
  FROM pg_catalog.pg_proc p
  UNION ALL
  SELECT 'o', n.nspname, 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid
  FROM pg_catalog.pg_namespace n
  UNION ALL
  SELECT 'o', o.oprname, 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid
  FROM pg_catalog.pg_operator o
  UNION ALL
  SELECT 'o', c.opcname, 'pg_catalog.pg_opclass'::pg_catalog.regclass, c.oid
  FROM pg_catalog.pg_opclass c
  UNION ALL
  SELECT 'o', f.opfname, 'pg_catalog.pg_opfamily'::pg_catalog.regclass, f.oid
  FROM pg_catalog.pg_opfamily f
  UNION ALL
  SELECT 'o', c.collname, 'pg_catalog.pg_collation'::pg_catalog.regclass, c.oid
  FROM pg_catalog.pg_collation c
  UNION ALL
  SELECT 'o', c.cfgname, 'pg_catalog.pg_ts_config'::pg_catalog.regclass, c.oid
  FROM pg_catalog.pg_ts_config c
  UNION ALL
  SELECT 'o', d.dictname, 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, d.oid
  FROM pg_catalog.pg_ts_dict d
  UNION ALL
  SELECT 'o', p.prsname, 'pg_catalog.pg_ts_parser'::pg_catalog.regclass, p.oid
  FROM pg_catalog.pg_ts_parser p
  UNION ALL
  SELECT 'o', t.tmplname, 'pg_catalog.pg_ts_template'::pg_catalog.regclass, t.oid
  FROM pg_catalog.pg_ts_template t
  UNION ALL
  SELECT 'i', x.stxname, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, x.oid
  FROM pg_catalog.pg_statistic_ext x) n (kind, name, class, object)
WHERE n.object >= 16384 OR n.class = 'pg_catalog.pg_namespace'::pg_catalog.regclass
UNION ALL
SELECT 'q', c.relname, 0, 0, 0, 0, 0, 0
FROM pg_catalog.pg_class c
WHERE c.oid IN (
  SELECT p.polrelid FROM pg_catalog.pg_policy p
  UNION ALL
  SELECT r.ev_class FROM pg_catalog.pg_rewrite r WHERE r.rulename <> '_RETURN'
  UNION ALL
  SELECT t.tgrelid FROM pg_catalog.pg_trigger t
  WHERE NOT t.tgisinternal AND (t.tgqual IS NOT NULL OR t.tgattr[0] IS NOT NULL))
UNION ALL
SELECT 'p', k.name, 0, 0, 0, 0, 0, 0
FROM pg_catalog.pg_event_trigger e
  JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  CROSS JOIN LATERAL (VALUES (p.proname), (n.nspname)) k (name))sql";

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
SELECT d.ev_class, d.ev_type,
  CASE WHEN pg_catalog.sum(pg_catalog.octet_length(d.text)) OVER (ORDER BY d.oid) <= 16777216
       THEN d.text END,
  d.locked
FROM (
  SELECT r.oid, r.ev_class, r.ev_type, r.locked,
    CASE WHEN pg_catalog.octet_length(t.text) <= 1048576 THEN t.text END
  FROM rules r
    CROSS JOIN LATERAL (
      SELECT CASE WHEN r.locked THEN NULL
                  WHEN r.ev_type = '1' THEN pg_catalog.pg_get_viewdef(r.ev_class)
                  ELSE pg_catalog.pg_get_ruledef(r.oid) END OFFSET 0) t (text)
  ) d (oid, ev_class, ev_type, locked, text))sql";

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

// What functions of triggers are, and the tables that they are of; disabled ones are a word away.
// Whether they are of event triggers. A trigger that comes or goes does so in pg_depend, too.
constexpr std::string_view kTriggers = R"sql(
WITH)sql" SHORT_BODIES R"sql(
SELECT p.oid,
  CASE WHEN l.lanname = 'plpgsql' AND NOT EXISTS (
         SELECT FROM pg_catalog.pg_depend d
         WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
           AND d.deptype = 'e')
            AND b.function IS NOT NULL
       THEN pg_catalog.pg_get_functiondef(p.oid) END,
  t.tables, EXISTS (SELECT FROM pg_catalog.pg_event_trigger e WHERE e.evtfoid = p.oid)
FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  LEFT JOIN (
    SELECT g.tgfoid, pg_catalog.string_agg(DISTINCT pg_catalog.textin(pg_catalog.oidout(g.tgrelid)), pg_catalog.chr(31))
    FROM pg_catalog.pg_trigger g WHERE NOT g.tgisinternal GROUP BY g.tgfoid) t (function, tables)
    ON t.function = p.oid
  LEFT JOIN short_bodies b ON b.function = p.oid
WHERE p.oid >= 16384 AND p.prorettype IN (
  'pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype))sql";

constexpr std::string_view kPrimaryKeys = R"sql(
SELECT k.conrelid, a.attnum
FROM pg_catalog.pg_constraint k CROSS JOIN LATERAL pg_catalog.unnest(k.conkey) AS a (attnum)
WHERE k.contype = 'p')sql";

constexpr std::array<CatalogQuery, 18> kQueries = {{
    {CatalogTable::kSettings, "SELECT pg_catalog.current_setting('server_version_num')", 1},
    {CatalogTable::kRelations, kRelations, 4},
    {CatalogTable::kColumns, kColumns, 6},
    {CatalogTable::kInheritance, kInheritance, 2},
    {CatalogTable::kFunctions, kFunctions, 11},
    {CatalogTable::kOperators, kOperators, 2},
    {CatalogTable::kCasts, kCasts, 3},
    {CatalogTable::kTypes, kTypes, 2},
    {CatalogTable::kOperatorClasses, kOperatorClasses, 2},
    {CatalogTable::kCalls, kCalls, 3},
    {CatalogTable::kDependents, kDependents, 4},
    {CatalogTable::kStanding, kStanding, 8},
    {CatalogTable::kRewrites, kRewrites, 4},
    {CatalogTable::kForeignKeys, kForeignKeys, 6},
    {CatalogTable::kForeignTables, kForeignTables, 5},
    {CatalogTable::kTriggers, kTriggers, 4},
    {CatalogTable::kPrimaryKeys, kPrimaryKeys, 2},
    {CatalogTable::kRevisions, kRevisions, 3},
}};

}  // namespace

std::span<const CatalogQuery> catalog_queries() { return kQueries; }

// Also which server and database it is: another one may be there by the same name.
const std::string_view kCatalogSnapshot =
    "SELECT pg_catalog.pg_current_snapshot(), pg_catalog.pg_postmaster_start_time(), d.oid"
    " FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";
const std::string_view kCatalogHasDigest =
    "SELECT "
    "pg_catalog.int4in(pg_catalog.textout(pg_catalog.current_setting('server_version_num'))) >= "
    "140000";

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
    DIGEST_OF("pg_opclass") " UNION ALL "
    DIGEST_OF("pg_opfamily") " UNION ALL "
    DIGEST_OF("pg_amop") " UNION ALL "
    DIGEST_OF("pg_amproc") " UNION ALL "
    DIGEST_OF("pg_range") " UNION ALL "
    DIGEST_OF("pg_aggregate") " UNION ALL "
    DIGEST_OF("pg_collation") " UNION ALL "
    DIGEST_OF("pg_ts_config") " UNION ALL "
    DIGEST_OF("pg_ts_config_map") " UNION ALL "
    DIGEST_OF("pg_ts_dict") " UNION ALL "
    DIGEST_OF("pg_ts_parser") " UNION ALL "
    DIGEST_OF("pg_ts_template") " UNION ALL "
    DIGEST_OF("pg_sequence") " UNION ALL "
    DIGEST_OF("pg_event_trigger") " UNION ALL "
    DIGEST_OF("pg_constraint") " UNION ALL "
    DIGEST_OF("pg_statistic_ext") " UNION ALL "
    DIGEST_OF("pg_depend") " UNION ALL "
    DIGEST_OF("pg_rewrite") " UNION ALL "
    DIGEST_OF("pg_trigger") " UNION ALL "
    DIGEST_OF("pg_policy") " UNION ALL "
    DIGEST_OF("pg_foreign_table") " UNION ALL "
    DIGEST_OF("pg_foreign_server") " UNION ALL "
    DIGEST_OF("pg_foreign_data_wrapper");
#undef DIGEST_OF

}  // namespace sluice::sql
