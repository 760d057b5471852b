# SPDX-License-Identifier: Apache-2.0
"""Reads the one row of a table in both wire formats: DSN TABLE. Prints {"text": [...], "binary": [...]}, a cell in hex or null
for each column."""
import json
import sys

from psycopg import pq

connection = pq.PGconn.connect(sys.argv[1].encode())
cells = {}
for number, name in enumerate(("text", "binary")):
    result = connection.exec_params(f"SELECT * FROM {sys.argv[2]}".encode(), [], result_format=number)
    if result.status != pq.ExecStatus.TUPLES_OK or result.ntuples != 1:
        sys.exit(result.error_message.decode())
    values = [result.get_value(0, column) for column in range(result.nfields)]
    cells[name] = [None if value is None else value.hex() for value in values]
print(json.dumps(cells))
