# SPDX-License-Identifier: Apache-2.0
"""asyncpg in ordinary use: all results are binary, all statements prepared. Argument: a table of its own."""
import asyncio
import datetime
import decimal
import io
import sys
import uuid

import asyncpg

table = sys.argv[1]


async def main():
    connection = await asyncpg.connect()
    print("tls", connection._transport.get_extra_info("ssl_object") is not None, connection.get_settings().client_encoding)
    await connection.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, words text, price numeric, at timestamptz, list int[])")
    await connection.executemany(f"INSERT INTO {table} VALUES ($1, $2, $3, $4, $5)", [
        (i, f"wörd {i}", decimal.Decimal(i) / 4, datetime.datetime(2026, 1, 1, i % 24, tzinfo=datetime.timezone.utc), [i, None])
        for i in range(1, 101)])
    print("rows", await connection.fetch(f"SELECT * FROM {table} WHERE id < $1 ORDER BY id", 6))
    print("value", await connection.fetchval(f"SELECT count(*) FROM {table}"))
    row = await connection.fetchrow(
        """SELECT 1::int2, 2::int8, 1.5::float4, '-Infinity'::float8, 12.340::numeric, true, NULL::text, 'x'::char(3), $1::bytea,
        $2::date, '03:04:05.678'::time, $3::interval, $4::uuid, $5::text::jsonb, ARRAY['a', NULL, 'c,d'], $6::int[],
        '10.0.0.1'::inet, int4range(1, 5), (1, 'x'::text)""",
        b"\0\xff", datetime.date(2026, 1, 2), datetime.timedelta(days=1, hours=2), uuid.UUID(int=7), '{"a": 1}', [[1, 2], [3, 4]])
    print("types", row)
    await connection.execute(f"CREATE TYPE {table}_mood AS ENUM ('glad', 'sad'); "
                             f"CREATE TABLE {table}_typed (mood {table}_mood, pair {table})")
    await connection.execute(f"INSERT INTO {table}_typed VALUES ($1, (1, 'in a row', 2, NULL, NULL))", "glad")
    print("own types", await connection.fetch(f"SELECT mood FROM {table}_typed"))
    statement = await connection.prepare(f"SELECT words FROM {table} WHERE id = $1")
    print("prepared", [await statement.fetchval(i) for i in (1, 2, 3)], statement.get_parameters(), statement.get_attributes())
    try:
        async with connection.transaction():
            await connection.execute(f"INSERT INTO {table} (id) VALUES (200)")
            try:
                async with connection.transaction():
                    await connection.execute(f"INSERT INTO {table} (id) VALUES (1)")
            except asyncpg.UniqueViolationError as error:
                print("error", error.sqlstate, error.constraint_name, error.detail)
            print("in transaction", await connection.fetchval(f"SELECT count(*) FROM {table}"))
            await connection.execute("SELECT 1 / 0")
    except asyncpg.DivisionByZeroError as error:
        print("error", error.sqlstate, error)
    print("rolled back", await connection.fetchval(f"SELECT count(*) FROM {table}"))
    async with connection.transaction():
        print("cursor", sum([row["id"] async for row in connection.cursor(f"SELECT id FROM {table} ORDER BY id", prefetch=9)]))
        cursor = await connection.cursor(f"SELECT id FROM {table} ORDER BY id")
        await cursor.forward(10)
        print("cursor moved", await cursor.fetch(3), await cursor.fetchrow())
    records = [(1000 + i, f"copied {i}", decimal.Decimal("1.5"), None, None) for i in range(2000)]
    print("copy in", await connection.copy_records_to_table(table, records=records))
    out = io.BytesIO()
    print("copy out", await connection.copy_from_query(f"SELECT id, words FROM {table} WHERE id < $1 ORDER BY id", 4, output=out,
                                                       format="csv", header=True), out.getvalue())
    out = io.BytesIO()
    await connection.copy_from_table(table, columns=["id"], output=out, format="binary")
    print("copy out binary", len(out.getvalue()))
    rows = await connection.fetch("SELECT i, repeat('x', 1000) AS x FROM generate_series(1, 20000) i")
    print("large", len(rows), sum(row["i"] for row in rows))
    heard = asyncio.Queue()

    def hears(_, pid, channel, payload):
        heard.put_nowait((pid == connection.get_server_pid(), channel, payload))
    await connection.add_listener(table, hears)
    await connection.execute(f"NOTIFY {table}, 'a payload'")
    print("notify", await asyncio.wait_for(heard.get(), 20))
    await connection.remove_listener(table, hears)
    try:
        await connection.fetch("SELECT pg_sleep(60)", timeout=0.3)
    except asyncio.TimeoutError:
        print("timed out, which cancels;", await connection.fetchval("SELECT 'goes on'"))
    await connection.reset()
    await connection.execute(f"DROP TABLE {table}_typed; DROP TABLE {table}; DROP TYPE {table}_mood")
    await connection.close()
    async with asyncpg.create_pool(min_size=3, max_size=3) as pool:
        print("pool", sorted(await asyncio.gather(*(pool.fetchval("SELECT $1::int", i) for i in range(12)))))


asyncio.run(main())
