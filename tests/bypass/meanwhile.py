# SPDX-License-Identifier: Apache-2.0
"""Names that the catalogue does not have as they are: temporary views, and what the transaction or text itself has made, renamed
or moved. The last text of each case would change what must not change; or, of ordinary work, all must pass."""
from . import wire
from .cases import CLEAN, REFUSED, Case, outcome_of

CASES = []
PARENT = ("CREATE TABLE par (id int PRIMARY KEY); INSERT INTO par VALUES (1), (2); ALTER TABLE guarded ADD pid int REFERENCES par ON DELETE CASCADE;"
          "UPDATE guarded SET pid = 1 WHERE id = 1; CREATE TABLE plain_one (id int);"
          "CREATE FUNCTION makes_view() RETURNS void LANGUAGE sql AS 'CREATE TEMP VIEW its_view AS SELECT * FROM par';"
          "CREATE FUNCTION plus3(int, int, int) RETURNS int LANGUAGE sql AS 'SELECT change_guarded()';"
          "CREATE DOMAIN changed_int AS int CHECK (VALUE |+| 1 > 0); CREATE TABLE sheds (k changed_int); CREATE SCHEMA moved; CREATE TABLE moved.inbox2 (id int);"
          "CREATE RULE clears AS ON INSERT TO moved.inbox2 DO ALSO DELETE FROM guarded WHERE guarded.id = new.id")
UNDO = ("ALTER TABLE guarded DROP IF EXISTS pid; DROP VIEW IF EXISTS vv, vv2, vv3 CASCADE; DROP SCHEMA IF EXISTS moved CASCADE; DROP SCHEMA IF EXISTS gone_on CASCADE; DROP TABLE IF EXISTS par, par2, plain_one, m1, m2, m4, m5, arc2, audit_of_m, u1, u2, har, tt, gp, pp, sheds, kt, schema_migrations CASCADE;"
        "DROP DOMAIN IF EXISTS changed_int, innocent, d2 CASCADE; DROP AGGREGATE IF EXISTS public.max(int, int); DROP OPERATOR IF EXISTS ### (int, int), #~# (int, int);"
        "DROP FUNCTION IF EXISTS makes_view(), plus3(int, int, int), later(), wipe(), m3(), audits(), mine(int), mine(text), own_temporary() CASCADE; DROP TYPE IF EXISTS made_type CASCADE")


def conversation(bench, texts, extended):
    """Gives the answer to the last text; those before it must be allowed."""
    said = bench.open()
    for text in texts[:-1]:
        reply = said.query(text)
        assert not reply.errors() and not reply.held, (text, reply.short())
    form = wire.extended if extended else wire.query
    return said.talk(form(texts[-1]))


def worked(row, agent, *texts, expect=REFUSED, extended=False):
    def steps(bench):
        direct = bench.world.ask_direct
        try:
            direct(UNDO)
            direct(PARENT)
            bench.world.read_anew()
            reply = conversation(bench, texts, extended)
            assert expect == REFUSED or not reply.errors(), reply.short()
            return outcome_of(reply)
        finally:
            for one in bench.conversations:
                one.query("ROLLBACK")
            direct(UNDO)
            for old, new in (("archive", "arc2"), ("inbox", "box2"), ("notes", "notes2")):
                if direct(f"SELECT to_regclass('{new}')")[0][0]:
                    direct(f"DROP TABLE IF EXISTS {old} CASCADE; ALTER TABLE {new} RENAME TO {old}")
    return Case(row, f"{agent}: {' / '.join(texts)}{' (extended)' if extended else ''}", (expect,), agent=agent, steps=steps)


def work(*arguments, **options):
    CASES.append(worked(*arguments, **options))


# --- temporary views
for extended in (False, True):
    work("g09", "maker", "CREATE TEMP VIEW tv AS SELECT * FROM inbox", "INSERT INTO tv VALUES (1)", extended=extended)
    work("g09", "writer", "CREATE TEMP VIEW tp AS SELECT * FROM par", "DELETE FROM tp WHERE id = 1", extended=extended)
work("g09", "maker", "CREATE TEMP VIEW tv AS SELECT * FROM pg_settings WHERE name = 'session_replication_role'", "UPDATE tv SET setting = 'replica'")
work("g09", "writer", "CREATE VIEW pg_temp.tp AS SELECT * FROM par", "DELETE FROM tp WHERE id = 1")
work("g09", "writer", "CREATE TEMP TABLE t (a int)", "CREATE VIEW tp AS SELECT * FROM par WHERE EXISTS (SELECT FROM t) OR true", "DELETE FROM tp WHERE id = 1")
work("g09", "writer", "CREATE TEMP VIEW tp AS SELECT * FROM par", "CREATE TEMP VIEW above AS SELECT 1 AS id; CREATE OR REPLACE TEMP VIEW above AS SELECT id FROM par", "DELETE FROM above WHERE id = 1")
work("g09", "writer", "CREATE TEMP VIEW plain_one AS SELECT * FROM par", "DELETE FROM plain_one WHERE id = 1")
work("g09", "writer", "CREATE TEMP VIEW tp AS SELECT * FROM par", "ALTER VIEW tp RENAME TO other_name", "DELETE FROM other_name WHERE id = 1")
work("g09", "writer", "CREATE TEMP VIEW tp AS SELECT * FROM par", "DO $$ BEGIN DELETE FROM tp WHERE id = 1; END $$")
work("g09", "writer", "CREATE TEMP VIEW tp AS SELECT * FROM par", "MERGE INTO tp USING notes n ON tp.id = n.id WHEN MATCHED THEN DELETE")
work("g09", "writer", "CREATE TEMP VIEW tp AS SELECT * FROM par", "PREPARE p AS DELETE FROM tp WHERE id = 1")
work("g09", "writer", "SELECT makes_view()", "DELETE FROM its_view WHERE id = 1")
work("g09", "writer", "CREATE TEMP VIEW tp AS SELECT * FROM par; DELETE FROM tp WHERE id = 1")
work("g09", "writer", "DO $$ BEGIN CREATE TEMP VIEW tp AS SELECT * FROM par; DELETE FROM tp WHERE id = 1; END $$")
work("g09", "writer", "CREATE TEMP VIEW tp AS SELECT * FROM par; CREATE TEMP TABLE IF NOT EXISTS tp (id int)", "DELETE FROM tp WHERE id = 1")

# --- the same text or transaction
for texts in (("CREATE OPERATOR ### (FUNCTION = plus_changes, LEFTARG = int, RIGHTARG = int); SELECT 1 ### 2",),
              ("ALTER FUNCTION change_guarded() RENAME TO upper; SELECT upper()",),
              ("ALTER FUNCTION change_guarded() SET SCHEMA moved; SELECT moved.change_guarded()",),
              ("CREATE AGGREGATE public.max(int, int) (SFUNC = plus3, STYPE = int, INITCOND = '0'); SELECT max(1, 2)",),
              ("CREATE AGGREGATE public.max (BASETYPE = int, SFUNC = plus_changes, STYPE = int, INITCOND = '0')",),
              ("CREATE AGGREGATE public.max(int, int) (SFUNC = int4mul, STYPE = int, INITCOND = '0', FINALFUNC = change_guarded)",),
              ("ALTER OPERATOR |+| (int, int) SET SCHEMA moved",),
              ("ALTER DOMAIN changed_int RENAME TO innocent; SELECT '1'::innocent",),
              ("ALTER TABLE inbox RENAME TO box2; INSERT INTO box2 VALUES (1)",),
              ("ALTER TABLE notes RENAME TO notes2; ALTER TABLE inbox RENAME TO notes; INSERT INTO notes VALUES (1)",),
              ("ALTER TABLE moved.inbox2 SET SCHEMA public; INSERT INTO inbox2 VALUES (1)",),
              ("ALTER SCHEMA moved RENAME TO gone_on; INSERT INTO gone_on.inbox2 VALUES (1)",),
              ("BEGIN; ALTER TABLE archive RENAME TO arc2", "UPDATE arc2 SET v = 'x'"),
              ("CREATE VIEW tp AS SELECT * FROM inbox; INSERT INTO tp VALUES (1)",),
              ("DO $$ BEGIN ALTER TABLE notes RENAME TO notes2; ALTER TABLE inbox RENAME TO notes; INSERT INTO notes VALUES (1); END $$",)):
    work("g12", "maker", *texts)
work("g12", "writer", "BEGIN; ALTER TABLE par RENAME TO par2", "DELETE FROM par2 WHERE id = 1")
work("g12", "writer", "BEGIN; ALTER TABLE par RENAME TO par2", "DELETE FROM par2 WHERE id = 1", extended=True)
work("g12", "writer", "BEGIN", "ALTER TABLE par RENAME TO par1", "ALTER TABLE par1 RENAME TO par2", "DELETE FROM par2 WHERE id = 1")
work("g12", "writer", "PREPARE p AS DELETE FROM plain_one WHERE id = 1", "BEGIN; ALTER TABLE plain_one RENAME TO plain_2; ALTER TABLE par RENAME TO plain_one", "EXECUTE p")
work("g12", "writer", "BEGIN; CREATE VIEW tp AS SELECT * FROM par", "DELETE FROM tp WHERE id = 1")
work("g12", "writer", "BEGIN", "SAVEPOINT a", "CREATE VIEW tp AS SELECT * FROM par", "RELEASE a", "DELETE FROM tp WHERE id = 1")
work("g12", "writer", "BEGIN; CREATE TABLE m1 (id int, v text)", "ALTER TABLE archive_old INHERIT m1", "UPDATE m1 SET v = 'x'")
work("g12", "writer", "BEGIN; CREATE RULE also AS ON INSERT TO notes DO ALSO DELETE FROM par WHERE id = 1")

# --- what bodies name is made later
work("g06", "maker", "CREATE FUNCTION later() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1 #~# 2; END'",
     "CREATE OPERATOR #~# (FUNCTION = plus_changes, LEFTARG = int, RIGHTARG = int)")
work("g06", "maker", "CREATE FUNCTION later() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN max(1, 2); END'",
     "CREATE AGGREGATE public.max(int, int) (SFUNC = plus3, STYPE = int, INITCOND = '0')")
work("g06", "maker", "CREATE FUNCTION later() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN upper(); END'", "ALTER FUNCTION change_guarded() RENAME TO upper")
work("g06", "writer", "CREATE FUNCTION wipe() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM later_v; END'")
work("g06", "maker", "CREATE FUNCTION wipe() RETURNS void LANGUAGE plpgsql AS 'BEGIN INSERT INTO later_v VALUES (1); END'")

# --- ordinary work
work("g12", "writer", "BEGIN", "CREATE TABLE m1 (id int PRIMARY KEY, v text)", "INSERT INTO m1 VALUES (1, 'a')", "CREATE INDEX ON m1 (lower(v))",
     "ALTER TABLE m1 ADD w int DEFAULT 0", "UPDATE m1 SET w = 1", "CREATE TABLE m2 (id int REFERENCES m1 ON DELETE CASCADE)",
     "DELETE FROM m1", "ALTER TABLE m1 RENAME TO m4",
     "INSERT INTO m4 VALUES (2, 'b')", "ALTER TABLE m4 RENAME COLUMN v TO z", "COMMENT ON TABLE m4 IS 'x'", "INSERT INTO m4 VALUES (3, 'c')", expect=CLEAN)
work("g12", "writer", "BEGIN", "CREATE TABLE audit_of_m (what text)", "CREATE TABLE m1 (id int)",
     "CREATE FUNCTION audits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit_of_m VALUES (TG_OP); RETURN NEW; END $$",
     "CREATE TRIGGER audits AFTER INSERT ON m1 FOR EACH ROW EXECUTE FUNCTION audits()", "COMMENT ON FUNCTION audits() IS 'x'", "INSERT INTO m1 VALUES (1)", "COMMIT", expect=CLEAN)
work("g12", "maker", "BEGIN", "CREATE FUNCTION mine(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1'", "COMMENT ON FUNCTION mine(int) IS 'x'",
     "CREATE OPERATOR ### (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int)", "SELECT 1 ### 2", "CREATE TYPE made_type AS (a int)",
     "CREATE TABLE m1 (t made_type)", "INSERT INTO m1 VALUES ('(1)')", "COMMIT", "SELECT 1", expect=CLEAN)
work("g12", "writer", "BEGIN; ALTER TABLE orders RENAME TO orders2", "INSERT INTO orders2 VALUES (9, 9, 'x', 9)", expect=CLEAN)
work("g09", "writer", "CREATE TEMP TABLE t (a int)", "INSERT INTO t VALUES (1)", "SELECT 2 AS a INTO TEMP t2", "UPDATE t2 SET a = 3",
     "CREATE TEMP TABLE t3 AS SELECT 1 AS a", "DELETE FROM t3", "ALTER TABLE t RENAME TO t4", "INSERT INTO t4 VALUES (2)",
     "CREATE TEMP TABLE IF NOT EXISTS t3 (a int)", "INSERT INTO pg_temp.t3 VALUES (1)", "CREATE TEMP SEQUENCE s",
     "DO $$ BEGIN CREATE TEMP TABLE t5 (a int); INSERT INTO t5 VALUES (1); END $$", "INSERT INTO t5 VALUES (2)",
     "CREATE FUNCTION own_temporary() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE t6 (a int); INSERT INTO t6 VALUES (1); END $$",
     "SELECT * FROM notes", expect=CLEAN)
