# SPDX-License-Identifier: Apache-2.0
"""What a message means when the server gets there, and to which message it answers: a timeout that a Flush finds, settings that an
error sets back or that code sets which nobody names, names and texts in another encoding than they were sent in."""
import time

from . import wire
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case, outcome_of

CASES = []
STOPPED = (REFUSED, HELD, FAILED, MASKED)
query, parse, bind, execute, sync, flush = wire.query, wire.parse, wire.bind, wire.execute, wire.sync, wire.flush
UNDO = ("DROP TABLE IF EXISTS fires, keeps_denc; DROP FUNCTION IF EXISTS sets_encoding() CASCADE; DROP DOMAIN IF EXISTS denc, dscs CASCADE;"
        " DROP FUNCTION IF EXISTS checks_encoding(text), checks_strings(text)")


def case(row, what, *, before=(), prepared="", agent="reader", expect=STOPPED, pause=0.0, opening=b""):
    """`before`: texts, one by one. `opening`: sent, and not waited for. What the function gives is sent as one: bytes, and how many times the
    server says that it is ready."""
    def take(function):
        def steps(bench):
            direct = bench.world.ask_direct
            try:
                if prepared:
                    direct(prepared)
                    bench.world.read_anew()
                conversation = bench.open()
                for text in before:
                    reply = conversation.talk(text) if isinstance(text, bytes) else conversation.query(text)
                    assert not reply.errors(), (text, reply.errors())
                if opening:
                    conversation.talk(opening, readies=0)
                    time.sleep(pause)
                reply = conversation.talk(*function(bench))
            finally:
                for conversation in bench.conversations:
                    conversation.close()
                direct(UNDO)
            return outcome_of(reply)
        CASES.append(Case(row, what, expect, agent=agent, steps=steps))
        return function
    return take


# --- a timeout is noticed with the Flush that is read then, and the server skips to the next Sync
SSN = "SELECT ssn || '' FROM people"
HARMLESS = "SELECT 'x' FROM people"
for first in (query("SELECT 11"), query("DELETE FROM guarded"), parse("SELECT 1") + bind() + execute() + query("SELECT 11")):
    for then in (query(HARMLESS), parse(HARMLESS) + bind() + execute()):
        for last in (query(SSN), parse(SSN) + bind() + execute() + sync()):
            @case("g10", f"a Flush fails before {first!r} {then!r}, and what comes behind is {last!r}", before=("SET statement_timeout = '50ms'",),
                  opening=parse("SELECT 1") + flush(), pause=0.3, expect=(*STOPPED, CLEAN))
            def _(bench, first=first, then=then, last=last):
                return flush() + first + then + sync() + last, 2


@case("g10", "a Flush fails before a FunctionCall", before=("SET statement_timeout = '50ms'",), opening=parse("SELECT 1") + flush(), pause=0.3,
      expect=(*STOPPED, CLEAN))
def _(bench):
    number = bench.world.ask_direct("SELECT 'pi()'::regprocedure::oid")[0][0]
    return flush() + wire.call(number) + query(HARMLESS) + sync() + query(SSN), 2


@case("m10", "a Flush fails before a COPY", before=("SET statement_timeout = '50ms'",), opening=parse("SELECT 1") + flush(), pause=0.3, agent="writer",
      expect=(*STOPPED, CLEAN))
def _(bench):
    return flush() + query("SELECT 1") + query("COPY (SELECT 'x' FROM people) TO STDOUT") + sync() + query("COPY (SELECT ssn FROM people) TO STDOUT"), 2


@case("m12", "a Flush fails, and an error that quotes comes behind", before=("SET statement_timeout = '50ms'",), opening=parse("SELECT 1") + flush(), pause=0.3)
def _(bench):
    return flush() + query("SELECT 1") + query("SELECT 1") + sync() + query("SELECT ssn::int FROM people"), 2


@case("g10", "a Query behind a Flush that does not fail", expect=(CLEAN,))
def _(bench):
    return parse("SELECT 1") + flush() + query("SELECT 2") + parse("SELECT 3") + bind() + execute() + flush() + query("SELECT 4"), 2


# --- an error sets client_encoding back; in the encoding that holds then the string ends elsewhere
LETTER = "\u00c1\\'"  # in SJIS and others the first of its bytes is a letter, and the second one together with the backslash
DELETES = f"SELECT E'{LETTER}; DELETE FROM guarded; --'"
SHOWS = f"SELECT E'{LETTER}||ssn FROM people --' FROM people\n"
SETS_STRINGS = ("SET standard_conforming_strings = off", "BEGIN", "SET standard_conforming_strings = on")
for encoding in ("SJIS", "SHIFT_JIS_2004"):
    SETS = (f"SET client_encoding = '{encoding}'", "BEGIN", "SET client_encoding = 'UTF8'")
    for fails in (query("SELECT 1/0"), parse("SELECT 1/0") + bind() + execute() + sync()):
        for ends in ("ROLLBACK", "COMMIT", "ROLLBACK TO a"):
            for text in (DELETES, SHOWS):
                before = SETS if ends != "ROLLBACK TO a" else (SETS[0], "BEGIN", "SAVEPOINT a", SETS[2])
                @case("g11", f"{encoding} comes back with {fails!r}, then {ends}; {text}", before=before)
                def _(bench, fails=fails, ends=ends, text=text):
                    return fails + query(f"{ends}; {text}"), 2
    LET = "COPY (SELECT 'x', chr(12477), ssn, chr(12509) FROM people) TO STDOUT (DELIMITER '|')"
    for ends in ("ROLLBACK", "COMMIT", "ROLLBACK; BEGIN; SELECT 1"):
        @case("m10", f"{encoding} comes back with {ends}, and a COPY is behind it", before=SETS, agent="writer")
        def _(bench, ends=ends):
            return query(f"{ends}; {LET}"), 1
    @case("m10", f"{encoding} comes back with an error, and a COPY is behind it", before=SETS, agent="writer")
    def _(bench):
        return query("SELECT 1/0") + query(f"ROLLBACK; {LET}"), 2


@case("g11", "an error sets back how strings are read", before=SETS_STRINGS)
def _(bench):
    return query("SELECT 1/0") + query("ROLLBACK; SELECT '\\' || $q$' || upper(ssn) FROM people WHERE id = 1 -- $q$\n"), 2


@case("g11", "what is not ASCII behind an error that sets nothing back", expect=(FAILED,), before=("BEGIN",))
def _(bench):
    return query("SELECT 1/0") + query("ROLLBACK; SELECT 'Gr\u00fc\u00dfe'"), 2


# --- code that nobody names sets it: a trigger, and the check of a domain that a parameter is of
def fires(encoding):
    return (f"CREATE TABLE fires (id int, note text); CREATE FUNCTION sets_encoding() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" PERFORM set_config('client_encoding', '{encoding}', false); RETURN NEW; END $$;"
            f" CREATE TRIGGER sets BEFORE INSERT ON fires FOR EACH ROW EXECUTE FUNCTION sets_encoding()")


SILENT = ("CREATE TABLE fires (id int, note text); CREATE FUNCTION sets_encoding() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := now()::text;"
          " RETURN NEW; END $$; CREATE TRIGGER sets BEFORE INSERT ON fires FOR EACH ROW EXECUTE FUNCTION sets_encoding()")
INSERT = "INSERT INTO fires VALUES (1, 'a')"
INSERTS = {"a Query": query(INSERT), "an extended query": parse(INSERT) + bind() + execute(), "a flushed one": parse(INSERT) + bind() + execute() + flush()}
for what, insert in INSERTS.items():
    ready = 2 if what == "a Query" else 1
    for text in (SHOWS, "WITH w AS (INSERT INTO fires VALUES (1, 'a') RETURNING 1) " + SHOWS):
        @case("g11", f"a trigger of {what} sets SJIS: {text}", prepared=fires("SJIS"), agent="writer")
        def _(bench, insert=insert, text=text, ready=ready):
            return insert + (query(text) if ready == 2 else parse(text) + bind() + execute() + sync()), ready
    @case("m10", f"a trigger of {what} sets SJIS before a COPY", prepared=fires("SJIS"), agent="writer")
    def _(bench, insert=insert, ready=ready):
        return insert + (query(LET) if ready == 2 else parse(LET) + bind() + execute() + sync()), ready
    @case("g11", f"a trigger of {what} sets LATIN1: a name is another's", prepared=fires("LATIN1"), agent="writer",
          before=(parse("SELECT 'x' FROM people", "\u00e9") + parse(SSN, "\u00c3\u00a9") + sync(),))
    def _(bench, insert=insert, ready=ready):
        return insert + bind("\u00e9") + execute() + sync(), ready
    @case("g11", f"a trigger of {what} sets nothing", prepared=SILENT, agent="writer", expect=(CLEAN,))
    def _(bench, insert=insert, ready=ready):
        text = "SELECT 'Gr\u00fc\u00dfe'"
        return insert + (query(text) if ready == 2 else parse(text) + bind() + execute() + sync()), ready

CHECKS = ("CREATE FUNCTION checks_encoding(text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('client_encoding', $1, false);"
          " RETURN true; END $$; CREATE DOMAIN denc AS text CHECK (checks_encoding(VALUE)); CREATE TABLE keeps_denc (a denc);"
          " CREATE FUNCTION checks_strings(text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('standard_conforming_strings', $1, false);"
          " RETURN true; END $$; CREATE DOMAIN dscs AS text CHECK (checks_strings(VALUE))")
STRINGS = "SELECT '\\' || $q$' || upper(ssn) FROM people WHERE id = 1 -- $q$\n"
for takes, value, text in (("SELECT $1::denc", "SJIS", LET), ("SELECT $1::denc", "SJIS", SHOWS), ("INSERT INTO keeps_denc VALUES ($1)", "SJIS", LET),
                           ("INSERT INTO keeps_denc VALUES ($1)", "SJIS", SHOWS), ("SELECT $1::dscs", "off", STRINGS),
                           ("EXPLAIN SELECT $1::denc", "SJIS", LET), ("DECLARE c CURSOR WITH HOLD FOR SELECT $1::denc", "SJIS", SHOWS),
                           ("CREATE TABLE keeps_more AS SELECT $1::denc AS x", "SJIS", LET)):
    for between, ready in ((b"", 1), (flush(), 1), (sync(), 2)):
        @case("g11", f"a check runs with Bind: {takes}, {between!r}, then {text}", prepared=CHECKS, agent="writer")
        def _(bench, takes=takes, value=value, text=text, between=between, ready=ready):
            return parse(takes, "s") + bind("s", parameters=[value]) + between + parse(text) + bind() + execute() + sync(), ready
for front, ready in ((parse("SELECT 7") + bind() + execute() + sync(), 2), (query("SELECT 1"), 2), (b"", 1)):
    for text in (LET, SHOWS):
        @case("g11", f"a check runs with Bind of a declared type behind {front!r}, then {text}", prepared=CHECKS, agent="writer")
        def _(bench, front=front, ready=ready, text=text):
            number = bench.world.ask_direct("SELECT 'denc'::regtype::oid")[0][0]
            bench.conversations[-1].talk(parse("SELECT $1", "s", (number,)) + sync())
            return front + bind("s", parameters=["SJIS"]) + parse(text) + bind() + execute() + sync(), ready


# --- a database's name that the server cuts
@case("g10", "start-up with a database's name of 64 bytes")
def _(bench):
    greeting = bench.open(database="d" * 64).greeting
    assert greeting.refused() and not any(kind == "Z" for kind, _ in greeting.messages), greeting.messages
    return query("DELETE FROM guarded"), 1
