# SPDX-License-Identifier: Apache-2.0
"""Statements by sqlsmith (https://github.com/anse1/sqlsmith): large queries and changes at random, with PostgreSQL's functions
and those of the database."""
import re
import subprocess

BATCH = 500
# What it may know of: the masked table, what is made of it, and some others. It asks for what it has rights on.
TABLES = "people, contacts, shouted, orders, notes, holders, other.people"
ROLE = f"CREATE ROLE sqlsmith; GRANT USAGE ON SCHEMA other TO sqlsmith; GRANT ALL ON {TABLES} TO sqlsmith"

# What answers otherwise in another database, connection or moment.
TELLS_WHERE = re.compile(r"current_(?:database|catalog|query)|pg_(?:stat|ls|wal|backend|database|relation|conf|control|postmaster|current_)\w*|"
                         r"inet_(?:client|server)\w*|txid_\w+|\w*(?:timestamp|random|snapshot|lsn|size|_time|uuid)\w*|now|version|tablesample", re.I)


class Sqlsmith:
    def __init__(self, world, seed):
        world.ask_direct(ROLE)
        self.target = f"host={world.postgres.home} port={world.postgres.port} user=postgres dbname=shop options=-crole=sqlsmith"
        self.seed, self.batch, self.statements = seed, None, []

    def statement(self, number):
        """Always the same for one seed, number and schema."""
        batch, place = divmod(number, BATCH)
        if batch != self.batch:
            self.batch, self.statements = batch, self._made((self.seed * 1009 + batch) % 2 ** 31)
        return self.statements[place]

    def _made(self, seed):
        done = subprocess.run(["sqlsmith", f"--target={self.target}", "--dry-run", "--exclude-catalog", f"--seed={seed}",
                               f"--max-queries={BATCH}"], capture_output=True, text=True, timeout=300)
        # A statement ends where a line does, and no string that it writes has a semicolon.
        statements = [text.strip() for text in done.stdout.split(";\n") if text.strip()]
        if done.returncode != 0 or len(statements) != BATCH:
            raise RuntimeError(f"sqlsmith made {len(statements)} statements of {BATCH}:\n{done.stderr[-2000:]}")
        return statements
