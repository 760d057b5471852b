# SPDX-License-Identifier: Apache-2.0
"""Whoever a rule names is asked, and sees what they decide about: also where other statements of the text, a table above, the
policy of a moment ago or the session's settings ask for less or say something else."""
import itertools

from support.places import wait_for

from . import wire
from .approved import ENDED, SETUP, again, approve, approved, covered, rows, stopped
from .cases import CLEAN, HELD, REFUSED, Case

CASES = []
MARKS = itertools.count(1)
parse, bind, execute, sync = wire.parse, wire.bind, wire.execute, wire.sync
SETUP = SETUP + """
CREATE TABLE public.parted (id int, v int) PARTITION BY LIST (id); CREATE TABLE public.part PARTITION OF public.parted DEFAULT;
CREATE TABLE public.above (id int, v int); CREATE TABLE public.below () INHERITS (public.above);
INSERT INTO public.parted VALUES (1, 1), (2, 2); INSERT INTO public.below VALUES (1, 1), (2, 2);
INSERT INTO public.felt (id, body) VALUES (3, U&'\\00C3\\00A9'), (4, U&'\\00E9');
"""
ENDED = ENDED + "DROP TABLE IF EXISTS public.parted, public.above CASCADE; DROP TABLE IF EXISTS public.\"chosen\u034f\";"


def rule(name, tables, people, action="delete"):
    return (f"  - {{ name: {name}, agents: [asker], resources: [db], actions: [{action}], when: {{ tables: [{tables}] }}, verdict: hold,"
            f" approvers: {people} }}\n")


STRICT = rule("two must agree", "public.spared, public.part, public.below", "{ users: [nobody, daemon], count: 2 }")
STRICTER = rule("root and another", "public.spared", "{ users: [root, nobody], count: 2 }")


def load(bench, more=""):
    mark = f"mark_{next(MARKS)}"
    bench.world.set_policy(f"{more}  - {{ name: {mark}, agents: [reader], actions: [read], when: {{ tables: [public.{mark}] }}, verdict: deny }}\n")
    bench.world.daemon.process.send_signal(1)
    wait_for("the policy", lambda: bench.open("reader").query(f"SELECT 1 FROM public.{mark}").refused())


def case(what, expect=(CLEAN,), policy=None):
    def take(function):
        def steps(bench):
            bench.world.ask_direct(SETUP)
            try:
                if policy:
                    load(bench, policy)
                return function(bench, bench.open())
            finally:
                for conversation in bench.conversations:
                    conversation.close()
                load(bench)
                bench.world.ask_direct(ENDED)
        CASES.append(Case("g13", what, expect, agent="asker", steps=steps))
        return function
    return take


def everything(bench):
    direct = bench.world.ask_direct
    return rows(bench), direct("SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM public.parted t"), direct(
        "SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM public.above t")


def pending(bench):
    return [row for row in bench.world.daemon.json("approvals")["approvals"] if row["state"] == "pending"]


def root_says_yes(bench, conversation, ticket=None):
    """What the agent got, if root's word was enough; else what it had."""
    [request] = wait_for("the request", lambda: [row for row in pending(bench) if row["ticket"] != ticket])
    bench.world.daemon.sluice("approve", request["ticket"], check=False)
    if pending(bench):
        bench.world.daemon.sluice("deny", request["ticket"], "--reason", "nobody else is there", check=False)
        return HELD
    return stopped(conversation.talk(b""))


def never_by_root_alone(bench, conversation, message):
    before = everything(bench)
    reply = conversation.talk(wire.query(message) if isinstance(message, str) else message, keep_held=True)
    outcome = root_says_yes(bench, conversation) if reply.held else stopped(reply)
    assert everything(bench) == before, "it ran"
    return outcome


# --- which of several

for first, second in (("UPDATE chosen SET a = 5 WHERE id = 1", "DELETE FROM spared WHERE id = 1"),
                      ("DELETE FROM spared WHERE id = 1", "UPDATE chosen SET a = 5 WHERE id = 1"),
                      ("DELETE FROM public.chosen WHERE id = 1", "WITH gone AS (DELETE FROM public.spared RETURNING id) SELECT * FROM gone"),
                      ("BEGIN; INSERT INTO chosen VALUES (9)", "DELETE FROM spared WHERE id = 2; COMMIT")):
    @case(f"other people for each: {first}; {second}", (REFUSED,), STRICT)
    def _(bench, conversation, text=f"{first}; {second}"):
        outcome = never_by_root_alone(bench, conversation, text)
        assert "one by one" in conversation.said.errors()[0]["M"], conversation.said.short()
        return outcome

    @case(f"more people for one: {first}; {second}", (HELD,), STRICTER)
    def _(bench, conversation, text=f"{first}; {second}"):
        outcome = never_by_root_alone(bench, conversation, text)
        assert "root and another" in conversation.said.notices()[0]["D"], conversation.said.short()
        return outcome


@case("one approval for statements of one rule")
def _(bench, conversation):
    reply = approved(bench, conversation, "UPDATE chosen SET a = 5 WHERE id = 1; DELETE FROM chosen WHERE id = 2; INSERT INTO chosen VALUES (7)")
    assert reply.tags() == ["UPDATE 1", "DELETE 1", "INSERT 0 1"], reply.short()
    return CLEAN


for text in ("DELETE FROM parted WHERE id = 1", "DELETE FROM public.parted", "DELETE FROM above WHERE id = 1", "DELETE FROM part",
             "WITH gone AS (DELETE FROM parted RETURNING id) UPDATE chosen SET a = 5 WHERE id = 1",
             "EXPLAIN ANALYZE DELETE FROM parted"):
    @case(f"a stricter rule for what its rows are in: {text}", (HELD,), STRICT)
    def _(bench, conversation, text=text):
        return never_by_root_alone(bench, conversation, text)


@case("a table whose partition has a stricter rule for something else", policy=STRICT)
def _(bench, conversation):
    reply = approved(bench, conversation, "UPDATE parted SET v = 5 WHERE id = 1")
    assert reply.tags() == ["UPDATE 1"], reply.short()
    return CLEAN


# --- a policy that is another by now

DELETES = "DELETE FROM spared WHERE id = 2"


@case("a policy that asks others while a request waits", (HELD,))
def _(bench, conversation):
    assert conversation.query(DELETES, keep_held=True).held
    load(bench, STRICT)
    before = everything(bench)
    request = approve(bench)
    assert conversation.talk(b"", keep_held=True).held, conversation.said.short()
    outcome = root_says_yes(bench, conversation, request["ticket"])
    assert everything(bench) == before, "it ran"
    return outcome


@case("a policy that asks others behind a Bind that was approved", (HELD,))
def _(bench, conversation):
    conversation.query("BEGIN")
    assert not approved(bench, conversation, parse(DELETES, "s") + bind("s", "p") + sync()).errors()
    load(bench, STRICT)
    return never_by_root_alone(bench, conversation, execute("p") + sync())


@case("a policy that asks others between a Parse that was approved and its Bind", (HELD,))
def _(bench, conversation):
    assert not approved(bench, conversation, parse(DELETES, "s") + sync()).errors()
    load(bench, STRICT)
    return never_by_root_alone(bench, conversation, bind("s") + execute() + sync())


@case("a policy that asks the same people by another rule")
def _(bench, conversation):
    assert conversation.query(DELETES, keep_held=True).held
    load(bench, rule("a rule before others", "public.spared", "{ users: [root, daemon] }"))
    approve(bench)
    assert conversation.talk(b"").tags() == ["DELETE 1"], conversation.said.short()
    return CLEAN


# --- settings

MEANS = "UPDATE felt SET k = k + 1 WHERE id = 1 AND {}"
SETTINGS = {  # a text that is true with the one and not with the other
    "DateStyle": ("'01/02/2026'::date = '2026-01-02'", "ISO, MDY", "ISO, DMY"),
    "IntervalStyle": ("'-1 2:00:00'::interval = '-26 hours'::interval", "postgres", "sql_standard"),
    "TimeZone": ("'2026-01-01 00:00'::timestamptz = '2026-01-01 00:00+00'", "UTC", "Asia/Tokyo"),
}
for setting, (condition, usual, other) in SETTINGS.items():
    for how in ("start-up", "SET", "a SET on its way"):
        @case(f"a grant where {setting} is another by {how}", (HELD, REFUSED))
        def _(bench, conversation, setting=setting, condition=condition, usual=usual, other=other, how=how):
            statement = MEANS.format(condition)
            sets = f"SET {setting} = '{{}}'".format
            conversation.query(sets(usual))
            assert approved(bench, conversation, statement, "--for", "5m").tags()[0].startswith("UPDATE"), conversation.said.short()
            assert covered(bench.open(**{setting: usual}), statement).tags(), "the same settings"
            before = rows(bench)
            another = bench.open(**{setting: other if how == "start-up" else usual})
            if how == "SET":
                another.query(sets(other))
            message = wire.query(statement)
            if how == "a SET on its way":
                message = parse(sets(other)) + bind() + execute() + parse(statement) + bind() + execute() + sync()
            reply = again(another, message)
            assert rows(bench) == before, reply.short()
            return stopped(reply) if reply.held else "ran"


def with_value(value):
    return parse("UPDATE felt SET k = 7 WHERE body = $1") + bind(parameters=[value]) + execute() + sync()


for how in ("start-up", "SET"):
    @case(f"a grant of a value that is another in another encoding by {how}", (HELD, REFUSED))
    def _(bench, conversation, how=how):
        assert approved(bench, conversation, with_value("é"), "--for", "5m").tags() == ["UPDATE 1"], conversation.said.short()
        assert covered(bench.open(), with_value("é")).tags() == ["UPDATE 1"]
        before = rows(bench)
        another = bench.open(**({"client_encoding": "LATIN1"} if how == "start-up" else {}))
        if how == "SET":
            another.query("SET client_encoding = 'LATIN1'")
        reply = again(another, with_value("é"))
        assert rows(bench) == before, reply.short()
        return stopped(reply) if reply.held else "ran"


@case("a value in another encoding is shown as its bytes")
def _(bench, conversation):
    another = bench.open(client_encoding="LATIN1")
    assert another.talk(with_value("é".encode()), keep_held=True).held
    request = approve(bench)
    assert request["intent"]["parameters"] == [r"\xc3a9"], request["intent"]
    assert another.talk(b"").tags() == ["UPDATE 1"]
    assert bench.world.ask_direct("SELECT k FROM public.felt WHERE id = 3") == [(7,)], "the two letters that it stands for"
    return CLEAN


@case("a value of which not all is shown says so", (HELD,))
def _(bench, conversation):
    assert bench.open(client_encoding="LATIN1").talk(with_value("é".encode() * 2500), keep_held=True).held
    shown = wait_for("the request", lambda: bench.world.daemon.sluice("approvals").stdout)
    assert r"$1 = '\xc3a9" in shown and "... (5000 bytes)'" in shown, shown
    return HELD


@case("what waits behind a SET and its Sync is approved by what that sets")
def _(bench, conversation):
    sets = parse("SET DateStyle = 'ISO, DMY'") + bind() + execute() + sync()
    reply = conversation.talk(sets + parse(MEANS.format("'01/02/2026'::date = '2026-02-01'")) + bind() + execute() + sync(), readies=2, keep_held=True)
    assert reply.held, reply.short()
    approve(bench)
    assert "UPDATE 1" in conversation.talk(b"").tags(), conversation.said.short()
    return CLEAN


# --- what they see

UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u180b\u180e\u200b\u200f\u2028\u202e\u2060\u2069\u2800\u3164\ufe00\ufe0f\ufeff\uffa0\ufff9\U0001d173\U000e0001\U000e01ef"
SPACES = "\u00a0\u1680\u2000\u200a\u202f\u205f\u3000"


@case("characters that nobody sees are shown to who decides", (HELD,))
def _(bench, conversation):
    bench.world.ask_direct('CREATE TABLE public."chosen\u034f" (id int)')
    assert conversation.query(f'DELETE FROM "chosen\u034f" WHERE id = 1 /* é {UNSEEN}{SPACES} */', keep_held=True).held
    shown = wait_for("the request", lambda: bench.world.daemon.sluice("approvals").stdout)
    assert "é" in shown and r"chosen\u{34f}" in shown, ascii(shown)
    assert not set(shown) & set(UNSEEN + SPACES), ascii(set(shown) & set(UNSEEN + SPACES))
    return HELD


NAME = 'e" is:\n| SELECT 1\nwhere "f'
for what, name, run in (("a comment", "e", 'EXECUTE e /*\n\nwhere e is: SELECT 1\nwhere "e" is:\n| SELECT 1\n*/'),
                        ("a name", NAME, 'EXECUTE "{}"'.format(NAME.replace('"', '""')))):
    @case(f"what a name stands for cannot be told by {what}", (HELD,))
    def _(bench, conversation, name=name, run=run):
        name = name.replace('"', '""')
        approved(bench, conversation, f'PREPARE "{name}" AS DELETE FROM chosen WHERE id = 1\n/*\nwhere e is:\n*/')
        assert conversation.query(run, keep_held=True).held
        [request] = wait_for("the request", lambda: pending(bench))
        ours = [line for line in request["intent"]["statement"].split("\n") if not line.startswith("| ")]
        assert len(ours) == 1 and ours[0].startswith('where "e') and ours[0].endswith(" is:"), request["intent"]["statement"]
        return HELD
