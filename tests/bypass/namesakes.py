# SPDX-License-Identifier: Apache-2.0
"""What the name of a prepared statement, a portal or a cursor stands for: it is given again, cut, written in another encoding,
ends with its transaction, is taken by a function's cursor, or what it reads becomes something else while it waits for a lock."""
import threading
import time

from . import wire
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Cases, outcome_of
from .steps import approve_all

CASES = Cases(expect=(MASKED,))
SECRET = "SELECT upper(ssn) FROM public.people ORDER BY id"
HARMLESS = "SELECT upper(name) FROM public.people ORDER BY id"
NAME = "x" * 63  # as much of a name as the server keeps
parse, bind, describe, execute, close, sync = wire.parse, wire.bind, wire.describe, wire.execute, wire.close, wire.sync


def in_order(conversation, *texts):
    for text in texts:
        reply = conversation.query(text)
        assert not reply.errors() and not reply.held, (text, reply.short())


def talk(conversation, data):
    """Until everything is answered: each Query and Sync has a ReadyForQuery."""
    readies = at = 0
    while at < len(data):
        readies += data[at:at + 1] in (b"Q", b"S")
        at += 1 + int.from_bytes(data[at + 1:at + 5], "big")
    return conversation.talk(data, readies=readies)


# --- a text that names another ---------------------------------------------------------------------------------------------

SWAPS = {
    "by SQL": wire.query("DEALLOCATE p") + wire.query(f"PREPARE p AS {SECRET}"),
    "in one text": wire.query(f"DEALLOCATE p; PREPARE p AS {SECRET}"),
    "by the protocol": close("S", "p") + parse(SECRET, "p") + sync(),
    "in the same pipeline": close("S", "p") + parse(SECRET, "p"),
}
for how, swap in SWAPS.items():
    @CASES.case("m11", f"a parsed EXECUTE whose statement is prepared anew {how}")
    def _(bench, swap=swap):
        for waits in (True, False):
            conversation = bench.open()
            in_order(conversation, f"PREPARE p AS {HARMLESS}")
            conversation.talk(parse("EXECUTE p", "s") + describe("S", "s") + sync())
            run = bind("s") + execute() + sync()
            if waits:
                talk(conversation, swap + sync())
            reply = talk(conversation, run if waits else swap + run)
            assert len(reply.rows()) == 3, reply.short()
        return outcome_of(reply)

    @CASES.case("m11", f"a portal of EXECUTE whose statement is prepared anew {how}", (REFUSED,))
    def _(bench, swap=swap):
        for before in (b"", execute("po", 1)):
            conversation = bench.open()
            in_order(conversation, f"PREPARE p AS {HARMLESS}", "BEGIN")
            conversation.talk(parse("EXECUTE p", "s") + bind("s", "po") + describe("P", "po") + before + sync())
            reply = talk(conversation, swap + execute("po") + sync())
            assert not reply.rows(), reply.short()
        return outcome_of(reply)


@CASES.case("m11", "a portal of EXECUTE goes on while other names come and go", (CLEAN,))
def _(bench):
    conversation = bench.open()
    in_order(conversation, f"PREPARE p AS {HARMLESS}", "BEGIN")
    reply = conversation.talk(parse("EXECUTE p", "s") + bind("s", "po") + describe("P", "po") + execute("po", 1) + sync())
    reply += talk(conversation, parse(SECRET, "other") + bind("other", "other") + sync() + execute("po", 1) + sync())
    in_order(conversation, "DEALLOCATE other")
    reply += conversation.talk(execute("po") + sync())
    assert len(reply.rows()) == 3, reply.short()
    return outcome_of(reply)


@CASES.case("m11", "EXECUTE of a statement of the protocol that is an EXECUTE itself", (REFUSED,))
def _(bench):
    conversation = bench.open()
    in_order(conversation, f"PREPARE p AS {HARMLESS}")
    conversation.talk(parse("EXECUTE p", "a") + sync())
    in_order(conversation, "DEALLOCATE p", f"PREPARE p AS {SECRET}")
    return outcome_of(conversation.query("EXECUTE a"))


@CASES.case("m11", "FETCH from a portal that is an EXECUTE", (REFUSED,))
def _(bench):
    conversation = bench.open()
    in_order(conversation, f"PREPARE p AS {HARMLESS}", "BEGIN")
    conversation.talk(parse("EXECUTE p", "s") + bind("s", "po") + sync())
    in_order(conversation, "DEALLOCATE p", f"PREPARE p AS {SECRET}")
    return outcome_of(conversation.query("FETCH ALL FROM po"))


@CASES.case("m11", "a parsed FETCH whose cursor is declared anew")
def _(bench):
    conversation = bench.open()
    in_order(conversation, "BEGIN", f"DECLARE k CURSOR FOR {HARMLESS}")
    conversation.talk(parse("FETCH ALL FROM k", "f") + describe("S", "f") + sync())
    in_order(conversation, "CLOSE k", f"DECLARE k CURSOR FOR {SECRET}")
    return outcome_of(conversation.talk(bind("f") + execute() + sync()))


@CASES.case("m12", "the error of an EXECUTE whose statement was prepared anew", (FAILED,))
def _(bench):
    conversation = bench.open()
    in_order(conversation, "PREPARE p AS SELECT 1")
    conversation.talk(parse("EXECUTE p", "s") + sync())
    in_order(conversation, "DEALLOCATE p", "PREPARE p AS SELECT ssn::int FROM public.people")
    return outcome_of(conversation.talk(bind("s") + execute() + sync()))


@CASES.case("m08", "CREATE TABLE AS EXECUTE of a statement that was prepared anew", (HELD, REFUSED), agent="writer")
def _(bench):
    conversation = bench.open()
    in_order(conversation, f"PREPARE p AS {HARMLESS}")
    conversation.talk(parse("CREATE TABLE stolen AS EXECUTE p", "s") + sync())
    in_order(conversation, "DEALLOCATE p", f"PREPARE p AS {SECRET}")
    return outcome_of(conversation.talk(bind("s") + execute() + sync()))


@CASES.case("g13", "an EXECUTE of what nobody approved", (HELD,), agent="asker")
def _(bench):
    conversation = bench.open()
    in_order(conversation, "PREPARE p AS SELECT 1")
    conversation.talk(parse("EXECUTE p", "s") + sync())
    in_order(conversation, "DEALLOCATE p")
    assert conversation.query("PREPARE p AS UPDATE notes SET body = body WHERE id = 1", keep_held=True).held
    approve_all(bench.world)
    assert conversation.talk(b"").tags() == ["PREPARE"]
    return outcome_of(conversation.talk(bind("s") + execute() + sync()))


@CASES.case("g13", "an EXECUTE that was approved for another statement", (HELD,), agent="asker")
def _(bench):
    conversation = bench.open()

    def approved(data):
        assert conversation.talk(data, keep_held=True).held
        approve_all(bench.world)
        return conversation.talk(b"")
    assert approved(wire.query("PREPARE p AS UPDATE notes SET body = body WHERE id = 1")).tags() == ["PREPARE"]
    approved(parse("EXECUTE p", "s") + sync())
    in_order(conversation, "DEALLOCATE p")
    assert approved(wire.query("PREPARE p AS UPDATE notes SET body = body || '' WHERE id = 1")).tags() == ["PREPARE"]
    return outcome_of(conversation.talk(bind("s") + execute() + sync()))


@CASES.case("g13", "a grant for EXECUTE of another statement", (HELD,), agent="asker")
def _(bench):
    conversation = bench.open()

    def prepare(text):
        assert conversation.query(f"PREPARE p AS {text}", keep_held=True).held
        approve_all(bench.world)
        assert conversation.talk(b"").tags() == ["PREPARE"]
    prepare("UPDATE notes SET body = body WHERE id = 1")
    assert conversation.query("EXECUTE p", keep_held=True).held
    [asked] = [row for row in bench.world.daemon.json("approvals")["approvals"] if row["state"] == "pending"]
    assert "UPDATE notes SET body = body WHERE id = 1" in str(asked), asked
    bench.world.daemon.sluice("approve", asked["ticket"], "--for", "1m")
    assert conversation.talk(b"").tags() == ["UPDATE 1"]
    assert conversation.query("EXECUTE p").tags() == ["UPDATE 1"], "the grant covers the same"
    in_order(conversation, "DEALLOCATE p")
    prepare("UPDATE notes SET body = body || '' WHERE id = 1")
    return outcome_of(conversation.query("EXECUTE p"))


@CASES.case("g03", "a setting that only the statement behind a name changes", (REFUSED,))
def _(bench):
    deletes = "WITH a AS (SELECT '\\' , ' ) , d AS (DELETE FROM public.guarded WHERE id = 1 RETURNING id) SELECT * FROM d -- ') SELECT 1"
    conversation = bench.open()
    in_order(conversation, "PREPARE p AS SELECT 1")
    conversation.talk(parse("EXECUTE p", "s") + sync())
    in_order(conversation, "DEALLOCATE p", "PREPARE p AS SELECT set_config('standard_conforming_strings', 'off', false)")
    return outcome_of(conversation.talk(bind("s") + execute() + parse(deletes, "t") + bind("t") + execute() + sync()))


# --- the same name, written otherwise ----------------------------------------------------------------------------------------

@CASES.case("pgcat f", "names that differ behind what the server keeps of them")
def _(bench):
    conversation = bench.open()
    conversation.talk(parse(HARMLESS, NAME + "A") + sync())
    conversation.talk(close("S", NAME + "B") + parse(SECRET, NAME + "C") + sync())
    replies = [conversation.talk(bind(NAME + "A") + execute() + sync()), conversation.query(f"EXECUTE {NAME}D")]
    conversation = bench.open()
    in_order(conversation, "BEGIN")
    conversation.talk(parse(HARMLESS, "o") + parse(SECRET, "e") + bind("o", NAME + "A") + describe("P", NAME + "A") + sync())
    conversation.talk(close("P", NAME + "B") + bind("e", NAME + "C") + sync())
    replies.append(conversation.talk(execute(NAME + "A") + sync()))
    # In the middle of a letter, which SQL leaves out as a whole.
    conversation = bench.open()
    in_order(conversation, f'PREPARE "{NAME[:-1]}é" AS {HARMLESS}')
    conversation.talk(close("S", NAME[:-1]) + parse(SECRET, NAME[:-1]) + parse(HARMLESS, NAME[:-1] + "é") + sync())
    replies.append(conversation.query(f'EXECUTE "{NAME[:-1]}é"'))
    outcomes = {outcome_of(reply) for reply in replies}
    assert all(len(reply.rows()) == 3 for reply in replies) and outcomes == {MASKED}, [reply.short() for reply in replies]
    return MASKED


@CASES.case("g13", "a parameter of another name's statement than approved", (HELD,), agent="asker")
def _(bench):
    conversation = bench.open()
    conversation.talk(parse("SELECT $1::int", NAME + "A") + sync())
    text = "UPDATE notes SET body = body WHERE id = $1::int"
    conversation.talk(close("S", NAME + "B") + sync())
    assert conversation.talk(parse(text, NAME + "C") + sync(), keep_held=True).held
    approve_all(bench.world)
    conversation.talk(b"")
    return outcome_of(conversation.talk(bind(NAME + "A", parameters=["1"]) + execute() + sync()))


@CASES.case("g11", "the same name in another encoding", (REFUSED,))
def _(bench):
    conversation = bench.open()
    conversation.talk(parse(HARMLESS, "é") + sync())
    in_order(conversation, "SET client_encoding = 'LATIN1'")
    refusal = conversation.talk(close("S", b"\xe9") + parse(SECRET, b"\xe9") + sync())
    in_order(conversation, "SET client_encoding = 'UTF8'")
    assert refusal.errors()[0]["C"] == "0A000" and len(refusal.errors()) == 1, refusal.short()
    reply = conversation.talk(bind("é") + describe("P") + execute() + sync())
    assert [row[0] for row in reply.rows()] == [b"ADA", b"BOB", b"CY"], reply.short()
    for message in (bind("", b"\xe9"), describe("S", b"\xe9"), describe("P", b"\xe9"), execute(b"\xe9"), close("P", b"\xe9")):
        conversation = bench.open(client_encoding="LATIN1")
        reply = conversation.talk(parse("SELECT 1") + message + sync())
        assert [error["C"] for error in reply.errors()] == ["0A000"], reply.short()
    assert bench.open().talk(parse("SET client_encoding = 'LATIN1'") + bind() + execute() + parse(SECRET, "é") + sync()).errors()[0]["C"] == "0A000"
    return REFUSED


@CASES.case("g11", "names of a database in another encoding", (REFUSED,))
def _(bench):
    direct, name = bench.world.ask_direct, NAME[:-1]
    direct("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        conversation = bench.open(database="latin", client_encoding="UTF8")
        # SQL cuts the second one in UTF8 here, and not in LATIN1 there.
        replies = [conversation.query(f"{text} AS SELECT 1") for text in (f'PREPARE "{name}"', f'PREPARE "{name}é"', "PREPARE é")]
        in_order(conversation, "PREPARE e AS SELECT 4")
        replies += [conversation.query(f"EXECUTE {text}") for text in (f'"{name}"', f'"{name}é"', "é")]
        assert all(reply.refused() for reply in replies), [reply.short() for reply in replies]
        assert conversation.query("EXECUTE e").rows() == [[b"4"]]
        return outcome_of(replies[0])
    finally:
        direct("DROP DATABASE latin WITH (FORCE)")


# --- the end of a transaction -------------------------------------------------------------------------------------------------

ENDS = ["COMMIT; BEGIN", "ROLLBACK; BEGIN", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "ROLLBACK TO x", "PREPARE TRANSACTION 'names'; BEGIN"]
for end in ENDS:
    @CASES.case("m11", f"a portal's name given to a cursor behind {end}")
    def _(bench, end=end):
        for declare_too, waits in ((False, True), (True, True), (True, False)):
            conversation = bench.open("writer")
            in_order(conversation, "BEGIN; SAVEPOINT x")
            conversation.talk(parse(HARMLESS, "o") + bind("o", "k") + describe("P", "k") + sync())
            texts = [f"{end}; DECLARE k CURSOR FOR {SECRET}"] if declare_too else [end, f"DECLARE k CURSOR FOR {SECRET}"]
            if "PREPARE" in end:
                texts = end.split(";") + [f"DECLARE k CURSOR FOR {SECRET}"]
            data = b"".join(wire.query(text) for text in texts)
            if waits:
                talk(conversation, data)
            reply = talk(conversation, (b"" if waits else data) + execute("k") + sync())
            conversation.query("ROLLBACK")
            conversation.query("ROLLBACK PREPARED 'names'")
            assert len(reply.rows()) == 3, reply.short()
        return outcome_of(reply)


FUNCTION = """CREATE FUNCTION opens(name text) RETURNS refcursor LANGUAGE plpgsql AS
 $$ DECLARE c refcursor := name; BEGIN OPEN c FOR SELECT upper(ssn) FROM people; RETURN c; END $$"""
# What makes a name known that the server does not have any more.
FORMER = {
    "COMMIT": [wire.query(f"BEGIN; DECLARE k CURSOR FOR {HARMLESS}; COMMIT; BEGIN")],
    "ROLLBACK": [wire.query("BEGIN"), wire.query(f"DECLARE k CURSOR FOR {HARMLESS}"), wire.query("ROLLBACK"), wire.query("BEGIN")],
    "ROLLBACK TO": [wire.query(f"BEGIN; SAVEPOINT x; DECLARE k CURSOR FOR {HARMLESS}; ROLLBACK TO x")],
    "ROLLBACK TO with savepoints in it": [wire.query(f"BEGIN; SAVEPOINT x; SAVEPOINT y; DECLARE k CURSOR FOR {HARMLESS}; RELEASE y; ROLLBACK TO x")],
    "ROLLBACK of one WITH HOLD": [wire.query(f"BEGIN; DECLARE k CURSOR WITH HOLD FOR {HARMLESS}"), wire.query("ROLLBACK; BEGIN")],
    "COMMIT of a failed transaction": [wire.query(f"BEGIN; DECLARE k CURSOR WITH HOLD FOR {HARMLESS}"), wire.query("SELECT 1/0"), wire.query("COMMIT; BEGIN")],
    "CLOSE": [wire.query(f"BEGIN; DECLARE k CURSOR FOR {HARMLESS}"), wire.query("CLOSE k")],
    "CLOSE ALL": [wire.query(f"BEGIN; DECLARE k CURSOR FOR {HARMLESS}"), wire.query("CLOSE ALL")],
    "a Close": [wire.query(f"BEGIN; DECLARE k CURSOR FOR {HARMLESS}"), close("P", "k") + sync()],
    "a DECLARE that failed": [wire.query(f"DECLARE k CURSOR FOR {HARMLESS}"), wire.query("BEGIN")],
    "a Bind and a Sync": [parse(HARMLESS, "o") + bind("o", "k") + sync(), wire.query("BEGIN")],
    "a Bind and COMMIT": [wire.query("BEGIN"), parse(HARMLESS, "o") + bind("o", "k") + sync(), wire.query("COMMIT; BEGIN")],
    "a Bind that was skipped": [parse(HARMLESS, "o") + parse("SELECT nosuch", "n") + bind("o", "k") + sync(), wire.query("BEGIN")],
}
OPENS = wire.query("SELECT opens('k')")
for former, makes in FORMER.items():
    @CASES.case("m11", f"a function's cursor takes a name that ended: {former}", (REFUSED, FAILED), agent="writer")
    def _(bench, makes=makes):
        bench.world.ask_direct(FUNCTION)
        try:
            replies = []
            for last in (wire.query("FETCH ALL FROM k"), describe("P", "k") + execute("k") + sync()):
                conversation = bench.open()
                for data in makes:
                    conversation.talk(data)
                conversation.talk(OPENS)
                replies.append(conversation.talk(last))
                # Everything at once.
                replies.append(talk(bench.open(), b"".join(makes) + OPENS + last))
            assert not any(reply.rows()[1:] for reply in replies), [reply.short() for reply in replies]
            assert all(reply.errors() for reply in replies), [reply.short() for reply in replies]
            return outcome_of(replies[0])
        finally:
            bench.world.ask_direct("DROP FUNCTION opens(text)")


for text in (f"BEGIN; DECLARE k CURSOR FOR {HARMLESS}; COMMIT; BEGIN; SELECT opens('k'); FETCH ALL FROM k",
             f"BEGIN; DECLARE k CURSOR FOR {HARMLESS}; CLOSE k; SELECT opens('k'); FETCH ALL FROM k",
             f"BEGIN; SAVEPOINT x; DECLARE k CURSOR FOR {HARMLESS}; ROLLBACK TO x; SELECT opens('k'); FETCH ALL FROM k"):
    @CASES.case("m11", f"a function's cursor takes a name that ended in the same text: {text}", (REFUSED,), agent="writer")
    def _(bench, text=text):
        bench.world.ask_direct(FUNCTION)
        try:
            return outcome_of(bench.open().query(text))
        finally:
            bench.world.ask_direct("DROP FUNCTION opens(text)")


@CASES.case("m11", "a function's cursor takes the name of a cursor WITH HOLD that a COMMIT rolled back, in one text", (REFUSED,), agent="writer")
def _(bench):
    bench.world.ask_direct(FUNCTION)
    try:
        conversation = bench.open()
        in_order(conversation, f"BEGIN; DECLARE k CURSOR WITH HOLD FOR {HARMLESS}")
        conversation.query("SELECT 1/0")
        return outcome_of(conversation.query("COMMIT; BEGIN; SELECT opens('k'); FETCH ALL FROM k"))
    finally:
        bench.world.ask_direct("DROP FUNCTION opens(text)")


@CASES.case("m11", "a function's cursor within a pipeline, behind a Close and a COMMIT", (REFUSED, FAILED), agent="writer")
def _(bench):
    one = lambda text: parse(text) + bind() + execute()
    bench.world.ask_direct(FUNCTION)
    try:
        replies = []
        for end in (close("P", "k"), one("COMMIT") + one("BEGIN"), one("ROLLBACK AND CHAIN"), one("CLOSE k")):
            conversation = bench.open()
            in_order(conversation, "BEGIN")
            conversation.talk(parse(HARMLESS, "o") + bind("o", "k") + describe("P", "k") + sync())
            replies.append(conversation.talk(end + one("SELECT opens('k')") + execute("k") + sync()))
            assert len(replies[-1].rows()) <= 1 and replies[-1].errors(), replies[-1].short()
        return outcome_of(replies[0])
    finally:
        bench.world.ask_direct("DROP FUNCTION opens(text)")


@CASES.case("m11", "a parsed FETCH behind a COMMIT and a function's cursor, all at once", (REFUSED, FAILED), agent="writer")
def _(bench):
    bench.world.ask_direct(FUNCTION)
    try:
        replies = []
        for end in (wire.query("COMMIT") + wire.query("BEGIN"), wire.query("COMMIT AND CHAIN"), wire.query("ROLLBACK; BEGIN"), close("P", "k") + sync()):
            for bound in (False, True):
                conversation = bench.open()
                in_order(conversation, "BEGIN", f"DECLARE k CURSOR FOR {HARMLESS}")
                conversation.talk(parse("FETCH ALL FROM k", "f") + (bind("f", "po") if bound else b"") + sync())
                run = execute("po") if bound else bind("f") + describe("P") + execute()
                reply = talk(conversation, end + OPENS + run + sync())
                assert len(reply.rows()) <= 1 and reply.errors(), reply.short()
                replies.append(reply)
        return outcome_of(replies[0])
    finally:
        bench.world.ask_direct("DROP FUNCTION opens(text)")


@CASES.case("m11", "cursors go on as they do at the server", (CLEAN,), agent="writer")
def _(bench):
    bench.world.ask_direct(FUNCTION)
    try:
        conversation = bench.open()
        in_order(conversation, f"BEGIN; DECLARE k CURSOR FOR {HARMLESS}; SAVEPOINT x; DECLARE l CURSOR WITH HOLD FOR {HARMLESS}; FETCH 1 FROM k",
                 "SELECT opens('other')", "FETCH 1 FROM k", "RELEASE x", "SAVEPOINT y", "ROLLBACK TO y", "FETCH 1 FROM k", "FETCH 1 FROM l", "COMMIT",
                 "FETCH 1 FROM l", "SELECT opens('other')", "FETCH 1 FROM l", "CLOSE l",
                 f"BEGIN; DECLARE h CURSOR WITH HOLD FOR {HARMLESS}; COMMIT; SELECT 1; FETCH ALL FROM h",
                 f"DECLARE k CURSOR WITH HOLD FOR {HARMLESS}", "FETCH 1 FROM k", "BEGIN")
        conversation.query("SELECT 1/0")
        in_order(conversation, "ROLLBACK", "FETCH 1 FROM k")
        reply = talk(conversation, parse(HARMLESS, "o") + sync() + wire.query("BEGIN") + bind("o", "p") + execute("p", 1) + sync()
                     + wire.query("FETCH 1 FROM p") + execute("p", 1) + sync())
        assert len(reply.rows()) == 3 and not reply.errors(), reply.short()
        return outcome_of(reply)
    finally:
        bench.world.ask_direct("DROP FUNCTION opens(text)")


# --- what waited for a lock ----------------------------------------------------------------------------------------------------

SHOWN = "SELECT upper(x) FROM shown ORDER BY id"
VIEW = "CREATE OR REPLACE VIEW shown AS SELECT id, {} AS x FROM people"
RACES = {
    "a SELECT": (b"", wire.query(SHOWN), b""),
    "an EXECUTE": (wire.query(f"PREPARE p AS {SHOWN}"), wire.query("EXECUTE p"), b""),
    "an EXECUTE of the protocol": (wire.query(f"PREPARE p AS {SHOWN}"), parse("EXECUTE p") + bind() + describe("P") + execute() + sync(), b""),
    "an EXECUTE that was described before": (wire.query(f"PREPARE p AS {SHOWN}") + parse("EXECUTE p", "s") + describe("S", "s") + sync(),
                                             bind("s") + execute() + sync(), b""),
    "a DECLARE, then FETCH": (wire.query("BEGIN"), wire.query(f"DECLARE k CURSOR FOR {SHOWN}"), wire.query("FETCH ALL FROM k")),
    "a DECLARE, then Execute": (wire.query("BEGIN"), wire.query(f"DECLARE k CURSOR FOR {SHOWN}"), execute("k") + sync()),
    "a Bind, then FETCH": (parse(SHOWN, "s") + sync() + wire.query("BEGIN"), bind("s", "k") + sync(), wire.query("FETCH ALL FROM k")),
    "a Bind, then Execute": (parse(SHOWN, "s") + describe("S", "s") + sync() + wire.query("BEGIN"), bind("s", "k") + sync(), execute("k") + sync()),
}
for what, (first, waits, last) in RACES.items():
    @CASES.case("m11", f"a view becomes another while {what} waits for its lock")
    def _(bench, first=first, waits=waits, last=last):
        direct = bench.world.ask_direct
        direct(VIEW.format("name") + ";CREATE FUNCTION redefines() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE '" + VIEW.format("ssn") + "'; END $$")
        other, conversation, replies = bench.open("writer"), bench.open(), []
        try:
            in_order(other, "CREATE TABLE before (id int)")  # of which everybody hears
            assert outcome_of(conversation.query(SHOWN)) == CLEAN
            if first:
                assert not talk(conversation, first).errors()
            other.query("BEGIN; CREATE TABLE beside (id int); SELECT redefines()")
            thread = threading.Thread(target=lambda: replies.append(conversation.talk(waits)))
            thread.start()
            deadline = time.monotonic() + 5
            while not direct("SELECT 1 FROM pg_locks WHERE NOT granted") and time.monotonic() < deadline:
                time.sleep(0.05)
            assert not replies, replies[0].short()
            other.query("COMMIT")
            thread.join()
            if last:
                replies.append(conversation.talk(last))
            assert len(replies[-1].rows()) == 3, replies[-1].short()
            return outcome_of(replies[-1])
        finally:
            conversation.query("ROLLBACK")
            direct("DROP FUNCTION redefines(); DROP VIEW shown; DROP TABLE IF EXISTS before, beside")
