# SPDX-License-Identifier: Apache-2.0
"""Names in strings that functions run, or look up: put together of pieces, behind escapes, in quotes of dollars, cut by the server. By
them a function reaches one that makes a temporary relation, and by them what was approved would be something else."""
from . import approved
from .cases import CLEAN, REFUSED
from .temporary_views import DEFAULT, MAKES, READS, SHOWN_MASKED, TRIGGER, UNDO, VIEW, VIEWED, function, undone

CASES = []


def runs(*arguments, **named):
    CASES.append(undone(*arguments, **named))


def reaches(what, prepared, statement, undo=UNDO):
    runs("m06", f"{what}: {statement}", "SELECT calls9()", READS, expect=SHOWN_MASKED, prepared=f"{prepared}; {function('calls9', statement + ' RETURN 1;')}", undo=undo)


# --- a function runs what its strings do not name as they stand there
PIECES = ("'SELECT public.m' || 'akes9()'", "'SELECT * FROM m' || 'akes9()'", "'SELECT 1, m' || 'akes9()'", "format('SELECT %I.%I()', 'public', 'ma' || 'kes9')",
          "format('SELECT * FROM %I()', 'ma' || 'kes9')", "format('SELECT count(*) FROM %s', 'ma' || 'kes9()')", "format('SELECT %s', 'ma' || 'kes9()')",
          "'SELECT 1 WHERE m' || 'akes9() = 1'")
ESCAPED = (r"E'SELECT\nmakes9()'", r"E'SELECT\tmakes9()'", r"E'SELECT makes\x39()'", r"E'SELECT m\u0061kes9()'", r"E'SELECT m\141kes9()'",
           r"E'DO $d$ BEGIN PERFORM\tmakes9(); END $d$'", r"'DO $d$ BEGIN EXECUTE E''SELECT\nmakes9()''; END $d$'")
for text in (*PIECES, *ESCAPED):
    reaches("a function runs a text that calls a maker", MAKES, f"EXECUTE {text};")
for text in ("'INSERT INTO reac' || 'hed9 (id) VALUES (1)'", "format('INSERT INTO %I (id) VALUES (1)', 'reac' || 'hed9')", r"E'INSERT INTO\nreached9 (id) VALUES (1)'"):
    for what, prepared in (("a trigger", TRIGGER), ("a default", DEFAULT)):
        reaches(f"a function runs a text that reaches a maker by {what}", prepared, f"EXECUTE {text};")
for text in ("'SELECT * FROM rep' || 'ort9'", "format('SELECT * FROM %I', 'rep' || 'ort9')", r"E'SELECT * FROM\nreport9'"):
    reaches("a function runs a text that reaches a maker by a view", VIEWED, f"EXECUTE {text};")

# --- the text is run without EXECUTE
for text in ("'SELECT m' || 'akes9()'", r"E'SELECT\nmakes9()'", "replace('SELECT mNAME()', 'NAME', 'akes9')"):
    reaches("a function has a text run by another", MAKES, f"PERFORM query_to_xml({text}, true, true, '');")
    reaches("a function has a text run by another", MAKES, f"PERFORM pg_catalog.\"query_to_xml\"({text}, true, true, '');")
for call in ("table_to_xml(('rep' || 'ort9')::regclass, true, true, '')", "schema_to_xml('public', true, true, '')", r"table_to_xml(E'\nreport9', true, true, '')"):
    reaches("a function has a table read by another", VIEWED, f"PERFORM {call};")
GIVEN = f"{MAKES}; CREATE FUNCTION made_by9(text) RETURNS int LANGUAGE plpgsql AS $g$ BEGIN EXECUTE $1; RETURN 1; END $g$"
FORGETS = f"{UNDO}; DROP FUNCTION IF EXISTS made_by9(text)"
for text in ("'SELECT m' || 'akes9()'", r"E'SELECT\nmakes9()'"):
    reaches("a function gives a text to another of users", GIVEN, f"PERFORM made_by9({text});", undo=FORGETS)
runs("m06", "an agent gives a text to a function", "SELECT made_by9('SELECT m' || 'akes9()')", READS, expect=SHOWN_MASKED, prepared=GIVEN, undo=FORGETS)

# --- what is made is named otherwise
for body in (rf"EXECUTE E'CREATE -- it is\nTEMP VIEW orders AS {VIEW}';", f"CREATE VIEW shop.pg_temp.orders AS {VIEW};", f"EXECUTE 'CREATE VIEW shop.pg_temp.orders AS {VIEW}';",
             f"EXECUTE 'EXPLAIN ANALYZE SELECT q.* INTO TEMP orders FROM ({VIEW}) q';", f"EXECUTE 'EXPLAIN ANALYZE SELECT q.* INTO pg_temp.orders FROM ({VIEW}) q';",
             f"EXECUTE format('EXPLAIN ANALYZE SELECT q.* INTO TEMP %I FROM ({VIEW}) q', 'ord' || 'ers');"):
    runs("m06", f"a function does {body}", "SELECT makes9()", READS, expect=SHOWN_MASKED, prepared=function("makes9", body + " RETURN 1;"))
LONG = "m" * 63
for name, call in ((LONG, f"{LONG}9999"), ('"ma""kes"', '"ma""kes"'), ("m" * 62, f'"{"m" * 62}é"')):
    maker = f"CREATE FUNCTION {name}() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN CREATE TEMP VIEW orders AS {VIEW}; RETURN 1; END $f$"
    reaches("a maker is called by a name that is written otherwise", maker, f"PERFORM {call}();", undo=f"DROP FUNCTION IF EXISTS {name}() CASCADE; {UNDO}")

# --- ordinary dynamic SQL, where something else is made somewhere
AUDIT = (function("makes9", "CREATE TEMP TABLE IF NOT EXISTS made9 (id int); RETURN 1;") + "; "
         + function("fires9", "EXECUTE format('INSERT INTO %I VALUES (1)', TG_ARGV[0]); EXECUTE 'SELECT count(*) FROM ' || TG_TABLE_NAME; RETURN NEW;", returns="trigger")
         + "; CREATE TABLE flags9 (id int); CREATE TABLE reached9 (id int); CREATE TRIGGER a BEFORE INSERT ON reached9 FOR EACH ROW EXECUTE FUNCTION fires9('flags9')")
REPORTS = function("calls9", r"RAISE NOTICE E'it\'s moved into orders:\n%', 1; EXECUTE E'INSERT INTO\n\tflags9 VALUES (1)'; EXECUTE 'SELECT count(*) FROM ' || 'flags9'; RETURN 1;")
READABLE = ("SELECT item || '' FROM orders", "UPDATE orders SET item = item")
runs("g12", "a trigger that writes what it puts together", "INSERT INTO reached9 VALUES (1)", *READABLE, expect=(CLEAN,), prepared=AUDIT)
runs("g12", "a function that runs texts on many lines", "SELECT calls9()", *READABLE, expect=(CLEAN,), prepared=f"CREATE TABLE flags9 (id int); {REPORTS}")

# --- what is approved is named in strings
REPLACED = approved.CHANGES["a function is replaced"][1]
RUN_IT = "CREATE FUNCTION public.run_it(t text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE i int; BEGIN EXECUTE t INTO i; RETURN i; END $$"
FORGET = "DROP FUNCTION IF EXISTS public.run_it(text), public.outer9() CASCADE"


def outer(body):
    return f"CREATE FUNCTION public.outer9() RETURNS int LANGUAGE plpgsql AS $o$ DECLARE i int; BEGIN {body} RETURN i; END $o$"


def changes(statement, change, prepared=""):
    what = f"{prepared[prepared.rfind('BEGIN'):] if 'outer9' in statement else ''} {statement}".strip()

    def steps(bench, _):
        direct = bench.world.ask_direct
        direct(f"{FORGET}; {prepared}")
        try:
            bench.world.read_anew()
            conversation = bench.open()
            assert conversation.query(statement, keep_held=True).held
            direct(change)
            before = approved.rows(bench)
            approved.approve(bench)
            reply = conversation.talk(b"")
            assert approved.rows(bench) == before, "it ran"
            return approved.stopped(reply)
        finally:
            direct(FORGET)
    CASES.append(approved.set_up(f"what a name in a string stands for changes: {what}", steps, (REFUSED,)))


for text in (r"E'SELECT\nchosen_number()'", "'SELECT ' || $$chosen_number()$$"):
    changes(f"UPDATE chosen SET a = run_it({text}) WHERE id = 1", REPLACED, RUN_IT)
for body in (r"EXECUTE E'SELECT\nchosen_number()' INTO i;", r"EXECUTE E'SELECT chosen_n\165mber()' INTO i;", r"EXECUTE E'SELECT chosen_n\u0075mber()' INTO i;",
             r'SELECT U&"chosen_\006eumber"() INTO i;', r"EXECUTE U&'SELECT chosen_\006eumber()' INTO i;", "EXECUTE 'SELECT ' || $$chosen_number()$$ INTO i;",
             r"EXECUTE 'SELECT run_it(E''SELECT\nchosen_number()'')' INTO i;"):
    changes("UPDATE chosen SET a = outer9() WHERE id = 1", REPLACED, f"{RUN_IT}; {outer(body)}")
for call in (r"nextval(E'\ncounted')", r"setval(E'\tcounted', 5)", r"pg_sequence_last_value(E'\ncounted'::regclass)", "nextval($$counted$$)"):
    changes(f"UPDATE chosen SET a = {call} WHERE id = 1", approved.SEQUENCES)
CUT = "c" * 63
changes(f"UPDATE chosen SET a = nextval('{CUT}over') WHERE id = 1", f"ALTER SEQUENCE {CUT} RENAME TO counted_was; ALTER SEQUENCE other_counted RENAME TO {CUT}",
        f"DROP SEQUENCE IF EXISTS {CUT}; ALTER SEQUENCE counted RENAME TO {CUT}")


def something_else_changes(bench, _):
    bench.world.ask_direct(f"{FORGET}; " + outer(r"RAISE NOTICE E'caf\u00e9:\n%\\', regexp_replace('it''s', '(a)', '\1'); EXECUTE E'SELECT\nchosen_number()' INTO i;"))
    try:
        bench.world.read_anew()
        conversation = bench.open()
        assert conversation.query("UPDATE chosen SET a = outer9() WHERE id = 1", keep_held=True).held
        bench.world.ask_direct(approved.ELSEWHERE)
        approved.approve(bench)
        assert conversation.talk(b"").tags() == ["UPDATE 1"], conversation.said.short()
        return CLEAN
    finally:
        bench.world.ask_direct(FORGET)


CASES.append(approved.set_up("texts of functions with escapes void nothing when something else changes", something_else_changes))
