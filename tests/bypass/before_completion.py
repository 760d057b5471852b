# SPDX-License-Identifier: Apache-2.0
"""Code of users that runs before the server says that a statement is complete, or that it never completes: when a text is parsed, when
values are bound, when the planner looks what a function gives, when a statement is described that has to be parsed again, when a portal has
given only some of its rows. What it makes, and what it sets, holds for what comes behind."""
from . import unnamed_code as unnamed
from . import wire
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case, outcome_of
from .temporary_views import MAKES, OF_DOMAIN, READS, UNDO, VIEW, function

CASES = []
STOPPED = (HELD, REFUSED)
SHOWN_MASKED = (*STOPPED, FAILED, MASKED)
query, parse, bind, execute, describe, sync, flush = (wire.query, wire.parse, wire.bind, wire.execute, wire.describe, wire.sync, wire.flush)
UNDO_ALL = f"DROP FUNCTION IF EXISTS imm9() CASCADE; {UNDO}"


def runs(row, what, prepared, *messages, expect=SHOWN_MASKED, agent="writer", last=READS):
    """Each of the messages, a text or bytes that end in one Sync, then `last`."""
    def steps(bench):
        direct = bench.world.ask_direct
        try:
            direct(prepared)
            bench.world.read_anew()
            conversation = bench.open()
            for message in messages:
                message = message(direct) if callable(message) else message
                reply = conversation.query(message) if isinstance(message, str) else conversation.talk(message)
                assert not reply.errors() or not isinstance(message, str), (message, reply.errors())
                bench.look_at(reply)
            reply = conversation.query(last) if last else reply
        finally:
            for conversation in bench.conversations:
                conversation.close()
            direct(UNDO_ALL)
        return outcome_of(reply)
    CASES.append(Case(row, what, expect, agent=agent, steps=steps))


def together(first, last=READS):
    """Both in one pipeline."""
    return first + parse(last, "last") + bind("last", "last") + execute("last") + sync()


# --- what the planner looks at when values are bound
IMMUTABLE = f"{MAKES}; {function('imm9', 'PERFORM makes9(); RETURN 1;', options='IMMUTABLE')}"
BOUND = parse("SELECT imm9()") + bind()
runs("m06", "a function that is folded, only bound", IMMUTABLE, BOUND + sync())
runs("m06", "a function that is folded, bound in a transaction", IMMUTABLE, "BEGIN", BOUND + sync())
runs("m06", "a function that is folded, bound and described", IMMUTABLE, BOUND + describe("P") + sync())
runs("m06", "a function that is folded, bound twice", IMMUTABLE, BOUND + sync(), BOUND + sync())
for what, between in (("nothing", b""), ("a Flush", flush())):
    runs("m06", f"a function that is folded, and {what} between", IMMUTABLE, together(BOUND + between), last=None)
runs("m06", "a view over what is folded, only bound", f"{IMMUTABLE}; CREATE VIEW report9 AS SELECT imm9() AS x", parse("SELECT x FROM report9") + bind() + sync())
runs("m06", "a default that is folded, only bound", f"{IMMUTABLE}; CREATE TABLE reached9 (id int, x int DEFAULT imm9())",
     parse("INSERT INTO reached9 (id) VALUES (1)") + bind() + sync())
runs("m06", "one that becomes immutable in the transaction, only bound", IMMUTABLE.replace("IMMUTABLE", "VOLATILE"), "BEGIN", "ALTER FUNCTION imm9() IMMUTABLE", BOUND + sync())
OF_GUARDED = (function("makes9", "CREATE TEMP VIEW notes AS SELECT * FROM public.guarded; RETURN 1;") + "; "
              + function("imm9", "PERFORM makes9(); RETURN 1;", options="IMMUTABLE"))
runs("g12", "a change by what is folded, only bound", OF_GUARDED, BOUND + sync(), last="DELETE FROM notes", expect=(*STOPPED, FAILED))
runs("g12", "a change by what is folded, in one pipeline", OF_GUARDED, together(BOUND, "DELETE FROM notes"), last=None, expect=(*STOPPED, FAILED))
REPLACED = ("CREATE VIEW report9 AS SELECT 0 AS id, ''::text AS item; "
            + function("makes9", "CREATE OR REPLACE VIEW report9 AS SELECT p.id, p.ssn AS item FROM public.people p; RETURN 1;") + "; "
            + function("imm9", "PERFORM makes9(); RETURN 1;", options="IMMUTABLE"))
runs("m06", "a view that is replaced by what is folded, only bound", REPLACED, BOUND + sync(), last="SELECT item || '' FROM report9")
# --- a portal that gives some of its rows
for select in ("SELECT makes9() FROM generate_series(1, 1)", "SELECT makes9() UNION ALL SELECT 2"):
    begun = parse(select) + bind("", "p") + execute("p", 1)
    runs("m06", f"{select}, one row of it", MAKES, "BEGIN", begun + sync())
    runs("m06", f"{select}, one row of it, in one pipeline", MAKES, "BEGIN", together(begun), last=None)
runs("m06", "a portal that makes it with a later row", function("makes9", "IF (SELECT count(*) FROM made9) = 2 THEN CREATE TEMP VIEW orders AS " + VIEW +
     "; END IF; INSERT INTO made9 VALUES (1); RETURN 1;") + "; CREATE TABLE made9 (id int)", "BEGIN",
     parse("SELECT makes9() FROM generate_series(1, 9)") + bind("", "p") + execute("p", 1) + execute("p", 1) + execute("p", 1) + sync())

# --- strings of a type with checks
STRING = "SELECT ARRAY[k] = '{x}' FROM reached9"
for text in (STRING, f"EXPLAIN {STRING}", f"DECLARE c CURSOR WITH HOLD FOR {STRING}", f"CREATE TEMP TABLE made9 AS {STRING}"):
    runs("m06", f"{text}, only parsed", OF_DOMAIN, parse(text, "s") + sync())
    runs("m06", f"{text}, only parsed, in one pipeline", OF_DOMAIN, together(parse(text, "s")), last=None)
runs("m06", "a value of a type with checks, only bound", OF_DOMAIN, parse("INSERT INTO reached9 VALUES (1, $1)", "s") + bind("s", "", ["x"]) + sync())
runs("m06", "a value of a type with checks, in one pipeline", OF_DOMAIN,
     together(parse("INSERT INTO reached9 VALUES (1, $1)", "s") + bind("s", "", ["x"])), last=None)
OF_TYPE = "SELECT $1 IS NOT NULL"


def declared(then):
    """The type of the parameter stands in the message alone."""
    return lambda direct: parse(OF_TYPE, "s", (direct("SELECT 'domain9'::regtype::oid::int8")[0][0],)) + bind("s", "", ["x"]) + then


runs("m06", "a declared type with checks, only bound", OF_DOMAIN, declared(sync()))
runs("m06", "a declared type with checks, executed", OF_DOMAIN, declared(execute() + sync()))
# What it names is looked up again when its values, or its strings, have been read.
AGAIN = OF_DOMAIN.replace("CREATE TEMP VIEW", "CREATE OR REPLACE TEMP VIEW")
for what, text, values in (("a value", "INSERT INTO reached9 SELECT 1, $1 FROM orders RETURNING (SELECT max(item) FROM orders)", ["x"]),
                           ("a string", "SELECT o.item || '' FROM orders o LEFT JOIN reached9 r ON ARRAY[r.k] = '{x}'", [])):
    runs("m06", f"names of the statement itself, by {what}", AGAIN, parse(text, "s") + sync(), bind("s", "", values) + execute() + sync(), last=None)
    runs("m06", f"names of the statement itself, by {what} in one pipeline", AGAIN, parse(text, "s") + bind("s", "", values) + execute() + sync(), last=None)

# --- what makes nothing, and what makes something under another name, keeps nobody from anything
COMPUTES = function("makes9", "RETURN 1;") + "; " + function("imm9", "PERFORM makes9(); RETURN 1;", options="IMMUTABLE")
OTHER = (function("makes9", "CREATE TEMP TABLE IF NOT EXISTS scratch9 (a int); RETURN 1;") + "; "
         + function("imm9", "PERFORM makes9(); RETURN 1;", options="IMMUTABLE"))
for what, prepared in (("computes", COMPUTES), ("makes a table", OTHER)):
    for after in (READS, "UPDATE orders SET item = item"):
        runs("g12", f"what is folded {what}, then {after}", prepared, BOUND + execute() + sync(), together(BOUND, after), last=after, expect=(CLEAN,))

# --- the encoding that a check sets
LOOKS = "SELECT ARRAY[k] = '{x}' FROM kd"
SETTLED = ("SET client_encoding = 'UTF8'", "SET search_path = unnamed9, public")


def sets(what, first, then, between=b"", *, readies=1, before=(), agent="writer", rest=None):
    message = first + between + (rest or parse(then) + bind() + execute() + sync())
    CASES.append(unnamed.case(f"{what}, {between!r} between", unnamed.DOMAIN, LOOKS, then, agent=agent, before=before, message=(message, readies)))


for text in (f"EXPLAIN {LOOKS}", f"DECLARE kk CURSOR WITH HOLD FOR {LOOKS}", f"CREATE TEMP TABLE tt AS {LOOKS}", f"EXPLAIN CREATE TABLE tt AS {LOOKS}"):
    sets(f"{text} is parsed", parse(text, "a"), unnamed.SHOWS)
    sets(f"{text} is parsed", parse(text, "a"), unnamed.SHOWS, flush())
EXPLAINED = parse(f"EXPLAIN {LOOKS}", "a")
sets("EXPLAIN is parsed", EXPLAINED, unnamed.SHOWS, sync(), readies=2)
for then in (unnamed.SHOWS, unnamed.DELETES):
    sets("EXPLAIN is parsed, and a query", EXPLAINED, then, sync(), readies=2, rest=query(then))

# --- and where a statement is parsed again, because names may mean something else
for text in (LOOKS, f"EXPLAIN {LOOKS}"):
    before = (parse(text, "s") + sync(), *SETTLED)
    sets(f"{text} is described", describe("S", "s"), unnamed.SHOWS, before=before)
    for then in (unnamed.SHOWS, unnamed.DELETES):
        sets(f"{text} is described, and a query", describe("S", "s"), then, sync(), before=before, readies=2, rest=query(then))
sets("EXPLAIN is bound", bind("s", "p0"), unnamed.SHOWS, before=(parse(f"EXPLAIN {LOOKS}", "s") + sync(), *SETTLED))
