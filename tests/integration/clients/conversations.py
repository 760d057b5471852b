# SPDX-License-Identifier: Apache-2.0
"""Conversations in PostgreSQL's protocol, one by name; prints what the server said. Through Sluice it must be the same as
directly."""
import collections
import sys
import threading

from wire import (COPY_DONE, FLUSH, SYNC, TERMINATE, Wire, bind, close, copy_data, copy_fail, describe, execute, function_call, parse,
                  query)

NUMBERS = "SELECT i FROM generate_series(1, 10) i"


def begun():
    wire = Wire()
    wire.login()
    return wire


def show(lines):
    print("\n".join(lines))


def show_how_often(wire, count):
    answers = collections.Counter(tuple(wire.until("Z")) for _ in range(count))
    for lines, times in answers.items():
        print(times, lines)


def portals_with_row_limits():
    wire = begun()
    show(wire.ask(query("BEGIN")))
    show(wire.ask(parse(NUMBERS), bind("p"), describe("P", "p"), execute("p", 3), SYNC))
    show(wire.ask(execute("p", 4), execute("p", 1), SYNC))
    show(wire.ask(parse("SELECT 'between'"), bind(), execute(), SYNC))
    show(wire.ask(execute("p", 2), execute("p", 2), SYNC))
    show(wire.ask(close("P", "p"), execute("p"), SYNC))
    show(wire.ask(query("COMMIT")))


def a_limit_of_the_exact_number():
    wire = begun()
    show(wire.ask(parse(NUMBERS), bind(), execute(limit=10), execute(limit=10), SYNC))
    show(wire.ask(parse("INSERT INTO notes VALUES (900, 'x') RETURNING id"), bind(), execute(limit=1), execute(limit=1), SYNC))
    show(wire.ask(query("DELETE FROM notes WHERE id = 900")))


def flush_without_sync():
    wire = begun()
    show(wire.send(parse("SELECT 1", "s"), FLUSH).until("1"))
    show(wire.send(describe("S", "s"), FLUSH).until("T"))
    show(wire.send(bind("", "s"), execute(), FLUSH).until("C"))
    show(wire.send(parse("SELECT no_such"), FLUSH).until("E"))
    wire.send(parse("SELECT 2"), bind(), execute(), FLUSH)  # skipped: Sync was not said yet
    show(wire.ask(SYNC))
    show(wire.ask(bind("", "s"), execute(), SYNC))


def close_of_statements_and_portals():
    wire = begun()
    show(wire.ask(parse("SELECT 1", "s"), bind("p", "s"), execute("p"), close("P", "p"), close("S", "s"), close("S", "never"), SYNC))
    show(wire.ask(parse("SELECT 2", "s"), SYNC))
    show(wire.ask(parse("SELECT 3", "s"), SYNC))  # the name is in use
    show(wire.ask(bind("", "s"), execute(), SYNC))
    show(wire.ask(close("S", "s"), SYNC))


def the_unnamed_statement():
    wire = begun()
    show(wire.ask(parse("SELECT 1"), SYNC))
    show(wire.ask(parse("SELECT no_such"), SYNC))
    show(wire.ask(parse("SELECT 'anew'"), bind(), describe("P"), execute(), SYNC))
    show(wire.ask(bind(), execute(), SYNC))
    show(wire.ask(parse(""), bind(), execute(), SYNC))
    show(wire.ask(query("")))
    show(wire.ask(query(" ; SELECT 1;; SELECT 2 ")))


def an_error_in_a_pipeline():
    wire = begun()
    show(wire.ask(parse("SELECT 1"), bind(), execute(), parse("SELECT 1/0"), bind(), execute(), parse("SELECT 2"), bind(), execute(), SYNC))
    show(wire.send(parse("SELECT 3"), bind(), execute(), SYNC, parse("SELECT no_such"), SYNC, query("SELECT 4")).until("Z") +
         wire.until("Z") + wire.until("Z"))
    show(wire.ask(query("BEGIN; SELECT 1/0; SELECT 5")))
    show(wire.ask(parse("SELECT 6"), bind(), execute(), SYNC))
    show(wire.ask(query("ROLLBACK")))


def very_many_pipelined_messages():
    wire = begun()
    count = 4000
    batch = b"".join((parse("SELECT $1::int4 + 1"), bind(values=[b"1"]), describe("P"), execute(), SYNC))
    sender = threading.Thread(target=lambda: wire.send(batch * count))
    sender.start()
    show_how_often(wire, count)
    sender.join()
    ones = b"".join(parse(f"SELECT {number}") + bind() + execute() for number in range(3000)) + SYNC
    sender = threading.Thread(target=lambda: wire.send(ones))
    sender.start()
    lines = wire.until("Z")
    sender.join()
    print(len(lines), lines[-3:])


def megabytes_behind_a_slow_statement():
    wire = begun()
    count = 12000
    many = query(f"SELECT length('{'x' * 2000}')") * count
    sender = threading.Thread(target=lambda: wire.send(query("SELECT pg_sleep(0.5)"), many))
    sender.start()
    show(wire.until("Z"))
    show_how_often(wire, count)
    sender.join()


def copy_in():
    wire = begun()
    show(wire.ask(query("CREATE TABLE taken (id int PRIMARY KEY, words text)")))
    show(wire.ask(query("COPY taken FROM STDIN"), copy_data(b"1\tone\n2\t"), copy_data(b"two\n"), COPY_DONE))
    show(wire.ask(query("COPY taken FROM STDIN"), copy_data(b"3\tthree\n"), copy_fail("no more of it")))
    show(wire.ask(query("COPY taken FROM STDIN"), copy_data(b"4\tfour\n"), copy_data(b"no number\n"), copy_data(b"5\tfive\n"), COPY_DONE))
    # Extended: the server ignores Sync and Flush while it copies.
    show(wire.send(parse("COPY taken FROM STDIN"), bind(), describe("P"), execute(), FLUSH).until("G"))
    show(wire.send(copy_data(b"6\tsix\n"), SYNC, FLUSH, copy_data(b"7\tseven\n"), COPY_DONE).ask(SYNC))
    show(wire.send(parse("COPY taken FROM STDIN"), bind(), execute(), SYNC).until("G"))
    show(wire.send(copy_data(b"1\tagain\n"), COPY_DONE).ask(SYNC))
    show(wire.ask(query("COPY no_such FROM STDIN")))
    show(wire.send(query("SELECT 'before'; COPY taken FROM STDIN; SELECT 'after'")).until("G"))
    show(wire.ask(copy_data(b"8\teight\n"), COPY_DONE))
    show(wire.ask(query("SELECT id FROM taken ORDER BY id")))
    show(wire.ask(query("DROP TABLE taken")))


def copy_out():
    wire = begun()
    show(wire.ask(query("COPY (SELECT i, 'x' FROM generate_series(1, 3) i) TO STDOUT")))
    show(wire.ask(query("COPY (SELECT 10 / (i - 3) FROM generate_series(1, 5) i) TO STDOUT")))  # fails in the middle
    show(wire.ask(query("COPY (SELECT 1) TO STDOUT (FORMAT binary)")))
    show(wire.ask(parse("COPY (SELECT 1) TO STDOUT"), bind(), execute(), SYNC))
    show(wire.ask(query("COPY (SELECT 1) TO STDOUT; SELECT 2")))
    show(wire.ask(query("SELECT 'goes on'")))


def terminate_in_the_middle():
    wire = begun()
    show(wire.ask(query("BEGIN")))
    show(wire.ask(query("INSERT INTO notes VALUES (901, 'never')")))
    wire.send(parse("SELECT 1"), bind(), execute(), TERMINATE)
    show(wire.at_end())
    wire = begun()
    show(wire.send(query("COPY notes FROM STDIN")).until("G"))
    wire.send(copy_data(b"902\tnever\n"), TERMINATE)
    show(wire.at_end())
    wire = begun()
    wire.send(query("SELECT pg_sleep(0.2)"), query("SELECT 'the answer'"), TERMINATE)
    show(wire.at_end())
    wire = begun()
    show(wire.ask(query("SELECT count(*) FROM notes WHERE id > 900")))


def function_calls():
    wire = begun()
    show(wire.ask(function_call(177, b"20", b"22")))  # int4pl
    show(wire.ask(function_call(177, b"\0\0\0\x14", b"\0\0\0\x16", binary=True)))
    show(wire.ask(function_call(177, b"20")))
    show(wire.ask(query("BEGIN")))
    show(wire.ask(query("SELECT 1/0")))
    show(wire.ask(function_call(177, b"20", b"22")))
    show(wire.ask(query("ROLLBACK")))


def large_objects():
    """As libpq and pgjdbc do them: by FunctionCall alone."""
    wire = begun()
    show(wire.ask(query("BEGIN")))
    wire.send(function_call(957, b"\0\x02\0\0", binary=True))  # lo_creat
    kind, made = wire.receive()
    print(kind, len(made), wire.until("Z"))
    oid = made[4:]
    show(wire.ask(function_call(952, oid, b"\0\x06\0\0", binary=True)))  # lo_open
    descriptor = b"\0\0\0\0"
    show(wire.ask(function_call(955, descriptor, b"\0\xffbytes", binary=True)))  # lowrite
    show(wire.ask(function_call(956, descriptor, b"\0\0\0\1", b"\0\0\0\0", binary=True)))  # lo_lseek
    show(wire.ask(function_call(954, descriptor, b"\0\0\0\x40", binary=True)))  # loread
    show(wire.ask(function_call(953, descriptor, binary=True)))  # lo_close
    show(wire.ask(function_call(964, oid, binary=True)))  # lo_unlink
    show(wire.ask(function_call(154, b"1", b"0")))  # int4div: fails, and the transaction with it
    show(wire.ask(query("SELECT 1")))
    show(wire.ask(query("COMMIT")))
    show(wire.ask(function_call(177, b"no", b"number")))
    show(wire.ask(function_call(870, b"MiXed")))  # lower: no collation comes with a call


def errors_of_every_phase():
    wire = begun()
    show(wire.ask(parse("SELECT $1::int"), bind(values=[b"no number"]), execute(), SYNC))
    show(wire.ask(parse("SELECT $1::int"), bind(values=[]), SYNC))
    show(wire.ask(parse("SELECT 1", types=[999999]), SYNC))
    show(wire.ask(parse("SELECT 1; SELECT 2"), SYNC))
    show(wire.ask(query("SELECT * FROM no_such_table")))
    show(wire.ask(query("SELECT 'x'::int")))
    show(wire.ask(query("CREATE TABLE notes (id int)")))
    show(wire.ask(query("INSERT INTO notes VALUES (1, 'again')")))


def notifications():
    wire, other = begun(), begun()
    show(wire.ask(query("LISTEN heard")))
    show(other.ask(query("NOTIFY heard, 'while idle'")))
    show(wire.until("A"))
    show(wire.ask(query("BEGIN; SELECT 1")))
    show(other.ask(query("NOTIFY heard, 'in a transaction'")))
    show(wire.ask(query("SELECT 2")))
    show(wire.send(query("COMMIT")).until("A") + wire.until("Z"))
    show(wire.send(query("NOTIFY heard")).until("A") + wire.until("Z"))
    show(wire.ask(query("UNLISTEN *")))


def parameter_reports():
    wire = begun()
    print(sorted(wire.parameters.items() - {("session_authorization", wire.parameters["session_authorization"]),
                                            ("is_superuser", wire.parameters["is_superuser"])}))
    show(wire.ask(query("SET client_encoding TO 'LATIN1'")))
    show(wire.ask(query("SELECT E'w\\u00f6rd', 'x'")))
    show(wire.ask(parse("SET TimeZone TO 'Asia/Tokyo'"), bind(), execute(), SYNC))
    show(wire.ask(query("BEGIN; SET application_name TO 'set in here'")))
    show(wire.ask(query("ROLLBACK")))
    show(wire.ask(query("RESET ALL")))


{name: member for name, member in list(globals().items()) if callable(member)}[sys.argv[1]]()
