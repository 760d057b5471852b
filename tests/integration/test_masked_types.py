# SPDX-License-Identifier: Apache-2.0
"""A masked value of any type is one that the server itself would send: the mask in text, given to the server, comes back as the
mask in binary."""
import json
import pathlib

import pytest
from psycopg import pq

from conftest import policy_for
from support.daemon import Daemon

CLIENT = pathlib.Path(__file__).resolve().parent / "clients/typed_cells.py"

# Of each type that a column can have and a client can ask for in binary.
VALUES = {
    "bool": "true", "bytea": r"\x0102", '"char"': "x", "name": "ada", "int8": "71", "int2": "72", "int2vector": "1 2", "int4": "73",
    "regproc": "now", "text": "secret", "oid": "74", "tid": "(1,2)", "xid": "75", "cid": "76", "oidvector": "3 4",
    "json": '{"a":1}', "xml": "<a>b</a>", "point": "(1,2)", "lseg": "[(1,2),(3,4)]", "path": "[(1,2),(3,4)]", "box": "(3,4),(1,2)",
    "polygon": "((1,2),(3,4),(5,0))", "line": "{1,2,3}", "cidr": "10.1.0.0/16", "float4": "1.5", "float8": "2.5", "circle": "<(1,2),3>",
    "macaddr8": "08:00:2b:01:02:03:04:05", "money": "12.34", "macaddr": "08:00:2b:01:02:03", "inet": "10.1.2.3/8", "char(5)": "abc",
    "varchar": "secret", "varchar(3)": "abc", "date": "1815-12-10", "time": "10:11:12", "timestamp": "1815-12-10 10:11:12",
    "timestamptz": "1815-12-10 10:11:12+00", "interval": "1 day 2 hours", "timetz": "10:11:12+01", "bit(5)": "10110", "varbit": "101",
    "numeric": "12.5", "numeric(6,2)": "12.5", "refcursor": "secret", "regprocedure": "pg_catalog.now()", "regoper": "||/",
    "regoperator": "+(integer,integer)", "regclass": "customers", "regtype": "integer", "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "txid_snapshot": "10:20:10,14", "pg_lsn": "16/B374D848", "tsvector": "'secret':1 'word':2", "tsquery": "'secret' & 'word'",
    "regconfig": "english", "regdictionary": "simple", "jsonb": '{"a": 1}', "int4range": "[1,5)", "numrange": "[1.5,5)",
    "tsrange": "[2001-01-01,2002-01-01)", "tstzrange": "[2001-01-01,2002-01-01)", "daterange": "[2001-01-01,2002-01-01)",
    "int8range": "[1,5)", "jsonpath": '$."a"[*]', "regnamespace": "public", "regrole": "postgres", "regcollation": '"C"',
    "int4multirange": "{[1,5)}", "nummultirange": "{[1.5,5)}", "tsmultirange": "{[2001-01-01,2002-01-01)}",
    "tstzmultirange": "{[2001-01-01,2002-01-01)}", "datemultirange": "{[2001-01-01,2002-01-01)}", "int8multirange": "{[1,5)}",
    "pg_snapshot": "10:20:10,14", "xid8": "77",
}
# No client can know a value of these without asking the server for the type.
OF_USERS = {"mood": "sad", "pair": "(1,secret)"}


def array_of(value):
    return '{"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"}'


# Values at the edges of what a hash mask can make others of.
AT_THE_EDGE = [
    ("int2", "-32768"), ("int4", "-1"), ("int8", "9223372036854775807"), ("oid", "4294967295"),
    ("numeric", "0"), ("numeric", "-12345678901234567890.000000001"), ("numeric(1)", "-9"),
    ("numeric(18,18)", "0.000000000000000001"), ("numeric(18)", "-999999999999999999"), ("numeric(30,4)", "-1.5"),
    ("numeric(9,6)", "-122.419416"), ("numeric(3,5)", "0.00123"), ("date", "0001-01-01"), ("date", "9999-12-31"),
    ("date", "2024-02-29"), ("time", "23:59:59.999999"), ("time(0)", "00:00:00"), ("time(3)", "10:11:12.345"),
    ("timestamp", "0001-01-01 00:00:00.000001"), ("timestamp(0)", "9999-12-31 23:59:59"), ("timestamptz", "1999-12-31 23:59:59.5-07:52"),
    ("timestamptz(2)", "2001-02-03 04:05:06.78+05:45"), ("inet", "10.1.2.3"), ("inet", "2001:db8::1/64"), ("inet", "::"),
    ("inet", "::ffff:10.1.2.3"), ("cidr", "10.0.0.0/7"), ("cidr", "10.1.2.3"), ("cidr", "2001:db8::/33"), ("macaddr", "ff:ff:ff:ff:ff:ff"),
    ("bytea", ""), ("uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
]

COLUMNS = [*VALUES.items(), *[(name + "[]", array_of(value)) for name, value in VALUES.items()]]


@pytest.fixture(scope="module")
def daemon(place, postgres):
    daemon = Daemon(place)
    text = policy_for(postgres, daemon.secret("orders", postgres.password))
    daemon.policy(text.replace("    sensitive:\n", """    sensitive:
      - { column: public.typed.*, mask: redact }
      - { column: public.hashed.*, mask: hash }
      - { column: public.of_users.*, mask: redact }
"""))
    yield daemon.start()
    daemon.close()


def make_table(postgres, name, columns):
    quoted = ["'" + value.replace("'", "''") + "'" for _, value in columns]
    postgres.sql(f"""CREATE TABLE {name} ({', '.join(f'c{number} {of}' for number, (of, _) in enumerate(columns))});
INSERT INTO {name} VALUES ({', '.join(quoted)}); GRANT ALL ON {name} TO {postgres.login}""", database="shop")


def read(daemon, target, table):
    done = daemon.run("reporter", "/usr/bin/python3", CLIENT, target, table)
    assert done.returncode == 0, done.stdout + done.stderr
    cells = json.loads(done.stdout)
    return [[None if cell is None else bytes.fromhex(cell) for cell in cells[name]] for name in ("text", "binary")]


@pytest.mark.parametrize("table, columns", [("typed", COLUMNS), ("hashed", [*COLUMNS, *AT_THE_EDGE])])
def test_a_masked_value_is_one_of_its_type_in_both_formats(daemon, postgres, target, table, columns):
    make_table(postgres, table, columns)
    server = pq.PGconn.connect(f"host={postgres.home} port={postgres.port} user=postgres dbname=shop".encode())
    text, binary = read(daemon, target, table)
    wrong = []
    for number, (name, value) in enumerate(columns):
        told = server.exec_params(f"SELECT c{number} FROM {table}".encode(), []).get_value(0, 0)
        sent = server.exec_params(f"SELECT $1::{name}".encode(), [text[number]], result_format=1)
        # Of the few values of these each may well be its own token.
        by_chance = table == "hashed" and name in ("numeric(1)", "numeric(3,5)")
        if text[number] is None or (text[number] == told and not by_chance):
            wrong.append(f"{name}: {value!r} became {text[number]}")
        elif sent.status != pq.ExecStatus.TUPLES_OK:
            wrong.append(f"{name}: {text[number]} is refused: {sent.error_message.decode()}")
        elif sent.get_value(0, 0) != binary[number]:
            wrong.append(f"{name}: {text[number]} is {sent.get_value(0, 0)!r} in binary and not {binary[number]!r}")
    assert not wrong, "\n".join(wrong)


def test_a_value_of_a_type_that_users_made_is_null(daemon, postgres, target):
    postgres.sql("CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TYPE pair AS (a int, b text)", database="shop")
    make_table(postgres, "of_users", [*OF_USERS.items(), *[(name + "[]", array_of(value)) for name, value in OF_USERS.items()]])
    assert read(daemon, target, "of_users") == [[None] * 4, [None] * 4]


def test_the_table_has_every_type_that_a_column_can_have(postgres):
    types = postgres.sql("""SELECT t.oid::regtype FROM pg_type t WHERE t.oid < 10000 AND typtype IN ('b', 'r', 'm') AND typelem = 0
        AND typcategory <> 'Z' AND typsend <> 0 ORDER BY 1""", database="shop").split("\n")
    known = postgres.sql("SELECT " + ", ".join(f"'{name}'::regtype" for name in VALUES), database="shop").split("|")
    assert set(types) - set(known) == set()
