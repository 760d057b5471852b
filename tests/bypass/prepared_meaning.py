# SPDX-License-Identifier: Apache-2.0
"""A prepared statement keeps what its names and strings meant when the server parsed it. People are asked about what its text means
now: that is what runs, or nothing. And foreign keys that are switched off, and what others change while a transaction makes things."""
import time

from . import wire
from .approved import ENDED, SETUP, again, approve, approved, rows, stopped
from .cases import CLEAN, HELD, REFUSED, Case

CASES = []
parse, bind, execute, sync = wire.parse, wire.bind, wire.execute, wire.sync
SETUP = SETUP + """
CREATE TABLE public.dated (id int PRIMARY KEY, d date, t timestamptz); INSERT INTO public.dated VALUES (1, NULL, NULL);
CREATE FUNCTION public.overloaded(bigint) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1000';
CREATE SCHEMA nearer;
CREATE TABLE public.kept_by (id int PRIMARY KEY); INSERT INTO public.kept_by VALUES (1), (2);
CREATE TABLE public.keeps (p int REFERENCES public.kept_by ON DELETE CASCADE); INSERT INTO public.keeps VALUES (2);
"""
ENDED = ENDED + """
DROP TABLE IF EXISTS public.dated; DROP TYPE IF EXISTS public.mood_was; DROP FUNCTION IF EXISTS public.overloaded(bigint), public.overloaded(int);
DROP SCHEMA IF EXISTS nearer CASCADE; DROP TABLE IF EXISTS public.keeps, public.kept_by CASCADE;
"""


def case(what, expect=(CLEAN,)):
    def take(function):
        def steps(bench):
            bench.world.ask_direct(SETUP)
            try:
                return function(bench, bench.open())
            finally:
                for conversation in bench.conversations:
                    conversation.close()
                bench.world.ask_direct(ENDED)
        CASES.append(Case("g13", what, expect, agent="asker", steps=steps))
        return function
    return take


def tell(conversation, *texts):
    for text in texts:
        reply = conversation.query(text)
        assert not reply.errors() and not reply.held, reply.short()


def by_grant(conversation, data):
    """Nobody is asked, however often the grant is looked for."""
    reply = last = conversation.talk(wire.query(data) if isinstance(data, str) else data, keep_held=True)
    while last.held:
        last = conversation.talk(b"", keep_held=True)
        reply = reply + last
    return reply


# The statement, what the session says before it prepares it and after, what somebody else changes, and what shows which it was.
MOODS = "SELECT id, k FROM felt ORDER BY id"
MEANINGS = {
    "labels change names": (
        "UPDATE felt SET k = 5 WHERE m = 'good'", (),
        ("ALTER TYPE mood RENAME VALUE 'good' TO 'was'", "ALTER TYPE mood RENAME VALUE 'bad' TO 'good'"), None, MOODS),
    "somebody gives labels other names": (
        "UPDATE felt SET k = 5 WHERE m = 'good'", (), (),
        "ALTER TYPE mood RENAME VALUE 'good' TO 'was'; ALTER TYPE mood RENAME VALUE 'bad' TO 'good'", MOODS),
    "a day is written otherwise": (
        "UPDATE dated SET d = '01/02/2024'", ("SET datestyle = 'ISO, DMY'",), ("SET datestyle = 'ISO, MDY'",), None,
        "SELECT d::text FROM dated"),
    "a time is of another zone": (
        "UPDATE dated SET t = '2024-01-01 00:00'", ("SET timezone = 'America/New_York'",), ("SET timezone = 'UTC'",), None,
        "SELECT extract(epoch FROM t)::text FROM dated"),
    "a function is called more exactly so": (
        "UPDATE felt SET k = overloaded(1) WHERE id = 1", (), (),
        "CREATE FUNCTION public.overloaded(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 3'", MOODS),
    "a type is called so": (
        "UPDATE felt SET k = 1 WHERE pg_typeof(m) = 'mood'::regtype", (), (),
        "ALTER TYPE public.mood RENAME TO mood_was; CREATE TYPE public.mood AS ENUM ('x')", MOODS),
    "a table is nearer": (
        "DELETE FROM chosen", ("SET search_path = nearer, public",), ("CREATE TABLE nearer.chosen (id int)",), None,
        "SELECT count(*) FROM public.chosen"),
}
BLANK = "UPDATE public.felt SET k = 0; UPDATE public.dated SET d = NULL, t = NULL"


def changed(bench, conversation, meaning, prepare):
    """The statement is prepared, and then means something else: what it means now, and shows."""
    text, before, after, others, shows = meaning
    tell(conversation, *before)
    prepared = approved(bench, conversation, prepare(text))
    assert not prepared.errors(), prepared.short()
    tell(conversation, *after)
    if others:
        bench.world.ask_direct(others)
        time.sleep(1.1)  # what was approved less than a second ago is not looked at again
    fresh = bench.open()
    tell(fresh, *before, *(text for text in after if text.startswith("SET")))
    ran = approved(bench, fresh, text, "--for", "5m")
    assert not ran.errors(), ran.short()
    now = bench.world.ask_direct(shows)
    bench.world.ask_direct(BLANK)
    return now, shows


for what, meaning in MEANINGS.items():
    for form, message in {"": bind("s") + execute() + sync(), ", a portal by name": bind("s", "p") + execute("p") + sync(),
                          ", Parse behind it": bind("s") + execute() + parse("SELECT 1", "t") + sync()}.items():
        @case(f"{what} behind the Parse of what a grant is of{form}")
        def _(bench, conversation, meaning=meaning, message=message):
            now, shows = changed(bench, conversation, meaning, lambda text: parse(text, "s") + sync())
            reply = by_grant(conversation, message)
            assert not reply.errors() and not reply.refused(), reply.short()
            assert bench.world.ask_direct(shows) == now, (now, bench.world.ask_direct(shows), reply.short())
            return CLEAN

    for form, run in {"": "EXECUTE s", ", EXPLAIN": "EXPLAIN ANALYZE EXECUTE s", ", by Bind": bind("s") + execute() + sync(),
                      ", EXECUTE by Parse": wire.extended("EXECUTE s"), ", with others": "SELECT 1; EXECUTE s"}.items():
        @case(f"{what} behind the PREPARE of what a grant is of{form}", (REFUSED,))
        def _(bench, conversation, meaning=meaning, run=run):
            _, shows = changed(bench, conversation, meaning, lambda text: wire.query(f"PREPARE s AS {text}"))
            before = bench.world.ask_direct(shows)
            reply = again(conversation, run)
            assert bench.world.ask_direct(shows) == before
            assert "prepare it again" in reply.short(), reply.short()
            return stopped(reply)

    @case(f"{what} behind the Parse of what SQL executes", (REFUSED,))
    def _(bench, conversation, meaning=meaning):
        _, shows = changed(bench, conversation, meaning, lambda text: parse(text, "s") + sync())
        before = bench.world.ask_direct(shows)
        reply = again(conversation, "EXECUTE s")
        assert bench.world.ask_direct(shows) == before
        return stopped(reply)


@case("what was prepared before something else changed runs, again and again")
def _(bench, conversation):
    text = "UPDATE felt SET k = k + $1 WHERE m = 'good'"
    assert not approved(bench, conversation, parse(text, "s") + sync()).errors()
    assert not approved(bench, conversation, "PREPARE q (int) AS " + text).errors()
    bench.world.ask_direct("ALTER TABLE public.unrelated ADD COLUMN more int")
    time.sleep(1.1)
    bound = bind("s", "", ("2",)) + execute() + sync()
    for data in (bound, "EXECUTE q(3)"):
        reply = approved(bench, conversation, data, "--for", "5m")
        assert reply.tags() == ["UPDATE 1"], reply.short()
    bench.world.ask_direct("ALTER TABLE public.unrelated ADD COLUMN again int")
    time.sleep(1.1)
    for data in (bound, "EXECUTE q(3)", bound, bound):
        reply = by_grant(conversation, data)
        assert set(reply.tags()) == {"UPDATE 1"} and not reply.errors(), reply.short()
    found = bench.world.ask_direct("SELECT k FROM public.felt WHERE id = 1")
    assert found == [(14,)], found
    return CLEAN


@case("a statement with a parameter, with a name and without one, is parsed again, and what stands behind it runs")
def _(bench, conversation):
    text = "UPDATE felt SET k = $1 WHERE m = 'good'"
    for name in ("s", ""):
        prepared = approved(bench, conversation, parse(text, name) + wire.describe("S", name) + sync())
        assert not prepared.errors(), prepared.short()
        bench.world.ask_direct("ALTER TYPE public.mood RENAME VALUE 'good' TO 'was'; ALTER TYPE public.mood RENAME VALUE 'bad' TO 'good'")
        time.sleep(1.1)
        bench.world.ask_direct("UPDATE public.felt SET k = 0")
        data = bind(name, "", ("7",)) + execute() + parse("SELECT 42", "t" + name) + bind("t" + name) + execute() + sync()
        reply = approved(bench, conversation, data)
        assert reply.tags() == ["UPDATE 1", "SELECT 1"] and reply.rows() == [[b"42"]], reply.short()
        now = bench.world.ask_direct("SELECT k FROM public.felt WHERE m = 'good'")
        assert now == [(7,)], now
        bench.world.ask_direct("ALTER TYPE public.mood RENAME VALUE 'good' TO 'bad'; ALTER TYPE public.mood RENAME VALUE 'was' TO 'good'")
        time.sleep(1.1)
    return CLEAN


@case("what cannot be parsed again is an error, and the statement is gone")
def _(bench, conversation):
    assert not approved(bench, conversation, parse("UPDATE felt SET k = 1 WHERE m = 'good'", "s") + sync()).errors()
    bench.world.ask_direct("ALTER TYPE public.mood RENAME VALUE 'good' TO 'was'")
    time.sleep(1.1)
    reply = approved(bench, conversation, bind("s") + execute() + sync())
    assert reply.errors() and not reply.tags(), reply.short()
    reply = conversation.talk(bind("s") + execute() + sync())
    assert reply.errors() and not reply.held, reply.short()
    assert not conversation.query("SELECT 1").errors()
    return CLEAN


# --- foreign keys that are switched off ------------------------------------------------------------------------------------

KEYS = {"its table": "ALTER TABLE public.kept_by DISABLE TRIGGER ALL",
        "the other table": "ALTER TABLE public.keeps DISABLE TRIGGER ALL"}
for what, change in KEYS.items():
    for statement in ("DELETE FROM kept_by WHERE id = 1", "INSERT INTO keeps VALUES (1)"):
        @case(f"keys of {what} are switched off while a request for {statement.split()[0]} waits", (REFUSED,))
        def _(bench, conversation, statement=statement, change=change):
            assert conversation.query(statement, keep_held=True).held
            bench.world.ask_direct(change)
            approve(bench)
            return stopped(conversation.talk(b""))

        @case(f"keys of {what} are switched off while a grant for {statement.split()[0]} lasts", (REFUSED, HELD))
        def _(bench, conversation, statement=statement, change=change):
            assert approved(bench, conversation, f"BEGIN; {statement}; ROLLBACK", "--for", "5m").tags()[-1] == "ROLLBACK"
            bench.world.ask_direct(change)
            return stopped(again(conversation, f"BEGIN; {statement}; ROLLBACK"))


# --- what others change while a transaction makes things -------------------------------------------------------------------

OTHERS = "CREATE OR REPLACE FUNCTION public.chosen_number() RETURNS int LANGUAGE sql AS 'SELECT 8'"
RUNS = "UPDATE chosen SET a = chosen_number() WHERE id = 1"
for what, (first, then) in {
        "a Parse": (parse(RUNS, "s") + sync(), bind("s") + execute() + sync()),
        "a Bind": (parse(RUNS, "s") + bind("s", "p") + sync(), execute("p") + sync())}.items():
    @case(f"{what} was approved in a transaction that has made a table, and others replaced a function", (HELD, REFUSED))
    def _(bench, conversation, first=first, then=then):
        tell(conversation, "BEGIN", "CREATE TEMP TABLE passing (i int)", "SELECT 1")
        assert not approved(bench, conversation, first).errors()
        bench.world.ask_direct(OTHERS)
        time.sleep(1.3)
        before = rows(bench)
        reply = again(conversation, then)
        assert rows(bench) == before
        return stopped(reply)

    @case(f"{what} was approved in a transaction that has made a table, and runs")
    def _(bench, conversation, first=first, then=then):
        tell(conversation, "BEGIN", "CREATE TEMP TABLE passing (i int)", "SELECT 1")
        assert not approved(bench, conversation, first).errors()
        time.sleep(1.3)
        reply = by_grant(conversation, then)
        assert reply.tags() == ["UPDATE 1"] and not reply.held, reply.short()
        return CLEAN
