# SPDX-License-Identifier: Apache-2.0
"""What was approved is what its names stood for then. While a request waits, or while a grant lasts, the names are given to
something else, or what they stand for becomes something else: by somebody, by the session in its own transaction, or because a
cursor was moved. And what changes elsewhere changes nothing."""
import time

from support.places import wait_for

from . import wire
from .cases import CLEAN, HELD, REFUSED, Case

CASES = []
parse, bind, describe, execute, sync = wire.parse, wire.bind, wire.describe, wire.execute, wire.sync

SETUP = """
CREATE SCHEMA agreed;
SET search_path = public;
CREATE DOMAIN public.small AS int CHECK (VALUE < 1000);
CREATE TABLE public.chosen (id int PRIMARY KEY, a int DEFAULT 1, b int DEFAULT 2, c public.small);
CREATE TABLE public.spared (id int PRIMARY KEY, a int, b int, c public.small);
CREATE TABLE public.unrelated (id int PRIMARY KEY, a int);
INSERT INTO public.chosen VALUES (1, 1, 2, 3), (2, 1, 2, 3), (3, 1, 2, 3);
INSERT INTO public.spared VALUES (1, 1, 2, 3), (2, 1, 2, 3), (3, 1, 2, 3);
CREATE VIEW public.chosen_view AS SELECT id, a AS x FROM public.chosen WHERE id < 3;
CREATE FUNCTION public.chosen_number() RETURNS int LANGUAGE sql AS 'SELECT 7';
CREATE FUNCTION public.chosen_outer() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN public.chosen_number(); END';
CREATE FUNCTION public.chosen_tree() RETURNS int BEGIN ATOMIC SELECT public.chosen_number(); END;
CREATE FUNCTION public.chosen_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER acts BEFORE INSERT ON public.chosen FOR EACH ROW EXECUTE FUNCTION public.chosen_trigger();
CREATE OPERATOR public.=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);
CREATE FUNCTION public.is_one(int) RETURNS bool LANGUAGE sql AS 'SELECT $1 === 1';
CREATE TYPE public.pair AS (x int, y int);
CREATE DOMAIN public.pairs AS public.pair[];
CREATE TYPE public.mood AS ENUM ('good', 'bad');
CREATE TABLE public.felt (id int PRIMARY KEY, m public.mood, p public.pair, body text, k int NOT NULL DEFAULT 0);
INSERT INTO public.felt VALUES (1, 'good', (1, 2), 'first'), (2, 'bad', (1, 2), 'FIRST');
CREATE COLLATION public.no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION public.with_case (provider = icu, locale = 'und');
CREATE TABLE public.numbered (id int GENERATED ALWAYS AS IDENTITY, v int);
CREATE TEXT SEARCH CONFIGURATION public.searched (COPY = simple);
CREATE SEQUENCE public.counted; CREATE SEQUENCE public.other_counted START 900;
"""
ENDED = """
DROP TABLE IF EXISTS public.chosen, public.spared, public.unrelated, public.chosen_was, public.heir_of_chosen CASCADE;
DROP FUNCTION IF EXISTS public.chosen_number(), public.chosen_number(int), public.chosen_outer(), public.chosen_tree(), public.chosen_trigger() CASCADE;
DROP DOMAIN IF EXISTS public.small CASCADE; DROP SCHEMA IF EXISTS agreed CASCADE;
DROP TABLE IF EXISTS public.felt, public.numbered; DROP COLLATION IF EXISTS public.with_case; DROP FUNCTION IF EXISTS public.is_one(int); DROP OPERATOR IF EXISTS public.=== (int, int); DROP OPERATOR IF EXISTS public.= (int, int);
DROP TYPE IF EXISTS public.pair, public.mood CASCADE; DROP COLLATION IF EXISTS public.no_case; DROP TEXT SEARCH CONFIGURATION IF EXISTS public.searched;
DROP SEQUENCE IF EXISTS public.counted, public.counted_was, public.other_counted;
"""
DELETES = "DELETE FROM chosen WHERE id = 1"
ANOTHER_OPERATOR = "DROP OPERATOR public.=== (int, int); CREATE OPERATOR public.=== (FUNCTION = int4ne, LEFTARG = int, RIGHTARG = int)"
FIELDS = "ALTER TYPE pair RENAME ATTRIBUTE x TO z; ALTER TYPE pair RENAME ATTRIBUTE y TO x"
LABELS = "ALTER TYPE mood RENAME VALUE 'good' TO 'was'; ALTER TYPE mood RENAME VALUE 'bad' TO 'good'"
SEQUENCES = "ALTER SEQUENCE counted RENAME TO counted_was; ALTER SEQUENCE other_counted RENAME TO counted"
# What is approved, and what then becomes of its names.
CHANGES = {
    "two tables change names": (DELETES, "ALTER TABLE chosen RENAME TO chosen_was; ALTER TABLE spared RENAME TO chosen"),
    "a table is made anew": (DELETES, "DROP TABLE chosen CASCADE; CREATE TABLE chosen AS SELECT * FROM spared"),
    "columns change names": (
        "UPDATE chosen SET a = 9 WHERE id = 1",
        "ALTER TABLE chosen RENAME a TO z; ALTER TABLE chosen RENAME b TO a; ALTER TABLE chosen RENAME z TO b"),
    "a column has another type": ("UPDATE chosen SET a = 9 WHERE id = 1", "ALTER TABLE chosen ALTER b TYPE text"),
    "a view has another condition": (
        "UPDATE chosen_view SET x = 9", "CREATE OR REPLACE VIEW chosen_view AS SELECT id, a AS x FROM chosen"),
    "a view has another column": (
        "UPDATE chosen_view SET x = 9", "CREATE OR REPLACE VIEW chosen_view AS SELECT id, b AS x FROM chosen WHERE id < 3"),
    "tables below a view change": (
        "UPDATE chosen_view SET x = 9 WHERE id = 1",
        "ALTER TABLE chosen RENAME TO chosen_was; ALTER TABLE spared RENAME TO chosen;"
        "CREATE OR REPLACE VIEW chosen_view AS SELECT id, a AS x FROM chosen WHERE id < 3"),
    "a rule is made": (DELETES, "CREATE RULE more AS ON DELETE TO chosen DO ALSO DELETE FROM chosen"),
    "a trigger is made": (
        DELETES, "CREATE TRIGGER more BEFORE DELETE ON chosen FOR EACH ROW EXECUTE FUNCTION chosen_trigger()"),
    "a trigger does something else": (
        "INSERT INTO chosen VALUES (4, 1, 2, 3)",
        "CREATE OR REPLACE FUNCTION chosen_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a := 5; RETURN NEW; END'"),
    "a trigger is switched off": ("INSERT INTO chosen VALUES (4, 1, 2, 3)", "ALTER TABLE chosen DISABLE TRIGGER acts"),
    "a default is another": ("INSERT INTO chosen (id) VALUES (4)", "ALTER TABLE chosen ALTER a SET DEFAULT 77"),
    "a check of a domain is another": (
        "INSERT INTO chosen (id, c) VALUES (4, 5)",
        "ALTER DOMAIN small DROP CONSTRAINT small_check; ALTER DOMAIN small ADD CHECK (VALUE < 2000)"),
    "a table gets an heir": (DELETES, "CREATE TABLE heir_of_chosen () INHERITS (chosen); INSERT INTO heir_of_chosen VALUES (1)"),
    "row security is another": (DELETES, "CREATE POLICY p ON chosen USING (true); ALTER TABLE chosen ENABLE ROW LEVEL SECURITY"),
    "a function is replaced": (
        "UPDATE chosen SET a = chosen_number() WHERE id = 1",
        "CREATE OR REPLACE FUNCTION chosen_number() RETURNS int LANGUAGE sql AS 'SELECT 8'"),
    "a function that another calls is replaced": (
        "UPDATE chosen SET a = chosen_outer() WHERE id = 1",
        "CREATE OR REPLACE FUNCTION chosen_number() RETURNS int LANGUAGE sql AS 'SELECT 8'"),
    "a function below a body that is kept as a tree is replaced": (
        "UPDATE chosen SET a = chosen_tree() WHERE id = 1",
        "CREATE OR REPLACE FUNCTION chosen_number() RETURNS int LANGUAGE sql AS 'SELECT 8'"),
    "a function of that name is made for other arguments": (
        "UPDATE chosen SET a = chosen_number() WHERE id = 1",
        "CREATE FUNCTION chosen_number(int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 8'"),
    "an operator is another": ("DELETE FROM chosen WHERE id === 1", ANOTHER_OPERATOR),
    "an operator in a body is another": ("DELETE FROM chosen WHERE is_one(id)", ANOTHER_OPERATOR),
    "an operator is made for what had none of users": (
        DELETES, "CREATE OPERATOR public.= (FUNCTION = int4ne, LEFTARG = int, RIGHTARG = int)"),
    "fields of a row change names": ("UPDATE felt SET k = (ROW(1, 2)::pair).x WHERE id = 1", FIELDS),
    "fields of a column change names": ("UPDATE felt SET p.x = 50 WHERE id = 1", FIELDS),
    "fields below a domain change names": ("UPDATE felt SET k = (ARRAY[ROW(1, 2)]::pairs)[1].x WHERE id = 1", FIELDS),
    "labels change names": ("UPDATE felt SET k = 5 WHERE m = 'good'", LABELS),
    "a cast is made": ("UPDATE felt SET body = m::text WHERE id = 1", "CREATE CAST (mood AS text) WITH INOUT AS ASSIGNMENT"),
    "a column has another collation": ("DELETE FROM felt WHERE body = 'first'", "ALTER TABLE felt ALTER body TYPE text COLLATE no_case"),
    "a collation is another": (
        "UPDATE felt SET k = 3 WHERE body COLLATE with_case = 'first'",
        "DROP COLLATION public.with_case; CREATE COLLATION public.with_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"),
    "a collation to sort by is another": (
        "UPDATE felt SET k = 3 WHERE id = (SELECT id FROM felt ORDER BY body COLLATE with_case LIMIT 1)",
        "ALTER COLLATION with_case RENAME TO was_with_case; ALTER COLLATION no_case RENAME TO with_case; ALTER COLLATION was_with_case RENAME TO no_case"),
    "an identity counts in another way": ("INSERT INTO numbered (v) VALUES (1)", "ALTER TABLE numbered ALTER id SET INCREMENT BY 7"),
    "the sequence of an identity has another end": ("INSERT INTO numbered (v) VALUES (1)", "ALTER SEQUENCE numbered_id_seq CYCLE MAXVALUE 20"),
    "a column becomes an identity": (
        "INSERT INTO felt (id, k) VALUES (7, DEFAULT)",
        "ALTER TABLE felt ALTER k DROP DEFAULT; ALTER TABLE felt ALTER k ADD GENERATED BY DEFAULT AS IDENTITY (START 555)"),
    "words are searched in another way": (
        "UPDATE felt SET k = 77 WHERE to_tsvector('searched', body) @@ to_tsquery('searched', 'run')",
        "ALTER TEXT SEARCH CONFIGURATION searched ALTER MAPPING FOR asciiword WITH english_stem"),
    "a sequence in a string has another's name": ("UPDATE felt SET k = nextval('counted') WHERE id = 1", SEQUENCES),
    "a sequence in a string with letters by number": (r"UPDATE felt SET k = nextval(E'c\157unted') WHERE id = 1", SEQUENCES),
    "a sequence counts otherwise": ("UPDATE felt SET k = nextval('counted') WHERE id = 1", "ALTER SEQUENCE counted INCREMENT 50"),
}
ELSEWHERE = """
CREATE TABLE agreed.other (id int PRIMARY KEY); ALTER TABLE unrelated RENAME a TO renamed; CREATE INDEX ON chosen (a);
CREATE FUNCTION agreed.other() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW agreed.over AS SELECT * FROM chosen; ANALYZE chosen;
"""
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname IN ('chosen', 'chosen_was', 'spared', 'heir_of_chosen', 'felt') ORDER BY 1"


def set_up(what, function, expect=(CLEAN,)):
    """A case of a function that takes a Bench with SETUP in it, and a conversation of the asker's."""
    def steps(bench):
        direct = bench.world.ask_direct
        direct(SETUP)
        try:
            return function(bench, bench.open())
        finally:
            for conversation in bench.conversations:
                conversation.close()  # it may hold locks
            direct(ENDED)
    return Case("g13", what, expect, agent="asker", steps=steps)


def case(what, expect=(CLEAN,)):
    def take(function):
        CASES.append(set_up(what, function, expect))
        return function
    return take


def rows(bench):
    direct = bench.world.ask_direct
    return {table: direct(f"SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM ONLY public.{table} t") for table, in direct(TABLES)}


def approve(bench, *more):
    listed = lambda: [row for row in bench.world.daemon.json("approvals")["approvals"] if row["state"] == "pending"]
    [request] = wait_for("the request", listed)
    bench.world.daemon.sluice("approve", request["ticket"], *more)
    return request


def approved(bench, conversation, data, *more):
    """Sends it, and says yes; what came of it."""
    data = wire.query(data) if isinstance(data, str) else data
    reply = conversation.talk(data, keep_held=True)
    assert reply.held, reply.short()
    approve(bench, *more)
    return conversation.talk(b"")


def covered(conversation, data):
    """By a grant: nobody is asked."""
    reply = conversation.talk(wire.query(data) if isinstance(data, str) else data, keep_held=True)
    return reply + conversation.talk(b"") if reply.held else reply


def again(conversation, data):
    """What is held is withdrawn."""
    return conversation.talk(wire.query(data) if isinstance(data, str) else data)


def stopped(reply):
    assert not any(tag.startswith(("UPDATE", "DELETE", "INSERT")) for tag in reply.tags()), reply.short()
    return REFUSED if reply.refused() else HELD


for what, (statement, change) in CHANGES.items():
    @case(f"{what} while a request waits", (REFUSED,))
    def _(bench, conversation, statement=statement, change=change):
        assert conversation.query(statement, keep_held=True).held
        bench.world.ask_direct(change)
        before = rows(bench)
        approve(bench)
        reply = conversation.talk(b"")
        assert rows(bench) == before, "it ran"
        return stopped(reply)

    @case(f"{what} while a grant lasts", (REFUSED, HELD))
    def _(bench, conversation, statement=statement, change=change):
        assert approved(bench, conversation, f"BEGIN; {statement}; ROLLBACK", "--for", "5m").tags()[-1] == "ROLLBACK"
        bench.world.ask_direct(change)
        before = rows(bench)
        reply = again(conversation, f"BEGIN; {statement}; ROLLBACK")
        assert rows(bench) == before
        return stopped(reply)


@case("what changes elsewhere voids no approval and no grant")
def _(bench, conversation):
    statement = "UPDATE chosen_view SET x = chosen_outer() WHERE id = 1"
    assert conversation.query(statement, keep_held=True).held
    bench.world.ask_direct(ELSEWHERE)
    approve(bench, "--for", "5m")
    assert conversation.talk(b"").tags() == ["UPDATE 1"]
    bench.world.ask_direct("CREATE TABLE agreed.more (id int); DROP TABLE agreed.other")
    for other in (conversation, bench.open()):
        assert covered(other, statement).tags() == ["UPDATE 1"], other.said.short()
    conversation.query("BEGIN")
    conversation.query("CREATE TEMP TABLE passing AS SELECT id FROM unrelated")
    assert covered(conversation, statement).tags() == ["UPDATE 1"], conversation.said.short()
    conversation.query("COMMIT")
    return CLEAN


@case("two tables change names between a text that was approved and its Bind", (HELD, REFUSED))
def _(bench, conversation):
    assert not approved(bench, conversation, parse(DELETES, "s") + sync()).errors()
    bench.world.ask_direct(CHANGES["two tables change names"][1])
    time.sleep(1.1)
    before = rows(bench)
    reply = again(conversation, bind("s") + execute() + sync())
    assert rows(bench) == before
    return stopped(reply)


@case("a text that was approved and is bound later runs")
def _(bench, conversation):
    assert not approved(bench, conversation, parse(DELETES, "s") + sync()).errors()
    time.sleep(1.1)
    reply = covered(conversation, bind("s") + execute() + sync())
    assert reply.tags() == ["DELETE 1"] and not reply.held, reply.short()
    conversation.query("BEGIN")
    assert not approved(bench, conversation, parse("DELETE FROM chosen WHERE id > 1 RETURNING id", "r") + bind("r", "r") + sync()).errors()
    assert len(covered(conversation, execute("r", 1) + sync()).rows()) == 1
    time.sleep(1.1)
    reply = covered(conversation, execute("r") + sync())
    assert len(reply.rows()) == 1 and not reply.held, reply.short()
    return CLEAN


# --- by the session itself -------------------------------------------------------------------------------------------------

OWN = {
    "renames tables": ("ALTER TABLE chosen RENAME TO chosen_was", "ALTER TABLE spared RENAME TO chosen"),
    "renames columns": ("ALTER TABLE chosen RENAME a TO z", "ALTER TABLE chosen RENAME b TO a"),
    "makes a trigger": ("CREATE TRIGGER more BEFORE UPDATE ON chosen FOR EACH ROW EXECUTE FUNCTION chosen_trigger()",),
    "makes a rule": ("CREATE RULE more AS ON UPDATE TO chosen DO ALSO NOTIFY x",),
    "makes a temporary table": ("CREATE TEMP TABLE chosen (id int, a int)",),
}
for what, texts in OWN.items():
    @case(f"with a grant a session {what} in its transaction", (HELD, REFUSED))
    def _(bench, conversation, texts=texts):
        statement = "UPDATE chosen SET a = 9 WHERE id = 1"
        assert approved(bench, conversation, statement, "--for", "5m").tags() == ["UPDATE 1"]
        assert covered(conversation, statement).tags() == ["UPDATE 1"], "the grant covers the same"
        conversation.query("BEGIN")
        for text in texts:
            reply = conversation.query(text)
            assert not reply.held and not reply.errors(), reply.short()
        return stopped(again(conversation, statement))


def policy(bench, more, held):
    """Adds rules, by which DDL of `chosen` is held or not."""
    bench.world.set_policy(more)
    bench.world.daemon.process.send_signal(1)
    wait_for("the policy", lambda: bench.open().query("COMMENT ON TABLE chosen IS 'x'").held is held)


@case("something is made in a schema while somebody is asked whether it may go", (REFUSED,))
def _(bench, conversation):
    try:
        policy(bench, "  - { name: ask to drop, agents: [asker], resources: [db], actions: [ddl], verdict: hold, approvers: { users: [root] } }\n", True)
        assert conversation.query("DROP SCHEMA agreed CASCADE", keep_held=True).held
        bench.world.ask_direct("CREATE FUNCTION agreed.young() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        approve(bench)
        reply = conversation.talk(b"")
        assert "DROP SCHEMA" not in reply.tags(), reply.short()
        return stopped(reply)
    finally:
        conversation.close()
        policy(bench, "", False)


@case("a statement that is bound, and run when its name is another's", (HELD, REFUSED))
def _(bench, conversation):
    try:
        policy(bench, "  - { name: ask to drop, agents: [asker], resources: [db], actions: [ddl], when: { tables: [public.chosen] },"
               " verdict: hold, approvers: { users: [root] } }\n", True)
        conversation.query("BEGIN")
        bound = parse("DROP TABLE chosen CASCADE", "d") + bind("d", "d") + sync()
        assert not approved(bench, conversation, bound).errors()
        for text in ("ALTER TABLE chosen RENAME TO chosen_was", "ALTER TABLE spared RENAME TO chosen"):
            reply = conversation.talk(wire.query(text), keep_held=True)
            if reply.held:
                approve(bench)
                reply = conversation.talk(b"")
            assert not reply.errors(), reply.short()
        reply = again(conversation, execute("d") + sync())
        assert "DROP TABLE" not in reply.tags(), reply.short()
        return stopped(reply)
    finally:
        conversation.close()
        policy(bench, "", False)


# A temporary relation is the session's own: no catalogue that is read outside of it shows what becomes of it.
TEMPORARY = {
    "columns of a temporary view change names": (
        "CREATE TEMP VIEW passing AS SELECT id, a AS x, b AS y FROM chosen", "UPDATE passing SET x = 9 WHERE id = 1",
        ("ALTER VIEW passing RENAME COLUMN x TO z", "ALTER VIEW passing RENAME COLUMN y TO x")),
    "a temporary view has another default": (
        "CREATE TEMP VIEW passing AS SELECT id, a FROM chosen", "INSERT INTO passing (id) VALUES (9)",
        ("ALTER VIEW passing ALTER a SET DEFAULT 77",)),
    "two temporary views change names": (
        "CREATE TEMP VIEW passing AS SELECT id FROM chosen WHERE id = 1; CREATE TEMP VIEW whole AS SELECT id FROM chosen",
        "DELETE FROM passing", ("ALTER VIEW passing RENAME TO was", "ALTER VIEW whole RENAME TO passing")),
    "a temporary table goes, and one of users was behind it": (
        "CREATE TEMP TABLE chosen AS SELECT 1 AS id", DELETES, ("DROP TABLE pg_temp.chosen",)),
}
for what, (made, statement, changes) in TEMPORARY.items():
    @case(f"with a grant {what}", (HELD, REFUSED))
    def _(bench, conversation, made=made, statement=statement, changes=changes):
        for text in made.split("; "):
            reply = conversation.query(text)
            assert not reply.errors() and not reply.held, reply.short()
        assert approved(bench, conversation, f"BEGIN; {statement}; ROLLBACK", "--for", "5m").tags()[-1] == "ROLLBACK"
        for text in changes:
            reply = conversation.query(text)
            assert not reply.errors() and not reply.held, reply.short()
        before = rows(bench)
        reply = again(conversation, f"BEGIN; {statement}; ROLLBACK")
        assert rows(bench) == before
        return stopped(reply)


@case("with a grant EXECUTE of a text whose parameter was declared of another type", (HELD, REFUSED))
def _(bench, conversation):
    text = "UPDATE felt SET body = $1::text WHERE id = 1"
    assert not approved(bench, conversation, parse(text, "p", (25,)) + sync(), "--for", "5m").errors()
    assert approved(bench, conversation, "EXECUTE p('1260')", "--for", "5m").tags() == ["UPDATE 1"]
    assert covered(conversation, "EXECUTE p('1260')").tags() == ["UPDATE 1"]
    other = bench.open()
    assert not approved(bench, other, parse(text, "p", (2205,)) + sync()).errors()
    return stopped(again(other, "EXECUTE p('1260')"))


# --- where a cursor is -----------------------------------------------------------------------------------------------------

AT_CURSOR = "UPDATE chosen SET a = 9 WHERE CURRENT OF place"


def at_first(conversation):
    for text in ("BEGIN", "DECLARE place CURSOR FOR SELECT id FROM chosen ORDER BY id FOR UPDATE", "FETCH place"):
        reply = conversation.query(text)
        assert not reply.errors() and not reply.held, reply.short()


@case("WHERE CURRENT OF runs where it was approved")
def _(bench, conversation):
    for data in (AT_CURSOR, wire.extended(AT_CURSOR), wire.extended(f"/* */{AT_CURSOR} RETURNING id")):
        at_first(conversation)
        reply = conversation.talk(wire.query(data) if isinstance(data, str) else data, keep_held=True)
        assert reply.held, reply.short()
        assert "SELECT id FROM chosen ORDER BY id" in str(approve(bench)), "people see what the cursor is of"
        reply = conversation.talk(b"")
        assert reply.tags() == ["UPDATE 1"], reply.short()
        conversation.query("ROLLBACK")
    at_first(conversation)
    prepared = approved(bench, conversation, f"PREPARE at_cursor AS {AT_CURSOR}")
    assert prepared.tags() == ["PREPARE"], prepared.short()
    reply = approved(bench, conversation, "EXECUTE at_cursor")
    assert reply.tags() == ["UPDATE 1"], reply.short()
    return CLEAN


for what, between in {"moved": "FETCH place", "opened anew": "CLOSE place; DECLARE place CURSOR FOR SELECT id FROM chosen ORDER BY -id FOR UPDATE; FETCH place",
                      "left alone": "SELECT 1"}.items():
    for form, data in {"": AT_CURSOR, ", CURRENT/**/OF": "UPDATE chosen SET a = 9 WHERE CURRENT/**/OF place", ", DO": f"DO $$ BEGIN {AT_CURSOR}; END $$",
                       ", EXPLAIN ANALYZE": f"EXPLAIN ANALYZE {AT_CURSOR}", ", EXECUTE": "EXECUTE at_cursor"}.items():
        @case(f"a grant of WHERE CURRENT OF{form}, the cursor was {what}", (HELD, REFUSED))
        def _(bench, conversation, between=between, data=data, form=form):
            if "EXECUTE" in data:
                prepared = approved(bench, conversation, f"PREPARE at_cursor AS {AT_CURSOR}")
                assert prepared.tags() == ["PREPARE"], prepared.short()
            at_first(conversation)
            reply = approved(bench, conversation, data, "--for", "5m")
            assert not reply.errors(), reply.short()
            conversation.query(between)
            return stopped(again(conversation, data))


@case("WHERE CURRENT OF that was approved by its text, and a cursor that was moved before it is bound", (HELD, REFUSED))
def _(bench, conversation):
    at_first(conversation)
    assert not approved(bench, conversation, parse(AT_CURSOR, "s") + sync()).errors()
    conversation.query("MOVE place")
    return stopped(again(conversation, bind("s") + execute() + sync()))


@case("WHERE CURRENT OF that was bound, and a cursor that is moved before it runs", (HELD, REFUSED))
def _(bench, conversation):
    at_first(conversation)
    assert not approved(bench, conversation, parse(AT_CURSOR, "s") + bind("s", "p") + sync()).errors()
    conversation.query("MOVE place")
    return stopped(again(conversation, execute("p") + sync()))
