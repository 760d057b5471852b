# SPDX-License-Identifier: Apache-2.0
"""What a session has made or changed itself, in the open transaction or as temporary relations, and what then comes of a name that
stands for it: rows and names that lineage would look for elsewhere, plans, errors, what stands on it further up."""
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED
from .indirect import case
from .meanwhile import worked

CASES = []
STOPPED = (HELD, REFUSED)
SHOWN_MASKED = (*STOPPED, FAILED, MASKED)


def runs(*arguments, **named):
    CASES.append(case(*arguments, **named))


def work(*arguments, **named):
    CASES.append(worked(*arguments, **named))


# --- a name stands for something else, which has no such column: the column is one further out
CAPTURED = "SELECT (SELECT body FROM notes LIMIT 1) FROM (SELECT ssn AS body FROM public.people) q"
for made in (["CREATE TEMP TABLE notes (id int)"], ["CREATE TEMP TABLE notes AS SELECT 1 AS id"], ["SELECT 1 AS id INTO TEMP notes"],
             ["CREATE TEMP VIEW notes AS SELECT 1 AS id"], ["SET search_path = pg_temp, public", "CREATE VIEW notes AS SELECT 1 AS id"],
             ["SELECT set_config('search_path', 'pg_temp, public', false)", "CREATE TABLE notes (id int)"],
             ["DO $$ BEGIN CREATE TEMP TABLE notes (id int); COMMIT; PERFORM 1/0; END $$"],
             ["CREATE SCHEMA s9 CREATE TABLE notes (id int)", "SET search_path = s9, public"],
             ["BEGIN", "CREATE SCHEMA s9", "CREATE TABLE s9.notes (id int)", "SET LOCAL search_path = s9, public"],
             ["BEGIN", "ALTER TABLE notes RENAME COLUMN body TO b2"], ["BEGIN", "ALTER TABLE notes DROP COLUMN body CASCADE"],
             ["BEGIN", "ALTER TABLE notes RENAME TO notes_b; ALTER TABLE plain RENAME TO notes"]):
    runs("m06", f"captured by what was made: {' / '.join(made)}", *made, CAPTURED, expect=SHOWN_MASKED, agent="maker",
         prepared="CREATE TABLE plain (id int)", undo="DROP SCHEMA IF EXISTS s9 CASCADE; DROP TABLE IF EXISTS plain CASCADE")
runs("m06", "captured in the same text", "CREATE TEMP TABLE notes (id int); " + CAPTURED, expect=SHOWN_MASKED, agent="maker")
runs("m06", "captured in a block", "DO $$ DECLARE v text; BEGIN CREATE TEMP TABLE notes (id int); INSERT INTO notes VALUES (1);"
     f" {CAPTURED.replace(' FROM (SELECT', ' INTO v FROM (SELECT')}; RAISE NOTICE '%', v; END $$", expect=SHOWN_MASKED, agent="writer")
runs("m06", "columns are shifted by new ones", "BEGIN", "ALTER TABLE notes ADD x1 int, ADD x2 int, ADD x3 int, ADD x4 int",
     "SELECT j.d || '' FROM (notes n JOIN public.people p ON n.id = p.id) AS j(a,b,c,d,e,f)", expect=SHOWN_MASKED, agent="maker")
runs("m15", "a temporary table has a column of that name, for a join", "CREATE TEMP TABLE notes (id int, ssn text)",
     "SELECT p.id FROM public.people p NATURAL JOIN notes n", agent="maker")
runs("m07", "a parent by another's rows", "BEGIN", "CREATE TABLE elder (id int, ssn text)", "CREATE TABLE young (ssn text, id int, name text NOT NULL, pin bigint)",
     "ALTER TABLE people INHERIT elder", "SELECT ssn FROM elder", expect=SHOWN_MASKED, agent="maker")

# --- plans, errors
RESTORED = "UPDATE notes SET body = 'first' WHERE id = 1"
for made in ("CREATE TEMP VIEW orders AS SELECT id FROM told_early", "CREATE TEMP VIEW orders AS SELECT * FROM CAST(constant_ssn() AS text) x",
             "CREATE SCHEMA s9 CREATE VIEW orders AS SELECT id FROM told_early; SET search_path = s9, public"):
    for asks in ("EXPLAIN SELECT * FROM orders", "EXPLAIN VERBOSE SELECT * FROM orders"):
        runs("m14", f"a plan of {made}, {asks}", made, asks, expect=SHOWN_MASKED, agent="maker",
             prepared="CREATE VIEW told_early AS SELECT id FROM orders WHERE item > constant_ssn()",
             undo="DROP SCHEMA IF EXISTS s9 CASCADE; DROP VIEW told_early CASCADE")
runs("m14", "a plan of a renamed view", "BEGIN; ALTER TABLE orders RENAME TO orders0; ALTER VIEW told_early RENAME TO orders", "EXPLAIN SELECT * FROM orders",
     expect=SHOWN_MASKED, agent="maker", prepared="CREATE VIEW told_early AS SELECT id FROM orders WHERE item > constant_ssn()", undo="DROP VIEW told_early CASCADE")
runs("m14", "a plan of what was prepared before", "PREPARE p AS SELECT id FROM orders", "CREATE TEMP VIEW orders AS SELECT id FROM told_early", "EXPLAIN EXECUTE p",
     expect=SHOWN_MASKED, agent="maker", prepared="CREATE VIEW told_early AS SELECT id FROM orders WHERE item > constant_ssn()", undo="DROP VIEW told_early CASCADE")
runs("m12", "the error of a key of the open transaction", "CREATE TABLE up0 (id int PRIMARY KEY); INSERT INTO up0 VALUES (0)", "BEGIN",
     "ALTER TABLE people ADD FOREIGN KEY (balance) REFERENCES up0(id) ON UPDATE SET NULL, ALTER balance SET NOT NULL", "UPDATE up0 SET id = 99",
     expect=SHOWN_MASKED, agent="maker", undo="DROP TABLE up0 CASCADE")
runs("m12", "the error of a temporary view by search_path", "SET search_path = pg_temp, public", "CREATE VIEW notes AS SELECT id, name AS body FROM public.people",
     "UPDATE notes SET body = NULL WHERE id = 1", expect=SHOWN_MASKED, agent="maker", undo=RESTORED)
runs("m12", "the error of a view that a block made and committed", "DO $$ BEGIN CREATE TEMP VIEW notes AS SELECT id, name AS body FROM public.people; COMMIT; PERFORM 1/0; END $$",
     "UPDATE notes SET body = NULL WHERE id = 1", expect=SHOWN_MASKED, undo=RESTORED)
runs("m12", "the error of a view that a function makes", "CREATE FUNCTION makes_it() RETURNS void LANGUAGE plpgsql AS 'BEGIN CREATE TEMP VIEW notes AS"
     " SELECT id, name AS body FROM public.people; END'", "SELECT makes_it()", "UPDATE notes SET body = NULL WHERE id = 1", expect=SHOWN_MASKED,
     undo="DROP FUNCTION IF EXISTS makes_it(); " + RESTORED)
runs("m12", "the error of a rule of this transaction", "BEGIN", "CREATE RULE r AS ON UPDATE TO notes DO ALSO SELECT 1 FROM CAST(ssn_of(1) AS int)",
     "UPDATE notes SET body = body WHERE id = 1", expect=SHOWN_MASKED, agent="maker")

# --- what stands on it, however far up
CHAIN = "CREATE TABLE u1 (id int PRIMARY KEY, u int); CREATE TABLE u2 (id int PRIMARY KEY); INSERT INTO u1 VALUES (1, 1); INSERT INTO u2 VALUES (1)"
work("g08", "writer", CHAIN, "BEGIN", "ALTER TABLE par ADD u int", "ALTER TABLE par ADD FOREIGN KEY (u) REFERENCES u1 ON DELETE CASCADE",
     "ALTER TABLE u1 ADD FOREIGN KEY (u) REFERENCES u2 ON DELETE CASCADE", "DELETE FROM u2 WHERE id = 1")
work("g08", "writer", CHAIN, "CREATE VIEW u1v AS SELECT id FROM u1", "BEGIN", "ALTER TABLE par ADD u int",
     "ALTER TABLE par ADD FOREIGN KEY (u) REFERENCES u1 ON DELETE CASCADE", "DELETE FROM u1v WHERE id = 1")
work("g08", "writer", CHAIN, "ALTER TABLE u1 ADD FOREIGN KEY (u) REFERENCES u2 ON DELETE CASCADE", "BEGIN", "ALTER TABLE par ADD u int",
     "ALTER TABLE par ADD FOREIGN KEY (u) REFERENCES u1 ON DELETE CASCADE", "DELETE FROM u2 WHERE id = 1")
work("g08", "writer", CHAIN, "ALTER TABLE u1 ADD FOREIGN KEY (u) REFERENCES u2 ON DELETE CASCADE", "BEGIN", "ALTER TABLE par ADD u int",
     "ALTER TABLE u1 RENAME TO u1x", "ALTER TABLE par ADD FOREIGN KEY (u) REFERENCES u1x ON DELETE CASCADE", "DELETE FROM u2 WHERE id = 1")
work("g09", "maker", "BEGIN", "CREATE TABLE gp (id int)", "CREATE TABLE pp () INHERITS (gp)", "ALTER TABLE archive_old INHERIT pp", "UPDATE gp SET id = 1")
work("g09", "maker", "CREATE TABLE har (id int)", "CREATE VIEW vv AS SELECT id FROM har", "CREATE TEMP TABLE tt (id int)",
     "CREATE RULE r AS ON INSERT TO tt DO INSTEAD INSERT INTO vv VALUES (1)", "CREATE OR REPLACE VIEW vv AS SELECT id FROM inbox", "INSERT INTO tt VALUES (1)")
work("g09", "maker", "CREATE TABLE har (id int)", "CREATE VIEW vv AS SELECT id FROM har", "CREATE VIEW above_vv AS SELECT id FROM vv",
     "CREATE OR REPLACE VIEW vv AS SELECT id FROM inbox; INSERT INTO above_vv VALUES (1)")
work("g09", "maker", "CREATE TABLE har (id int)", "CREATE VIEW vv AS SELECT id FROM har", "CREATE TABLE tt (id int)", "CREATE RULE r AS ON INSERT TO tt DO ALSO INSERT INTO vv VALUES (1)",
     "CREATE OR REPLACE VIEW vv AS SELECT id FROM inbox; INSERT INTO tt VALUES (5)")
for first in ("SET search_path = pg_temp, public", "SET LOCAL search_path = 'pg_temp', 'public'", "SET SCHEMA 'pg_temp'"):
    work("g09", "maker", "BEGIN", first, "CREATE VIEW orders AS SELECT id FROM public.inbox", "COMMIT", "INSERT INTO orders VALUES (1)",
        )
work("g09", "maker", "SET search_path = pg_temp, public", "CREATE VIEW orders AS SELECT attrelid AS customer, attname AS item FROM pg_attribute",
     "UPDATE orders SET item = 'sx' WHERE item = 'ssn' AND customer = 1")
for text in ("CREATE DOMAIN d2 AS changed_int; SELECT '1'::d2", "CREATE VIEW vk AS SELECT k FROM sheds; SELECT '(1)'::vk",
             "SELECT k INTO kt FROM sheds; SELECT '(1)'::kt", "ALTER TABLE sheds RENAME TO kt; SELECT '(1)'::kt"):
    work("g09", "maker", text)

# --- the server keeps numbers where a definition has names
QUIET = "CREATE TABLE har (id int)"
work("g09", "maker", "CREATE TEMP VIEW tv AS SELECT id FROM inbox", "ALTER TABLE inbox RENAME TO box2", "INSERT INTO tv VALUES (3)")
work("g09", "maker", QUIET, "CREATE VIEW vv AS SELECT id FROM inbox", "CREATE TEMP VIEW tv AS SELECT id FROM vv", "ALTER VIEW vv RENAME TO vv2; CREATE VIEW vv AS SELECT id FROM har",
     "INSERT INTO tv VALUES (1)")
work("g09", "maker", QUIET, "CREATE VIEW vv AS SELECT id FROM har", "CREATE TEMP TABLE tt (id int)", "CREATE RULE r AS ON INSERT TO tt DO ALSO INSERT INTO vv VALUES (1)",
     "CREATE OR REPLACE VIEW vv AS SELECT id FROM inbox", "INSERT INTO tt VALUES (3)")
work("g08", "writer", "CREATE TEMP VIEW tp AS SELECT * FROM par", "ALTER TABLE par RENAME TO par2", "DELETE FROM tp")
work("g09", "maker", QUIET, "CREATE VIEW vv AS SELECT id FROM har", "CREATE VIEW vv2 AS SELECT id FROM inbox", "CREATE TEMP VIEW tv AS SELECT id FROM vv", "BEGIN",
     "ALTER VIEW tv RENAME TO tv0", "ALTER VIEW vv RENAME TO vv3", "ALTER VIEW vv2 RENAME TO vv", "CREATE TEMP VIEW tv AS SELECT id FROM vv", "INSERT INTO tv VALUES (1)")
# More than is kept.
PAD = "/*" + "x" * 900_000 + "*/"
work("g11", "maker", *(f"CREATE TEMP VIEW w{i} AS SELECT 1 {PAD} AS a" for i in range(5)), "CREATE TEMP VIEW orders AS SELECT id FROM inbox", "INSERT INTO orders VALUES (2)")
work("g11", "writer", "DO $$ BEGIN IF false THEN " + "ALTER TABLE plain_one ADD COLUMN q1 int, ADD COLUMN q2 int, ADD COLUMN q3 int;" * 1500 +
     " END IF; CREATE TEMP VIEW orders AS SELECT id FROM inbox; END $$", "INSERT INTO orders VALUES (3)")
# What was prepared before.
work("g06", "maker", "CREATE VIEW vv AS SELECT id FROM inbox", "PREPARE ins AS INSERT INTO orders(id) VALUES (1)",
     "ALTER TABLE orders RENAME TO o2; ALTER VIEW vv RENAME TO orders; EXECUTE ins")
work("g06", "maker", "PREPARE ins AS INSERT INTO orders(id) VALUES (1)", "CREATE TEMP VIEW orders AS SELECT id FROM inbox; EXECUTE ins")

# --- how a transaction ends is not known before
S = "SELECT (SELECT ssn FROM notes LIMIT 1) FROM public.people"
for texts in (["BEGIN; ALTER TABLE notes ADD COLUMN ssn text; ROLLBACK; " + S], ["BEGIN; ALTER TABLE notes ADD COLUMN ssn text", "ROLLBACK; " + S],
              ["BEGIN", "ALTER TABLE notes ADD COLUMN ssn text", "SELECT 1/0", "COMMIT; " + S], ["BEGIN", "ALTER TABLE notes ADD COLUMN ssn text", "ROLLBACK AND CHAIN", S],
              [f"BEGIN; ALTER TABLE notes ADD COLUMN ssn text; PREPARE p AS {S}; ROLLBACK", "EXECUTE p"],
              ["BEGIN; SAVEPOINT a; ALTER TABLE notes ADD COLUMN ssn text; ROLLBACK TO a; " + S]):
    runs("m06", "a column that was rolled back: " + " / ".join(texts), *texts, expect=SHOWN_MASKED, agent="maker")
runs("m06", "columns of more heirs than are listed", "BEGIN", "ALTER TABLE many ADD COLUMN x0 int, ADD COLUMN x1 int, ADD COLUMN x2 int, ADD COLUMN x3 int, ADD COLUMN x4 int, ADD COLUMN x5 int",
     "SELECT coalesce(a10::text, '') FROM (many69 CROSS JOIN public.people) AS j(a1,a2,a3,a4,a5,a6,a7,a8,a9,a10)", expect=SHOWN_MASKED, agent="maker",
     prepared="CREATE TABLE many (id int);" + "".join(f"CREATE TABLE many{i} () INHERITS (many);" for i in range(70)) + "INSERT INTO many69 VALUES (1)", undo="DROP TABLE many CASCADE")

# --- ordinary work: migrations, temporary tables
work("g12", "writer", "CREATE TABLE schema_migrations (version text PRIMARY KEY)", "BEGIN", "CREATE TABLE m1 (id int PRIMARY KEY, v text)",
     "ALTER TABLE orders ADD COLUMN weight int", "UPDATE orders SET weight = 1 WHERE id = 1", "UPDATE orders SET weight = 2 WHERE weight IS NULL",
     "ALTER TABLE orders RENAME COLUMN weight TO mass", "UPDATE orders SET mass = 3 WHERE id = 2", "CREATE INDEX ON orders (mass)",
     "ALTER TABLE orders DROP COLUMN mass", "INSERT INTO schema_migrations VALUES ('20261128')", "COMMIT",
     "INSERT INTO m1 VALUES (1, 'x')", "UPDATE m1 SET v = 'y' WHERE id = 1", "SELECT v FROM m1 WHERE id = 1", expect=CLEAN)
work("g12", "writer", "BEGIN", "CREATE TEMP TABLE staging (a int, b text) ON COMMIT DROP", "INSERT INTO staging VALUES (1, 'x')",
     "INSERT INTO orders SELECT 90 + a, 1, b, 2 FROM staging", "COMMIT", "SELECT id FROM orders WHERE id = 91", "DELETE FROM orders WHERE id = 91", expect=CLEAN)
