# SPDX-License-Identifier: Apache-2.0
"""FunctionCall, which names a function by OID and nothing else: judged by the catalogue's entry of that OID."""
import json
import pathlib

import pytest

from two_resources import daemon, postgres  # noqa: F401

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"
CALL = """
import json, sys
from wire import *
wire = Wire()
wire.login()
said = wire.ask(function_call(int(sys.argv[1]), *[word.encode() for word in sys.argv[2:]]))
print(json.dumps([said, wire.ask(query("SELECT 'goes on'"))[1]]))
"""
TAKE_SSN = "CREATE FUNCTION take_ssn(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM customers WHERE id = $1'"


@pytest.fixture(scope="module")
def functions(postgres):  # noqa: F811
    postgres.sql(TAKE_SSN, database="shop")


def oid_of(postgres, name):  # noqa: F811
    return postgres.sql(f"SELECT '{name}'::regprocedure::oid::int", database="shop")


def call(daemon, postgres, oid, *words, host="localhost", agent="writer"):  # noqa: F811
    done = daemon.run(agent, "/usr/bin/python3", "-c", CALL, oid, *words, check=True,
                      env={"WIRE": f"{host} {postgres.port}", "PYTHONPATH": str(CLIENTS)})
    said, after = json.loads(done.stdout)
    assert after == "D b'\\x00\\x00\\x00\\x07goes on'"
    return said


@pytest.mark.parametrize("name, words", [
    ("pg_read_file(text)", ["/etc/passwd"]), ("lo_export(oid, text)", ["1", "/tmp/away"]), ("lo_import(text)", ["/etc/passwd"]),
    ("pg_ls_dir(text)", ["."]), ("pg_terminate_backend(int, bigint)", ["1", "0"]), ("pg_reload_conf()", []),
    ("pg_create_logical_replication_slot(name, name, boolean, boolean)", ["away", "test_decoding", "f", "f"]),
    ("set_config(text, text, boolean)", ["session_replication_role", "replica", "f"])])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_of_what_leaves_sql_is_refused(daemon, postgres, host, name, words):  # noqa: F811
    said = call(daemon, postgres, oid_of(postgres, name), *words, host=host)
    assert said[0].startswith("E S=ERROR C=42501 M=refused") and said[1:] == ["Z b'I'"], said
    assert "/etc/passwd" not in postgres.log_text()


def test_of_an_oid_that_nobody_has_is_refused(daemon, postgres):  # noqa: F811
    assert call(daemon, postgres, 3999999)[0].startswith("E S=ERROR C=42501 M=refused")


def test_of_an_agent_that_may_not_call_is_refused(daemon, postgres):  # noqa: F811
    said = call(daemon, postgres, oid_of(postgres, "int4pl(int, int)"), "20", "22", agent="reporter")
    assert "no rule allows agent 'reporter' to call on resource 'orders'" in said[0], said


def test_whose_result_may_be_sensitive_is_refused(daemon, postgres, functions):  # noqa: F811
    said = call(daemon, postgres, oid_of(postgres, "take_ssn(int)"), "1")
    assert "cannot be masked; use SELECT" in said[0] and "078-05" not in str(said)


def test_passes_where_nothing_is_sensitive(daemon, postgres, functions):  # noqa: F811
    assert call(daemon, postgres, oid_of(postgres, "take_ssn(int)"), "1", host="127.0.0.2") == \
        ["V b'\\x00\\x00\\x00\\x0b078-05-1120'", "Z b'I'"]


def test_is_recorded_by_the_name_of_the_function(daemon, postgres):  # noqa: F811
    call(daemon, postgres, oid_of(postgres, "pg_read_file(text)"), "/etc/passwd")
    session = daemon.json("sessions")["sessions"][-1]["session"]
    assert "pg_catalog.pg_read_file" in daemon.sluice("replay", session).stdout


LARGE_OBJECT = """
import psycopg2, sys
connection = psycopg2.connect(sys.argv[1])
made = connection.lobject(0, "wb")
made.write(b"bytes of a large object" * 1000)
made.close()
print(len(connection.lobject(made.oid, "rb").read()))
made.unlink()
connection.commit()
"""


def test_are_how_libpq_does_large_objects(daemon, postgres):  # noqa: F811
    done = daemon.run("writer", "/usr/bin/python3", "-c", LARGE_OBJECT,
                      f"host=127.0.0.2 port={postgres.port} user=alice dbname=shop", check=True)
    assert done.stdout == "23000\n"
