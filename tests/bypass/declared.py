# SPDX-License-Identifier: Apache-2.0
"""A parameter is more than the text that people are shown of it: its declared type may run checks, and what was approved is its
every byte, its format and its type."""
import struct

from support.places import wait_for

from . import wire
from .cases import CLEAN, HELD, REFUSED, Cases, outcome_of

CASES = Cases()


def type_oid(bench, name):
    return int(bench.world.ask_direct(f"SELECT '{name}'::regtype::oid")[0][0])


def known(bench, made, dropped):
    """Made by an administrator, and the daemon has heard of it."""
    bench.world.ask_direct(dropped + made)
    bench.open("maker").query("CREATE TABLE seen (a int); DROP TABLE seen")


# --- types whose checks run -----------------------------------------------------------------------------------------------

MADE = "CREATE TABLE doms (k kept_text); CREATE DOMAIN kept_more AS kept_text;"
DROPPED = "DROP TABLE IF EXISTS doms; DROP DOMAIN IF EXISTS kept_more;"
for name, value in (("kept_text", "x"), ("kept_text[]", "{x}"), ("kept_more", "x"), ("doms", "(x)"), ("doms[]", "{(x)}")):
    @CASES.case("g07", f"a parameter of a type with checks, declared by its number: {name}", (REFUSED,))
    def _(bench, name=name, value=value):
        known(bench, MADE, DROPPED)
        try:
            conversation, oid = bench.open(), type_oid(bench, name)
            bound = wire.bind(parameters=[value]) + wire.execute() + wire.sync()
            replies = [conversation.talk(wire.parse("SELECT 1 WHERE $1 IS NOT NULL", types=(oid,)) + bound),
                       conversation.talk(wire.parse("SELECT $1", types=(oid,)) + wire.describe("S") + bound),
                       conversation.talk(wire.parse("SELECT $1, $2", types=(25, oid)) + wire.bind(parameters=["a", value]) + wire.execute() + wire.sync())]
            assert all(reply.refused() for reply in replies), [reply.short() for reply in replies]
            return outcome_of(replies[0])
        finally:
            bench.world.ask_direct(DROPPED)

    @CASES.case("g06", f"a parameter of a type with checks, declared by PREPARE: {name}", (REFUSED,))
    def _(bench, name=name, value=value):
        known(bench, MADE, DROPPED)
        try:
            conversation = bench.open()
            replies = [conversation.query(f"PREPARE p({name}) AS SELECT 1 WHERE $1 IS NOT NULL; EXECUTE p('{value}')"),
                       conversation.talk(wire.extended(f"PREPARE q(int, public.{name}) AS SELECT $2")),
                       conversation.query(f"PREPARE r({name}) AS SELECT 1"), conversation.query(f"EXPLAIN EXECUTE r('{value}')")]
            assert all(reply.refused() for reply in replies), [reply.short() for reply in replies]
            return outcome_of(replies[0])
        finally:
            bench.world.ask_direct(DROPPED)


@CASES.case("g07", "a parameter of a type that was not there a moment ago, and of one that is not there", (REFUSED,))
def _(bench):
    conversation = bench.open()
    conversation.query("SELECT 1")
    bench.world.ask_direct(DROPPED + MADE)
    try:
        run = wire.bind(parameters=["x"]) + wire.execute() + wire.sync()
        replies = [conversation.talk(wire.parse("SELECT $1", types=(oid,)) + run) for oid in (type_oid(bench, "kept_more"), 4294967295)]
        assert all(reply.refused() for reply in replies), [reply.short() for reply in replies]
        return outcome_of(replies[0])
    finally:
        bench.world.ask_direct(DROPPED)


@CASES.case("g06", "EXECUTE of what Parse made with a type with checks", (REFUSED,))
def _(bench):
    conversation = bench.open()
    parsed = conversation.talk(wire.parse("SELECT 1 WHERE $1 IS NOT NULL", "s", types=(type_oid(bench, "kept_text"),)) + wire.sync())
    reply = conversation.query("EXECUTE s('x')")
    bound = conversation.talk(wire.bind("s", parameters=["x"]) + wire.execute() + wire.sync())
    assert not parsed.errors() and reply.refused() and bound.refused(), (parsed.short(), reply.short(), bound.short())
    return outcome_of(reply)


@CASES.case("g07", "parameters of users' types without checks, and of PostgreSQL's own", (CLEAN,))
def _(bench):
    dropped = "DROP TYPE IF EXISTS mood; DROP DOMAIN IF EXISTS plain; DROP DOMAIN IF EXISTS short;"
    bench.world.ask_direct(dropped + "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN plain AS text; CREATE DOMAIN short AS text CHECK (length(VALUE) < 9)")
    try:
        conversation = bench.open()  # the first one is looked up afresh
        for name, value in (("mood", "sad"), ("mood[]", "{sad}"), ("plain", "x"), ("short", "x"), ("notes", "(1,x)"), ("text", "x"), ("int4", "1")):
            reply = conversation.talk(wire.parse("SELECT $1", types=(type_oid(bench, name),)) + wire.bind(parameters=[value]) + wire.execute() + wire.sync())
            assert reply.tags() == ["SELECT 1"] and not reply.errors(), (name, reply.short())
            assert not conversation.query(f"PREPARE p({name}) AS SELECT $1; EXECUTE p('{value}'); DEALLOCATE p").errors(), name
        return outcome_of(reply)
    finally:
        bench.world.ask_direct(dropped)


# --- what an approval covers ----------------------------------------------------------------------------------------------

CHANGE = "UPDATE notes SET body = right($1::text, 5) WHERE id = 1"
LONG = "y" * 70000


def change(value, types=(), binary=False, described=False):
    value = value.encode() if isinstance(value, str) else value
    bound = b"\0\0" + struct.pack("!hhh", 1, int(binary), 1) + struct.pack("!i", len(value)) + value + b"\0\0"
    return wire.parse(CHANGE, types=types) + (wire.describe("S") if described else b"") + wire.message("B", bound) + wire.execute() + wire.sync()


# What is approved, and what is something else. Grants outlive a case.
GRANTS = {
    "of a long value another tail, another length": (change(LONG + "AAAAA"), [change(LONG + "BBBBB"), change(LONG + "BBBBBB")]),
    "behind a Describe too": (change(LONG + "CCCCC", described=True), [change(LONG + "DDDDD", described=True)]),
    "another declared type": (change("16453", types=(25,)), [change("16453", types=(2205,)), change("16453")]),
    "bytes for the text that shows them": (change("\\x4142"), [change(b"AB", binary=True)]),
    "the text that shows them for bytes": (change(b"CD", binary=True), [change("\\x4344")]),
}
for what, (approved, others) in GRANTS.items():
    @CASES.case("g13", f"a grant does not cover {what}", (HELD,), agent="asker")
    def _(bench, approved=approved, others=others):
        before = bench.world.ask_direct("SELECT body FROM notes WHERE id = 1")[0][0]
        daemon, conversation = bench.world.daemon, bench.open()
        try:
            assert conversation.talk(approved, keep_held=True).held
            ticket = wait_for("the request", lambda: [row["ticket"] for row in daemon.json("approvals")["approvals"] if row["state"] == "pending"])[0]
            daemon.sluice("approve", ticket, "--for", "10m")
            assert conversation.talk(b"").tags() == ["UPDATE 1"]
            conversation = bench.open()
            again = conversation.talk(approved, keep_held=True) + conversation.talk(b"")
            assert again.tags() == ["UPDATE 1"], again.short()
            body = bench.world.ask_direct("SELECT body FROM notes WHERE id = 1")
            for other in others:
                # A conversation withdraws what is held.
                reply = bench.open().talk(other)
                assert reply.held and not reply.tags(), reply.short()
            assert bench.world.ask_direct("SELECT body FROM notes WHERE id = 1") == body
            return HELD
        finally:
            bench.world.ask_direct(f"UPDATE notes SET body = '{before}' WHERE id = 1")
