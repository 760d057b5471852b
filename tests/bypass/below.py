# SPDX-License-Identifier: Apache-2.0
"""DDL that takes parts of a table away, or runs what was there, by way of something else: what the table stands on, to any depth,
under whatever name; maintenance of everything at once; types with checks and operator classes under another name; settings kept in
an expression."""
import contextlib

import psycopg2

from .cases import CLEAN, REFUSED, Case, outcome_of

CASES = []
# Of guarded, each by a way of its own.
BELOW = (
    "CREATE TABLE par (id int PRIMARY KEY, x int)", "INSERT INTO par VALUES (1, 1)", "CREATE TABLE above_rt (b text)", "CREATE TABLE rt (a int) INHERITS (above_rt)",
    "CREATE COLLATION coll (locale = 'C')", "CREATE TYPE comp AS (x int, y text COLLATE coll)", "CREATE TYPE mood AS ENUM ('a', 'b')",
    "CREATE SEQUENCE gseq", "CREATE TEXT SEARCH CONFIGURATION conf (COPY = simple)", "CREATE SCHEMA tt", "CREATE COLLATION tt.deep (locale = 'C')",
    "CREATE TABLE far (id text COLLATE tt.deep UNIQUE)", "INSERT INTO far VALUES ('1')",
    "CREATE FUNCTION yes(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true'", "CREATE DOMAIN dom AS text CHECK (yes(VALUE))",
    "CREATE TABLE seen (id int, keep bool)", "CREATE VIEW seen_view AS SELECT id FROM seen WHERE keep", "CREATE TABLE audit (id int)",
    "CREATE TYPE ptype AS (id int, x int)", "CREATE TABLE typed OF ptype (PRIMARY KEY (id))", "INSERT INTO typed VALUES (1, 1)",
    "CREATE TABLE top (id int, x int)", "CREATE TABLE mid (UNIQUE (id)) INHERITS (top)", "INSERT INTO mid VALUES (1, 1)",
    "CREATE FUNCTION gen(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
    "ALTER TABLE guarded ADD p1 int DEFAULT 1 REFERENCES par, ADD r1 rt, ADD c1 comp, ADD ca comp[], ADD m1 mood, ADD n1 int DEFAULT nextval('gseq'),"
    " ADD t1 tsvector GENERATED ALWAYS AS (to_tsvector('conf', v)) STORED, ADD f1 text DEFAULT '1' REFERENCES far (id), ADD d1 dom,"
    " ADD e1 int DEFAULT 1 REFERENCES typed, ADD h1 int DEFAULT 1 REFERENCES mid (id), ADD g1 text GENERATED ALWAYS AS (gen(v)) STORED",
    "UPDATE guarded SET r1 = ('keep', 1), c1 = (1, 'keep'), d1 = 'x'", "CREATE STATISTICS gstat ON id, v FROM guarded",
    "CREATE POLICY pol ON guarded USING (EXISTS (SELECT FROM seen_view))",
    "CREATE RULE tells AS ON DELETE TO guarded DO ALSO INSERT INTO audit VALUES (old.id)", "CREATE INDEX g_index ON guarded (lower(v))",
    "CREATE TABLE plain_one (id int PRIMARY KEY, x int)", "CREATE COLLATION plain_coll (locale = 'C')", "CREATE TABLE plain_two (id text COLLATE plain_coll)")
UNDO = ("DROP RULE tells ON guarded", "DROP POLICY pol ON guarded", "DROP STATISTICS gstat", "DROP STATISTICS other", "DROP INDEX g_index",
        "ALTER TABLE guarded " + ", ".join(f"DROP IF EXISTS {name}" for name in ("p1", "r1", "c1", "ca", "m1", "n1", "t1", "f1", "d1", "e1", "h1", "g1")),
        "DROP SCHEMA IF EXISTS tt, other_tt CASCADE", "DROP TABLE IF EXISTS par, rt, above_rt, far, seen, audit, typed, top, mid, plain_one, plain_two CASCADE", "DROP DOMAIN dom",
        "DROP TYPE IF EXISTS comp, mood, ptype", "DROP SEQUENCE gseq", "DROP TEXT SEARCH CONFIGURATION conf", "DROP FUNCTION yes(text)", "DROP FUNCTION gen(text)",
        "DROP COLLATION IF EXISTS coll, plain_coll", "DROP TABLE other CASCADE", "DROP COLLATION other CASCADE", "DROP SEQUENCE other CASCADE", "DROP TYPE other CASCADE",
        "DROP FUNCTION other", "DROP VIEW other", "DROP TEXT SEARCH CONFIGURATION other", "DROP COLLATION other.coll", "TRUNCATE guarded",
        "INSERT INTO guarded VALUES (1, 'one'), (2, 'two'), (3, 'three')")
# All that guarded is, as the server describes it.
SHAPE = """SELECT (SELECT string_agg(attname || atttypid::regtype, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'guarded'::regclass AND NOT attisdropped),
 (SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint WHERE conrelid = 'guarded'::regclass OR contypid = 'dom'::regtype),
 (SELECT count(*) FROM pg_attrdef WHERE adrelid = 'guarded'::regclass), (SELECT count(*) FROM pg_policy WHERE polrelid = 'guarded'::regclass),
 (SELECT count(*) FROM pg_rewrite WHERE ev_class = 'guarded'::regclass), (SELECT count(*) FROM pg_statistic_ext WHERE stxrelid = 'guarded'::regclass),
 (SELECT string_agg(to_json(g)::text, ',' ORDER BY id) FROM guarded g), pg_relation_filepath('guarded'),
 (SELECT string_agg(pg_relation_filepath(indexrelid), ',' ORDER BY indexrelid) FROM pg_index WHERE indrelid = 'guarded'::regclass),
 (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = 'mood'::regtype)"""


def set_up(direct):
    for text in UNDO:
        with contextlib.suppress(psycopg2.Error):  # not all of it is there
            direct(text)
    for text in BELOW:
        direct(text)


def below(what, *tries, agent="maker", expect=REFUSED):
    """Each is one text, or several: one of them is refused, and guarded is then what it was."""
    def steps(bench):
        direct = bench.world.ask_direct
        set_up(direct)
        before = direct(SHAPE)
        try:
            bench.world.read_anew()
            for texts in tries:
                texts = (texts,) if isinstance(texts, str) else texts
                conversation = bench.open(agent)
                outcomes = [outcome_of(conversation.query(text)) for text in texts]
                conversation.query("COMMIT")
                if (REFUSED if REFUSED in outcomes else outcomes[-1]) != expect:
                    bench.problems.append(f"{outcomes}, not {expect}: {texts} {conversation.said.short()}")
                after = direct(SHAPE)
                if after != before:
                    bench.problems.append(f"guarded has changed: {texts} {before} {after}")
                if after != before or direct("SELECT to_regclass('other'), to_regclass('tt.par')") != [(None, None)]:
                    set_up(direct)
                    before = direct(SHAPE)
                    bench.world.read_anew()
        finally:
            for text in UNDO:
                with contextlib.suppress(psycopg2.Error):
                    direct(text)
            bench.world.read_anew()
        return expect
    CASES.append(Case("g09", f"what stands below guarded: {what}", (expect,), agent=agent, steps=steps, twins=False))


CASCADES = (
    "ALTER TABLE par DROP CONSTRAINT par_pkey CASCADE", "ALTER TABLE par DROP COLUMN id CASCADE", "ALTER TABLE par DROP COLUMN x, DROP CONSTRAINT par_pkey CASCADE",
    "ALTER TABLE far DROP COLUMN id CASCADE", "ALTER TABLE top DROP COLUMN id CASCADE", "DROP TABLE top CASCADE", "DROP COLLATION coll CASCADE",
    "DROP COLLATION tt.deep CASCADE", "DROP SCHEMA tt CASCADE", "DROP FUNCTION yes(text) CASCADE", "DROP TABLE audit CASCADE", "DROP TABLE seen CASCADE",
    "DROP VIEW seen_view CASCADE", "ALTER TABLE seen DROP COLUMN keep CASCADE", "ALTER TYPE ptype DROP ATTRIBUTE id CASCADE", "DROP TYPE ptype CASCADE",
    "DROP TEXT SEARCH CONFIGURATION conf CASCADE", "DROP TABLE typed CASCADE", "DROP SEQUENCE gseq CASCADE")
below("what goes with CASCADE", *CASCADES)
below("what goes with CASCADE, by DO", *(f"DO $$ BEGIN {text}; END $$" for text in CASCADES), agent="writer")
below("what goes and changes without CASCADE",
      "DROP STATISTICS gstat", "ALTER TABLE rt DROP COLUMN b", "ALTER TABLE rt ADD COLUMN c int", "ALTER TABLE rt RENAME COLUMN b TO c", "ALTER TYPE comp DROP ATTRIBUTE y",
      "ALTER TYPE mood RENAME VALUE 'a' TO 'z'", "ALTER SEQUENCE gseq RESTART 100", ("ALTER SEQUENCE gseq OWNED BY plain_one.x", "DROP TABLE plain_one CASCADE"),
      "ALTER TEXT SEARCH CONFIGURATION conf DROP MAPPING FOR word", "ALTER STATISTICS gstat SET STATISTICS 0", "ALTER STATISTICS gstat RENAME TO other",
      "ALTER DOMAIN dom RENAME CONSTRAINT dom_check TO other", "ALTER FUNCTION gen(text) STRICT", "CREATE OR REPLACE VIEW seen_view AS SELECT 1 AS id",
      "ALTER TABLE above_rt DROP COLUMN b", "ALTER TABLE above_rt RENAME COLUMN b TO c", "CREATE OR REPLACE RULE \"_RETURN\" AS ON SELECT TO seen_view DO INSTEAD SELECT 1 AS id")
below("a function gets a body that goes with another table", ("CREATE OR REPLACE FUNCTION gen(text) RETURNS text IMMUTABLE BEGIN ATOMIC SELECT $1 FROM plain_one LIMIT 1; END;"
      " DROP TABLE plain_one CASCADE"), agent="writer")
OTHER_NAMES = (
    ("ALTER COLLATION coll RENAME TO other", "DROP COLLATION other CASCADE"), ("ALTER COLLATION coll SET SCHEMA other", "DROP COLLATION other.coll CASCADE"),
    ("ALTER SCHEMA tt RENAME TO other_tt", "DROP SCHEMA other_tt CASCADE"), ("ALTER SEQUENCE gseq RENAME TO other", "DROP SEQUENCE other CASCADE"),
    ("ALTER TEXT SEARCH CONFIGURATION conf RENAME TO other", "DROP TEXT SEARCH CONFIGURATION other CASCADE"),
    ("ALTER TYPE comp RENAME TO other", "ALTER TYPE other DROP ATTRIBUTE x"), ("ALTER TYPE mood RENAME TO other", "ALTER TYPE other RENAME VALUE 'a' TO 'z'"),
    ("ALTER TABLE par RENAME TO other", "DROP TABLE other CASCADE"), ("ALTER TABLE par SET SCHEMA tt", "DROP SCHEMA tt CASCADE"),
    ("ALTER TABLE par RENAME TO other", "ALTER TABLE other DROP COLUMN id CASCADE"), ("ALTER TABLE par RENAME TO pa; ALTER TABLE pa RENAME TO other", "DROP TABLE other CASCADE"), ("ALTER TABLE rt RENAME TO other", "ALTER TABLE other DROP COLUMN b"),
    ("ALTER FUNCTION gen(text) RENAME TO other", "DROP FUNCTION other(text) CASCADE"), ("ALTER VIEW seen_view RENAME TO other", "DROP VIEW other CASCADE"),
    ("ALTER INDEX par_pkey RENAME TO other", "ALTER TABLE par DROP CONSTRAINT other CASCADE"), ("ALTER TABLE audit RENAME TO other", "DROP TABLE other CASCADE"))
below("by another name, in one DO", *(f"DO $$ BEGIN {'; '.join(texts)}; END $$" for texts in OTHER_NAMES), agent="writer")
below("by another name, in one text", *("; ".join(texts) for texts in OTHER_NAMES))
below("by another name, in one transaction", *(("BEGIN", *texts) for texts in OTHER_NAMES))
below("by another name, one after the other", *OTHER_NAMES)
below("everything at once", "VACUUM FULL", "VACUUM", "VACUUM ANALYZE", "ANALYZE", "CLUSTER", "REINDEX SCHEMA public", "REINDEX DATABASE shop", "REINDEX INDEX g_index",
      "REINDEX INDEX CONCURRENTLY public.g_index", "REINDEX TABLE guarded")
below("what is beside it may be changed", "ALTER TABLE par ADD COLUMN y int; ALTER TABLE par RENAME COLUMN x TO z", "ALTER TABLE plain_one RENAME TO plain_three",
      "ALTER TABLE plain_three RENAME TO plain_one", "BEGIN; ALTER TABLE par RENAME TO par_old; INSERT INTO par_old VALUES (2, 2); ALTER TABLE par_old RENAME TO par; COMMIT", "ALTER COLLATION plain_coll RENAME TO other", "ALTER COLLATION other RENAME TO plain_coll",
      "ANALYZE plain_one, notes", "REINDEX INDEX plain_one_pkey", "REINDEX SCHEMA tt", "REINDEX TABLE notes", "DROP COLLATION plain_coll CASCADE",
      "ALTER TABLE plain_one DROP COLUMN x CASCADE, DROP CONSTRAINT plain_one_pkey CASCADE", "DROP TABLE plain_one CASCADE", expect=CLEAN)
