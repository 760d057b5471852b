# SPDX-License-Identifier: Apache-2.0
"""How a connection may begin: with and without TLS, before and after questions about it, in each version of the protocol."""
import json
import os
import pathlib
import subprocess

import pytest

from two_resources import daemon, postgres  # noqa: F401

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"
ADA = ["D b'\\x00\\x00\\x00\\x03Ada\\x00\\x00\\x00\\n[redacted]'"]


def begin(daemon, postgres, *words):  # noqa: F811
    done = daemon.run("writer", "/usr/bin/python3", CLIENTS / "openings.py", *words, check=True,
                      env={"WIRE": f"localhost {postgres.port}", "PYTHONPATH": str(CLIENTS)})
    return json.loads(done.stdout)


def directly(postgres, *words):  # noqa: F811
    there = {"WIRE": f"{postgres.home}/.s.PGSQL.{postgres.port}", "PYTHONPATH": str(CLIENTS), "PGUSER": "postgres"}
    done = subprocess.run(["/usr/bin/python3", CLIENTS / "openings.py", *words], env={**os.environ, **there}, check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("way, answer", [("in_the_clear", None), ("ssl_request", "S"), ("ssl_request_with_alpn", "S"),
                                         ("gssenc_then_ssl", "NS"), ("gssenc_then_clear", "N"), ("direct_tls", None)])
def test_each_way_in_leads_to_a_session_that_is_masked(daemon, postgres, way, answer):  # noqa: F811
    came = begin(daemon, postgres, way)
    assert came.get("answer") == answer
    assert came["login"] == [] and came["rows"] == ADA
    assert came.get("alpn") == ("postgresql" if way in ("direct_tls", "ssl_request_with_alpn") else None)


@pytest.mark.parametrize("way", ["direct_tls_without_alpn", "direct_tls_for_http"])
def test_direct_tls_must_say_what_it_is_for(daemon, postgres, way):  # noqa: F811
    assert begin(daemon, postgres, way)["refused"]


def test_tls_within_tls_is_an_error_of_the_protocol(daemon, postgres):  # noqa: F811
    said = begin(daemon, postgres, "direct_tls_twice")["said"]
    assert len(said) == 1 and said[0].startswith("E S=FATAL C=08P01"), said


@pytest.mark.parametrize("way", ["protocol_3_2", "protocol_3_9_with_options", "parameters"])
def test_versions_and_parameters_are_negotiated_as_with_the_server(daemon, postgres, way):  # noqa: F811
    there, here = directly(postgres, way), begin(daemon, postgres, way)
    assert here.pop("rows", None) == (ADA if "rows" in there else None)
    there.pop("rows", None)
    assert here == there


@pytest.mark.parametrize("way", ["no_such_database", "a_wrong_parameter"])
def test_what_the_server_refuses_is_refused_in_its_words(daemon, postgres, way):  # noqa: F811
    assert begin(daemon, postgres, way) == directly(postgres, way)


@pytest.mark.parametrize("way, error", [("protocol_2", "C=0A000 M=sluice: unsupported frontend protocol 2.0"),
                                        ("protocol_4", "C=0A000 M=sluice: unsupported frontend protocol 4.0"),
                                        ("no_user", "C=28000 M=sluice: no PostgreSQL user name specified in startup packet")])
def test_what_cannot_be_passed_on_is_refused_as_the_server_would(daemon, postgres, way, error):  # noqa: F811
    said = begin(daemon, postgres, way)["said"]
    assert len(said) == 1 and said[0].startswith(f"E S=FATAL {error}"), said


def test_a_cancel_of_nobody_is_answered_by_silence(daemon, postgres):  # noqa: F811
    assert begin(daemon, postgres, "a_cancel_of_nobody") == directly(postgres, "a_cancel_of_nobody") == {"said": []}


@pytest.mark.parametrize("words", [("replication", "true"), ("replication", "database"), ("replication", "1"), ("replication", "ON"),
                                   ("replication", "yes"), ("replication", "tr"), ("replication", "nonsense")])
def test_replication_is_refused_at_the_start(daemon, postgres, words):  # noqa: F811
    said = begin(daemon, postgres, *words)["said"]
    assert len(said) == 1 and said[0].startswith("E S=FATAL C=42501") and "replication" in said[0], said
    assert "replication" not in begin(daemon, postgres, "in_the_clear")


@pytest.mark.parametrize("value", ["false", "off", "no", "0", "f"])
def test_a_start_that_says_no_replication_is_an_ordinary_one(daemon, postgres, value):  # noqa: F811
    done = daemon.run("writer", "/usr/bin/python3", "-c", "import sys; from wire import *; w = Wire(); print(w.login(replication=sys.argv[1]))",
                      value, env={"WIRE": f"localhost {postgres.port}", "PYTHONPATH": str(CLIENTS)}, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("program", [
    ["psql", "host=localhost port={port} user=alice dbname=shop replication=database", "-c", "IDENTIFY_SYSTEM"],
    ["psql", "host=localhost port={port} user=alice dbname=shop replication=database", "-c",
     "CREATE_REPLICATION_SLOT away LOGICAL test_decoding"],
    ["/usr/lib/postgresql/15/bin/pg_recvlogical", "-h", "localhost", "-p", "{port}", "-U", "alice", "-d", "shop", "--slot", "away",
     "--create-slot", "-P", "test_decoding"],
    ["/usr/lib/postgresql/15/bin/pg_receivewal", "-h", "localhost", "-p", "{port}", "-U", "alice", "-D", "/tmp", "--no-loop"],
    ["/usr/lib/postgresql/15/bin/pg_basebackup", "-h", "localhost", "-p", "{port}", "-U", "alice", "-D", "-", "-F", "t", "-X", "none"]])
def test_the_tools_of_replication_are_told_why(daemon, postgres, program):  # noqa: F811
    postgres.sql(f"ALTER ROLE {postgres.login} REPLICATION")  # that the server refuses is not what is tested
    done = daemon.run("writer", *[word.format(port=postgres.port) for word in program])
    assert done.returncode != 0 and "replication connections are refused" in done.stderr, done.stderr
    assert postgres.sql("SELECT count(*) FROM pg_replication_slots") == "0"


@pytest.mark.parametrize("statement", ["SELECT pg_create_logical_replication_slot('away', 'test_decoding')",
                                       "SELECT * FROM pg_logical_slot_get_changes('away', NULL, NULL)",
                                       "SELECT pg_logical_slot_peek_binary_changes('away', NULL, NULL)",
                                       "CREATE PUBLICATION away FOR ALL TABLES",
                                       "CREATE SUBSCRIPTION away CONNECTION 'host=elsewhere' PUBLICATION p"])
def test_logical_decoding_by_sql_is_no_ordinary_action(daemon, postgres, statement):  # noqa: F811
    done = daemon.run("writer", "psql", "-X", f"host=localhost port={postgres.port} user=alice dbname=shop", "-c", statement)
    assert done.returncode != 0 and "refused by policy rule" in done.stderr, done.stdout + done.stderr
