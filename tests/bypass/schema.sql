-- SPDX-License-Identifier: Apache-2.0
-- Of the bypass suite. Sensitive by policy: ssn, pin, born, photo, doc and tags of public.people. The rows of people are in
-- world.py: they differ between the two databases.
CREATE EXTENSION dblink;
CREATE EXTENSION tablefunc;
CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, ssn text UNIQUE, pin bigint, born date, photo bytea, doc jsonb,
                     tags text[], balance int DEFAULT 0, code text GENERATED ALWAYS AS (upper(ssn)) STORED);
CREATE TABLE orders (id int PRIMARY KEY, customer int, item text, price numeric(10,2));
INSERT INTO orders VALUES (1, 1, 'lamp', 12.50), (2, 2, 'chair', 99.00), (3, 1, 'desk', 250.00), (4, 3, 'bed', 700);
CREATE TABLE notes (id int PRIMARY KEY, body text);
INSERT INTO notes VALUES (1, 'first'), (2, 'second');
CREATE TABLE guarded (id int PRIMARY KEY, v text);
INSERT INTO guarded VALUES (1, 'one'), (2, 'two'), (3, 'three');
CREATE TABLE measures (id int, v text) PARTITION BY LIST (id);
CREATE TABLE measures_1 PARTITION OF measures FOR VALUES IN (1);
CREATE TABLE measures_2 PARTITION OF measures FOR VALUES IN (2);
CREATE TABLE archive (id int, v text);
CREATE TABLE archive_old () INHERITS (archive);
INSERT INTO measures VALUES (1, 'one'), (2, 'two');
CREATE TABLE "Secrets" (id int, v text);
INSERT INTO "Secrets" VALUES (1, 'qzxvkwjphtrmlg');
CREATE SEQUENCE counter;
CREATE SCHEMA other;
CREATE TABLE other.guarded (id int, v text);
CREATE TABLE other.people (id int, ssn text);
INSERT INTO other.people VALUES (1, 'not secret');
CREATE VIEW contacts AS SELECT id, name, ssn AS number FROM people;
CREATE VIEW shouted AS SELECT id, lower(number) || '!' AS loud FROM contacts;
CREATE MATERIALIZED VIEW kept AS SELECT id, ssn AS s, pin AS p FROM people WITH NO DATA;
CREATE VIEW guarded_view AS SELECT * FROM guarded;
CREATE TABLE arrays (id int PRIMARY KEY, a text[]);
CREATE TABLE inbox (id int);
CREATE RULE clears AS ON INSERT TO inbox DO ALSO DELETE FROM guarded WHERE guarded.id = new.id;
CREATE VIEW inbox_view AS SELECT * FROM inbox;
CREATE TABLE quiet_inbox (id int);
CREATE RULE clears AS ON INSERT TO quiet_inbox DO ALSO DELETE FROM guarded WHERE guarded.id = new.id;
ALTER TABLE quiet_inbox DISABLE RULE clears;
CREATE TABLE replica_inbox (id int);
CREATE RULE clears AS ON INSERT TO replica_inbox DO ALSO DELETE FROM guarded WHERE guarded.id = new.id;
ALTER TABLE replica_inbox ENABLE REPLICA RULE clears;
CREATE TABLE always_inbox (id int);
CREATE RULE clears AS ON INSERT TO always_inbox DO ALSO DELETE FROM guarded WHERE guarded.id = new.id;
ALTER TABLE always_inbox ENABLE ALWAYS RULE clears;
CREATE TABLE holders (id int, person people);
CREATE VIEW secrets_view AS SELECT * FROM "Secrets";

CREATE FUNCTION ssn_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM people WHERE id = $1';
CREATE FUNCTION constant_ssn() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ssn FROM people WHERE id = 1';
CREATE FUNCTION all_people() RETURNS SETOF people LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN QUERY SELECT * FROM people ORDER BY id; END $$;
CREATE FUNCTION people_table() RETURNS TABLE (number int, word text) LANGUAGE sql STABLE AS 'SELECT id, ssn FROM people ORDER BY id';
CREATE FUNCTION open_people() RETURNS refcursor LANGUAGE plpgsql AS
  $$ DECLARE c refcursor := 'people_cursor'; BEGIN OPEN c FOR SELECT ssn FROM people ORDER BY id; RETURN c; END $$;
CREATE FUNCTION complain(int) RETURNS int LANGUAGE plpgsql AS
  $$ DECLARE s text; BEGIN SELECT ssn INTO s FROM people WHERE id = $1;
     RAISE EXCEPTION 'there is % already', s USING ERRCODE = 'unique_violation', HINT = s, TABLE = s, COLUMN = s; END $$;
CREATE FUNCTION mumble(int) RETURNS int LANGUAGE plpgsql AS
  $$ DECLARE s text; BEGIN SELECT ssn INTO s FROM people WHERE id = $1; RAISE NOTICE 'it is %', s; RETURN 1; END $$;
CREATE FUNCTION change_guarded() RETURNS int LANGUAGE sql AS 'UPDATE guarded SET v = v || ''!'' RETURNING 1';
CREATE PROCEDURE change_it() LANGUAGE sql AS 'UPDATE guarded SET v = v || ''!''';
CREATE FUNCTION plus_changes(int, int) RETURNS int LANGUAGE sql AS 'SELECT change_guarded() + $1 + $2';
CREATE OPERATOR |+| (FUNCTION = plus_changes, LEFTARG = int, RIGHTARG = int);
CREATE FUNCTION keeps(text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes VALUES (999, $1); RETURN true; END $$;
CREATE DOMAIN kept_text AS text CHECK (keeps(VALUE));
CREATE FUNCTION noisy() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN IF NEW.name = 'noise' THEN RAISE EXCEPTION 'no noise for %', OLD.ssn USING ERRCODE = '23514'; END IF; RETURN NEW; END $$;
CREATE TRIGGER noisy BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION noisy();
