# SPDX-License-Identifier: Apache-2.0
"""psycopg2 inside a run: read, write, transaction. Prints what it got; argument: connection words."""
import socket
import sys

import psycopg2

connection = psycopg2.connect(sys.argv[1])
cursor = connection.cursor()
cursor.execute("SELECT name, ssn FROM customers WHERE id = %s", (1,))
print("row", *cursor.fetchone())
cursor.execute("INSERT INTO notes VALUES (%s, %s)", (int(sys.argv[2]), "from psycopg2"))
connection.rollback()
cursor.execute("SELECT count(*) FROM notes WHERE id = %s", (int(sys.argv[2]),))
print("after rollback", cursor.fetchone()[0])
cursor.execute("INSERT INTO notes VALUES (%s, %s)", (int(sys.argv[2]), "from psycopg2"))
connection.commit()
with socket.socket(fileno=connection.fileno()) as peer:
    print("peer", *peer.getpeername()[:2])
    peer.detach()
connection.close()
