// SPDX-License-Identifier: Apache-2.0
// The query of what is called by what no statement names.
#pragma once

#include <string_view>

namespace sluice::sql {

// Who uses what: aggregates of users their functions; what stands in a default of a parameter or in
// a body that is kept as a tree: functions (f), types whose checks may run (t), relations (r), and
// whether it writes (w); an aggregate whose state is of type internal (i). Trees are read as they
// are kept, for to print a body would take locks. Of what is not PostgreSQL's own each number is
// looked for, whatever field of a tree it stands in, and with a type or an operator goes what
// orders by it. And what is called by the default of a domain (d), and by defaults, checks, keys of
// partitions, indexes and statistics of a table (k), where a number of a sequence is nobody's data;
// types that the latter cast to (c), for a domain is made of those that its default casts to.
// Without a caller: what runs where no statement names it (u), whatever it stands in (a view that a
// policy reads, too) and of PostgreSQL's own only what is volatile.
inline constexpr std::string_view kCalls = R"sql(
WITH RECURSIVE trees (caller, tree) AS MATERIALIZED (
  SELECT p.oid, coalesce(p.proargdefaults::pg_catalog.text, '')
    || coalesce(CASE WHEN p.prosrc = '' THEN pg_catalog.to_jsonb(p) ->> 'prosqlbody' END, '')
  FROM pg_catalog.pg_proc p
  WHERE p.oid >= 16384 AND p.provolatile <> 'v'
    AND (p.proargdefaults IS NOT NULL OR p.prosrc = '')
), fields (caller, field, number) AS MATERIALIZED (
  SELECT DISTINCT t.caller, f.found[1], pg_catalog.oidin(pg_catalog.textout(f.found[2]))
  FROM trees t
    CROSS JOIN LATERAL pg_catalog.regexp_matches(t.tree,
      ':(funcid|opno|aggfnoid|winfnoid|relid|commandType) ([0-9]+)', 'g') f (found)
), numbers (caller, number) AS MATERIALIZED (
  SELECT DISTINCT t.caller, CASE WHEN pg_catalog.int8in(pg_catalog.textout(f.found[1])) BETWEEN 16384 AND 4294967295
                                 THEN pg_catalog.int8in(pg_catalog.textout(f.found[1]))::pg_catalog.oid END
  FROM trees t
    CROSS JOIN LATERAL pg_catalog.regexp_matches(t.tree, '[ (]([0-9]{5,10})(?![0-9])', 'g')
      f (found)
), families (caller, family) AS (
  SELECT n.caller, c.opcfamily
  FROM numbers n JOIN pg_catalog.pg_opclass c ON c.opcintype = n.number
  UNION
  SELECT n.caller, a.amopfamily
  FROM numbers n JOIN pg_catalog.pg_amop a ON a.amopopr = n.number
), expressions (caller, kind, class, object, tree) AS MATERIALIZED (
  SELECT t.oid, 'd', 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, t.oid,
    t.typdefaultbin::pg_catalog.text
  FROM pg_catalog.pg_type t WHERE t.typtype = 'd' AND t.typdefaultbin IS NOT NULL
  UNION ALL
  SELECT a.adrelid, 'k', 'pg_catalog.pg_attrdef'::pg_catalog.regclass, a.oid,
    a.adbin::pg_catalog.text
  FROM pg_catalog.pg_attrdef a WHERE a.adrelid >= 16384
  UNION ALL
  SELECT k.conrelid, 'k', 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid,
    k.conbin::pg_catalog.text
  FROM pg_catalog.pg_constraint k WHERE k.conrelid >= 16384 AND k.contype IN ('c', 'x')
  UNION ALL
  SELECT i.indrelid, 'k', 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, NULL
  FROM pg_catalog.pg_index i WHERE i.indrelid >= 16384
  UNION ALL
  SELECT p.partrelid, 'k', 'pg_catalog.pg_class'::pg_catalog.regclass, p.partrelid, NULL
  FROM pg_catalog.pg_partitioned_table p
  UNION ALL
  SELECT x.stxrelid, 'k', 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, x.oid, NULL
  FROM pg_catalog.pg_statistic_ext x
), policies (class, object) AS (
  SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass::pg_catalog.oid, p.oid
  FROM pg_catalog.pg_policy p
  UNION
  SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid
  FROM policies p
    JOIN pg_catalog.pg_depend d ON d.classid = p.class AND d.objid = p.object
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    JOIN pg_catalog.pg_rewrite r ON r.ev_class = d.refobjid AND r.ev_type = '1'
), volatile (caller, kind, function) AS MATERIALIZED (
  SELECT DISTINCT t.caller, t.kind, p.oid
  FROM (
    SELECT e.caller, e.kind, e.tree FROM expressions e
    UNION ALL
    SELECT 0, 'u', k.conbin::pg_catalog.text
    FROM pg_catalog.pg_constraint k WHERE k.conrelid < 16384 AND k.conbin IS NOT NULL
    UNION ALL
    SELECT 0, 'u', t.typdefaultbin::pg_catalog.text
    FROM pg_catalog.pg_type t WHERE t.typtype <> 'd' AND t.typdefaultbin IS NOT NULL
    UNION ALL
    SELECT 0, 'u', p.proargdefaults::pg_catalog.text
    FROM pg_catalog.pg_proc p WHERE p.oid >= 16384 AND p.proargdefaults IS NOT NULL
    UNION ALL
    SELECT 0, 'u', pg_catalog.concat(p.polqual::pg_catalog.text, p.polwithcheck::pg_catalog.text)
    FROM pg_catalog.pg_policy p
    UNION ALL
    SELECT 0, 'u', r.ev_action::pg_catalog.text
    FROM policies p
      JOIN pg_catalog.pg_rewrite r ON r.oid = p.object
        AND p.class = 'pg_catalog.pg_rewrite'::pg_catalog.regclass) t (caller, kind, tree)
    CROSS JOIN LATERAL pg_catalog.regexp_matches(t.tree, ':funcid ([0-9]+)', 'g') f (found)
    JOIN pg_catalog.pg_proc p ON p.oid = pg_catalog.oidin(pg_catalog.textout(f.found[1]))
  WHERE p.oid < 16384 AND p.provolatile = 'v'
)
SELECT a.aggfnoid::pg_catalog.oid, 'f', f.function
FROM pg_catalog.pg_aggregate a
  CROSS JOIN LATERAL (
    VALUES (a.aggtransfn::pg_catalog.oid), (a.aggfinalfn::pg_catalog.oid),
      (a.aggcombinefn::pg_catalog.oid), (a.aggserialfn::pg_catalog.oid),
      (a.aggdeserialfn::pg_catalog.oid), (a.aggmtransfn::pg_catalog.oid),
      (a.aggminvtransfn::pg_catalog.oid), (a.aggmfinalfn::pg_catalog.oid),
      ((SELECT o.oprcode::pg_catalog.oid FROM pg_catalog.pg_operator o WHERE o.oid = a.aggsortop))
  ) f (function)
WHERE a.aggfnoid::pg_catalog.oid >= 16384 AND f.function <> 0
UNION
SELECT a.aggfnoid::pg_catalog.oid, 'i', a.aggtransfn::pg_catalog.oid
FROM pg_catalog.pg_aggregate a
WHERE a.aggfnoid::pg_catalog.oid >= 16384
  AND 'pg_catalog.internal'::pg_catalog.regtype IN (a.aggtranstype, a.aggmtranstype)
UNION
SELECT f.caller, CASE f.field WHEN 'commandType' THEN 'w' WHEN 'relid' THEN 'r' ELSE 'f' END,
  coalesce(o.oprcode::pg_catalog.oid, f.number)
FROM fields f
  LEFT JOIN pg_catalog.pg_operator o ON f.field = 'opno' AND o.oid = f.number
WHERE f.field <> 'commandType' OR f.number::pg_catalog.int8 > 1
UNION
SELECT n.caller, 'f', p.oid FROM numbers n JOIN pg_catalog.pg_proc p ON p.oid = n.number
UNION
SELECT n.caller, 'f', o.oprcode::pg_catalog.oid
FROM numbers n JOIN pg_catalog.pg_operator o ON o.oid = n.number
UNION
SELECT n.caller, 'r', c.oid FROM numbers n JOIN pg_catalog.pg_class c ON c.oid = n.number
UNION
SELECT n.caller, 't', t.oid FROM numbers n JOIN pg_catalog.pg_type t ON t.oid = n.number
UNION
SELECT n.caller, 'f', f.function
FROM numbers n
  JOIN pg_catalog.pg_type t ON t.oid = n.number
  CROSS JOIN LATERAL (
    VALUES (t.typinput::pg_catalog.oid), (t.typoutput::pg_catalog.oid)) f (function)
WHERE f.function >= 16384
UNION
SELECT m.caller, 'f', p.amproc::pg_catalog.oid
FROM families m JOIN pg_catalog.pg_amproc p ON p.amprocfamily = m.family
WHERE p.amproc::pg_catalog.oid >= 16384
UNION
SELECT m.caller, 'f', o.oprcode::pg_catalog.oid
FROM families m
  JOIN pg_catalog.pg_amop a ON a.amopfamily = m.family
  JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr
WHERE o.oprcode::pg_catalog.oid >= 16384
UNION
SELECT e.caller, e.kind, coalesce(o.oprcode::pg_catalog.oid, p.amproc::pg_catalog.oid, d.refobjid)
FROM expressions e
  JOIN pg_catalog.pg_depend d ON d.classid = e.class AND d.objid = e.object
    AND d.refobjid >= 16384
  LEFT JOIN pg_catalog.pg_operator o
    ON d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = d.refobjid
  LEFT JOIN pg_catalog.pg_opclass c
    ON d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass AND c.oid = d.refobjid
  LEFT JOIN pg_catalog.pg_amproc p ON p.amprocfamily = c.opcfamily
WHERE p.oid IS NOT NULL OR d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass,
  'pg_catalog.pg_operator'::pg_catalog.regclass)
UNION
SELECT e.caller, 'c', d.refobjid
FROM expressions e
  JOIN pg_catalog.pg_depend d ON d.classid = e.class AND d.objid = e.object
    AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid >= 16384
WHERE e.kind = 'k'
UNION
SELECT v.caller, v.kind, v.function
FROM volatile v JOIN pg_catalog.pg_proc p ON p.oid = v.function
WHERE v.kind <> 'u' AND NOT (v.kind = 'k' AND p.proname = 'nextval')
UNION
SELECT 0, 'u', v.function FROM volatile v
UNION
SELECT 0, 'u', d.refobjid
FROM pg_catalog.pg_depend d
WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid >= 16384
  AND d.classid NOT IN ('pg_catalog.pg_proc'::pg_catalog.regclass,
    'pg_catalog.pg_event_trigger'::pg_catalog.regclass,
    'pg_catalog.pg_trigger'::pg_catalog.regclass, 'pg_catalog.pg_rewrite'::pg_catalog.regclass,
    'pg_catalog.pg_language'::pg_catalog.regclass,
    'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass)
UNION
SELECT 0, 'u', d.refobjid
FROM policies p JOIN pg_catalog.pg_depend d ON d.classid = p.class AND d.objid = p.object
WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid >= 16384)sql";

}  // namespace sluice::sql
