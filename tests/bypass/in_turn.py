# SPDX-License-Identifier: Apache-2.0
"""A part that runs or not, or as often as values differ, where neither AND nor CASE says so: a row that is asked whether it is NULL,
a LATERAL item that is kept for the next row with the same values. And what of it can be seen elsewhere."""
from .cases import CLEAN, HELD, Cases, outcome_of
from .masking import held, masked, shown_nothing

NULL_IF_Q = "nullif(left(ssn, 1), 'Q')"
LOCKS = "pg_get_viewdef('shouted'::regclass)"

CASES = Cases([
    *held(
        "m15",
        # The columns of a row are asked one after the other.
        f"SELECT ROW({NULL_IF_Q}, set_config('a.b', 'yes', false)) IS NOT NULL FROM people", f"SELECT ({NULL_IF_Q}, {LOCKS}) IS NULL FROM people",
        f"SELECT ({NULL_IF_Q}, (SELECT count(*) FROM orders)) IS NOT NULL FROM people", f"SELECT NOT (({LOCKS}, 1, {NULL_IF_Q}) IS NULL) FROM people",
        f"SELECT ({NULL_IF_Q}, {LOCKS}) IS DISTINCT FROM NULL FROM people", f"SELECT coalesce(NULL, ROW({NULL_IF_Q}, {LOCKS})) IS NULL FROM people",
        f"SELECT (CASE WHEN true THEN ROW({NULL_IF_Q}, {LOCKS}) END) IS NULL FROM people", f"SELECT (ROW({NULL_IF_Q}, {LOCKS})::record) IS NULL FROM people",
        f"SELECT NULL = ({NULL_IF_Q}, {LOCKS}) FROM people",
        # So are those of a subquery's.
        *(f"SELECT {test} FROM (SELECT {NULL_IF_Q} AS a, {LOCKS} AS b FROM people) q" for test in (
            "q IS NOT NULL", "q IS NULL", "q.* IS NULL", "ROW(q.*) IS NULL", "q = NULL", "NULL = q", "q IS DISTINCT FROM NULL", "NULL IS NOT DISTINCT FROM q", "(a, b) IS NULL", "ROW(q.*) = ROW('x', 'y')",
            "q IS DISTINCT FROM NULL::record", "(SELECT q) IS NULL OR q IS NULL", "coalesce(q) IS NULL")),
        f"WITH q AS (SELECT {NULL_IF_Q} AS a, {LOCKS} AS b FROM people) SELECT q IS NULL FROM q", f"SELECT r IS NULL FROM (SELECT ROW({NULL_IF_Q}, {LOCKS}) AS r FROM people) q",
        f"SELECT q.r IS NULL FROM (SELECT ROW({NULL_IF_Q}, {LOCKS}) AS r, u.* FROM people, unnest(ARRAY[1]) u) q",
        f"SELECT j IS NULL FROM (people JOIN (SELECT {LOCKS} AS b) v ON true) j", f"SELECT q.r IS NULL FROM (SELECT q AS r FROM (SELECT {NULL_IF_Q} AS a, {LOCKS} AS b FROM people) q) q",
        # Makes the temporary schema, where search_path begins with that.
        *(f"SELECT left(ssn, 1) = 'Q' AND {call} FROM people" for call in (
            "current_schema() IS NOT NULL", "current_schema IS NOT NULL", "CURRENT_SCHEMA::text <> ''", "current_schemas(false) IS NOT NULL", "pg_catalog.current_schema() <> ''")),
        f"SELECT ({NULL_IF_Q}, current_schema) IS NULL FROM people", f"SELECT coalesce({NULL_IF_Q}, current_schema) FROM people",
        "SELECT left(ssn, 1) = 'Q' AND q.s IS NULL FROM people, (SELECT current_schema AS s) q",
        # Immutable, though it locks.
        "SELECT left(ssn, 1) = 'Q' AND satisfies_hash_partition('orders'::regclass, 2, 0, id) FROM people",
        # Kept for the next row with the same values.
        "SELECT count(*) FROM public.people p, LATERAL (SELECT left(p.ssn, 1) AS x, o.id FROM public.orders o OFFSET 0) q",
        "SELECT count(*) FROM public.people, LATERAL (SELECT left(ssn, 1) AS x, o.id FROM public.orders o OFFSET 0) q",
        "SELECT count(*) FROM public.people p LEFT JOIN LATERAL (SELECT p.ssn, max(o.id) FROM public.orders o) q ON true",
        "SELECT count(*) FROM public.people p CROSS JOIN (public.orders o LEFT JOIN LATERAL (SELECT left(p.ssn, 1) AS x) q ON true)",
        "SELECT count(*) FROM public.people p, LATERAL (SELECT p.*, o.* FROM public.orders o OFFSET 0) q", "SELECT count(*) FROM public.people p, LATERAL (SELECT p, o.id FROM public.orders o OFFSET 0) q",
        "SELECT count(*) FROM public.people, LATERAL (SELECT public.people.ssn, o.id FROM public.orders o OFFSET 0) q",
        "WITH c AS (SELECT id FROM orders) SELECT count(*) FROM public.people p, LATERAL (SELECT left(p.ssn, 1) AS x, c.id FROM c OFFSET 0) q",
        f"SELECT count(*) FROM public.people p, LATERAL (SELECT left(p.ssn, 1) AS x, {LOCKS} AS d OFFSET 0) q",
        f"SELECT count(*) FROM (SELECT {LOCKS} AS d OFFSET 0) v, public.people p, LATERAL (SELECT left(p.ssn, 1) AS x, v.d OFFSET 0) q",
        f"SELECT count(*) FROM public.people p, LATERAL ROWS FROM (upper(left(p.ssn, 1)), upper({LOCKS})) q",
        "SELECT count(*) FROM public.people p, LATERAL (SELECT (SELECT left(p.ssn, 1)) AS x, o.id FROM public.orders o OFFSET 0) q",
        "SELECT count(*) FROM public.people p, LATERAL (SELECT left(p.ssn, 1) AS x UNION ALL SELECT o.item FROM public.orders o) q",
        forms=("simple", "extended"),
    ),
    # Rows, and what is NULL, tell by themselves.
    *held(
        "m14", "SELECT used_bytes FROM pg_backend_memory_contexts", "SELECT name FROM pg_backend_memory_contexts", "SELECT count(*) FROM pg_catalog.pg_backend_memory_contexts", "TABLE pg_backend_memory_contexts",
        "SELECT 1 FROM pg_get_backend_memory_contexts()", "SELECT funcname FROM pg_stat_user_functions", "SELECT count(*) FROM pg_stat_xact_user_functions", "SELECT pg_stat_get_xact_function_calls(1)",
        "SELECT (oid).pg_stat_get_function_calls FROM pg_proc", "SELECT EXISTS (SELECT FROM pg_stat_xact_user_functions)", "WITH q AS (TABLE pg_stat_user_functions) SELECT 1 FROM q",
    ),
    *masked("m14", "SELECT pg_tablespace_size('pg_default')", "SELECT spcname, pg_size_pretty(pg_tablespace_size(oid)) FROM pg_tablespace", forms=("simple",), twins=False),
    # A column that is NULL, as it was; and what stands beside.
    *masked(
        "m15",
        "SELECT ssn, ssn IS NULL, upper(ssn) IS NOT NULL, (ssn, name) IS NULL, ROW(people.*) IS NULL, people IS NULL FROM people",
        "SELECT ssn, q IS NOT NULL, q = NULL, q.ssn IS DISTINCT FROM NULL FROM (SELECT id, ssn FROM people) q", "SELECT ssn, q IS NULL FROM people p LEFT JOIN (SELECT o.id, o.item, count(*) FROM orders o GROUP BY 1, 2) q ON q.id = p.id",
        "SELECT ssn, current_schema(), current_schemas(false), CURRENT_SCHEMA FROM people",
        # LATERAL: of clear columns, or of nothing but the row.
        "SELECT p.ssn, q.item FROM people p, LATERAL (SELECT o.item FROM orders o WHERE o.id = p.id LIMIT 1) q", "SELECT q.x FROM people p, LATERAL (SELECT left(p.ssn, 1) AS x) q",
        "SELECT p.name, q.ssn FROM people p CROSS JOIN LATERAL (SELECT ssn, r.name FROM public.people r WHERE r.id = p.id) q", "SELECT p.ssn, q.n FROM people p LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders o WHERE o.id = p.id) q ON true",
        "SELECT p.ssn, u FROM people p, LATERAL upper(p.ssn) u", "SELECT p.name, q.ssn FROM people p, LATERAL (SELECT r.ssn, p.id FROM people r ORDER BY r.id LIMIT 1) q",
        forms=("simple", "extended"), twins=False,
    ),
    *shown_nothing("m15", "SELECT current_schema()", "SELECT current_schema, current_schemas(true)", "SELECT q IS NOT NULL, current_schema IS NOT NULL FROM (SELECT id, pg_get_viewdef('shouted'::regclass) AS d FROM orders) q",
                   "SELECT n.nspname FROM pg_namespace n WHERE n.nspname = current_schema() AND n.nspname = ANY (current_schemas(false))", "SELECT o.id, q.n FROM orders o, LATERAL (SELECT count(*) AS n FROM orders p WHERE p.id = o.id) q", expect=(CLEAN,)),
])


@CASES.case("m15", "= NULL that asks whether it is NULL", (HELD,))
def _(bench):
    conversation = bench.open(agent="reader")
    assert not conversation.query("SET transform_null_equals = on").errors()
    reply = conversation.query(f"SELECT q = NULL FROM (SELECT {NULL_IF_Q} AS a, {LOCKS} AS b FROM people) q")
    return outcome_of(reply)


@CASES.case("m14", "a view over what tells by its rows", (HELD,), agent="maker")
def _(bench):
    ask = bench.world.ask_direct
    ask("CREATE VIEW public.monitored AS SELECT funcname FROM pg_stat_user_functions")
    try:
        for _ in range(2):
            reply = bench.open(agent="reader").query("SELECT count(*) FROM public.monitored")
            assert reply.held, reply.short()
        return outcome_of(reply)
    finally:
        ask("DROP VIEW public.monitored")
