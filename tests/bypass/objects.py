# SPDX-License-Identifier: Apache-2.0
"""What somebody has made over a function runs it under another name: operators, aggregates, casts, ranges, rules, functions that
promise more than they keep. And what goes away or changes with an object that stands below a table."""
from .cases import CLEAN, HELD, MASKED, REFUSED, Case, outcome_of

CASES = []
STOPPED = (REFUSED, HELD)


def case(row, what, *texts, agent="writer", made=(), undo=(), expect=STOPPED):
    """`made` by an administrator past us. One of the texts is stopped, and what the others leave behind holds no canary."""
    def steps(bench):
        direct = bench.world.ask_direct
        try:
            for text in made:
                direct(text)
            bench.world.read_anew()
            conversation = bench.open(agent)
            outcomes = [outcome_of(conversation.query(bench.text(text))) for text in texts]
            conversation.query("ROLLBACK")
            bench.open("writer").query("SELECT * FROM public.notes")
        finally:
            for text in (*undo, "DELETE FROM notes WHERE id > 2"):
                direct(text)
        return next((outcome for outcome in outcomes if outcome in STOPPED), outcomes[-1])
    return Case(row, what, expect, agent=agent, steps=steps, twins=False)


def runs(*arguments, **options):
    CASES.append(case(*arguments, **options))


def used(row, what, *texts, made=(), undo=(), agent="reader", expect=(REFUSED,)):
    """An administrator made it; the reader uses it."""
    runs(row, what, *texts, agent=agent, made=made, undo=undo, expect=expect)


STORES = ("CREATE FUNCTION stores(text, text) RETURNS bool LANGUAGE plpgsql AS"
          " $$ BEGIN INSERT INTO public.notes VALUES ((random() * 1e8)::int + 3, $1); RETURN true; END $$")
DROP_STORES = "DROP FUNCTION IF EXISTS stores(text, text) CASCADE"

# PostgreSQL's own functions by another name.
HOST_OPERATOR = "CREATE OPERATOR @@! (FUNCTION = pg_catalog.pg_read_file, RIGHTARG = text)"
DROP_HOST_OPERATOR = "DROP OPERATOR IF EXISTS @@! (none, text)"
runs("g07", "an operator over pg_read_file()", HOST_OPERATOR, "SELECT @@! 'PG_VERSION'::text", agent="maker", undo=[DROP_HOST_OPERATOR], expect=(REFUSED,))
used("g07", "an operator over pg_read_file() that is there", "SELECT @@! 'PG_VERSION'::text", made=[HOST_OPERATOR], undo=[DROP_HOST_OPERATOR])
runs("g08", "an operator over lo_export()", "CREATE OPERATOR @>! (PROCEDURE = lo_export, LEFTARG = oid, RIGHTARG = text)",
     "SELECT lo_from_bytea(816, 'x') @>! '{marker}'", undo=["DROP OPERATOR IF EXISTS @>! (oid, text)"], expect=(REFUSED,))
runs("m02", "an operator over ts_rewrite(), which runs a string", "CREATE OPERATOR @~! (FUNCTION = ts_rewrite, LEFTARG = tsquery, RIGHTARG = text)",
     "SELECT 'a'::tsquery @~! 'SELECT ''a''::tsquery, ssn::tsquery FROM people WHERE id = 1'", undo=["DROP OPERATOR IF EXISTS @~! (tsquery, text)"])
used("m02", "an operator over ts_rewrite() that is there", "SELECT 'a'::tsquery @~! 'SELECT ''a''::tsquery, ssn::tsquery FROM people WHERE id = 1'",
     made=["CREATE OPERATOR @~! (FUNCTION = ts_rewrite, LEFTARG = tsquery, RIGHTARG = text)"], undo=["DROP OPERATOR @~! (tsquery, text)"])
runs("m13", "an operator over pg_notify()", "CREATE OPERATOR |~| (FUNCTION = pg_notify, LEFTARG = text, RIGHTARG = text)",
     "LISTEN c", "SELECT 'c' |~| ssn FROM public.people", undo=["DROP OPERATOR IF EXISTS |~| (text, text)"])
runs("g12", "an operator over set_config()",
     "CREATE FUNCTION sets(text, text) RETURNS text LANGUAGE sql AS 'SELECT set_config($1, $2, false)'",
     "CREATE OPERATOR |~| (FUNCTION = sets, LEFTARG = text, RIGHTARG = text)", "SELECT 'session_replication_role' |~| 'replica'",
     undo=["DROP FUNCTION IF EXISTS sets(text, text) CASCADE"], expect=(REFUSED,))
READ_CAST = "CREATE CAST (text AS bytea) WITH FUNCTION pg_read_binary_file(text)"
runs("g08", "a cast over pg_read_binary_file()", READ_CAST, "SELECT 'PG_VERSION'::text::bytea", undo=["DROP CAST IF EXISTS (text AS bytea)"], expect=(REFUSED,))
used("g08", "a cast over pg_read_binary_file() that is there", "SELECT 'PG_VERSION'::text::bytea", made=[READ_CAST], undo=["DROP CAST (text AS bytea)"])
runs("g07", "operators and aggregates over what computes", "CREATE OPERATOR #+ (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int)", "SELECT 1 #+ 2",
     "CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0')", agent="maker",
     undo=["DROP OPERATOR #+ (int, int)", "DROP AGGREGATE total(int)"], expect=(CLEAN,))

# Aggregates are what they are made of.
runs("g08", "an aggregate over lo_export()", "CREATE AGGREGATE ex(text) (sfunc = pg_catalog.lo_export, stype = int4, initcond = '4711')",
     "SELECT ex('{marker}')", undo=["DROP AGGREGATE IF EXISTS ex(text)"], expect=(REFUSED,))
runs("g08", "an aggregate that ends in pg_read_file()",
     "CREATE AGGREGATE rf(text) (sfunc = textcat, stype = text, initcond = '', finalfunc = pg_read_file)", "SELECT rf('PG_VERSION')",
     undo=["DROP AGGREGATE IF EXISTS rf(text)"], expect=(REFUSED,))
runs("g08", "an aggregate in the old way of writing", "CREATE AGGREGATE rf (basetype = text, sfunc = textcat, stype = text, initcond = '',"
     " \"finalfunc\" = 'pg_read_file')", "SELECT rf('PG_VERSION')", undo=["DROP AGGREGATE IF EXISTS rf(text)"], expect=(REFUSED,))
used("g08", "an aggregate that ends in pg_read_file() and is there", "SELECT rf('PG_VERSION')", agent="writer",
     made=["CREATE AGGREGATE rf(text) (sfunc = textcat, stype = text, initcond = '', finalfunc = pg_read_file)"], undo=["DROP AGGREGATE rf(text)"])
runs("g12", "an aggregate over set_config()",
     "CREATE AGGREGATE sc(text, bool) (sfunc = set_config, stype = text, initcond = 'session_replication_role')", "SELECT sc('replica', false)",
     undo=["DROP AGGREGATE IF EXISTS sc(text, bool)"], expect=(REFUSED,))
runs("m16", "an aggregate over dblink_exec()", "CREATE AGGREGATE dx(text) (sfunc = dblink_exec, stype = text, initcond = 'host=/nowhere')",
     "SELECT dx('DELETE FROM guarded')", agent="asker", undo=["DROP AGGREGATE IF EXISTS dx(text)"], expect=(REFUSED,))
runs("g06", "CREATE OR REPLACE AGGREGATE of one that is there", "CREATE OR REPLACE AGGREGATE counted(int) (sfunc = int4mi, stype = int, initcond = '0')",
     agent="maker", made=["CREATE AGGREGATE counted(int) (sfunc = int4pl, stype = int, initcond = '0')"], undo=["DROP AGGREGATE counted(int)"], expect=(REFUSED,))
used("m03", "an aggregate over a function that reads", "SELECT shows(id) FROM people WHERE id = 1", agent="writer",
     made=["CREATE FUNCTION adds(text, int) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1 || ssn FROM people WHERE id = $2'",
           "CREATE AGGREGATE shows(int) (sfunc = adds, stype = text, initcond = '')"], undo=["DROP FUNCTION adds(text, int) CASCADE"], expect=(MASKED,))

# What stands in PostgreSQL's schemas and is not PostgreSQL's.
ZAP = "CREATE AGGREGATE {}.zap(int) (sfunc = plus_changes, stype = int, initcond = '0')"
for schema in ("pg_catalog", "information_schema"):
    runs("g07", f"an aggregate in {schema}", ZAP.format(schema), f"SELECT {schema}.zap(1)", agent="maker",
         undo=[f"DROP AGGREGATE IF EXISTS {schema}.zap(int)"], expect=(REFUSED,))
    used("g07", f"an aggregate in {schema} that is there", f"SELECT {schema}.zap(1)", made=[ZAP.format(schema)], undo=[f"DROP AGGREGATE {schema}.zap(int)"])
    runs("g07", f"a function that moves to {schema}", STORES, f"ALTER FUNCTION stores(text, text) SET SCHEMA {schema}",
         undo=[f"DROP FUNCTION IF EXISTS {schema}.stores(text, text) CASCADE", DROP_STORES], expect=(REFUSED,))
    used("m02", f"an operator over a function in {schema}", "SELECT ssn |!!| 'a' FROM people WHERE id = 1", agent="writer", expect=STOPPED,
         made=[STORES, f"ALTER FUNCTION stores(text, text) SET SCHEMA {schema}",
               f"CREATE OPERATOR |!!| (FUNCTION = {schema}.stores, LEFTARG = text, RIGHTARG = text)"],
         undo=[f"DROP FUNCTION {schema}.stores(text, text) CASCADE"])
used("m07", "a view in information_schema", "SELECT * FROM information_schema.seen", made=["CREATE VIEW information_schema.seen AS SELECT id, ssn FROM people"],
     undo=["DROP VIEW information_schema.seen"], expect=(MASKED,))
runs("g07", "PostgreSQL's own function is replaced", "SET search_path = pg_catalog, public",
     "BEGIN; CREATE OR REPLACE FUNCTION lower(text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS 'SELECT upper($1)'; ROLLBACK", expect=(REFUSED,))

# The planner puts another operator in the place of the one that is named.
ZAPS = "CREATE FUNCTION zaps(int, int) RETURNS bool LANGUAGE sql AS 'SELECT change_guarded() > 0'"
DROP_ZAPS = "DROP FUNCTION IF EXISTS zaps(int, int) CASCADE; DROP OPERATOR IF EXISTS <<! (int, int)"
NEGATED = ["CREATE OPERATOR !!> (FUNCTION = zaps, LEFTARG = int, RIGHTARG = int, NEGATOR = <<!)",
           "CREATE OPERATOR <<! (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int, NEGATOR = !!>)"]
runs("g07", "an operator whose negator changes", *NEGATED, "SELECT NOT (id <<! 3) FROM notes", agent="maker", made=[ZAPS], undo=[DROP_ZAPS], expect=(REFUSED,))
used("g07", "an operator whose negator changes and is there", "SELECT NOT (id <<! 3) FROM notes", made=[ZAPS, *NEGATED], undo=[DROP_ZAPS])
used("g07", "an operator whose commutator changes", "SELECT 3 <<! id FROM notes", made=[
    ZAPS, "CREATE OPERATOR !!> (FUNCTION = zaps, LEFTARG = int, RIGHTARG = int, COMMUTATOR = <<!)",
    "CREATE OPERATOR <<! (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = !!>)"], undo=[DROP_ZAPS])
runs("m02", "an operator whose negator stores", STORES, "CREATE OPERATOR !!> (FUNCTION = stores, LEFTARG = text, RIGHTARG = text, NEGATOR = <<!)",
     "CREATE OPERATOR <<! (FUNCTION = text_lt, LEFTARG = text, RIGHTARG = text, NEGATOR = !!>)", "SELECT NOT (ssn <<! 'a') FROM people WHERE id = 1",
     undo=[DROP_STORES, "DROP OPERATOR IF EXISTS <<! (text, text)"])

# RETURNING of what a rule makes of a statement.
RULED = ["CREATE VIEW noted AS SELECT id, body FROM notes",
         "CREATE RULE changed AS ON UPDATE TO noted DO INSTEAD UPDATE people SET balance = balance WHERE id = new.id RETURNING id, ssn",
         "CREATE RULE added AS ON INSERT TO noted DO INSTEAD UPDATE people SET balance = balance WHERE id = new.id RETURNING id, upper(ssn)",
         "CREATE VIEW noted_above AS SELECT * FROM noted"]
for text in ("UPDATE noted SET body = 'x' WHERE id = 1 RETURNING id, body", "UPDATE noted SET body = 'x' WHERE id = 1 RETURNING *",
             "INSERT INTO noted VALUES (1, 'x') RETURNING body", "UPDATE noted_above SET body = 'x' WHERE id = 1 RETURNING lower(body)",
             "WITH w AS (UPDATE noted SET body = 'x' WHERE id = 1 RETURNING body) SELECT * FROM w"):
    used("m09", f"RETURNING of a rule: {text}", text, agent="writer", made=RULED, undo=["DROP VIEW noted CASCADE"], expect=(MASKED,))
used("m09", "RETURNING of a rule that returns nothing sensitive", "UPDATE noted SET body = 'first' WHERE id = 1 RETURNING id, body", agent="writer", made=[
    RULED[0], "CREATE RULE changed AS ON UPDATE TO noted DO INSTEAD UPDATE notes SET body = new.body WHERE id = old.id RETURNING id, body"],
    undo=["DROP VIEW noted CASCADE"], expect=(CLEAN,))

# A function that calls itself stable or immutable, and is not.
used("g07", "a stable function that calls what changes", "SELECT st()", made=["CREATE FUNCTION st() RETURNS int STABLE LANGUAGE sql AS 'SELECT change_guarded()'"],
     undo=["DROP FUNCTION st()"])
used("g07", "a stable function that calls one that calls what changes", "SELECT st2()", made=[
    "CREATE FUNCTION st() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN change_guarded(); END'",
    "CREATE FUNCTION st2() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN st(); END'"], undo=["DROP FUNCTION st(), st2()"])
used("g07", "a stable function that reads a view that changes", "SELECT st()", made=[
    "CREATE VIEW changing AS SELECT change_guarded() AS c", "CREATE FUNCTION st() RETURNS int STABLE LANGUAGE sql AS 'SELECT c FROM changing'"],
    undo=["DROP FUNCTION st(); DROP VIEW changing"])
used("g07", "a stable function whose body is a tree", "SELECT st()", made=["CREATE FUNCTION st() RETURNS int STABLE BEGIN ATOMIC SELECT change_guarded(); END"],
     undo=["DROP FUNCTION st()"])
used("g07", "a stable function whose body is a tree, and sets a sequence", "SELECT st()",
     made=["CREATE FUNCTION st() RETURNS bigint STABLE RETURN setval('counter', 777)"], undo=["DROP FUNCTION st()"])
used("g07", "a stable function that puts a statement together", "SELECT st()", made=[
    "CREATE FUNCTION st() RETURNS int STABLE LANGUAGE plpgsql AS $$ DECLARE r int; BEGIN EXECUTE 'SELECT change_' || 'guarded()' INTO r; RETURN r; END $$"],
    undo=["DROP FUNCTION st()"])
used("g07", "an immutable function whose default changes", "SELECT st()", made=[
    "CREATE FUNCTION st(a int DEFAULT change_guarded()) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'"], undo=["DROP FUNCTION st(int)"])
used("g07", "an operator over a stable function that calls what changes", "SELECT 1 |!| 2", made=[
    "CREATE FUNCTION st(int, int) RETURNS int STABLE LANGUAGE sql AS 'SELECT change_guarded()'", "CREATE OPERATOR |!| (FUNCTION = st, LEFTARG = int, RIGHTARG = int)"],
    undo=["DROP FUNCTION st(int, int) CASCADE"])
used("g07", "a function in C of no extension that calls itself stable",
     "SELECT * FROM crosses('SELECT change_guarded()::text, ''a''::text, ''b''::text') AS t (a text, b text)", made=[
         "CREATE FUNCTION crosses(text) RETURNS SETOF record AS '$libdir/tablefunc', 'crosstab' LANGUAGE c STABLE STRICT"], undo=["DROP FUNCTION crosses(text)"])
used("g07", "stable functions that only read", "SELECT st(2), st2()", made=[
    "CREATE FUNCTION st(a int DEFAULT 1) RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) + $1 FROM orders'",
    "CREATE FUNCTION st2() RETURNS bigint STABLE LANGUAGE plpgsql AS 'DECLARE n notes.id%TYPE; BEGIN SELECT max(id) INTO n FROM notes; RETURN n; END'"],
    undo=["DROP FUNCTION st(int), st2()"], expect=(CLEAN, MASKED))

# Checks and comparisons where nobody names them.
DOMS, DROP_DOMS = "CREATE TABLE doms (k kept_text)", "DROP TABLE doms CASCADE"
used("m02", "hstore's operator over a row with a check", "SELECT (d #= hstore('k', p.ssn)) FROM people p LEFT JOIN doms d ON true WHERE p.id = 1",
     agent="writer", made=[DOMS, "CREATE EXTENSION hstore"], undo=[DROP_DOMS, "DROP EXTENSION hstore"])
used("m02", "hstore's function over a row with a check", "SELECT populate_record(d, hstore('k', p.ssn)) FROM people p LEFT JOIN doms d ON true WHERE p.id = 1",
     agent="writer", made=[DOMS, "CREATE EXTENSION hstore"], undo=[DROP_DOMS, "DROP EXTENSION hstore"])
used("g07", "a parameter with a check", "SELECT greets('x')", made=["CREATE FUNCTION greets(kept_text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'"],
     undo=["DROP FUNCTION greets(kept_text)"])
used("g07", "a result with a check", "SELECT greets('x')", made=["CREATE FUNCTION greets(text) RETURNS kept_text STABLE LANGUAGE sql AS 'SELECT $1'"],
     undo=["DROP FUNCTION greets(text)"])
used("g07", "a variable with a check", "SELECT greets()", made=[
    "CREATE FUNCTION greets() RETURNS int STABLE LANGUAGE plpgsql AS 'DECLARE x kept_text := ''x''; BEGIN RETURN 1; END'"], undo=["DROP FUNCTION greets()"])
used("g07", "a variable of a column's type with a check", "SELECT greets()", made=[
    DOMS, "CREATE FUNCTION greets() RETURNS int STABLE LANGUAGE plpgsql AS 'DECLARE x doms.k%TYPE := ''x''; BEGIN RETURN 1; END'"],
    undo=["DROP FUNCTION greets()", DROP_DOMS])
for text in ("CREATE FUNCTION greets() RETURNS void STABLE LANGUAGE plpgsql AS $$ DECLARE x kept_text := 'zed'; BEGIN NULL; END $$",
             "CREATE TABLE kt (k kept_text)", "CREATE TABLE kt (k public.kept_text[])", "CREATE TABLE kt (LIKE doms)", "CREATE TABLE kt () INHERITS (doms)",
             "ALTER TABLE notes ADD k kept_text", "ALTER TABLE notes ALTER body TYPE kept_text"):
    runs("g07", f"what maker makes with a check: {text}", f"BEGIN; {text}; ROLLBACK", agent="maker", made=[DOMS], undo=[DROP_DOMS], expect=(REFUSED,))
COMPARES = ["CREATE FUNCTION compares(text, text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM stores($1, $2); RETURN 0; END $$",
            "CREATE OPERATOR CLASS tops FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,"
            " FUNCTION 1 compares(text, text)"]
DROP_COMPARES = ["DROP TYPE IF EXISTS tr", "DROP OPERATOR FAMILY tops USING btree CASCADE", "DROP FUNCTION compares(text, text) CASCADE", DROP_STORES]
RANGE = "CREATE TYPE tr AS RANGE (subtype = text, subtype_opclass = tops)"
runs("g07", "a range over an operator class of users", RANGE, "SELECT tr('a', 'b')", agent="maker", made=[STORES, *COMPARES], undo=DROP_COMPARES, expect=(REFUSED,))
used("m02", "a range type over an operator class of users", "SELECT tr(ssn, 'zzz') FROM people WHERE id = 2", agent="writer", made=[STORES, *COMPARES, RANGE],
     undo=DROP_COMPARES, expect=STOPPED)
used("g07", "a literal of a range type over an operator class of users", "SELECT '[a,b]'::tr", made=[STORES, *COMPARES, RANGE], undo=DROP_COMPARES)
runs("g07", "an index by an operator class of users", "CREATE INDEX ON notes (body tops)", agent="maker", made=[STORES, *COMPARES], undo=DROP_COMPARES,
     expect=(REFUSED,))
used("g07", "a range type over what computes", "SELECT ir(1, 2), '[1,2]'::ir", made=["CREATE TYPE ir AS RANGE (subtype = int)"], undo=["DROP TYPE ir"],
     expect=(CLEAN,))

# What goes away or changes with an object that stands below a table, by a statement that does not name the table.
BELOW = ["CREATE TYPE feeling AS ENUM ('sad', 'happy')", "CREATE TYPE pair AS (x int, y int)", "CREATE SCHEMA tt", "CREATE DOMAIN tt.dom AS text",
         "CREATE COLLATION coll (locale = 'C')", "CREATE SEQUENCE gseq", "CREATE FUNCTION gen(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
         "CREATE TABLE par (id int PRIMARY KEY)", "INSERT INTO par VALUES (1)",
         "ALTER TABLE guarded ADD m feeling, ADD p pair, ADD d tt.dom, ADD c text COLLATE coll, ADD n int DEFAULT nextval('gseq'),"
         " ADD g text GENERATED ALWAYS AS (gen(v)) STORED, ADD par int REFERENCES par", "CREATE INDEX g_index ON guarded (v)"]
ABOVE = ["ALTER TABLE guarded DROP m, DROP p, DROP d, DROP c, DROP n, DROP g, DROP par", "DROP INDEX g_index", "DROP TYPE feeling", "DROP TYPE pair",
         "DROP SCHEMA tt CASCADE", "DROP COLLATION coll", "DROP SEQUENCE gseq", "DROP FUNCTION gen(text)", "DROP TABLE par"]
for text in ("DROP COLLATION coll CASCADE", "DROP FUNCTION gen(text) CASCADE", "DROP ROUTINE gen CASCADE", "DROP SCHEMA tt CASCADE", "DROP SEQUENCE gseq CASCADE",
             "DROP TABLE par CASCADE", "DROP INDEX g_index", "DROP INDEX public.g_index", "ALTER INDEX g_index RENAME TO other_index",
             "ALTER TABLE g_index RENAME TO other_index", "ALTER INDEX g_index SET (fillfactor = 50)", "ALTER TYPE feeling RENAME VALUE 'sad' TO 'glad'",
             "ALTER TYPE pair DROP ATTRIBUTE x CASCADE", "ALTER TYPE pair RENAME ATTRIBUTE x TO z CASCADE", "ALTER DOMAIN tt.dom SET DEFAULT 'x'"):
    runs("g09", f"what stands below guarded: {text}", f"BEGIN; {text}; ROLLBACK", agent="maker", made=BELOW, undo=ABOVE, expect=(REFUSED,))
runs("g09", "what stands below nothing", "BEGIN; DROP FUNCTION gen2(text) CASCADE; DROP INDEX n_index; ALTER TYPE feeling2 RENAME VALUE 'sad' TO 'glad';"
     " ALTER TABLE par2 ADD x int; ROLLBACK", agent="maker", expect=(CLEAN,),
     made=["CREATE FUNCTION gen2(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'", "CREATE INDEX n_index ON notes (body)",
           "CREATE TYPE feeling2 AS ENUM ('sad')", "CREATE TABLE par2 (id int PRIMARY KEY)", "INSERT INTO par2 VALUES (1)",
           "ALTER TABLE guarded ADD par int REFERENCES par2"],
     undo=["DROP FUNCTION gen2(text)", "DROP INDEX n_index", "DROP TYPE feeling2", "ALTER TABLE guarded DROP par", "DROP TABLE par2"])
