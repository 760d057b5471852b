# SPDX-License-Identifier: Apache-2.0
"""What a value decides beside the cells: which parts of a statement run, how many rows a function gives that is written like a
field, where an array begins, in what order rows lie that nobody sorted."""
from . import wire
from .cases import CLEAN, FORMS, MASKED, Case, outcome_of
from .masking import held, masked

YES = "set_config('a.b', 'yes', false)"
PIN = "(SELECT (pin % 1000000000)::int FROM public.people WHERE id = 1)"

CASES = [
    *held(
        "m15",
        # A function that gives a set, written like a field.
        "SELECT id, EXISTS (SELECT (array_remove(ARRAY[left(ssn, 1)], 'Q')).unnest) FROM public.people ORDER BY id",
        "SELECT count(*) FROM (SELECT (string_to_array(ssn, 'Q')).unnest FROM public.people) q",
        "SELECT count(*) FROM (SELECT (doc).jsonb_object_keys FROM public.people) q", "SELECT (tags).unnest, 1 FROM public.people",
        "SELECT count(*) FROM (SELECT (a.t).unnest FROM (SELECT string_to_array(ssn, 'Q') AS t FROM public.people) a) q",
        # Positions of the target list.
        "SELECT left(ssn, 1) = 'Q', min(id), count(*) FROM public.people GROUP BY (1, 1)", "SELECT left(ssn, 1) = 'Q', count(*) FROM public.people GROUP BY (1)",
        "SELECT left(ssn, 1) = 'Q', min(id), count(*) FROM public.people GROUP BY ROLLUP ((1, 1))",
        "SELECT left(ssn, 1) = 'Q', min(id), count(*) FROM public.people GROUP BY CUBE ((1, 1))",
        "SELECT left(ssn, 1) = 'Q', name, count(*) FROM public.people GROUP BY GROUPING SETS ((1, 2), (2))",
        "SELECT left(ssn, 1) = 'Q' AS q, name, count(*) FROM public.people GROUP BY (2, (q, 2))",
        # Arguments of window functions.
        f"SELECT lag(name, ascii(ssn) - 81, {YES}) OVER (ORDER BY id) FROM public.people", f"SELECT lead(name, ascii(ssn) - 81, {YES}) OVER (ORDER BY id) FROM public.people",
        f"SELECT nth_value({YES}, ascii(ssn) - 80) OVER (ORDER BY id) FROM public.people", "SELECT lead(name, ascii(ssn) - 81, random()::text) OVER (ORDER BY id) FROM public.people",
        "SELECT lag(name, ascii(ssn) - 81, (SELECT count(*) FROM orders)::text) OVER w FROM public.people WINDOW w AS (ORDER BY id)",
        f"SELECT 1 FROM public.people p, XMLTABLE('/r' PASSING CAST('<r><Q>1</Q></r>' AS xml) COLUMNS x text PATH (left(p.ssn, 1)) DEFAULT ({YES})) x",
        # A column is no place for what a value says.
        f"INSERT INTO arrays (a[{PIN}]) VALUES ('x') RETURNING array_lower(a, 1)", f"INSERT INTO arrays (a[1:{PIN}]) SELECT ARRAY['x']",
        f"MERGE INTO arrays USING (SELECT 1) q ON false WHEN NOT MATCHED THEN INSERT (a[{PIN}]) VALUES ('x')",
        f"UPDATE arrays SET a[{PIN}] = 'x'", f"INSERT INTO arrays (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET a[{PIN}] = 'x'",
        # What lies in the order of values.
        "CREATE INDEX g42 ON people (pin) INCLUDE (id)", "CREATE INDEX g42 ON people (pin, id)", "CREATE INDEX g42 ON people (id, pin)",
        "CREATE INDEX g42 ON people (pin) WHERE id > 0", "CLUSTER people USING people_ssn_key", "CLUSTER people", "CLUSTER VERBOSE people USING people_ssn_key",
        "ALTER TABLE people CLUSTER ON people_ssn_key", "CLUSTER kept USING nosuch",
        forms=("simple", "extended"),
    ),
    *masked("m15", f"SELECT lag(ssn, 1, 'x') OVER (ORDER BY id), lag(name, 1, {YES}) OVER (ORDER BY id) FROM public.people",
            "SELECT (doc).jsonb_typeof, (ssn).upper FROM public.people", forms=("simple",)),
    # Bytes of a large object are left behind by as many as were read.
    *held("m16", "SELECT loread(0, ascii(ssn)) FROM public.people WHERE id = 1", "SELECT lo_open(ascii(ssn), 262144) FROM public.people WHERE id = 1", agent="writer"),
]


@(lambda function: CASES.append(Case("m08", "what is ordinary about indexes, clusters and arrays goes on", (CLEAN,), agent="maker", steps=function)))
def _(bench):
    ask = bench.world.ask_direct
    conversation = bench.open()
    try:
        for text in ("INSERT INTO arrays (id, a[1], a[2]) VALUES (1, 'x', 'y')", "UPDATE arrays SET a[3] = 'z' WHERE id = 1", "CREATE INDEX g43 ON people (balance)",
                     "CREATE INDEX g44 ON people (id) INCLUDE (balance)", "CREATE INDEX g45 ON orders (item, price) INCLUDE (id)", "CLUSTER orders USING orders_pkey"):
            reply = conversation.talk(wire.query(text))
            assert not reply.errors() and not reply.held, (text, reply.short())
        return outcome_of(conversation.query("SELECT a FROM arrays WHERE id = 1"))
    finally:
        ask("DROP INDEX IF EXISTS g43, g44, g45; ALTER TABLE orders SET WITHOUT CLUSTER; DELETE FROM arrays")


@(lambda function: CASES.append(Case("m07", "a computed column of a view: NULL or not, and how long", (MASKED,), agent="reader", steps=function)))
def _(bench):
    ask = bench.world.ask_direct
    for database in ("shop", "mirror"):
        ask("CREATE VIEW v46 AS SELECT id, nullif(left(ssn, 1), 'Q') AS a, nullif(ssn, 'x')::bpchar AS b FROM people; CREATE VIEW v47 AS SELECT id, a, b FROM v46", database)
    try:
        # So that the catalogue is read again.
        assert not bench.open("maker").query("CREATE TABLE g46 (a int)").errors()
        assert not bench.open("maker", database="mirror").query("CREATE TABLE g46 (a int)").errors()
        for text in ("SELECT a, b FROM v46 ORDER BY id", "SELECT a, b FROM v47 ORDER BY id", "SELECT a FROM v46 UNION ALL SELECT a FROM v47",
                     "SELECT (SELECT a FROM v46 z WHERE z.id = v.id) FROM v47 v ORDER BY id", "SELECT * FROM v46 ORDER BY id"):
            for form in ("simple", "undescribed binary", "copy", "copy csv"):
                if form.startswith("copy"):
                    replies = [bench.open("writer", database=database).talk(FORMS[form](text)) for database in ("shop", "mirror")]
                else:
                    replies = [bench.open(database=database).talk(FORMS[form](text)) for database in ("shop", "mirror")]
                assert replies[0].comparable() == replies[1].comparable(), (form, text, replies[0].short(), replies[1].short())
                assert replies[0].copied() == replies[1].copied(), (form, text, replies[0].copied(), replies[1].copied())
        rows = bench.open().query("SELECT a FROM v46 ORDER BY id").rows()
        assert rows == [[b"[redacted]"]] * 3, rows
        return MASKED
    finally:
        for database in ("shop", "mirror"):
            ask("DROP VIEW v47, v46; DROP TABLE IF EXISTS g46", database)
