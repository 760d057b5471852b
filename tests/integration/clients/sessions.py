# SPDX-License-Identifier: Apache-2.0
"""Opens so many PostgreSQL sessions, says so, and uses each of them again and again until its input ends. Prints how many
statements ran, and each failure."""
import select
import sys

import psycopg

words, count = sys.argv[1], int(sys.argv[2])
ran, failures = 0, []
sessions = [psycopg.connect(words, autocommit=True, connect_timeout=60) for _ in range(count)]
print("open", flush=True)
broken = set()
while not select.select([sys.stdin], [], [], 0.05)[0]:
    for number, session in enumerate(sessions):
        if number in broken:
            continue
        try:
            answer = session.execute("SELECT %s::int", (ran,)).fetchone()[0]
            if answer != ran:
                failures.append(f"session {number}: {answer} for {ran}")
            ran += 1
        except psycopg.Error as error:
            broken.add(number)
            failures.append(f"session {number}: {error}")
for session in sessions:
    session.close()
print(ran)
print("\n".join(failures))
