# SPDX-License-Identifier: Apache-2.0
"""One server as two resources: `localhost` has sensitive columns and detectors, so that rows are read; 127.0.0.2 has neither,
and passes them as they come. In both the agent `writer` may do what programs do."""
import pytest

from conftest import policy_for
from support.daemon import Daemon
from support.postgres import Postgres

HOSTS = ["localhost", "127.0.0.2"]
PLAIN = """  plain:
    protocol: postgres
    address: ["127.0.0.2:{port}"]
    upstream_tls: verify-ca
    upstream_ca: {ca}
    login: {{ user: {login}, password_file: {secret} }}
rules:
  - name: plain is open
    agents: [writer]
    resources: [plain]
    actions: [read, insert, update, delete, ddl, session, transaction, call, copy_in, copy_out]
    verdict: allow
"""


@pytest.fixture(scope="module")
def postgres(place):
    postgres = Postgres(place.dir, listen="127.0.0.1,127.0.0.2,::1")
    yield postgres.start()
    postgres.stop()


@pytest.fixture(scope="module")
def daemon(place, postgres):
    daemon = Daemon(place)
    secret = daemon.secret("orders", postgres.password)
    plain = PLAIN.format(port=postgres.port, ca=postgres.ca, login=postgres.login, secret=secret)
    daemon.policy(policy_for(postgres, secret).replace("rules:\n", plain, 1))
    postgres.sql(f"GRANT CREATE ON DATABASE shop TO {postgres.login}")
    yield daemon.start()
    daemon.close()
