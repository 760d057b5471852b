# SPDX-License-Identifier: Apache-2.0
"""Writes marked statements as fast as it can, connecting anew whenever the connection goes. Ends by SIGTERM or after
ten minutes."""
import sys
import time

import psycopg

words, number = sys.argv[1:]
count = 0
end = time.monotonic() + 600
while time.monotonic() < end:
    try:
        with psycopg.connect(words, autocommit=True, connect_timeout=5) as connection:
            while time.monotonic() < end:
                count += 1
                mark = f"mark-{number}-{count}"
                if count % 2:
                    connection.execute(f"UPDATE notes SET body = '{mark}' WHERE id = {number}")
                else:
                    connection.execute("UPDATE notes SET body = %s WHERE id = %s", (mark, int(number)))
    except psycopg.Error:
        time.sleep(0.01)
