# SPDX-License-Identifier: Apache-2.0
"""Temporary relations that functions of users make under a name, or by a way, that the call does not show: views that are temporary
because of what they are made of, names that are escaped or put together, makers that run as an operator, a check, a default or a trigger."""
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED
from .indirect import case

CASES = []
STOPPED = (HELD, REFUSED)
SHOWN_MASKED = (*STOPPED, FAILED, MASKED)
VIEW = "SELECT p.id, p.id AS customer, p.ssn AS item, 1.0::numeric(10,2) AS price FROM public.people p"
READS = "SELECT item || '' FROM orders"
UNDO = ("DROP FUNCTION IF EXISTS makes9() CASCADE; DROP FUNCTION IF EXISTS calls9() CASCADE; DROP TABLE IF EXISTS flags9, made9, reached9 CASCADE;"
        " DROP VIEW IF EXISTS report9 CASCADE; DROP DOMAIN IF EXISTS domain9 CASCADE; DROP FUNCTION IF EXISTS made_by9(int, int) CASCADE;"
        " DROP FUNCTION IF EXISTS checks9(text) CASCADE; DROP FUNCTION IF EXISTS fires9() CASCADE")


def undone(*arguments, undo=UNDO, **named):
    return case(*arguments, undo=undo, **named)


def runs(*arguments, **named):
    CASES.append(undone(*arguments, **named))


def function(name, body, returns="int", arguments="", options=""):
    return f"CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE plpgsql {options} AS $f$ BEGIN {body} END $f$"


# --- a view is temporary without the word
REPORT = ("CREATE TABLE flags9 (a int); CREATE VIEW report9 AS SELECT 0 AS id, ''::text AS item; "
          + function("makes9", "CREATE OR REPLACE VIEW report9 AS SELECT p.id, p.ssn AS item FROM public.people p WHERE NOT EXISTS (SELECT FROM flags9); RETURN 1;"))
OF_GUARDED = ("CREATE TABLE flags9 (a int); CREATE VIEW report9 AS SELECT * FROM public.notes WHERE false; "
              + function("makes9", "CREATE OR REPLACE VIEW report9 AS SELECT * FROM public.guarded WHERE NOT EXISTS (SELECT FROM flags9); RETURN 1;"))
for flags in ("CREATE TEMP TABLE flags9 (a int)", "CREATE TEMP VIEW flags9 AS SELECT 1 AS a WHERE false"):
    runs("m06", f"a report over {flags}", flags, "SELECT makes9()", "SELECT item || '' FROM report9", expect=SHOWN_MASKED, prepared=REPORT)
    runs("m06", f"a change through a report over {flags}", flags, "SELECT makes9()", "DELETE FROM report9", expect=STOPPED, prepared=OF_GUARDED)
runs("m06", "a view made where the agent says", "SET search_path = pg_temp, public", "SELECT makes9()", "SET search_path = public", READS, expect=SHOWN_MASKED,
     prepared=function("makes9", f"CREATE VIEW orders AS {VIEW}; RETURN 1;"))

# --- a function's own search_path, and names that are not plain
for path in ("nope, pg_temp", '"$user", pg_temp'):
    runs("m06", f"a function with search_path = {path}", "SELECT makes9()", READS, expect=SHOWN_MASKED,
         prepared=function("makes9", f"CREATE VIEW orders AS {VIEW}; RETURN 1;", options=f"SET search_path = {path}"))
for body in (f'CREATE TEMP VIEW U&"\\006Frders" AS {VIEW};',
             f'CREATE VIEW U&"pg\\005Ftemp".orders AS {VIEW};',
             f'SET LOCAL search_path = U&"pg\\005Ftemp"; CREATE VIEW orders AS {VIEW};',
             f"PERFORM set_config('search_path', 'nope,pg_' || 'temp', true); CREATE VIEW orders AS {VIEW};",
             f"CREATE TEMP VIEW vv9 AS {VIEW}; ALTER VIEW vv9 RENAME TO orders;",
             f"CREATE TEMP VIEW vv9 AS {VIEW}; ALTER TABLE vv9 RENAME TO orders;",
             f"EXECUTE $q$CREATE TEMP VIEW $q$ || 'or' || $q$ders AS {VIEW}$q$;",
             f"EXECUTE replace('CREATE TEMP VIEW @@ AS {VIEW}', '@@', 'or' || 'ders');",
             f"EXECUTE replace('CREATE TEMP VIEW NAME AS {VIEW}', 'NAME', 'or' || 'ders');",
             f"EXECUTE E'CREATE TEMP VIEW \\x6frders AS {VIEW}';",
             f"EXECUTE E'CREATE TEMP VIEW o\\162ders AS {VIEW}';",
             f"EXECUTE 'CREATE TEMP VIEW ord'||'ers AS {VIEW}';",
             f"CREATE TEMP VIEW /* {'long ' * 1000} */ orders AS {VIEW};",
             f"CREATE TEMP TABLE made9 (a int); CREATE VIEW orders AS {VIEW} WHERE NOT EXISTS (SELECT FROM made9);"):
    what = body if len(body) < 1000 else "a long comment"
    runs("m06", f"a function does {what}", "SELECT makes9()", READS, expect=SHOWN_MASKED, prepared=function("makes9", body + " RETURN 1;"))
# Strings that end elsewhere than they seem to, so that the rest looks like a comment, or a name in quotes.
for opens, closes in (("/*", "*/ --"), ('"', '" --')):
    for string in (f"1$${opens}$$", f"E'a'\n'\\'{opens}'", f"E'a' -- it's\n  '\\'{opens}'"):
        declared = "DECLARE x text;" if string[0] == "E" else ""
        hidden = f"x := {string};" if string[0] == "E" else f"IF false THEN PERFORM {string}; END IF;"
        shown = f"x := '{closes}';" if string[0] == "E" else f"IF false THEN PERFORM '{closes}'; END IF;"
        runs("m06", f"a function whose strings hide what it makes: {string!r}", "SELECT makes9()", READS, expect=SHOWN_MASKED,
             prepared="SET check_function_bodies = off; CREATE FUNCTION makes9() RETURNS int LANGUAGE plpgsql AS $f$ "
                      f"{declared} BEGIN {hidden} CREATE TEMP VIEW orders AS {VIEW}; {shown}\n RETURN 1; END $f$; RESET check_function_bodies")
LONG = "o" * 63
runs("m06", "a name that the server cuts", "SELECT makes9()", f"SELECT item || '' FROM {LONG}", expect=SHOWN_MASKED,
     prepared=f"CREATE TABLE {LONG} (id int, item text); " + function("makes9", f"CREATE TEMP VIEW {LONG}xyz AS {VIEW}; RETURN 1;"), undo=f"{UNDO}; DROP TABLE IF EXISTS {LONG}")

# --- what makes it is not called by name
MAKES = function("makes9", f"CREATE TEMP VIEW orders AS {VIEW}; RETURN 1;")
OPERATOR = function("made_by9", f"CREATE TEMP VIEW orders AS {VIEW}; RETURN 1;", arguments="int, int") + "; CREATE OPERATOR |*| (FUNCTION = made_by9, LEFTARG = int, RIGHTARG = int)"
TRIGGER = (function("fires9", f"CREATE TEMP VIEW orders AS {VIEW}; RETURN NEW;", returns="trigger") + "; CREATE TABLE reached9 (id int);"
           " CREATE TRIGGER a BEFORE INSERT ON reached9 FOR EACH ROW EXECUTE FUNCTION fires9()")
DOMAIN = function("checks9", f"CREATE TEMP VIEW orders AS {VIEW}; RETURN true;", returns="bool", arguments="text") + "; CREATE DOMAIN domain9 AS text CHECK (checks9(VALUE))"
DEFAULT = f"{MAKES}; CREATE TABLE reached9 (id int, x int DEFAULT makes9())"
RULE = f"{MAKES}; CREATE TABLE reached9 (id int); CREATE RULE r AS ON INSERT TO reached9 DO ALSO SELECT makes9()"
VIEWED = f"{MAKES}; CREATE VIEW report9 AS SELECT makes9() AS x"
OF_DOMAIN = f"{DOMAIN}; CREATE TABLE reached9 (id int, k domain9)"
for what, prepared, body in (
        ("an operator", OPERATOR, "RETURN 1 |*| 2;"), ("a trigger", TRIGGER, "INSERT INTO reached9 VALUES (1); RETURN 1;"),
        ("a default", DEFAULT, "INSERT INTO reached9 (id) VALUES (1); RETURN 1;"), ("a rule", RULE, "INSERT INTO reached9 VALUES (1); RETURN 1;"),
        ("a view", VIEWED, "PERFORM x FROM report9; RETURN 1;"), ("a check", DOMAIN, "PERFORM 'x'::domain9; RETURN 1;"),
        ("a column's check", OF_DOMAIN, "INSERT INTO reached9 VALUES (1, 'x'); RETURN 1;"), ("pieces", MAKES, "EXECUTE 'SELECT m' || 'akes9()'; RETURN 1;"),
        ("numbers", MAKES, 'PERFORM U&"\\006Dakes9"(); RETURN 1;')):
    runs("m06", f"a function reaches a maker by {what}", "SELECT calls9()", READS, expect=SHOWN_MASKED,
         prepared=f"{prepared}; {function('calls9', body)}", undo=f"DROP OPERATOR IF EXISTS |*| (int, int); {UNDO}")
runs("m06", "an INSERT that takes a default", "INSERT INTO reached9 (id) VALUES (1)", READS, expect=SHOWN_MASKED, prepared=DEFAULT)
runs("m06", "an INSERT into a column with a check", "INSERT INTO reached9 VALUES (1, 'x')", READS, expect=SHOWN_MASKED, prepared=OF_DOMAIN)

# --- what ordinary functions do stays possible
LOGS = function("makes9", "CREATE TABLE IF NOT EXISTS made9 (id int, word text); RETURN 1;")
runs("g12", "a function that makes a table where there is none", "SELECT makes9()", "INSERT INTO made9 VALUES (1, 'x')", "SELECT * FROM notes", "UPDATE orders SET item = item",
     expect=(CLEAN,), prepared=f"CREATE TABLE made9 (id int, word text); {LOGS}")
AUDIT = (function("fires9", "EXECUTE format('INSERT INTO %I VALUES (1)', 'made9'); RETURN NEW;", returns="trigger")
         + "; CREATE TABLE made9 (id int); CREATE TABLE reached9 (id int); CREATE TRIGGER a BEFORE INSERT ON reached9 FOR EACH ROW EXECUTE FUNCTION fires9()")
PARTS = (function("fires9", "EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF made9 FOR VALUES IN (%s)', 'made9_' || NEW.id, NEW.id); RETURN NEW;", returns="trigger")
         + "; CREATE TABLE made9 (id int) PARTITION BY LIST (id); CREATE TABLE reached9 (id int);"
         " CREATE TRIGGER a BEFORE INSERT ON reached9 FOR EACH ROW EXECUTE FUNCTION fires9()")
for what, prepared in (("writes what it puts together", AUDIT), ("makes partitions", PARTS)):
    runs("g12", f"a trigger that {what}", "INSERT INTO reached9 VALUES (1)", "SELECT item || '' FROM orders", "UPDATE orders SET item = item", expect=(CLEAN,), prepared=prepared)
