# SPDX-License-Identifier: Apache-2.0
"""Functions whose bodies are read: what they read counts as read by whoever calls them; where a definition keeps the call, what their names
mean when it runs is not known; and no body says which casts of users run where what it gives is of another type."""
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED
from .indirect import case

CASES = []
STOPPED = (HELD, REFUSED)
SHOWN_MASKED = (*STOPPED, FAILED, MASKED)

# --- rules for tables, of what a body reads
BODIES = """
CREATE FUNCTION peek9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT v FROM public."Secrets" WHERE id = i';
CREATE FUNCTION peek_p9(i int) RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT v FROM public."Secrets" WHERE id = i); END $$;
CREATE FUNCTION peek_tree9(i int) RETURNS text STABLE LANGUAGE sql BEGIN ATOMIC SELECT v FROM public."Secrets" WHERE id = i; END;
CREATE FUNCTION peek_through9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT peek9(i)';
CREATE FUNCTION peek_view9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT v FROM secrets_view WHERE id = i';
CREATE FUNCTION add9(a int, b int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT a + b';
CREATE FUNCTION first_item9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT item FROM orders ORDER BY id LIMIT 1'"""
UNDO_BODIES = "DROP FUNCTION IF EXISTS peek_through9, peek9, peek_p9, peek_tree9, peek_view9, add9, first_item9 CASCADE"


def runs(*arguments, prepared=BODIES, undo=UNDO_BODIES, **named):
    CASES.append(case(*arguments, prepared=prepared, undo=undo, **named))


for call in ("peek9(1)", "public.peek9(1)", "peek_p9(1)", "peek_tree9(1)", "peek_through9(1)", "peek_view9(1)"):
    runs("g05", f"a rule for a table that a body reads: {call}", f"SELECT {call}", expect=STOPPED, agent="reader")
for text in ("SELECT id FROM public.orders WHERE peek9(1) LIKE 'q%'", "SELECT * FROM peek9(1)", "VALUES (peek9(1))", "PREPARE p AS SELECT peek9(1)",
             "EXPLAIN (COSTS off) SELECT peek9(1)"):
    runs("g05", f"a rule for a table that a body reads: {text}", text, expect=STOPPED, agent="reader")
# Nor do these need a name in the text: an operator, a domain's check, an aggregate, a cast; and a body of which only a part can be read.
UNNAMED = BODIES + """;
CREATE FUNCTION peek9(i int, j int) RETURNS text STABLE LANGUAGE sql AS 'SELECT v FROM public."Secrets" WHERE id = i'; CREATE OPERATOR <+++> (LEFTARG = int, RIGHTARG = int, FUNCTION = peek9);
CREATE FUNCTION is_none9(t text) RETURNS bool STABLE LANGUAGE sql AS 'SELECT NOT EXISTS (SELECT FROM public."Secrets" WHERE v = t)'; CREATE DOMAIN none9 AS text CHECK (is_none9(VALUE));
CREATE FUNCTION adds9(t text, i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT v FROM public."Secrets" WHERE id = 1'; CREATE AGGREGATE all9(int) (SFUNC = adds9, STYPE = text, INITCOND = '');
CREATE FUNCTION dynamic9() RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELECT 1'; RETURN (SELECT v FROM public."Secrets" WHERE id = 1); END $$;
CREATE TYPE en9 AS ENUM ('a', 'b'); CREATE TABLE hasen9 (id int, e en9); INSERT INTO hasen9 VALUES (1, 'a');
CREATE FUNCTION of_en9(en9) RETURNS varchar VOLATILE LANGUAGE sql AS 'SELECT v::varchar FROM public."Secrets" WHERE id = 1'; CREATE CAST (en9 AS varchar) WITH FUNCTION of_en9(en9) AS IMPLICIT"""
UNDO_UNNAMED = ("DROP OPERATOR IF EXISTS <+++> (int, int); DROP FUNCTION IF EXISTS peek9(int, int) CASCADE; " + UNDO_BODIES + "; DROP DOMAIN IF EXISTS none9; DROP AGGREGATE IF EXISTS all9(int);"
                " DROP CAST IF EXISTS (en9 AS varchar); DROP FUNCTION IF EXISTS is_none9, adds9, dynamic9, of_en9; DROP TABLE IF EXISTS hasen9; DROP TYPE IF EXISTS en9")
for text in ("SELECT 1 <+++> 1", "SELECT id FROM orders WHERE 1 <+++> 1 = 'x'", "SELECT 'a'::none9", "SELECT all9(id) FROM orders", "SELECT dynamic9()", "SELECT upper(e) FROM hasen9", "SELECT e || 'x' FROM hasen9",
             "SELECT e::varchar FROM hasen9", "SELECT peek9(1)"):
    for agent in ("reader", "asker"):
        runs("g05", f"a rule for a table that is read behind {agent}'s text: {text}", text, expect=(REFUSED,), agent=agent, prepared=UNNAMED, undo=UNDO_UNNAMED)
runs("g12", "such a cast is there, and is not run", "SELECT id, e FROM hasen9", expect=(CLEAN,), agent="reader", prepared=UNNAMED, undo=UNDO_UNNAMED)
runs("g05", "a view calls what reads a table under a rule", "SELECT x FROM calls9", expect=STOPPED, agent="reader", prepared=BODIES + "; CREATE VIEW calls9 AS SELECT peek9(1) AS x")
for text in ("SELECT add9(1, 2)", "SELECT first_item9(1)", "SELECT id FROM public.orders WHERE add9(id, 1) > 1"):
    runs("g12", f"no rule is for what it reads: {text}", text, expect=(CLEAN,), agent="reader")

# --- what a definition keeps: by the time that it runs, names in the body may stand for something else
AUDITED = BODIES + """;
CREATE FUNCTION first_item_p9(i int) RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT item FROM orders ORDER BY id LIMIT 1); END $$;
CREATE FUNCTION audit_it9() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit9 VALUES (OLD.ssn); RETURN NULL; END $$;
CREATE TABLE public.audit9 (v text); CREATE TRIGGER audit_it9 AFTER UPDATE ON public.people FOR EACH ROW EXECUTE FUNCTION audit_it9();
CREATE VIEW theirs9 AS SELECT id, first_item9(1) AS x FROM notes; CREATE VIEW theirs_p9 AS SELECT id, first_item_p9(1) AS x FROM notes; CREATE VIEW above9 AS SELECT x FROM theirs9;
CREATE MATERIALIZED VIEW kept9 AS SELECT first_item9(1) AS x;
CREATE TABLE defaulted9 (id int, v text DEFAULT first_item9(1)); CREATE DOMAIN domain9 AS text DEFAULT first_item9(1); CREATE TABLE of_domain9 (id int, v domain9);
CREATE TABLE into9 (id int, v text); INSERT INTO into9 VALUES (1); CREATE VIEW pure9 AS SELECT id, add9(id, 1) AS x FROM notes"""
UNDO_AUDITED = (UNDO_BODIES + "; DROP MATERIALIZED VIEW IF EXISTS mine_kept9; DROP VIEW IF EXISTS mine9, pure9; DROP FUNCTION IF EXISTS first_item_p9, audit_it9 CASCADE;"
                " DROP TABLE IF EXISTS public.audit9, defaulted9, of_domain9, into9, mine_default9, stolen9 CASCADE; DROP DOMAIN IF EXISTS mine_domain9, domain9 CASCADE")
LAID_OVER = ("CREATE TEMP TABLE audit9 (v text)", "CREATE TEMP VIEW orders AS SELECT 1 AS id, v AS item FROM pg_temp.audit9", "UPDATE public.people SET balance = balance WHERE id = 1")


def kept(first, *texts, agent="maker"):
    """`first`: what the agent makes before it lays its own tables over the names."""
    runs("m07", f"a definition keeps a call: {' / '.join((*first, *texts))}", *first, *LAID_OVER, *texts, expect=SHOWN_MASKED, agent=agent, prepared=AUDITED, undo=UNDO_AUDITED)


for text in ("SELECT x FROM theirs9", "SELECT x || '' FROM theirs9", "SELECT * FROM theirs_p9", "SELECT x FROM above9", "UPDATE into9 SET v = x FROM theirs9 RETURNING v", "CREATE TABLE stolen9 AS SELECT x FROM theirs9",
             "SELECT id FROM theirs9 WHERE x LIKE 'Q%'", "INSERT INTO defaulted9 (id) VALUES (1) RETURNING v", "INSERT INTO of_domain9 (id) VALUES (1) RETURNING v"):
    kept((), text)
kept((), "PREPARE p AS SELECT x FROM theirs9", "EXECUTE p")
kept((), "BEGIN", "DECLARE c CURSOR FOR SELECT x FROM theirs9", "FETCH c")
kept((), "REFRESH MATERIALIZED VIEW kept9", "SELECT x FROM kept9")
kept(("CREATE VIEW mine9 AS SELECT first_item9(1) AS x",), "SELECT x FROM mine9")
kept(("CREATE MATERIALIZED VIEW mine_kept9 AS SELECT first_item9(1) AS x",), "REFRESH MATERIALIZED VIEW mine_kept9", "SELECT x FROM mine_kept9")
kept(("CREATE TABLE mine_default9 (id int, v text DEFAULT first_item9(1))",), "INSERT INTO mine_default9 (id) VALUES (1) RETURNING v")
kept(("CREATE TABLE mine_default9 (id int)", "ALTER TABLE mine_default9 ADD v text DEFAULT first_item9(1)"), "INSERT INTO mine_default9 (id) VALUES (1) RETURNING v")
kept(("CREATE DOMAIN mine_domain9 AS text DEFAULT first_item9(1)", "CREATE TABLE mine_default9 (id int, v mine_domain9)"), "INSERT INTO mine_default9 (id) VALUES (1) RETURNING v")
for text in ("SELECT id, x FROM pure9", "SELECT first_item9(1), first_item_p9(1)", "CREATE TEMP VIEW own9 AS SELECT add9(1, 2) AS x", "INSERT INTO defaulted9 (id) VALUES (1)", "SELECT id FROM theirs9",
             "CREATE TEMP TABLE own9 (id int, v int DEFAULT add9(1, 2))", "CREATE TEMP TABLE own9 AS SELECT first_item9(1) AS x"):
    runs("m10", f"what computes only is shown where it is kept, and what is called now: {text}", text, expect=(CLEAN,), agent="maker", prepared=AUDITED, undo=UNDO_AUDITED)
