# SPDX-License-Identifier: Apache-2.0
"""Checks of domains that run where neither the domain nor a function is named: for a string beside an array of a domain's values, in a
function that takes a value of any type, and by a cast in an expression that a new table takes over."""
from . import wire
from .cases import CLEAN, HELD, MASKED, REFUSED, Case, outcome_of

CASES = []
MADE_BEFORE = ["CREATE TABLE kd (id int, k kept_text, name text)", "INSERT INTO kd VALUES (1, NULL, 'x')"]
DROP = ["DROP TABLE kd CASCADE"]


def checks(row, what, *texts, agent="reader", made=(), undo=(), expect=(REFUSED,), talk=None):
    """`made` by an administrator past us, and what its checks wrote is taken away. Then they write nothing more, unless the case is of
    what may pass. `talk`: messages instead of texts."""
    def steps(bench):
        direct = bench.world.ask_direct
        try:
            for text in (*MADE_BEFORE, *made):
                direct(text)
                direct("DELETE FROM notes WHERE id > 2")
            bench.world.read_anew()
            conversation = bench.open(agent)
            replies = [conversation.talk(talk)] if talk else [conversation.query(text) for text in texts]
            for reply in replies:
                bench.look_at(reply)
            outcomes = [outcome_of(reply) for reply in replies]
            conversation.query("ROLLBACK")
            kept = direct("SELECT body FROM notes WHERE id = 999")
            if kept:
                bench.problems.append(f"the check ran: {kept}")
        finally:
            for text in (*undo, *DROP, "DELETE FROM notes WHERE id > 2"):
                direct(text)
        return next((outcome for outcome in outcomes if outcome in (REFUSED, HELD)), outcomes[-1])
    CASES.append(Case(row, f"{agent}: {what}: {' / '.join(texts)}", expect, agent=agent, steps=steps, twins=False))


# --- a string beside what is made of a domain's column -------------------------------------------------------------------------
for text in ("SELECT id FROM kd WHERE ARRAY[k] = '{zz}'", "SELECT id FROM public.kd d WHERE ARRAY[d.k] = '{zz}'", "SELECT array_agg(k) = '{x}' FROM kd",
             "SELECT ARRAY(SELECT k FROM kd) = '{x}'", "SELECT ARRAY(TABLE v9) = '{x}'", "SELECT ARRAY[k] || '{x}' FROM kd", "SELECT count(*) FROM kd WHERE ARRAY[k] @> '{x}'",
             "SELECT lag(k, 1, 'x') OVER () FROM kd", "SELECT lead(k, 5, 'x') OVER () FROM kd", "SELECT array_remove(ARRAY[k], 'x') FROM kd",
             "SELECT array_append(ARRAY[k], 'x') FROM kd", "SELECT array_position(array_agg(k), 'x') FROM kd", "SELECT array_fill(k, ARRAY[1]) = '{x}' FROM kd",
             "SELECT array_cat(array_agg(k), '{x}') FROM kd", "SELECT width_bucket(k, '{x}') FROM kd", "SELECT '{x}' UNION ALL SELECT ARRAY[k] FROM kd",
             "VALUES ('{x}'), ((SELECT ARRAY[k] FROM kd))", "SELECT CASE WHEN false THEN ARRAY[k] ELSE '{x}' END FROM kd", "SELECT GREATEST(ARRAY[k], '{x}') FROM kd",
             "SELECT ROW(ARRAY[k]) = ROW('{x}') FROM kd", "SELECT mode() WITHIN GROUP (ORDER BY ARRAY[k]) = '{x}' FROM kd",
             "SELECT ARRAY[mode() WITHIN GROUP (ORDER BY k)] = '{x}' FROM kd", "SELECT '{x}' = ANY (SELECT ARRAY[k] FROM kd)",
             "SELECT lag(ARRAY[k], 1, '{x}') OVER w FROM kd WINDOW w AS ()", "EXPLAIN SELECT ARRAY[k] = '{x}' FROM kd",
             "DECLARE c CURSOR FOR SELECT ARRAY[k] = '{x}' FROM kd", "PREPARE p AS SELECT ARRAY[k] = '{x}' FROM kd",
             # by another name
             "SELECT ARRAY[z] = '{x}' FROM (SELECT k AS z FROM kd) s", "SELECT ARRAY[z] = '{x}' FROM (SELECT * FROM kd) s(i, z)", "SELECT ARRAY[z] = '{x}' FROM kd d(i, z)",
             "WITH w(z) AS (SELECT k FROM kd) SELECT ARRAY[z] = '{x}' FROM w", "WITH w(i, z) AS (TABLE kd) SELECT ARRAY[z] = '{x}' FROM w",
             "SELECT ARRAY[z] = '{x}' FROM (kd JOIN notes USING (id)) j(i, z)", "SELECT ARRAY[(j).k] = '{x}' FROM (kd JOIN notes USING (id)) j",
             "SELECT ARRAY[(s).k] = '{x}' FROM (SELECT * FROM kd) s",
             "SELECT id FROM (SELECT id, array_agg(k) AS z FROM kd GROUP BY id) s WHERE z = '{x}'", "WITH w AS (SELECT ARRAY[k] AS z FROM kd) SELECT * FROM w WHERE z IN ('{x}')",
             "SELECT id FROM kd, LATERAL array_append(ARRAY[k], NULL) z WHERE z = '{x}'", "SELECT 1 FROM (VALUES (ARRAY(SELECT k FROM kd))) s WHERE column1 = '{x}'",
             "SELECT ARRAY[z] = '{x}' FROM v9", "SELECT ARRAY[z] = '{x}' FROM m9", "SELECT ARRAY[v.z] = '{x}' FROM public.v9 v",
             # the string in other clothes
             "SELECT ARRAY[k] = '{x}'::unknown FROM kd", "SELECT ARRAY[k] = CAST('{x}' AS pg_catalog.unknown) FROM kd", "SELECT ARRAY[k] = unknown '{x}' FROM kd",
             "SELECT ARRAY[k] = '{x}' COLLATE \"C\" FROM kd", "SELECT ARRAY[k] = E'{x}' FROM kd", "SELECT ARRAY[k] = $${x}$$ FROM kd"):
    checks("m02", "a string beside a domain's column", text, made=["CREATE VIEW v9 AS SELECT k AS z FROM kd", "CREATE MATERIALIZED VIEW m9 AS SELECT k AS z FROM kd"])
checks("m02", "a string beside an array, called unknown", "SELECT id FROM ka WHERE a = '{x}'::unknown", made=["CREATE TABLE ka (id int, a kept_text[])"], undo=["DROP TABLE ka"])
checks("m02", "a parameter of EXECUTE beside a domain's column", "PREPARE p AS SELECT ARRAY[k] = $1 FROM kd", "EXECUTE p('{x}')")
checks("m02", "a parameter of Bind beside a domain's column",
       talk=wire.parse("SELECT ARRAY[k] = $1 FROM kd") + wire.bind(parameters=[b"{x}"]) + wire.execute() + wire.sync())
for text in ("CREATE FUNCTION hid() RETURNS bool IMMUTABLE LANGUAGE sql AS $$SELECT ARRAY[k] = '{hid}' FROM kd$$",
             "CREATE FUNCTION hid() RETURNS bool IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT ARRAY[k] = '{hid}' FROM kd; END"):
    checks("g07", "a string beside a domain's column", text, agent="maker", undo=["DROP FUNCTION IF EXISTS hid()"])
for text in ("SELECT k FROM kd WHERE k = 'x'", "SELECT * FROM kd WHERE name = 'x' AND k <> 'y' ORDER BY k", "SELECT id FROM public.kd WHERE k IN ('x', 'y') OR k LIKE 'z%'",
             "SELECT id FROM kd WHERE k = ANY ('{x,y}') AND k BETWEEN 'a' AND 'b'", "SELECT id, upper(name) || '-', k FROM kd WHERE k IS NOT NULL",
             "SELECT k, count(*) FROM kd WHERE name LIKE 'x%' GROUP BY k", "SELECT lower(k) FROM kd WHERE name = 'x'", "SELECT ARRAY[k] FROM kd WHERE id = 1",
             "SELECT d.k FROM kd d JOIN kd e ON d.k = e.k AND e.name IN ('x', 'y')", "SELECT id FROM kd WHERE k IS DISTINCT FROM 'x'", "SELECT id FROM kd WHERE ARRAY[name] = '{x}'",
             "SELECT s.k FROM (SELECT id, k FROM kd) s WHERE s.k = 'x'", "WITH w AS (SELECT * FROM kd) SELECT id FROM w WHERE k = 'x' LIMIT 3",
             "SELECT id FROM notes n WHERE EXISTS (SELECT 1 FROM kd WHERE kd.id = n.id AND k = 'x')"):
    checks("m02", "a string that keeps its own type", text, expect=(CLEAN, MASKED))
checks("m02", "parameters that keep their own type", expect=(CLEAN, MASKED),
       talk=wire.parse("SELECT k FROM kd WHERE k = $1 AND name = $2 LIMIT $3") + wire.bind(parameters=[b"x", b"y", b"1"]) + wire.execute() + wire.sync())

# --- a function that takes values of any type ----------------------------------------------------------------------------------
ANY = {"p1(x anyelement, y text) RETURNS anyelement": "plpgsql AS 'BEGIN RETURN y; END'", "p1(x anyelement, y text) RETURNS int": "plpgsql AS 'BEGIN x := y; RETURN 1; END'",
       "p1(x anyelement, y text) RETURNS bool": "sql AS 'SELECT ARRAY[x] = ''{q}'''", "p1(x anyelement, y text, OUT z anyelement)": "plpgsql AS 'BEGIN z := y; END'",
       "p1(x anyelement, y text, OUT z anyarray)": "plpgsql AS 'BEGIN z := ARRAY[y]; END'", "p1(x anyelement, y text) RETURNS anyarray": "plpgsql AS 'BEGIN RETURN ARRAY[y]; END'",
       "p1(x anycompatible, y text) RETURNS anycompatible": "plpgsql AS 'BEGIN RETURN y; END'", "p1(x anynonarray, y text) RETURNS anynonarray": "plpgsql AS 'BEGIN RETURN y; END'"}
DROP_P1 = ["DROP FUNCTION IF EXISTS p1 CASCADE"]
for head, body in ANY.items():
    for volatility in ("IMMUTABLE", "STABLE"):
        made = f"CREATE FUNCTION {head} {volatility} LANGUAGE {body}"
        checks("m02", f"{head} {volatility}", "SELECT p1(d.k, lower('PLAIN')) FROM kd d", made=[made], undo=DROP_P1)
    checks("g07", "what takes any type", made, "SELECT p1(d.k, lower('PLAIN')) FROM kd d", agent="maker", undo=DROP_P1)
ONE = "CREATE FUNCTION p1(x anyelement, y text) RETURNS anyelement IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN y; END'"
checks("m02", "an array of any type", "SELECT p1(ARRAY[d.k], lower('PLAIN')) FROM kd d",
       made=["CREATE FUNCTION p1(x anyarray, y text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN x[1] := y; RETURN 1; END'"], undo=DROP_P1)
checks("m02", "an operator over what takes any type", "SELECT d.k ### lower('PLAIN') FROM kd d", made=[ONE, "CREATE OPERATOR ### (function = p1, leftarg = anyelement, rightarg = text)"],
       undo=DROP_P1)
for below in ("CREATE FUNCTION q1() RETURNS text STABLE LANGUAGE sql AS 'SELECT p1(k, lower(''PLAIN'')) FROM kd'",
              "CREATE FUNCTION q1() RETURNS text STABLE LANGUAGE plpgsql AS 'BEGIN RETURN p1(k, lower(''PLAIN'')) FROM kd; END'",
              "CREATE FUNCTION q1() RETURNS text STABLE LANGUAGE sql RETURN (SELECT p1(k, lower('PLAIN')) FROM kd)"):
    checks("m02", "what takes any type, below another", "SELECT q1()", made=[ONE, below], undo=["DROP FUNCTION q1()", *DROP_P1])
checks("m02", "what takes any type, below a view", "SELECT * FROM v9", made=[ONE, "CREATE VIEW v9 AS SELECT p1(k, lower('PLAIN')) FROM kd"], undo=["DROP VIEW v9", *DROP_P1])

# --- casts in expressions that a new table takes over --------------------------------------------------------------------------
DROP_LIKE = ["DROP TABLE IF EXISTS l9", "DROP TABLE d9 CASCADE", "DROP TYPE with_field"]
WITH_FIELD = "CREATE TYPE with_field AS (a kept_text)"
KINDS = {"d9 (b int, t text DEFAULT 'x'::kept_text)": ("DEFAULTS", "INSERT INTO l9 (b) VALUES (1)"),
         "d9 (b int, t text DEFAULT array_to_string('{q}'::kept_text[], ','))": ("DEFAULTS", "INSERT INTO l9 (b) VALUES (1)"),
         "d9 (b int, t text DEFAULT (ROW('x')::with_field)::text)": ("DEFAULTS", "INSERT INTO l9 (b) VALUES (1)"),
         "d9 (b int, t text CHECK (t::kept_text IS NOT NULL))": ("CONSTRAINTS", "INSERT INTO l9 (b, t) VALUES (1, 'x')"),
         "d9 (b int, t text, u text GENERATED ALWAYS AS (t::kept_text) STORED)": ("GENERATED", "INSERT INTO l9 (b, t) VALUES (1, 'x')")}
for table, (part, insert) in KINDS.items():
    for way in (f"(LIKE d9 INCLUDING {part})", "(LIKE public.d9 INCLUDING ALL)", "() INHERITS (d9)"):
        checks("g07", f"{table}, and one like it", f"CREATE TABLE l9 {way}", insert, agent="maker", made=[WITH_FIELD, f"CREATE TABLE {table}"], undo=DROP_LIKE)
checks("g07", "an index over a cast, and one like it", "CREATE TABLE l9 (LIKE d9 INCLUDING INDEXES)", "INSERT INTO l9 (b, t) VALUES (1, 'x')", agent="maker",
       made=[WITH_FIELD, "CREATE TABLE d9 (b int, t text)", "CREATE INDEX ON d9 ((t::kept_text))"], undo=DROP_LIKE)
checks("g07", "a cast in a partition's default", "CREATE TABLE l9 PARTITION OF d9 FOR VALUES IN (1)", "INSERT INTO l9 (b) VALUES (1)", agent="maker",
       made=[WITH_FIELD, "CREATE TABLE d9 (b int, t text DEFAULT 'x'::kept_text) PARTITION BY LIST (b)"], undo=DROP_LIKE)
checks("g07", "a cast to a domain that only computes", "CREATE TABLE l9 (LIKE d9 INCLUDING ALL)", "INSERT INTO l9 (b) VALUES (1)", agent="maker",
       made=["CREATE DOMAIN d8 AS text CHECK (length(VALUE) < 9)", "CREATE TABLE d9 (b int, t text DEFAULT 'x'::d8)"],
       undo=["DROP TABLE IF EXISTS l9", "DROP TABLE d9", "DROP DOMAIN d8"], expect=(CLEAN,))
