# SPDX-License-Identifier: Apache-2.0
"""What the server looks up when a portal runs, not when it is bound: names that another statement, or another session, gives to
something else between Bind and Execute. And types of parameters, to which the server keeps from Parse on."""
from . import wire
from .approved import approve
from .cases import HELD, REFUSED, Case, outcome_of

CASES = []
parse, bind, execute, sync = wire.parse, wire.bind, wire.execute, wire.sync
ENDED = """
DROP TABLE IF EXISTS zz_was, bumped CASCADE;
DO $$ BEGIN
  IF to_regclass('public.inbox') IS NULL THEN ALTER TABLE public.zz RENAME TO inbox; END IF;
  IF to_regclass('public.inbox_view') IS NULL THEN ALTER VIEW public.zz RENAME TO inbox_view; END IF;
  IF to_regclass('public.archive_old') IS NULL THEN ALTER TABLE public.zz RENAME TO archive_old; END IF;
END $$;
DO $$ BEGIN DROP TABLE IF EXISTS public.zz CASCADE; EXCEPTION WHEN wrong_object_type THEN DROP VIEW public.zz CASCADE; END $$;
"""
MADE = "CREATE TABLE public.zz (id int, v text); INSERT INTO public.zz VALUES (7, 'mine')"


def case(row, what, agent, expect=(REFUSED,)):
    def take(function):
        def steps(bench):
            bench.world.ask_direct(MADE)
            try:
                return function(bench, bench.open())
            finally:
                for conversation in bench.conversations:
                    conversation.close()
                bench.world.ask_direct(ENDED)
        CASES.append(Case(row, what, expect, agent=agent, steps=steps))
        return function
    return take


def done(*replies):
    for reply in replies:
        assert not reply.errors() and not reply.held, reply.short()


def bound(conversation, text):
    """A portal "p" of that text, in a transaction."""
    done(conversation.query("BEGIN"), conversation.talk(parse(text, "s") + bind("s", "p") + sync()))


def renames(conversation, kind, name):
    done(conversation.query("ALTER TABLE zz RENAME TO zz_was"), conversation.query(f"ALTER {kind} {name} RENAME TO zz"))


INSERT = "INSERT INTO zz (id) VALUES (1)"
for agent, kind, name, text in (
        *((agent, kind, name, "EXECUTE q") for agent in ("writer", "maker") for kind, name in (("TABLE", "inbox"), ("VIEW", "inbox_view"))),
        ("writer", "TABLE", "inbox", f"DO $$ BEGIN {INSERT}; END $$"), ("writer", "TABLE", "inbox", f"EXPLAIN ANALYZE {INSERT}"),
        ("writer", "VIEW", "inbox_view", f"COPY ({INSERT} RETURNING id) TO STDOUT")):
    @case("g13", f"{text}: {name} gets the name that it is bound with", agent)
    def _(bench, conversation, kind=kind, name=name, text=text):
        done(conversation.query(f"PREPARE q AS {INSERT}"))
        bound(conversation, text)
        renames(conversation, kind, name)
        return outcome_of(conversation.talk(execute("p") + sync()))

for text in ("COPY zz TO STDOUT", "COPY (SELECT * FROM zz) TO STDOUT", "EXECUTE q", "DO $$ BEGIN UPDATE zz SET v = 'changed'; END $$"):
    @case("g13", f"{text}: what nobody may read gets the name that it is bound with", "writer")
    def _(bench, conversation, text=text):
        done(conversation.query("PREPARE q AS SELECT * FROM zz"))
        bound(conversation, text)
        renames(conversation, "TABLE", "archive_old")
        return outcome_of(conversation.talk(execute("p") + sync()))


@case("g13", "EXECUTE of a portal: names are given anew in the same packet", "maker")
def _(bench, conversation):
    done(conversation.query(f"PREPARE q AS {INSERT}"))
    data = parse("EXECUTE q", "s") + bind("s", "p")
    for text in ("ALTER TABLE zz RENAME TO zz_was", "ALTER TABLE inbox RENAME TO zz"):
        data += parse(text) + bind() + execute()
    return outcome_of(conversation.talk(data + execute("p") + sync()))


@case("g13", "EXECUTE of a portal: names are given anew by another session", "maker")
def _(bench, conversation):
    done(conversation.query(f"PREPARE q AS {INSERT}"))
    bound(conversation, "EXECUTE q")
    renames(bench.open(), "TABLE", "inbox")
    return outcome_of(conversation.talk(execute("p") + sync()))


@case("m15", "EXECUTE of a portal: a view of a sensitive column gets the name that is searched by", "reader", (HELD, REFUSED))
def _(bench, conversation):
    done(conversation.query("PREPARE q AS SELECT id FROM zz WHERE v > 'M'"))
    bound(conversation, "EXECUTE q")
    bench.world.ask_direct("ALTER TABLE public.zz RENAME TO zz_was; CREATE VIEW public.zz AS SELECT id, ssn AS v FROM public.people")
    done(bench.open(agent="writer").query("CREATE TABLE bumped ()"))  # so that the daemon hears of it
    return outcome_of(conversation.talk(execute("p") + sync()))


@case("g13", "a parameter's type has a check, to which the server keeps after the column has another type", "asker", (HELD,))
def _(bench, conversation):
    bench.world.ask_direct("CREATE TABLE public.typed9 (id int, c kept_text)")
    try:
        data = parse("INSERT INTO typed9 VALUES (1, $1)", "s") + wire.describe("S", "s") + sync()
        first = conversation.talk(data, keep_held=True)
        assert first.held, first.short()
        approve(bench)
        conversation.talk(b"")
        bench.world.ask_direct("ALTER TABLE public.typed9 ALTER c TYPE text")
        done(bench.open(agent="writer").query("CREATE TABLE bumped ()"))
        second = conversation.talk(bind("s", "", ["hello"]) + execute() + sync(), keep_held=True)
        tickets = [row for row in bench.world.daemon.json("approvals")["approvals"] if row["state"] == "pending"]
        assert second.held and "call" in tickets[0]["intent"]["actions"], tickets
        bench.world.daemon.sluice("deny", tickets[0]["ticket"], "--reason", "seen")
        return HELD
    finally:
        bench.world.ask_direct("DROP TABLE IF EXISTS public.typed9")
