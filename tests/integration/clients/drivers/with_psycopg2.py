# SPDX-License-Identifier: Apache-2.0
"""psycopg2 in ordinary use. Where to connect stands in the environment; argument: a table of its own."""
import io
import select
import sys
import threading

import psycopg2
import psycopg2.extensions
import psycopg2.extras

table = sys.argv[1]
connection = psycopg2.connect("")
cursor = connection.cursor()
print("tls", connection.info.ssl_in_use, "encoding", connection.encoding)

cursor.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, words text, price numeric, at timestamptz, list int[], doc jsonb)")
psycopg2.extras.execute_values(cursor, f"INSERT INTO {table} (id, words, price, list, doc) VALUES %s",
                               [(i, f"wörd {i}", i / 4, [i, None], psycopg2.extras.Json({"n": i})) for i in range(1, 31)])
connection.commit()

with connection.cursor("scrolled", withhold=True) as named:
    named.itersize = 7
    named.execute(f"SELECT * FROM {table} ORDER BY id")
    print("server-side cursor", [row for row in named])
connection.commit()

cursor.execute("SAVEPOINT here")
try:
    cursor.execute(f"INSERT INTO {table} (id) VALUES (1)")
except psycopg2.Error as error:
    print("error", error.pgcode, error.diag.constraint_name, error.pgerror.strip())
    cursor.execute("ROLLBACK TO SAVEPOINT here")
cursor.execute(f"UPDATE {table} SET words = upper(words) WHERE id BETWEEN %s AND %s RETURNING id, words", (3, 5))
print("returning", cursor.rowcount, cursor.fetchall(), cursor.statusmessage)
connection.rollback()
try:
    cursor.execute("SELECT 1 / 0")
except psycopg2.Error as error:
    print("error", error.pgcode, error.diag.message_primary)
try:
    cursor.execute("SELECT 1")
except psycopg2.Error as error:
    print("aborted", error.pgcode)
connection.rollback()

cursor.execute("""SELECT 1::int2, 2::int8, 1.5::float4, 'NaN'::float8, 12.340::numeric, true, NULL::text, 'x'::char(3),
    '\\x00ff'::bytea, '2026-01-02'::date, '03:04:05.678'::time, '2026-01-02 03:04:05+00'::timestamptz, '1 day 2 hours'::interval,
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '{"a": [1]}'::json, ARRAY['a', NULL, 'c,d'], '10.0.0.1/8'::inet,
    int4range(1, 5), E'q"''\\\\'""")
row = list(cursor.fetchone())
row[8] = bytes(row[8])
print("types", row, [column.type_code for column in cursor.description])

out = io.StringIO()
cursor.copy_expert(f"COPY (SELECT id, words, list FROM {table} ORDER BY id LIMIT 4) TO STDOUT WITH CSV HEADER", out)
print("copy out", out.getvalue())
cursor.copy_expert(f"COPY {table} (id, words) FROM STDIN", io.StringIO("".join(f"{i}\tcopied {i}\n" for i in range(100, 5100))))
print("copy in", cursor.rowcount)
try:
    cursor.copy_expert(f"COPY {table} (id, words) FROM STDIN", io.StringIO("no number\tx\n"))
except psycopg2.Error as error:
    print("copy in fails", error.pgcode, error.pgerror.strip())
connection.rollback()

cursor.execute("SELECT i, repeat(chr(97 + i % 26), 100) FROM generate_series(1, 100000) i")
rows = cursor.fetchall()
print("large", len(rows), sum(row[0] for row in rows), rows[-1])
connection.rollback()

connection.set_session(isolation_level="SERIALIZABLE", readonly=True)
cursor.execute("SHOW transaction_isolation")
print("isolation", cursor.fetchone(), connection.get_parameter_status("standard_conforming_strings"))
try:
    cursor.execute(f"DELETE FROM {table} WHERE id = 1")
except psycopg2.Error as error:
    print("read only", error.pgcode)
connection.rollback()
connection.set_session(isolation_level="READ COMMITTED", readonly=False, autocommit=True)

cursor.execute("DROP TABLE IF EXISTS there_is_no_such_table")
print("notices", [notice.strip() for notice in connection.notices])
cursor.execute(f"LISTEN {table}")
cursor.execute(f"NOTIFY {table}, 'a payload'")
while not connection.notifies:
    select.select([connection], [], [], 10)
    connection.poll()
print("notify", [(n.channel, n.payload, n.pid == connection.info.backend_pid) for n in connection.notifies])

finished = threading.Event()


def cancel():
    while not finished.wait(0.1):
        connection.cancel()


canceller = threading.Thread(target=cancel)
canceller.start()
try:
    cursor.execute("SELECT pg_sleep(60)")
except psycopg2.Error as error:
    print("cancelled", error.pgcode, error.pgerror.strip())
finally:
    finished.set()
    canceller.join()
connection.set_client_encoding("LATIN1")
cursor.execute(f"SELECT words FROM {table} WHERE id = 2")
print("latin1", cursor.fetchone(), connection.encoding)
cursor.execute(f"DROP TABLE {table}")
connection.close()
