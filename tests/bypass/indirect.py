# SPDX-License-Identifier: Apache-2.0
"""What a statement does or shows by way of something that it does not name: the plan of what EXECUTE stands for, the error that a
handler is told, the rows that a trigger is given, the expressions that a definition keeps, the functions that a name comes to mean."""
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case, outcome_of

CASES = []
STOPPED = (HELD, REFUSED)
NOISY = ("CREATE OR REPLACE FUNCTION noisy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.name = 'noise' THEN"
         " RAISE EXCEPTION 'no noise for %', OLD.ssn USING ERRCODE = '23514'; END IF; RETURN NEW; END $$")


def case(row, what, *texts, expect=STOPPED, agent="writer", prepared="", undo="SELECT 1"):
    """One of the texts is stopped or masked; else what the last one brings. `prepared`: by whoever made the database."""
    def steps(bench):
        direct = bench.world.ask_direct
        if prepared:
            direct(prepared)
            bench.world.read_anew()
        conversation = bench.open()
        try:
            replies = [conversation.query(text) for text in texts]
            for reply in replies:
                bench.look_at(reply)
            conversation.query("ROLLBACK")
            bench.open("writer").query("SELECT * FROM public.notes")
        finally:
            conversation.close()
            direct(f"DELETE FROM public.notes WHERE id > 2; {undo}")
        outcomes = [outcome_of(reply) for reply in replies]
        assert not any(outcome in ("closed", "timeout") for outcome in outcomes), (texts, outcomes)
        return next((outcome for outcome in outcomes if outcome in (*STOPPED, MASKED) and outcome in expect), outcomes[-1])
    return Case(row, what, expect, agent=agent, steps=steps)


def runs(*arguments, **options):
    CASES.append(case(*arguments, **options))


# --- plans -------------------------------------------------------------------------------------------------------------------

CONSTANT_VIEWS = ("CREATE VIEW constant_view AS SELECT constant_ssn() AS x; CREATE VIEW filtered_view AS SELECT id FROM orders"
                  " WHERE item > constant_ssn(); CREATE VIEW lagging AS SELECT lag(name, ascii(ssn) - 81, (SELECT count(*) FROM orders o WHERE"
                  " o.id > p.id)::text) OVER (ORDER BY id) AS x FROM people p WHERE id = 1; CREATE VIEW above AS SELECT * FROM constant_view")
DROP_VIEWS = "DROP VIEW constant_view, filtered_view, lagging, above CASCADE"
for text in ("EXPLAIN VERBOSE EXECUTE p", "EXPLAIN (VERBOSE, FORMAT json) CREATE TABLE kept_plan AS EXECUTE p"):
    runs("m14", f"{text}, of what the planner computes", "PREPARE p AS SELECT constant_ssn()", text, agent="reader" if "CREATE" not in text else "writer",
         expect=(MASKED, *STOPPED), undo="DROP TABLE IF EXISTS kept_plan")
runs("m14", "EXPLAIN EXECUTE that shows which part ran", "PREPARE p AS SELECT lag(name, ascii(ssn) - 81, (SELECT count(*) FROM orders o WHERE"
     " o.id > p.id)::text) OVER (ORDER BY id) FROM public.people p WHERE id = 1",
     "EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) EXECUTE p", agent="reader", expect=(MASKED, *STOPPED))
for text in ("EXPLAIN VERBOSE SELECT x FROM constant_view", "EXPLAIN SELECT * FROM filtered_view", "EXPLAIN VERBOSE SELECT x FROM above",
             "EXPLAIN VERBOSE DECLARE c CURSOR FOR SELECT x FROM above",
             "EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) SELECT * FROM lagging"):
    runs("m14", f"{text}, a view of somebody's", text, agent="reader", expect=(MASKED, *STOPPED), prepared=CONSTANT_VIEWS, undo=DROP_VIEWS)
runs("m14", "EXPLAIN EXECUTE of a statement without a secret", "PREPARE p AS SELECT id, name FROM people WHERE id = $1", "EXPLAIN (COSTS off) EXECUTE p(1)",
     agent="reader", expect=(CLEAN,))
runs("m14", "EXPLAIN of a view that shows a column", "EXPLAIN (COSTS off) SELECT * FROM contacts", agent="reader", expect=(CLEAN,))
for change in ("UPDATE public.people SET ssn = 'QZAAAAAAAAAAAA' WHERE id = 1", "UPDATE contacts SET number = 'QZAAAAAAAAAAAA' WHERE id = 1"):
    for options in ("ANALYZE, WAL", "ANALYZE, BUFFERS", "ANALYZE"):
        runs("m14", f"EXPLAIN ({options}) {change}", f"BEGIN; EXPLAIN ({options}, COSTS off, TIMING off, SUMMARY off) {change}; ROLLBACK", expect=(MASKED, *STOPPED))
runs("m14", "EXPLAIN (ANALYZE, WAL) EXECUTE of a change", "PREPARE p AS UPDATE people SET ssn = $1 WHERE id = 1",
     "BEGIN; EXPLAIN (ANALYZE, WAL, COSTS off, TIMING off, SUMMARY off) EXECUTE p('QZA'); ROLLBACK", expect=(MASKED, *STOPPED))
runs("m14", "EXPLAIN (ANALYZE, WAL) of a change of another table", "BEGIN; EXPLAIN (ANALYZE, WAL, COSTS off, TIMING off, SUMMARY off)"
     " UPDATE notes SET body = body; ROLLBACK", expect=(CLEAN,))
for text in ("SELECT pg_current_wal_insert_lsn()", "SELECT pg_current_wal_lsn()::text", "SELECT wal_bytes FROM pg_stat_wal", "SELECT wal_bytes FROM pg_stat_get_wal()",
             "SELECT pg_stat_get_xact_tuples_hot_updated('public.people'::regclass)",
             "SELECT n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'people'"):
    runs("m14", f"a change of a secret, then {text}", f"BEGIN; UPDATE public.people SET ssn = 'QZAAAAAAAAAAAA' WHERE id = 1; {text}; ROLLBACK",
         expect=(MASKED, *STOPPED))

# --- handlers ----------------------------------------------------------------------------------------------------------------

FAILS = {"a constraint": "UPDATE people SET name = NULL WHERE id = 1", "a function": "PERFORM ssn_of(1)::int", "a trigger": "UPDATE people SET name = 'noise' WHERE id = 1",
         "a block inside": "BEGIN UPDATE people SET name = NULL WHERE id = 1; EXCEPTION WHEN division_by_zero THEN NULL; END"}
for what, fails in FAILS.items():
    for said, handler in (("SQLERRM", "INSERT INTO notes VALUES (777, SQLERRM)"), ("a diagnostic", "GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; INSERT INTO notes VALUES (777, d)"),
                          ("SQLERRM of a block", "d := b.sqlerrm; INSERT INTO notes VALUES (777, d)"), ("its end", 'PERFORM set_config(\'a.b\', U&"sql\\0065rrm", false)'),
                          ("a block in it", "BEGIN d := SQLERRM; INSERT INTO notes VALUES (777, d); END")):
        body = f"DECLARE d text; BEGIN <<b>> BEGIN {fails}; EXCEPTION WHEN others THEN {handler}; END; END"
        runs("g06", f"DO: a handler keeps what {what} says, by {said}", f"DO $$ {body} $$", "SELECT current_setting('a.b', true)")
runs("m07", "a stable function: a handler keeps what a function says", "CREATE FUNCTION handles() RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN"
     " PERFORM ssn_of(1)::int; RETURN ''; EXCEPTION WHEN others THEN PERFORM set_config('a.b', SQLERRM, false); RETURN ''; END $$",
     "SELECT handles()", "SELECT current_setting('a.b', true)", agent="maker", undo="DROP FUNCTION IF EXISTS handles()")
runs("g06", "DO: a handler of a block without secrets", "DO $$ BEGIN PERFORM 1 / (SELECT count(*) FROM notes WHERE id = 5); EXCEPTION WHEN others THEN"
     " INSERT INTO notes VALUES (777, SQLERRM); END $$", expect=(CLEAN,))
runs("g06", "DO: a handler that looks at the class of the error", "DO $$ BEGIN UPDATE people SET name = NULL WHERE id = 1; EXCEPTION WHEN others THEN"
     " IF SQLSTATE <> '23502' THEN RAISE; END IF; END $$", expect=(CLEAN,))

for what, made in (("a prepared statement", "CREATE FUNCTION keeps_plan() RETURNS void LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN"
                    " FOR r IN EXPLAIN VERBOSE EXECUTE p LOOP INSERT INTO notes VALUES ((random() * 1e8)::int + 3, r::text); END LOOP; END $$"),
                   ("a prepared statement's rows", "CREATE FUNCTION keeps_plan() RETURNS void LANGUAGE sql AS 'CREATE TABLE kept_plan AS EXECUTE p'")):
    runs("g06", f"a function that names {what}, which is another one later", "PREPARE p AS SELECT 'x'::text", made, "DEALLOCATE p; PREPARE p AS SELECT constant_ssn()",
         "SELECT keeps_plan()", "SELECT * FROM notes", undo="DROP FUNCTION IF EXISTS keeps_plan(); DROP TABLE IF EXISTS kept_plan")

# --- the rows of a trigger ---------------------------------------------------------------------------------------------------

def trigger(body, declare=""):
    return f"CREATE OR REPLACE FUNCTION noisy() RETURNS trigger LANGUAGE plpgsql AS $$ {declare} BEGIN {body} RETURN NEW; END $$"


for body, declare in (("INSERT INTO notes VALUES (779, OLD.ssn);", ""), ("INSERT INTO notes VALUES (779, noisy.old.ssn);", ""),
                      ("INSERT INTO notes SELECT 779, row_to_json(NEW)::text;", ""), ("PERFORM set_config('a.b', NEW.ssn, false);", ""),
                      ("v := OLD.ssn; INSERT INTO notes VALUES (779, v);", "DECLARE v text;"), ("r := OLD; INSERT INTO notes VALUES (779, r.ssn);", "DECLARE r record;"),
                      ("INSERT INTO notes VALUES (779, r.ssn);", "DECLARE r ALIAS FOR OLD;"), ("NEW.name := NEW.ssn;", ""), ("NEW.name = OLD.code;", "DECLARE a int;"),
                      ("INSERT INTO notes SELECT 779, old.ssn FROM (SELECT 'x'::text AS ssn) old;", "#variable_conflict use_variable\n"),
                      ("INSERT INTO notes SELECT 779, (old.*)::text;", "")):
    runs("m08", f"a trigger's function is replaced: {declare}{body}", trigger(body, declare), "UPDATE people SET balance = 0 WHERE id = 1",
         "SELECT body FROM notes WHERE id = 779", "SELECT name FROM people", "SELECT current_setting('a.b', true)",
         undo=NOISY + "; UPDATE people SET name = 'Ada' WHERE id = 1")
runs("m08", "a trigger's function is renamed and then replaced, by who may not call", "BEGIN; ALTER FUNCTION noisy() RENAME TO noisy2",
     trigger("INSERT INTO notes VALUES (779, OLD.name);").replace("noisy()", "noisy2()"), "COMMIT", "UPDATE people SET balance = 0 WHERE id = 1", agent="maker",
     expect=(REFUSED,), undo="DO $$ BEGIN IF to_regproc('noisy') IS NULL THEN ALTER FUNCTION noisy2() RENAME TO noisy; END IF; END $$;"
     " DROP FUNCTION IF EXISTS noisy2();" + NOISY)
TRANSITION = ("CREATE FUNCTION watches() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
              " CREATE TRIGGER watches AFTER UPDATE ON people REFERENCING OLD TABLE AS old_people FOR EACH STATEMENT EXECUTE FUNCTION watches()")
for body in ("INSERT INTO notes SELECT 780, ssn FROM old_people WHERE id = 1;", "INSERT INTO notes SELECT 780, a.b FROM old_people AS a(x, y, b) WHERE x = 1;",
             "INSERT INTO notes SELECT 780, row_to_json(p)::text FROM old_people p WHERE id = 1;"):
    runs("m08", f"a trigger's table, and one of its name: {body}", "CREATE TABLE old_people (id int, ssn text, c text, d text)",
         f"CREATE OR REPLACE FUNCTION watches() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$", "UPDATE people SET balance = 0",
         "SELECT body FROM notes WHERE id = 780", prepared=TRANSITION, undo="DROP FUNCTION watches() CASCADE; DROP TABLE IF EXISTS old_people")
runs("m08", "a trigger's function that sets a time, and one that only returns the row", "CREATE FUNCTION stamps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
     " NEW.updated_at := now(); NEW.version := OLD.version + 1; IF NEW.body = OLD.body THEN RETURN OLD; END IF; RETURN NEW; END $$",
     "CREATE FUNCTION passes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$", expect=(CLEAN,), agent="maker",
     undo="DROP FUNCTION IF EXISTS stamps(); DROP FUNCTION IF EXISTS passes()")

# --- functions that others call ----------------------------------------------------------------------------------------------

HELPER = ("CREATE FUNCTION helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)'; CREATE VIEW helped AS SELECT helper(ssn) AS h FROM people;"
          " CREATE FUNCTION first_of(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE AGGREGATE any_of(text) (SFUNC = first_of, STYPE = text);"
          " CREATE VIEW helped_too AS SELECT any_of(ssn) AS h FROM people; CREATE FUNCTION lows() RETURNS SETOF text LANGUAGE sql STABLE AS"
          " 'SELECT lower(ssn) FROM people WHERE ssn <> '''' AND ssn::text > ''A'''")
DROP_HELPER = ("DROP VIEW IF EXISTS helped, helped_too; DROP FUNCTION IF EXISTS helper(text); DROP FUNCTION IF EXISTS renamed(text); DROP AGGREGATE IF EXISTS any_of(text);"
               " DROP FUNCTION first_of(text, text); DROP FUNCTION IF EXISTS public.lower(text) CASCADE; DROP FUNCTION IF EXISTS public.stores(text, text) CASCADE;"
               " DROP FUNCTION lows(); DROP SCHEMA IF EXISTS before CASCADE; DROP DOMAIN IF EXISTS public.text")
TELLS = "BEGIN PERFORM set_config('a.b', $1, false); RETURN 'x'; END"
STORES = f"CREATE FUNCTION public.stores(text, text) RETURNS bool LANGUAGE plpgsql STABLE AS $$ {TELLS} $$"
SHOWN = "SELECT current_setting('a.b', true)"
for agent in ("writer", "maker"):
    for what, texts in {
            "is replaced": (f"CREATE OR REPLACE FUNCTION helper(text) RETURNS text STABLE LANGUAGE plpgsql AS $$ {TELLS} $$", "SELECT h FROM helped"),
            "is renamed and replaced": ("BEGIN; ALTER FUNCTION helper(text) RENAME TO renamed",
                                        f"CREATE OR REPLACE FUNCTION renamed(text) RETURNS text STABLE LANGUAGE plpgsql AS $$ {TELLS} $$; COMMIT", "SELECT h FROM helped"),
            "moves to another schema": ("CREATE SCHEMA before; ALTER FUNCTION helper(text) SET SCHEMA before", "SELECT h FROM helped"),
            "gets another search_path": ("ALTER FUNCTION lows() SET search_path = before, pg_catalog", "SELECT lows()"),
            "calls another lower()": (f"CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE plpgsql STABLE AS $$ {TELLS} $$",
                                      "SET search_path = public, pg_catalog", "SELECT lows()"),
            "calls another helper()": (f"CREATE SCHEMA before CREATE TABLE t (a int); CREATE FUNCTION before.helper(text) RETURNS text LANGUAGE plpgsql STABLE AS $$ {TELLS} $$",),
            "calls another operator": (STORES.replace("text, text", "a text, b text").replace("$1", "a").replace("'x'", "true"),
                                       "CREATE OPERATOR public.<> (FUNCTION = stores, LEFTARG = text, RIGHTARG = text)",
                                       "SET search_path = public, pg_catalog", "SELECT lows()"),
            "casts to another type": ("CREATE DOMAIN public.text AS pg_catalog.text CHECK (set_config('a.b', VALUE, false) IS NOT NULL)",
                                      "SET search_path = public, pg_catalog", "SELECT lows()")}.items():
        runs("m07", f"a function of somebody's {what}, {agent}", *texts, SHOWN, agent=agent, expect=(MASKED, *STOPPED) if "lows()" in texts[-1] else STOPPED,
             prepared=HELPER, undo=DROP_HELPER)
runs("m07", "an aggregate of somebody's is replaced", "CREATE FUNCTION keeps_first(text, text) RETURNS text STABLE LANGUAGE plpgsql AS"
     " $$ BEGIN PERFORM set_config('a.b', $2, false); RETURN $1; END $$", "CREATE OR REPLACE AGGREGATE any_of(text) (SFUNC = keeps_first, STYPE = text)",
     "SELECT h FROM helped_too", SHOWN, prepared=HELPER, undo=f"DROP VIEW helped_too; DROP AGGREGATE any_of(text); DROP FUNCTION IF EXISTS keeps_first; {DROP_HELPER}")
runs("m07", "a function that only computes is replaced", "CREATE OR REPLACE FUNCTION helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'",
     expect=(CLEAN,), prepared=HELPER, undo=DROP_HELPER)
runs("m07", "a new function and a new operator", "CREATE FUNCTION says(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes VALUES (1000, $1); RETURN $1; END $$",
     "CREATE FUNCTION twice(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * $2'", "CREATE OPERATOR |*| (FUNCTION = twice, LEFTARG = int, RIGHTARG = int)",
     expect=(CLEAN,), undo="DROP FUNCTION says(text); DROP FUNCTION twice(int, int) CASCADE")

# --- expressions in definitions ----------------------------------------------------------------------------------------------

runs("m08", "WHERE of a rule keeps a value", "CREATE RULE r AS ON UPDATE TO notes WHERE setval('counter', (SELECT pin FROM public.people WHERE id = 1)) < 0 DO INSTEAD NOTHING",
     "UPDATE notes SET body = body WHERE id = 1", "SELECT last_value FROM counter", agent="maker", undo="DROP RULE IF EXISTS r ON notes; SELECT setval('counter', 1)")
runs("m15", "WHERE of a rule looks for a value", "CREATE RULE r AS ON UPDATE TO notes WHERE EXISTS (SELECT 1 FROM people WHERE id = 1 AND ssn > 'M') DO INSTEAD NOTHING",
     "UPDATE notes SET body = body WHERE id = 1", agent="maker", undo="DROP RULE IF EXISTS r ON notes")
for where, texts in {
        "USING of a table's own transaction": ("BEGIN", "CREATE TABLE made (a text)", "INSERT INTO made VALUES ('x')", "ALTER TABLE made ALTER a TYPE text USING ssn_of(1)",
                                               "SELECT a FROM made"),
        "a default in CREATE SCHEMA": ("CREATE SCHEMA made_schema CREATE TABLE t (a int, b text DEFAULT ssn_of(1))", "INSERT INTO made_schema.t (a) VALUES (1)"),
        "a generated column in CREATE SCHEMA": ("CREATE SCHEMA made_schema CREATE TABLE t (a int, b text GENERATED ALWAYS AS (constant_ssn()) STORED)",),
        "a view in CREATE SCHEMA": ("CREATE SCHEMA made_schema CREATE VIEW v AS SELECT ssn FROM public.people",),
        "an index in CREATE SCHEMA": ("CREATE SCHEMA made_schema CREATE TABLE t (a int) CREATE UNIQUE INDEX ON t ((constant_ssn() || a))",),
        "CHECK of a column": ("CREATE TABLE made (a int CHECK (set_config('a.b', ssn_of(a), false) IS NOT NULL))", "INSERT INTO made VALUES (1)"),
        "CHECK of a table": ("CREATE TABLE made (a int, CHECK (ssn_of(made.a) > 'M'))", "INSERT INTO made VALUES (1)"),
        "CHECK of a domain": ("CREATE DOMAIN made_type AS int CHECK (set_config('a.b', ssn_of(VALUE), false) IS NOT NULL)", "SELECT 1::made_type"),
        "ADD CHECK of a table's own transaction": ("BEGIN; CREATE TABLE made (a int)", "ALTER TABLE made ADD CHECK (set_config('a.b', ssn_of(a), false) IS NOT NULL)",
                                                   "INSERT INTO made VALUES (1)"),
        "a partition key": ("CREATE TABLE made (a int) PARTITION BY LIST ((constant_ssn() || a))", "INSERT INTO made VALUES (1)"),
        "a partition key by hash": ("CREATE TABLE made (a int, b int) PARTITION BY HASH (b, (constant_ssn() || a))",),
        "EXCLUDE": ("CREATE TABLE made (a int, EXCLUDE USING btree ((constant_ssn() || a) WITH =))", "INSERT INTO made VALUES (1)", "INSERT INTO made VALUES (1)"),
        "WHERE of EXCLUDE": ("CREATE TABLE made (a int, EXCLUDE USING btree (a WITH =) WHERE (constant_ssn() > 'M'))",),
        "an index of a table's own transaction": ("BEGIN; CREATE TABLE made (a int)", "CREATE UNIQUE INDEX ON made ((constant_ssn() || a))", "INSERT INTO made VALUES (1)",
                                                  "INSERT INTO made VALUES (1)"),
        "a partial index": ("BEGIN; CREATE TABLE made (a int)", "CREATE UNIQUE INDEX ON made (a) WHERE constant_ssn() > 'M'"),
        "an index of another table": ("CREATE INDEX ON notes ((constant_ssn() || id))",),
        "statistics": ("BEGIN; CREATE TABLE made (a int, b int)", "CREATE STATISTICS made_too ON (constant_ssn() || a), b FROM made"),
        "WHEN of a trigger": ("CREATE TRIGGER made BEFORE UPDATE ON notes FOR EACH ROW WHEN (set_config('a.b', ssn_of(1), false) IS NULL)"
                              " EXECUTE FUNCTION suppress_redundant_updates_trigger()", "UPDATE notes SET body = body WHERE id = 1"),
        "WHEN of a trigger of a table's own transaction": ("BEGIN; CREATE TABLE made (a int)", "CREATE TRIGGER made BEFORE UPDATE ON made FOR EACH ROW WHEN (ssn_of(OLD.a) > 'M')"
                                                           " EXECUTE FUNCTION suppress_redundant_updates_trigger()"),
        "a foreign key": ("CREATE TABLE made (x text REFERENCES public.people (ssn) ON UPDATE CASCADE)",),
        "a foreign key of the table": ("CREATE TABLE made (x text, FOREIGN KEY (x) REFERENCES people (ssn))",),
        "a foreign key that is added in a table's own transaction": ("BEGIN; CREATE TABLE made (x text)", "ALTER TABLE made ADD FOREIGN KEY (x) REFERENCES people (ssn)"),
        "a foreign key to a primary key": ("CREATE TABLE made (x text REFERENCES keyed)",),
        "a foreign key in CREATE SCHEMA": ("CREATE SCHEMA made_schema CREATE TABLE t (x text REFERENCES public.people (ssn))",)}.items():
    runs("m08", f"{where} keeps what a function reads", *texts, SHOWN, agent="writer" if "trigger" in where else "maker",
         prepared="CREATE TABLE keyed (ssn text PRIMARY KEY) INHERITS (people)" if "primary key" in where else "",
         undo="DROP TABLE IF EXISTS made, keyed; DROP TRIGGER IF EXISTS made ON notes; DROP TABLE IF EXISTS made CASCADE; DROP SCHEMA IF EXISTS made_schema CASCADE; DROP DOMAIN IF EXISTS made_type")
runs("m08", "definitions without secrets", "BEGIN", "CREATE TABLE made (id int PRIMARY KEY, a text CHECK (length(made.a) > 3) UNIQUE, b text DEFAULT lower('x'), c text GENERATED ALWAYS AS"
     " (upper(a)) STORED, customer int REFERENCES people (id), other int REFERENCES people, UNIQUE (a, b), CHECK (a <> b), EXCLUDE USING btree ((lower(a)) WITH =))",
     "CREATE UNIQUE INDEX ON made (lower(a)) WHERE id > 0", "ALTER TABLE made ADD CHECK (a <> 'x'), ALTER b TYPE varchar USING b::varchar",
     "CREATE DOMAIN made_type AS text CHECK (VALUE ~ '^x' AND length(VALUE) < 10)", "CREATE TABLE made_parts (a int, b text) PARTITION BY LIST ((lower(b)))",
     "CREATE SCHEMA made_schema CREATE TABLE t (a int CHECK (a > 0)) CREATE INDEX ON t (a) CREATE VIEW v AS SELECT a FROM t",
     "CREATE RULE r AS ON UPDATE TO notes WHERE NEW.body = 'x' DO INSTEAD NOTHING", "CREATE STATISTICS s ON lower(a), b FROM made", "ROLLBACK",
     expect=(CLEAN,), agent="maker")
runs("m08", "a trigger with a condition", "BEGIN; CREATE TRIGGER made BEFORE UPDATE ON notes FOR EACH ROW WHEN (OLD.body IS DISTINCT FROM NEW.body)"
     " EXECUTE FUNCTION suppress_redundant_updates_trigger(); ROLLBACK", expect=(CLEAN,))

# --- checks of types ---------------------------------------------------------------------------------------------------------

TYPES = ("CREATE DOMAIN tells AS text CHECK (set_config('a.b', VALUE, false) IS NOT NULL); CREATE DOMAIN says AS text CHECK (pg_notify('c', VALUE) IS NOT NULL);"
         " CREATE DOMAIN counts AS bigint CHECK (setval('counter', VALUE) > 0); CREATE DOMAIN over_tells AS text CHECK ((VALUE::tells) IS NOT NULL);"
         " CREATE TYPE tell_range AS RANGE (subtype = tells); CREATE TYPE kept_range AS RANGE (subtype = kept_text); CREATE TABLE with_range (a kept_range)")
DROP_TYPES = "DROP TABLE with_range; DROP TYPE tell_range, kept_range; DROP DOMAIN over_tells, tells, says, counts; SELECT setval('counter', 1)"
for text in ("SELECT ssn::tells FROM people WHERE id = 1", "SELECT ssn::says FROM people WHERE id = 1", "SELECT pin::counts FROM people WHERE id = 1",
             "SELECT ssn::over_tells FROM people WHERE id = 1", "SELECT tell_range(NULL, ssn) FROM people WHERE id = 1", "SELECT ('[' || ssn || ',]')::tell_range FROM people WHERE id = 1",
             "SELECT ('{[' || ssn || ',]}')::tell_multirange FROM people WHERE id = 1", "SELECT kept_range(NULL, ssn) FROM people WHERE id = 1",
             "SELECT t.a IS NULL FROM people p, jsonb_to_record(jsonb_build_object('a', p.ssn)) AS t (a tells)", "SELECT ARRAY[ssn]::kept_range[] FROM people",
             "SELECT jsonb_populate_record(NULL::with_range, jsonb_build_object('a', '[' || ssn || ',]')) FROM people WHERE id = 1"):
    runs("m02", f"a check of somebody's: {text}", "LISTEN c", text, SHOWN, "SELECT last_value FROM counter", agent="writer", prepared=TYPES, undo=DROP_TYPES)
runs("m02", "domains whose checks only compute", "SELECT 'x'::lowers, ssn::lowers FROM people WHERE id = 1", agent="reader", expect=(MASKED,),
     prepared="CREATE DOMAIN lowers AS text CHECK (VALUE <> 'y' AND lower(VALUE) <> 'y' AND clock_timestamp() > '2000-01-01')", undo="DROP DOMAIN lowers")


# --- a table under the name of another kind of thing ------------------------------------------------------------------------

runs("m08", "a column is renamed as an attribute of its table's type", "BEGIN", "ALTER TYPE people RENAME ATTRIBUTE ssn TO sx",
     agent="maker")
runs("m08", "a table is renamed as an index", "BEGIN", "ALTER INDEX public.people RENAME TO peo", agent="maker")
runs("m08", "a column is renamed in the type that its table is of", "BEGIN", "ALTER TYPE people_type RENAME ATTRIBUTE ssn TO sx CASCADE",
     agent="maker",
     prepared="CREATE TYPE people_type AS (id int, name text, ssn text, pin bigint, born date, photo bytea, doc jsonb, tags text[], balance int,"
              " code text); ALTER TABLE people OF people_type",
     undo="ALTER TABLE people NOT OF; DROP TYPE people_type")
runs("g09", "a table with a rule takes another's name as an index", "BEGIN", "ALTER INDEX notes RENAME TO notes_old", "ALTER INDEX inbox RENAME TO notes",
     "INSERT INTO notes (id) VALUES (1)", agent="maker")
runs("m12", "the error of a child table", "UPDATE base_people SET name = 'noise' WHERE id = 1", expect=(MASKED, FAILED), agent="maker",
     prepared="CREATE TABLE base_people (id int, name text); ALTER TABLE people INHERIT base_people",
     undo="ALTER TABLE people NO INHERIT base_people; DROP TABLE base_people")

# --- what stands for more, or is looked for elsewhere, than it seems ---------------------------------------------------------

for text in ("SELECT v.column3 FROM public.people p, LATERAL (VALUES (p.*, 'a', 'b')) v",
             "SELECT (q.r).f3 FROM (SELECT ROW((p).*, 'a', 'b') AS r FROM public.people p) q",
             "SELECT (q.r).f3 FROM (SELECT ROW((h.person).*, 1, 2) AS r FROM holders h) q"):
    runs("m06", "a star is several columns: " + text, text, expect=(MASKED,), agent="reader")
for text in ("SELECT p.id FROM public.people p, LATERAL (VALUES (p.*, 'a', 'b')) v WHERE v.column3 > 'R'",
             "SELECT id, (SELECT count(*) FROM (SELECT 'x'::text AS ssn) a, notes b JOIN notes c ON a.ssn < 'R') FROM people a ORDER BY id",
             "SELECT id, (SELECT count(*) FROM (SELECT 'x'::text AS ssn) a, notes b CROSS JOIN (notes d JOIN notes c ON ssn < 'R')) FROM people ORDER BY id",
             "SELECT (SELECT count(*) FROM (SELECT 'x'::text AS ssn) a, orders TABLESAMPLE bernoulli(length(set_config('a.c', a.ssn, false))))"
             " FROM people a WHERE a.id = 1"):
    runs("m15", "names in ON and TABLESAMPLE: " + text, text, agent="reader")
for text in ("SELECT (NULL::int).pg_stat_get_activity", "SELECT ('public.people'::regclass::oid).pg_stat_get_tuples_hot_updated",
             "SELECT ('public.people'::regclass).pg_relation_filepath"):
    runs("g07", "one of PostgreSQL's own functions, written like a field: " + text, text, expect=(*STOPPED, MASKED), agent="reader")
runs("m06", "parameters without names for what a function returns", "SELECT (SELECT column1 FROM two_of(q.id)) FROM (SELECT id, 'x'::text AS column1"
     " FROM public.orders) q", expect=(MASKED,), agent="reader", undo="DROP FUNCTION two_of",
     prepared="CREATE FUNCTION two_of(int, OUT text, OUT text) LANGUAGE sql STABLE AS 'SELECT ssn, name FROM people WHERE id = $1'")

# --- what names given meanwhile bring, beside what policy says of it ---------------------------------------------------------

RULE = "CREATE RULE r AS ON INSERT TO temp_tells DO ALSO UPDATE people SET name = NULL WHERE people.id = 1"
runs("m12", "the error of a rule of a temporary table", "CREATE TEMP TABLE temp_tells (id int)", RULE, "INSERT INTO temp_tells VALUES (1)",
     expect=(FAILED, MASKED), agent="maker")
runs("m12", "the error of a view under a temporary one", "CREATE TEMP VIEW orders AS SELECT id FROM number_of", "SELECT id FROM orders",
     expect=(*STOPPED, FAILED, MASKED), agent="maker", prepared="CREATE VIEW number_of AS SELECT id FROM people WHERE ssn::int > 0", undo="DROP VIEW number_of CASCADE")
SET_OFF = "set_config('standard_conforming_strings', 'off', false)"
for text in (f"CREATE TABLE turns_off (a int, b text DEFAULT {SET_OFF})", f"CREATE TABLE turns_off (a int CHECK ({SET_OFF} IS NOT NULL))",
             f"CREATE DOMAIN turns_off AS text DEFAULT {SET_OFF}", f"ALTER TABLE notes ALTER body SET DEFAULT {SET_OFF}",
             f"CREATE TEMP VIEW turns_off AS SELECT {SET_OFF} AS x", f"CREATE RULE r AS ON INSERT TO notes DO ALSO SELECT {SET_OFF}"):
    runs("g03", "where strings end is changed later: " + text, text, agent="maker")
runs("m07", "a rule of a temporary table calls what redefines a view", "CREATE TEMP TABLE calls_it (id int)",
     "CREATE RULE r AS ON INSERT TO calls_it DO ALSO SELECT 1 FROM shows_another()", "INSERT INTO calls_it VALUES (1)", "SELECT upper(x) FROM redefined",
     "DROP TABLE calls_it", expect=(MASKED, *STOPPED),
     prepared="CREATE VIEW redefined AS SELECT name AS x FROM people; CREATE FUNCTION shows_another() RETURNS int LANGUAGE plpgsql AS"
              " $$ BEGIN CREATE OR REPLACE VIEW redefined AS SELECT ssn AS x FROM people; RETURN 1; END $$",
     undo="DROP VIEW redefined; DROP FUNCTION shows_another CASCADE")
