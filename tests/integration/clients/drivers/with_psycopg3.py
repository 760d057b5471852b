# SPDX-License-Identifier: Apache-2.0
"""psycopg 3 in ordinary use, sync, async and pipelined. Where to connect stands in the environment; argument: a table."""
import asyncio
import logging
import sys
import threading

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

table = sys.argv[1]
logging.disable(logging.WARNING)  # whether it logs an aborted pipeline depends on what was read by then


def types(connection, binary):
    cursor = connection.cursor(binary=binary)
    cursor.execute("""SELECT 1::int2, 2::int8, 1.5::float4, 'NaN'::float8, 12.340::numeric, true, NULL::text, 'x'::char(3),
        '\\x00ff'::bytea, '2026-01-02'::date, '03:04:05.678'::time, '2026-01-02 03:04:05+00'::timestamptz,
        '1 day 2 hours'::interval, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '{"a": [1]}'::jsonb,
        ARRAY['a', NULL, 'c,d'], ARRAY[[1, 2], [3, 4]], '10.0.0.1'::inet, int4range(1, 5), %s::text, %s::int[], %s::bytea""",
                   ("wörd", [1, None, 3], b"\0\xff"))
    print("types", "binary" if binary else "text", cursor.fetchone(), [column.type_code for column in cursor.description])


def sync():
    with psycopg.connect("", autocommit=True) as connection:
        print("tls", connection.pgconn.ssl_in_use, connection.info.encoding)
        connection.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, words text, doc jsonb)")
        types(connection, False)
        types(connection, True)
        with connection.transaction():
            connection.cursor().executemany(f"INSERT INTO {table} VALUES (%s, %s, %s)",
                                            [(i, f"word {i}", Jsonb({"n": i})) for i in range(1, 51)])
            try:
                with connection.transaction():
                    connection.execute(f"INSERT INTO {table} VALUES (1, 'again', NULL)")
            except psycopg.Error as error:
                print("error", error.sqlstate, error.diag.constraint_name, error.diag.message_detail)
        for number in range(8):  # the sixth is prepared on the server
            row = connection.execute(f"SELECT id, words, doc FROM {table} WHERE id = %s", (number + 1,)).fetchone()
            print("prepared", row)
        with connection.transaction(), connection.cursor(name="scrolled", row_factory=dict_row, scrollable=True) as cursor:
            cursor.execute(f"SELECT id, words FROM {table} ORDER BY id")
            print("cursor", cursor.fetchmany(3), cursor.fetchone())
            cursor.scroll(-2)
            print("scrolled", cursor.fetchmany(2))
        with connection.transaction(), connection.cursor(name="binary_cursor", binary=True) as cursor:
            cursor.itersize = 11
            cursor.execute(f"SELECT id, doc FROM {table} WHERE id > %s ORDER BY id", (20,))
            print("binary cursor", [row[0] for row in cursor])
        for format in ("text", "binary"):
            with connection.cursor().copy(f"COPY {table} (id, words) FROM STDIN (FORMAT {format})") as copy:
                copy.set_types(["int4", "text"])
                for number in range(500):
                    copy.write_row((1000 + 1000 * (format == "binary") + number, f"copied {number}"))
            with connection.cursor().copy(f"COPY (SELECT id, words FROM {table} ORDER BY id DESC LIMIT 3) TO STDOUT "
                                          f"(FORMAT {format})") as copy:
                copy.set_types(["int4", "text"])
                print("copy", format, list(copy.rows()))
        try:
            with connection.cursor().copy(f"COPY {table} (id) FROM STDIN") as copy:
                copy.write_row((1,))
                raise RuntimeError("thought better of it")
        except Exception as error:
            print("copy given up", type(error).__name__, connection.info.transaction_status.name)
        rows = connection.execute("SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i", binary=True).fetchall()
        print("large", len(rows), sum(row[0] for row in rows))
        print("streamed", sum(row[0] for row in connection.cursor().stream("SELECT generate_series(1, 5000)")))
        connection.add_notify_handler(lambda heard: print("notify", heard.channel, heard.payload,
                                                          heard.pid == connection.info.backend_pid))
        connection.execute(f"LISTEN {table}")
        connection.execute("SELECT pg_notify(%s, %s)", (table, "a payload"))
        finished = threading.Event()

        def cancel():
            while not finished.wait(0.1):
                connection.cancel()
        canceller = threading.Thread(target=cancel)
        canceller.start()
        try:
            connection.execute("SELECT pg_sleep(60)")
        except psycopg.Error as error:
            print("cancelled", error.sqlstate, error)
        finally:
            finished.set()
            canceller.join()
        pipelined(connection)


def pipelined(connection):
    with connection.pipeline():
        cursors = [connection.execute("SELECT %s::int * 2, %s::text", (number, "x" * number)) for number in range(300)]
        print("pipeline", sum(cursor.fetchone()[0] for cursor in cursors))
    try:
        with connection.pipeline():
            connection.execute(f"INSERT INTO {table} VALUES (7001, 'gone', NULL)")
            connection.execute("SELECT 1 / 0")
            connection.execute("SELECT 'skipped'")
    except psycopg.Error as error:
        print("pipeline error", error.sqlstate)
    try:
        with connection.pipeline(), connection.transaction():
            connection.execute(f"INSERT INTO {table} VALUES (7002, 'gone', NULL)")
            connection.execute(f"INSERT INTO {table} VALUES (7002, 'twice', NULL)").fetchall()
    except psycopg.Error as error:
        print("pipeline transaction", error.sqlstate)
    with connection.pipeline(), connection.transaction():
        connection.execute(f"INSERT INTO {table} VALUES (7003, 'kept', NULL)")
    print("kept", connection.execute(f"SELECT id FROM {table} WHERE id > 7000 ORDER BY id").fetchall())


async def asynchronous():
    async with await psycopg.AsyncConnection.connect("", autocommit=True) as connection:
        rows = await (await connection.execute(f"SELECT count(*), sum(id) FROM {table}")).fetchone()
        print("async", rows)
        async with connection.transaction():
            cursor = connection.cursor(name="async_cursor")
            await cursor.execute("SELECT generate_series(1, 100)")
            print("async cursor", sum([row[0] async for row in cursor]))
        async with connection.pipeline():
            cursors = [await connection.execute("SELECT %s", (number,)) for number in range(20)]
            print("async pipeline", [(await cursor.fetchone())[0] for cursor in cursors])
        async with connection.cursor().copy(f"COPY (SELECT id FROM {table} ORDER BY id LIMIT 5) TO STDOUT") as copy:
            print("async copy", b"".join([bytes(block) async for block in copy]))
        await connection.execute(f"DROP TABLE {table}")


sync()
asyncio.run(asynchronous())
