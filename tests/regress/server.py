# SPDX-License-Identifier: Apache-2.0
"""The server under both runs: the same port, the same certificate and the same data at the beginning, so that what differs
between the runs is what stood between client and server."""
import pathlib
import shutil

from support.postgres import Postgres

HOME = pathlib.Path("/usr/local/lib/sluice-test-postgresql-15")


class SuiteServer(Postgres):
    # The suites make roles, databases and functions in C, and expect to own what initdb made.
    login = "postgres"

    def __init__(self, directory):
        super().__init__(directory)
        with open(self.data / "postgresql.auto.conf", "a") as settings:
            settings.write("log_statement = none\nlog_connections = off\nlog_disconnections = off\n")
        (self.data / "pg_hba.conf").write_text(
            f"local all all trust\nhostssl all {self.login} all scram-sha-256\nhostssl all all all trust\n")
        self.start(schema=None)
        self.sql(f"ALTER ROLE {self.login} PASSWORD '{self.password}'")
        self.saved = {}
        self.save("fresh")

    def save(self, name):
        """Stops the server and remembers its data."""
        self.stop()
        self.saved[name] = self.home / f"saved-{name}"
        self._as_postgres("cp", "-a", self.data, self.saved[name])

    def restore(self, name):
        self.stop()
        shutil.rmtree(self.data)
        self._as_postgres("cp", "-a", self.saved[name], self.data)

    def begin(self, name="fresh"):
        """Starts the server with the data that it had then."""
        self.restore(name)
        return self.start(schema=None)
