# SPDX-License-Identifier: Apache-2.0
"""Casts of users that run where nobody asks for one, and give what nobody knows: what comes of a value of such a type is masked or kept nowhere,
and no function's body is believed."""
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case, outcome_of
from .indirect import case
from .wire import bind, describe, execute, parse, sync

CASES = []
STOPPED = (HELD, REFUSED)
SHOWN_MASKED = (*STOPPED, FAILED, MASKED)
PREPARED = """
CREATE FUNCTION row_secret9(orders) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM public.people WHERE id = $1.id';
CREATE CAST (orders AS text) WITH FUNCTION row_secret9(orders) AS IMPLICIT;
CREATE TYPE en9 AS ENUM ('a', 'b');
CREATE FUNCTION en_secret9(en9) RETURNS int LANGUAGE sql STABLE AS 'SELECT ascii(ssn) * 1000000 + ascii(substr(ssn, 2)) * 1000 FROM public.people WHERE id = 1';
CREATE CAST (en9 AS int) WITH FUNCTION en_secret9(en9) AS IMPLICIT;
CREATE TABLE hasen9 (id int, e en9); INSERT INTO hasen9 VALUES (1, 'a');
CREATE TABLE into9 (id int, v text); INSERT INTO into9 VALUES (1);
CREATE VIEW viewed9 AS SELECT upper(o) AS v FROM orders o;
CREATE FUNCTION slug9(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(t)';
CREATE FUNCTION plus9(t int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT t + 1';
CREATE FUNCTION returned9(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT o FROM orders o WHERE id = i';
CREATE FUNCTION returned_tree9(i int) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT o FROM orders o WHERE id = i; END;
CREATE FUNCTION out9(i int, OUT t text) LANGUAGE plpgsql STABLE AS $$ BEGIN SELECT o INTO t FROM orders o WHERE id = i; END $$;
CREATE FUNCTION of_en9(i int) RETURNS int LANGUAGE sql STABLE AS 'SELECT e FROM hasen9 WHERE id = i';
CREATE FUNCTION of_en_p9(i int) RETURNS int LANGUAGE plpgsql STABLE AS $$ DECLARE q en9; BEGIN SELECT e INTO q FROM hasen9 WHERE id = i; RETURN q; END $$;
CREATE FUNCTION of_en_table9(i int) RETURNS TABLE (x int) LANGUAGE sql STABLE AS 'SELECT e FROM hasen9 WHERE id = i'"""
UNDO = """DROP CAST IF EXISTS (orders AS text); DROP CAST IF EXISTS (en9 AS int); DROP VIEW IF EXISTS viewed9;
DROP FUNCTION IF EXISTS slug9, plus9, returned9, returned_tree9, out9, of_en9, of_en_p9, of_en_table9, row_secret9, en_secret9 CASCADE;
DROP TABLE IF EXISTS hasen9, into9, made9 CASCADE; DROP TYPE IF EXISTS en9 CASCADE"""


def runs(*arguments, prepared=PREPARED, undo=UNDO, **named):
    CASES.append(case(*arguments, prepared=prepared, undo=undo, **named))


# What comes of en_secret9() is a number, whose digits nobody knows for a secret: it is made a text that one does.
SPELLED = "concat(chr(({}) / 1000000), chr(({}) / 1000 % 1000), 'XVKWJPHTRMLG')"


def spelled(expression):
    return SPELLED.replace("{}", expression)


for text in ("SELECT upper(o) FROM public.orders o WHERE id = 1", "SELECT substr(o, 1) FROM orders o", "SELECT upper(o.*) FROM orders o", "SELECT slug9(o) FROM public.orders o", "SELECT v FROM viewed9",
             "WITH c AS (SELECT o FROM orders o) SELECT upper(o) FROM c", "SELECT 'x' = o, upper(o) FROM orders o", "SELECT o.upper FROM orders o", "SELECT id, (o).upper FROM orders o", "SELECT o.upper FROM orders o (upper1)", "SELECT upper(ROW(1, 1, 'a', 1)::orders)", "SELECT upper(json_populate_record(NULL::orders, '{\"id\": 1}'))",
             *(f"SELECT {spelled(one)} FROM hasen9" for one in ("abs(e)", "e + 0", "coalesce(e, 1)", "plus9(e)", "(ARRAY[e])[1] + 0", "greatest(e, 1)")),
             *(f"SELECT {spelled(one)}" for one in ("abs('a'::en9)", "plus9('a'::en9)", "abs(enum_first(NULL::en9))")),
             f"SELECT {spelled('sum(e)')} FROM hasen9".replace("sum(e)", "sum(e)::int"), f"SELECT {spelled('abs($1)')}".join(("PREPARE p(en9) AS ", ""))):
    more = ("EXECUTE p('a')",) if text.startswith("PREPARE") else ()
    runs("m02", f"a cast that nobody asks for: {text}", text, *more, expect=SHOWN_MASKED, agent="reader")
for call in ("returned9(1)", "returned_tree9(1)", "out9(1)", spelled("of_en9(1)"), spelled("of_en_p9(1)"), spelled("(SELECT x FROM of_en_table9(1))")):
    runs("m02", f"a cast in what a body returns: {call}", f"SELECT {call}", expect=SHOWN_MASKED, agent="reader")
for texts in (("INSERT INTO into9 SELECT 70 + id, o FROM public.orders o RETURNING v",), ("CREATE TEMP TABLE t9 (v text)", "INSERT INTO t9 SELECT o FROM orders o", "SELECT v FROM t9"),
              ("UPDATE into9 SET v = o FROM orders o WHERE o.id = 1 RETURNING v",), ("MERGE INTO into9 USING orders o ON o.id = into9.id WHEN MATCHED THEN UPDATE SET v = o", "SELECT v FROM into9"),
              ("CREATE TEMP TABLE t9 AS SELECT o FROM orders o", "ALTER TABLE t9 ALTER COLUMN o TYPE text", "SELECT * FROM t9"),
              ("CREATE TEMP TABLE t9 (o orders)", "INSERT INTO t9 VALUES (ROW(1, 1, 'a', 1))", "SELECT upper(o) FROM t9"),
              ("CREATE TEMP TABLE t9 (v text DEFAULT ROW(1, 1, 'a', 1)::orders)", "INSERT INTO t9 DEFAULT VALUES RETURNING v")):
    runs("m08", f"a cast where something is stored: {' / '.join(texts)}", *texts, expect=SHOWN_MASKED, agent="maker")

# What such a value is kept in, comes from, or is asked by.
MORE = PREPARED + """;
CREATE TYPE holds9 AS (e en9); CREATE DOMAIN domain9 AS en9; CREATE TABLE holding9 (h holds9, d domain9, a en9[]); INSERT INTO holding9 VALUES (ROW('a'), 'a', '{a}');
CREATE FUNCTION gives9() RETURNS en9 LANGUAGE sql IMMUTABLE AS $$ SELECT 'a'::en9 $$;
CREATE FUNCTION gives9(int, int) RETURNS en9 LANGUAGE sql IMMUTABLE AS $$ SELECT 'a'::en9 $$;
CREATE OPERATOR <+++> (LEFTARG = int, RIGHTARG = int, FUNCTION = gives9);
CREATE FUNCTION en_json9(en9) RETURNS json LANGUAGE sql STABLE AS 'SELECT to_json(ssn) FROM public.people WHERE id = 1'; CREATE CAST (en9 AS json) WITH FUNCTION en_json9(en9);
CREATE TYPE kept9 AS (v text); CREATE TABLE keeps9 (c kept9);
CREATE FUNCTION kept9(int) RETURNS kept9 LANGUAGE sql STABLE AS 'SELECT ROW(ssn)::kept9 FROM public.people WHERE id = 1'; CREATE CAST (int AS kept9) WITH FUNCTION kept9(int) AS ASSIGNMENT"""
UNDO_MORE = UNDO + "; DROP VIEW IF EXISTS mine9; DROP MATERIALIZED VIEW IF EXISTS mine_kept9; DROP FUNCTION IF EXISTS mine9; DROP TABLE IF EXISTS holding9, keeps9; DROP FUNCTION IF EXISTS en_json9(en9), gives9(), gives9(int, int), kept9(int) CASCADE; DROP TYPE IF EXISTS holds9, kept9 CASCADE"
for text in (*(f"SELECT {spelled(one)} FROM holding9" for one in ("abs((h).e)", "abs(d)", "abs(a[1])", "a[1] + 0")),
             *(f"SELECT {spelled(one)}" for one in ("abs(gives9())", "abs(1 <+++> 2)", "abs($$a$$::domain9)")),
             f"SELECT {spelled('x')} FROM (SELECT e AS x FROM hasen9 UNION ALL SELECT 5) s", f"SELECT {spelled('CASE WHEN true THEN e ELSE 5 END')} FROM hasen9",
             *(f"SELECT {spelled('abs(a)')} FROM {source}" for source in ("json_to_record('{{\"a\": \"a\"}}') AS x (a en9)", "json_table('[1]', '$[*]' COLUMNS (a en9 PATH '$')) t", "unnest(enum_range(NULL::en9)) a",
                                                                          "xmltable('/a' PASSING '<a>a</a>' COLUMNS a en9 PATH '.') t", "ROWS FROM (json_to_record('{{\"a\": \"a\"}}') AS (a en9)) x")),
             "EXPLAIN (VERBOSE) SELECT upper('(1,1,a,1)'::orders)", "EXPLAIN (VERBOSE, ANALYZE) SELECT upper(o) FROM orders o", "SELECT 'x'::text = upper('(1,1,a,1)'::orders)", "VALUES (upper('(1,1,a,1)'::orders))",
             "SELECT upper(row) FROM (SELECT orders AS row FROM orders) x", "SELECT x.upper FROM (SELECT orders AS row FROM orders) x", "SELECT upper((SELECT o FROM orders o LIMIT 1))", "SELECT max(o) FROM orders o",
             "SELECT upper((array_agg(o))[1]) FROM orders o", "SELECT o LIKE 'Q%' FROM orders o", "SELECT string_agg(o, ',') FROM orders o", "SELECT o::varchar FROM orders o", "SELECT length(o) FROM orders o",
             "SELECT to_json(e) FROM hasen9", "SELECT json_agg(e) FROM hasen9", "SELECT to_jsonb(a) FROM holding9", "SELECT row_to_json(h) FROM hasen9 h", "COPY (SELECT upper(o) FROM orders o) TO STDOUT"):
    runs("m02", f"a cast that nobody asks for: {text}", text, expect=SHOWN_MASKED, agent="reader", prepared=MORE, undo=UNDO_MORE)
for texts in (("BEGIN", "DECLARE c CURSOR FOR SELECT upper(o) FROM orders o", "FETCH c"), ("DO $$ DECLARE t text; BEGIN SELECT o INTO t FROM orders o; RAISE NOTICE '%', t; END $$",),
              ("DO $$ DECLARE q en9 := 'a'; i int; BEGIN i := q; RAISE NOTICE '% %', chr(i / 1000000) || chr(i / 1000 % 1000), 'XVKWJPHTRMLG'; END $$",),
              ("DO $$ DECLARE r orders%ROWTYPE; t text; BEGIN r.id := 1; t := r; RAISE NOTICE '%', t; END $$",), ("DO $$ DECLARE r public.orders; t text; BEGIN r.id := 1; t := r; RAISE NOTICE '%', t; END $$",),
              ("CREATE TEMP TABLE t9 (LIKE hasen9)", "INSERT INTO t9 VALUES (1, 'a')", f"SELECT {spelled('abs(e)')} FROM t9"), ("SELECT upper(o) AS u INTO TEMP t9 FROM orders o", "SELECT u FROM t9"),
              ("CREATE VIEW mine9 AS SELECT upper(o) AS u FROM orders o", "SELECT u FROM mine9"), ("CREATE TEMP TABLE t9 (v text)", "ALTER TABLE t9 ADD COLUMN w text DEFAULT upper('(1,1,a,1)'::orders)", "SELECT w FROM t9"),
              ("CREATE MATERIALIZED VIEW mine_kept9 AS SELECT upper(o) AS u FROM orders o", "SELECT u FROM mine_kept9"), ("CREATE FUNCTION mine9() RETURNS text LANGUAGE sql AS 'SELECT o FROM orders o LIMIT 1'", "SELECT mine9()"),
              ("INSERT INTO keeps9 SELECT 1 RETURNING c",), ("INSERT INTO keeps9 VALUES (1) RETURNING (c).v",), ("UPDATE keeps9 SET c = 1 RETURNING c",)):
    runs("m08", f"a cast where something is stored: {' / '.join(texts)}", *texts, expect=SHOWN_MASKED, agent="maker", prepared=MORE, undo=UNDO_MORE)
for text in ("SELECT id FROM orders o WHERE upper(o) LIKE 'Q%'", "SELECT id FROM hasen9 ORDER BY abs(e)", "SELECT count(*) FROM hasen9 WHERE e > 81000000"):
    runs("m15", f"a cast that is asked about: {text}", text, expect=STOPPED, agent="reader", prepared=MORE, undo=UNDO_MORE)
# Of PostgreSQL's own types, which may be anywhere.
BUILTIN = """CREATE FUNCTION point_secret9(point) RETURNS int LANGUAGE sql STABLE AS 'SELECT ascii(ssn) * 1000000 + ascii(substr(ssn, 2)) * 1000 FROM public.people WHERE id = 1';
CREATE CAST (point AS int) WITH FUNCTION point_secret9(point) AS IMPLICIT"""
runs("m02", "columns are shown, whatever casts there are", "SELECT id, item FROM public.orders", expect=(CLEAN,), agent="reader", prepared=BUILTIN, undo="DROP FUNCTION IF EXISTS point_secret9 CASCADE")
for text in (f"SELECT {spelled('abs(point(1, 2))')}", f"SELECT {spelled('abs(p)')} FROM (VALUES (point(1, 2))) v (p)"):
    runs("m02", f"a cast between types of PostgreSQL's own: {text}", text, expect=SHOWN_MASKED, agent="reader", prepared=BUILTIN, undo="DROP FUNCTION IF EXISTS point_secret9 CASCADE")


def declared(bench):
    """A parameter that the message says is of the type."""
    direct = bench.world.ask_direct
    try:
        direct(PREPARED)
        bench.world.read_anew()
        number = int(direct("SELECT 'en9'::regtype::oid")[0][0])
        reply = bench.open().talk(parse(f"SELECT {spelled('abs($1)')}", "", [number]) + bind("", "", [b"a"]) + describe("P", "") + execute() + sync())
        bench.look_at(reply)
        return outcome_of(reply)
    finally:
        direct(UNDO)


CASES.append(Case("m02", "a cast of a declared parameter", SHOWN_MASKED, agent="reader", steps=declared))

# --- other tables, and casts that only compute
PURE = """CREATE TYPE en9 AS ENUM ('a', 'b'); CREATE FUNCTION en_number9(en9) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE CAST (en9 AS int) WITH FUNCTION en_number9(en9) AS IMPLICIT; CREATE TABLE hasen9 (id int, e en9); INSERT INTO hasen9 VALUES (1, 'a');
CREATE FUNCTION plus9(t int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT t + 1'"""
UNDO_PURE = "DROP TABLE IF EXISTS hasen9; DROP CAST IF EXISTS (en9 AS int); DROP FUNCTION IF EXISTS en_number9, plus9; DROP TYPE IF EXISTS en9 CASCADE"
for text in ("SELECT id, e FROM hasen9", "SELECT * FROM orders", "SELECT o.id FROM public.orders o", "SELECT id, name FROM public.people", "SELECT id, upper(body) FROM notes", "CREATE TEMP TABLE t9 AS SELECT id, body FROM notes", "SELECT 1 + 1, upper('x')"):
    runs("m02", f"nothing of such a type: {text}", text, expect=(CLEAN,), agent="maker")
for text in ("SELECT id, e FROM hasen9", "SELECT abs(e), e + 1, plus9(2) FROM hasen9", "INSERT INTO hasen9 VALUES (2, 'b') RETURNING id, e", "SELECT plus9(e) FROM hasen9", "CREATE TEMP TABLE t9 (e en9)"):
    for volatility in ("IMMUTABLE", "VOLATILE"):
        runs("m02", f"a cast that only computes, {volatility}: {text}", text, expect=(CLEAN,), agent="maker", prepared=PURE.replace("IMMUTABLE", volatility, 1), undo=UNDO_PURE)
# What writes as the owner, and gives nothing to see.
WRITES = PURE.replace("IMMUTABLE AS 'SELECT 1'", "VOLATILE SECURITY DEFINER AS 'UPDATE notes SET body = body WHERE id = 1 RETURNING 1'")
for text in ("SELECT abs(e) FROM hasen9", "SELECT e + 1 FROM hasen9", "SELECT id FROM hasen9 WHERE e > 0", "INSERT INTO orders (id) SELECT e FROM hasen9"):
    for agent in ("reader", "maker"):
        runs("g07", f"a cast that {agent} does not ask for writes: {text}", text, expect=STOPPED, agent=agent, prepared=WRITES, undo=UNDO_PURE)

# --- what such a function raises, of what it is given
RAISES = """CREATE FUNCTION raises9(people) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RAISE LEVEL '%', $1.ssn; RETURN 'x'; END $$; CREATE CAST (people AS text) WITH FUNCTION raises9(people) AS IMPLICIT"""
UNDO_RAISES = "DROP CAST IF EXISTS (people AS text); DROP FUNCTION IF EXISTS raises9"
for level in ("NOTICE", "EXCEPTION"):
    for text in ("SELECT upper(p) FROM public.people p", "SELECT 'a' || p::text FROM public.people p", "SELECT id FROM people p WHERE upper(p) > 'a'", "SELECT upper('(1,b,c,d,e,f,g)'::people)"):
        for agent in ("reader", "writer"):
            runs("m12" if level == "EXCEPTION" else "m13", f"what a cast raises for {agent}: {level} {text}", text, expect=SHOWN_MASKED, agent=agent, prepared=RAISES.replace("LEVEL", level), undo=UNDO_RAISES)
