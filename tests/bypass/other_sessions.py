# SPDX-License-Identifier: Apache-2.0
"""What one session does to another one's temporary relations, of which only that other one's statements tell."""
from .cases import FAILED, HELD, MASKED, REFUSED, Case, outcome_of

CASES = []
STOPPED = (HELD, REFUSED)
UNDO = "DROP COLLATION IF EXISTS c9 CASCADE; DROP TABLE IF EXISTS rows9 CASCADE; DROP SCHEMA IF EXISTS s9 CASCADE"
SCHEMA = "SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()"
CAPTURED = "SELECT (SELECT body FROM {} LIMIT 1) FROM (SELECT ssn AS body FROM public.people) q"
OUTER = "SELECT (SELECT ssn FROM holds9 LIMIT 1)::text FROM public.people"


def case(makes, changes, reads):
    def steps(bench):
        try:
            owner, other = bench.open(), bench.open()
            for text in makes:
                assert not owner.query(text).errors(), text
            schema = owner.query(SCHEMA).rows()[0][0].decode()
            changed = [other.query(text.format(schema=schema)) for text in changes]
            read = owner.query(reads)
            for reply in (*changed, read):
                bench.look_at(reply)
            stopped = [outcome_of(reply) for reply in changed if outcome_of(reply) in STOPPED]
            return stopped[0] if stopped else outcome_of(read)
        finally:
            for conversation in bench.conversations:
                conversation.close()
            bench.world.ask_direct(UNDO)
    CASES.append(Case("m06", f"another session changes a temporary relation: {' / '.join(makes + changes)}", (*STOPPED, MASKED, FAILED),
                      agent="maker", steps=steps))


HOLDS = ["CREATE TEMP TABLE holds9 (id int, body text)", "INSERT INTO holds9 VALUES (1, 'x')"]
VIEW = ["CREATE TEMP VIEW holds9 AS SELECT 1 AS id"]
case(HOLDS, ["ALTER TABLE {schema}.holds9 RENAME COLUMN body TO x"], CAPTURED.format("holds9"))
case(HOLDS, ["SET search_path = {schema}, public", "ALTER TABLE holds9 RENAME COLUMN body TO x"], CAPTURED.format("holds9"))
case(HOLDS, ["SELECT set_config('search_path', '{schema}', false)", "ALTER TABLE holds9 RENAME COLUMN body TO x"], CAPTURED.format("holds9"))
case(HOLDS, ["SELECT set_config('search_path', U&'\\0070g_temp_' || substr('{schema}', 9), false)", "ALTER TABLE holds9 RENAME COLUMN body TO x"],
     CAPTURED.format("holds9"))
case(HOLDS, ["SELECT set_config('SEARCH_path', concat('{schema}'), false)", "ALTER TABLE holds9 RENAME COLUMN body TO x"], CAPTURED.format("holds9"))
case(HOLDS, ["DO $$ BEGIN ALTER TABLE {schema}.holds9 RENAME COLUMN body TO x; END $$"], CAPTURED.format("holds9"))
case(VIEW, ["ALTER VIEW {schema}.holds9 RENAME TO notes"], CAPTURED.format("notes"))
case(VIEW, ["ALTER TABLE {schema}.holds9 RENAME TO notes"], CAPTURED.format("notes"))
case(["CREATE COLLATION c9 FROM \"C\"", "CREATE TEMP TABLE holds9 (id int, ssn text COLLATE c9)", "INSERT INTO holds9 VALUES (1, 'x')"],
     ["DROP COLLATION c9 CASCADE"], OUTER)
case(["CREATE TABLE rows9 (a int)", "CREATE TEMP TABLE holds9 (id int, ssn rows9)", "INSERT INTO holds9 VALUES (1, NULL)"], ["DROP TABLE rows9 CASCADE"], OUTER)
case(["CREATE TABLE rows9 (a int)", "CREATE TEMP TABLE holds9 AS SELECT 1 AS id, NULL::rows9 AS ssn"], ["DROP TABLE rows9 CASCADE"], OUTER)
case(["CREATE TABLE rows9 (a int)", "CREATE TEMP TABLE holds9 (id int)", "ALTER TABLE holds9 ADD ssn rows9", "INSERT INTO holds9 VALUES (1)"],
     ["DROP TABLE rows9 CASCADE"], OUTER)
case(["CREATE TABLE rows9 (a int)", "CREATE TEMP TABLE holds9 (id int, ssn rows9[])", "INSERT INTO holds9 VALUES (1, NULL)"], ["DROP TABLE rows9 CASCADE"], OUTER)
case(["CREATE SCHEMA s9", "CREATE DOMAIN s9.d9 AS text", "CREATE TEMP TABLE holds9 (id int, ssn s9.d9)", "INSERT INTO holds9 VALUES (1, 'x')"],
     ["DROP SCHEMA s9 CASCADE"], OUTER)
