# SPDX-License-Identifier: Apache-2.0
"""One PostgreSQL and one daemon for each test file; every test sees what a user sees."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.daemon import Daemon  # noqa: E402
from support.places import Place  # noqa: E402
from support.postgres import Postgres  # noqa: E402

POLICY = """\
version: 1
agents:
  reporter: {{ launchers: {{ users: [root] }} }}
  writer: {{ launchers: {{ users: [root] }} }}
resources:
  orders:
    protocol: postgres
    address: ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}"]
    upstream_tls: verify-full
    upstream_ca: {ca}
    login: {{ user: {login}, password_file: {secret} }}
    sensitive:
      - {{ column: public.customers.ssn, mask: redact }}
      - {{ column: "*.*.email", mask: partial }}
      - {{ detect: [credit_card], mask: redact }}
rules:
  - {{ name: reporter reads, agents: [reporter], resources: [orders], actions: [read, transaction, session], verdict: allow }}
  - name: changes need a person
    agents: [reporter]
    resources: [orders]
    actions: [insert, update, delete]
    verdict: hold
    approvers: {{ users: [root] }}
    timeout: {timeout}
  - name: new orders wait only a moment
    agents: [reporter]
    resources: [orders]
    actions: [insert]
    when: {{ tables: [public.orders] }}
    verdict: hold
    approvers: {{ users: [root], groups: [daemon], count: 2 }}
    timeout: 2s
  - name: writer writes
    agents: [writer]
    resources: [orders]
    actions: [read, insert, update, delete, ddl, session, transaction, call, copy_in, copy_out]
    verdict: allow
  - {{ name: never a whole table, actions: [update, delete], when: {{ unbounded: true }}, verdict: deny, message: name the rows }}
  - {{ name: never the host, actions: [host, grant, unknown], verdict: deny }}
"""


def policy_for(postgres, secret, timeout="2m", text=POLICY):
    return text.format(port=postgres.port, ca=postgres.ca, login=postgres.login, secret=secret, timeout=timeout)


@pytest.fixture(scope="module")
def place():
    place = Place()
    yield place
    place.close()


@pytest.fixture(scope="module")
def postgres(place):
    postgres = Postgres(place.dir)
    yield postgres.start()
    postgres.stop()


@pytest.fixture(scope="module")
def daemon(place, postgres):
    daemon = Daemon(place)
    daemon.policy(policy_for(postgres, daemon.secret("orders", postgres.password)))
    yield daemon.start()
    daemon.close()


@pytest.fixture
def target(postgres):
    """Connection words of the real server, with a user and a password that mean nothing."""
    return f"host=127.0.0.1 port={postgres.port} user=alice dbname=shop"
