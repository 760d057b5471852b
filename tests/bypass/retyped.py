# SPDX-License-Identifier: Apache-2.0
"""What runs for a value of a type, or for the keys of an index, when the type or the operator class has come by another name: rows
of tables and views that were made of a query, domains over domains, relations and operator classes that were renamed."""
import contextlib

import psycopg2

from .cases import CLEAN, MASKED, REFUSED, Case, outcome_of

CASES = []
MADE = ("CREATE FUNCTION chk(text) RETURNS bool LANGUAGE sql AS 'SELECT change_guarded() IS NOT NULL'", "CREATE DOMAIN gdom AS text CHECK (chk(VALUE))",
        "CREATE TABLE doms (k gdom)", "CREATE VIEW above_doms AS SELECT k AS z FROM doms", "CREATE TABLE holds_doms (d doms, n int)", "CREATE TYPE has_gdom AS (k gdom)",
        "CREATE FUNCTION bcmp(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM change_guarded(); RETURN btint4cmp($1, $2); END $$",
        "CREATE OPERATOR CLASS bops FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 bcmp(int, int)",
        "CREATE TABLE oct (a int)", "INSERT INTO oct VALUES (1), (2)", "CREATE DOMAIN plain_dom AS text CHECK (length(VALUE) < 9)", "CREATE TABLE plain_doms (k plain_dom)")
NEW_TYPES = ("d2", "d3", "gr", "br", "ct", "plain_d2")
UNDO = ("DROP VIEW IF EXISTS vk, plain_vk CASCADE", "DROP MATERIALIZED VIEW mvk", "DROP TABLE IF EXISTS kt, kt2, plain_kt, doms9, doms, holds_doms, oct, plain_doms CASCADE",
        *(f"DROP TYPE {name} CASCADE" for name in NEW_TYPES), "DROP TYPE has_gdom CASCADE", "DROP DOMAIN gdom CASCADE", "DROP DOMAIN plain_dom CASCADE",
        *(f"DROP OPERATOR FAMILY {name} USING btree CASCADE" for name in ("bops", "bops2")), "DROP OPERATOR CLASS bops2 USING btree CASCADE",
        "DROP FUNCTION bcmp(int, int) CASCADE", "DROP FUNCTION chk(text) CASCADE")


def undo(direct):
    for text in UNDO:
        with contextlib.suppress(psycopg2.Error):  # not all of it is there
            direct(text)


def retyped(what, *tries, agent="maker", by_administrator=(), expect=(REFUSED,)):
    """Each is one text, or several of one conversation: one is refused, or where all may pass, all do."""
    def steps(bench):
        direct = bench.world.ask_direct
        undo(direct)
        for text in (*MADE, *by_administrator):
            direct(text)
        bench.world.repair()
        try:
            bench.world.read_anew()
            for texts in tries:
                texts = (texts,) if isinstance(texts, str) else texts
                conversation = bench.open(agent)
                outcomes = [outcome_of(conversation.query(text)) for text in texts]
                conversation.query("ROLLBACK")
                if (REFUSED if REFUSED in outcomes else outcomes[-1]) not in expect:
                    bench.problems.append(f"{outcomes}, not {expect}: {texts} {conversation.said.short()}")
                if direct("SELECT count(*) FROM guarded WHERE v LIKE '%!%'")[0][0]:
                    bench.problems.append(f"guarded has changed: {texts}")
                    bench.world.repair()
        finally:
            undo(direct)
            bench.world.repair()
            bench.world.read_anew()
        return expect[0]
    CASES.append(Case("g07", what, expect, agent=agent, steps=steps, twins=False))


KEEPS = ("CREATE VIEW vk AS SELECT k FROM doms", "CREATE TABLE kt AS SELECT k FROM doms", "CREATE TABLE kt AS TABLE doms", "SELECT k INTO kt FROM doms",
         "CREATE TABLE kt AS SELECT z FROM above_doms", "CREATE MATERIALIZED VIEW mvk AS SELECT k FROM doms", "CREATE TABLE kt AS WITH w AS (SELECT k FROM doms) SELECT * FROM w",
         "CREATE TABLE kt AS SELECT d FROM holds_doms", "CREATE VIEW vk AS SELECT (d).k FROM holds_doms", "CREATE TEMP VIEW vk AS SELECT array_agg(k) FROM doms",
         "CREATE DOMAIN d2 AS gdom", "CREATE DOMAIN d2 AS gdom[]", "CREATE DOMAIN d2 AS has_gdom", "CREATE DOMAIN d2 AS doms", "CREATE TYPE gr AS RANGE (subtype = gdom)",
         "ALTER TABLE doms RENAME TO doms9", "ALTER VIEW above_doms RENAME TO vk", "ALTER TABLE holds_doms RENAME TO doms9", "ALTER TYPE has_gdom RENAME TO ct",
         "ALTER DOMAIN gdom RENAME TO d2", "CREATE TYPE ct AS (k doms)", "CREATE TABLE kt (k above_doms)", "CREATE TABLE kt OF has_gdom",
         "PREPARE p AS SELECT k FROM doms; CREATE TABLE kt AS EXECUTE p", "CREATE SCHEMA made CREATE VIEW vk AS SELECT k FROM public.doms")
retyped("a type with checks gets another name: one text", *(f"{text}; SELECT NULL" for text in KEEPS))
retyped("a type with checks gets another name", *KEEPS)
retyped("a type with checks gets another name: one transaction", *(("BEGIN", text) for text in KEEPS))
retyped("what is made of a type with checks that is there", "SELECT '(x)'::vk", "SELECT '(x)'::kt", "SELECT 'x'::d2", "SELECT '{\"(x)\"}'::vk[]", "SELECT '{x}'::d3", "SELECT '[a,b]'::gr",
        "SELECT '(\"(x)\")'::ct", "SELECT CAST('(x)' AS public.vk)", "SELECT '(\"(x)\",1)'::holds_doms", "SELECT '{[a,b]}'::gmr", "SELECT jsonb_populate_record(NULL::kt, '{\"k\": \"x\"}')",
        agent="reader", by_administrator=("CREATE VIEW vk AS SELECT k FROM doms", "CREATE TABLE kt AS SELECT k FROM doms", "CREATE DOMAIN d2 AS gdom", "CREATE DOMAIN d3 AS gdom[]",
                                          "CREATE TYPE gr AS RANGE (subtype = gdom, multirange_type_name = gmr)", "CREATE TYPE ct AS (k vk)"))
RANGE = "CREATE TYPE br AS RANGE (subtype = int, subtype_opclass = bops2)"
RENAMED = "ALTER OPERATOR CLASS bops USING btree RENAME TO bops2"
retyped("an operator class gets another name", RENAMED, f"{RENAMED}; {RANGE}; SELECT '[1,2]'::br", ("BEGIN", RENAMED, RANGE, "SELECT '[1,2]'::br"), f"{RENAMED}; CREATE INDEX ON oct (a bops2)",
        "ALTER OPERATOR CLASS bops USING btree SET SCHEMA other")
retyped("types without checks of users get other names", "CREATE VIEW plain_vk AS SELECT k FROM plain_doms", "CREATE TABLE plain_kt AS SELECT k FROM plain_doms", "CREATE DOMAIN plain_d2 AS plain_dom",
        "ALTER TABLE plain_kt RENAME TO kt2", "SELECT 'x'::plain_d2, '(x)'::plain_vk, '(x)'::kt2", expect=(CLEAN, MASKED))
