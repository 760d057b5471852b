# SPDX-License-Identifier: Apache-2.0
"""Every text that the regression suite sends, as the server's log has it, by session, in the order in which they came."""
import csv
import re

# A row of PostgreSQL's csvlog.
USER, DATABASE, PID, SESSION, MESSAGE, APPLICATION = 1, 2, 3, 5, 13, 22


class Session:
    def __init__(self, user, database, test):
        self.user, self.database, self.test = user, database, test
        self.texts = []


def sessions_of(log_files):
    """Of those that a test began; what pg_regress itself asks is none of them."""
    csv.field_size_limit(1 << 27)
    sessions = {}
    for file in sorted(log_files):
        with open(file, encoding="utf-8", errors="surrogateescape", newline="") as rows:
            for row in csv.reader(rows):
                said = re.match(r"statement: ", row[MESSAGE])
                if not said:
                    continue
                test = row[APPLICATION].removeprefix("pg_regress/")
                session = sessions.setdefault(row[SESSION], Session(row[USER], row[DATABASE], test))
                session.texts.append(row[MESSAGE][said.end():])
    return list(sessions.values())
