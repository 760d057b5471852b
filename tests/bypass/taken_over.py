# SPDX-License-Identifier: Apache-2.0
"""A column or a foreign table that is called otherwise in an open transaction is another one's: of an heir, whose column of that name
the server merges with it, or of a table over there. And what runs unnamed becomes something else while an approval waits."""
from . import wire
from .approved import approve
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case, outcome_of

CASES = []
STOPPED = (HELD, REFUSED)
SHOWN_MASKED = (*STOPPED, FAILED, MASKED)
UNDO = ("DROP VIEW IF EXISTS base9_rows CASCADE; ALTER TABLE public.people NO INHERIT base9; DROP TABLE IF EXISTS base9, taken9 CASCADE;"
        " DELETE FROM notes WHERE id > 2")
BASE = "CREATE TABLE base9 (id int); ALTER TABLE public.people INHERIT base9; CREATE VIEW base9_rows AS SELECT b AS r, to_json(b)::text AS j FROM base9 b"


def taken(row, what, prepared, *texts, expect=SHOWN_MASKED, agent="maker", undo=UNDO, pipeline=False):
    """By whoever made the database, then by the agent; what the last text brings, or what stopped one. Nothing of what the texts
    bring may be a secret."""
    def steps(bench):
        direct, postgres = bench.world.ask_direct, bench.world.postgres
        if prepared:
            direct(prepared.format(home=postgres.home, port=postgres.port, login=postgres.login, password=postgres.password))
            bench.world.read_anew()
        conversation = bench.open()
        try:
            if pipeline:
                replies = [conversation.talk(b"".join(wire.parse(text) + wire.bind() + wire.execute() for text in texts) + wire.sync())]
            else:
                replies = [conversation.query(text) for text in texts]
            for reply in replies:
                bench.look_at(reply)
            conversation.query("ROLLBACK")
            if not pipeline and "COMMIT" in texts[-1]:
                bench.look_at(bench.open("reader").query("SELECT * FROM public.notes"))
        finally:
            conversation.close()
            if prepared:
                direct(undo)
        outcomes = [outcome_of(reply) for reply in replies]
        assert not any(outcome in ("closed", "timeout") for outcome in outcomes), (texts, outcomes)
        return next((outcome for outcome in outcomes if outcome in (*STOPPED, MASKED) and outcome in expect), outcomes[-1])
    CASES.append(Case(row, what, expect, agent=agent, steps=steps))


# --- a parent's new column is an heir's
ADDS = "ALTER TABLE base9 ADD COLUMN ssn text"
for text in ("SELECT ssn FROM base9", "SELECT * FROM base9", "SELECT upper(ssn) FROM base9", "SELECT b FROM base9 b", "SELECT to_json(b) FROM base9 b",
             "SELECT r FROM base9_rows", "SELECT j FROM base9_rows", "SELECT (r).ssn FROM base9_rows",
             "SELECT id FROM base9 WHERE ssn IS NOT NULL UNION SELECT length(ssn) FROM base9"):
    taken("m06", f"a parent gets the column of an heir: {text}", BASE, "BEGIN", ADDS, text)
taken("m06", "a parent gets the column of an heir in one text", BASE, f"{ADDS}; SELECT ssn FROM base9")
taken("m06", "a parent gets the column of an heir before Sync", BASE, ADDS, "SELECT ssn FROM base9", pipeline=True)
taken("m06", "a parent gets the column of an heir, if it has none", BASE, "BEGIN", "ALTER TABLE IF EXISTS base9 ADD COLUMN IF NOT EXISTS ssn text", "SELECT ssn FROM base9")
taken("m06", "a parent gets the column of an heir before a savepoint", BASE, "BEGIN", ADDS, "SAVEPOINT s", "ROLLBACK TO s", "SELECT ssn FROM base9")
taken("m06", "a parent gets the column of an heir, renamed", BASE, "BEGIN", ADDS, "ALTER TABLE base9 RENAME ssn TO plain", "SELECT plain FROM base9")
taken("m06", "a parent's parent gets the column of an heir", BASE + "; CREATE TABLE above9 (id int); ALTER TABLE base9 INHERIT above9", "BEGIN",
      "ALTER TABLE above9 ADD COLUMN ssn text", "SELECT ssn FROM above9", undo="ALTER TABLE base9 NO INHERIT above9; DROP TABLE above9; " + UNDO)
taken("m07", "a parent's new column is an heir's: searched", BASE, "BEGIN", ADDS, "SELECT id FROM base9 WHERE ssn LIKE 'Q%'", expect=(HELD,))
for text in ("INSERT INTO notes SELECT id + 500, ssn FROM base9", "CREATE TABLE taken9 AS SELECT ssn FROM base9",
             "UPDATE notes SET body = (SELECT ssn FROM base9 LIMIT 1) WHERE id = 2"):
    taken("m08", f"a parent's new column is an heir's: {text}", BASE, "BEGIN", ADDS, text, expect=STOPPED)
PLAIN = "CREATE TABLE base9 (id int); CREATE TABLE heir9 (id int, word text); ALTER TABLE heir9 INHERIT base9; INSERT INTO heir9 VALUES (1, 'x')"
taken("g12", "a parent gets the column of an heir that is not sensitive", PLAIN + "; CREATE VIEW base9_view AS SELECT id FROM base9", "BEGIN",
      "ALTER TABLE base9 ADD COLUMN word text", "SELECT word FROM base9", "SELECT id FROM base9_view", expect=(CLEAN,), undo="DROP TABLE base9, heir9 CASCADE")
taken("g12", "a sensitive table gets a column", "CREATE TABLE taken9 (id int)", "BEGIN", "ALTER TABLE public.people ADD COLUMN remark text",
      "SELECT id, name FROM public.people", expect=(CLEAN,), undo="DROP TABLE taken9")

# --- a foreign table's column is another one over there
FAR = """CREATE EXTENSION IF NOT EXISTS postgres_fdw; CREATE SERVER far9 FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{home}', port '{port}', dbname 'shop');
CREATE USER MAPPING FOR PUBLIC SERVER far9 OPTIONS (user '{login}', password '{password}'); CREATE SCHEMA s9;
CREATE FOREIGN TABLE ft9 (id int, name text, balance int) SERVER far9 OPTIONS (schema_name 'public', table_name 'people');
CREATE FOREIGN TABLE fc9 (id int, nm text OPTIONS (column_name 'name')) SERVER far9 OPTIONS (schema_name 'public', table_name 'people');
CREATE FOREIGN TABLE fo9 (id int, item text) SERVER far9 OPTIONS (schema_name 'public', table_name 'orders');
CREATE FOREIGN TABLE s9.notes (id int, v text) SERVER far9 OPTIONS (schema_name 'public');
CREATE FOREIGN TABLE other.guarded2 (id int, v text) SERVER far9 OPTIONS (table_name 'guarded');
CREATE VIEW ft9_rows AS SELECT f AS r FROM ft9 f; CREATE TABLE up9 (id int, name text); CREATE TABLE up9_later (id int, name text); ALTER TABLE ft9 INHERIT up9"""
UNDO_FAR = "DROP SERVER far9 CASCADE; DROP SCHEMA IF EXISTS s9, s99 CASCADE; DROP TABLE up9, up9_later CASCADE; DROP TABLE IF EXISTS taken9; DELETE FROM notes WHERE id > 2"


def far(row, what, *texts, **named):
    taken(row, f"a foreign table {what}", FAR, *texts, undo=UNDO_FAR, **named)


for alters in ("ALTER FOREIGN TABLE", "ALTER TABLE"):
    for text in ("SELECT ssn FROM ft9", "SELECT * FROM ft9", "SELECT r FROM ft9_rows", "SELECT (r).ssn FROM ft9_rows", "SELECT f FROM ft9 f"):
        far("m16", f"gets a column by {alters}: {text}", "BEGIN", f"{alters} ft9 ADD COLUMN ssn text", text)
far("m16", "gets a column in one text", "ALTER FOREIGN TABLE ft9 ADD COLUMN ssn text; SELECT ssn FROM ft9")
far("m16", "gets a column before Sync", "ALTER FOREIGN TABLE ft9 ADD COLUMN ssn text", "SELECT ssn FROM ft9", pipeline=True)
far("m16", "gets a column with a name over there", "BEGIN", "ALTER FOREIGN TABLE ft9 ADD COLUMN plain text OPTIONS (column_name 'ssn')", "SELECT plain FROM ft9")
far("m16", "gets a column that is copied", "BEGIN", "ALTER TABLE ft9 ADD COLUMN doc text", "CREATE TABLE taken9 AS SELECT id, doc FROM ft9", "COMMIT", "SELECT * FROM taken9")
far("m16", "gets a column by its parent", "BEGIN", "ALTER TABLE up9 ADD COLUMN pin text", "SELECT pin FROM up9")
far("m16", "gets a column by a parent of that transaction", "BEGIN", "ALTER TABLE ft9 INHERIT up9_later", "ALTER TABLE up9_later ADD COLUMN pin text", "SELECT pin FROM up9_later")
far("m16", "gets a column that is searched by", "BEGIN", "ALTER TABLE ft9 ADD COLUMN ssn text", "SELECT id FROM ft9 WHERE ssn LIKE 'Q%'", expect=(HELD,))
for option, table, column in (("SET", "fc9", "nm"), ("ADD", "ft9", "name")):
    far("m16", f"has another name over there for a column: {option}", "BEGIN", f"ALTER FOREIGN TABLE {table} ALTER COLUMN {column} OPTIONS ({option} column_name 'ssn')",
        f"SELECT {column} FROM {table}", expect=(REFUSED,))
far("m16", "of nothing sensitive gets a column", "BEGIN", "ALTER TABLE fo9 ADD COLUMN quantity int", "SELECT id, item FROM fo9", expect=(CLEAN,))

# --- and it is another one itself
CHANGES = "UPDATE {} SET v = 'hacked' WHERE id = 1"
for alters in ("ALTER TABLE", "ALTER INDEX"):
    far("g08", f"gets a guarded one's name by {alters}", "BEGIN", f"{alters} s9.notes RENAME TO guarded2", CHANGES.format("s9.guarded2"), "COMMIT", expect=(REFUSED,))
far("g08", "gets the guarded one's name in one text", "ALTER TABLE s9.notes RENAME TO guarded3; SELECT 1", expect=(REFUSED,))
far("g08", "is moved to the guarded one's schema", "BEGIN", "ALTER TABLE other.guarded2 SET SCHEMA public", CHANGES.format("public.guarded2"), "COMMIT", expect=(REFUSED,))
far("g08", "is in a schema that gets another name", "BEGIN", "ALTER SCHEMA s9 RENAME TO s99", CHANGES.format("s99.notes"), "COMMIT", expect=(REFUSED,))
far("g12", "stays where a schema gets another name that has none", "CREATE SCHEMA s8", "ALTER SCHEMA s8 RENAME TO s88", "DROP SCHEMA s88", "SELECT id FROM fo9 LIMIT 1",
    expect=(CLEAN,))


# --- what runs unnamed becomes something else while a request waits
def meanwhile(what, prepared, text, change, undo, show, good):
    def steps(bench):
        direct = bench.world.ask_direct
        direct(prepared)
        try:
            bench.world.read_anew()
            conversation = bench.open()
            assert conversation.query(text, keep_held=True).held
            if change:
                direct(change)
            approve(bench)
            reply = conversation.talk(b"")
            if direct(show) != good:
                bench.problems.append(f"it ran: {direct(show)}")
            return outcome_of(reply)
        finally:
            for conversation in bench.conversations:
                conversation.close()
            direct(undo + "; DELETE FROM notes WHERE id > 2")
    CASES.append(Case("g13", f"unnamed while a request waits: {what}", (REFUSED,) if change else (CLEAN,), agent="asker", steps=steps))


def body(name, says, what, language="plpgsql"):
    return f"CREATE OR REPLACE FUNCTION {name} RETURNS {says} IMMUTABLE LANGUAGE {language} AS $${what}$$"


EVENT = ("CREATE FUNCTION below9() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION ef9() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM below9(); END';"
         " CREATE EVENT TRIGGER e9 ON ddl_command_end EXECUTE FUNCTION ef9()")
NO_EVENT = "DROP EVENT TRIGGER e9; DROP FUNCTION ef9(), below9(); DROP TABLE IF EXISTS taken9"
MAKES = "CREATE TABLE taken9 AS SELECT ssn FROM people"
GONE = "SELECT count(*) FROM pg_class WHERE relname = 'taken9'"
for change in ("CREATE OR REPLACE FUNCTION ef9() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'",
               "CREATE OR REPLACE FUNCTION below9() RETURNS int LANGUAGE sql AS 'SELECT 2'"):
    meanwhile(f"an event trigger: {change[26:40]}", EVENT, MAKES, change, NO_EVENT, GONE, [(0,)])
CAST = (body("below9()", "text", "SELECT 'good'::text", "sql") + "; " + body("pf9(point)", "text", "BEGIN RETURN below9(); END")
        + "; CREATE CAST (point AS text) WITH FUNCTION pf9(point) AS ASSIGNMENT")
STORES = "INSERT INTO notes VALUES (50, point(1, 2))"
for change in (body("pf9(point)", "text", "BEGIN RETURN 'EVIL'; END"), body("below9()", "text", "SELECT 'EVIL'::text", "sql")):
    meanwhile(f"a cast: {change[26:40]}", CAST, STORES, change, "DROP FUNCTION pf9(point) CASCADE; DROP FUNCTION below9()",
              "SELECT count(*) FROM notes WHERE id = 50", [(0,)])
meanwhile("a cast that stays what it is", CAST, STORES, "", "DROP FUNCTION pf9(point) CASCADE; DROP FUNCTION below9()", "SELECT body FROM notes WHERE id = 50", [("good",)])
PARTS = "CREATE TABLE mp9 (id int, v text) PARTITION BY LIST (id); CREATE TABLE mp91 PARTITION OF mp9 FOR VALUES IN (1); CREATE TABLE mp92 PARTITION OF mp9 FOR VALUES IN (2)"
SWAPPED = ("ALTER TABLE mp9 DETACH PARTITION mp91; ALTER TABLE mp9 DETACH PARTITION mp92; ALTER TABLE mp9 ATTACH PARTITION mp91 FOR VALUES IN (2);"
           " ALTER TABLE mp9 ATTACH PARTITION mp92 FOR VALUES IN (1)")
for table in ("mp9", "mp91"):
    meanwhile(f"the bounds of partitions, of {table}", PARTS, f"INSERT INTO {table} VALUES (1, 'x')", SWAPPED, "DROP TABLE mp9", "SELECT count(*) FROM mp9", [(0,)])
CLASS = (body("pcmp9(point, point)", "int", "SELECT 0", "sql") + "; " + body("plt9(point, point)", "bool", "BEGIN RETURN $1[0] < $2[0]; END")
         + "; CREATE OPERATOR <<<< (FUNCTION = plt9, LEFTARG = point, RIGHTARG = point);"
         " CREATE OPERATOR CLASS pcl9 DEFAULT FOR TYPE point USING btree AS OPERATOR 1 <<<<, FUNCTION 1 pcmp9(point, point)")
SORTS = "INSERT INTO notes SELECT 60, p::text FROM (VALUES (point(1, 1)), (point(2, 2))) v(p) ORDER BY p LIMIT 1"
for change in (body("pcmp9(point, point)", "int", "SELECT 1", "sql"), body("plt9(point, point)", "bool", "BEGIN RETURN $1[0] > $2[0]; END")):
    meanwhile(f"an operator class: {change[26:40]}", CLASS, SORTS, change, "DROP OPERATOR CLASS pcl9 USING btree; DROP OPERATOR <<<< (point, point);"
              " DROP FUNCTION pcmp9(point, point), plt9(point, point)", "SELECT count(*) FROM notes WHERE id = 60", [(0,)])
