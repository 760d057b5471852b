# SPDX-License-Identifier: Apache-2.0
"""Ways to have a statement run that policy does not allow. The reader may only read; the writer may change everything but
public.guarded, and nobody may see public."Secrets" or leave SQL."""
from .cases import CLEAN, MASKED, REFUSED, STATEMENT, Case


def refused(row, *texts, forms=STATEMENT, agent="reader", **more):
    return [Case(row, text, (REFUSED,), agent=agent, forms=forms, twins=False, **more) for text in texts]


def by_writer(row, *texts, **more):
    return refused(row, *texts, agent="writer", **more)


def allowed(row, *texts, forms=STATEMENT, agent="reader", expect=(CLEAN, MASKED), **more):
    """Looks like an attack and is none: a guard that refuses it is a guard that people switch off."""
    return [Case(row, text, expect, agent=agent, forms=forms, twins=False, **more) for text in texts]


CASES = [
    *refused(
        "g01",
        "dRoP/**/TABLE guarded", "DROP\tTABLE\n\r\n guarded", "DROP\f\v TABLE guarded", "  \n\n;;; DELETE FROM guarded", "/**/DELETE/**/FROM/**/guarded/**/",
        "--\nDELETE FROM guarded", "-- SELECT 1\rDELETE FROM guarded", "delete from GUARDED", "Update guarded Set v='x'", "DROP\u00a0TABLE guarded", "DROP\u2028TABLE guarded", "DELETE\u3000FROM guarded",
        "\ufeffDELETE FROM guarded", "ＤＥＬＥＴＥ FROM guarded", "TRUNCATE/**/guarded", "(((DELETE FROM guarded)))", "DELETE\x1bFROM guarded",
    ),
    *refused(
        "g02",
        "/* /* */ SELECT 1 */ DELETE FROM guarded", "/* /* /* x */ */ */ DROP TABLE guarded", "SELECT '/*'; DELETE FROM guarded --*/", "SELECT '--'; DELETE FROM guarded", "SELECT 1 /* ' */; DELETE FROM guarded --'",
        "/*!50000 DELETE FROM guarded */ DELETE FROM guarded", "SELECT \"--\" FROM (SELECT 1) x (\"--\"); DELETE FROM guarded", "SELECT 1 -- '\n; DELETE FROM guarded -- '", "SELECT $$/*$$; DELETE FROM guarded; SELECT $$*/$$",
        "/* unterminated DELETE FROM guarded", "SELECT 1 /*/ */; DELETE FROM guarded /* */", "SELECT 1 --\\\n; DELETE FROM guarded", "SELECT E'\\'/*'; DELETE FROM guarded --*/'", "SELECT 1 */**/ 1; DELETE FROM guarded",
    ),
    *allowed("g02", "/*!50000 DELETE FROM guarded */ SELECT 1", "SELECT 'DELETE FROM guarded' -- DROP TABLE guarded", "SELECT $$ ; DROP TABLE guarded; $$", "SELECT 1 AS \"DROP TABLE guarded\""),
    *refused(
        "g03",
        "SELECT E'O\\'B'; DELETE FROM guarded", "SELECT E'\\\\'; DELETE FROM guarded --'", "SELECT 'a\\'; DELETE FROM guarded; SELECT '", "SELECT $$;$$; DELETE FROM guarded", "SELECT $a$ $$ $a$; DELETE FROM guarded",
        "SELECT $a$ $b$ $a$; DELETE FROM guarded; SELECT $c$ $c$", "SELECT U&'\\0027; '; DELETE FROM guarded", "DELETE FROM U&\"\\0067uarded\"", "DELETE FROM U&\"!0067uarded\" UESCAPE '!'", "U&\"d\\0072op\" TABLE guarded",
        "SELECT U&'d!0061t!+000061' UESCAPE '!'; DELETE FROM guarded", "SELECT 'a'\n'b'; DELETE FROM guarded", "SELECT e'x\\u0027'; DELETE FROM guarded", "SELECT B'1'; DELETE FROM guarded", "SELECT N'x'; DELETE FROM guarded",
        "SELECT $\u00e9$ ; $\u00e9$; DELETE FROM guarded", "SET standard_conforming_strings = off; SELECT 'a\\'; DELETE FROM guarded; --'",
    ),
    *refused("g04", "SELECT 1; DELETE FROM guarded", "SELECT 1;DELETE FROM guarded;SELECT 2", ";;DELETE FROM guarded;;", "SELECT 1; SELECT 2; SELECT 3; TRUNCATE guarded", "BEGIN; SELECT 1; DELETE FROM guarded; COMMIT",
             "COMMIT; DELETE FROM guarded", "SELECT 1; DROP TABLE guarded; SELECT nope", "SELECT 1\n;\n\nUPDATE guarded SET v = 1"),
    *refused(
        "g05",
        "WITH d AS (DELETE FROM guarded RETURNING 1) SELECT * FROM d", "WITH d AS (UPDATE guarded SET v = 'x' RETURNING 1) SELECT 1", "WITH d AS (INSERT INTO guarded VALUES (9) RETURNING 1) TABLE d",
        "WITH a AS (SELECT 1), b AS (WITH c AS (SELECT 1) SELECT 1), d AS (DELETE FROM guarded) SELECT * FROM a", "WITH RECURSIVE r AS (SELECT 1), d AS (DELETE FROM guarded) SELECT * FROM r",
        "MERGE INTO guarded USING notes ON guarded.id = notes.id WHEN MATCHED THEN DELETE", "MERGE INTO guarded USING notes ON true WHEN NOT MATCHED THEN INSERT VALUES (8, 'x')", "SELECT * INTO g1 FROM guarded", "SELECT 1 INTO TEMP g1b",
        "CREATE TABLE g2 AS SELECT 1", "CREATE TABLE g3 AS WITH d AS (DELETE FROM guarded RETURNING 1) SELECT * FROM d", "COPY (DELETE FROM guarded RETURNING *) TO STDOUT", "COPY (UPDATE guarded SET v = 'x' RETURNING *) TO STDOUT",
        "EXPLAIN ANALYZE DELETE FROM guarded", "explain (analyze on) delete from guarded", "EXPLAIN (ANALYZE 1, COSTS off) UPDATE guarded SET v = 'x'", "EXPLAIN (analyze TRUE) INSERT INTO guarded VALUES (9)", "EXPLAIN (ANALYZE off, ANALYZE on) DELETE FROM guarded",
        "EXPLAIN ANALYZE CREATE TABLE g4 AS SELECT 1", "EXPLAIN ANALYZE EXECUTE p", "EXPLAIN ANALYZE SELECT change_guarded()", "CREATE RULE g5 AS ON SELECT TO notes DO INSTEAD DELETE FROM guarded", "CREATE RULE g6 AS ON INSERT TO notes DO ALSO DELETE FROM guarded",
        "CREATE TRIGGER g7 BEFORE INSERT ON notes EXECUTE FUNCTION noisy()", "SELECT 1 FROM notes FOR UPDATE; DELETE FROM guarded", "TABLE notes; TRUNCATE guarded", "VALUES (1); DELETE FROM guarded", "LOCK TABLE guarded; DELETE FROM guarded",
        "DECLARE c CURSOR FOR WITH d AS (DELETE FROM guarded RETURNING 1) SELECT * FROM d", "REFRESH MATERIALIZED VIEW kept", "CLUSTER guarded USING guarded_pkey", "REINDEX TABLE guarded", "VACUUM guarded", "ANALYZE guarded", "COMMENT ON TABLE guarded IS 'x'",
    ),
    *by_writer("g05", "WITH d AS (DELETE FROM guarded WHERE id = 1 RETURNING 1) SELECT * FROM d", "INSERT INTO notes SELECT id, v FROM guarded; DELETE FROM guarded WHERE id = 1", "EXPLAIN ANALYZE DELETE FROM guarded WHERE id = 1",
               "COPY guarded FROM STDIN", "COPY (DELETE FROM guarded WHERE id = 1 RETURNING *) TO STDOUT", "CREATE RULE g8 AS ON INSERT TO notes DO ALSO DELETE FROM guarded", "CREATE TRIGGER g9 BEFORE INSERT ON guarded EXECUTE FUNCTION noisy()",
               "MERGE INTO guarded USING notes ON guarded.id = notes.id WHEN MATCHED THEN DELETE", "TRUNCATE notes, guarded", "DROP TABLE notes, guarded", "DROP TABLE IF EXISTS guarded CASCADE", "ALTER TABLE guarded ADD x int", "ALTER TABLE guarded RENAME TO ungarded",
               "CREATE INDEX ON guarded (v)", "UPDATE ONLY guarded SET v = 'x' WHERE id = 1", "DELETE FROM guarded g USING notes n WHERE g.id = n.id", "INSERT INTO guarded SELECT 9, 'x'", "ALTER TABLE guarded DISABLE TRIGGER ALL"),
    *refused(
        "g06",
        "DO $$ BEGIN DELETE FROM guarded; END $$", "DO 'BEGIN DELETE FROM guarded; END'", "DO E'BEGIN\\n DELETE FROM guarded; END'", "DO LANGUAGE plpgsql $$ BEGIN EXECUTE 'DELETE FROM guarded'; END $$",
        "DO $$ BEGIN EXECUTE 'DEL' || 'ETE FROM guarded'; END $$", "DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'DELETE FROM guarded RETURNING 1' LOOP NULL; END LOOP; END $$", "DO $$ BEGIN PERFORM change_guarded(); END $$",
        "DO $$ BEGIN CALL change_it(); END $$", "DO $$ BEGIN NULL; EXCEPTION WHEN others THEN DELETE FROM guarded; END $$", "CALL change_it()", "PREPARE p AS DELETE FROM guarded; EXECUTE p", "PREPARE p AS DELETE FROM guarded",
        "PREPARE p (int) AS DELETE FROM guarded WHERE id = $1; EXECUTE p(1)", "EXECUTE nothing_yet", "CREATE TABLE g11 AS EXECUTE p", "SELECT change_guarded()", "SELECT 1 |+| 2", "SELECT 1 OPERATOR(public.|+|) 2", "SELECT 1 WHERE 1 |+| 1 > 0",
        "SELECT * FROM change_guarded()", "SELECT 1 ORDER BY change_guarded()", "SELECT 1 LIMIT change_guarded()", "VALUES (change_guarded())", "SELECT (SELECT change_guarded())", "SELECT CASE WHEN change_guarded() > 0 THEN 1 END", "SELECT count(*) FILTER (WHERE change_guarded() > 0) FROM notes",
        "SELECT * FROM notes TABLESAMPLE bernoulli (change_guarded())", "SELECT sum(1) OVER (ORDER BY change_guarded())", "SELECT id FROM notes GROUP BY id, change_guarded()", "SELECT ARRAY[change_guarded()]", "SELECT ROW(change_guarded())",
        "SELECT public.change_guarded()", "SELECT \"change_guarded\"()", "SELECT coalesce(NULL, change_guarded())", "EXPLAIN ANALYZE SELECT change_guarded()", "CREATE FUNCTION g12() RETURNS int LANGUAGE sql AS 'DELETE FROM guarded RETURNING 1'", "DECLARE c CURSOR FOR SELECT change_guarded()",
    ),
    *by_writer("g06", "DO $$ BEGIN DELETE FROM guarded WHERE id = 1; END $$", "DO $$ BEGIN EXECUTE 'DELETE FROM guarded'; END $$", "PREPARE p AS DELETE FROM guarded WHERE id = 1", "PREPARE p AS UPDATE notes SET body = body WHERE id = 1; PREPARE q AS DELETE FROM guarded WHERE id = 1; EXECUTE q"),
    *refused(
        "g07",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity", "SELECT pg_cancel_backend(1)", "SELECT lo_import('/etc/passwd')", "SELECT lo_export(1, '/tmp/never')", "SELECT pg_read_file('/etc/passwd')", "SELECT pg_read_binary_file('/etc/passwd')", "SELECT pg_ls_dir('/')",
        "SELECT pg_stat_file('/etc/passwd')", "SELECT dblink_exec('dbname=shop', 'DELETE FROM guarded')", "SELECT * FROM dblink('dbname=shop', 'DELETE FROM guarded RETURNING 1') AS t (a int)", "SELECT public.dblink_connect('dbname=shop')", "SELECT set_config('role', 'postgres', false)",
        "SELECT set_config('session_authorization', 'postgres', false)", "SELECT set_config(c, 'x', false) FROM (VALUES ('role')) v (c)", "SELECT query_to_xml('DELETE FROM guarded RETURNING 1', true, true, '')", "SELECT \"query_to_xml\"('DELETE FROM guarded', true, true, '')",
        "SELECT pg_logical_emit_message(true, 'a', 'b')", "SELECT nextval('counter')", "SELECT setval('counter', 99)", "SELECT pg_reload_conf()", "SELECT pg_rotate_logfile()", "SELECT pg_switch_wal()", "SELECT pg_create_restore_point('x')", "SELECT pg_promote()",
        "SELECT lo_creat(1)", "SELECT lo_create(4711)", "SELECT lo_from_bytea(4712, 'x')", "SELECT lo_put(1, 0, 'x')", "SELECT lo_unlink(1)", "SELECT lowrite(1, 'x')", "SELECT pg_create_physical_replication_slot('x')", "SELECT pg_create_logical_replication_slot('x', 'y')",
        "SELECT pg_drop_replication_slot('x')", "SELECT pg_replication_origin_create('x')", "SELECT pg_stat_reset()", "SELECT pg_import_system_collations('public')", "SELECT pg_file_write('x', 'y', false)", "SELECT pg_catalog.pg_read_file('/etc/passwd')",
        "SELECT * FROM pg_read_file('/etc/passwd')", "SELECT 1 WHERE pg_reload_conf()", "SELECT 1 FROM notes JOIN LATERAL pg_ls_dir('/') x ON true", "SELECT U&\"pg_re\\0061d_file\"('/etc/passwd')", "SELECT pg_current_logfile()", "SELECT pg_export_snapshot(), pg_ls_tmpdir()",
        "SELECT pg_advisory_lock(1), pg_terminate_backend(1)", "SELECT pg_notify('x', pg_read_file('/etc/passwd'))", "SELECT currtid2('guarded', '(0,1)')", "SELECT pg_extension_config_dump('guarded', '')", "SELECT binary_upgrade_set_next_pg_type_oid(1)", "SELECT pg_show_all_file_settings()",
        "SELECT pg_hba_file_rules()", "SELECT * FROM pg_hba_file_rules", "SELECT * FROM pg_file_settings", "SELECT ts_rewrite('a'::tsquery, 'DELETE FROM guarded RETURNING 1')", "SELECT crosstab('DELETE FROM guarded RETURNING 1, 1, 1')", "SELECT cursor_to_xml('x', 1, true, true, '')",
        "SELECT ('change_guarded'::regproc)::text, change_guarded()", "SELECT pg_catalog.lo_export(1, '/tmp/never')",
    ),
    *allowed("g07", "SELECT now(), random() > 2, gen_random_uuid() IS NULL, clock_timestamp() IS NULL", "SELECT pg_backend_pid() > 0, current_setting('search_path'), txid_current_if_assigned()", "SELECT version() <> ''", "SELECT 'pg_read_file(''x'')'"),
    *refused(
        "g08",
        "COPY (SELECT 1) TO PROGRAM 'touch {marker}'", "COPY notes FROM PROGRAM 'touch {marker}; echo'", "COPY notes TO '{marker}'", "COPY (SELECT 1) TO '{marker}'", "COPY notes FROM '/etc/passwd'", "COPY notes TO STDOUT; COPY notes TO '{marker}'", "COPY BINARY notes TO '{marker}'",
        "CREATE EXTENSION file_fdw", "CREATE EXTENSION IF NOT EXISTS adminpack", "DROP EXTENSION dblink", "ALTER EXTENSION dblink UPDATE", "ALTER SYSTEM SET work_mem = '5MB'", "ALTER SYSTEM RESET ALL", "SECURITY LABEL ON TABLE guarded IS 'x'", "SET ROLE postgres", "SET LOCAL ROLE postgres",
        "SET SESSION AUTHORIZATION postgres", "RESET ROLE", "RESET SESSION AUTHORIZATION", "CREATE SERVER s FOREIGN DATA WRAPPER dblink_fdw", "CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN TABLE f (a int) SERVER s", "IMPORT FOREIGN SCHEMA public FROM SERVER s INTO public",
        "CREATE USER MAPPING FOR public SERVER s", "CREATE PUBLICATION p FOR ALL TABLES", "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "ALTER SUBSCRIPTION s DISABLE", "DROP SUBSCRIPTION s", "CREATE ROLE r SUPERUSER", "ALTER ROLE postgres PASSWORD 'x'", "ALTER USER postgres SET search_path = x",
        "DROP ROLE postgres", "GRANT ALL ON guarded TO public", "GRANT pg_read_server_files TO public", "REVOKE ALL ON guarded FROM public", "REASSIGN OWNED BY postgres TO public", "DROP OWNED BY postgres", "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO public", "ALTER TABLE guarded OWNER TO postgres",
        "CREATE DATABASE d", "DROP DATABASE mirror", "ALTER DATABASE shop SET search_path = x", "ALTER DATABASE shop RENAME TO d", "CREATE TABLESPACE t LOCATION '/tmp'", "DROP TABLESPACE t", "LOAD 'x'", "CHECKPOINT", "CREATE LANGUAGE plpython3u", "CREATE ACCESS METHOD a TYPE TABLE HANDLER h",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'", "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION noisy()", "CREATE POLICY p ON guarded", "ALTER TABLE guarded DISABLE ROW LEVEL SECURITY", "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(internal))",
        "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM f", "CREATE CAST (int AS text) WITH FUNCTION f(int)", "PREPARE TRANSACTION 'x'; DROP TABLE guarded", "SET session_replication_role = replica", "SET local_preload_libraries = 'x'", "SET dynamic_library_path = 'x'", "SET row_security = off", "DISCARD ALL", "RESET ALL",
        "ALTER ROLE ALL SET search_path = x", "NOTIFY x; ALTER SYSTEM SET a.b = 'c'", "EXPLAIN ANALYZE CREATE MATERIALIZED VIEW m AS SELECT pg_read_file('x')", "SET allow_system_table_mods = on",
    ),
    *by_writer("g08", "COPY (SELECT 1) TO PROGRAM 'touch {marker}'", "COPY notes FROM PROGRAM 'touch {marker}'", "COPY notes TO '{marker}'", "CREATE EXTENSION file_fdw", "ALTER SYSTEM SET work_mem = '5MB'", "SET ROLE postgres", "GRANT ALL ON notes TO public",
               "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'", "CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'x'", "CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'x'", "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'", "ALTER TABLE notes OWNER TO postgres",
               "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "SELECT lo_export(1, '{marker}')", "DO $$ BEGIN COPY notes TO '{marker}'; END $$", "CREATE TABLE g13 (a text DEFAULT pg_read_file('/etc/passwd'))", "CREATE VIEW g14 AS SELECT pg_read_file('/etc/passwd')", "BEGIN; ALTER FUNCTION change_guarded() SECURITY DEFINER; ROLLBACK"),
    *by_writer(
        "g09",
        "DELETE FROM \"guarded\" WHERE id = 1", "DELETE FROM GUARDED WHERE id = 1", "DELETE FROM public.guarded WHERE id = 1", "DELETE FROM shop.public.guarded WHERE id = 1", "DELETE FROM \"public\".\"guarded\" WHERE id = 1", "DELETE FROM guarded AS notes WHERE notes.id = 1", "UPDATE guarded_view SET v = 'x' WHERE id = 1", "DELETE FROM guarded_view WHERE id = 1",
        "INSERT INTO guarded_view VALUES (9, 'x')", "WITH guarded AS (SELECT 1) DELETE FROM guarded WHERE id = 1", "SELECT * FROM \"Secrets\"", "SELECT * FROM public.\"Secrets\"", "SELECT v FROM \"Secrets\" AS notes", "SELECT * FROM U&\"\\0053ecrets\"", "TABLE \"Secrets\"", "SELECT * FROM secrets_view", "SELECT (SELECT v FROM \"Secrets\")",
        "SELECT * FROM notes, \"Secrets\"", "COPY \"Secrets\" TO STDOUT", "DECLARE c CURSOR FOR TABLE \"Secrets\"", "PREPARE p AS TABLE \"Secrets\"", "CREATE VIEW g15 AS TABLE \"Secrets\"", "EXPLAIN ANALYZE TABLE \"Secrets\"", "WITH s AS (TABLE \"Secrets\") TABLE s", "SELECT * FROM shop.public.\"Secrets\"", "SELECT * FROM ONLY \"Secrets\"",
        "LOCK \"Secrets\"", "TABLE public.\"Secrets\" UNION ALL TABLE notes", "SELECT 1 WHERE EXISTS (TABLE \"Secrets\")", "INSERT INTO notes SELECT * FROM \"Secrets\"", "CREATE TABLE g16 (LIKE \"Secrets\")", "CREATE TABLE g17 () INHERITS (\"Secrets\")", "ALTER TABLE \"Secrets\" RENAME TO public_things", "COMMENT ON COLUMN \"Secrets\".v IS 'x'",
        "SET search_path = other, public; DELETE FROM guarded WHERE id = 1", "SET search_path = public; DELETE FROM guarded WHERE id = 1", "SET search_path = ''; DELETE FROM public.guarded WHERE id = 1", "CREATE TEMP TABLE guarded (id int); DELETE FROM public.guarded WHERE id = 1", "CREATE TEMP VIEW harmless AS SELECT * FROM guarded; DELETE FROM guarded WHERE id = 1",
        "CREATE VIEW g18 AS TABLE guarded; DELETE FROM guarded WHERE id = 1", "ALTER TABLE guarded SET SCHEMA other", "BEGIN; ALTER SCHEMA public RENAME TO private; ROLLBACK", "BEGIN; DROP SCHEMA public CASCADE; ROLLBACK", "SELECT set_config('search_path', 'other', false); DELETE FROM guarded WHERE id = 1",
        "DROP TRIGGER IF EXISTS t ON guarded", "DROP RULE IF EXISTS r ON guarded", "COMMENT ON TABLE public.guarded IS 'x'", "TRUNCATE notes CASCADE", "DROP TYPE IF EXISTS t CASCADE", "WITH guarded AS (SELECT 1) UPDATE guarded SET v = 'x' WHERE id = 1",
        "WITH guarded AS (SELECT 9, 'x') INSERT INTO guarded TABLE guarded", "WITH guarded AS (SELECT 1 AS id) MERGE INTO guarded g USING guarded c ON g.id = c.id WHEN MATCHED THEN DELETE", "ALTER TABLE guarded SET (fillfactor = 50)", "ALTER VIEW secrets_view RENAME TO x",
        forms=("simple", "extended"),
    ),
    *allowed("g09", "UPDATE other.guarded SET v = 'x' WHERE id = 1", agent="writer"),
    *allowed("g09", "SELECT * FROM guarded", "SELECT * FROM guarded_view", "SELECT ssn FROM other.people"),
    *refused("g11", "SELECT 1 FROM", "SELECT '", "SELECT \"", "SELECT $$", "/*", "DELETE FROM guarded WHERE '", "SELECT (((((", "NOT EVEN SQL", "SELECT 1 ?", "SELECT " + "(" * 3000 + "1" + ")" * 3000, "SELECT " + "- " * 20000 + " 1; DELETE FROM guarded", "SELECT " + "NOT " * 20000 + "true; DELETE FROM guarded",
             "SELECT " + "1+" * 50000 + "1; DELETE FROM guarded", "DELETE FROM guarded WHERE id IN (" + "1," * 100000 + "1)", "SELECT " + "CASE WHEN true THEN " * 5000 + "1" + " END" * 5000, "SELECT 1" + " UNION ALL SELECT 1" * 5000 + "; DELETE FROM guarded", "SELECT ARRAY" + "[" * 4000 + "1" + "]" * 4000, "DELETE FROM guarded /* " + "x" * 2000000 + " */"),
    *allowed("g11", "SELECT '\u00e9\u4e2d\U0001f600', length('\u00e9')", "SELECT '" + "x" * 500000 + "' <> ''", "SELECT 1 IN (" + "1," * 2000 + "1)"),
    *refused(
        "g12",
        "SET SERVER ROLE TO 'any'; DELETE FROM guarded", "SET SHARD TO '1'; DELETE FROM guarded", "SET sql_mode = 'ANSI_QUOTES'; DELETE FROM guarded", "/* sluice: off */ DELETE FROM guarded", "SET sluice.enforce = off; DELETE FROM guarded", "SET default_transaction_read_only = off; DELETE FROM guarded", "/*+ NoSeqScan(guarded) */ DELETE FROM guarded",
        "SET transaction_read_only = off; DELETE FROM guarded", "BEGIN READ ONLY; COMMIT; DELETE FROM guarded", "SET client_encoding = SJIS; DELETE FROM guarded", "SET backslash_quote = on; DELETE FROM guarded", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; DELETE FROM guarded", "SET plan_cache_mode = force_generic_plan; DELETE FROM guarded",
        "DISCARD PLANS; DELETE FROM guarded", "SET application_name = 'trusted'; DELETE FROM guarded", "SET check_function_bodies = off; CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'broken'", "SET escape_string_warning = off; SET standard_conforming_strings = off; SELECT 'a\\'''; DELETE FROM guarded",
    ),
]
