# SPDX-License-Identifier: Apache-2.0
"""What the daemon knows of the database is not what the database is at that moment: somebody has just changed it, or keeps it
from being read."""
import contextlib
import threading

import psycopg2

from support.places import wait_for

from .cases import CLEAN, MASKED, Case, outcome_of

CASES = []


def case(row, what, expect, agent="writer"):
    def take(function):
        CASES.append(Case(row, what, expect, agent=agent, steps=function))
        return function
    return take


@contextlib.contextmanager
def transaction(bench, *statements):
    """Of somebody else's, past Sluice; undone at the end."""
    connection = psycopg2.connect(host=str(bench.world.postgres.home), port=bench.world.postgres.port, user="postgres", dbname="shop")
    try:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        yield cursor
    finally:
        connection.rollback()
        connection.close()


@contextlib.contextmanager
def waiting_for(bench, statement):
    """Somebody whose statement waits for a lock, until the end."""
    with transaction(bench, "SELECT pg_backend_pid()") as cursor:
        pid = cursor.fetchone()[0]
        thread = threading.Thread(target=_quietly, args=(cursor, statement))
        thread.start()
        wait_for("a lock to be waited for", lambda: bench.world.ask_direct(f"SELECT 1 FROM pg_locks WHERE pid = {pid} AND NOT granted"))
        try:
            yield
        finally:
            bench.world.ask_direct(f"SELECT pg_cancel_backend({pid})")
            thread.join()


def _quietly(cursor, statement):
    with contextlib.suppress(psycopg2.Error):
        cursor.execute(statement)


@case("m07", "somebody holds an exclusive lock on a table below views", (MASKED,))
def _(bench):
    conversation = bench.open()
    conversation.query("DROP TABLE IF EXISTS made_meanwhile")
    with transaction(bench, "LOCK TABLE people, inbox IN ACCESS EXCLUSIVE MODE") as owner:
        # Own DDL makes the next statement wait for a newer catalogue.
        made = conversation.query("CREATE TABLE made_meanwhile (id int)") + conversation.query("SELECT item FROM orders ORDER BY id")
        assert not made.errors() and made.rows()[0] == [b"lamp"], made.short()
        for text in ("SELECT number FROM contacts", "SELECT loud FROM shouted", "INSERT INTO inbox_view VALUES (1)"):
            refused = conversation.query(text)
            assert refused.refused() and "somebody holds a lock" in refused.errors()[0]["D"], refused.short()
        # Whoever holds the lock is not kept from anything by us.
        owner.execute("SET LOCAL lock_timeout = '5s'; LOCK TABLE orders, notes IN ACCESS EXCLUSIVE MODE")
    # It is looked for once in a second.
    after = wait_for("the view to be known again", lambda: next((r for r in [conversation.query("SELECT number FROM contacts")] if not r.refused()), None))
    conversation.query("DROP TABLE made_meanwhile")
    return outcome_of(after)


@case("m07", "somebody waits for an exclusive lock on a table below views", (CLEAN,))
def _(bench):
    conversation = bench.open()
    conversation.query("DROP TABLE IF EXISTS made_meanwhile")
    with transaction(bench, "SELECT count(*) FROM people"):
        with waiting_for(bench, "LOCK TABLE people"):
            made = conversation.query("CREATE TABLE made_meanwhile (id int)") + conversation.query("SELECT item FROM orders")
            assert not made.errors() and len(made.rows()) == 4, made.short()
            assert conversation.query("SELECT number FROM contacts").refused()
    return outcome_of(conversation.query("DROP TABLE made_meanwhile"))
