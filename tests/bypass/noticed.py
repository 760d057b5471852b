# SPDX-License-Identifier: Apache-2.0
"""Whether a part of an expression ran, how often, and how much it needed, seen elsewhere than in the result: in locks, in what the
session sees of statistics, in counters. And functions that give sets where neither a call nor an operator says so."""
import time

from .cases import CLEAN, HELD, MASKED, Cases, outcome_of
from .masking import held, masked, shown_nothing

IS_Q = "left(ssn, 1) = 'Q'"

CASES = Cases([
    *held(
        "m15",
        # A set, written like a field of what a function gives.
        "SELECT id, EXISTS (SELECT q.unnest FROM array_remove(ARRAY[left(p.ssn, 1)], 'Q') q) FROM people p ORDER BY id",
        "SELECT count(*) FROM people p, LATERAL (SELECT q.unnest FROM CAST(string_to_array(p.ssn, 'Q') AS text[]) q) r",
        "SELECT (SELECT count(*) FROM (SELECT q.unnest FROM COALESCE(p.tags, '{}') q) r) FROM people p",
        "SELECT (SELECT count(*) FROM (SELECT q.jsonb_object_keys FROM jsonb_strip_nulls(p.doc) q) r) FROM people p",
        "SELECT (SELECT count(*) FROM (SELECT (q).unnest FROM array_remove(p.tags, 'Q') q) r) FROM people p",
        "SELECT (SELECT count(*) FROM (SELECT x.unnest FROM array_remove(p.tags, 'Q') WITH ORDINALITY x) r) FROM people p",
        # What takes locks, or changes what the transaction sees.
        f"SELECT {IS_Q} AND pg_get_viewdef('shouted'::regclass) IS NULL FROM people",
        f"SELECT {IS_Q} AND ('shouted'::regclass::oid).pg_get_viewdef IS NULL FROM people",
        f"SELECT {IS_Q} AND pg_stat_clear_snapshot() IS NULL FROM people", f"SELECT {IS_Q} AND pg_stat_get_db_xact_commit(1) > 0 FROM people",
        f"SELECT {IS_Q} OR to_regclass('nosuch' || name) IS NULL FROM people", f"SELECT {IS_Q} OR obj_description(1, 'pg_class') IS NULL FROM people",
        f"SELECT {IS_Q} AND has_table_privilege('orders', 'select') FROM people", f"SELECT {IS_Q} AND pg_relation_size('orders') > 0 FROM people",
        f"SELECT {IS_Q} AND txid_current_snapshot() IS NULL FROM people", f"SELECT {IS_Q} AND pg_table_is_visible('orders'::regclass) FROM people",
        f"SELECT coalesce(nullif({IS_Q}, true)::text, pg_get_indexdef('people_pkey'::regclass)) FROM people",
        # Computed where it is used, though it is written elsewhere.
        f"SELECT {IS_Q} AND q.d IS NOT NULL FROM public.people, (SELECT pg_get_viewdef('shouted'::regclass) AS d) q",
        f"WITH q AS (SELECT pg_get_viewdef('shouted'::regclass) AS d) SELECT {IS_Q} OR d IS NULL FROM public.people, q",
        f"SELECT {IS_Q} AND q.d IS NOT NULL FROM public.people LEFT JOIN LATERAL (SELECT upper(pg_get_viewdef('shouted'::regclass)) AS d) q ON true",
        f"SELECT q.b AND q.d IS NOT NULL FROM (SELECT {IS_Q} AS b, pg_get_viewdef('shouted'::regclass) AS d FROM public.people) q",
        f"SELECT q.b AND q.d > 0 FROM (SELECT {IS_Q} AS b, (SELECT count(*) FROM orders) AS d FROM public.people) q",
        f"SELECT q.b AND q.d FROM (SELECT {IS_Q} AS b, EXISTS (SELECT 1 FROM orders) AS d FROM public.people) q",
        f"SELECT {IS_Q} AND v.definition IS NULL FROM public.people, pg_views v WHERE viewname = 'shouted'",
        f"SELECT coalesce(nullif({IS_Q}, true)::text, r.x) FROM public.people, (SELECT q.x FROM (SELECT pg_get_indexdef('people_pkey'::regclass) AS x) q UNION ALL SELECT 'a') r",
        # Of what the value says.
        "SELECT pg_get_viewdef(('shouted'::regclass::oid::int8 + ascii(ssn) - 81)::oid) IS NULL FROM people", "SELECT pg_relation_size((ascii(ssn) + 1200)::oid::regclass) IS NULL FROM people",
        "SELECT to_regclass(ssn) IS NULL FROM people", "SELECT ((ascii(ssn) + 16384)::oid).pg_get_viewdef FROM people",
        forms=("simple", "extended"),
    ),
    # Everyday functions of a moment, a setting, a locale: beside a sensitive column they are no search.
    *masked(
        "m15",
        "SELECT ssn IS NULL OR now() > '2000-01-01', coalesce(ssn, to_char(now(), 'YYYY')), coalesce(ssn, current_date::text, current_setting('a.b', true)) FROM people",
        "SELECT coalesce(ssn, concat_ws('-', id, name), format('%s', name), quote_literal(name), to_json(name)::text, row_to_json(ROW(1))::text) FROM people",
        "SELECT ssn IS NOT NULL AND date_trunc('day', now()) <= now() AND age(born) IS NOT NULL AND name ~ 'A' AND regexp_replace(name, 'A', 'B') <> '' FROM people",
        "SELECT (ssn, version(), jsonb_build_object('a', id)) = ('x', 'y', '{}'), ssn IN ('a', current_user, session_user::text, array_to_string(ARRAY[name], ',')) FROM people",
        "SELECT ssn > 'M' AND gen_random_uuid() IS NOT NULL, ssn > 'M' AND clock_timestamp() > now(), ssn > 'M' AND to_tsvector('english', name) @@ to_tsquery('ada'), json_agg(name) FROM people GROUP BY id",
        "SELECT extract(year FROM born), coalesce(ssn, lpad(name, 5), pg_typeof(ssn)::text, (now() - interval '1 day')::text, name::varchar(3), to_date('2020', 'YYYY')::text) FROM people",
        forms=("simple", "extended"), twins=False,
    ),
    # Counters.
    *masked(
        "m14", "SELECT temp_files, temp_bytes, blks_hit, blks_read, tup_returned, tup_fetched FROM pg_stat_database", "SELECT pg_stat_get_db_temp_bytes(oid) FROM pg_database",
        "SELECT temp_bytes + 1, temp_files::text FROM pg_stat_database", "SELECT pg_stat_get_xact_numscans('pg_class_relname_nsp_index'::regclass)",
        "SELECT (d.oid).pg_stat_get_db_temp_files FROM pg_database d", "SELECT idx_scan FROM pg_stat_sys_tables", "SELECT idx_blks_hit FROM pg_statio_all_indexes",
        "SELECT toast_blks_hit FROM pg_statio_user_tables", "SELECT pg_stat_get_blocks_fetched(reltoastrelid) FROM pg_class WHERE relname = 'people'",
        forms=("simple",), twins=False,
    ),
    *shown_nothing("m14", "SELECT xact_commit >= 0, deadlocks >= 0 FROM pg_stat_database ORDER BY 1", "SELECT relname, n_live_tup >= 0, seq_scan >= 0 FROM pg_stat_user_tables ORDER BY 1", expect=(CLEAN,)),
])


@CASES.case("m14", "what a value lets be put aside in files shows in no counter", (MASKED,))
def _(bench):
    seen = []
    for database in ("shop", "mirror"):
        conversation = bench.open(database=database)
        conversation.query("SET work_mem = '64kB'")
        for _ in range(2):
            assert not conversation.query("WITH c AS MATERIALIZED (SELECT repeat('x', ascii(substr(ssn, 2)) * 20000) AS x FROM people WHERE id = 1) SELECT count(*) FROM c, c d").errors()
        conversation.close()
        time.sleep(0.3)
        reply = bench.open(database=database).query("SELECT temp_bytes, temp_files, blks_hit FROM pg_stat_database WHERE datname = current_database()")
        seen.append(reply.rows())
    assert seen[0] == seen[1], seen
    return outcome_of(reply)


@CASES.case("m15", "an operator over a function that gives a set", (HELD,), agent="maker")
def _(bench):
    conversation = bench.open()
    try:
        assert not conversation.query("CREATE OPERATOR <##> (FUNCTION = generate_series, LEFTARG = int, RIGHTARG = int)").errors()
        texts = ("SELECT count(*) FROM (SELECT 1 <##> ascii(ssn) FROM people WHERE id = 1) q", "SELECT count(*) FROM (SELECT 1 OPERATOR(public.<##>) ascii(ssn) FROM people) q")
        replies = [bench.open().query(text) for text in texts]
        # Before the catalogue has it.
        for text in texts:
            last = bench.open()
            last.query("BEGIN")
            assert not last.query("CREATE OPERATOR <###> (FUNCTION = generate_series, LEFTARG = int, RIGHTARG = int)").errors()
            replies.append(last.query(text.replace("<##>", "<###>")))
            last.query("ROLLBACK")
        assert all(reply.held for reply in replies), [reply.short() for reply in replies]
        return HELD
    finally:
        bench.world.ask_direct("DROP OPERATOR IF EXISTS public.<##> (int, int)")


@CASES.case("m15", "the check of a domain that looks into the catalogue", (HELD,), agent="maker")
def _(bench):
    conversation = bench.open()
    try:
        assert not conversation.query("CREATE DOMAIN looks AS text CHECK (VALUE <> 'x' OR pg_get_viewdef('shouted'::regclass) IS NOT NULL);"
                                      "CREATE DOMAIN plain AS text CHECK (VALUE <> to_char(now(), 'YYYY'))").errors()
        replies = [bench.open().query(text) for text in (f"SELECT {IS_Q} AND name::looks IS NOT NULL FROM people", "SELECT left(ssn, 1)::looks FROM people")]
        assert all(reply.held for reply in replies), [reply.short() for reply in replies]
        assert outcome_of(bench.open().query("SELECT left(ssn, 1)::plain, name::plain FROM people")) == MASKED
        return HELD
    finally:
        bench.world.ask_direct("DROP DOMAIN IF EXISTS looks, plain")


@CASES.case("m13", "the size of a file that a cursor had put values aside in, told when it ends", (CLEAN,))
def _(bench):
    ask = bench.world.ask_direct
    ask("ALTER SYSTEM SET log_temp_files = 0")
    ask("SELECT pg_reload_conf()")
    wide = "WITH c AS MATERIALIZED (SELECT repeat('x', ascii(substr(ssn, 2)) * 20000) AS x FROM public.people WHERE id = 1) SELECT 1 FROM c, c d"
    try:
        time.sleep(0.3)
        for end in ("CLOSE c", "ROLLBACK", "COMMIT", "SELECT 1; CLOSE ALL", "CLOSE ALL"):
            for severity in ("log", "debug1"):
                conversation = bench.open()
                for text in (f"SET client_min_messages = {severity}", "SET work_mem = '64kB'", "BEGIN", f"DECLARE c CURSOR FOR {wide}", "FETCH ALL FROM c", end):
                    reply = conversation.query(text)
                    assert not reply.errors(), (text, reply.short())
                assert b"temporary file" not in b"".join(body for _, body in conversation.said.messages), conversation.said.short()
                conversation.close()
        return outcome_of(reply)
    finally:
        ask("ALTER SYSTEM RESET log_temp_files")
        ask("SELECT pg_reload_conf()")


@CASES.case("m15", "a view's column that is computed where it is used", (HELD,), agent="maker")
def _(bench):
    try:
        for text in ("CREATE VIEW looking AS SELECT id, item, pg_get_viewdef('shouted'::regclass) AS d FROM orders", "CREATE VIEW above AS SELECT id, item, d AS e FROM looking"):
            assert not bench.open().query(text).errors()
        replies = [bench.open().query(f"SELECT {IS_Q} AND {column} IS NOT NULL FROM public.people, {view} v WHERE v.id = 1") for column, view in (("d", "looking"), ("v.e", "above"))]
        assert all(reply.held for reply in replies), [reply.short() for reply in replies]
        assert outcome_of(bench.open().query(f"SELECT {IS_Q} AND item IS NOT NULL, v.e IS NULL FROM public.people, above v WHERE v.id = 1")) == MASKED
        return HELD
    finally:
        bench.world.ask_direct("DROP VIEW IF EXISTS above, looking")
