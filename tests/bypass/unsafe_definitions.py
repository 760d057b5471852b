# SPDX-License-Identifier: Apache-2.0
"""Definitions by which the server no longer looks after the types of what it is given: an aggregate whose state is memory, a cast that takes
bytes for something else, functions in C where others are expected, PostgreSQL's own objects altered; and rights, files and rows that change
by way of something else."""
from .cases import CLEAN, REFUSED, Case, outcome_of
from .indirect import case

CASES = []
STOPPED = (REFUSED,)


def runs(*arguments, **named):
    CASES.append(case(*arguments, **named))


def stopped(text, *more, agent="maker", row="g08", **named):
    runs(row, f"{agent}: {text}", "BEGIN", text, *more, "ROLLBACK", expect=STOPPED, agent=agent, **named)


# --- a state that is memory
BAD_AGGREGATE = "CREATE AGGREGATE jg9(anyelement) (sfunc = json_agg_transfn, stype = internal, finalfunc = bytea_string_agg_finalfn)"
for text in (BAD_AGGREGATE, BAD_AGGREGATE.replace("internal", "'internal'"), BAD_AGGREGATE.replace("internal", "pg_catalog.internal"),
             "CREATE AGGREGATE jg9(\"any\", \"any\") (sfunc = json_object_agg_transfn, stype = internal, finalfunc = string_agg_finalfn)",
             "CREATE OR REPLACE AGGREGATE jg9 (basetype = anyelement, sfunc = json_agg_transfn, stype = internal)",
             "CREATE AGGREGATE jg9(anynonarray) (sfunc = array_agg_transfn, stype = internal, finalfunc = string_agg_finalfn)",
             "CREATE AGGREGATE jg9(int) (sfunc = int4pl, stype = int, msfunc = int8_avg_accum, minvfunc = int8_avg_accum_inv, mstype = internal, mfinalfunc = numeric_avg)",
             "CREATE AGGREGATE jg9(int8) (sfunc = int8pl, stype = int8, combinefunc = int8pl, serialfunc = numeric_avg_serialize)"):
    for agent in ("writer", "maker"):
        stopped(text, agent=agent)
runs("m08", "an aggregate whose state is memory shows what is near it", BAD_AGGREGATE, "SELECT jg9(g) FROM generate_series(1, 3) g", expect=STOPPED,
     undo="DROP AGGREGATE IF EXISTS jg9(anyelement)")
runs("g08", "an aggregate of others whose state is memory", "SELECT jg9(g) FROM generate_series(1, 3) g", expect=STOPPED,
     prepared=BAD_AGGREGATE, undo="DROP AGGREGATE jg9(anyelement)")
runs("g12", "an aggregate of the agent's own", "CREATE AGGREGATE sum9(int) (sfunc = int4pl, stype = int, initcond = '0')",
     "DROP AGGREGATE sum9(int)", "SELECT 1", expect=(CLEAN,), agent="maker")

# --- bytes for something else
for text in ("CREATE CAST (bytea AS tsvector) WITHOUT FUNCTION", "CREATE CAST (text AS bytea) WITHOUT FUNCTION"):
    for agent in ("writer", "maker"):
        stopped(text, agent=agent)
for text in ("CREATE CAST (bytea AS jsonb) WITHOUT FUNCTION AS ASSIGNMENT", "CREATE CAST (bytea AS int4range) WITHOUT FUNCTION AS IMPLICIT"):
    stopped(text, agent="writer")

# --- functions in C where the server gives them what it has in memory
for text in ("ALTER TYPE bytea SET (SUBSCRIPT = jsonb_subscript_handler)", "ALTER TYPE pg_catalog.text SET (ANALYZE = ts_typanalyze)", "ALTER TYPE text SET (STORAGE = plain)",
             "CREATE FUNCTION sg9(int) RETURNS int LANGUAGE plpgsql IMMUTABLE SUPPORT textlike_support AS 'begin return 1; end'",
             "CREATE FUNCTION sg9(int) RETURNS int LANGUAGE plpgsql IMMUTABLE SUPPORT pg_catalog.dsynonym_init AS 'begin return 1; end'",
             "ALTER FUNCTION pg_catalog.int8eq(int8, int8) SUPPORT textlike_support", "ALTER FUNCTION plus_changes(int, int) SUPPORT textlike_support", "ALTER FUNCTION public.crosstab(text) CALLED ON NULL INPUT",
             "CREATE TEXT SEARCH TEMPLATE tt9 (LEXIZE = dsynonym_lexize, INIT = dsimple_init)", "CREATE TEXT SEARCH TEMPLATE tt9 (LEXIZE = dsimple_lexize)",
             "CREATE TEXT SEARCH PARSER tp9 (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)",
             "CREATE OPERATOR ~~~~ (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text, RESTRICT = networksel)",
             "CREATE OPERATOR ~~~~ (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text, JOIN = pg_catalog.networkjoinsel)"):
    stopped(text)
runs("g12", "an operator of the agent's own", "CREATE OPERATOR ~~~~ (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel, JOIN = eqjoinsel)",
     "DROP OPERATOR ~~~~ (text, text)", "SELECT 1", expect=(CLEAN,), agent="maker")

# --- PostgreSQL's own
for text in ("ALTER OPERATOR = (text, text) SET (RESTRICT = scalarltsel)", "ALTER OPERATOR pg_catalog.= (text, text) SET (RESTRICT = NONE)",
             "ALTER FUNCTION pg_catalog.textcat(text, text) CALLED ON NULL INPUT", "ALTER FUNCTION upper(text) COST 10", "ALTER FUNCTION pg_catalog.upper(text) LEAKPROOF",
             "ALTER TYPE pg_catalog.bytea RENAME TO bytea9", "ALTER TYPE internal RENAME TO internal9", "ALTER TYPE pg_catalog.int8 SET SCHEMA public",
             "ALTER ROUTINE pg_catalog.upper(text) RENAME TO upper9", "ALTER FUNCTION pg_catalog.upper(text) DEPENDS ON EXTENSION dblink",
             "ALTER OPERATOR + (int, int) SET SCHEMA public", "ALTER AGGREGATE pg_catalog.sum(int) RENAME TO sum9",
             "ALTER TEXT SEARCH CONFIGURATION english ALTER MAPPING FOR word WITH simple", "ALTER TEXT SEARCH DICTIONARY pg_catalog.english_stem RENAME TO stem9",
             "ALTER COLLATION \"C\" RENAME TO c9", "ALTER OPERATOR CLASS int4_ops USING btree RENAME TO ops9", "ALTER OPERATOR FAMILY pg_catalog.integer_ops USING btree RENAME TO ops9",
             "DROP VIEW information_schema.columns CASCADE", "DROP VIEW pg_catalog.pg_stats", "DROP VIEW pg_stats CASCADE", "ALTER VIEW pg_stats SET (security_barrier = false)",
             "ALTER VIEW pg_catalog.pg_tables RENAME TO tables9", "ALTER DOMAIN information_schema.yes_or_no DROP CONSTRAINT yes_or_no_check", "DROP SCHEMA information_schema CASCADE",
             "CREATE RULE r9 AS ON UPDATE TO information_schema.tables DO INSTEAD NOTHING"):
    stopped(text, agent="writer" if " RENAME " in text or " SET SCHEMA" in text else "maker")

# --- rights
for text in ("ALTER TABLE people ENABLE REPLICA TRIGGER noisy", "ALTER TABLE public.people ENABLE ALWAYS TRIGGER noisy", "DROP TRIGGER noisy ON people", "DROP TRIGGER IF EXISTS noisy ON public.people CASCADE",
             "DROP RULE clears ON quiet_inbox", "CREATE FUNCTION sg9(text) RETURNS bool LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT true'",
             "ALTER FUNCTION plus_changes(int, int) LEAKPROOF", "ALTER VIEW contacts SET (security_invoker = true)", "ALTER VIEW contacts RESET (security_barrier)"):
    stopped(text)
POLICY = ("CREATE FUNCTION pf9(int) RETURNS bool LANGUAGE sql STABLE AS 'select true'; CREATE FUNCTION pf9n(int) RETURNS bool LANGUAGE sql STABLE AS 'select true';"
          " CREATE TABLE held9 (id int, body text); CREATE TABLE heir9 () INHERITS (held9); CREATE POLICY pp9 ON held9 USING (pf9(id)); CREATE POLICY pr9 ON held9 USING (id IN (SELECT id FROM arrays))")
UNDO_POLICY = "DROP TABLE IF EXISTS held9, held99 CASCADE; DROP FUNCTION IF EXISTS pf9(int), pf9n(int), pf99(int) CASCADE"
for text in ("DROP FUNCTION pf9(int) CASCADE", "DROP ROUTINE public.pf9 CASCADE", "ALTER TABLE held9 DROP COLUMN id CASCADE", "ALTER TABLE public.held9 DROP COLUMN IF EXISTS id CASCADE",
             "ALTER FUNCTION pf9(int) RENAME TO pf99", "DROP TABLE arrays CASCADE", "ALTER TABLE arrays DROP COLUMN id CASCADE"):
    stopped(text, agent="writer", prepared=POLICY, undo=UNDO_POLICY)
stopped("ALTER TABLE held9 RENAME TO held99", "ALTER TABLE held99 DROP COLUMN id CASCADE", agent="writer", prepared=POLICY, undo=UNDO_POLICY)
runs("g12", "a function that no policy stands on", "BEGIN", "DROP FUNCTION pf9n(int) CASCADE", "ROLLBACK", "SELECT 1", expect=(CLEAN,), agent="maker", prepared=POLICY, undo=UNDO_POLICY)
runs("g12", "a column of another table", "ALTER TABLE notes ADD COLUMN more9 int", "ALTER TABLE notes DROP COLUMN more9 CASCADE", "SELECT 1", expect=(CLEAN,), agent="maker", prepared=POLICY,
     undo=UNDO_POLICY)
for text in ("DROP FUNCTION noisy() CASCADE", "DROP ROUTINE public.noisy CASCADE"):
    stopped(text)
runs("g08", "a trigger goes with its column", "BEGIN", "ALTER TABLE notes DROP COLUMN body CASCADE", "ROLLBACK", expect=STOPPED, agent="maker",
     prepared="CREATE TRIGGER told9 BEFORE UPDATE OF body ON notes FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()", undo="DROP TRIGGER IF EXISTS told9 ON notes")
EVENTS = "CREATE FUNCTION evf9() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER evt9 ON sql_drop EXECUTE FUNCTION evf9()"
for text in ("DROP FUNCTION evf9() CASCADE", "DROP ROUTINE IF EXISTS public.evf9 CASCADE", "ALTER FUNCTION evf9() RENAME TO evf99"):
    stopped(text, agent="writer", prepared=EVENTS, undo="DROP EVENT TRIGGER IF EXISTS evt9; DROP FUNCTION IF EXISTS evf9(), evf99()")

# --- rows of a table that is kept in another one


def of_toast(text, table, agent):
    def steps(bench):
        toast = bench.world.ask_direct(f"SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = '{table}'::regclass")[0][0]
        conversation = bench.open()
        reply = conversation.query(text.format(toast=toast, name=toast.split(".")[1]))
        return outcome_of(reply)
    CASES.append(Case("g05", f"{agent}: {text.format(toast='the toast of ' + table, name='the toast')}", STOPPED, agent=agent, steps=steps))


for text in ("VACUUM FULL {toast}", "VACUUM {toast}", "ANALYZE {toast}", "REINDEX TABLE {toast}", "REINDEX INDEX {toast}_index", "REINDEX TABLE CONCURRENTLY {toast}", "REINDEX SCHEMA pg_toast",
             "SELECT count(*) FROM {toast}", "COPY {toast} TO STDOUT"):
    of_toast(text, "public.guarded", "writer")
for text in ("SELECT count(*) FROM {toast}", "SELECT chunk_id FROM {toast}", "TABLE {toast}"):
    of_toast(text, 'public."Secrets"', "reader")

# --- files of the host
for text in ("CREATE TEXT SEARCH DICTIONARY d9 (TEMPLATE = synonym, SYNONYMS = synonym_sample)", "CREATE TEXT SEARCH DICTIONARY d9 (TEMPLATE = simple, StopWords = 'english')",
             "CREATE TEXT SEARCH DICTIONARY d9 (TEMPLATE = ispell, DictFile = ispell_sample, AffFile = ispell_sample)",
             "DROP CONVERSION pg_catalog.koi8_r_to_utf8", "ALTER CONVERSION koi8_r_to_utf8 RENAME TO other9", "CREATE TABLE made9 (a int) TABLESPACE pg_global",
             "CREATE TABLE made9 (a int PRIMARY KEY USING INDEX TABLESPACE pg_global)", "CREATE INDEX ON notes (id) TABLESPACE pg_global", "SET default_tablespace = pg_global",
             "SELECT set_config('temp_tablespaces', 'pg_global', false)"):
    stopped(text)
runs("g08", "REINDEX moves to another tablespace", "REINDEX (TABLESPACE pg_default) TABLE notes", expect=STOPPED, agent="maker")
runs("g12", "pg_dump and others name the ordinary tablespace", "SET default_tablespace = ''", "CREATE TABLE made9 (a int) TABLESPACE pg_default", "DROP TABLE made9", "SELECT 1",
     expect=(CLEAN,), agent="maker", undo="DROP TABLE IF EXISTS made9")
