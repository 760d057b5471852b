# SPDX-License-Identifier: Apache-2.0
"""Types that call functions where no statement names one: a check that runs for what becomes a value of the type, wherever its name
stands or where none does; a domain's default; defaults and checks that a new table takes over from another one."""
from .cases import CLEAN, MASKED, REFUSED
from .objects import case

CASES = []


def runs(row, what, *texts, agent="reader", made=(), undo=(), expect=(REFUSED,)):
    CASES.append(case(row, f"{agent}: {what}: {' / '.join(texts)}", *texts, agent=agent, made=made, undo=undo, expect=expect))


# --- a type's name stands where no cast does ----------------------------------------------------------------------------------
for text in ("SELECT xmlserialize(content xmlelement(name a, ssn) AS kept_text) FROM public.people WHERE id = 1",
             "SELECT xmlserialize(content xmlelement(name a, ssn) AS public.kept_text) FROM people WHERE id = 1",
             "SELECT xmlserialize(document '<a/>'::xml AS kept_text)", "EXPLAIN SELECT xmlserialize(content '<a/>'::xml AS kept_text)",
             "SELECT 1 WHERE xmlserialize(content '<a/>'::xml AS kept_text) IS NOT NULL",
             "SELECT * FROM (VALUES (xmlserialize(content '<a/>'::xml AS kept_text))) v",
             "DECLARE c CURSOR WITH HOLD FOR SELECT xmlserialize(content '<a/>'::xml AS kept_text)"):
    runs("m02", "XMLSERIALIZE", text)
runs("m02", "XMLSERIALIZE prepared", "PREPARE p AS SELECT xmlserialize(content $1 AS kept_text)", "EXECUTE p('<p/>')")
for text in ("CREATE DOMAIN kd AS text DEFAULT xmlserialize(content xmlelement(name x) AS kept_text)",
             "CREATE TABLE made9 (a text DEFAULT xmlserialize(content xmlelement(name x) AS kept_text), b int)",
             "CREATE SCHEMA s9 CREATE VIEW v9 AS SELECT xmlserialize(content xmlelement(name x) AS kept_text)"):
    runs("g07", "XMLSERIALIZE", text, agent="maker", undo=["DROP TABLE IF EXISTS made9", "DROP DOMAIN IF EXISTS kd", "DROP SCHEMA IF EXISTS s9 CASCADE"])
runs("m02", "XMLSERIALIZE of a sensitive value", "SELECT xmlserialize(content xmlelement(name a, ssn) AS kept_text) FROM public.people WHERE id = 1",
     agent="writer", expect=("held", REFUSED))
runs("g07", "XMLSERIALIZE as a plain type", "SELECT xmlserialize(content xmlelement(name a, 1) AS text)", expect=(CLEAN,))

# --- an aggregate's first state is read when it is made -----------------------------------------------------------------------
WITH_FIELD = "CREATE TYPE with_field AS (a kept_text)"
for definition in ("ag1(int) (sfunc = trim_array, stype = kept_text[], initcond = '{x}')", "ag1(int) (sfunc = trim_array, stype = _kept_text, initcond = '{x}')",
                   "ag1(int) (sfunc = trim_array, stype = public._kept_text, initcond = '{x}')", "ag1(int) (sfunc = trim_array, stype = '_kept_text', initcond = '{x}')",
                   "ag1 (basetype = int, sfunc = trim_array, stype = _kept_text, initcond = '{x}')",
                   "ag1 (\"basetype\" = 'int4', \"sfunc\" = 'trim_array', \"stype\" = '_kept_text', \"initcond\" = '{x}')",
                   "ag1(int) (sfunc = int4pl, stype = int4, initcond = '0', msfunc = trim_array, minvfunc = trim_array, mstype = kept_text[], minitcond = '{x}',"
                   " mfinalfunc = array_ndims)",
                   "ag1(int) (sfunc = trim_array, stype = with_field[], initcond = '{(x)}')"):
    runs("g07", "an aggregate's state", f"CREATE AGGREGATE {definition}", agent="maker", made=[WITH_FIELD],
         undo=["DROP AGGREGATE IF EXISTS ag1(int)", "DROP TYPE with_field CASCADE"])
runs("g07", "an aggregate over plain arrays", "CREATE AGGREGATE ag1(int) (sfunc = trim_array, stype = int[], initcond = '{1}')", agent="maker",
     undo=["DROP AGGREGATE IF EXISTS ag1(int)"], expect=(CLEAN,))

# --- an operator's or a cast's function takes or gives a checked type ---------------------------------------------------------
LOUDLY = ["CREATE FUNCTION loudly(kept_text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'", "CREATE OPERATOR ### (function = loudly, rightarg = kept_text)"]
DROP_LOUDLY = ["DROP FUNCTION loudly(kept_text) CASCADE"]
for text in ("SELECT ### 'x'", "SELECT ### ssn FROM public.people WHERE id = 1", "SELECT id FROM notes WHERE ### body = 1",
             "SELECT id FROM notes ORDER BY OPERATOR(public.###) body"):
    runs("m02", "an operator over a checked parameter", text, made=LOUDLY, undo=DROP_LOUDLY)
POINTS = ["CREATE FUNCTION pf(point) RETURNS kept_text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN lower(''PF''); END'", "CREATE CAST (point AS text) WITH FUNCTION pf(point)",
          "CREATE OPERATOR ^@^ (function = pf, rightarg = point)"]
DROP_POINTS = ["DROP FUNCTION pf(point) CASCADE"]
for text in ("SELECT point(1,2)::text", "SELECT CAST(point(1,2) AS text)", "SELECT ^@^ point(1,2)", "SELECT text(point(1,2))"):
    runs("m02", "a cast or operator with a checked result", text, made=POINTS, undo=DROP_POINTS)
ARRAYS = ["CREATE FUNCTION af(point) RETURNS kept_text[] STABLE LANGUAGE plpgsql AS 'BEGIN RETURN ARRAY[lower(''AF'')]; END'", "CREATE OPERATOR ^#^ (function = af, rightarg = point)",
          "CREATE FUNCTION calls_af() RETURNS int STABLE LANGUAGE sql AS 'SELECT 1 WHERE ^#^ point(1,2) IS NOT NULL'"]
for text in ("SELECT ^#^ point(1,2)", "SELECT calls_af()"):
    runs("m02", "below a function that calls itself stable", text, made=ARRAYS, undo=["DROP FUNCTION calls_af()", "DROP FUNCTION af(point) CASCADE"])
runs("g07", "an operator made over a checked parameter", "CREATE OPERATOR #### (function = loudly, rightarg = kept_text)", agent="maker", made=LOUDLY[:1],
     undo=DROP_LOUDLY)

# --- a domain's default ------------------------------------------------------------------------------------------------------
DD = "CREATE DOMAIN dd AS int DEFAULT change_guarded()"
DROP_DD = ["DROP TABLE IF EXISTS t9, t8 CASCADE", "DROP TYPE IF EXISTS ctype", "DROP DOMAIN IF EXISTS d8", "DROP DOMAIN dd CASCADE"]
T9 = ["CREATE TABLE t9 (b int)", "INSERT INTO t9 VALUES (1)"]
for texts in (["ALTER TABLE t9 ADD COLUMN c dd"], ["ALTER TABLE t9 ADD COLUMN c public.dd"], ["CREATE TABLE t8 (a dd, b int)"],
              ["CREATE TABLE t8 OF ctype"], ["CREATE TABLE t8 AS SELECT 1::dd AS a, 2 AS b"],
              ["CREATE DOMAIN d8 AS dd"],
              ["CREATE TABLE t8 (LIKE td)"], ["CREATE TABLE t8 AS TABLE td"]):
    runs("g07", "a domain's default", *texts, agent="maker", made=[DD, "CREATE TYPE ctype AS (a dd, b int)", "CREATE TABLE td (a dd, b int)", *T9],
         undo=["DROP TABLE td CASCADE", *DROP_DD])
runs("g07", "an operator in a domain's default", "ALTER TABLE t9 ADD COLUMN c dd", agent="maker", made=["CREATE DOMAIN dd AS int DEFAULT 1 |+| 2", *T9], undo=DROP_DD)
runs("g07", "a function of PostgreSQL's own in a domain's default", "ALTER TABLE t9 ADD COLUMN c dd", agent="maker",
     made=["CREATE DOMAIN dd AS text DEFAULT set_config('work_mem', '1MB', false)", *T9], undo=DROP_DD)
runs("g07", "a domain's plain default", "ALTER TABLE t9 ADD COLUMN c dd", "SELECT 5::dd", agent="maker", made=["CREATE DOMAIN dd AS int DEFAULT 3 + 4", *T9], undo=DROP_DD,
     expect=(CLEAN,))
runs("g07", "a cast to a domain with a default", "SELECT 5::dd", made=[DD], undo=["DROP DOMAIN dd"], expect=(CLEAN,))

# --- expressions that a new table takes over ---------------------------------------------------------------------------------
IMMUTABLE = "CREATE FUNCTION counts(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN change_guarded(); END'"
DROP_LIKE = ["DROP TABLE IF EXISTS l9", "DROP TABLE d9 CASCADE", "DROP FUNCTION counts(int) CASCADE"]
for table, way in (("d9 (a int DEFAULT change_guarded(), b int)", "(LIKE d9 INCLUDING ALL)"), ("d9 (a int DEFAULT change_guarded(), b int)", "(LIKE public.d9 INCLUDING DEFAULTS)"),
                   ("d9 (a int DEFAULT change_guarded(), b int)", "() INHERITS (d9)"), ("d9 (b int CHECK (change_guarded() > 0))", "(LIKE d9 INCLUDING CONSTRAINTS)"),
                   ("d9 (b int CHECK (1 |+| b > 0))", "(LIKE d9 INCLUDING ALL)"), ("d9 (b int CHECK (change_guarded() > 0))", "() INHERITS (public.d9)"),
                   ("d9 (b int, c int GENERATED ALWAYS AS (counts(b)) STORED)", "(LIKE d9 INCLUDING GENERATED)"),
                   ("d9 (b int, EXCLUDE (counts(b) WITH =))", "(LIKE d9 INCLUDING INDEXES)"),
                   ("d9 (a int DEFAULT change_guarded(), b int) PARTITION BY LIST (b)", "PARTITION OF d9 FOR VALUES IN (1)"),
                   ("d9 (b int) PARTITION BY LIST (counts(b))", "PARTITION OF d9 DEFAULT")):
    runs("g07", f"{table}, and one like it", f"CREATE TABLE l9 {way}", agent="maker", made=[IMMUTABLE, f"CREATE TABLE {table}"], undo=DROP_LIKE)
for table, way in (("d9 (a int DEFAULT change_guarded(), b int)", "(LIKE d9)"), ("d9 (id serial PRIMARY KEY, t timestamptz DEFAULT now(), b int)", "(LIKE d9 INCLUDING ALL)"),
                   ("d9 (id bigserial, g uuid DEFAULT gen_random_uuid(), b int)", "() INHERITS (d9)")):
    runs("g07", f"{table}, and one like it without harm", f"CREATE TABLE l9 {way}", agent="maker",
         made=[IMMUTABLE, f"CREATE TABLE {table}"], undo=DROP_LIKE, expect=(CLEAN,))

# --- a string beside a column --------------------------------------------------------------------------------------------------
KT = ["CREATE TABLE kt (id int, k kept_text, a kept_text[], r with_field, d doms)", "INSERT INTO kt (id) VALUES (1)", "DELETE FROM notes WHERE id > 2"]
DROP_KT = ["DROP TABLE kt", "DROP TABLE doms", "DROP TYPE with_field"]
MADE_KT = [WITH_FIELD, "CREATE TABLE doms (k kept_text)", *KT]
for text in ("SELECT id FROM kt WHERE a = '{z}'", "SELECT COALESCE(a, '{y}') FROM public.kt", "SELECT '{u}' UNION SELECT a FROM kt", "SELECT id FROM kt WHERE r = '(x)'",
             "SELECT id FROM kt WHERE d = '(x)'", "SELECT id FROM doms d, notes WHERE d = '(x)'", "SELECT id FROM doms, notes WHERE doms.* = '(x)'",
             "SELECT CASE WHEN id = 2 THEN a ELSE '{x}' END FROM kt", "SELECT id FROM kt WHERE a IN ('{x}')", "PREPARE p AS SELECT id FROM kt WHERE a = '{x}'",
             "WITH w AS (SELECT a FROM kt) SELECT * FROM w WHERE a = '{z}'", "EXPLAIN SELECT id FROM kt WHERE a = '{z}'", "SELECT nullif(a, '{z}') FROM kt"):
    runs("m02", "a string beside a column", text, made=MADE_KT, undo=DROP_KT)
runs("m02", "a parameter beside a column", "PREPARE p AS SELECT id FROM kt WHERE a = $1", "EXECUTE p('{x}')", made=MADE_KT, undo=DROP_KT)
for text in ("SELECT * FROM kt WHERE id = 1", "SELECT k FROM doms WHERE k = 'x'", "SELECT * FROM kt WHERE id = '1'::int", "SELECT doms.* FROM doms WHERE k <> 'x'"):
    runs("m02", "a string beside no such column", text, made=MADE_KT, undo=DROP_KT, expect=(CLEAN, MASKED))
runs("g07", "a string that is only written", "UPDATE kt SET a = NULL WHERE id = 7", "INSERT INTO kt (id, k) VALUES ('5', NULL)", agent="maker",
     made=["CREATE TABLE kt (id int, k text, a kept_text[])"], undo=["DROP TABLE kt"], expect=(CLEAN,))
