# SPDX-License-Identifier: Apache-2.0
"""What a session has made itself is shown to it as it wrote it: but a name that it has given up is somebody else's from then on, and into
a table of its own comes what defaults of types compute, and what code writes that nobody names."""
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case, outcome_of
from .wire import bind, describe, execute, parse, sync

CASES = []
STOPPED = (HELD, REFUSED)
HIDDEN = (*STOPPED, MASKED, FAILED)
UNDO = ("DO $$ BEGIN EXECUTE coalesce((SELECT format('DROP %s own9 CASCADE', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END) FROM pg_class"
        " WHERE oid = to_regclass('public.own9')), 'SELECT 1'); END $$; DROP TABLE IF EXISTS own9_new, plain9, read9, other9 CASCADE; DROP SCHEMA IF EXISTS s9, s99 CASCADE;"
        " DROP DOMAIN IF EXISTS secret9, range9 CASCADE; DROP TYPE IF EXISTS mood9 CASCADE; DROP FUNCTION IF EXISTS fills9() CASCADE; DROP FUNCTION IF EXISTS computes9(int) CASCADE;")
VIEW = "CREATE VIEW own9 AS SELECT ssn FROM public.people"
HEIR = "CREATE TABLE own9 () INHERITS (public.people)"


def of(*steps, prepared="", expect=HIDDEN, agent="maker", rows=None, row="m06"):
    """Steps are texts, messages, or what somebody does past Sluice (a tuple). All may fail but those before the last one's rows are wanted."""
    def run(bench):
        direct = bench.world.ask_direct
        try:
            direct(UNDO)
            if prepared:
                direct(prepared)
            bench.world.read_anew()
            conversation = bench.open()
            for step in steps:
                if isinstance(step, tuple):
                    direct(step[0])
                    continue
                reply = conversation.query(step) if isinstance(step, str) else conversation.talk(step)
                if rows is not None:
                    assert not reply.errors() and not reply.held, f"{step}: {reply.short()}"
                bench.look_at(reply)
                if outcome_of(reply) in STOPPED:
                    break
            if rows is not None:
                texts = [[None if cell is None else cell.decode() for cell in cells] for cells in reply.rows()]
                assert texts == rows, f"{texts}, not {rows}"
            return outcome_of(reply)
        finally:
            for conversation in bench.conversations:
                conversation.query("ROLLBACK")
                conversation.close()
            direct(UNDO)
    what = " / ".join(str(step[0]) if isinstance(step, tuple) else step if isinstance(step, str) else "messages" for step in steps)
    CASES.append(Case(row, f"{agent}: {what}", (CLEAN,) if rows is not None else expect, agent=agent, steps=run))


def shows(*steps, rows, **named):
    for agent in ("writer", "maker"):
        of(*steps, rows=rows, agent=agent, row="m10", **named)


# --- a name that the session has given up (in schema public nobody else gets it before the transaction ends, but for what a savepoint undid)
READS = "SELECT ssn FROM own9"
OWN = "CREATE TEMP TABLE own9 (ssn text)"
OF_TRANSACTION = "CREATE TABLE own9 (ssn text)"
OTHER = ("BEGIN", "CREATE TEMP TABLE other9 (a int)")
GIVEN_UP = (
    ["BEGIN", OWN, "DROP TABLE own9"], ["BEGIN", OWN, "DROP TABLE IF EXISTS own9"], ["BEGIN", OWN, "DROP TABLE pg_temp.own9"],
    ["BEGIN", OWN, "DROP TABLE own9 CASCADE"], ["BEGIN", f"{OWN}; DROP TABLE own9"],
    ["BEGIN", "SAVEPOINT a", OF_TRANSACTION, "ROLLBACK TO a"], ["BEGIN", "SAVEPOINT a", OWN, "ROLLBACK TO SAVEPOINT a"],
    ["BEGIN", "SAVEPOINT a", OWN, "SAVEPOINT b", "RELEASE b", "ROLLBACK TO a"], ["BEGIN", "SAVEPOINT a", OWN, "SELECT 1/0", "ROLLBACK TO a"],
    ["BEGIN", "SAVEPOINT a", OWN, "SAVEPOINT a", "SELECT 1", "RELEASE a", "ROLLBACK TO a"],
    [OWN, "DROP TABLE own9", *OTHER], ["BEGIN", OWN, "ROLLBACK", *OTHER], ["BEGIN", OWN, "SELECT 1/0", "COMMIT", *OTHER], [f"{OWN}; SELECT 1/0", *OTHER],
    ["BEGIN", OWN, "ROLLBACK AND CHAIN", OTHER[1]], ["BEGIN", OWN, "ROLLBACK; BEGIN", OTHER[1]], ["BEGIN", OF_TRANSACTION, "ROLLBACK AND CHAIN", OTHER[1]],
    ["BEGIN", OWN, "SELECT 1/0", "COMMIT AND CHAIN", OTHER[1]],
    [OWN + " ON COMMIT DROP", *OTHER], ["BEGIN", OWN + " ON COMMIT DROP", "COMMIT", *OTHER], ["BEGIN", OWN + " ON COMMIT DROP", "COMMIT AND CHAIN", OTHER[1]],
    ["BEGIN", "CREATE TEMP TABLE own9 ON COMMIT DROP AS SELECT 'x'::text AS ssn", "COMMIT", *OTHER],
    [OWN, "DISCARD TEMP", *OTHER], ["BEGIN", OWN, "DISCARD TEMP"],
    ["BEGIN", "CREATE SCHEMA s9", "SET LOCAL search_path = s9, public", "CREATE TABLE s9.own9 (ssn text)", "DROP SCHEMA s9 CASCADE"],
    ["BEGIN", OWN, "ALTER TABLE own9 RENAME TO other9"], [OWN, "ALTER TABLE own9 RENAME TO other99", *OTHER],
    ["BEGIN", "CREATE TABLE own9_new (ssn text)", "SAVEPOINT a", "ALTER TABLE own9_new RENAME TO own9", "ROLLBACK TO a"],
    [OWN, "DROP TABLE own9", "BEGIN", "SAVEPOINT a", OWN, "ROLLBACK TO a"],
    [OWN, "DROP TABLE own9", "BEGIN", "CREATE SCHEMA s9", "CREATE TABLE s9.own9 (ssn text)"],
)
for given_up in GIVEN_UP:
    of(*given_up, (VIEW,), READS)
for given_up in (GIVEN_UP[0], GIVEN_UP[6]):
    of(*given_up, (HEIR + "; INSERT INTO own9 SELECT 90 + id, name, ssn FROM ONLY public.people WHERE id = 2",), READS)
    of(*given_up, (VIEW,), "SELECT upper(ssn) FROM own9")
    of(*given_up, (VIEW,), f"DECLARE c CURSOR FOR {READS}; FETCH ALL FROM c")
    of(*given_up, (VIEW,), f"CREATE TEMP TABLE copied9 AS {READS}; SELECT * FROM copied9")
    of(*given_up, (VIEW,), parse(READS) + bind() + describe("P") + execute() + sync())
of("BEGIN", OWN, parse(READS, "p") + sync(), "DROP TABLE own9", (VIEW,), bind("p") + describe("P") + execute() + sync())
of("BEGIN", OWN, f"PREPARE p AS {READS}", "DROP TABLE own9", (VIEW,), "EXECUTE p")
of("BEGIN", "SAVEPOINT a", OF_TRANSACTION, "ROLLBACK TO a", (VIEW,), "DELETE FROM own9", agent="writer", expect=STOPPED)

INSERTS = "INSERT INTO own9 VALUES ('x')"
SHOWN = [["x"]]
shows("BEGIN", OWN, INSERTS, "SAVEPOINT a", "INSERT INTO own9 VALUES ('y')", "ROLLBACK TO a", READS, rows=SHOWN)
shows("BEGIN", "SAVEPOINT b", OWN, INSERTS, "RELEASE b", "SAVEPOINT a", "CREATE TEMP TABLE other9 (a int)", "ROLLBACK TO a", READS, rows=SHOWN)
shows(OWN, INSERTS, "BEGIN", "CREATE TEMP TABLE other9 (a int)", "ROLLBACK", READS, rows=SHOWN)
shows(OWN, "DROP TABLE own9", OWN, INSERTS, READS, rows=SHOWN)
shows("DROP TABLE IF EXISTS own9 CASCADE", OWN, INSERTS, "DROP TABLE IF EXISTS other9 CASCADE", "CREATE TEMP TABLE other9 (a int)", READS, rows=SHOWN)
shows(f"DROP TABLE IF EXISTS own9; {OWN}; {INSERTS}; {READS}", f"DROP TABLE IF EXISTS own9; {OWN}; {INSERTS}; {READS}", rows=SHOWN)
shows("BEGIN", OWN + " ON COMMIT DROP", INSERTS, "COMMIT", "BEGIN", OWN + " ON COMMIT DROP", INSERTS, READS, rows=SHOWN)
shows("BEGIN", OWN, "ROLLBACK", "BEGIN", OWN, INSERTS, "COMMIT", READS, rows=SHOWN)
shows(OWN, INSERTS, "ALTER TABLE own9 RENAME TO other9", "SELECT ssn FROM other9", OWN, INSERTS, "DROP TABLE other9", "ALTER TABLE own9 RENAME TO other9", OWN, INSERTS, READS, rows=SHOWN)
shows("BEGIN", "CREATE TABLE own9_new (ssn text)", "INSERT INTO own9_new VALUES ('x')", "DROP TABLE own9", "ALTER TABLE own9_new RENAME TO own9", "SELECT ssn, upper(ssn) FROM own9",
      rows=[["x", "X"]], prepared="CREATE TABLE own9 (ssn text)")
shows("CREATE TEMP TABLE orders (id int, item text)", "DROP TABLE orders", "SELECT upper(item) FROM public.orders WHERE id = 1", "SELECT upper(item) FROM orders WHERE id = 1", rows=[["LAMP"]])

# --- a type's default fills a column
SECRET = "CREATE DOMAIN secret9 AS text DEFAULT constant_ssn(); CREATE TABLE plain9 (id int, v secret9); INSERT INTO plain9 VALUES (1, 'x')"
MADE, FILLED, ALL = "CREATE TEMP TABLE own9 (id int, v secret9)", "INSERT INTO own9 (id) VALUES (1)", "SELECT * FROM own9"
for steps in ([MADE, FILLED, ALL], [MADE, FILLED, "SELECT v FROM own9"], ["CREATE TEMP TABLE own9 (LIKE plain9)", FILLED, ALL], [MADE, "CREATE TEMP TABLE other9 (LIKE own9)", "INSERT INTO other9 (id) VALUES (1) RETURNING v"],
              ["CREATE TEMP TABLE own9 AS TABLE plain9", FILLED + " RETURNING v"], ["CREATE TEMP TABLE own9 AS SELECT 1 AS id, 'x'::secret9 AS v", FILLED + " RETURNING v"],
              ["SELECT 1 AS id, 'x'::secret9 AS v INTO TEMP own9", FILLED, ALL],
              ["CREATE TEMP TABLE own9 AS SELECT 1 AS id", "ALTER TABLE own9 ADD COLUMN v secret9", ALL], ["CREATE TEMP TABLE own9 AS SELECT 1 AS id", "ALTER TABLE own9 ADD v secret9; TABLE own9"],
              ["CREATE TEMP TABLE own9 AS SELECT 1 AS id, 'a' AS v", "ALTER TABLE own9 ALTER COLUMN v TYPE secret9", FILLED + " RETURNING v"],
              ["BEGIN", "CREATE TABLE own9 (id int, v secret9)", FILLED + " RETURNING v"],
              ["BEGIN", "CREATE DOMAIN range9 AS secret9", "CREATE TABLE own9 (id int, v range9)", FILLED + " RETURNING v"],
              ["BEGIN", "ALTER DOMAIN secret9 RENAME TO range9", "CREATE TABLE own9 (id int, v range9)", FILLED + " RETURNING v"],
              ["BEGIN", "ALTER TYPE secret9 RENAME TO range9", "CREATE TABLE own9 (id int, v range9)", FILLED + " RETURNING v"]):
    of(*steps, prepared=SECRET)
shows("BEGIN", "CREATE TYPE mood9 AS ENUM ('good', 'bad')", "CREATE TABLE own9 (id serial, m mood9 DEFAULT 'good')", "INSERT INTO own9 (m) VALUES ('bad') RETURNING id, m", rows=[["1", "bad"]])
shows("CREATE TEMP TABLE own9 (id int, m mood9, n range9)", "INSERT INTO own9 VALUES (1, 'good')", ALL, rows=[["1", "good", "5"]],
      prepared="CREATE TYPE mood9 AS ENUM ('good', 'bad'); CREATE DOMAIN range9 AS int DEFAULT 5 CHECK (VALUE > 0)")
shows("BEGIN", "CREATE DOMAIN range9 AS int DEFAULT 5 CHECK (VALUE > 0)", "CREATE TABLE own9 (id int, n range9)", "INSERT INTO own9 (id) VALUES (1) RETURNING id, n", rows=[["1", "5"]])

# --- code that nobody names fills a table
FILLS = ("CREATE FUNCTION fills9() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO own9 SELECT ssn FROM public.people; RETURN true; EXCEPTION WHEN undefined_table THEN RETURN true; END $$;"
         " CREATE FUNCTION computes9(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM fills9(); RETURN $1; END $$;"
         " CREATE TABLE read9 (id int, v text); INSERT INTO read9 VALUES (1, 'a');")
BY_INDEX = FILLS + " CREATE INDEX read9_by ON read9 (id) WHERE computes9(5) = 5"
BY_EXPRESSION = FILLS + " CREATE INDEX read9_by ON read9 ((computes9(5) + id))"
BY_STATISTICS = FILLS + " CREATE STATISTICS read9_by ON (computes9(5) + id), v FROM read9; ANALYZE read9"
BY_PARTITION = FILLS + (" DROP TABLE read9; CREATE TABLE read9 (id int, v text) PARTITION BY RANGE ((computes9(5) + id)); CREATE TABLE plain9 PARTITION OF read9 FOR VALUES FROM (0) TO (10);"
                        " INSERT INTO read9 VALUES (1, 'a')")
BY_CHECK = FILLS + " ALTER TABLE read9 ADD CHECK (computes9(5) + id > 0)"
BY_VOLATILE_CHECK = FILLS + " ALTER TABLE read9 ADD CONSTRAINT k9 CHECK (id > 0 AND fills9())"
NOT_VALID = BY_VOLATILE_CHECK + " NOT VALID"
BY_DOMAIN = FILLS + " CREATE DOMAIN range9 AS int CHECK (computes9(5) = 5)"
LOOK = "SELECT * FROM read9 WHERE id = 1"
for prepared, steps in ((BY_INDEX, [LOOK]), (BY_INDEX, [f"EXPLAIN {LOOK}"]), (BY_INDEX, [f"PREPARE p AS {LOOK}", "EXECUTE p"]), (BY_INDEX, [f"DECLARE c CURSOR WITH HOLD FOR {LOOK}"]),
                        (BY_INDEX, [f"CREATE TEMP TABLE other9 AS {LOOK}"]), (BY_INDEX, [parse(LOOK, "s") + bind("s") + sync()]), (BY_EXPRESSION, [LOOK]), (BY_EXPRESSION, ["SELECT v FROM read9"]),
                        (BY_STATISTICS, [LOOK]), (BY_PARTITION, [LOOK]), (BY_CHECK, ["SET constraint_exclusion = on", LOOK]),
                        (BY_VOLATILE_CHECK, ["ALTER TABLE read9 ALTER COLUMN id TYPE bigint"]), (BY_EXPRESSION, ["ALTER TABLE read9 ADD COLUMN z timestamptz DEFAULT clock_timestamp()"]),
                        (NOT_VALID, ["ALTER TABLE read9 VALIDATE CONSTRAINT k9"]), (BY_EXPRESSION, ["REINDEX INDEX read9_by"]), (BY_EXPRESSION, ["REINDEX TABLE read9"]),
                        (BY_EXPRESSION, ["ANALYZE read9"]), (BY_EXPRESSION, ["CLUSTER read9 USING read9_by"]), (BY_EXPRESSION, ["VACUUM FULL read9"])):
    of(OWN, *steps, READS, prepared=prepared)
of(OWN, LOOK, READS, prepared=BY_INDEX.replace("INSERT INTO own9", "EXECUTE 'INSERT INTO own9 ").replace("people; RETURN", "people'; RETURN"))
of("CREATE TEMP TABLE other9 (ssn text)", "CREATE TEMP VIEW own9 AS SELECT ssn FROM other9", LOOK, "SELECT ssn FROM other9", prepared=BY_INDEX)
of("CREATE TEMP TABLE other9 (ssn text)", "ALTER TABLE other9 RENAME TO own9", LOOK, READS, prepared=BY_INDEX)
of(OWN, "SELECT own9.ssn FROM own9, read9", prepared=BY_EXPRESSION)
of(OWN, "SELECT ssn, '5'::range9 FROM own9", prepared=BY_DOMAIN, agent="writer")
shows(OWN, INSERTS, "SELECT id FROM read9 WHERE id = 1", READS, rows=SHOWN, prepared=BY_INDEX.replace("own9", "others9"))
shows(OWN, INSERTS, "SELECT id FROM read9 WHERE id = 1", READS, rows=SHOWN,
      prepared="CREATE FUNCTION computes9(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 + 1; END $$; CREATE TABLE read9 (id int); CREATE INDEX ON read9 (computes9(id)); INSERT INTO read9 VALUES (1)")
