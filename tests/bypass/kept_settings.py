# SPDX-License-Identifier: Apache-2.0
"""An expression that is kept switches standard_conforming_strings off when something else runs it, and the text behind that is
another one to the server. Nothing that is kept may do so; where a function that was there does, such a text is read when it is
known, and within an extended query not at all."""
from . import wire
from .cases import CLEAN, REFUSED, Case, outcome_of

CASES = []
OFF = "set_config('standard_conforming_strings', 'off', false)"
TABLE = "CREATE TABLE IF NOT EXISTS keeps_it (a int, b text); CREATE DOMAIN keeps_type AS text; CREATE VIEW keeps_view AS SELECT a FROM keeps_it; CREATE TYPE keeps_row AS (a text)"
UNDO = "DROP TABLE IF EXISTS keeps_it, made CASCADE; DROP DOMAIN IF EXISTS keeps_type CASCADE; DROP TYPE IF EXISTS keeps_row CASCADE; DROP FUNCTION IF EXISTS switches() CASCADE"
CARRIERS = [carrier.replace("OFF", OFF) for carrier in (
    "CREATE TABLE made (a text GENERATED ALWAYS AS (OFF) STORED)", "CREATE TABLE made (a int, EXCLUDE USING btree (a WITH =) WHERE (OFF IS NOT NULL))", "CREATE TABLE made (a int, CHECK (OFF IS NOT NULL))",
    "CREATE TABLE made (a text) PARTITION BY RANGE ((OFF))", "CREATE TABLE made OF keeps_row (a DEFAULT OFF)", "CREATE TABLE made AS SELECT OFF AS x", "SELECT OFF AS x INTO made",
    "CREATE INDEX ON keeps_it (a) WHERE OFF IS NOT NULL", "CREATE INDEX ON keeps_it ((OFF))", "CREATE STATISTICS s ON (OFF), a FROM keeps_it",
    "ALTER TABLE keeps_it ADD c text DEFAULT OFF", "ALTER TABLE keeps_it ALTER b SET DEFAULT OFF", "ALTER TABLE keeps_it ADD CHECK (OFF IS NOT NULL) NOT VALID", "ALTER VIEW keeps_view ALTER a SET DEFAULT length(OFF)",
    "ALTER DOMAIN keeps_type SET DEFAULT OFF", "ALTER DOMAIN keeps_type ADD CHECK (OFF IS NOT NULL) NOT VALID", "CREATE DOMAIN made AS text DEFAULT OFF", "CREATE DOMAIN made AS text CHECK (OFF IS NOT NULL)",
    "CREATE VIEW made AS SELECT OFF", "CREATE MATERIALIZED VIEW made AS SELECT OFF WITH NO DATA", "CREATE RECURSIVE VIEW made (a) AS SELECT OFF", "CREATE SCHEMA made CREATE TABLE t (a text DEFAULT OFF)",
    "CREATE RULE r AS ON INSERT TO keeps_it DO ALSO SELECT OFF", "CREATE RULE r AS ON INSERT TO keeps_it WHERE OFF IS NULL DO INSTEAD NOTHING", "CREATE POLICY p ON keeps_it USING (OFF IS NOT NULL)",
    "CREATE TRIGGER t BEFORE INSERT ON keeps_it FOR EACH ROW WHEN (OFF IS NOT NULL) EXECUTE FUNCTION switches()", "CREATE FUNCTION made(a text DEFAULT OFF) RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
    "CREATE VIEW made AS SELECT set_config(setting_name => 'standard_conforming_strings', new_value => 'off', is_local => false)", "CREATE AGGREGATE made(text) (SFUNC = set_config, STYPE = text)",
    "CREATE RULE r AS ON INSERT TO keeps_it DO ALSO UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings'",
    "CREATE TABLE made (a text DEFAULT set_config('client_encoding', 'SJIS', false))", "CREATE TABLE made (a text DEFAULT set_config('role', 'postgres', false))",
    "CREATE TABLE made (a text DEFAULT set_config('session_replication_role', 'replica', false))",
    "ALTER FUNCTION switches() SET standard_conforming_strings = off", "ALTER ROLE ALL SET standard_conforming_strings = off", "ALTER DATABASE shop SET standard_conforming_strings = off")]
SWITCHES = f"CREATE FUNCTION switches() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM {OFF}; RETURN new; END $$"
# Two statements, or one: the first string ends before or behind the comma.
TWO_WAYS = "WITH a AS (SELECT '\\' , ' ) , d AS (DELETE FROM public.guarded WHERE id = 2 RETURNING id) SELECT * FROM d -- ') SELECT 1"
INSERT, PLAIN = "INSERT INTO keeps_it VALUES (1)", "SELECT 'a\\d', E'\\'', 'x' ~ '\\w'"


def kept(what, steps, expect=(REFUSED,)):
    def run(bench):
        direct = bench.world.ask_direct
        direct(UNDO)
        direct(TABLE)
        direct(SWITCHES)
        try:
            bench.world.read_anew()
            return steps(bench, direct)
        finally:
            for conversation in bench.conversations:
                conversation.query("ROLLBACK")
            direct(UNDO)
            bench.world.read_anew()
    CASES.append(Case("g03", what, expect, agent="writer", steps=run, twins=False))


def carriers(bench, _):
    for carrier in CARRIERS:
        outcome = outcome_of(bench.open().query(carrier))
        if outcome != REFUSED:
            bench.problems.append(f"{outcome}: {carrier}")
    return REFUSED


kept("nothing that is kept switches standard_conforming_strings off", carriers)


def simple(text):
    return wire.query(text)


def synced(text):
    return wire.parse(text) + wire.bind() + wire.execute() + wire.sync()


def unsynced(text):
    return wire.parse(text) + wire.bind() + wire.execute()


def behind_trigger(first, second, text, end=b"", readies=2):
    def steps(bench, direct):
        direct("CREATE TRIGGER t BEFORE INSERT ON keeps_it FOR EACH ROW EXECUTE FUNCTION switches()")
        return outcome_of(bench.open().talk(first(INSERT) + second(text) + end, readies=readies))
    return steps


for what, first, second, end, readies in (("query, query", simple, simple, b"", 2), ("query, extended", simple, synced, b"", 2), ("extended, query", synced, simple, b"", 2),
                                          ("extended, extended", synced, synced, b"", 2), ("one extended", unsynced, unsynced, wire.sync(), 1), ("extended without Sync, query", unsynced, simple, b"", 1)):
    kept(f"a trigger switches it off before what is read in two ways: {what}", behind_trigger(first, second, TWO_WAYS, end, readies))
for what, first, second, end, readies in (("query, query", simple, simple, b"", 2), ("extended, extended", synced, synced, b"", 2), ("one extended", unsynced, unsynced, wire.sync(), 1)):
    def ordinary(bench, _, first=first, second=second, end=end, readies=readies):
        return outcome_of(bench.open().talk(first(INSERT) + second(PLAIN) + end, readies=readies))
    kept(f"backslashes that end no string go on behind a change: {what}", ordinary, expect=(CLEAN,))


def known(bench, _):
    """Strings that end where they end are told apart once the server has said how it reads."""
    return outcome_of(bench.open().talk(simple(INSERT) + simple("SELECT 'a\\'") + synced(INSERT) + synced("SELECT 'a\\'"), readies=4))


kept("a string that ends in a backslash goes on behind a change that is answered", known, expect=(CLEAN,))
