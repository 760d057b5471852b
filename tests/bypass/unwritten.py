# SPDX-License-Identifier: Apache-2.0
"""What a query has that nobody wrote there: the columns that SEARCH and CYCLE add (which a star leaves out, and the recursive term
sees), the name of VALUES, the fields of rows that a recursive query makes in its later passes, a cast that looks like a system column;
and the table that INTO makes under the name of a CTE."""
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case
from .indirect import case

CASES = []
STOPPED = (HELD, REFUSED)
UNDO = "DROP TABLE IF EXISTS made9; DELETE FROM notes WHERE id > 2"


def runs(*arguments, undo=UNDO, **named):
    CASES.append(case(*arguments, undo=undo, **named))


def reads(row, *texts, expect=(MASKED, *STOPPED), forms=("simple", "extended", "undescribed binary"), twins=True):
    CASES.extend(Case(row, text, expect, agent="reader", forms=forms, twins=twins) for text in texts)


# --- a star leaves out what SEARCH and CYCLE add, but where the WITH is
BEGINS = "WITH RECURSIVE t(a) AS (SELECT 'q' UNION ALL SELECT a||'q' FROM t WHERE length(a)<1) "
SEARCH, BREADTH, CYCLE = BEGINS + "SEARCH DEPTH FIRST BY a SET s", BEGINS + "SEARCH BREADTH FIRST BY a SET s", BEGINS + "CYCLE a SET c USING pth"
BOTH = SEARCH + " CYCLE a SET c USING pth"
SHIFTED = SEARCH + " SELECT x.b||'' AS w FROM (SELECT t.*, p.ssn FROM t, public.people p) AS x(a,b)"
reads("m06", SHIFTED, forms=("simple", "extended", "undescribed binary", "copy", "cursor", "prepared"))
for adds in (SEARCH, BREADTH, CYCLE, BOTH):
    reads("m06", f"{adds} SELECT x.b||'' FROM (SELECT t.*, p.ssn FROM t, people p) AS x(a,b)",
          f"{adds} SELECT x.b||'' FROM (SELECT t.*, p.ssn FROM t, public.people p) AS x(a,b)")
reads("m06", *(f"{SEARCH} {rest}" for rest in (
    "SELECT x.b||'' FROM (SELECT * FROM t, (SELECT ssn FROM public.people) y) AS x(a,b)",
    "SELECT x.b||'' FROM (SELECT (t).*, p.ssn FROM t, public.people p) AS x(a,b)",
    "SELECT x.b||'' FROM (SELECT z.*, p.ssn FROM t AS z(k), public.people p) AS x(a,b)",
    "SELECT x.b||'' FROM (SELECT * FROM t NATURAL JOIN (SELECT 'q' AS a, ssn FROM public.people) p) AS x(a,b)",
    "SELECT x.b||'' FROM (SELECT j.* FROM (t CROSS JOIN (SELECT ssn FROM public.people) p) AS j) AS x(a,b)",
    "SELECT x.b||'' FROM (SELECT (j).* FROM (t CROSS JOIN (SELECT ssn FROM public.people) p) AS j(x,y)) AS x(a,b)",
    "SELECT x.b||'' FROM (SELECT t.*, p.ssn FROM t, public.people p UNION ALL SELECT t.*, 'x' FROM t) AS x(a,b)",
    ", u(a,b) AS (SELECT t.*, ssn FROM t, public.people) SELECT u.b||'' FROM u",
    "SELECT (SELECT max(x.b) FROM (SELECT t.*, p.ssn FROM t) x(a,b))||'' FROM public.people p",
    "SELECT (SELECT x.b FROM (SELECT t.*, p.ssn FROM t, public.people p WHERE p.id = 1) x(a,b))||''",
    # A whole row that is handed on has them.
    "SELECT x.c||'' FROM (SELECT (q.r).*, q.ssn FROM (SELECT t AS r, p.ssn FROM t, public.people p) q) AS x(a,b,c)",
    "SELECT x.i FROM (SELECT t.*, p.ssn, p.id, 1, 1 FROM t, public.people p) AS x(a,b,i) WHERE x.b > 'R' ORDER BY x.b")))
# What a join shares of them is there or not by the kind of the join.
reads("m06", f"{SEARCH}, u AS (SELECT t.*, s, ssn FROM t, public.people) SELECT x.b||'' FROM (SELECT * FROM t NATURAL JOIN u) AS x(a,b)",
      f"{SEARCH}, u AS (SELECT s, ssn FROM t, public.people) SELECT x.b||'' FROM (SELECT * FROM t JOIN u USING (s)) AS x(a,b)")
runs("m08", "a star leaves out what SEARCH adds, kept by INSERT",
     f"{SEARCH} INSERT INTO notes SELECT x.b, x.c||'' FROM (SELECT t.*, p.id+900, p.ssn, 1 FROM t, public.people p) AS x(a,b,c)", "SELECT body FROM notes", agent="maker")
runs("m08", "a star leaves out what SEARCH adds, kept by CREATE TABLE AS", f"CREATE TABLE made9 AS {SHIFTED}", agent="maker")
# At the level of the WITH a star has them, and what stands behind it is where it was.
reads("m06", f"{SEARCH} SELECT * FROM t", f"{BEGINS} CYCLE a SET c TO 'y' DEFAULT 'n' USING pth SELECT t.* FROM t", f"{SEARCH} SELECT x.b FROM (SELECT t.*, p.name FROM t, public.people p) AS x(a,b)",
      f"{SEARCH} SELECT x.b, x.c FROM (SELECT t.*, t.s::text, p.name FROM t, public.people p) AS x(a,b,c)",
      "SELECT x.c||'' FROM (WITH RECURSIVE t(a) AS (SELECT 'q' UNION ALL SELECT a FROM t WHERE a = '') SEARCH DEPTH FIRST BY a SET s"
      " SELECT t.*, p.name, p.ssn FROM t, public.people p) AS x(a,b,c)", expect=(CLEAN,))
reads("m06", "SELECT x.d||'' FROM (WITH RECURSIVE t(a) AS (SELECT 'q' UNION ALL SELECT a FROM t WHERE a = '') SEARCH DEPTH FIRST BY a SET s"
      " SELECT t.*, p.name, p.ssn FROM t, public.people p) AS x(a,b,c,d)")

# --- the recursive term sees them
RECURSIVE = "WITH RECURSIVE t(a,b) AS (SELECT p.ssn, 'init'::text UNION ALL SELECT t.a, {} FROM t WHERE b='init') {} SELECT string_agg(b,',') FROM t"
DEPTH = "SEARCH DEPTH FIRST BY a SET s"
for seen, adds in (("s::text", DEPTH), ("s::text", "SEARCH BREADTH FIRST BY a SET s"), ("(SELECT s::text)", DEPTH)):
    inner = RECURSIVE.format(seen, adds)
    reads("m06", f"SELECT ({inner}) FROM public.people p, (SELECT 'x' AS s) z", f"WITH z AS (SELECT 'x' AS s) SELECT ({inner}) FROM public.people p, z")

# --- rows of later passes
PASSES = "WITH RECURSIVE t(n,r,c) AS (SELECT 1, {} UNION ALL SELECT n+1, {} FROM t WHERE n<4) SELECT {} FROM t"
PERSON, HOLDER, CONTACT = "p, 'init'::text FROM public.people p WHERE id=1", "h, 'init'::text FROM holders h", "c, 0 FROM contacts c"
BY_NUMBER = PASSES.format(CONTACT, "ROW(ascii((t.r).number),'x','y')::contacts, (t.r).id", "{}")
reads("m06", PASSES.format(PERSON, "jsonb_populate_record(NULL::public.people, jsonb_build_object('name',(t.r).ssn)), (t.r).name", "c||''"),
      PASSES.format(PERSON, "ROW((t.r).id, (t.r).ssn, (t.r).ssn, 1, NULL, NULL, NULL, NULL, 1, NULL)::public.people, (t.r).name", "c||''"),
      PASSES.format(HOLDER, "ROW((((t.r).person).pin % 1000000000)::int, (t.r).person)::holders, (t.r).id::text", "DISTINCT c"),
      BY_NUMBER.format("c"), BY_NUMBER.format("orders.id") + ", orders WHERE orders.id = t.c - 80")

# --- ".oid" of a value is a cast
for call in ("mod(p.pin,1000000000)", "ascii(substr(p.ssn,2))", "ROWS FROM (ascii(p.ssn))"):
    reads("m02", f"SELECT (u).oid FROM public.people p, LATERAL {call} u(z)", f"SELECT (SELECT u).oid FROM public.people p, LATERAL {call} u(z)",
          f"SELECT (q.u).oid FROM (SELECT u FROM public.people p, LATERAL {call} u(z)) q")
    runs("m08", f"oid of a function's value is kept: {call}", f"CREATE TABLE made9 AS SELECT (u).oid FROM public.people p, LATERAL {call} u(z)", agent="maker")
reads("m02", "SELECT oid, c.oid, (c).oid, relname, tableoid, c.ctid, (c).ctid FROM pg_class c WHERE c.oid = 1259", "SELECT ctid, p.ctid, (p).ctid, name FROM public.people p",
      "SELECT (u).oid FROM ascii('x') u(z)", expect=(CLEAN,), forms=("simple",), twins=False)

# --- VALUES has a name
WHO = "SELECT p.id, v.b FROM (SELECT 0 AS column1) AS \"*VALUES*\", public.people p, LATERAL (VALUES (p.ssn,'a'), ('R','b') ORDER BY {} LIMIT 1) v(a,b)"
reads("m15", *(WHO.format(key) for key in ('"*VALUES*".column1', '"*VALUES*"', '("*VALUES*").column1')))
reads("m15", "SELECT p.name, v.b FROM public.people p, LATERAL (VALUES (p.ssn,'a'), ('R','b') ORDER BY \"*VALUES*\".column2 LIMIT 1) v(a,b)",
      "VALUES (2), (1) ORDER BY \"*VALUES*\".column1", expect=(CLEAN,))

# --- INTO makes a table, also where a CTE has its name
for text in ('WITH "Secrets" AS (SELECT 1 a) SELECT a INTO "Secrets" FROM "Secrets"', "WITH guarded AS (SELECT 1 a) SELECT a INTO guarded FROM guarded",
             "WITH RECURSIVE guarded AS (SELECT 1 a) SELECT a INTO guarded FROM guarded UNION SELECT 2",
             "WITH guarded AS (SELECT 1 a) (SELECT a INTO guarded FROM guarded) UNION ALL SELECT 2",
             "PREPARE q AS WITH guarded AS (SELECT 1 a) SELECT a INTO guarded FROM guarded"):
    runs("g05", text, text, expect=(REFUSED,) if "PREPARE" not in text else (REFUSED, FAILED))
runs("g05", "INTO a table of another name", "WITH guarded AS (SELECT 1 a) SELECT a INTO made9 FROM guarded", expect=(CLEAN,))
