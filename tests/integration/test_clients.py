# SPDX-License-Identifier: Apache-2.0
"""Unmodified clients, at the server's real address, with a password that means nothing."""
import pathlib

import pytest

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"


@pytest.mark.parametrize("words", ["sslmode=disable", "sslmode=prefer", "sslmode=require", "sslmode=verify-full",
                                   "sslmode=require channel_binding=prefer", "sslmode=disable channel_binding=disable",
                                   "gssencmode=prefer sslmode=prefer"])
def test_psql_reads_under(daemon, postgres, words):
    done = daemon.run("reporter", "psql", "-X", "-At",
                      f"host=localhost port={postgres.port} user=alice dbname=shop {words}",
                      "-c", "SELECT name, ssn FROM customers ORDER BY id", check=True)
    assert done.stdout == "Ada|[redacted]\nBob|[redacted]\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_psql_says_it_is_connected_to(daemon, postgres, host):
    done = daemon.run("reporter", "psql", "-X", f"host={host} port={postgres.port} user=alice dbname=shop",
                      "-c", r"\conninfo", check=True)
    assert f'port "{postgres.port}"' in done.stdout and host in done.stdout


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_getpeername_is_the_real_server(daemon, postgres, host):
    program = (f"import socket; family = socket.AF_INET6 if ':' in '{host}' else socket.AF_INET;"
               f"s = socket.socket(family); s.connect(('{host}', {postgres.port})); print(*s.getpeername()[:2])")
    done = daemon.run("reporter", "/usr/bin/python3", "-c", program, check=True)
    assert done.stdout.split() == [host, str(postgres.port)]


@pytest.mark.parametrize("agent, words", [("reporter", ["--inserts"]), ("writer", [])])
def test_pg_dump_has_what_the_agent_may_read(daemon, target, agent, words):
    done = daemon.run(agent, "pg_dump", *words, "-t", "customers", target, check=True)
    assert "Ada" in done.stdout and "CREATE TABLE public.customers" in done.stdout
    assert done.stdout.count("[redacted]") >= 2 and "b***@example.com" in done.stdout


def test_psycopg2_reads_and_writes(daemon, postgres, target):
    done = daemon.run("writer", "/usr/bin/python3", CLIENTS / "psycopg2_client.py", target, 102, check=True)
    assert done.stdout.splitlines() == ["row Ada [redacted]", "after rollback 0", f"peer 127.0.0.1 {postgres.port}"]
    assert postgres.sql("SELECT body FROM notes WHERE id = 102", database="shop") == "from psycopg2"


def test_psycopg3_uses_binary_results_prepared_statements_pipelines_and_cursors(daemon, postgres, target):
    done = daemon.run("writer", "/usr/bin/python3", CLIENTS / "psycopg3_client.py", target, 103, check=True)
    assert done.stdout.splitlines() == [
        "row 2 Bob b***@example.com [redacted]",
        "prepared Ada [redacted]", "prepared Bob [redacted]", "prepared Ada [redacted]",
        "pipeline 1 from psycopg 3", "transaction changed", "cursor [redacted] [redacted]"]


def test_node_postgres_reads_and_writes(daemon, postgres):
    done = daemon.run("writer", "node", CLIENTS / "node_client.js", "127.0.0.1", postgres.port, 104, check=True,
                      env={"NODE_PATH": "/usr/local/lib/sluice-test/node_modules"})
    assert done.stdout.splitlines() == [
        "plain Ada [redacted] Bob [redacted]", "named Ada a***@example.com", "named Bob b***@example.com",
        f"peer 127.0.0.1 {postgres.port}"]
    assert postgres.sql("SELECT body FROM notes WHERE id = 104", database="shop") == "from node"


def test_pgbench_runs_all_its_protocols(daemon, postgres, target):
    postgres.pgbench_tables()
    for protocol in ("simple", "extended", "prepared"):
        done = daemon.run("writer", "pgbench", "-n", "-M", protocol, "-c", "4", "-t", "25", "-h", "127.0.0.1",
                          "-p", postgres.port, "-U", "alice", "shop", check=True)
        assert "number of transactions actually processed: 100/100" in done.stdout, done.stdout + done.stderr
