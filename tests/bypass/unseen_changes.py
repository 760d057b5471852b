# SPDX-License-Identifier: Apache-2.0
"""Changes that a statement does not name where they are made: columns that go by a CASCADE, relations that a function makes when it is
called, the INTO at the left of a set operation, definitions that are a table's by way of its index, its sequence or the type of its row."""
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED
from .indirect import case

CASES = []
STOPPED = (HELD, REFUSED)
SHOWN_MASKED = (*STOPPED, FAILED, MASKED)
UNDO = ("DROP FUNCTION IF EXISTS makes_one() CASCADE; DROP SCHEMA IF EXISTS s9 CASCADE; DROP TABLE IF EXISTS rows9, holds9, made9 CASCADE;"
        " DROP COLLATION IF EXISTS c9 CASCADE; ALTER SEQUENCE counter OWNED BY NONE")


def runs(*arguments, undo=UNDO, **named):
    CASES.append(case(*arguments, undo=undo, **named))


def captured(table):
    return f"SELECT (SELECT body FROM {table} LIMIT 1) FROM (SELECT ssn AS body FROM public.people) q"


# --- a column goes by a CASCADE, and is one further out from then on
OUTER = "SELECT (SELECT ssn FROM holds9 LIMIT 1)::text FROM public.people"
COLLATED = ("CREATE COLLATION c9 FROM \"C\"", "CREATE TEMP TABLE holds9 (id int, ssn text COLLATE c9)", "INSERT INTO holds9 VALUES (1, 'x')")
OF_ROWS = ("CREATE TABLE rows9 (a int)", "CREATE TABLE holds9 (id int, ssn rows9)", "INSERT INTO holds9 VALUES (1, NULL)")
OF_SCHEMA = ("CREATE SCHEMA s9", "CREATE COLLATION s9.c9 FROM \"C\"", "CREATE TABLE holds9 (id int, ssn text COLLATE s9.c9)", "INSERT INTO holds9 VALUES (1, 'x')")
GENERATED = ("CREATE TEMP TABLE holds9 (id int, a int, ssn text GENERATED ALWAYS AS (a::text) STORED)", "INSERT INTO holds9 VALUES (1, 1)")
for steps in ([*COLLATED, "DROP COLLATION c9 CASCADE"], [*COLLATED, "DROP COLLATION IF EXISTS c9 CASCADE; SELECT 1"],
              [*COLLATED, "BEGIN", "DROP COLLATION c9 CASCADE", "COMMIT"],
              ["CREATE TEMP TABLE other9 (a int)", "CREATE COLLATION c9 FROM \"C\"", "DROP COLLATION c9 CASCADE", *COLLATED, "DROP COLLATION c9 CASCADE"],
              [*OF_ROWS, "BEGIN; DROP TABLE rows9 CASCADE"], [*OF_ROWS, "BEGIN", "ALTER TABLE rows9 RENAME TO rows99", "DROP TABLE rows99 CASCADE"],
              [*OF_SCHEMA, "BEGIN; DROP SCHEMA s9 CASCADE"], [*OF_SCHEMA, "BEGIN", "ALTER SCHEMA s9 RENAME TO s99", "DROP SCHEMA s99 CASCADE"],
              [*OF_SCHEMA, "BEGIN", "ALTER COLLATION s9.c9 RENAME TO c99", "DROP COLLATION s9.c99 CASCADE"],
              [*GENERATED, "ALTER TABLE holds9 DROP COLUMN a CASCADE"]):
    runs("m06", f"a column goes by CASCADE: {' / '.join(steps)}", *steps, OUTER, expect=SHOWN_MASKED, agent="maker")
runs("m06", "a column goes by CASCADE in one text", *OF_ROWS, "DROP TABLE rows9 CASCADE; " + OUTER, expect=SHOWN_MASKED, agent="maker")

# --- a function makes it, and the call does not say so
MAKES = "CREATE FUNCTION makes_one() RETURNS void LANGUAGE plpgsql AS 'BEGIN CREATE TEMP TABLE made9 (id int); INSERT INTO made9 VALUES (1); END'"
MAKES_IN_SQL = "CREATE FUNCTION makes_one() RETURNS void LANGUAGE sql AS 'CREATE TEMP TABLE made9 AS SELECT 1 AS id'"
for makes in (MAKES, MAKES_IN_SQL):
    for steps in (["SELECT makes_one()", "CREATE TABLE public.made9 (id int, body text)", captured("made9")],
                  ["SELECT makes_one()", "ALTER TABLE made9 RENAME TO notes", captured("notes")],
                  ["BEGIN", "SELECT makes_one()", "ALTER TABLE made9 RENAME TO notes", "COMMIT", "CREATE TABLE public.made9 (id int)", captured("notes")]):
        runs("m06", f"made by a function: {makes[-40:]} {' / '.join(steps)}", makes, *steps, expect=SHOWN_MASKED)
    # Somebody else's function.
    for steps in (["SELECT makes_one()", "CREATE TABLE public.made9 (id int, body text)", captured("made9")],
                  ["DO 'BEGIN PERFORM makes_one(); END'", "CREATE TABLE public.made9 (id int, body text)", captured("made9")],
                  ["SELECT makes_one()", "ALTER TABLE made9 RENAME TO notes", captured("notes")],
                  ["BEGIN", "SELECT makes_one()", "ALTER TABLE made9 RENAME TO notes", "COMMIT", "CREATE TABLE public.made9 (id int)", captured("notes")]):
        runs("m06", f"made by a function of others: {makes[-40:]} {' / '.join(steps)}", *steps, expect=SHOWN_MASKED, prepared=makes)

# Others' functions that are not called by their own name.
BY_ANOTHER = MAKES + "; CREATE FUNCTION makes_by_one() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM makes_one(); END'"
BY_TRIGGER = ("CREATE FUNCTION makes_one() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN CREATE TEMP TABLE IF NOT EXISTS made9 (id int); INSERT INTO made9 VALUES (1); RETURN NULL; END';"
              " CREATE TRIGGER makes9 BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION makes_one()")
IN_A_STRING = "CREATE FUNCTION makes_one() RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'CREATE TEMP TABLE ' || 'made9 AS SELECT 1 AS id'; END$$"
OUT_OF_THE_WAY = "CREATE FUNCTION makes_one() RETURNS void LANGUAGE sql AS 'CREATE TEMP VIEW made9 AS SELECT 1 AS id'"
COMMENTED = "CREATE FUNCTION makes_one() RETURNS void LANGUAGE plpgsql AS 'BEGIN CREATE TEMP /* for us */ TABLE -- alone\n made9 AS SELECT 1 AS id; END'"
QUOTED = "CREATE FUNCTION makes_one() RETURNS void LANGUAGE sql AS 'CREATE TEMP TABLE \"made\"\"9\" AS SELECT 1 AS id'"
IN_PATH = "CREATE FUNCTION makes_one() RETURNS void LANGUAGE plpgsql AS 'BEGIN SET LOCAL search_path = pg_temp; CREATE TABLE made9 AS SELECT 1 AS id; END'"
BY_SETTING = "CREATE FUNCTION makes_one() RETURNS void LANGUAGE plpgsql SET search_path = pg_temp AS 'BEGIN CREATE TABLE made9 AS SELECT 1 AS id; END'"
BY_VIEW = MAKES + "; CREATE VIEW calls9 AS SELECT makes_one() IS NULL AS made"
for prepared, call in ((BY_ANOTHER, "SELECT makes_by_one()"), (BY_VIEW, "SELECT * FROM calls9"), (BY_TRIGGER, "INSERT INTO notes VALUES (9, 'x')"), (IN_A_STRING, "SELECT makes_one()"),
                       (OUT_OF_THE_WAY, "SELECT makes_one()"), (COMMENTED, "SELECT makes_one()"), (IN_PATH, "SELECT makes_one()"), (BY_SETTING, "SELECT makes_one()")):
    runs("m06", f"made by a function of others: {prepared[-60:]}", call, "CREATE TABLE public.made9 (id int, body text)", captured("made9"),
         expect=SHOWN_MASKED, prepared=prepared, undo=UNDO + "; DROP FUNCTION IF EXISTS makes_by_one() CASCADE; DELETE FROM notes WHERE id = 9")
# Its name is not told by the body.
BY_FORMAT = "CREATE FUNCTION makes_one(t text) RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE format('CREATE TEMP TABLE %I AS SELECT 1 AS id', t); END$$"
BY_SCHEMA = "CREATE FUNCTION makes_one(t text) RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'CREATE TABLE pg_temp.' || t || ' AS SELECT 1 AS id'; END$$"
BY_COLUMN = "CREATE FUNCTION makes_one() RETURNS void LANGUAGE sql AS 'CREATE TEMP TABLE made9 (id serial)'"
BY_LENGTH = f"CREATE FUNCTION makes_one() RETURNS void LANGUAGE sql AS 'CREATE TEMP TABLE made9 AS SELECT 1 AS id -- {'x' * 65536}'"
for prepared, call, name in ((BY_FORMAT, "SELECT makes_one('notes')", "notes"), (BY_SCHEMA, "SELECT makes_one('notes')", "notes"),
                             (BY_COLUMN, "SELECT makes_one()", "made9_id_seq"), (BY_LENGTH, "SELECT makes_one()", "made9")):
    runs("m06", f"made by a function of others under a name that is not told: {prepared[40:140]}", call,
         f"CREATE TABLE IF NOT EXISTS public.{name} (id int, body text)", captured(name), expect=SHOWN_MASKED, prepared=prepared,
         undo=UNDO + "; DROP FUNCTION IF EXISTS makes_one(text); DROP TABLE IF EXISTS public.made9_id_seq")
runs("m06", "made by a function of others: a quote in its name", "SELECT makes_one()", 'CREATE TABLE public."made""9" (id int, body text)', captured('"made""9"'),
     expect=SHOWN_MASKED, prepared=QUOTED, undo=UNDO + '; DROP TABLE IF EXISTS public."made""9"')
# What they make may be a view of what must not change, or have a rule.
VIEW = "CREATE FUNCTION makes_one() RETURNS void LANGUAGE sql AS 'CREATE TEMP VIEW made9 AS SELECT * FROM public.guarded'"
for steps in (["DELETE FROM made9"], ["UPDATE made9 SET v = 'x'"], ["INSERT INTO made9 VALUES (9, 'x')"], ["DELETE FROM made9 WHERE id = 1"],
              ["CREATE TABLE public.made9 (id int, v text)", "DELETE FROM made9"], ["COPY made9 FROM STDIN"],
              ["CREATE TEMP TABLE IF NOT EXISTS made9 (id int, v text)", "DELETE FROM made9"], ["DO 'BEGIN DELETE FROM made9; END'"]):
    for agent in ("writer", "maker"):
        runs("g09", f"{agent}: a function of others makes a view: {' / '.join(steps)}", "SELECT makes_one()", *steps, expect=STOPPED, prepared=VIEW, agent=agent)

# --- INTO at the left of a set operation
for text in ("SELECT 1 AS id INTO TEMP notes UNION SELECT 2", "SELECT 1 AS id INTO TEMP notes UNION SELECT 2 EXCEPT SELECT 3",
             "(SELECT 1 AS id INTO TEMP notes) UNION ALL SELECT 2 ORDER BY 1", "WITH w AS (SELECT 1) SELECT 1 AS id INTO TEMP notes UNION SELECT * FROM w"):
    runs("m06", f"captured by {text}", text, captured("notes"), expect=SHOWN_MASKED, agent="maker")
for text in ("SELECT 1 AS id, '' AS copied INTO made9 UNION SELECT 2, ssn FROM people", "SELECT 1 AS id, ssn AS copied INTO made9 FROM people UNION SELECT 2, ''"):
    runs("m08", text, text, "SELECT copied FROM made9", expect=SHOWN_MASKED, agent="maker")

# --- a table's by way of something else
for text in ("COMMENT ON INDEX guarded_pkey IS 'x'", "COMMENT ON INDEX public.guarded_pkey IS NULL", "COMMENT ON CONSTRAINT guarded_pkey ON guarded IS 'x'",
             "COMMENT ON TYPE guarded IS 'x'", "ALTER SEQUENCE counter OWNED BY guarded.id", "ALTER SEQUENCE counter OWNED BY public.guarded.id",
             "CREATE SEQUENCE made9 OWNED BY guarded.id", "CREATE TEMP SEQUENCE made9 INCREMENT 2 OWNED BY guarded.id", "ALTER INDEX guarded_pkey SET (fillfactor = 50)",
             "ALTER INDEX guarded_pkey ALTER COLUMN 1 SET STATISTICS 5"):
    runs("g05", text, text, expect=(REFUSED,), agent="maker", undo="ALTER SEQUENCE counter OWNED BY NONE; DROP SEQUENCE IF EXISTS made9; COMMENT ON INDEX guarded_pkey IS NULL;"
         " COMMENT ON TYPE guarded IS NULL")
runs("g05", "a sequence of one's own table", "CREATE TABLE made9 (id int)", "CREATE SEQUENCE made9_ids OWNED BY made9.id", "ALTER SEQUENCE made9_ids OWNED BY NONE",
     "DROP SEQUENCE made9_ids", "SELECT 1", expect=(CLEAN,), agent="maker")
runs("g12", "temporary tables made again and again", *["DROP TABLE IF EXISTS made9 CASCADE", "CREATE TEMP TABLE made9 (id int, word text)", "INSERT INTO made9 VALUES (1, 'x')"] * 2,
     "SELECT id, body FROM notes WHERE id = 1", expect=(CLEAN,), agent="maker")
