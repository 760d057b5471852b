# SPDX-License-Identifier: Apache-2.0
"""Ways that take two statements: the first gives the second another meaning than its text has, or makes something that runs
unseen inside of it. Each puts a sensitive value into public.notes, or into a cell, if it gets through."""
from . import wire
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case, Cases, outcome_of

STOPPED = (REFUSED, HELD)
CASES = Cases(expect=STOPPED, agent="writer")


def runs(row, what, *texts, expect=STOPPED, undo="SELECT 1"):
    """One of the texts is stopped, and what the others leave behind holds no canary."""
    def steps(bench):
        conversation = bench.open()
        try:
            replies = [conversation.talk(text) if isinstance(text, bytes) else conversation.query(text) for text in texts]
            conversation.query("ROLLBACK")
            bench.open().query("SELECT * FROM public.notes")
        finally:
            conversation.query("ROLLBACK")
            bench.world.ask_direct(f"DELETE FROM public.notes WHERE id > 2; {undo}")
        outcomes = [outcome_of(reply) for reply in replies]
        assert not any(outcome in ("closed", "timeout") for outcome in outcomes), (texts, outcomes)
        return next((outcome for outcome in outcomes if outcome in STOPPED), outcomes[-1])
    CASES.append(Case(row, what, expect, agent="writer", steps=steps))


# In SJIS a letter may end in a backslash, or in a delimiter, and the server tells of the change when the query is over.
LETTERS = "COPY (SELECT 'x', chr(12477), ssn, chr(12509) FROM people) TO STDOUT (DELIMITER '|')"
runs("m10", "COPY behind SET client_encoding, in one query", f"SET client_encoding = 'SJIS'; {LETTERS}")
runs("m10", "COPY behind set_config('client_encoding'), in one query",
     f"SELECT set_config('client_encoding', 'SJIS', false); {LETTERS}")
runs("m10", "COPY behind RESET ALL and a start-up option, in one query", f"SET NAMES 'BIG5'; RESET ALL; {LETTERS}")
runs("m10", "COPY behind SET client_encoding, in one pipeline",
     wire.parse("SET client_encoding = 'SJIS'") + wire.bind() + wire.execute() + wire.parse(LETTERS) + wire.bind() + wire.execute() + wire.sync())
runs("m10", "COPY that was bound before SET client_encoding, in one pipeline",
     wire.parse(LETTERS, "c") + wire.bind("c", "c") + wire.parse("SET client_encoding = 'SJIS'") + wire.bind() + wire.execute()
     + wire.execute("c") + wire.sync())

# Read with standard_conforming_strings on this is a constant and a comment; with it off it is a column.
TWO_WAYS = "'\\' || $q$' || upper(ssn) FROM people WHERE id = 1 -- $q$\n"
runs("g03", "a stable function that turns standard_conforming_strings off, and a text that means two things, in one pipeline",
     "CREATE FUNCTION turns() RETURNS text STABLE LANGUAGE plpgsql AS"
     " $$ BEGIN RETURN set_config('standard_conforming_strings', 'off', false); END $$",
     wire.parse("SELECT turns()") + wire.bind() + wire.execute() + wire.parse("SELECT " + TWO_WAYS, "s") + wire.bind("s") + wire.execute() + wire.sync(),
     undo="DROP FUNCTION IF EXISTS turns()")


@CASES.case("g03", "a stable function that was there before and turns standard_conforming_strings off, in one pipeline")
def _(bench):
    bench.world.ask_direct("CREATE FUNCTION turns() RETURNS text STABLE LANGUAGE plpgsql AS"
                           " $$ BEGIN RETURN set_config('standard_conforming_strings', 'off', false); END $$")
    try:
        return outcome_of(bench.open().talk(wire.parse("SELECT turns()") + wire.bind() + wire.execute() + wire.parse("SELECT " + TWO_WAYS, "s")
                                            + wire.bind("s") + wire.execute() + wire.sync()))
    finally:
        bench.world.ask_direct("DROP FUNCTION turns()")

# What is made and what runs it, each in a statement of its own.
STORES = ("CREATE FUNCTION stores(text, text) RETURNS bool LANGUAGE plpgsql AS"
          " $$ BEGIN INSERT INTO notes VALUES ((random() * 1e8)::int + 3, $1); RETURN true; END $$")
DROP_STORES = "DROP FUNCTION IF EXISTS stores(text, text) CASCADE"
runs("g03", "a function's body that is another one where standard_conforming_strings is off",
     "CREATE FUNCTION two_ways() RETURNS void LANGUAGE sql AS $f$ INSERT INTO notes SELECT 777, " + TWO_WAYS + "$f$",
     "SET standard_conforming_strings = off", "SELECT two_ways()", undo="DROP FUNCTION IF EXISTS two_ways()")
runs("g03", "a function's body that is another one by its own SET",
     "CREATE FUNCTION two_ways() RETURNS void LANGUAGE sql SET standard_conforming_strings = off AS $f$ INSERT INTO notes SELECT 778, "
     + TWO_WAYS + "$f$", "SELECT two_ways()", undo="DROP FUNCTION IF EXISTS two_ways()")
runs("g03", "a body of DO that turns standard_conforming_strings off inside",
     "DO $f$ BEGIN SET standard_conforming_strings = off; INSERT INTO notes SELECT 779, " + TWO_WAYS + "; END $f$")
runs("g03", "set_config() of a name with an escape in it",
     "CREATE FUNCTION sets() RETURNS text LANGUAGE sql AS $f$ SELECT set_config('r\\157le', 'postgres', false) $f$",
     "SET standard_conforming_strings = off", "SELECT sets()", undo="DROP FUNCTION IF EXISTS sets()")
runs("g06", "a function that does what its maker may not",
     "CREATE FUNCTION wipes() RETURNS void LANGUAGE sql AS 'DELETE FROM guarded'", "SELECT wipes()", undo="DROP FUNCTION IF EXISTS wipes()",
     expect=(REFUSED,))
runs("g06", "a function in PL/pgSQL that does what its maker may not, by text that is put together",
     "CREATE FUNCTION wipes() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM ' || 'guarded'; END $$", "SELECT wipes()",
     undo="DROP FUNCTION IF EXISTS wipes()", expect=(REFUSED,))
runs("g06", "a function that makes a function", "CREATE FUNCTION makes() RETURNS void LANGUAGE sql AS"
     " $f$ CREATE FUNCTION wipes() RETURNS void LANGUAGE sql AS 'DELETE FROM guarded' $f$", "SELECT makes()", "SELECT wipes()",
     undo="DROP FUNCTION IF EXISTS makes(); DROP FUNCTION IF EXISTS wipes()")
runs("m07", "a variable that takes what a function gives", "CREATE FUNCTION takes() RETURNS void LANGUAGE plpgsql AS"
     " $$ DECLARE r text; BEGIN r := ssn_of(1); INSERT INTO notes VALUES (4004, r); END $$", "SELECT takes()", undo="DROP FUNCTION IF EXISTS takes()")
for target in ("x[ascii(ssn_of(1))]", "x -- := '\n[ascii(ssn_of(1))]"):
    runs("m07", f"a subscript of what DO assigns to: {target[:4]}",
         f"DO $$ DECLARE x text[]; BEGIN {target} := ' || ' -- ' || 1\n; INSERT INTO notes VALUES (4007, array_lower(x, 1)::text); END $$")
runs("g06", "a file of the server's in a subscript of what DO assigns to",
     "DO $$ DECLARE x text[]; BEGIN x[length(pg_read_file('PG_VERSION'))] := 'x'; END $$", expect=(REFUSED,))
runs("g06", "a function's body that reads a file in a subscript", "CREATE FUNCTION reads() RETURNS void LANGUAGE plpgsql AS"
     " $$ DECLARE x text[]; BEGIN x[length(pg_read_file('PG_VERSION'))] := 'x'; END $$", undo="DROP FUNCTION IF EXISTS reads()", expect=(REFUSED,))
runs("m07", "a variable of DO that takes what a function gives",
     "DO $$ DECLARE r text := ssn_of(1); BEGIN INSERT INTO notes VALUES (4005, r); END $$")
runs("m07", "a parameter's default that is given to a function", STORES,
     "CREATE FUNCTION given(a text DEFAULT constant_ssn()) RETURNS bool LANGUAGE sql AS 'SELECT stores($1, $1)'", "SELECT given()",
     undo=f"DROP FUNCTION IF EXISTS given(text); {DROP_STORES}")
for where, made, used in (
        ("of a new table", "CREATE TABLE made (a int, b text DEFAULT ssn_of(1))", "INSERT INTO made (a) VALUES (1)"),
        ("of a new column", "CREATE TABLE made (a int); ALTER TABLE made ADD b text DEFAULT ssn_of(1)", "INSERT INTO made (a) VALUES (1)"),
        ("that is set", "CREATE TABLE made (a int, b text); ALTER TABLE made ALTER b SET DEFAULT ssn_of(1)", "INSERT INTO made (a) VALUES (1)"),
        ("of a domain", "CREATE DOMAIN defaults AS text DEFAULT ssn_of(1); CREATE TABLE made (a int, b defaults)", "INSERT INTO made (a) VALUES (1)"),
        ("that is generated", "CREATE TABLE made (a int, b text GENERATED ALWAYS AS (constant_ssn()) STORED)", "INSERT INTO made (a) VALUES (1)"),
        ("in a bound", "CREATE TABLE made (b text) PARTITION BY LIST (b); CREATE TABLE made_1 PARTITION OF made FOR VALUES IN (constant_ssn())",
         "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'made_1'")):
    runs("m08", f"a default {where}", made, used, "SELECT b FROM made", undo="DROP TABLE IF EXISTS made; DROP DOMAIN IF EXISTS defaults")
runs("m08", "a parent that people inherit from, in one transaction", "CREATE TABLE parent (ssn text)", "BEGIN; ALTER TABLE people INHERIT parent",
     "SELECT upper(ssn) FROM parent", "ROLLBACK", undo="DROP TABLE IF EXISTS parent")
runs("m08", "a view that is redefined under rows that were kept", "CREATE OR REPLACE VIEW contacts AS SELECT id, name, 'x'::text AS number FROM people",
     "SELECT * FROM contacts")


@CASES.case("m08", "a child that leaves its parent, a column that is not generated any more, a row that becomes a text", (HELD,))
def _(bench):
    conversation, direct = bench.open(), bench.world.ask_direct
    direct("CREATE TABLE heir () INHERITS (people)")
    try:
        for text in ("ALTER TABLE heir NO INHERIT people", "ALTER TABLE people ALTER code DROP EXPRESSION", "ALTER TABLE holders ALTER person TYPE text"):
            reply = conversation.query(f"BEGIN; {text}; ROLLBACK")
            assert reply.held, (text, reply.short())
        return outcome_of(reply)
    finally:
        direct("DROP TABLE heir")


runs("m02", "a domain over a domain that has a check", "CREATE DOMAIN over_kept AS kept_text", "SELECT ssn::over_kept FROM people WHERE id = 1",
     undo="DROP DOMAIN IF EXISTS over_kept")
runs("m02", "a type with a field that has a check", "CREATE TYPE with_kept AS (a kept_text)", "SELECT ROW(ssn)::with_kept FROM people WHERE id = 1",
     undo="DROP TYPE IF EXISTS with_kept")
runs("m02", "a row of a type with a check that a function fills", "CREATE TABLE with_kept (a kept_text)",
     "SELECT jsonb_populate_record(k, jsonb_build_object('a', ssn)) FROM people LEFT JOIN with_kept k ON false WHERE people.id = 1",
     undo="DROP TABLE IF EXISTS with_kept")
runs("m02", "a column of a function in FROM that has a check",
     "SELECT p.id FROM people p, jsonb_to_record(jsonb_build_object('a', p.ssn)) AS t (a kept_text) WHERE p.id = 1")
runs("m02", "an operator, a function and a type that are made in the same transaction", STORES,
     "BEGIN; CREATE OPERATOR |+++| (FUNCTION = stores, LEFTARG = text, RIGHTARG = text)", "SELECT ssn |+++| 'a' FROM people", "COMMIT", undo=DROP_STORES)
runs("m02", "a domain that is made in the same transaction", "BEGIN; CREATE DOMAIN new_kept AS text CHECK (keeps(VALUE))",
     "SELECT ssn::new_kept FROM people WHERE id = 1", "COMMIT", undo="DROP DOMAIN IF EXISTS new_kept")
runs("m02", "a function of a known name that is made in the same query",
     "CREATE FUNCTION public.upper(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes VALUES (4001, $1); RETURN $1; END $$;"
     " SET LOCAL search_path = public, pg_catalog; SELECT upper(ssn) FROM people WHERE id = 1", undo="DROP FUNCTION IF EXISTS public.upper(text)")
runs("m02", "columns that move in the same transaction",
     "BEGIN; ALTER TABLE people DROP COLUMN balance, ADD COLUMN balance int", "SELECT upper(c) FROM people AS p (a, b, c)", "ROLLBACK")
runs("m02", "a cast that runs where nothing names it", "CREATE FUNCTION cast_it(text) RETURNS int LANGUAGE plpgsql AS"
     " $$ BEGIN INSERT INTO notes VALUES (4006, $1); RETURN 1; END $$", "CREATE CAST (text AS int) WITH FUNCTION cast_it(text) AS IMPLICIT",
     "SELECT abs(ssn) FROM people WHERE id = 1", undo="DROP FUNCTION IF EXISTS cast_it(text) CASCADE")
runs("m02", "a type's name as a function, where that is a function of PostgreSQL's too", "CREATE DOMAIN public.text AS pg_catalog.text CHECK (keeps(VALUE))",
     "SET search_path = public, pg_catalog", "SELECT text(ssn) FROM public.people WHERE id = 1", undo="DROP DOMAIN IF EXISTS public.text")
for name, text in (("=", "SELECT ssn IN (SELECT 'x'::text) FROM people"), ("=", "SELECT CASE ssn WHEN 'x' THEN 1 END FROM people"),
                   (">=", "SELECT ssn BETWEEN 'a' AND 'b' FROM people"), ("<", "SELECT ssn NOT BETWEEN 'a' AND 'b' FROM people"),
                   ("=", "SELECT 1 FROM people a JOIN people b USING (ssn)")):
    runs("m02", f"an operator {name} of users, in {text}", STORES, f"CREATE OPERATOR public.{name} (FUNCTION = stores, LEFTARG = text, RIGHTARG = text)",
         "SET search_path = public, pg_catalog", text, undo=DROP_STORES)


@CASES.case("m11", "EXECUTE of a statement whose view was redefined by somebody else since", (MASKED,))
def _(bench):
    conversation, direct = bench.open(), bench.world.ask_direct
    direct("CREATE VIEW turned AS SELECT id, name AS x FROM people")
    try:
        conversation.query("PREPARE p AS SELECT upper(x) FROM turned")
        conversation.talk(wire.parse("SELECT upper(x) FROM turned", "s") + wire.sync())
        assert [b"ADA"] in conversation.query("EXECUTE p").rows() and [b"ADA"] in conversation.query("EXECUTE s").rows()
        direct("CREATE OR REPLACE VIEW turned AS SELECT id, ssn AS x FROM people")
        # What the agent itself makes has the catalogue read anew.
        conversation.query("CREATE TABLE made_to_renew (a int); DROP TABLE made_to_renew")
        replies = [conversation.query("EXECUTE p"), conversation.query("EXECUTE s"),
                   conversation.talk(wire.bind("p") + wire.execute() + wire.sync()), conversation.talk(wire.bind("s") + wire.execute() + wire.sync())]
        assert all(outcome_of(reply) == MASKED for reply in replies), [reply.short() for reply in replies]
        return MASKED
    finally:
        direct("DROP VIEW turned")


@CASES.case("m08", "a table that stays locked by what the transaction did to it: the session goes on", (CLEAN,))
def _(bench):
    conversation = bench.open()
    assert not conversation.query("BEGIN; ALTER TABLE people ADD COLUMN extra int").errors()
    for text in ("SELECT 1", "SELECT count(*) FROM notes", "SELECT * FROM nowhere"):
        reply = conversation.query(text)
        assert not reply.closed, (text, reply.errors())
    conversation.query("ROLLBACK")
    return outcome_of(conversation.query("SELECT count(*) FROM notes"))
