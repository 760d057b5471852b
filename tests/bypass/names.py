# SPDX-License-Identifier: Apache-2.0
"""Names that mean another column than they seem to: the name of an output that has none, which hides one further out; a row whose
fields are called otherwise than the columns of its alias; a function that is written like a column."""
import pathlib

from .cases import CLEAN, HELD, MASKED, REFUSED, Cases, outcome_of
from .masking import held, masked

# Each is "name | expression"; of those without a name the text does not tell.
OUTPUT_NAMES = [line.split(" | ", 1) for line in (pathlib.Path(__file__).resolve().parents[1] / "golden/output_names.txt").read_text().splitlines()]
# In FROM, without an alias.
IN_FROM = ("COALESCE(p.ssn, '')", "CAST(lower(p.ssn) AS text)", "CAST(CAST(p.ssn || '' AS text) AS name)", "GREATEST(p.ssn, '')", "LEAST(p.ssn, 'zz')",
           "NULLIF(p.ssn, '')", "substring(p.ssn FROM 1)", "upper(p.ssn)", "trim(p.ssn)", "xmlforest(p.ssn)", "CAST(COALESCE(p.ssn, '') AS name)",
           "overlay(p.ssn PLACING '' FROM 1 FOR 0)", "string_to_table(p.ssn, '')", "ROWS FROM (lower(p.ssn), upper(p.ssn))", "CAST((SELECT z.* FROM (SELECT p.ssn AS x) z) AS text)")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def server_name(bench, text):
    with bench.world.direct["shop"].cursor() as cursor:
        cursor.execute(text)
        return cursor.description[0].name


def look_inside(name, source, outer="'x'::text"):
    return f"SELECT (SELECT {quoted(name)}::text FROM {source}) FROM (SELECT id, ssn, {outer} AS {quoted(name)} FROM public.people) p"


ROWS = "(id, ssn, name)"  # of public.people: ssn is where its names are, and name where its ssn is

CASES = Cases([
    *masked(
        "m01",
        f"SELECT (SELECT t).ssn FROM public.people AS t{ROWS}", f"SELECT (q.r).ssn FROM (SELECT t AS r FROM public.people AS t{ROWS}) q",
        "SELECT (SELECT c).number FROM contacts AS c(id, number, name)", f"SELECT (SELECT t).* FROM public.people AS t{ROWS}",
        f"SELECT (t).name, (t).* FROM public.people AS t{ROWS}",
        "SELECT (SELECT t).pin FROM public.people AS t(id, name, ssn, balance, born, photo, doc, tags, pin)",
        f"WITH c AS (SELECT t AS r FROM public.people AS t{ROWS}) SELECT (r).ssn FROM c",
        f"SELECT (v.r).ssn FROM public.people AS t{ROWS}, LATERAL (VALUES (t)) v(r)",
        f"SELECT (ROW(t, 1)).f1.ssn FROM public.people AS t{ROWS}", f"SELECT ((t)::people).ssn FROM public.people AS t{ROWS}",
        f"SELECT (x.r).ssn FROM (SELECT t FROM public.people AS t{ROWS} UNION ALL SELECT t FROM public.people AS t{ROWS}) x(r)",
    ),
    *masked("m01", f"SELECT (SELECT t).ssn FROM public.people AS t{ROWS}", forms=("copy",)),
    *held(
        "m15",
        f"SELECT id FROM public.people AS t{ROWS} WHERE (SELECT t).ssn > 'M'", f"SELECT id FROM public.people AS t{ROWS} ORDER BY (SELECT t).ssn",
        # Outputs that have no name of their own.
        "SELECT id, (reverse(ssn)||'')::text::name FROM public.people ORDER BY name",
        "SELECT id, CASE WHEN true THEN reverse(ssn) ELSE ''::text END FROM public.people ORDER BY \"case\"",
        "SELECT id, xmlelement(name a, ssn)::text FROM public.people ORDER BY xmlelement",
        "SELECT id, (SELECT reverse(ssn) AS name FROM public.people z WHERE z.id = p.id UNION ALL SELECT '' WHERE false) FROM public.people p ORDER BY name",
        "SELECT id, (SELECT z.* FROM (SELECT reverse(p.ssn) AS name) z) FROM public.people p ORDER BY name",
        "SELECT count(*) FROM (SELECT (left(ssn,1)||'')::text::name FROM public.people) a NATURAL JOIN (SELECT 'Q'::name AS name) b",
        "SELECT count(*) FROM (SELECT (SELECT z.* FROM (SELECT left(ssn, 1) AS name) z) FROM public.people) a NATURAL JOIN (SELECT 'Q' AS name) b",
        "SELECT count(*) FROM (SELECT (SELECT z.* FROM (SELECT left(ssn, 1) AS name) z) FROM public.people) a JOIN (SELECT 'Q' AS name) b USING (name)",
    ),
    *held(
        "m08",
        f"INSERT INTO notes SELECT (SELECT t).id + 7000, (SELECT t).ssn FROM public.people AS t{ROWS}",
        f"CREATE TABLE g40 AS SELECT (SELECT t).ssn AS x FROM public.people AS t{ROWS}",
        "INSERT INTO notes SELECT 7000, (SELECT name FROM (SELECT (p.ssn||'')::text::name) q) FROM public.people p",
    ),
    *masked(
        "m06",
        "SELECT (SELECT name FROM (SELECT (ssn||'')::text::name FROM public.people WHERE id = p.id) q) FROM public.people p",
        look_inside("case", "(SELECT CASE WHEN true THEN p.ssn ELSE (p.ssn||'')::text END) z"),
        look_inside("xmlelement", "(SELECT xmlelement(name a, p.ssn)) z"),
        look_inside("name", "(SELECT (SELECT p.ssn AS name UNION ALL SELECT 'x' WHERE false)) q"),
        look_inside("name", "(SELECT (SELECT z.* FROM (SELECT p.ssn AS name) z)) q"),
        look_inside("coalesce", "COALESCE(p.ssn, '')"), look_inside("column65", f"(VALUES ({'1, ' * 64}p.ssn)) v"),
        look_inside("ssn", "public.people AS q(a, b, c, d, e, f, g, h, i, j), COALESCE(q, NULL) WHERE a = 1"),
        # Further out is the sensitive one, and within there is none of that name.
        "SELECT (SELECT x FROM jsonb_populate_record(NULL::orders, '{}') AS x) FROM (SELECT ssn AS x FROM public.people) q",
        "SELECT (SELECT item FROM (SELECT 1 AS a) z NATURAL LEFT JOIN (SELECT 2 AS b) y) FROM (SELECT ssn AS item FROM public.people) q",
        forms=("simple", "extended"),
    ),
    *masked("m06", *(f"SELECT (SELECT q.q FROM {source} AS q) FROM public.people p" for source in IN_FROM if not source.startswith(("ROWS", "string_to"))), forms=("simple",)),
])


@CASES.case("m06", "names of outputs are the server's, so none is looked for further out", (CLEAN,))
def _(bench):
    conversation = bench.open()
    bench.world.ask_direct("CREATE TABLE IF NOT EXISTS one (x int)")
    try:
        for name, expression in OUTPUT_NAMES:
            real = server_name(bench, f"SELECT {expression}")
            assert name in ("", real), (expression, name, real)
            # What stands further out would be masked, and is not, where the name is known to be found inside.
            reply = conversation.query(f"SELECT (SELECT {quoted(real)} IS NULL FROM (SELECT {expression}) q) FROM (SELECT ssn AS {quoted(real)} FROM public.people) p")
            assert not reply.errors() and not reply.held, (expression, reply.short())
            if name and not expression.startswith("(TABLE"):
                inside = bench.world.ask_direct(f"SELECT ({expression}) IS NULL") if "OVER" not in expression else [(False,)]
                assert reply.rows() == [[b"t" if inside[0][0] else b"f"]] * 3, (expression, reply.short())
        return CLEAN
    finally:
        bench.world.ask_direct("DROP TABLE one")


@CASES.case("m06", "names of functions in FROM are the server's", (MASKED,))
def _(bench):
    conversation = bench.open()
    for source in IN_FROM:
        name = server_name(bench, f"SELECT z.* FROM public.people p, LATERAL (SELECT * FROM {source}) z")
        for text in (look_inside(name, f"{source} LIMIT 1"), f"SELECT (SELECT {quoted(name)}.{quoted(name)}::text FROM {source} LIMIT 1) FROM public.people p"):
            reply = conversation.query(text)
            assert outcome_of(reply) in (MASKED, HELD), (text, reply.short())
    return MASKED


def made(bench, *texts):
    conversation = bench.open("maker")
    for text in texts:
        reply = conversation.query(text)
        assert not reply.errors() and not reply.held, (text, reply.short())
    return conversation


@CASES.case("m06", "a name that only one of two relations has", (MASKED,), agent="maker")
def _(bench):
    try:
        conversation = made(bench, "CREATE SCHEMA s40", "CREATE TABLE s40.orders (x int)", "INSERT INTO s40.orders VALUES (1)", "SET search_path = s40, public")
        reply = conversation.query("SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM public.people) p")
        natural = conversation.query("SELECT item FROM (SELECT 1 AS x, ssn AS item FROM public.people) p NATURAL LEFT JOIN orders")
        assert outcome_of(natural) in (MASKED, HELD), natural.short()
        return outcome_of(reply)
    finally:
        bench.world.ask_direct("DROP SCHEMA IF EXISTS s40 CASCADE")


@CASES.case("m06", "a function that gives one value, which is a row", (MASKED,), agent="maker")
def _(bench):
    try:
        conversation = made(bench, "CREATE TYPE t40 AS (item text)", "CREATE FUNCTION f40(OUT p t40) LANGUAGE sql STABLE AS 'SELECT ROW(''y'')::t40'",
                            "CREATE DOMAIN d40 AS t40", "CREATE FUNCTION f41() RETURNS d40 LANGUAGE sql STABLE AS 'SELECT ROW(''y'')::d40'")
        replies = [conversation.query(f"SELECT (SELECT {name} FROM {call}) FROM (SELECT ssn AS {name} FROM public.people) q")
                   for name, call in (("p", "f40()"), ("f41", "f41()"), ("p", "f40() AS z"))]
        assert [outcome_of(reply) for reply in replies] == [MASKED] * 3, [reply.short() for reply in replies]
        return MASKED
    finally:
        bench.world.ask_direct("DROP DOMAIN IF EXISTS d40 CASCADE; DROP TYPE IF EXISTS t40 CASCADE")


@CASES.case("m04", "a function with the name of a system column", (HELD,), agent="maker")
def _(bench):
    try:
        bench.world.ask_direct("CREATE FUNCTION public.oid(p public.people) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT p.ssn';"
                               "CREATE FUNCTION public.ctid(p contacts) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT p.number'")
        conversation = made(bench, "CREATE TABLE g43 (a int)")  # so that the catalogue is read again
        replies = [conversation.query(text) for text in
                   ("SELECT p.oid FROM public.people p", "SELECT (p).oid FROM public.people p", "SELECT (SELECT p).oid FROM public.people p",
                    "SELECT p.ctid FROM contacts p", "SELECT (p).ctid FROM contacts p")]
        assert all(outcome_of(reply) in (HELD, REFUSED, MASKED) for reply in replies), [reply.short() for reply in replies]
        return outcome_of(replies[0])
    finally:
        bench.world.ask_direct("DROP FUNCTION IF EXISTS public.oid(people), public.ctid(contacts); DROP TABLE IF EXISTS g43")


@CASES.case("g07", "a function that changes, with the name of a system column", (REFUSED, HELD), agent="reader")
def _(bench):
    ask = bench.world.ask_direct
    ask("CREATE FUNCTION public.oid(n notes) RETURNS int LANGUAGE sql AS 'UPDATE guarded SET v = v || ''!'' RETURNING 1'")
    try:
        made(bench, "CREATE TABLE g41 (a int)")  # so that the catalogue is read again
        return outcome_of(bench.open().query("SELECT n.oid FROM notes n"))
    finally:
        ask("DROP FUNCTION public.oid(notes); DROP TABLE IF EXISTS g41")
