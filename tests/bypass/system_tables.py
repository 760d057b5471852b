# SPDX-License-Identifier: Apache-2.0
"""Rows of PostgreSQL's own tables, which a superuser may write to as to any other: they are what names mean, what runs, and who
may do what. And EXPLAIN, of which more runs than it says."""
from .cases import REFUSED, Case, outcome_of
from .guardrails import allowed, by_maker, by_writer, refused

PARAMETER = "PREPARE p (bigint) AS SELECT $1"
SETTING = "PREPARE p (text) AS SELECT $1"

CASES = [
    *by_writer(
        "g08",
        "UPDATE pg_class SET relname = 'gone' WHERE oid = 'public.guarded'::regclass",
        "UPDATE pg_attribute SET attname = 'ssx' WHERE attrelid = 'people'::regclass AND attname = 'ssn'",
        "UPDATE pg_catalog.pg_proc SET provolatile = 's' WHERE proname = 'change_guarded'",
        "UPDATE pg_authid SET rolpassword = 'x' WHERE rolname = 'nobody'",
        "DELETE FROM pg_rewrite WHERE rulename = 'clears'", "UPDATE pg_trigger SET tgenabled = 'D'",
        "INSERT INTO pg_db_role_setting VALUES (0, 0, '{search_path=other}')", "INSERT INTO pg_catalog.pg_class SELECT * FROM pg_class WHERE false",
        "COPY pg_db_role_setting FROM STDIN", "MERGE INTO pg_class USING notes ON false WHEN MATCHED THEN DELETE",
        "WITH d AS (DELETE FROM pg_depend WHERE objid = 1 RETURNING 1) SELECT 1", "DELETE FROM pg_toast.pg_toast_1255 WHERE chunk_seq = -1",
        "DELETE FROM pg_user WHERE usename = 'nobody'", "UPDATE pg_settings SET setting = '1' WHERE name = 'work_mem'",
        "DELETE FROM information_schema.enabled_roles WHERE role_name = 'nobody'",
        "SET search_path = information_schema; DELETE FROM enabled_roles WHERE role_name = 'nobody'",
        "DELETE FROM information_schema.sql_features WHERE feature_id = 'none'", "TRUNCATE pg_largeobject",
        "DO $$ BEGIN UPDATE pg_class SET relname = 'gone' WHERE oid = 'public.guarded'::regclass; END $$",
        "CREATE FUNCTION s1() RETURNS void LANGUAGE sql AS 'DELETE FROM pg_class WHERE false'",
        "EXPLAIN ANALYZE DELETE FROM pg_class WHERE relname = 'nothing'",
    ),
    *by_maker("g08", "UPDATE pg_class SET relname = 'gone' WHERE oid = 'public.guarded'::regclass",
        "UPDATE pg_proc SET prosrc = 'pg_backend_pid', prolang = 12 WHERE proname = 'change_guarded'"),
    *refused("g05", "EXPLAIN EXECUTE p(setval('counter', 777))", "EXPLAIN CREATE TABLE e1 AS EXECUTE p(setval('counter', 778))",
        "EXPLAIN (COSTS off, ANALYZE off) EXECUTE p(nextval('counter'))", "EXPLAIN EXECUTE p(lo_create(4713))",
        "EXPLAIN (FORMAT json) CREATE TABLE e2 AS EXECUTE p(lo_unlink(4713))", "EXPLAIN EXECUTE p(change_guarded())",
        "EXPLAIN EXECUTE p(1 |+| 2)", before=PARAMETER),
    *refused("g05", "EXPLAIN EXECUTE p(set_config('session_replication_role', 'replica', false))",
        "EXPLAIN EXECUTE p(pg_read_file('PG_VERSION'))", "EXPLAIN EXECUTE p('x'::kept_text)",
        "EXPLAIN EXECUTE p(encode(pg_read_binary_file('PG_VERSION'), 'escape'))", before=SETTING),
    *refused("g05", "EXPLAIN SELECT 1 FROM orders WHERE customer |+| 3 > 0", "EXPLAIN SELECT change_guarded()",
        "EXPLAIN SELECT pg_read_file('PG_VERSION')", "EXPLAIN DELETE FROM notes WHERE id = change_guarded()"),
    *allowed("g05", "EXPLAIN EXECUTE p(1 + 2)", before=PARAMETER),
    *allowed("g05", "EXPLAIN DELETE FROM notes", "EXPLAIN SELECT nextval('counter')", "EXPLAIN SELECT * FROM pg_class"),
]


def generated_key(bench):
    """A column that is computed from others changes with them, and so do the rows that refer to it."""
    direct = bench.world.ask_direct
    direct("ALTER TABLE notes ADD code text GENERATED ALWAYS AS (upper(body)) STORED UNIQUE;"
           "ALTER TABLE guarded ADD c text REFERENCES notes (code) ON UPDATE CASCADE; UPDATE guarded SET c = 'FIRST' WHERE id = 1")
    try:
        maker = bench.open("maker")
        for text in ("CREATE TABLE g11 (a int)", "DROP TABLE g11"):  # so that the catalogue is read anew
            assert not maker.query(text).errors()
        assert not bench.open().query("UPDATE notes SET id = id WHERE id = 1").errors()
        replies = [bench.open().query(text) for text in ("UPDATE notes SET body = 'nine' WHERE id = 1",
                   "INSERT INTO notes VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET body = 'nine'",
                   "MERGE INTO notes USING (SELECT 1) x ON id = 1 WHEN MATCHED THEN UPDATE SET body = 'nine'")]
        assert all(reply.refused() for reply in replies), [reply.short() for reply in replies]
        return outcome_of(replies[0])
    finally:
        direct("ALTER TABLE guarded DROP c; ALTER TABLE notes DROP code")


CASES.append(Case("g05", "a foreign key that refers to a generated column", (REFUSED,), steps=generated_key))
