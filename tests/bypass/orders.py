# SPDX-License-Identifier: Apache-2.0
"""Orders of messages after which a name or a text means something else at the server than what was judged: a message that fails
or is skipped while later ones are on their way already, and settings that go back with their transaction."""
from . import wire
from .cases import FAILED, HELD, MASKED, REFUSED, Cases, outcome_of

CASES = Cases(agent="writer")
SECRET = "SELECT upper(ssn), 1 FROM public.people ORDER BY id"
HARMLESS = "SELECT upper(name), 1 FROM public.people ORDER BY id"
FAILS = wire.parse("SELECT nosuch FROM public.notes", "fails")


def run(statement, portal=""):
    return wire.bind(statement, portal) + wire.describe("P", portal) + wire.execute(portal) + wire.sync()


for what, name, second, readies in (
        ("has a name that is taken", "s", wire.parse(HARMLESS, "s"), 2),
        ("cannot be parsed", "s", wire.parse("SELECT upper(name), nosuch FROM public.people", "s"), 2),
        ("is skipped", "s", FAILS + wire.parse(HARMLESS, "s"), 2),
        ("is skipped, without a name", "", FAILS + wire.parse(HARMLESS), 2),
        ("follows a Close that is skipped", "s", FAILS + wire.close("S", "s") + wire.sync() + wire.parse(HARMLESS, "s"), 3)):
    @CASES.case("m11", f"a statement goes on to mean what it did: the Parse {what}", (MASKED, FAILED))
    def _(bench, name=name, second=second, readies=readies):
        conversation = bench.open()
        assert not conversation.talk(wire.parse(SECRET, name) + wire.sync()).errors()
        reply = conversation.talk(second + wire.sync() + run(name), readies=readies)
        assert len(reply.rows()) == 3, reply.short()
        assert conversation.talk(wire.parse("SELECT 1") + run("")).rows() == [[b"1"]]
        return MASKED if all(row[0] == b"[redacted]" for row in reply.rows()) else outcome_of(reply)


@CASES.case("m11", "the unnamed statement is the last that was parsed, whatever was skipped before it", (MASKED,))
def _(bench):
    conversation = bench.open()
    conversation.talk(wire.parse(HARMLESS) + wire.sync())
    conversation.talk(FAILS + wire.parse("SELECT 1") + wire.sync() + wire.parse(SECRET) + wire.sync(), readies=2)
    reply = conversation.talk(run(""))
    assert len(reply.rows()) == 3, reply.short()
    return MASKED if all(row[0] == b"[redacted]" for row in reply.rows()) else outcome_of(reply)


for declared in (False, True):
    @CASES.case("m11", f"a portal goes on to be what it was behind ROLLBACK TO{', made by DECLARE' if declared else ''}", (MASKED,))
    def _(bench, declared=declared):
        conversation = bench.open()
        conversation.talk(wire.query("BEGIN") + wire.parse(SECRET, "a") + wire.parse(HARMLESS, "b") + wire.sync(), readies=2)
        conversation.talk(wire.query(f"DECLARE p CURSOR FOR {SECRET}") if declared else wire.bind("a", "p") + wire.sync())
        reply = conversation.talk(wire.query("SAVEPOINT x") + wire.bind("b", "p") + wire.sync() + wire.query("ROLLBACK TO x")
                                  + wire.describe("P", "p") + wire.execute("p") + wire.sync(), readies=4)
        assert len(reply.rows()) == 3, reply.short()
        return MASKED if all(row[0] == b"[redacted]" for row in reply.rows()) else outcome_of(reply)


@CASES.case("m11", "a portal and a statement that are made anew behind something slow", (MASKED,))
def _(bench):
    first, second = bench.open(), bench.open()
    slow = wire.query("SELECT pg_sleep(1)")
    first.talk(wire.parse(HARMLESS, "s") + wire.sync() + slow + wire.close("S", "s") + wire.parse(SECRET, "s") + wire.sync())
    second.talk(wire.query("BEGIN") + wire.parse(HARMLESS, "a") + wire.parse(SECRET, "b") + wire.sync(), readies=2)
    second.talk(wire.bind("a", "p") + wire.sync() + slow + wire.close("P", "p") + wire.bind("b", "p") + wire.sync())
    replies = [first.talk(wire.query("EXECUTE s"), readies=3), second.talk(wire.query("FETCH ALL FROM p"), readies=3)]
    for reply in replies:
        assert reply.refused() or [row[0] for row in reply.rows()[-3:]] == [b"[redacted]"] * 3, reply.short()
    return MASKED


# A text that is one thing while standard_conforming_strings is on, and another while it is off.
SHOWS = "SELECT '\\' , ' , upper(ssn) AS x FROM public.people -- '"
DELETES = "DELETE FROM notes WHERE body = '\\' OR ' ; DELETE FROM guarded -- '"
one = lambda text: wire.parse(text) + wire.bind() + wire.execute()
for end, begin in (("COMMIT", "SET LOCAL standard_conforming_strings = on"), ("ROLLBACK", "SET standard_conforming_strings = on"),
                   ("ROLLBACK TO x", "SAVEPOINT x; SET standard_conforming_strings = on"),
                   ("PREPARE TRANSACTION 'x'", "SET LOCAL standard_conforming_strings = on"),
                   ("ROLLBACK TO x", "SAVEPOINT x; SELECT set_config('standard_conforming_strings', 'on', false)")):
    for text in (SHOWS, DELETES):
        @CASES.case("g03", f"strings end elsewhere behind {end} in the same packet ({begin}): {text[:6]}", (REFUSED,))
        def _(bench, end=end, begin=begin, text=text):
            first, second = bench.open(), bench.open()
            for conversation in (first, second):
                for before in ("SET standard_conforming_strings = off", "BEGIN", begin):
                    assert not conversation.query(before).errors(), before
            reply = first.talk(wire.query(end) + wire.query(text), readies=2)
            first.query("ROLLBACK PREPARED 'x'")
            other = second.talk(one(end) + one(text) + wire.sync())
            second.query("ROLLBACK PREPARED 'x'")
            assert reply.refused() and other.refused(), (reply.short(), other.short())
            return REFUSED


@CASES.case("g03", "strings end elsewhere behind a setting whose own answer is still on its way", (REFUSED,))
def _(bench):
    for text in (SHOWS, DELETES):
        reply = bench.open().talk(wire.query("SELECT pg_sleep(0.5)") + one("SET standard_conforming_strings = off") + one(text) + wire.sync(), readies=2)
        assert reply.refused(), reply.short()
    return REFUSED


@CASES.case("m02", "an operator of users that COMMIT PREPARED brings", (REFUSED, HELD))
def _(bench):
    conversation, direct = bench.open(), bench.world.ask_direct
    try:
        for text in ("CREATE FUNCTION stores(text, text) RETURNS bool LANGUAGE plpgsql AS"
                     " $$ BEGIN INSERT INTO notes VALUES ((random() * 1e8)::int + 3, $1); RETURN true; END $$",
                     "BEGIN; CREATE OPERATOR |+++| (FUNCTION = stores, LEFTARG = text, RIGHTARG = text)",
                     "PREPARE TRANSACTION 'operator'", "SELECT 1"):
            assert not conversation.query(text).errors(), text
        reply = conversation.talk(wire.query("COMMIT PREPARED 'operator'") + wire.query("SELECT ssn |+++| 'a' FROM public.people"), readies=2)
        bench.open().query("SELECT * FROM notes")
        return outcome_of(reply)
    finally:
        direct("DROP FUNCTION IF EXISTS stores(text, text) CASCADE; DELETE FROM notes WHERE id > 2")
