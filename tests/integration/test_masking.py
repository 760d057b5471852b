# SPDX-License-Identifier: Apache-2.0
"""No way of asking for a sensitive column shows it. Values: see Postgres.SCHEMA."""
import json
import pathlib

import pytest

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"
SSNS = ["078-05-1120", "219-09-9999"]
EMAILS = ["ada@example.com", "bob@example.com"]


def psql(daemon, target, *statements, agent="writer"):
    arguments = ["psql", "-X", "-At", target]
    for statement in statements:
        arguments += ["-c", statement]
    done = daemon.run(agent, *arguments)
    return done.stdout + done.stderr


def no_secret_in(text):
    for secret in SSNS + EMAILS + [ssn.replace("-", "") for ssn in SSNS] + [ssn[::-1] for ssn in SSNS]:
        assert secret not in text, text


@pytest.mark.parametrize("statement", [
    "SELECT ssn FROM customers",
    "SELECT ssn AS item FROM customers",
    "SELECT * FROM customers",
    "SELECT c.* FROM customers c",
    "TABLE customers",
    "SELECT customers FROM customers",
    "SELECT c::text FROM customers c",
    "SELECT ROW(c.*) FROM customers c",
    "SELECT (c).ssn FROM customers c",
    "SELECT upper(ssn), reverse(ssn), md5(ssn), left(ssn, 3) FROM customers",
    "SELECT ssn || '' FROM customers",
    "SELECT concat(name, ssn) FROM customers",
    "SELECT replace(ssn, '-', '') FROM customers",
    "SELECT encode(ssn::bytea, 'hex') FROM customers",
    "SELECT string_agg(ssn, ',') FROM customers",
    "SELECT array_agg(ssn) FROM customers",
    "SELECT min(ssn), max(ssn) FROM customers",
    "SELECT to_jsonb(c), row_to_json(c) FROM customers c",
    "SELECT json_agg(c) FROM customers c",
    "SELECT jsonb_object_agg(id, ssn) FROM customers",
    "SELECT name FROM customers UNION ALL SELECT ssn FROM customers",
    "SELECT item FROM orders UNION ALL SELECT email FROM customers",
    "SELECT x FROM (SELECT ssn AS x FROM customers) s",
    "WITH s AS (SELECT ssn AS x FROM customers) SELECT x FROM s",
    "WITH RECURSIVE s AS (SELECT ssn AS x, 1 AS n FROM customers UNION ALL SELECT x, n + 1 FROM s WHERE n < 2) SELECT x FROM s",
    "SELECT (SELECT ssn FROM customers WHERE id = 1)",
    "SELECT l.x FROM orders o, LATERAL (SELECT ssn AS x FROM customers WHERE id = o.customer) l",
    "SELECT code FROM contacts",
    "SELECT contacts FROM contacts",
    "SELECT CASE WHEN true THEN ssn END FROM customers",
    "SELECT coalesce(ssn, '') FROM customers",
    "SELECT first_value(ssn) OVER () FROM customers",
    "UPDATE customers SET balance = balance WHERE id = 1 RETURNING ssn",
    "UPDATE customers SET balance = balance WHERE id = 1 RETURNING *",
    "WITH u AS (UPDATE customers SET balance = balance WHERE id = 1 RETURNING ssn) SELECT * FROM u",
    "INSERT INTO notes SELECT 500 + id, name FROM customers RETURNING (SELECT ssn FROM customers LIMIT 1)",
    "BEGIN; DECLARE c CURSOR FOR SELECT ssn FROM customers; FETCH ALL FROM c; COMMIT",
    "PREPARE p AS SELECT ssn FROM customers; EXECUTE p",
    "SELECT ssn::int FROM customers",
    "SELECT 1 / (length(ssn) - length(ssn)), ssn FROM customers",
    "SELECT email FROM customers",
    "SELECT substr(email, 1, 99) FROM customers",
    "SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE attname = 'ssn'",
    "EXPLAIN ANALYZE VERBOSE SELECT ssn FROM customers",
    "COPY customers TO STDOUT",
    "COPY (SELECT ssn FROM customers) TO STDOUT",
    "COPY contacts TO STDOUT",
    "SELECT query_to_xml('select ssn from customers', true, true, '')",
    "SELECT table_to_xml('customers', true, true, '')",
    "INSERT INTO customers (id, name, ssn) VALUES (50, 'x', (SELECT '078-05-' || '1120'))",
])
def test_nothing_sensitive_comes_out_of(daemon, postgres, target, statement):
    postgres.sql("ANALYZE", database="shop")
    no_secret_in(psql(daemon, target, statement))


@pytest.mark.parametrize("statement, answer", [
    ("SELECT name FROM customers ORDER BY id", "Ada\nBob\n"),
    ("SELECT count(*) FROM customers", "2\n"),
    ("SELECT sum(balance) FROM customers", "30\n"),
    ("SELECT o.item, c.name FROM orders o JOIN customers c ON c.id = o.customer ORDER BY o.id LIMIT 1", "lamp|Ada\n"),
    ("SELECT email FROM customers ORDER BY id", "a***@example.com\nb***@example.com\n"),
    ("SELECT NULL::text FROM customers", "\n\n"),
    ("SELECT body FROM notes WHERE id = 1", "card [redacted] on file\n"),
    ("SELECT 'x 4111111111111111 y'", "x [redacted] y\n"),
])
def test_what_is_not_sensitive_comes_as_it_is(daemon, target, statement, answer):
    assert psql(daemon, target, statement) == answer


@pytest.mark.parametrize("statement", [
    "SELECT name FROM customers WHERE ssn LIKE '0%'",
    "SELECT name FROM customers ORDER BY ssn",
    "SELECT count(*) FROM customers GROUP BY ssn",
    "SELECT c.name FROM customers c JOIN notes n ON n.body = c.ssn",
    "CREATE TABLE copies AS SELECT ssn FROM customers",
    "INSERT INTO notes SELECT 600, ssn FROM customers WHERE id = 1",
    "UPDATE customers SET name = ssn WHERE id = 1",
    "SELECT item FROM orders UNION SELECT email FROM customers",
    "DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM customers LIMIT 1); END $$",
])
def test_searching_by_or_copying_a_sensitive_column_waits_for_a_person(daemon, target, statement):
    agent = daemon.spawn("writer", "psql", "-X", target, "-c", statement)
    row = daemon.ticket()
    daemon.sluice("deny", row["ticket"], "--reason", "no")
    out, err = agent.communicate(timeout=30)
    assert agent.returncode != 0 and "no" in err and "held for approval" in err


def test_a_temporary_table_cannot_launder(daemon, target):
    said = psql(daemon, target, "CREATE TEMP TABLE t (x text)", "SELECT x FROM t", "SELECT 1")
    assert "1\n" in said


def test_binary_results_and_executions_without_a_description_are_masked(daemon, target):
    done = daemon.run("writer", "/usr/bin/python3", CLIENTS / "raw_execute.py", target, check=True)
    result = json.loads(done.stdout)
    no_secret_in(done.stdout)
    assert result == {"binary": ["[redacted]", "[redacted]"], "undescribed": ["[redacted]", "[redacted]"]}


def test_copy_of_what_is_not_sensitive_passes_through_the_detectors(daemon, target):
    assert psql(daemon, target, "COPY (SELECT body FROM notes WHERE id <= 2 ORDER BY id) TO STDOUT") == \
        "card [redacted] on file\nnothing here\n"


def test_an_agent_without_copy_is_refused_it(daemon, target):
    assert "copy_out" in psql(daemon, target, "COPY orders TO STDOUT", agent="reporter")
