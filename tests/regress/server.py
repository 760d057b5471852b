# SPDX-License-Identifier: Apache-2.0
"""The server under both runs: the same port, the same certificate and the same fresh data each time, so that what differs
between the runs is what stood between client and server."""
import pathlib
import shutil

from support.postgres import Postgres

HOME = pathlib.Path("/usr/local/lib/sluice-test-postgresql-15")


class SuiteServer(Postgres):
    # The suites make roles, databases and functions in C; they are for a superuser.
    login = "suite"

    def __init__(self, directory):
        super().__init__(directory)
        with open(self.data / "postgresql.auto.conf", "a") as settings:
            settings.write("log_statement = none\nlog_connections = off\nlog_disconnections = off\nmax_prepared_transactions = 0\n")
        with open(self.data / "pg_hba.conf", "w") as rules:
            rules.write(f"local all postgres trust\nhostssl all {self.login} all scram-sha-256\nhostssl all all all trust\n")
        self.start(schema=None)
        self.sql(f"CREATE ROLE {self.login} SUPERUSER LOGIN PASSWORD '{self.password}'")
        self.stop()
        self.fresh = self.home / "fresh"
        self._as_postgres("cp", "-a", self.data, self.fresh)

    def begin(self):
        """Starts the server with the data it had at first."""
        self.stop()
        shutil.rmtree(self.data)
        self._as_postgres("cp", "-a", self.fresh, self.data)
        return self.start(schema=None)
