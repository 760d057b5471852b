# SPDX-License-Identifier: Apache-2.0
"""Functions of extensions that make SQL out of what a trigger's definition gives them: other tables and columns than the one that the
trigger is on."""
from .cases import CLEAN, HELD, MASKED, REFUSED, Case, outcome_of
from .indirect import case

CASES = []
STOPPED = (HELD, REFUSED)
UNDO = "DROP TABLE IF EXISTS made9 CASCADE; DROP EXTENSION IF EXISTS refint, tcn, lo, autoinc, moddatetime, insert_username CASCADE"
MADE = ("CREATE TABLE made9 (d date, id int, ssn text)", "INSERT INTO made9 SELECT date '1900-01-01' + i, i, i::text FROM generate_series(0, 50000) i")


def runs(*arguments, undo=UNDO, **named):
    CASES.append(case(*arguments, undo=undo, **named))


def trigger(call, event="AFTER DELETE", table="made9"):
    return f"CREATE TRIGGER t9 {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {call}"


# --- SQL of a trigger's arguments
for call in ("check_foreign_key('1', 'setnull', 'd', 'public.people', 'born')", "public.check_foreign_key(1, 'restrict', 'd', 'public.people', 'born')"):
    runs("m08", f"values are tried by {call}", *MADE, trigger(call), "BEGIN", "DELETE FROM made9 WHERE d < '1985-01-01'", expect=STOPPED, prepared="CREATE EXTENSION refint")
for call in ("check_foreign_key('1', 'cascade', 'id', 'public.guarded', 'id')", "check_foreign_key('1', 'setnull', 'id', 'guarded', 'v')"):
    for agent in ("writer", "maker"):
        runs("g07", f"{agent} empties another table by {call}", *MADE, trigger(call), *(["DELETE FROM made9"] if agent == "writer" else []), expect=STOPPED,
             agent=agent, prepared="CREATE EXTENSION refint")
runs("m08", "whether a value is there is told by check_primary_key()", *MADE,
     trigger("check_primary_key('ssn', 'public.people', 'ssn')", "AFTER INSERT OR UPDATE"), "INSERT INTO made9 (ssn) VALUES ('QZXVKWJPHTRMLG')",
     expect=STOPPED, prepared="CREATE EXTENSION refint")
runs("g07", "somebody has called it otherwise", *MADE, trigger("checks9('1', 'cascade', 'id', 'public.guarded', 'id')"), "DELETE FROM made9", expect=STOPPED,
     prepared="CREATE EXTENSION refint; ALTER FUNCTION check_foreign_key() RENAME TO checks9")


def heard(bench):
    """One that is there already says how many rows it has found."""
    direct = bench.world.ask_direct
    direct("CREATE EXTENSION refint; INSERT INTO notes VALUES (9, 'x')")
    direct("CREATE TRIGGER t9 AFTER DELETE ON notes FOR EACH ROW EXECUTE FUNCTION check_foreign_key('1', 'setnull', 'body', 'public.people', 'ssn')")
    bench.world.read_anew()
    try:
        reply = bench.open("writer").query("DELETE FROM public.notes WHERE id = 9")
        bench.look_at(reply)
        return "read" if any(b"set to null" in body for _, body in reply.messages) else outcome_of(reply)
    finally:
        direct("DROP EXTENSION refint CASCADE; DELETE FROM notes WHERE id = 9")


CASES.append(Case("m12", "what a trigger of refint says", (CLEAN, MASKED), agent="writer", steps=heard))

# --- others of the kind
for function, event, arguments in (("triggered_change_notification", "AFTER INSERT", ""), ("moddatetime", "BEFORE UPDATE", "'d'"),
                                   ("insert_username", "BEFORE INSERT", "'ssn'"), ("suppress_redundant_updates_trigger", "BEFORE UPDATE", "")):
    extension = {"triggered_change_notification": "tcn", "suppress_redundant_updates_trigger": ""}.get(function, function)
    runs("g12", f"a trigger that runs {function}()", *MADE, trigger(f"{function}({arguments})", event), "INSERT INTO made9 VALUES (now(), 1, 'x')",
         "UPDATE made9 SET id = 2 WHERE id = 1", "SELECT 1", expect=(CLEAN,), prepared=f"CREATE EXTENSION {extension}" if extension else "")
runs("g12", "a trigger of text search", "CREATE TABLE made9 (id int, words tsvector, body text)",
     trigger("tsvector_update_trigger(words, 'pg_catalog.english', body)", "BEFORE INSERT OR UPDATE"), "INSERT INTO made9 VALUES (1, NULL, 'old words')",
     "SELECT id FROM made9 WHERE words @@ 'word'::tsquery", expect=(CLEAN,))
runs("g12", "a trigger that deletes large objects", "CREATE TABLE made9 (id int, o lo)", trigger("lo_manage(o)", "BEFORE UPDATE OR DELETE"), expect=(REFUSED,),
     agent="maker", prepared="CREATE EXTENSION lo")
