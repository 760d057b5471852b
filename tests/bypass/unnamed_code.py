# SPDX-License-Identifier: Apache-2.0
"""Code of users that no statement names sets client_encoding: an implicit cast, a default operator class, checks and expressions of tables
that are looked at to plan or to read a text, policies. What comes behind is read by the server in the new encoding, where strings end
elsewhere."""
from . import wire
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case, outcome_of

CASES = []
STOPPED = (REFUSED, HELD, FAILED, MASKED)
query, parse, bind, execute, sync, flush = wire.query, wire.parse, wire.bind, wire.execute, wire.sync, wire.flush
LETTER = "\u00c1\\'"  # in SJIS the first of its bytes is a letter, and the second one together with the backslash
DELETES = f"SELECT E'{LETTER}; DELETE FROM guarded; --'"
SHOWS = f"SELECT E'{LETTER}||ssn FROM public.people --' FROM public.people\n"
DELETES_INSIDE = f"WITH w AS (SELECT E'{LETTER}), x AS (DELETE FROM guarded RETURNING 1) SELECT 1 FROM x --') SELECT 1\n"
ORDINARY = "SELECT 'Gr\u00fc\u00dfe'"
SETS = "set_config('client_encoding', 'SJIS', false)"
UNDO = ("DROP SCHEMA IF EXISTS unnamed9 CASCADE; DELETE FROM notes WHERE id >= 700;"
        " DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'held9') THEN DROP OWNED BY held9; DROP ROLE held9; END IF; END $$")


def function(name, body, takes="text", gives="text", result="$1", kind="IMMUTABLE"):
    return f"CREATE FUNCTION {name}({takes}) RETURNS {gives} LANGUAGE plpgsql {kind} AS $f$ BEGIN {body}; RETURN {result}; END $f$; "


def sent(first, then, how):
    if how == "two queries":
        return query(first) + query(then), 2
    if how == "one text":
        return query(f"{first}; {then}"), 1
    between, ready = {"a Sync": (sync(), 2), "a Flush": (flush(), 1), "nothing": (b"", 1)}[how.split(" between")[0]]
    return parse(first) + bind() + execute() + between + parse(then) + bind() + execute() + sync(), ready


def case(what, prepared, first, then=SHOWS, how="two queries", *, agent="reader", before=(), expect=STOPPED, message=None):
    """`prepared` is done by somebody else, in a schema of its own."""
    def steps(bench):
        direct = bench.world.ask_direct
        try:
            direct(f"CREATE SCHEMA unnamed9; SET search_path = unnamed9, public; {prepared}; RESET search_path")
            bench.world.read_anew()
            conversation = bench.open()
            for text in ("SET search_path = public, unnamed9", *before):
                reply = conversation.talk(text) if isinstance(text, bytes) else conversation.query(text, keep_held=True)
                if reply.held:
                    waiting = [one for one in bench.world.daemon.json("approvals")["approvals"] if one["state"] == "pending"]
                    bench.world.daemon.sluice("approve", waiting[0]["ticket"])
                    reply = conversation.talk(b"")
                assert not reply.errors(), (text, reply.errors())
            reply = conversation.talk(*(message or sent(first, then, how)))
        finally:
            for conversation in bench.conversations:
                conversation.close()
            direct("SET client_encoding = 'UTF8'")  # what it ran for us, too
            direct(UNDO)
        return outcome_of(reply)
    return Case("g11", f"{what}: {first}, {how}, then {then.strip()}", expect, agent=agent, steps=steps)


def runs(*arguments, **options):
    CASES.append(case(*arguments, **options))


EVERY = ("two queries", "a Sync between", "a Flush between", "nothing between")

# --- an implicit cast
CAST = (function("point_text", f"PERFORM {SETS}", "point", "text", "'x'") + "CREATE CAST (point AS text) WITH FUNCTION point_text(point) AS IMPLICIT;"
        " CREATE TABLE pts (id int, p point); INSERT INTO pts VALUES (1, '(1,1)')")
for how in EVERY:
    for then in (SHOWS, DELETES):
        runs("an implicit cast", CAST, "SELECT length(p) FROM pts", then, how)
for first in ("SELECT id FROM pts WHERE p LIKE 'x'", "SELECT a.id FROM pts a JOIN public.notes n ON a.p = n.body"):
    runs("an implicit cast", CAST, first)
for first in ("INSERT INTO public.notes SELECT 700 + id, p FROM pts", "COPY (SELECT length(p) FROM pts) TO STDOUT"):
    runs("an implicit cast", CAST, first, agent="writer")
runs("an implicit cast before a COPY", CAST, "SELECT length(p) FROM pts", "COPY (SELECT 'x', chr(12477), ssn, chr(12509) FROM people) TO STDOUT (DELIMITER '|')",
     "one text", agent="writer")

# --- a default operator class
OPERATORS = "".join(function(f"point_{name}", "NULL", "point, point", "bool", f"$1[0] {sign} $2[0]")
                    + f"CREATE OPERATOR #{sign} (FUNCTION = point_{name}, LEFTARG = point, RIGHTARG = point); "
                    for name, sign in (("lt", "<"), ("le", "<="), ("eq", "="), ("ge", ">="), ("gt", ">")))
CLASS = (OPERATORS + function("point_order", f"PERFORM {SETS}", "point, point", "int", "sign($1[0] - $2[0])::int")
         + "CREATE OPERATOR CLASS point_order DEFAULT FOR TYPE point USING btree AS OPERATOR 1 #<, OPERATOR 2 #<=, OPERATOR 3 #=, OPERATOR 4 #>=,"
         " OPERATOR 5 #>, FUNCTION 1 point_order(point, point); CREATE TABLE pts (id int, p point); INSERT INTO pts VALUES (1, '(1,1)'), (2, '(2,2)')")
for how in EVERY:
    runs("an operator class", CLASS, "SELECT id FROM pts ORDER BY p", how=how)
for first in ("SELECT count(*) FROM (SELECT DISTINCT p FROM pts) s", "SELECT count(*) FROM pts GROUP BY p", "SELECT p FROM pts UNION SELECT p FROM pts",
              "SELECT rank() OVER (ORDER BY p) FROM pts", "SELECT array_agg(id ORDER BY p) FROM pts", "SELECT count(DISTINCT p) FROM pts",
              "SELECT ARRAY[a.p] < ARRAY[b.p] FROM pts a, pts b", "SELECT ROW(a.p) < ROW(b.p) FROM pts a, pts b"):
    runs("an operator class", CLASS, first, DELETES if "UNION" in first else SHOWS)

# --- what is looked at to plan: code that is there, and is not asked for anything
SETTER = function("enci", f"PERFORM {SETS}")
PLANNED = "SELECT id FROM planned WHERE id = 1 AND t = 'x'"
# Of a view its owner is held to policies, whoever reads it.
HELD = ("; ALTER TABLE planned ENABLE ROW LEVEL SECURITY; CREATE ROLE held9; GRANT USAGE ON SCHEMA unnamed9 TO held9; GRANT SELECT ON planned TO held9;"
        " CREATE VIEW seen9 AS SELECT id FROM planned; ALTER VIEW seen9 OWNER TO held9")
TABLE = SETTER + "CREATE TABLE planned (id int, t text); INSERT INTO planned VALUES (1, 'x'); "
for what, prepared, before in (
        ("a partial index", TABLE + "CREATE INDEX ON planned (id) WHERE enci('x') = 'x'", ()),
        ("statistics", TABLE + "CREATE STATISTICS s9 ON (enci('x') || t) FROM planned", ()),
        ("a check", TABLE + "ALTER TABLE planned ADD CHECK (enci('x') = 'x')", ("SET constraint_exclusion = on",)),
        ("a partition's check", SETTER + "CREATE TABLE planned (id int, t text) PARTITION BY LIST (id); CREATE TABLE part9 PARTITION OF planned (CHECK (enci('x') = 'x'))"
         " FOR VALUES IN (1); INSERT INTO planned VALUES (1, 'x')", ()),
        ("a policy", TABLE + "CREATE POLICY p9 ON planned USING (enci('x') = 'x')" + HELD, ()),
        ("a view that a policy reads", TABLE + "CREATE VIEW v9 AS SELECT enci('x') AS a; GRANT SELECT ON v9 TO public;"
         " CREATE POLICY p9 ON planned USING (EXISTS (SELECT FROM v9 WHERE a = 'x'))" + HELD, ()),
        ("a policy without a function of users", TABLE.replace(SETTER, "") + f"CREATE POLICY p9 ON planned USING ({SETS} IS NOT NULL)" + HELD, ()),
        ("what a check calls", TABLE + function("calls_it", "RETURN (SELECT enci($1))") + "CREATE INDEX ON planned (id) WHERE calls_it('x') = 'x'", ()),
        ("a check's function in SQL", "CREATE FUNCTION enci(text) RETURNS text LANGUAGE sql IMMUTABLE AS $f$ SELECT "
         f"coalesce(NULLIF({SETS}, 'x'), 'x') $f$; CREATE TABLE planned (id int, t text); INSERT INTO planned VALUES (1, 'x');"
         " CREATE STATISTICS s9 ON (enci('x') || t) FROM planned", ())):
    planned = "SELECT id FROM seen9" if "policy" in what else PLANNED
    for then in (SHOWS, DELETES):
        runs(f"{what} is looked at", prepared, planned, then, before=before)
    runs(f"{what} is looked at", prepared, planned, how="a Flush between", before=before)

# --- checks of a domain, also where a text is only read
DOMAIN = (function("enc", f"PERFORM {SETS}", gives="bool", result="true", kind="VOLATILE") + "CREATE DOMAIN denc AS text CHECK (enc(VALUE));"
          " CREATE TABLE kd (id int, k denc); INSERT INTO kd VALUES (1, NULL)")
DYNAMIC = DOMAIN.replace(f"PERFORM {SETS}", "EXECUTE 'SELECT set_' || 'config(''client_encoding'', ''SJIS'', false)'")
SAID = DOMAIN.replace(f"PERFORM {SETS}", "SET client_encoding = SJIS")
for what, prepared in (("that sets it", DOMAIN), ("with EXECUTE", DYNAMIC), ("with SET", SAID)):
    for how in EVERY:
        runs(f"a check of a domain {what}", prepared, "SELECT ARRAY[k] = '{x}' FROM kd", how=how)
runs("a check of a domain", DOMAIN, "SELECT lag(k, 1, 'x') OVER () FROM kd")
runs("a check of a domain, read alone", DOMAIN, "SELECT ARRAY[k] = '{x}' FROM kd",
     message=(parse("SELECT ARRAY[k] = '{x}' FROM kd", "a") + parse(SHOWS) + bind() + execute() + sync(), 1))
runs("a check of a domain, read and flushed", DOMAIN, "SELECT ARRAY[k] = '{x}' FROM kd",
     message=(parse("SELECT ARRAY[k] = '{x}' FROM kd", "a") + flush() + parse(SHOWS) + bind() + execute() + sync(), 1))

# --- a trigger whose body names nothing that sets anything
FIRES = ("CREATE TABLE fires9 (id int); CREATE FUNCTION fires9() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {}; RETURN NEW; END $f$;"
         " CREATE TRIGGER fires9 BEFORE INSERT ON fires9 FOR EACH ROW EXECUTE FUNCTION fires9()")
for prepared, body in ((DOMAIN, "PERFORM ARRAY[k] = '{x}' FROM kd"), (CAST, "PERFORM length(p) FROM pts"), (CLASS, "PERFORM id FROM pts ORDER BY p"),
                       (CLASS, "PERFORM count(*) FROM (SELECT DISTINCT p FROM pts) s"), (CLASS, "PERFORM ARRAY[a.p] < ARRAY[b.p] FROM pts a, pts b")):
    for how in ("two queries", "nothing between"):
        runs(f"a trigger with {body}", f"{prepared}; {FIRES.format(body)}", "INSERT INTO fires9 VALUES (1)", how=how, agent="writer")

# --- made in the transaction itself, before the catalogue has it: of a function that was there
for how in ("a Flush between", "nothing between"):
    runs("an index of this transaction", TABLE, PLANNED, DELETES_INSIDE, how, agent="writer",
         before=("BEGIN", "CREATE INDEX ON planned (id) WHERE enci('x') = 'x'"))

# --- what sets nothing keeps nobody waiting
QUIET = (function("one_of_us", "IF $1 IS NULL THEN RAISE EXCEPTION 'not %', $1; END IF", gives="bool", result="length($1) > 0", kind="VOLATILE")
         + function("writes_it", "INSERT INTO public.notes VALUES (701, $1)", gives="bool", result="one_of_us($1)", kind="VOLATILE")
         + "CREATE DOMAIN quiet9 AS text CHECK (one_of_us(VALUE)); CREATE DOMAIN writes9 AS text CHECK (writes_it(VALUE));"
         " CREATE TABLE kd (id int, k quiet9, at timestamptz DEFAULT clock_timestamp(), CHECK (one_of_us(k))); INSERT INTO kd VALUES (1, 'x')")
ORDERS = CLASS.replace(f"PERFORM {SETS}", "NULL")
for how in ("two queries", "a Flush between", "nothing between"):
    runs("a check that computes", QUIET, "SELECT id FROM kd", ORDINARY, how, expect=(CLEAN,))
    runs("an operator class that computes", ORDERS, "SELECT id FROM pts ORDER BY p", ORDINARY, how, expect=(CLEAN,))
    runs("a trigger that computes", f"{QUIET}; {FIRES.format('PERFORM now()')}", "INSERT INTO fires9 VALUES (1)", ORDINARY, how, agent="writer", expect=(CLEAN,))
runs("an operator class that sets it", CLASS, "SELECT id FROM pts ORDER BY id", ORDINARY, expect=(CLEAN,))
