# SPDX-License-Identifier: Apache-2.0
"""What gives names, ends transactions or changes settings where nobody looks: SQL's EXECUTE of what only Parse can prepare, and DO."""
from . import wire
from .cases import CLEAN, REFUSED, Case, outcome_of

CASES = []
parse, bind, execute, sync = wire.parse, wire.bind, wire.execute, wire.sync
CLEAR, SECRET = "SELECT balance::text FROM public.people", "SELECT upper(ssn) FROM public.people"


def case(row, what, agent="reader", expect=(REFUSED,)):
    def take(function):
        CASES.append(Case(row, what, expect, agent=agent, twins=False, steps=lambda bench: function(bench, bench.open())))
        return function
    return take


def send(conversation, data):
    return conversation.query(data) if isinstance(data, str) else conversation.talk(data)


def given(conversation, *before):
    for data in before:
        reply = send(conversation, data)
        assert not reply.errors() and not reply.held, (data, reply.short())


WAYS = {"": lambda name: f"EXECUTE {name}", " by Parse": lambda name: wire.extended(f"EXECUTE {name}"),
        " within EXPLAIN": lambda name: f"EXPLAIN ANALYZE EXECUTE {name}", " behind another": lambda name: f"SELECT 1; EXECUTE {name}"}
UTILITIES = ("DEALLOCATE s", "DEALLOCATE ALL", "DISCARD ALL", "PREPARE q AS " + SECRET, "DECLARE k CURSOR WITH HOLD FOR " + CLEAR,
             "CLOSE ALL", "COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT a", "PREPARE TRANSACTION 'z'", "SET client_encoding = 'SJIS'",
             "RESET ALL", "SET standard_conforming_strings = off", "LISTEN x", "SHOW work_mem", "EXPLAIN SELECT 1", "EXECUTE s")
for utility in UTILITIES:
    for way, text in WAYS.items():
        @case("g06", f"EXECUTE{way} of {utility}")
        def _(bench, conversation, utility=utility, text=text):
            given(conversation, parse(CLEAR, "s") + sync())
            if conversation.talk(parse(utility, "u") + sync()).errors():
                return REFUSED  # it cannot even be prepared
            reply = send(conversation, text("u"))
            assert reply.errors(), reply.short()
            reply = conversation.talk(bind("s") + execute() + sync())
            assert not reply.errors() and len(reply.rows()) == 3, "it is still what it was"
            return REFUSED


@case("g06", "a prepared statement gets another name's place by EXECUTE")
def _(bench, conversation):
    given(conversation, parse(CLEAR, "s") + parse("DEALLOCATE s", "d") + parse("PREPARE s AS " + SECRET, "p") + sync())
    outcomes = [outcome_of(send(conversation, text)) for text in ("EXECUTE d", "EXECUTE p", "EXECUTE d; EXECUTE p; EXECUTE s")]
    assert set(outcomes) == {REFUSED}, outcomes
    conversation.talk(bind("s") + execute() + sync())
    conversation.query("EXECUTE s")
    return REFUSED


@case("g06", "a cursor gets another's place by EXECUTE")
def _(bench, conversation):
    given(conversation, "BEGIN", parse(CLEAR) + bind("", "k") + execute("k", 1) + sync(),
          parse("CLOSE k", "d") + parse("DECLARE k CURSOR FOR " + SECRET, "p") + sync())
    assert outcome_of(conversation.query("EXECUTE d")) == REFUSED
    conversation.query("EXECUTE p")
    conversation.talk(execute("k") + sync())
    return REFUSED


@case("m12", "COMMIT by EXECUTE tells which keys are missing", agent="writer")
def _(bench, conversation):
    bench.world.ask_direct("CREATE TABLE refs (s text REFERENCES public.people(ssn) DEFERRABLE INITIALLY DEFERRED); INSERT INTO refs SELECT ssn FROM public.people")
    try:
        given(conversation, parse("COMMIT", "c") + sync(), "BEGIN", "DELETE FROM public.people")
        reply = conversation.query("EXECUTE c")
        conversation.close()
        return outcome_of(reply)
    finally:
        bench.world.ask_direct("DROP TABLE refs")


@case("g06", "what SQL can prepare is executed as before", agent="writer", expect=(CLEAN,))
def _(bench, conversation):
    given(conversation, parse("SELECT id FROM public.orders ORDER BY id", "s") + parse("INSERT INTO public.notes VALUES (990, $1)", "i") + sync(), "BEGIN",
          "EXECUTE s", "EXECUTE i('x')", "EXPLAIN EXECUTE s", "PREPARE q AS VALUES (1)", "EXECUTE q", "ROLLBACK")
    return CLEAN


IN_DO = ("DEALLOCATE s; PREPARE s AS SELECT id, v FROM public.guarded", "DEALLOCATE s", "DEALLOCATE ALL", "PREPARE s2 AS SELECT 1", "EXECUTE 'DEALLOCATE s'",
         "IF true THEN DEALLOCATE s; END IF", "BEGIN DEALLOCATE s; EXCEPTION WHEN others THEN NULL; END")
for body in IN_DO:
    for way, text in {"": "DO $$ BEGIN {}; END $$", " behind another": "SELECT 1; DO $$ BEGIN {}; END $$"}.items():
        @case("g06", f"DO{way}: {body}", agent="writer")
        def _(bench, conversation, text=text.format(body)):
            given(conversation, parse("SELECT id, item FROM public.orders", "s") + sync())
            return outcome_of(conversation.query(text))
