// SPDX-License-Identifier: Apache-2.0
// The query of what approvals are compared by (reach.h).
#pragma once

#include <string_view>

namespace sluice::sql {

// What makes a relation (r), a function (f) or a type (t) of users what it is, in parts: who wrote
// a row says whether it is still the same. Also what a type is made of (p), and by name, before a
// separator: whatever else of users is called so (x), or acts without being named (x, no name), and
// what is in a schema (s), and which functions run without being named as such (u). A cast to bytea
// would run whatever cast somebody has made: decode() runs none. Bodies of functions as text (b;
// NULL where it is long), with a word that says that its strings may be read in another way, and by
// name what those name that are kept as a tree (n).
inline constexpr std::string_view kRevisions = R"sql(
SELECT 'r', c.oid, pg_catalog.concat_ws(' ', c.relowner, c.relrowsecurity, c.relforcerowsecurity,
  pg_catalog.array_to_string(c.reloptions, ','), 'columns ' || a.said, 'sequence ' || pg_catalog.textin(pg_catalog.xidout(s.xmin)),
  'foreign ' || pg_catalog.textin(pg_catalog.xidout(f.xmin)) || ' '
    || pg_catalog.textin(pg_catalog.xidout(v.xmin)) || ' ' || pg_catalog.textin(pg_catalog.xidout(w.xmin)))
FROM pg_catalog.pg_class c
  LEFT JOIN (
    SELECT a.attrelid, pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, a.attcollation,
      a.attidentity, a.attnotnull, a.attfdwoptions), ',' ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
      AND (a.attcollation NOT IN (0, 100) OR a.attidentity <> '' OR a.attnotnull
        OR a.attfdwoptions IS NOT NULL)
    GROUP BY a.attrelid) a (relation, said) ON a.relation = c.oid
  LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
  LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid
  LEFT JOIN pg_catalog.pg_foreign_server v ON v.oid = f.ftserver
  LEFT JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = v.srvfdw
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
UNION ALL
SELECT 'r', d.adrelid, pg_catalog.concat_ws(' ', 'default', d.oid, d.xmin)
FROM pg_catalog.pg_attrdef d WHERE d.adrelid >= 16384
UNION ALL
SELECT 'r', w.ev_class, pg_catalog.concat_ws(' ', 'rule', w.oid, w.xmin)
FROM pg_catalog.pg_rewrite w WHERE w.ev_class >= 16384
UNION ALL
SELECT 'r', t.tgrelid, pg_catalog.concat_ws(' ', 'trigger', t.oid, t.xmin)
FROM pg_catalog.pg_trigger t
WHERE t.tgrelid >= 16384 AND (NOT t.tgisinternal OR t.tgenabled <> 'O')
UNION ALL
SELECT 'r', k.conrelid, pg_catalog.concat_ws(' ', 'constraint', k.oid, k.xmin)
FROM pg_catalog.pg_constraint k WHERE k.conrelid >= 16384
UNION ALL
SELECT 'r', d.refobjid, pg_catalog.concat_ws(' ', 'owned', q.seqrelid, q.xmin)
FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.objid
WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
  AND d.refobjid >= 16384 AND d.refobjsubid > 0
UNION ALL
SELECT 'r', i.inhparent, 'heirs ' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.decode(
  pg_catalog.string_agg(pg_catalog.concat_ws(' ', i.inhrelid, i.xmin), ',' ORDER BY i.inhrelid),
  'escape')), 'hex')
FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
WHERE i.inhparent >= 16384 AND c.relkind IN ('r', 'p', 'f')
GROUP BY i.inhparent
UNION ALL
SELECT 'r', p.polrelid, pg_catalog.concat_ws(' ', 'policy', p.oid, p.xmin)
FROM pg_catalog.pg_policy p WHERE p.polrelid >= 16384
UNION ALL
SELECT 't', t.oid, pg_catalog.textin(pg_catalog.xidout(t.xmin))
FROM pg_catalog.pg_type t WHERE t.oid >= 16384 AND t.typtype <> 'c'
UNION ALL
SELECT 't', k.contypid, pg_catalog.concat_ws(' ', 'constraint', k.oid, k.xmin)
FROM pg_catalog.pg_constraint k WHERE k.contypid >= 16384
UNION ALL
SELECT 't', c.reltype, 'fields ' || pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum,
  pg_catalog.quote_ident(a.attname), a.atttypid, a.atttypmod, a.attcollation), ',' ORDER BY a.attnum)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.oid >= 16384 AND c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY c.reltype
UNION ALL
SELECT 't', e.enumtypid, 'labels ' || pg_catalog.string_agg(
  pg_catalog.concat_ws(' ', e.oid, e.xmin), ',' ORDER BY e.oid)
FROM pg_catalog.pg_enum e GROUP BY e.enumtypid
UNION ALL
SELECT 't', k.type, pg_catalog.concat_ws(' ', 'cast', c.oid, c.xmin, p.oid, p.xmin)
FROM pg_catalog.pg_cast c
  LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
  CROSS JOIN LATERAL (VALUES (c.castsource), (c.casttarget)) k (type)
WHERE c.oid >= 16384 AND k.type >= 16384
UNION ALL
SELECT 'p', t.oid, pg_catalog.textin(pg_catalog.oidout(k.part))
FROM pg_catalog.pg_type t CROSS JOIN LATERAL (VALUES (t.typelem), (t.typbasetype)) k (part)
WHERE t.oid >= 16384 AND k.part >= 16384
UNION ALL
SELECT 'p', c.reltype, pg_catalog.textin(pg_catalog.oidout(a.atttypid))
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.reltype >= 16384 AND a.attnum > 0 AND a.atttypid >= 16384
UNION ALL
SELECT 'p', k.type, pg_catalog.textin(pg_catalog.oidout(k.part))
FROM pg_catalog.pg_range r
  CROSS JOIN LATERAL (
    VALUES (r.rngtypid, r.rngsubtype),
      (pg_catalog.oidin(pg_catalog.textout(pg_catalog.to_jsonb(r) ->> 'rngmultitypid')), r.rngtypid)) k (type, part)
WHERE k.type >= 16384 AND k.part >= 16384
UNION ALL
SELECT 'x', o.oid, o.oprname || pg_catalog.chr(31)
  || pg_catalog.concat_ws(' ', o.oid, o.xmin, p.oid, p.xmin)
FROM pg_catalog.pg_operator o LEFT JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
WHERE o.oid >= 16384
UNION ALL
SELECT 'x', c.oid, c.collname || pg_catalog.chr(31) || pg_catalog.concat_ws(' ', c.oid, c.xmin)
FROM pg_catalog.pg_collation c WHERE c.oid >= 16384
UNION ALL
SELECT 'x', c.oid, t.typname || pg_catalog.chr(31)
  || pg_catalog.concat_ws(' ', c.oid, c.xmin, p.oid, p.xmin)
FROM pg_catalog.pg_cast c LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
  JOIN pg_catalog.pg_type t ON t.oid < 16384 AND t.oid IN (c.castsource, c.casttarget)
WHERE c.oid >= 16384
UNION ALL
SELECT 'x', 0, pg_catalog.chr(31) || pg_catalog.encode(pg_catalog.sha256(pg_catalog.decode(
  pg_catalog.string_agg(
    pg_catalog.concat_ws(' ', g.part, g.object, g.xmin, g.more), ',' ORDER BY g.part, g.object, g.more),
  'escape')), 'hex')
FROM (
  SELECT 'cast', c.oid, c.xmin, pg_catalog.textin(pg_catalog.xidout(p.xmin))
  FROM pg_catalog.pg_cast c LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
  WHERE c.oid >= 16384 AND c.castsource < 16384 AND c.casttarget < 16384
  UNION ALL SELECT 'config', c.oid, c.xmin, NULL FROM pg_catalog.pg_ts_config c
  UNION ALL SELECT 'map', m.mapcfg, m.xmin,
    pg_catalog.concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict)
  FROM pg_catalog.pg_ts_config_map m
  UNION ALL SELECT 'dictionary', d.oid, d.xmin, NULL FROM pg_catalog.pg_ts_dict d
  UNION ALL SELECT 'parser', p.oid, p.xmin, NULL FROM pg_catalog.pg_ts_parser p
  UNION ALL SELECT 'template', t.oid, t.xmin, NULL FROM pg_catalog.pg_ts_template t
  UNION ALL SELECT 'class', c.oid, c.xmin, NULL FROM pg_catalog.pg_opclass c WHERE c.oid >= 16384
  UNION ALL SELECT 'order', a.oid, a.xmin, pg_catalog.textin(pg_catalog.xidout(p.xmin))
  FROM pg_catalog.pg_amop a JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr
    JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
  WHERE a.oid >= 16384
  UNION ALL SELECT 'support', a.oid, a.xmin, pg_catalog.textin(pg_catalog.xidout(p.xmin))
  FROM pg_catalog.pg_amproc a JOIN pg_catalog.pg_proc p ON p.oid = a.amproc
  WHERE a.oid >= 16384
  UNION ALL SELECT 'event', e.oid, e.xmin, pg_catalog.textin(pg_catalog.xidout(p.xmin))
  FROM pg_catalog.pg_event_trigger e JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid
) g (part, object, xmin, more)
UNION ALL
SELECT 's', n.oid, n.nspname || pg_catalog.chr(31) || pg_catalog.encode(pg_catalog.sha256(pg_catalog.decode(
  pg_catalog.string_agg(pg_catalog.concat_ws(' ', d.classid, d.objid), ',' ORDER BY d.classid, d.objid),
  'escape')), 'hex')
FROM pg_catalog.pg_namespace n
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
    AND d.refobjid = n.oid
WHERE n.nspname !~ '^pg_'
GROUP BY n.oid, n.nspname
UNION ALL
SELECT 'u', p.oid, ''
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.oid >= 16384 AND l.lanname NOT IN ('internal', 'c') AND p.oid IN (
  SELECT e.evtfoid FROM pg_catalog.pg_event_trigger e
  UNION ALL SELECT c.castfunc FROM pg_catalog.pg_cast c
  UNION ALL SELECT o.oprcode FROM pg_catalog.pg_operator o
  UNION ALL SELECT a.amproc FROM pg_catalog.pg_amproc a)
UNION ALL
SELECT 'f', p.oid, pg_catalog.textin(pg_catalog.xidout(p.xmin)) FROM pg_catalog.pg_proc p WHERE p.oid >= 16384
UNION ALL
SELECT 'b', b.oid, CASE WHEN pg_catalog.sum(pg_catalog.octet_length(b.text)) OVER (ORDER BY b.oid) <= 16777216 THEN b.text
  || CASE WHEN pg_catalog.array_to_string(b.proconfig, ' ') ~ 'standard_conforming_strings'
       THEN ' standard_conforming_strings' ELSE '' END END
FROM (
  SELECT p.oid, p.proconfig, CASE WHEN pg_catalog.octet_length(p.prosrc) <= 65536 THEN p.prosrc END
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  WHERE p.oid >= 16384 AND l.lanname NOT IN ('internal', 'c') AND p.prosrc <> '') b (oid, proconfig, text)
UNION ALL
SELECT 'n', d.objid, coalesce(c.relname, p.proname, o.oprname, t.typname)
FROM pg_catalog.pg_depend d
  LEFT JOIN pg_catalog.pg_class c
    ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.refobjid
  LEFT JOIN pg_catalog.pg_proc p
    ON d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.refobjid
  LEFT JOIN pg_catalog.pg_operator o
    ON d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = d.refobjid
  LEFT JOIN pg_catalog.pg_type t
    ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.refobjid
WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid >= 16384
  AND coalesce(c.oid, p.oid, o.oid, t.oid) IS NOT NULL)sql";

}  // namespace sluice::sql
