# SPDX-License-Identifier: Apache-2.0
"""An upstream that is wrong, or a secret that is: the agent is refused, the reason is said where the operator looks."""
import contextlib
import os
import socket
import subprocess
import threading

import pytest

from support.daemon import Daemon
from support.places import wait_for


class Fake:
    """A server on loopback; `talk(peer)` has each connection, `heard` everything that peers sent."""

    def __init__(self, talk, address="127.0.0.1"):
        self.talk = talk
        self.heard = []
        self.server = socket.create_server((address, 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(peer,), daemon=True).start()

    def _one(self, peer):
        with peer, contextlib.suppress(OSError):
            peer.settimeout(20)
            self.talk(self, peer)

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.server.close()


def without_tls(fake, peer):
    """Says no to TLS and keeps what comes after that."""
    while data := peer.recv(65536):
        fake.heard.append(data)
        peer.sendall(b"N" if len(data) == 8 else b"")


def forward_to(port):
    """A relay to the real server: for a name or an address that its certificate does not have."""
    def talk(_, peer):
        with socket.create_connection(("127.0.0.1", port)) as server:
            def back():
                with contextlib.suppress(OSError):
                    while data := server.recv(65536):
                        peer.sendall(data)
                    peer.shutdown(socket.SHUT_WR)
            thread = threading.Thread(target=back, daemon=True)
            thread.start()
            with contextlib.suppress(OSError):
                while data := peer.recv(65536):
                    server.sendall(data)
                server.shutdown(socket.SHUT_WR)
            thread.join()
    return talk


@pytest.fixture(scope="module")
def fakes(postgres):
    fakes = {name: Fake(forward_to(postgres.port)) for name in
             ("wrong_password", "other_ca", "secret_missing", "secret_readable", "secret_of_another")}
    fakes["no_tls"] = Fake(without_tls)
    fakes["other_name"] = Fake(forward_to(postgres.port), "127.0.0.2")
    yield fakes
    for fake in fakes.values():
        fake.close()


@pytest.fixture(scope="module")
def daemon(place, postgres, fakes):
    daemon = Daemon(place)
    other_ca = place.dir / "other-ca.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=another CA", "-keyout", "/dev/null", "-out", str(other_ca)], check=True, capture_output=True)
    other_ca.chmod(0o644)
    good = daemon.secret("good", postgres.password)
    wrong = daemon.secret("wrong", "not-the-password-5c1")
    missing, readable, another = (daemon.secret(name, postgres.password) for name in ("missing", "readable", "another"))
    of = {"wrong_password": (wrong, postgres.ca), "other_ca": (good, other_ca),
          "secret_missing": (missing, postgres.ca), "secret_readable": (readable, postgres.ca),
          "secret_of_another": (another, postgres.ca)}
    resources = ""
    for name, fake in fakes.items():
        secret, ca = of.get(name, (good, postgres.ca))
        host = fake.server.getsockname()[0]
        resources += f"""
  {name}:
    protocol: postgres
    address: ["{host}:{fake.port}"]
    upstream_tls: verify-full
    upstream_ca: {ca}
    login: {{ user: {postgres.login}, password_file: {secret} }}"""
    daemon.policy(f"""
version: 1
agents: {{ reporter: {{ launchers: {{ users: [root] }} }} }}
resources:{resources}
  nowhere:
    protocol: postgres
    address: ["nowhere.invalid:5432"]
    upstream_tls: disable
    login: {{ user: x, password_file: {good} }}
rules:
  - {{ name: all, agents: [reporter], actions: any, verdict: allow }}
""")
    daemon.start()
    # A start refuses such secrets; these become wrong while the daemon runs.
    missing.unlink()
    readable.chmod(0o644)
    os.chown(another, 65534, 65534)
    yield daemon
    daemon.close()


def ask(daemon, fake):
    return daemon.run("reporter", "psql", "-X", "-At",
                      f"host={fake.server.getsockname()[0]} port={fake.port} user=alice dbname=shop sslmode=disable",
                      "-c", "SELECT 'was served'")


def said_of(daemon, resource):
    """What the operator finds: the daemon's log and the session's recording."""
    text = daemon.log_text()
    for row in daemon.json("sessions")["sessions"]:
        if row["resource"] == resource:
            text += daemon.sluice("replay", row["session"]).stdout
    return text


@pytest.mark.parametrize("resource, words", [
    ("wrong_password", ["password authentication failed"]),
    ("other_ca", ["the upstream's certificate is not trusted"]),
    ("other_name", ["the upstream's certificate is not for '127.0.0.2'"]),
    ("no_tls", ["the server does not offer TLS, and upstream_tls asks for it"]),
    ("secret_missing", ["connection refused:", "secrets/missing", "No such file"]),
    ("secret_readable", ["secrets/readable' has mode 0644", "chmod 600"]),
    ("secret_of_another", ["secrets/another' belongs to uid 65534", "chown root"]),
])
def test_the_agent_is_refused_and_the_operator_told(daemon, fakes, postgres, resource, words):
    done = ask(daemon, fakes[resource])
    assert done.returncode == 2 and "was served" not in done.stdout
    assert done.stderr.strip(), "the agent sees an error"
    for word in words:
        wait_for(f"'{word}' to be said", lambda: word in said_of(daemon, resource), 5)
    assert postgres.password not in done.stderr


def test_a_connection_refused_for_its_secret_is_recorded_with_the_reason(daemon, fakes):
    ask(daemon, fakes["secret_missing"])
    rows = [row for row in daemon.json("sessions")["sessions"] if row["resource"] == "secret_missing"]
    assert rows and "secrets/missing" in daemon.sluice("replay", rows[-1]["session"]).stdout


def test_a_server_without_tls_is_sent_neither_a_name_nor_a_password(daemon, fakes, postgres):
    ask(daemon, fakes["no_tls"])
    heard = b"".join(fakes["no_tls"].heard)
    assert heard and len(heard) % 8 == 0 and postgres.login.encode() not in heard


def test_the_reason_of_a_refused_login_is_the_servers_own_and_without_a_secret(daemon, fakes):
    done = ask(daemon, fakes["wrong_password"])
    assert "could not log in to resource" in done.stderr or "password authentication failed" in done.stderr
    assert "not-the-password" not in done.stderr + daemon.log_text() + daemon.recordings_text()


def test_a_host_name_that_does_not_resolve_is_warned_of(daemon):
    assert "nowhere.invalid" in daemon.log_text() and "until it resolves nothing matches that name" in daemon.log_text()
