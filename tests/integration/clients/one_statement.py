# SPDX-License-Identifier: Apache-2.0
"""One statement inside a run, in one form of the protocol, and what the connection is good for afterwards, as JSON.

Arguments: connection words, form (simple, extended, pipelined, parameters, twice), outside|inside a transaction,
the statement, parameters. SIGUSR1 cancels, as Ctrl-C does in psql.
"""
import json
import signal
import sys
import threading

import psycopg
from psycopg import pq

words, form, where, statement, *parameters = sys.argv[1:]
connection = psycopg.connect(words, autocommit=True)
notices = []
connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
# Cancelling blocks until the server has taken it; a thread keeps the wait for the result alive meanwhile.
signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=connection.cancel).start())


def run():
    cursor = connection.cursor()
    if form == "simple":
        cursor.execute(statement)  # without parameters psycopg sends a Query message
    elif form == "twice":
        cursor.execute(statement)
        cursor.execute(statement)
    elif form == "parameters":
        cursor.execute(statement, parameters)
    elif form == "extended":
        cursor.execute(statement, (), prepare=True)
    elif form == "pipelined":
        with connection.pipeline():
            connection.execute("SELECT 'before'")
            cursor.execute(statement)
            cursor.fetchall() if cursor.description else None
    return cursor


result = {"sqlstate": None, "message": "", "rows": None, "tag": None, "next_in_transaction": None}
if where == "inside":
    connection.execute("BEGIN")
    connection.execute("SELECT 'first'")
try:
    cursor = run()
    result["tag"] = cursor.statusmessage
    if cursor.description:
        result["rows"] = cursor.fetchall()
except psycopg.Error as error:
    result["sqlstate"] = error.sqlstate
    result["message"] = error.diag.message_primary or str(error)
result["status_after"] = pq.TransactionStatus(connection.pgconn.transaction_status).name
if where == "inside":
    try:
        connection.execute("SELECT 'in the same transaction'")
    except psycopg.Error as error:
        result["next_in_transaction"] = error.sqlstate
    connection.execute("ROLLBACK" if result["sqlstate"] else "COMMIT")
result["works_after"] = connection.execute("SELECT 1").fetchone()[0]
result["notices"] = notices
print(json.dumps(result))
