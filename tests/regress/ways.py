# SPDX-License-Identifier: Apache-2.0
"""The two ways to the server: direct, and as an agent through Sluice. Both as the user postgres, with TLS and verify-full."""
import os
import subprocess

from support.daemon import BUILD, Daemon

POLICY = """\
version: 1
agents:
  suite: {{ launchers: {{ users: [root] }} }}
resources:
  database:
    protocol: postgres
    address: ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}"]
    upstream_tls: verify-full
    upstream_ca: {ca}
    login: {{ user: {login}, password_file: {secret} }}
rules:
  - {{ name: everything, agents: [suite], resources: [database], actions: any, verdict: allow }}
"""


class Direct:
    name = "direct"

    def __init__(self, server):
        self.server = server

    def words(self, command):
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]

    def environment(self):
        server = self.server
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        return {**environment, "PGHOST": "localhost", "PGPORT": str(server.port), "PGUSER": server.login, "PGSSLMODE": "verify-full",
                "PGSSLROOTCERT": str(server.ca), "PGPASSWORD": server.password, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}

    def run(self, *command, **options):
        return subprocess.run(self.words(map(str, command)), env=self.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, errors="replace", **options)


class ThroughSluice(Direct):
    name = "sluice"

    def __init__(self, server, place):
        super().__init__(server)
        self.daemon = Daemon(place)
        self.daemon.policy(POLICY.format(port=server.port, ca=server.ca, login=server.login,
                                         secret=self.daemon.secret("database", server.password)))
        self.daemon.start()

    def words(self, command):
        return [str(BUILD / "sluice"), "run", "--agent", "suite", "--user", "postgres", "--", *command]

    def environment(self):
        # `sluice run` brings the CA that the agent trusts; the password means nothing.
        environment = {**super().environment(), "SLUICE_CONFIG": str(self.daemon.config), "PGPASSWORD": "made-up"}
        del environment["PGSSLROOTCERT"]
        return environment

    def close(self):
        self.daemon.close()
