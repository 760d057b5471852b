# SPDX-License-Identifier: Apache-2.0
"""COPY says how many columns come, not which: they are others when it begins, and the catalogue of before is not asked for while a
transaction with DDL of its own is open."""
import contextlib
import threading

import psycopg2

from support.places import wait_for

from .cases import CLEAN, MASKED, Cases, outcome_of

CASES = Cases(agent="writer")
# Of `base`, ssn is the second column, then the first; cv shows names, then ssn.
CHANGES = {
    "COPY public.base TO STDOUT": "ALTER TABLE public.base DROP COLUMN name, ADD COLUMN balance int",
    "COPY (SELECT x FROM public.cv) TO STDOUT": "CREATE OR REPLACE VIEW public.cv AS SELECT id, ssn AS x FROM public.people",
}


@contextlib.contextmanager
def prepared(bench):
    direct = bench.world.ask_direct
    direct("CREATE TABLE base (name text NOT NULL, ssn text); ALTER TABLE people INHERIT base;"
           "INSERT INTO base SELECT name, ssn FROM people; CREATE VIEW cv AS SELECT id, name AS x FROM people")
    for number, change in enumerate(CHANGES.values()):
        direct(f"CREATE FUNCTION changes_{number}() RETURNS int LANGUAGE plpgsql AS $$ BEGIN {change}; RETURN 1; END $$")
    maker = bench.open("maker")
    maker.query("CREATE TABLE seen (a int); DROP TABLE seen")
    try:
        yield
    finally:
        for conversation in bench.conversations:
            conversation.query("ROLLBACK")
        direct("DROP VIEW cv; ALTER TABLE people NO INHERIT base; DROP TABLE base; DROP FUNCTION changes_0(), changes_1()")
        maker.query("CREATE TABLE seen (a int); DROP TABLE seen")


@contextlib.contextmanager
def changed_by(bench, change, direct):
    """In an open transaction; what is yielded commits it."""
    if not direct:
        conversation = bench.open("maker")  # its agent is another process
        assert not conversation.query("BEGIN").errors()
        done = conversation.query(change)
        assert not done.errors() and not done.held, done.short()
        yield lambda: conversation.query("COMMIT")
        return
    connection = psycopg2.connect(host=str(bench.world.postgres.home), port=bench.world.postgres.port, user="postgres", dbname="shop")
    try:
        connection.cursor().execute(change)
        yield connection.commit
    finally:
        connection.close()


for copy, change in CHANGES.items():
    for direct in (False, True):
        # To show ssn in a view is to copy it; that somebody approves.
        if not direct and "VIEW" in change:
            continue

        @CASES.case("m10", f"{change[:20]}... by {'an administrator' if direct else 'another agent'} while COPY waits, behind own DDL", (MASKED,))
        def _(bench, copy=copy, change=change, direct=direct):
            with prepared(bench):
                conversation, replies = bench.open(), []
                assert not conversation.query("BEGIN; CREATE TEMP TABLE own (id int)").errors()
                with changed_by(bench, change, direct) as commit:
                    thread = threading.Thread(target=lambda: replies.append(conversation.query(copy)))
                    thread.start()
                    wait_for("COPY to wait", lambda: bench.world.ask_direct("SELECT 1 FROM pg_locks WHERE NOT granted"))
                    commit()
                    thread.join()
                assert replies[0].tags() == ["COPY 3"], replies[0].short()
                return outcome_of(replies[0])

    @CASES.case("m10", f"{change[:20]}... by a function that the transaction itself has called before COPY", (MASKED,))
    def _(bench, copy=copy, number=list(CHANGES).index(copy)):
        with prepared(bench):
            conversation = bench.open()
            assert not conversation.query(f"BEGIN; SELECT changes_{number}()").errors()
            reply = conversation.query(copy)
            assert reply.tags() == ["COPY 3"], reply.short()
            return outcome_of(reply)


@CASES.case("m10", "COPY behind own DDL that moves nothing is what it was", (CLEAN,))
def _(bench):
    conversation = bench.open()
    conversation.query("BEGIN; CREATE TEMP TABLE own (id int)")
    replies = [conversation.query(text) for text in ("COPY (SELECT id, name FROM public.people ORDER BY id) TO STDOUT", "COPY orders TO STDOUT")]
    conversation.query("ROLLBACK")
    assert replies[0].copied() == b"1\tAda\n2\tBob\n3\tCy\n" and replies[1].tags() == ["COPY 4"], [reply.short() for reply in replies]
    return outcome_of(replies[1])
