# SPDX-License-Identifier: Apache-2.0
"""psycopg 3 inside a run: binary results, server-side prepared statements, pipelines."""
import sys

import psycopg

with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    with connection.cursor(binary=True) as cursor:
        cursor.execute("SELECT id, name, email, ssn FROM customers WHERE id = %s", (2,))
        print("row", *cursor.fetchone())
    for customer in (1, 2, 1):
        row = connection.execute("SELECT name, ssn FROM customers WHERE id = %s", (customer,), prepare=True).fetchone()
        print("prepared", *row)
    with connection.pipeline():
        first = connection.execute("INSERT INTO notes VALUES (%s, %s)", (int(sys.argv[2]), "from psycopg 3"))
        second = connection.execute("SELECT body FROM notes WHERE id = %s", (int(sys.argv[2]),))
    print("pipeline", first.rowcount, *second.fetchone())
    with connection.transaction():
        connection.execute("UPDATE notes SET body = 'changed' WHERE id = %s", (int(sys.argv[2]),))
    print("transaction", *connection.execute("SELECT body FROM notes WHERE id = %s", (int(sys.argv[2]),)).fetchone())
    with connection.transaction(), connection.cursor(name="by_cursor") as cursor:
        cursor.execute("SELECT ssn FROM customers ORDER BY id")
        print("cursor", *[row[0] for row in cursor])
