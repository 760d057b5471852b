# SPDX-License-Identifier: Apache-2.0
"""Functions of applications and of extensions that touch nothing sensitive come back as the server gave them, beside those that do,
which stay masked, held or refused."""
from .cases import CLEAN, FAILED, HELD, MASKED, REFUSED, Case
from .indirect import case
from .ordinary import same_as_direct

CASES = []
STOPPED = (HELD, REFUSED)
SHOWN_MASKED = (*STOPPED, FAILED, MASKED)
FUNCTIONS = """
CREATE FUNCTION add_tax9(p numeric, rate numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT round(p * (1 + rate), 2)';
CREATE FUNCTION order_total9(c int) RETURNS numeric STABLE LANGUAGE sql AS 'SELECT coalesce(sum(price), 0) FROM orders WHERE customer = c';
CREATE FUNCTION orders_of9(c int) RETURNS SETOF orders STABLE LANGUAGE sql AS 'SELECT * FROM orders WHERE customer = c ORDER BY id';
CREATE FUNCTION slugify9(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
  $$ BEGIN RETURN trim(both '-' from regexp_replace(lower(t), '[^a-z0-9]+', '-', 'g')); END $$;
CREATE FUNCTION dear9(c int) RETURNS TABLE (label text, cost numeric) STABLE LANGUAGE plpgsql AS
  $$ BEGIN RETURN QUERY SELECT slugify9(o.item), add_tax9(o.price, 0.2) FROM orders o WHERE o.customer = c ORDER BY o.id; END $$;
CREATE FUNCTION dearest9(c int) RETURNS numeric STABLE LANGUAGE sql BEGIN ATOMIC SELECT max(price) FROM orders WHERE customer = c; END;
CREATE VIEW taxed9 AS SELECT id, add_tax9(price, 0.2) AS total FROM orders;
CREATE VIEW plain9 AS SELECT price FROM orders WHERE customer > 0;
CREATE FUNCTION of_view9() RETURNS numeric STABLE LANGUAGE sql AS 'SELECT sum(price) FROM plain9';
CREATE FUNCTION secret9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT ssn FROM public.people WHERE id = i';
CREATE FUNCTION through9(i int) RETURNS text STABLE LANGUAGE plpgsql AS $$ DECLARE v text; BEGIN v := secret9(i); RETURN v; END $$;
CREATE FUNCTION viewed9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT number FROM contacts ORDER BY id LIMIT 1';
CREATE FUNCTION atomic_secret9(i int) RETURNS text STABLE LANGUAGE sql BEGIN ATOMIC SELECT ssn FROM public.people WHERE id = i; END;
CREATE FUNCTION by_default9(i int, t text DEFAULT secret9(1)) RETURNS text STABLE LANGUAGE sql AS 'SELECT t';
CREATE FUNCTION dynamic9(i int) RETURNS text STABLE LANGUAGE plpgsql AS
  $$ DECLARE v text; BEGIN EXECUTE 'SELECT ssn FROM public.people WHERE id = ' || i INTO v; RETURN v; END $$;
CREATE FUNCTION statistics9(i int) RETURNS text STABLE LANGUAGE sql AS
  'SELECT string_agg(histogram_bounds::text || coalesce(most_common_vals::text, ''''), '''') FROM pg_stats WHERE tablename = ''people''';
CREATE FUNCTION whole9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT p::text FROM public.people p WHERE id = i';
CREATE FUNCTION field9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT (o.id).secret9 FROM orders o WHERE o.id = i';
CREATE FUNCTION over9(i int) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''x''';
CREATE FUNCTION over9(i bigint) RETURNS text STABLE LANGUAGE sql AS 'SELECT ssn FROM public.people WHERE id = i';
CREATE FUNCTION first_item9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT item FROM orders ORDER BY id LIMIT 1';
CREATE VIEW secret_view9 AS SELECT id, secret9(id) AS x FROM orders;
CREATE FUNCTION of_secret_view9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT x FROM secret_view9 WHERE id = i';
CREATE VIEW above9 AS SELECT of_secret_view9(1) AS x;
CREATE FUNCTION joined9(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1 || secret9(1)';
CREATE AGGREGATE agg9(text) (sfunc = joined9, stype = text, initcond = '');
CREATE AGGREGATE total9(numeric) (sfunc = numeric_add, stype = numeric, initcond = '0')"""
UNDO = """DROP VIEW IF EXISTS taxed9, above9, secret_view9 CASCADE; DROP AGGREGATE IF EXISTS agg9(text), total9(numeric);
DROP FUNCTION IF EXISTS add_tax9, order_total9, orders_of9, slugify9, dear9, dearest9, of_view9, by_default9, secret9, through9, viewed9, atomic_secret9, dynamic9,
statistics9, whole9, field9, over9(int), over9(bigint), first_item9, of_secret_view9, joined9 CASCADE; DROP VIEW IF EXISTS plain9"""
EXTENSIONS = 'CREATE EXTENSION citext; CREATE EXTENSION pgcrypto; CREATE EXTENSION "uuid-ossp"'
UNDO_EXTENSIONS = 'DROP TABLE IF EXISTS keyed9; DROP EXTENSION IF EXISTS citext CASCADE; DROP EXTENSION IF EXISTS pgcrypto CASCADE; DROP EXTENSION IF EXISTS "uuid-ossp" CASCADE'


def runs(*arguments, prepared=FUNCTIONS, undo=UNDO, **named):
    CASES.append(case(*arguments, prepared=prepared, undo=undo, **named))


def same(what, prepared, undo, *texts):
    """For who may only read, as psql shows it."""
    def steps(bench):
        direct = bench.world.ask_direct
        try:
            direct(prepared)
            bench.world.read_anew()
            return same_as_direct(bench, ";\n".join(texts) + ";\n")
        finally:
            direct(undo)
    CASES.append(Case("m10", what, (CLEAN,), agent="reader", steps=steps))


# --- functions of users that touch nothing sensitive
for text in ("SELECT id, add_tax9(price, 0.2) FROM orders ORDER BY id", "SELECT o.id FROM orders o WHERE add_tax9(o.price, 0.2) > 50 ORDER BY add_tax9(o.price, 0.1)",
             "SELECT id, name, order_total9(id) FROM public.people ORDER BY id", "SELECT * FROM orders_of9(1)", "SELECT item FROM orders_of9(1) ORDER BY price DESC",
             "SELECT (orders_of9(1)).*", "SELECT slugify9('A Title, too'), slugify9(item) FROM orders ORDER BY id", "SELECT * FROM dear9(1)", "SELECT dearest9(1)",
             "SELECT * FROM taxed9 ORDER BY id", "SELECT of_view9()", "SELECT total9(price) FROM orders", "SELECT first_item9(1)",
             "PREPARE p AS SELECT order_total9($1); EXECUTE p(1)", "EXPLAIN (COSTS off) SELECT add_tax9(price, 0.2) FROM orders WHERE id = order_total9(0)"):
    same(f"functions of an application: {text}", FUNCTIONS, UNDO, text)
runs("m10", "what a function computes is kept", "BEGIN; CREATE TABLE kept9 AS SELECT id, add_tax9(price, 0.2) AS t, order_total9(customer) AS o FROM orders; ROLLBACK", expect=(CLEAN,))

# --- and those that do
for call in ("secret9(1)", "through9(1)", "viewed9(1)", "atomic_secret9(1)", "by_default9(1)", "dynamic9(1)", "statistics9(1)", "whole9(1)", "field9(1)", "over9(1::bigint)", "of_secret_view9(1)",
             "agg9(item)"):
    runs("m07", f"a function that reads secrets: {call}", f"SELECT {call}::text FROM orders", expect=SHOWN_MASKED, agent="reader")
for text in ("SELECT x FROM secret_view9", "SELECT x FROM above9", "SELECT slugify9(ssn) FROM public.people", "SELECT total9(pin) FROM public.people", "SELECT add_tax9(pin, 1) FROM public.people"):
    runs("m07", f"secrets by functions: {text}", text, expect=SHOWN_MASKED, agent="reader")
for made in (["CREATE TEMP VIEW orders AS SELECT id, id AS customer, ssn AS item, 1.0 AS price FROM public.people"], ["CREATE TEMP TABLE orders AS SELECT 1 AS id, ssn AS item FROM public.people"],
             ["CREATE SCHEMA s9 CREATE VIEW orders AS SELECT id, ssn AS item FROM public.people", "SET search_path = s9, public"],
             ["BEGIN", "ALTER TABLE orders RENAME TO orders9", "ALTER TABLE public.people RENAME TO orders", "ALTER TABLE orders RENAME COLUMN ssn TO item"],
             ["BEGIN", "ALTER TABLE orders ADD ssn9 text", "ALTER TABLE public.people INHERIT orders"],
             ["BEGIN", "CREATE OR REPLACE FUNCTION first_item9(i int) RETURNS text STABLE LANGUAGE sql AS 'SELECT ssn FROM public.people LIMIT 1'"],
             ["CREATE TEMP TABLE orders (id int, item text)", "INSERT INTO orders SELECT id, ssn FROM public.people"]):
    runs("m07", f"the name in a body stands for something else: {' / '.join(made)}", *made, "SELECT first_item9(1)", expect=SHOWN_MASKED, agent="maker", undo=UNDO + "; DROP SCHEMA IF EXISTS s9 CASCADE")
runs("m07", "a table of the session has the name in a body", "CREATE TEMP TABLE orders (id int, item text)", "SELECT first_item9(1) IS NULL", expect=SHOWN_MASKED, agent="maker")

# --- what extensions have by the names of PostgreSQL's own functions, and what is random
for text in ("SELECT max(id), min(item), max(item) FROM orders", "SELECT max(name) FROM public.people", "SELECT max(item::citext), min(item::citext) FROM orders",
             "SELECT replace(item, 'a', 'b'), split_part(item, 'a', 1), translate(item, 'a', 'b'), strpos(item, 'a') FROM orders ORDER BY id",
             "SELECT regexp_replace(item, 'a', 'x'), regexp_match(item, 'a'), regexp_split_to_array(item, 'a') FROM orders ORDER BY id", "SELECT * FROM regexp_matches('abab', 'a', 'g')",
             "SELECT replace(item::citext, 'A', 'b'), split_part(item::citext, 'A', 1), strpos(item::citext, 'A') FROM orders WHERE strpos(item::citext, 'A') > 0 ORDER BY id",
             "SELECT gen_random_uuid()::text ~ '[1-9]', length(gen_random_bytes(8)), uuid_generate_v4()::text ~ '[1-9]', uuid_generate_v1()::text ~ '[1-9]'",
             "SELECT crypt('x', gen_salt('bf', 4)) LIKE '$2a$%', crypt('x', '$1$12345678$'), uuid_generate_v5(uuid_ns_url(), 'x')",
             "SELECT pgp_sym_decrypt(pgp_sym_encrypt('a', 'k'), 'k'), encode(digest('a', 'sha1'), 'hex')"):
    same(f"functions of extensions: {text}", EXTENSIONS, UNDO_EXTENSIONS, text)
runs("m10", "keys that extensions make", "CREATE TABLE keyed9 (u uuid DEFAULT uuid_generate_v4(), g uuid DEFAULT gen_random_uuid(), b bytea DEFAULT gen_random_bytes(4), t text)",
     "INSERT INTO keyed9 (t) VALUES (crypt('x', gen_salt('bf', 4)))", "INSERT INTO keyed9 VALUES (gen_random_uuid(), uuid_generate_v1(), gen_random_bytes(4), 'x') RETURNING u",
     "SELECT u::text || g::text FROM keyed9 WHERE u::text ~ '[1-9]'", expect=(CLEAN,), agent="writer", prepared=EXTENSIONS, undo=UNDO_EXTENSIONS)
for text in ("SELECT max(ssn) FROM public.people", "SELECT max(ssn::citext) FROM public.people", "SELECT replace(ssn, 'S', '') FROM public.people", "SELECT replace(ssn::citext, 'S', '') FROM public.people",
             "SELECT crypt(ssn, gen_salt('bf', 4)) FROM public.people", "SELECT pgp_sym_decrypt(pgp_sym_encrypt(ssn, 'k'), 'k') FROM public.people",
             "SELECT id FROM public.people WHERE strpos(ssn::citext, '1') > 0", "SELECT uuid_generate_v5(uuid_ns_url(), ssn)::text FROM public.people", "SELECT * FROM regexp_matches((SELECT ssn FROM public.people LIMIT 1), '.', 'g')"):
    runs("m07", f"secrets by functions of extensions: {text}", text, expect=SHOWN_MASKED, agent="reader", prepared=EXTENSIONS, undo=UNDO_EXTENSIONS)
for text in ("CREATE OR REPLACE FUNCTION public.replace(citext, citext, citext) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT ssn FROM public.people LIMIT 1'",
             "CREATE OR REPLACE FUNCTION public.gen_random_uuid() RETURNS uuid LANGUAGE sql AS 'SELECT md5(ssn)::uuid FROM public.people LIMIT 1'", "ALTER EXTENSION citext ADD FUNCTION ssn_of(int)"):
    runs("g08", f"a member of an extension is made: {text}", text, expect=STOPPED, agent="maker", prepared=EXTENSIONS, undo=UNDO_EXTENSIONS)
