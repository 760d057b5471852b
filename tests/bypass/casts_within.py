# SPDX-License-Identifier: Apache-2.0
"""Casts that users have made, where the type that they make is not named: below a domain, an array or a row of it, inside of what
joins and quotes texts, and in what the daemon itself asks."""
from .cases import CLEAN, HELD, MASKED, REFUSED, Case, outcome_of
from .objects import case

CASES = []


def runs(row, what, *texts, agent="reader", made=(), undo=(), expect=(REFUSED,)):
    CASES.append(case(row, f"{agent}: {what}: {' / '.join(texts)}", *texts, agent=agent, made=made, undo=undo, expect=expect))


# --- a row as text, by a function that changes something ------------------------------------------------------------------------
CT = ["CREATE TYPE ct AS (a int)",
      "CREATE FUNCTION ctext(ct) RETURNS text LANGUAGE plpgsql AS"
      " $$ BEGIN UPDATE public.guarded SET v = v || '!'; RETURN (SELECT ssn FROM public.people WHERE id = 1); END $$",
      "CREATE CAST (ct AS text) WITH FUNCTION ctext(ct)", "CREATE TABLE cts (id int, c ct)", "INSERT INTO cts VALUES (1, ROW(1))",
      "CREATE DOMAIN td AS text", "CREATE DOMAIN tdd AS td", "CREATE TYPE tt AS (x text)", "CREATE DOMAIN ttd AS tt", "CREATE TABLE tab (x text)",
      "CREATE TYPE ttt AS (y tt)", "CREATE DOMAIN cdom AS ct", "CREATE DOMAIN tad AS text[]", "CREATE TABLE plain_texts (a text, b varchar)",
      "INSERT INTO plain_texts VALUES ('x', 'y')"]
DROP_CT = ["DROP TABLE IF EXISTS cts, tab, plain_texts CASCADE", "DROP DOMAIN IF EXISTS tad, td CASCADE", "DROP TYPE IF EXISTS ct, ttt, tt CASCADE"]
for text in ("c::td", "c::public.td", "CAST(c AS tdd)", "ARRAY[c]::td[]", "ARRAY[c]::_text", "ARRAY[c]::pg_catalog._text", "ARRAY[c]::_td", "ARRAY[c]::tad", "ROW(c)::tt",
             "(ROW(c)::tt).x", "ROW(c)::ttd", "ARRAY[ROW(c)]::tt[]", "ARRAY[ROW(c)]::_tt", "ROW(c)::tab", "ROW(ROW(c))::ttt", "ROW(c, 'x')::pg_config", "(ROW(c, 'x')::pg_config).name",
             "ROW(c, 'x')::pg_catalog.pg_config", "c::cdom::td", "xmlserialize(content xmlelement(name a, c::td) AS text)"):
    runs("m02", "made of the target", f"SELECT {text} FROM cts", made=CT, undo=DROP_CT)
for text in ("SELECT count(*) FILTER (WHERE c::td = 'x') FROM cts", "SELECT 1 FROM cts ORDER BY c::td", "SELECT 1 FROM cts WHERE (ROW(c)::tt).x = 'x'",
             "WITH w AS MATERIALIZED (SELECT c::td FROM cts) SELECT * FROM w", "EXPLAIN ANALYZE SELECT c::td FROM cts", "DECLARE k CURSOR WITH HOLD FOR SELECT ROW(c)::tt FROM cts"):
    runs("m02", "made of the target", text, made=CT, undo=DROP_CT)
runs("m02", "prepared", "PREPARE p AS SELECT c::td FROM cts", "EXECUTE p", made=CT, undo=DROP_CT)
runs("m02", "the type of a parameter", "PREPARE p (ct) AS SELECT $1::td", "EXECUTE p (ROW(1))", made=CT, undo=DROP_CT)
runs("g07", "in a default", "CREATE TABLE made9 (a td DEFAULT ROW(1)::ct::td, b int)", agent="maker", made=CT, undo=["DROP TABLE IF EXISTS made9", *DROP_CT])
for text in ("DO $$ DECLARE x text; BEGIN SELECT c::td INTO x FROM cts; END $$", "DO $$ DECLARE x td; k ct := ROW(1); BEGIN x := k::td; END $$",
             "DO $$ DECLARE k ct := ROW(1); x tt := ROW(k)::tt; BEGIN NULL; END $$", "DO $$ DECLARE k ct := ROW(1); BEGIN RAISE NOTICE '%', k || ''; END $$"):
    runs("m02", "in a block", text, agent="maker", made=CT, undo=DROP_CT)
for text in ("CREATE DOMAIN nd AS text|SELECT c::nd FROM cts", "CREATE DOMAIN nd AS text|SELECT ARRAY[c]::_nd FROM cts",
             "CREATE VIEW nv AS SELECT 'x'::text AS x|SELECT ROW(c)::nv FROM cts", "ALTER TABLE tab RENAME TO tab2|SELECT ROW(c)::tab2 FROM cts",
             "CREATE TABLE nt (n int)|ALTER TABLE nt ADD COLUMN x text|SELECT ROW(1, c)::nt FROM cts", "ALTER DOMAIN td RENAME TO td9|SELECT c::td9 FROM cts",
             "ALTER TYPE tt RENAME TO tt9|SELECT ROW(c)::tt9 FROM cts", "CREATE TEMP TABLE nt AS SELECT 'x'::text AS x|SELECT ROW(c)::nt FROM cts"):
    runs("m02", "made of the target in the transaction", "BEGIN", *text.split("|"), agent="maker", made=CT, undo=["DROP VIEW IF EXISTS nv", *DROP_CT])

# --- what casts to text inside ------------------------------------------------------------------------------------------------
for text in ("SELECT ROW(1)::ct || ''", "SELECT '' || ROW(1)::ct", "SELECT '' || c FROM cts", "SELECT c || '' FROM cts", "SELECT c OPERATOR(pg_catalog.||) '' FROM cts", "SELECT 'a' || 'b' || c FROM cts",
             "SELECT 'a' || (c || 'b') FROM cts", "SELECT c || a FROM cts, plain_texts", "SELECT anytextcat(c, '') FROM cts", "SELECT pg_catalog.textanycat('', c) FROM cts",
             "SELECT quote_literal(c) FROM cts", "SELECT quote_nullable(c) FROM cts", "SELECT quote_literal(c::cdom) FROM cts", "SELECT c::cdom || '' FROM cts",
             "SELECT id FROM cts WHERE c || '' = 'x'", "SELECT string_agg(c || '', '') FROM cts", "SELECT * FROM cts LIMIT length(ROW(1)::ct || '')", "EXPLAIN ANALYZE SELECT c || '' FROM cts",
             "SELECT 1 FROM cts ORDER BY c || ''", "SELECT (SELECT c || '') FROM cts", "SELECT quote_literal FROM cts, LATERAL quote_literal(c)"):
    runs("m02", "a text inside", text, made=CT, undo=DROP_CT)
OVER = ["CREATE OPERATOR ||> (FUNCTION = pg_catalog.anytextcat, LEFTARG = anynonarray, RIGHTARG = text)",
        "CREATE AGGREGATE joined(anynonarray) (SFUNC = textanycat, STYPE = text, INITCOND = '')",
        "CREATE FUNCTION joins() RETURNS text STABLE LANGUAGE sql AS $$ SELECT c || '' FROM public.cts $$"]
DROP_OVER = ["DROP OPERATOR IF EXISTS ||> (anynonarray, text)", "DROP AGGREGATE IF EXISTS joined(anynonarray)", "DROP FUNCTION IF EXISTS joins()", *DROP_CT]
for text in ("SELECT c ||> '' FROM cts", "SELECT joined(c) FROM cts", "SELECT joins()"):
    runs("m02", "what users made over it", text, made=[*CT, *OVER], undo=DROP_OVER)
runs("m02", "a text inside", "UPDATE notes SET body = c || '' FROM cts WHERE notes.id = 1", agent="writer", made=CT, undo=DROP_CT, expect=(HELD, REFUSED))
for text in ("SELECT 'a' || 'b'", "SELECT 'a' || 'b' || 'c'", "SELECT ARRAY[1, 2] FROM cts", "SELECT * FROM plain_texts", "SELECT a, b FROM plain_texts WHERE a = 'x'"):
    runs("m02", "nothing is cast", text, made=CT, undo=DROP_CT, expect=(CLEAN,))
for text in ("SELECT 1 || 'x'", "SELECT id || item FROM orders", "SELECT quote_literal(item) FROM orders"):
    runs("m02", "nobody has made a cast", text, expect=(CLEAN,))

# --- numbers, documents, rows, bytes --------------------------------------------------------------------------------------------
FT = ["CREATE TYPE ft AS ENUM ('a', 'b')", "CREATE FUNCTION fti(ft) RETURNS int LANGUAGE sql AS 'UPDATE public.guarded SET v = v || ''?'' RETURNING id'",
      "CREATE CAST (ft AS int) WITH FUNCTION fti(ft)", "CREATE DOMAIN idd AS int", "CREATE TYPE itt AS (n int)"]
DROP_FT = ["DROP TYPE IF EXISTS ft, itt CASCADE", "DROP DOMAIN IF EXISTS idd CASCADE"]
for text in ("'a'::ft::idd", "ROW('a'::ft)::itt", "(ROW('a'::ft)::itt).n", "ARRAY['a'::ft]::_int4", "ARRAY['a'::ft]::idd[]"):
    runs("m02", "an enum as a number", f"SELECT {text}", made=FT, undo=DROP_FT)
OX = ["CREATE FUNCTION oxml(orders) RETURNS xml LANGUAGE sql STABLE AS 'SELECT xmlelement(name a, ssn) FROM public.people WHERE id = $1.customer'",
      "CREATE CAST (orders AS xml) WITH FUNCTION oxml(orders)", "CREATE DOMAIN xd AS xml",
      "CREATE FUNCTION orow(orders) RETURNS other.people LANGUAGE sql STABLE AS 'SELECT id, ssn FROM public.people WHERE id = $1.customer'",
      "CREATE CAST (orders AS other.people) WITH FUNCTION orow(orders)", "CREATE DOMAIN od AS other.people",
      "CREATE FUNCTION otext(orders) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM public.people WHERE id = $1.customer'",
      "CREATE CAST (orders AS text) WITH FUNCTION otext(orders)", "CREATE DOMAIN td AS text"]
DROP_OX = ["DROP DOMAIN IF EXISTS xd, od, td CASCADE", "DROP FUNCTION IF EXISTS oxml(orders), orow(orders), otext(orders) CASCADE"]
for text in ("(o::xd)::text", "o::xd", "ARRAY[o]::_xml", "xmlserialize(content o::xd AS text)", "o::od", "(o::od).ssn", "ARRAY[o]::other._people", "o::td", "o || ''", "'' || o", "quote_literal(o)",
             "quote_nullable(o)", "anytextcat(o, '')", "ARRAY[o]::_text"):
    for agent in ("reader", "asker"):
        runs("m02", "a row as something else", f"SELECT {text} FROM orders o", agent=agent, made=OX, undo=DROP_OX, expect=(HELD, MASKED, REFUSED))
for text in ("SELECT item || item FROM orders", "SELECT item || '!' FROM orders", "SELECT name || ' ' || q.item FROM public.people p, (SELECT item FROM orders) q WHERE p.id = 1"):
    runs("m02", "texts beside texts", text, made=OX, undo=DROP_OX, expect=(CLEAN,))
BYTES = ["CREATE CAST (text AS bytea) WITH FUNCTION pg_read_binary_file(text)", "CREATE DOMAIN bd AS bytea", "CREATE TYPE btt AS (x bytea)"]
DROP_BYTES = ["DROP CAST (text AS bytea)", "DROP DOMAIN IF EXISTS bd", "DROP TYPE IF EXISTS btt"]
for text in ("'PG_VERSION'::text::bd", "(ROW('PG_VERSION'::text)::btt).x", "ARRAY['PG_VERSION'::text]::_bytea", "ARRAY['PG_VERSION'::text]::bd[]"):
    runs("m02", "a file of the server", f"SELECT {text}", made=BYTES, undo=DROP_BYTES)

# --- what the daemon asks -------------------------------------------------------------------------------------------------------
# Between any two types that its questions might use, unless PostgreSQL has a cast: that nobody can make again.
TAKEN_OVER = """DO $do$ DECLARE pair record; made text; BEGIN
  FOR pair IN SELECT a.oid::regtype AS one, b.oid::regtype AS other, a.oid AS one_oid, b.oid AS other_oid FROM pg_type a, pg_type b
    WHERE a.oid <> b.oid AND a.typname = ANY (names) AND b.typname = ANY (names)
      AND NOT EXISTS (SELECT FROM pg_cast c WHERE c.castsource = a.oid AND c.casttarget = b.oid)
  LOOP
    made := format('taken.cast_%s_%s', pair.one_oid, pair.other_oid);
    EXECUTE format('CREATE FUNCTION %s(%s) RETURNS %s LANGUAGE plpgsql AS $$ BEGIN RAISE ''%s as %s''; END $$', made, pair.one, pair.other, pair.one, pair.other);
    EXECUTE format('CREATE CAST (%s AS %s) WITH FUNCTION %s(%s) AS IMPLICIT', pair.one, pair.other, made, pair.one);
  END LOOP; END $do$"""
NAMES = "text name bpchar varchar char int2 int4 int8 oid xid xid8 cid tid bool float8 numeric regproc regclass regtype regnamespace oidvector int2vector json jsonb _text _oid _int2 _char _name pg_node_tree pg_snapshot timestamptz"


def the_daemons_questions(bench, context):
    """Every session needs the catalogue, with the defaults, trees, casts and rules of the schema in it."""
    direct = bench.world.ask_direct
    names = "ARRAY[" + ", ".join(f"'{name}'" for name in NAMES.split()) + "]"
    try:
        direct("CREATE SCHEMA taken")
        direct("CREATE DOMAIN taken.loud AS text DEFAULT lower('X') CHECK (length(VALUE) > 0 OR current_setting('port') > '')")
        direct("CREATE FUNCTION taken.tree(a int DEFAULT 1 + 1, b int8 DEFAULT length('x')) RETURNS int STABLE LANGUAGE sql BEGIN ATOMIC SELECT count(*)::int FROM public.orders; END")
        direct("CREATE FUNCTION taken.pair(OUT int, OUT text) STABLE LANGUAGE sql AS 'SELECT 1, ''x'''")
        direct("CREATE TYPE taken.range AS RANGE (subtype = int4)")
        assert bench.open("maker").query("CREATE TABLE taken.before (a int)").errors() == []
        direct(TAKEN_OVER.replace("ANY (names)", f"ANY ({names})").replace(" AS IMPLICIT", context))
        assert len(direct(f"SELECT oid FROM pg_cast WHERE oid >= 16384 AND castcontext = '{context[4:5].lower() or 'e'}'")) > 300
        # The first one begins with what was read before, the second has it read.
        maker = bench.open("maker")
        outcomes = [outcome_of(maker.query("CREATE TABLE taken.after (a int)"))]
        outcomes.append(outcome_of(bench.open("reader").query("SELECT id FROM orders")))
        outcomes.append(outcome_of(bench.open("writer").query("UPDATE notes SET body = body WHERE id = 1")))
        return next((one for one in outcomes if one != CLEAN), CLEAN)
    finally:
        direct("DROP SCHEMA taken CASCADE")


for context in ("", " AS ASSIGNMENT", " AS IMPLICIT"):
    CASES.append(Case("m02", f"casts{context} between PostgreSQL's own types do not stop the daemon's questions", (CLEAN,), agent="reader",
                      steps=lambda bench, context=context: the_daemons_questions(bench, context), twins=False))
