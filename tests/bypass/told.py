# SPDX-License-Identifier: Apache-2.0
"""Where something else than a cell tells of a value: whether a part of an expression ran, how many rows came, what the planner
counted; and values that reach other code by a way that no cast or operator names."""
from .cases import CLEAN, HELD, REFUSED
from .masking import held, masked, shown_nothing

# Runs or not by what stands before it; that it ran is seen elsewhere.
SEEN_ELSEWHERE = ("nextval('counter') > 0", "set_config('a.b', 'yes', false) = 'x'", "pg_notify('c', 'x') IS NULL", "random() > 2",
                  "txid_current() > 0", "pg_sleep(0.01) IS NULL", "mumble(1) = 1", "pg_try_advisory_lock(1)", "lo_creat(-1) = 0",
                  "(SELECT count(*) FROM orders) > 0", "EXISTS (SELECT 1 FROM orders)", "currval('counter') > 0", "1 |+| 1 > 0")

CASES = [
    *held("m15", *(f"SELECT (left(ssn, 1) = 'Q') AND {call} FROM public.people" for call in SEEN_ELSEWHERE), forms=("simple",)),
    *held(
        "m15",
        "SELECT (left(ssn, 1) = 'Q') OR nextval('counter') > 0 FROM people",
        "SELECT NOT (ssn > 'M' AND (balance = 0 OR nextval('counter') > 0)) FROM people",
        "SELECT coalesce(nullif(left(ssn, 1), 'Q'), nextval('counter')::text) FROM people",
        "SELECT left(ssn, 1) IN ('Q', nextval('counter')::text) FROM people",
        "SELECT left(ssn, 1) NOT IN (nextval('counter')::text, 'x') FROM people",
        "SELECT ssn BETWEEN 'A' AND nextval('counter')::text FROM people",
        "SELECT (left(ssn, 1), nextval('counter')) < ('Q', 1) FROM people",
        "SELECT ('Q', 1) = (left(ssn, 1), nextval('counter')) FROM people",
        "SELECT (nullif(tags, '{x}'))[nextval('counter')] FROM people",
        "SELECT ssn = ANY (SELECT item FROM orders) FROM people",
        "SELECT ssn IN (SELECT nextval('counter')::text FROM orders) FROM people",
        "SELECT 'x' <> ALL (SELECT ssn FROM people) FROM orders",
        "WITH c AS MATERIALIZED (SELECT nextval('counter') AS n) SELECT (ssn > 'M') AND (SELECT n FROM c) > 0 FROM people",
        "SELECT (number > 'M') AND nextval('counter') > 0 FROM contacts",
        "SELECT bool_or((ssn > 'M') AND nextval('counter') > 0) FROM people",
        "EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) SELECT (left(ssn, 1) = 'Q') AND (SELECT count(*) FROM orders o WHERE o.id = p.id) > 0 FROM people p",
        # A guess at the value, or at a part of it, ends the recursion.
        "WITH RECURSIVE s AS (SELECT 'Q'::text AS x, 0 AS n UNION ALL SELECT left(p.ssn, 1), n + 1 FROM s JOIN people p ON p.id = n + 1)"
        " CYCLE x SET c USING path SELECT n FROM s",
        "WITH RECURSIVE s AS (SELECT * FROM people UNION ALL SELECT p.* FROM s JOIN people p ON p.id = s.id + 1) CYCLE pin SET c USING path SELECT id FROM s",
        "SELECT o.id FROM orders o TABLESAMPLE bernoulli (50) REPEATABLE ((SELECT pin FROM people WHERE id = 1))",
        "INSERT INTO people (id, name, ssn) VALUES (1, 'x', 'y') ON CONFLICT DO NOTHING",
        "INSERT INTO people VALUES (1, 'x', 'y') ON CONFLICT DO NOTHING",
        "INSERT INTO people (id, name, ssn) VALUES (1, 'x', 'y') ON CONFLICT ON CONSTRAINT people_ssn_key DO NOTHING",
        "ALTER DOMAIN kept_text ADD CHECK (VALUE > 'M')", "ALTER DOMAIN kept_text VALIDATE CONSTRAINT kept_text_check",
        forms=("simple", "extended"),
    ),
    # The same, where nothing depends on a value: must stay possible.
    *masked(
        "m15",
        "SELECT coalesce(ssn, ''), coalesce(ssn_of(id), ''), now() FROM public.people", "SELECT (ssn > 'M') AND balance = 0, random() > 2 FROM public.people",
        "SELECT ssn IS NULL OR name = 'x', (SELECT count(*) FROM orders) FROM public.people", "SELECT ssn IN ('a', 'b'), (ssn, id) = ('a', 1) FROM public.people",
        twins=False,
    ),
    *shown_nothing("m15", "INSERT INTO public.people (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING", expect=(CLEAN,)),
    # Relations of one name, told apart by their schemas.
    *masked(
        "m06",
        "SELECT upper(public.people.ssn) FROM other.people, public.people", "SELECT upper(public.people.ssn) FROM other.people RIGHT JOIN public.people ON true",
        "SELECT (SELECT upper(public.people.ssn) FROM other.people) FROM public.people",
        "SELECT (SELECT upper(shop.public.people.ssn) FROM other.people) FROM public.people",
        "WITH people AS (SELECT 'x'::text AS ssn) SELECT (SELECT upper(public.people.ssn) FROM people) FROM public.people",
        "SELECT ROW(public.people.*)::text FROM other.people, public.people", "SELECT to_json(public.people.ssn) FROM other.people, public.people",
        "SELECT (SELECT string_agg(public.people.ssn, '') FROM other.people) FROM public.people",
        forms=("simple", "extended"), twins=False,
    ),
    # That there is a notice.
    *masked("m12", "SELECT (split_part(ssn, 'V', 2))::tsquery FROM people ORDER BY id", "SELECT (left(ssn, 1) || ' & the')::tsquery, split_part(ssn, 'V', 1)::tsquery FROM people"),
    # How values are spread, and in what order they lie.
    *masked(
        "m14", "SELECT correlation FROM pg_stats WHERE schemaname = 'public' AND tablename = 'people' AND attname = 'ssn'",
        "SELECT stanumbers1 FROM pg_statistic WHERE starelid = 'public.people'::regclass ORDER BY staattnum", forms=("simple", "extended"),
    ),
    *shown_nothing("m14", "SELECT avg_width, n_distinct FROM pg_stats WHERE schemaname = 'public' AND tablename = 'people' ORDER BY attname", expect=(CLEAN,)),
    # Checks of types that a value names.
    *shown_nothing(
        "m02",
        "SELECT array_in(textout('{' || ssn || '}'), 'kept_text'::regtype::oid, -1) FROM people WHERE id = 1",
        "SELECT domain_in(textout(ssn), 'kept_text'::regtype::oid, -1) FROM people WHERE id = 1",
        "SELECT record_in(textout('(' || ssn || ')'), 'kept_text'::regtype::oid, -1) FROM people WHERE id = 1",
        "SELECT array_in('{x}', 'kept_text'::regtype::oid, -1)", "SELECT (ssn).kept_text FROM public.people WHERE id = 1",
        "SELECT kept_text(ssn) FROM public.people WHERE id = 1", "SELECT (p.person).ssn.kept_text FROM holders p WHERE id = 1",
        "CREATE CAST (people AS json) WITH FUNCTION g31(people)", "CREATE CAST (people AS text) WITH FUNCTION g31(people) AS ASSIGNMENT",
        "CREATE OPERATOR CLASS g30 FOR TYPE text USING btree AS OPERATOR 1 <, FUNCTION 1 bttextcmp(text, text)",
        expect=(REFUSED, HELD),
    ),
]
