#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Records tests/golden/postgres/*.transcript from real clients and a real, throwaway PostgreSQL.

    sudo /usr/bin/python3 tests/golden/postgres/capture.py [NAME...]

Starts a cluster of its own (initdb as user postgres in a temporary directory, trust, loopback, a port that the
system picks), puts a relay that understands nothing in front of it, runs each scenario through the relay and writes
what passed. Everything is removed at the end. Needs postgresql-15, psycopg2, psycopg (3).

The format of a transcript, by lines:
    # anything          a comment; the first says how the conversation was made
    F 51000000...       bytes that the client (frontend) sent, in hex
    B 5200000008...     bytes that the server (backend) sent, in hex
Lines are in the order in which the relay saw them; a direction's lines joined are its byte stream. The first
packet of the frontend is a start-up packet; a one-byte answer of the backend answers an SSLRequest or
GSSENCRequest. One file is one connection; scenarios with several connections write NAME, NAME-2, ...
"""
import os
import pathlib
import pwd
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
BYTES_MAX = 64 << 10  # of one transcript file
SCHEMA = """
create table customers (id int primary key, name text not null, email varchar(80), ssn char(11), balance numeric(12,2),
                        born date, seen timestamptz, tags text[], extra jsonb);
insert into customers select i, 'Customer ' || i, 'c' || i || '@example.org', to_char(i, 'FM000') || '-00-0000',
    i * 1.25, date '1970-01-01' + i, timestamptz '2024-01-01 00:00:00+00' + i * interval '1 minute',
    array['a' || i, null], jsonb_build_object('n', i) from generate_series(1, 40) i;
create function shout() returns void language plpgsql as $$ begin raise notice 'hello'; raise warning 'careful'
    using detail = 'a detail', hint = 'a hint'; end $$;
"""


class Cluster:
    def __init__(self):
        self.bin = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.user = pwd.getpwnam("postgres")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sluice-capture-"))
        os.chown(self.dir, self.user.pw_uid, self.user.pw_gid)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def as_postgres(self, *command):
        subprocess.run(command, check=True, user="postgres", group="postgres", cwd=self.dir,
                       stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})

    def __enter__(self):
        data = str(self.dir / "data")
        self.as_postgres(str(self.bin / "initdb"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", data)
        options = f"-h 127.0.0.1 -p {self.port} -k {self.dir} -c fsync=off -c timezone=UTC -c max_connections=30"
        self.as_postgres(str(self.bin / "pg_ctl"), "-w", "-D", data, "-l", str(self.dir / "log"), "-o", options, "start")
        run_psql(self.port, "-q", "-c", SCHEMA)
        return self

    def __exit__(self, *_):
        self.as_postgres(str(self.bin / "pg_ctl"), "-w", "-m", "immediate", "-D", str(self.dir / "data"), "stop")
        shutil.rmtree(self.dir)


def clean_env():
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


def dsn(port, extra=""):
    return f"host=127.0.0.1 port={port} user=postgres dbname=postgres sslmode=disable gssencmode=disable {extra}"


def run_psql(port, *args, conninfo="", stdin=None):
    subprocess.run(["psql", "-X", dsn(port, conninfo), *args], check=False, env=clean_env(), input=stdin, text=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Relay:
    """Passes bytes both ways between one client and the server, for each connection, and keeps them."""

    def __init__(self, server_port):
        self.server_port = server_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.conversations = []
        self.threads = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            log = []
            self.conversations.append(log)
            thread = threading.Thread(target=self.pump, args=(client, log), daemon=True)
            self.threads.append(thread)
            thread.start()

    def pump(self, client, log):
        server = socket.create_connection(("127.0.0.1", self.server_port))
        open_sides = {client: (server, "F"), server: (client, "B")}
        while open_sides:
            for side in select.select(list(open_sides), [], [])[0]:
                peer, letter = open_sides[side]
                try:
                    data = side.recv(65536)
                except OSError:
                    data = b""
                if data:
                    log.append((letter, data))
                    peer.sendall(data)
                    continue
                del open_sides[side]
                try:
                    peer.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
        client.close()
        server.close()

    def finish(self):
        self.listener.close()
        for thread in self.threads:
            thread.join(20)
        return self.conversations


SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


@scenario
def psql_simple(port):
    """psql: simple queries, several statements in one, an empty one, no rows, an error"""
    run_psql(port, "-f", "-", stdin="select id, name, email, ssn from customers where id < 4;\n"
             "select 1\\; select 'two' as b, null\\; ;\n;\nselect * from customers where false;\n"
             "select * from nowhere;\nselect 1/0;\n\\d customers\n")


@scenario
def encryption_requests(port):
    """by hand: SSLRequest answered N, then a start-up with options; the second file is a GSSENCRequest, answered G"""
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(struct.pack(">II", 8, 80877103))
        assert s.recv(1) == b"N"
        hand_startup(s, 0x30000, {"options": "-c statement_timeout=5000"})
        s.sendall(message(b"Q", b"show statement_timeout\0") + message(b"X", b""))
        read_to_end(s)
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(struct.pack(">II", 8, 80877104))
        assert s.recv(1) == b"G"


@scenario
def protocol_negotiation(port):
    """by hand: protocol 3.2 and an unknown _pq_ option, so the server negotiates down"""
    with socket.create_connection(("127.0.0.1", port)) as s:
        hand_startup(s, 0x30002, {"_pq_.unheard_of": "1"})
        s.sendall(message(b"Q", b"select 1\0") + message(b"X", b""))
        read_to_end(s)


@scenario
def transaction_errors(port):
    """psql: an error inside a transaction, the failed state, savepoints, rollback"""
    run_psql(port, "-f", "-", stdin="begin;\nselect 1/0;\nselect 1;\nrollback;\nbegin;\nsavepoint a;\nselect nope;\n"
             "rollback to a;\nupdate customers set balance = balance + 1 where id = 1;\ncommit;\n"
             "insert into customers(id, name) values (1, 'again');\n")


@scenario
def notices(port):
    """psql: NOTICE and WARNING with detail and hint, raise from plpgsql"""
    run_psql(port, "-c", "select shout()", "-c", "create table if not exists customers (id int)",
             "-c", "do $$ begin raise exception 'own' using errcode = 'P0042', column = 'c', table = 't'; end $$")


@scenario
def copy_in(port):
    """psql: COPY FROM STDIN in text and csv, one that fails in the middle"""
    run_psql(port, "-f", "-", stdin="create temp table t (a int, b text);\ncopy t from stdin;\n1\tone\n2\t\\N\n\\.\n"
             "copy t from stdin csv;\n3,\"a,b\"\n\\.\ncopy t from stdin;\nx\ty\n\\.\nselect * from t;\n")


@scenario
def copy_out(port):
    """psql: COPY TO STDOUT in text, csv and binary"""
    run_psql(port, "-c", "copy (select id, ssn from customers where id < 5) to stdout",
             "-c", "copy (select id, tags from customers where id < 5) to stdout csv header",
             "-c", "copy (select id, ssn from customers where id < 5) to stdout (format binary)")


@scenario
def cursors(port):
    """psql: DECLARE, FETCH, MOVE, CLOSE"""
    run_psql(port, "-f", "-", stdin="begin;\ndeclare c scroll cursor for select id, ssn from customers order by id;\n"
             "fetch 3 from c;\nmove 5 in c;\nfetch backward 2 from c;\nclose c;\ncommit;\n")


@scenario
def psycopg2_client(port):
    """psycopg2: client-side parameters, a transaction, a server-side cursor"""
    import psycopg2
    connection = psycopg2.connect(dsn(port))
    cursor = connection.cursor()
    cursor.execute("select name, tags, extra from customers where id = %s and name <> %s", (3, "it's"))
    cursor.fetchall()
    named = connection.cursor("named")
    named.itersize = 4
    named.execute("select id from customers order by id limit 9")
    list(named)
    connection.rollback()
    connection.close()


@scenario
def psycopg3_extended(port):
    """psycopg 3: text parameters, NULL, prepared after one use, an error in Bind"""
    import psycopg
    with psycopg.connect(dsn(port), prepare_threshold=1) as connection:
        for number in (1, 2, 3):
            connection.execute("select id, name from customers where id = %s or email = %s", (number, None)).fetchall()
        try:
            connection.execute("select %s::int", ("no number",))
        except psycopg.Error:
            connection.rollback()


@scenario
def psycopg3_binary(port):
    """psycopg 3: binary parameters and binary results"""
    import psycopg
    with psycopg.connect(dsn(port)) as connection:
        cursor = connection.cursor(binary=True)
        cursor.execute("select id, name, balance, born, seen, tags, extra from customers where id < %b", (5,)).fetchall()
        cursor.execute("select %b::bytea, %b::float8, %b::int8", (b"\x00\xff", 1.5, 1 << 40)).fetchall()


@scenario
def psycopg3_pipeline(port):
    """psycopg 3: pipeline mode, an error in the middle and what is skipped after it"""
    import psycopg
    with psycopg.connect(dsn(port), autocommit=True) as connection:
        try:
            with connection.pipeline() as pipeline:
                connection.execute("select 1")
                connection.execute("select id from customers where id < %s", (4,))
                pipeline.sync()
                connection.execute("select 1/0")
                connection.execute("select 'skipped'")
                pipeline.sync()
                connection.execute("select 'after'")
        except psycopg.Error:
            pass


@scenario
def pgbench_prepared(port):
    """pgbench -M prepared: a script with two statements, three times"""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write("\\set id 7\nselect balance from customers where id = :id;\n"
                     "update customers set seen = now() where id = :id;\n")
        script.flush()
        pgbench = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pgbench"))[-1]
        subprocess.run([pgbench, "-n", "-M", "prepared", "-c1", "-t3", "-f", script.name, dsn(port)], check=True,
                       env=clean_env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@scenario
def listen_notify(port):
    """psql: LISTEN and NOTIFY with a payload"""
    run_psql(port, "-c", "listen news", "-c", "notify news, 'a payload'", "-c", "select pg_notify('news', 'b')")


@scenario
def portals(port):
    """by hand: named statement and portal, row limits, PortalSuspended, Describe, Close, Flush, empty query"""
    with socket.create_connection(("127.0.0.1", port)) as s:
        hand_startup(s, 0x30000, {})
        s.sendall(
            message(b"P", b"st\0select id, ssn from customers where id > $1 order by id\0" + struct.pack(">HI", 1, 23))
            + message(b"D", b"Sst\0")
            + message(b"B", b"po\0st\0" + struct.pack(">HHHIIHHH", 1, 1, 1, 4, 30, 2, 1, 0))
            + message(b"D", b"Ppo\0") + message(b"E", b"po\0" + struct.pack(">I", 4)) + message(b"H", b"")
            + message(b"E", b"po\0" + struct.pack(">I", 4)) + message(b"E", b"po\0" + struct.pack(">I", 0))
            + message(b"C", b"Ppo\0") + message(b"C", b"Sst\0") + message(b"S", b"")
            + message(b"P", b"\0\0\0\0") + message(b"B", b"\0\0\0\0\0\0\0\0") + message(b"E", b"\0\0\0\0\0")
            + message(b"S", b"")
            + message(b"P", b"\0set application_name = 'x'\0\0\0") + message(b"D", b"S\0") + message(b"S", b"")
            + message(b"X", b""))
        read_to_end(s)


@scenario
def function_call(port):
    """by hand: the fast path, binary and text, a NULL answer and an error"""
    with socket.create_connection(("127.0.0.1", port)) as s:
        hand_startup(s, 0x30000, {})
        int4pl, upper = 177, 871
        s.sendall(message(b"F", struct.pack(">IHHHIIIIH", int4pl, 1, 1, 2, 4, 40, 4, 2, 1))
                  + message(b"F", struct.pack(">IHHI", upper, 0, 1, 5) + b"abcde" + b"\0\0")
                  + message(b"F", struct.pack(">IHHiH", upper, 0, 1, -1, 0))
                  + message(b"F", struct.pack(">IHHH", 4294967295, 0, 0, 0)) + message(b"X", b""))
        read_to_end(s)


@scenario
def copy_fail(port):
    """by hand: COPY FROM STDIN ended by the client with CopyFail"""
    with socket.create_connection(("127.0.0.1", port)) as s:
        hand_startup(s, 0x30000, {})
        s.sendall(message(b"Q", b"create temp table t (a int)\0") + message(b"Q", b"copy t from stdin\0")
                  + message(b"d", b"1\n2") + message(b"d", b"\n") + message(b"f", b"changed my mind\0")
                  + message(b"X", b""))
        read_to_end(s)


@scenario
def cancel(port):
    """psql: a query that is interrupted by SIGINT; the second file is the CancelRequest"""
    psql = subprocess.Popen(["psql", "-X", dsn(port), "-c", "select pg_sleep(20)"], env=clean_env(),
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    psql.send_signal(signal.SIGINT)
    psql.wait()


@scenario
def big_rows(port):
    """psql: rows of some kilobytes, many columns"""
    run_psql(port, "-c", "select i, repeat(chr(96 + i), 3000) from generate_series(1, 6) i",
             "-c", "select " + ", ".join(f"{i} as c{i}" for i in range(120)))


VALUES = """true, false, 32767::int2, (-2147483648)::int4, 9223372036854775807::int8, 4000000000::oid, 1.5::float4,
1e20::float4, 'NaN'::float8, '-Infinity'::float8, 0.1::float8, 1e15::float8, 123456789012345::float8, 1e-5::float8,
0.0001::float8, 1e6::float4, 123456::float4, '-0'::float8, 0::numeric, 1.50::numeric, -123456789.000001::numeric,
1e-20::numeric, 1e40::numeric, 'NaN'::numeric, 'Infinity'::numeric, 10000::numeric, 0.0001::numeric,
'text é'::text, 'v'::varchar, 'c'::char(4), 'n'::name, 'x'::"char", '{"a": 1}'::json, '{"a": [1, null]}'::jsonb,
'\\x00ff'::bytea, '00112233-4455-6677-8899-aabbccddeeff'::uuid, date '2024-02-29', date '1999-12-31',
date '0044-03-15 BC', date 'infinity', date '-infinity', date '5874897-12-31', time '00:00:00', time '23:59:59.5',
time '24:00:00', timetz '12:34:56.789+05:30', timetz '01:02:03-08', timestamp '2024-01-02 03:04:05.000600',
timestamp '1969-12-31 23:59:59.999999', timestamp '4713-01-01 00:00:00 BC', timestamp 'infinity',
timestamptz '2024-01-02 03:04:05.1+00', timestamptz '0001-01-01 00:00:00+00 BC', interval '0',
interval '1 year 2 mons 3 days 04:05:06.789', interval '-1 year -2 mons +3 days -04:05:06', interval '1 day -00:00:01',
interval '13 months', interval '-00:00:00.5', interval '100:00:00', interval '1 mon', '10.1.2.3'::inet,
'10.1.2.0/24'::inet, '10.1.0.0/16'::cidr, '2001:db8::1'::inet, '::/0'::cidr, '::ffff:1.2.3.4'::inet,
'fe80:0:0:1::/64'::cidr, '1:0:0:2::3'::inet, '08:00:2b:01:02:03'::macaddr, '08:00:2b:01:02:03:04:05'::macaddr8,
B'10110'::bit(5), B'101100111'::varbit, '(7,3)'::tid, array[1,2,null]::int4[], '{}'::text[],
array['a b', '', 'NULL', null, 'q"\\\\', '{x}', 'plain']::text[], array[[1,2],[3,4]]::int8[], '[0:1]={5,6}'::int4[],
array['2024-01-02']::date[], array[1.5, -2]::numeric[], array[true, false], array['\\xde'::bytea], '1 2 3'::int2vector,
'4 5'::oidvector, array[interval '1 day', '0'], array['{"a": 1}'::jsonb], array['::1'::inet], 'a'::xml"""


@scenario
def values(port):
    """by hand: one row of every type that is rendered, once in text and once in binary; both must read the same"""
    columns = VALUES.replace("\n", " ")
    with socket.create_connection(("127.0.0.1", port)) as s:
        hand_startup(s, 0x30000, {})
        s.sendall(message(b"P", b"v\0select " + columns.encode() + b"\0\0\0") + message(b"B", b"\0v" + bytes(7))
                  + message(b"D", b"P\0") + message(b"E", b"\0" + bytes(4))
                  + message(b"B", b"\0v\0" + struct.pack(">HHHH", 0, 0, 1, 1)) + message(b"D", b"P\0")
                  + message(b"E", b"\0" + bytes(4)) + message(b"S", b"") + message(b"X", b""))
        read_to_end(s)


def message(letter, body):
    return letter + struct.pack(">I", len(body) + 4) + body


def hand_startup(s, version, parameters):
    body = b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in
                    {"user": "postgres", "database": "postgres", **parameters}.items()) + b"\0"
    s.sendall(struct.pack(">II", len(body) + 8, version) + body)


def read_to_end(s):
    s.settimeout(20)
    while s.recv(65536):
        pass


def write(name, note, conversation):
    if not conversation:
        return
    merged = []
    for letter, data in conversation:  # what the relay read in several pieces is one line
        if merged and merged[-1][0] == letter:
            merged[-1][1] += data
        else:
            merged.append([letter, data])
    text = f"# {note} (PostgreSQL 15)\n" + "".join(f"{letter} {bytes(data).hex()}\n" for letter, data in merged)
    if len(text) > BYTES_MAX:
        sys.exit(f"{name}: {len(text)} bytes is more than a transcript may have ({BYTES_MAX})")
    (HERE / f"{name}.transcript").write_text(text)
    print(f"{name}: {len(text)} bytes")


def main():
    if os.geteuid() != 0:
        sys.exit("capture.py: run as root: it starts a PostgreSQL as user postgres")
    wanted = sys.argv[1:] or list(SCENARIOS)
    with Cluster() as cluster:
        for name in wanted:
            relay = Relay(cluster.port)
            SCENARIOS[name](relay.port)
            time.sleep(0.2)
            for number, conversation in enumerate(relay.finish(), 1):
                suffix = "" if number == 1 else f"-{number}"
                write(name.replace("_", "-") + suffix, SCENARIOS[name].__doc__, conversation)


if __name__ == "__main__":
    main()
