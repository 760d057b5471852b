# SPDX-License-Identifier: Apache-2.0
"""What the daemon knows of the database is not what the database is at that moment: somebody has just changed it, or keeps it
from being read."""
import contextlib
import itertools
import threading

import psycopg2

from support.places import wait_for

from . import wire
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case, Cases, outcome_of

CASES = Cases(agent="writer")


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


@CASES.case("m07", "somebody holds an exclusive lock on a table below views", (MASKED,))
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


@CASES.case("m07", "somebody waits for an exclusive lock on a table below views", (CLEAN,))
def _(bench):
    conversation = bench.open()
    conversation.query("DROP TABLE IF EXISTS made_meanwhile")
    with transaction(bench, "SELECT count(*) FROM people"):
        with waiting_for(bench, "LOCK TABLE people"):
            made = conversation.query("CREATE TABLE made_meanwhile (id int)") + conversation.query("SELECT item FROM orders")
            assert not made.errors() and len(made.rows()) == 4, made.short()
            assert conversation.query("SELECT number FROM contacts").refused()
    return outcome_of(conversation.query("DROP TABLE made_meanwhile"))


# --- what another session has just changed ----------------------------------------------------------------------------------

NUMBERS = itertools.count(1)


@contextlib.contextmanager
def changing_view(bench):
    """Its name, new in each case, and the text that redefines it: DDL of the agent's own, which others are told of, and a call of
    somebody's function who may change the view."""
    view, function = f"changing_{(number := next(NUMBERS))}", f"redefines_{number}"
    with made(bench, f"""CREATE VIEW {view} AS SELECT id, name AS x FROM people;
            CREATE FUNCTION {function}() RETURNS void LANGUAGE plpgsql AS
              $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW {view} AS SELECT id, ssn AS x FROM people'; END $$""",
              f"DROP VIEW {view}; DROP FUNCTION {function}(); DROP TABLE IF EXISTS beside_{number}"):
        yield view, f"CREATE TABLE beside_{number} (id int); SELECT {function}()"


@contextlib.contextmanager
def made(bench, statements, undo):
    bench.world.ask_direct("SET lock_timeout = '10s';" + statements)
    try:
        yield
    finally:
        bench.world.ask_direct(undo)


def redefined(what, *texts, reading="SELECT upper(x) FROM {view} ORDER BY id"):
    """One session sends the texts, which change the view; the next statement of another one is about it."""
    def steps(bench):
        with changing_view(bench) as (view, redefine):
            changes, reads = bench.open(), bench.open()
            before = reads.query(reading.format(view=view))
            assert outcome_of(before) == CLEAN and len(before.rows()) == 3, before.short()
            for text in texts:
                reply = changes.query(text.format(redefine=redefine))
                assert not reply.errors() and not reply.held, reply.short()
            return outcome_of(reads.query(reading.format(view=view)))
    CASES.append(Case("m07", f"another session has just redefined the view: {what}", (MASKED,), steps=steps))


redefined("by a statement of its own", "{redefine}")
redefined("by a statement of its own, and both its columns are read", "{redefine}", reading="TABLE {view}")
redefined("in a transaction", "BEGIN", "{redefine}", "COMMIT")
redefined("in one text", "BEGIN; {redefine}; END; SELECT 1")
redefined("in a transaction that goes on", "BEGIN", "{redefine}", "COMMIT AND CHAIN")
redefined("by a prepared transaction", "BEGIN; {redefine}; PREPARE TRANSACTION 'later'", "COMMIT PREPARED 'later'")


@CASES.case("m07", "another session redefines a view while a transaction with DDL of its own is open", (MASKED,))
def _(bench):
    with changing_view(bench) as (view, redefine):
        changes, reads = bench.open(), bench.open()
        assert outcome_of(reads.query(f"SELECT upper(x) FROM {view}")) == CLEAN
        assert not reads.query("BEGIN; CREATE TEMP TABLE ours (id int)").errors()
        changes.query(redefine)
        after = reads.query(f"SELECT upper(x) FROM {view}")
        reads.query("ROLLBACK")
        return outcome_of(after)


@CASES.case("m11", "another session redefines a view between Describe and a later Execute of a prepared statement", (MASKED, FAILED))
def _(bench):
    with changing_view(bench) as (view, redefine):
        changes, reads = bench.open(), bench.open()
        first = reads.talk(wire.parse(f"SELECT upper(x) FROM {view}", "s") + wire.describe("S", "s") + wire.bind("s") + wire.execute() + wire.sync())
        assert outcome_of(first) == CLEAN, first.short()
        changes.query(redefine)
        return outcome_of(reads.talk(wire.bind("s") + wire.execute() + wire.sync()))


@CASES.case("m07", "another session redefines a view while a text that reads it later is under way", (MASKED,))
def _(bench):
    with changing_view(bench) as (view, redefine):
        changes, reads = bench.open(), bench.open(agent="asker")
        with transaction(bench, "SELECT pg_advisory_lock(4711)") as somebody:
            replies = []
            thread = threading.Thread(target=lambda: replies.append(
                reads.query(f"SELECT count(*) FROM orders WHERE pg_advisory_xact_lock_shared(4711) IS NULL; SELECT upper(x) FROM {view}")))
            thread.start()
            wait_for("the text to be under way", lambda: bench.world.ask_direct("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
            reply = changes.query(redefine)
            assert not reply.errors(), reply.short()
            somebody.execute("SELECT pg_advisory_unlock(4711)")
            thread.join()
        return outcome_of(replies[0])


@CASES.case("g05", "another session has just made the domain whose check keeps what is cast", (REFUSED, HELD))
def _(bench):
    with made(bench, "SELECT 1", "DROP DOMAIN IF EXISTS spying"):
        makes, uses = bench.open(), bench.open()
        assert uses.query("SELECT count(*) FROM people").rows() == [[b"3"]]
        reply = makes.query("CREATE DOMAIN spying AS text CHECK (set_config('a.b', VALUE, false) IS NOT NULL)")
        assert not reply.errors() and not reply.held, reply.short()
        reply = uses.query("SELECT ssn::spying FROM people")
        uses.query("SELECT current_setting('a.b', true)")
        return outcome_of(reply)


# --- what foreign keys pass on ------------------------------------------------------------------------------------------------

def passes_on(what, key, text, expect=(REFUSED,), more=""):
    """The table `guarded` refers to another one that the agent may change."""
    def steps(bench):
        table = f"referred_{next(NUMBERS)}"
        with made(bench, f"CREATE TABLE {table} (id int PRIMARY KEY, name text); INSERT INTO {table} VALUES (1, 'a'), (2, 'b'), (3, 'c');"
                         f"ALTER TABLE guarded ADD CONSTRAINT refers FOREIGN KEY (id) REFERENCES {table} {key}; {more.format(table=table)}",
                  f"ALTER TABLE guarded DROP CONSTRAINT refers; DROP TABLE {table} CASCADE; DROP TABLE IF EXISTS {table}_above"):
            return outcome_of(bench.open().query(text.format(table=table)))
    CASES.append(Case("g05", f"a foreign key: {what}", expect, steps=steps))


passes_on("ON DELETE CASCADE", "ON DELETE CASCADE", "DELETE FROM {table} WHERE id = 1")
passes_on("ON DELETE SET DEFAULT", "ON DELETE SET DEFAULT", "DELETE FROM {table} WHERE id = 1")
passes_on("ON UPDATE CASCADE", "ON UPDATE CASCADE", "UPDATE {table} SET id = 17 WHERE id = 1")
passes_on("ON UPDATE CASCADE, by ON CONFLICT", "ON UPDATE CASCADE",
          "INSERT INTO {table} VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET id = 17")
passes_on("ON DELETE CASCADE, in a CTE", "ON DELETE CASCADE", "WITH d AS (DELETE FROM {table} RETURNING id) SELECT * FROM d")
passes_on("two steps", "ON DELETE CASCADE", "DELETE FROM {table}_above WHERE id = 1",
          more="CREATE TABLE {table}_above (id int PRIMARY KEY); INSERT INTO {table}_above SELECT id FROM {table};"
               "ALTER TABLE {table} ADD FOREIGN KEY (id) REFERENCES {table}_above ON DELETE CASCADE")
passes_on("through a view", "ON DELETE CASCADE", "DELETE FROM {table}_view WHERE id = 1", more="CREATE VIEW {table}_view AS SELECT id FROM {table}")
passes_on("another column than the key's", "ON UPDATE CASCADE ON DELETE CASCADE", "UPDATE {table} SET name = 'z' WHERE id = 1", (CLEAN,))


# --- foreign tables that are there already ------------------------------------------------------------------------------------

def foreign(row, what, definition, text, expect):
    def steps(bench):
        postgres, table = bench.world.postgres, f"foreign_{next(NUMBERS)}"
        with made(bench, f"""
                CREATE EXTENSION IF NOT EXISTS postgres_fdw; CREATE EXTENSION IF NOT EXISTS file_fdw;
                CREATE SERVER loop_{table} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{postgres.home}', port '{postgres.port}', dbname 'shop');
                CREATE USER MAPPING FOR PUBLIC SERVER loop_{table} OPTIONS (user 'postgres');
                CREATE SERVER files_{table} FOREIGN DATA WRAPPER file_fdw;
                """ + definition.format(table=table), f"DROP SERVER loop_{table} CASCADE; DROP SERVER files_{table} CASCADE; DROP TABLE IF EXISTS {table}_above"):
            reply = bench.open().query(text.format(table=table))
            assert outcome_of(reply) != REFUSED or "host" not in reply.errors()[0]["D"] or "foreign server" in reply.errors()[0]["D"], reply.short()
            return outcome_of(reply)
    CASES.append(Case(row, f"a foreign table: {what}", expect, steps=steps))


MIRROR = ("CREATE FOREIGN TABLE {table} (id int, code text OPTIONS (column_name 'ssn')) SERVER loop_{table}"
          " OPTIONS (schema_name 'public', table_name 'people')")
foreign("m16", "that mirrors a sensitive one of this server", MIRROR, "SELECT code FROM {table}", (MASKED,))
foreign("m16", "that mirrors a sensitive one, computed", MIRROR, "SELECT lower(code) || id FROM {table}", (MASKED,))
foreign("m16", "below a view", MIRROR + "; CREATE VIEW {table}_view AS SELECT code AS c FROM {table}", "SELECT c FROM {table}_view", (MASKED,))
foreign("m16", "searched by", MIRROR, "SELECT id FROM {table} WHERE code LIKE 'Q%'", (HELD,))
foreign("m16", "that mirrors a view of it", "CREATE FOREIGN TABLE {table} (id int, number text) SERVER loop_{table}"
        " OPTIONS (schema_name 'public', table_name 'contacts')", "SELECT number FROM {table}", (MASKED,))
foreign("m16", "that mirrors what is not sensitive", "CREATE FOREIGN TABLE {table} (id int, item text) SERVER loop_{table}"
        " OPTIONS (schema_name 'public', table_name 'orders')", "SELECT item FROM {table}", (CLEAN,))
GUARDED = "CREATE FOREIGN TABLE {table} (id int, v text) SERVER loop_{table} OPTIONS (schema_name 'public', table_name 'guarded')"
foreign("g08", "that mirrors a guarded one", GUARDED, "DELETE FROM {table} WHERE id = 1", (REFUSED,))
foreign("g08", "of a file", "CREATE FOREIGN TABLE {table} (line text) SERVER files_{table} OPTIONS (filename '/etc/passwd')",
        "SELECT line FROM {table}", (REFUSED,))
foreign("g08", "of which nothing is known here", "CREATE FOREIGN TABLE {table} (id int) SERVER loop_{table}"
        " OPTIONS (schema_name 'other', table_name 'nobody_knows')", "SELECT id FROM {table}", (REFUSED,))
foreign("g08", "that is a partition", "CREATE TABLE {table}_above (line text) PARTITION BY LIST (line);"
        "CREATE FOREIGN TABLE {table} PARTITION OF {table}_above DEFAULT SERVER files_{table} OPTIONS (filename '/etc/passwd')",
        "SELECT line FROM {table}_above", (REFUSED,))
