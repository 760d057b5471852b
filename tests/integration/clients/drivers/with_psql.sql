-- SPDX-License-Identifier: Apache-2.0
-- psql in ordinary use. :table is a table of its own.
\set VERBOSITY verbose
\set SHOW_CONTEXT always
SELECT ssl, version FROM pg_stat_ssl WHERE false;
CREATE TABLE :table (id int PRIMARY KEY, words text, price numeric DEFAULT 1.5, list int[], CONSTRAINT wordy CHECK (length(words) < 100));
COMMENT ON TABLE :table IS 'of a test';
\d :table
\d+ :table
\dt+ :table
\df lower
\du
INSERT INTO :table SELECT i, 'wörd ' || i, i / 4.0, ARRAY[i, NULL] FROM generate_series(10, 40) i RETURNING id;
SELECT * FROM :table WHERE id < 15 ORDER BY id;
\x on
SELECT * FROM :table WHERE id = 20;
\x off
SELECT 1 AS a \; SELECT 2 AS b;
SELECT id, words FROM :table WHERE id = 11 \gdesc
SELECT id AS found FROM :table WHERE id = 12 \gset
\echo :found
SELECT id, id % 3 AS c, words FROM :table WHERE id < 16 \crosstabview
SELECT format('SELECT %s AS made', i) FROM generate_series(1, 3) i \gexec
BEGIN;
SAVEPOINT here;
INSERT INTO :table (id) VALUES (10);
SELECT 'aborted';
ROLLBACK TO SAVEPOINT here;
UPDATE :table SET words = repeat('x', 200) WHERE id = 10;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
INSERT INTO :table (id) VALUES (10);
INSERT INTO :table (id) VALUES (50);
COMMIT;
SELECT 1 / 0;
SELECT no_such_column FROM :table;
DROP TABLE IF EXISTS there_is_no_such_table;
PREPARE by_id (int) AS SELECT words FROM :table WHERE id = $1;
EXECUTE by_id(12);
DEALLOCATE by_id;
BEGIN;
DECLARE scrolled SCROLL CURSOR FOR SELECT id FROM :table ORDER BY id;
FETCH 3 FROM scrolled;
MOVE FORWARD 5 IN scrolled;
FETCH BACKWARD 2 FROM scrolled;
CLOSE scrolled;
COMMIT;
\set FETCH_COUNT 7
SELECT id FROM :table ORDER BY id;
\set FETCH_COUNT 0
\copy (SELECT i, repeat('x', i) FROM generate_series(1, 3) i) to pstdout csv header
COPY (SELECT id, words, list FROM :table ORDER BY id LIMIT 3) TO STDOUT (FORMAT csv, HEADER);
COPY :table (id, words) FROM STDIN;
60	copied in
61	\N
\.
COPY (SELECT id, words FROM :table ORDER BY id LIMIT 3) TO STDOUT (FORMAT binary) \g /dev/null
COPY :table (id) FROM STDIN;
no number
\.
EXPLAIN (COSTS off) SELECT * FROM :table WHERE id = 1;
SHOW server_version_num;
SET application_name TO 'a test';
SHOW application_name;
SET client_encoding TO latin1;
\encoding
SELECT words FROM :table WHERE id = 11;
SET client_encoding TO utf8;
SET DateStyle TO German;
SELECT '2026-01-02'::date, '2026-01-02 03:04:05'::timestamp;
RESET ALL;
SELECT count(*), sum(length(t)) FROM (SELECT repeat('x', 1000) t FROM generate_series(1, 5000)) s;
DROP TABLE :table;
