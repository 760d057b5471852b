# SPDX-License-Identifier: Apache-2.0
"""pg8000 in ordinary use: no libpq, every statement prepared under a name. Argument: a table of its own."""
import datetime
import decimal
import io
import os
import sys
import uuid
import warnings

import pg8000

warnings.simplefilter("ignore", DeprecationWarning)
table = sys.argv[1]
where = os.environ["PGHOST"]
words = {"unix_sock": f"{where}/.s.PGSQL.{os.environ['PGPORT']}"} if where.startswith("/") else \
    {"host": where, "port": int(os.environ["PGPORT"]), "ssl": True}
connection = pg8000.connect(user=os.environ["PGUSER"], database=os.environ["PGDATABASE"], password=os.environ["PGPASSWORD"], **words)
cursor = connection.cursor()
cursor.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, words text, price numeric, list int[])")
connection.commit()
cursor.executemany(f"INSERT INTO {table} VALUES (%s, %s, %s, %s)",
                   [(i, f"wörd {i}", decimal.Decimal(i) / 4, [i, i + 1]) for i in range(1, 31)])
connection.commit()
cursor.execute(f"SELECT * FROM {table} WHERE id < %s ORDER BY id", (4,))
print("rows", cursor.fetchall(), [column[:2] for column in cursor.description])
cursor.execute(f"SELECT id FROM {table} ORDER BY id")
print("cursor", cursor.fetchmany(5), cursor.fetchone(), sum(row[0] for row in cursor))
cursor.execute("""SELECT 1::int2, 2::int8, 1.5::float4, 2.25::float8, 12.340::numeric, true, NULL::text, %s::bytea, %s::date,
    '03:04:05'::time, '2026-01-02 03:04:05+00'::timestamptz, %s::uuid, ARRAY['a', 'c,d'], '{"a": 1}'::jsonb""",
               (b"\0\xff", datetime.date(2026, 1, 2), uuid.UUID(int=7)))
print("types", [str(value) for value in cursor.fetchone()])
for statement, arguments in ((f"INSERT INTO {table} (id) VALUES (%s)", (1,)), ("SELECT 1 / %s::int", (0,)), ("SELECT 1", ())):
    try:
        cursor.execute(statement, arguments)
    except pg8000.Error as error:
        print("error", error.args[0] if isinstance(error.args[0], dict) else error.args[:4])
connection.rollback()
cursor.execute("SAVEPOINT here")
cursor.execute(f"DELETE FROM {table} WHERE id > 3")
cursor.execute("ROLLBACK TO SAVEPOINT here")
cursor.execute(f"SELECT count(*) FROM {table}")
print("savepoint", cursor.fetchone())
cursor.execute(f"COPY {table} (id, words) FROM STDIN", stream=io.BytesIO(b"".join(b"%d\tcopied\n" % i for i in range(100, 3100))))
out = io.BytesIO()
cursor.execute(f"COPY (SELECT id, words FROM {table} ORDER BY id DESC LIMIT 3) TO STDOUT WITH CSV", stream=out)
print("copy", out.getvalue())
connection.commit()
cursor.execute("SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i")
rows = cursor.fetchall()
print("large", len(rows), sum(row[0] for row in rows))
connection.rollback()
connection.autocommit = True
cursor.execute(f"LISTEN {table}")
cursor.execute(f"NOTIFY {table}, 'a payload'")
cursor.execute("SELECT 1")
print("notify", [notification[1:] for notification in connection.notifies])
cursor.execute(f"DROP TABLE {table}")
connection.close()
