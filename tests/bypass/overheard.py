# SPDX-License-Identifier: Apache-2.0
"""Texts of errors and notices that reach somebody else than who may not see them: the handlers of PL/pgSQL, by declarations, second
names and what was deferred; and whoever changes a table without secrets, by what its triggers say."""
from .cases import CLEAN, FAILED, MASKED, Case, outcome_of
from .indirect import NOISY, STOPPED, case

CASES = []


def runs(*arguments, **options):
    CASES.append(case(*arguments, **options))


# --- handlers ----------------------------------------------------------------------------------------------------------------

KEEPS = "INSERT INTO notes VALUES (777, m)"
# By which a handler gets the text, once there is one.
LISTENS = {
    "a second name": f"DECLARE m ALIAS FOR sqlerrm; BEGIN {KEEPS}; END",
    "a second name, with comments": f"DECLARE m /* x */ ALIAS -- y\n FOR /* $1 */ sqlerrm; BEGIN {KEEPS}; END",
    "a second name of a second name": f"DECLARE n ALIAS FOR sqlerrm; m ALIAS FOR n; BEGIN {KEEPS}; END",
    "a declaration": f"DECLARE m text := SQLERRM; BEGIN {KEEPS}; END",
    "a declaration's expression": f"DECLARE m text DEFAULT (SELECT upper(sqlerrm) WHERE true); BEGIN {KEEPS}; END",
    "a declaration further inside": f"BEGIN BEGIN DECLARE m text := SQLERRM; BEGIN {KEEPS}; END; END; END",
}
# What fails in its block.
FAILS = {
    "a function": "PERFORM ssn_of(1)::int",
    "a constraint": "UPDATE people SET name = NULL WHERE id = 1",
    "a declaration": "DECLARE x int := (SELECT 1 FROM CAST(ssn_of(1) AS int)); BEGIN NULL; END",
}
for by, listens in LISTENS.items():
    for of, fails in FAILS.items():
        runs("g06", f"a handler hears {of}, by {by}", f"DO $$ BEGIN BEGIN {fails}; EXCEPTION WHEN others THEN {listens}; END; END $$")
runs("g06", "a handler hears a declaration, by SQLERRM", "DO $$ BEGIN BEGIN DECLARE x int := (SELECT 1 FROM CAST(ssn_of(1) AS int)); BEGIN NULL; END;"
     " EXCEPTION WHEN others THEN INSERT INTO notes VALUES (777, SQLERRM); END; END $$")
runs("g06", "a handler hears the row of a trigger", "CREATE OR REPLACE FUNCTION noisy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN BEGIN PERFORM OLD.ssn::int;"
     " EXCEPTION WHEN others THEN INSERT INTO notes VALUES (778, SQLERRM); END; RETURN NEW; END $$", "UPDATE people SET balance = 0 WHERE id = 1", undo=NOISY)
DEFERS = ("CREATE TABLE pins (pin bigint); ALTER TABLE people ADD CONSTRAINT one_pin UNIQUE (pin); INSERT INTO pins SELECT pin FROM people;"
          " ALTER TABLE pins ADD FOREIGN KEY (pin) REFERENCES people (pin) DEFERRABLE INITIALLY DEFERRED")
DETAIL = "EXCEPTION WHEN others THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; PERFORM set_config('a.b', d, false)"
for text in (f"DO $$ DECLARE d text; BEGIN SET CONSTRAINTS ALL IMMEDIATE; {DETAIL}; END $$",
             f"CREATE FUNCTION hears() RETURNS void LANGUAGE plpgsql AS $$ DECLARE d text; BEGIN SET CONSTRAINTS ALL IMMEDIATE; {DETAIL}; END $$; SELECT hears()"):
    runs("g06", "a handler hears what was deferred: " + text[:14], "BEGIN", "DELETE FROM people WHERE id = 1", text, "SELECT current_setting('a.b')", "ROLLBACK",
         prepared=DEFERS, undo="DROP TABLE pins; ALTER TABLE people DROP CONSTRAINT one_pin")
for by, listens in {"a second name": "DECLARE m ALIAS FOR sqlerrm; BEGIN FOR i IN 1..ascii(substr(m, 41)) LOOP PERFORM random(); END LOOP; END",
                    "a declaration": "DECLARE m text := SQLERRM; BEGIN FOR i IN 1..ascii(substr(m, 41)) LOOP PERFORM random(); END LOOP; END"}.items():
    runs("m15", f"how often random() was called tells what a handler heard, by {by}", "CREATE FUNCTION counts() RETURNS void STABLE LANGUAGE plpgsql AS"
         f" $$ BEGIN PERFORM ssn_of(1)::int; EXCEPTION WHEN others THEN {listens}; END $$", "SELECT setseed(0.5)", "SELECT counts()", "SELECT random()",
         agent="maker", undo="DROP FUNCTION IF EXISTS counts()")

# Nothing sensitive stands behind the name when the handler is judged.
HEARS = "EXCEPTION WHEN others THEN INSERT INTO notes VALUES (777, SQLERRM)"
READS = "SELECT 1 AS id FROM CAST(ssn_of(1) AS int)"
runs("g09", "a handler of a temporary view under the name of a table", f"CREATE TEMP VIEW orders AS {READS}", f"DO $$ BEGIN PERFORM id FROM orders; {HEARS}; END $$")
runs("g09", "a handler of a temporary table's rule", "CREATE TEMP TABLE heard (id int)", f"CREATE RULE r AS ON INSERT TO heard DO ALSO {READS}",
     f"DO $$ BEGIN INSERT INTO heard VALUES (1); {HEARS}; END $$")
runs("g09", "a handler of what the same DO makes", f"DO $$ BEGIN CREATE TEMP VIEW orders AS {READS}; BEGIN PERFORM id FROM orders; {HEARS}; END; END $$")
runs("g09", "a handler of a view that is another one later", "CREATE VIEW heard AS SELECT 1 AS id", "CREATE FUNCTION hears() RETURNS void LANGUAGE plpgsql AS"
     f" $$ BEGIN PERFORM id FROM heard; {HEARS}; END $$", f"CREATE OR REPLACE VIEW heard AS {READS}", "SELECT hears()",
     undo="DROP VIEW IF EXISTS heard; DROP FUNCTION IF EXISTS hears()")
runs("g09", "the same in a RAISE", "CREATE VIEW heard AS SELECT 1 AS id", "CREATE FUNCTION hears() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM id FROM heard;"
     " EXCEPTION WHEN others THEN RAISE NOTICE '%', set_config('a.b', SQLERRM, false); END $$", f"CREATE OR REPLACE VIEW heard AS {READS}", "SELECT hears()",
     "SELECT current_setting('a.b')", undo="DROP VIEW IF EXISTS heard; DROP FUNCTION IF EXISTS hears()")
runs("g09", "a handler of an operator that is made later", "CREATE FUNCTION tells(int, int) RETURNS int STABLE LANGUAGE sql AS 'SELECT 1 FROM CAST(ssn_of($1) AS int)'",
     f"CREATE FUNCTION hears() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 <##> 2; {HEARS}; END $$",
     "CREATE OPERATOR <##> (FUNCTION = tells, LEFTARG = int, RIGHTARG = int)", "SELECT hears()",
     undo="DROP FUNCTION IF EXISTS hears(); DROP FUNCTION IF EXISTS tells(int, int) CASCADE")
runs("g09", "a handler of a trigger whose view is another one now", "BEGIN", f"CREATE OR REPLACE VIEW heard AS {READS}", f"DO $$ BEGIN UPDATE notes SET body = body; {HEARS}; END $$",
     "ROLLBACK", prepared="CREATE VIEW heard AS SELECT 1 AS id; CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM id FROM heard; RETURN NEW; END $$;"
     " CREATE TRIGGER looks BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION looks()", undo="DROP FUNCTION looks() CASCADE; DROP VIEW IF EXISTS heard")
for text in ("DO $$ DECLARE n int := (SELECT count(*) FROM people); BEGIN INSERT INTO notes VALUES (1, 'again'); EXCEPTION WHEN unique_violation THEN"
             " RAISE NOTICE '%', SQLERRM; END $$",
             "DO $$ BEGIN CREATE TEMP TABLE scratch (a int); DECLARE x int := 1; BEGIN INSERT INTO scratch VALUES (x / 0); EXCEPTION WHEN others THEN"
             " DECLARE m text := SQLERRM; BEGIN INSERT INTO notes VALUES (777, m); END; END; END $$",
             "CREATE FUNCTION old_style(a int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE n ALIAS FOR $1; BEGIN UPDATE orders SET item = item WHERE id = n; RETURN 1;"
             " EXCEPTION WHEN others THEN RAISE WARNING 'not changed: %', SQLERRM; RETURN 0; END $$"):
    runs("g06", "an ordinary handler: " + text, text, expect=(CLEAN,), undo="DROP FUNCTION IF EXISTS old_style(int)")

# --- triggers ----------------------------------------------------------------------------------------------------------------

SAYS = {"fails": "PERFORM ssn_of(1)::int", "notices": "PERFORM mumble(1)", "reads the table": "PERFORM 1 / (balance - balance) FROM people WHERE ssn > 'M'",
        "changes the table": "UPDATE people SET name = 'noise' WHERE id = 1"}
for what, says in SAYS.items():
    body = f"$$ BEGIN {says}; RETURN NEW; END $$"
    speaks = f"CREATE FUNCTION speaks() RETURNS trigger LANGUAGE plpgsql AS {body}"
    trigger = "CREATE TRIGGER speaks BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION speaks()"
    change, undo = "UPDATE notes SET body = body WHERE id = 1", "DROP FUNCTION IF EXISTS speaks() CASCADE"
    runs("m12", f"a trigger on a table without secrets {what}", speaks, trigger, change, undo=undo)
    runs("m12", f"the same of somebody else's function, {what}", trigger, change, prepared=speaks, undo=undo)
    runs("m12", f"the same of somebody's trigger, {what}", change, prepared=f"{speaks}; {trigger}", undo=undo, expect=(FAILED, CLEAN))
    runs("m12", f"the same of somebody's disabled trigger, {what}", "BEGIN", "ALTER TABLE notes ENABLE TRIGGER speaks", change, "ROLLBACK",
         prepared=f"{speaks}; {trigger}; ALTER TABLE notes DISABLE TRIGGER speaks", undo=undo, expect=(FAILED, CLEAN))
    runs("m12", f"the same by way of another trigger, {what}", "UPDATE arrays SET a = NULL; INSERT INTO arrays VALUES (1, NULL)", expect=(FAILED, CLEAN),
         prepared=f"{speaks}; {trigger}; CREATE FUNCTION passes_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {change}; RETURN NEW; END $$;"
         " CREATE TRIGGER passes_on BEFORE INSERT ON arrays FOR EACH ROW EXECUTE FUNCTION passes_on()",
         undo=f"{undo}; DROP FUNCTION passes_on() CASCADE; DELETE FROM arrays")
    runs("g06", f"a handler hears somebody's trigger that {what}", f"DO $$ BEGIN {change}; {HEARS}; END $$", prepared=f"{speaks}; {trigger}", undo=undo)
    quiet = "CREATE FUNCTION speaks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
    runs("m12", f"a trigger's function is replaced by one that {what}", "BEGIN", f"CREATE OR REPLACE FUNCTION speaks() RETURNS trigger LANGUAGE plpgsql AS {body}",
         change, "ROLLBACK", prepared=f"{quiet}; {trigger}", undo=undo)
for what, says in (("fails", "PERFORM ssn_of(1)::int"), ("notices", "PERFORM mumble(1)")):
    speaks = f"CREATE FUNCTION speaks() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN {says}; END $$"
    trigger = "CREATE EVENT TRIGGER speaks ON ddl_command_start WHEN TAG IN ('CREATE SEQUENCE') EXECUTE FUNCTION speaks()"
    undo = "DROP EVENT TRIGGER IF EXISTS speaks; DROP FUNCTION IF EXISTS speaks(); DROP SEQUENCE IF EXISTS heard"
    runs("m12", f"an event trigger {what}", speaks, trigger, "CREATE SEQUENCE heard", undo=undo)
    runs("m12", f"an event trigger of somebody else's function {what}", trigger, "CREATE SEQUENCE heard", prepared=speaks, undo=undo)
    runs("m12", f"somebody's event trigger {what}", "CREATE SEQUENCE heard", prepared=f"{speaks}; {trigger}", undo=undo, expect=(FAILED, CLEAN))
    runs("g06", f"a handler hears somebody's event trigger that {what}", f"DO $$ BEGIN CREATE SEQUENCE heard; {HEARS}; END $$",
         prepared=f"{speaks}; {trigger}", undo=undo)
runs("m12", "the view that a trigger reads is another one now", "BEGIN", f"CREATE OR REPLACE VIEW heard AS {READS}", "UPDATE notes SET body = body", "ROLLBACK",
     prepared="CREATE VIEW heard AS SELECT 1 AS id; CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM id FROM heard; RETURN NEW; END $$;"
     " CREATE TRIGGER looks BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION looks()", undo="DROP FUNCTION looks() CASCADE; DROP VIEW IF EXISTS heard",
     expect=(CLEAN, FAILED, MASKED))
runs("m12", "the same of a temporary table", "CREATE VIEW heard AS SELECT 1 AS id", "CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql AS"
     " $$ BEGIN PERFORM id FROM heard; RETURN NEW; END $$", "CREATE TEMP TABLE changed (id int)", "CREATE TRIGGER looks BEFORE INSERT ON changed"
     " FOR EACH ROW EXECUTE FUNCTION looks()", f"CREATE OR REPLACE VIEW heard AS {READS}", "INSERT INTO changed VALUES (1)", "DROP TABLE changed",
     undo="DROP VIEW IF EXISTS heard; DROP FUNCTION IF EXISTS looks() CASCADE", expect=(CLEAN, FAILED, MASKED))
runs("m15", "a function of somebody's is replaced by one that calls random() by what it is given", "CREATE OR REPLACE FUNCTION helper(text) RETURNS text STABLE"
     " LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..ascii($1) LOOP PERFORM random(); END LOOP; RETURN 'x'; END $$", "SELECT setseed(0.5)", "SELECT h FROM helped",
     prepared="CREATE FUNCTION helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)'; CREATE VIEW helped AS SELECT helper(ssn) AS h FROM people",
     undo="DROP VIEW helped; DROP FUNCTION helper(text)", expect=STOPPED)


def _(bench):
    """What an ordinary trigger says is shown."""
    direct = bench.world.ask_direct
    direct("CREATE FUNCTION checks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.body = 'no' THEN RAISE EXCEPTION 'not %', NEW.body; END IF; RETURN NEW; END $$;"
           " CREATE TRIGGER checks BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION checks()")
    bench.world.read_anew()
    try:
        reply = bench.open().query("UPDATE notes SET body = 'no' WHERE id = 1")
        assert [error["M"] for error in reply.errors()] == ["not no"], reply.short()
        return FAILED
    finally:
        direct("DROP FUNCTION checks() CASCADE")


CASES.append(Case("m12", "what an ordinary trigger says is shown", (FAILED,), steps=_))

# --- where nothing is sensitive ----------------------------------------------------------------------------------------------


def plain(what, *texts):
    """In a database without a sensitive column."""
    def steps(bench):
        writer, maker = (bench.open(agent, "postgres") for agent in ("writer", "maker"))
        for text in ("CREATE TABLE kept_rows (a int)", "INSERT INTO kept_rows VALUES (1), (2)",
                     "CREATE FUNCTION wipe(int) RETURNS int LANGUAGE sql AS 'DELETE FROM kept_rows; SELECT 1'",
                     "CREATE FUNCTION wipe_any(anyelement) RETURNS int LANGUAGE sql AS 'DELETE FROM kept_rows; SELECT 1'"):
            assert not writer.query(text).errors(), text
        try:
            replies = [maker.query(text) for text in texts]
            assert maker.query("SELECT count(*) FROM kept_rows").rows() == [[b"2"]], [reply.short() for reply in replies]
            return outcome_of(replies[0])
        finally:
            writer.query("DROP TABLE IF EXISTS wiped CASCADE; DROP DOMAIN IF EXISTS wiped; DROP TABLE kept_rows; DROP FUNCTION wipe(int);"
                         " DROP FUNCTION wipe_any(anyelement)")
    CASES.append(Case("g07", what, STOPPED, agent="maker", steps=steps))


plain("a function written like a field in a default", "CREATE TABLE wiped (a int DEFAULT (1).wipe, b int)", "INSERT INTO wiped (b) VALUES (1)")
plain("the same in a check", "CREATE TABLE wiped (a int CHECK ((a).wipe = 1))", "INSERT INTO wiped VALUES (1)")
plain("the same in a domain", "CREATE DOMAIN wiped AS int DEFAULT (1).wipe", "CREATE TABLE w (a wiped, b int)")
plain("the same in a generated column's place", "CREATE TABLE wiped (a int, b int GENERATED ALWAYS AS ((a).wipe) STORED)")
plain("the same in a domain's check", "CREATE DOMAIN wiped AS int; ALTER DOMAIN wiped ADD CHECK ((VALUE).wipe = 1)", "SELECT 1::wiped")
plain("the same of a whole row", "CREATE TABLE wiped (a int, CHECK (wiped.wipe_any = 1))", "INSERT INTO wiped VALUES (1)")
plain("the same in an index", "CREATE INDEX ON kept_rows (((a).wipe))")
plain("the same in a trigger's condition", "CREATE TRIGGER t BEFORE INSERT ON kept_rows FOR EACH ROW WHEN ((NEW.a).wipe = 1)"
      " EXECUTE FUNCTION suppress_redundant_updates_trigger()")
plain("the same in a rule's condition", "CREATE RULE r AS ON INSERT TO kept_rows WHERE (NEW.a).wipe = 1 DO NOTHING")
plain("the same in a function's default", "CREATE FUNCTION f(a int DEFAULT (1).wipe) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT a'")
