# SPDX-License-Identifier: Apache-2.0
"""A throwaway PostgreSQL: TLS with a certificate of its own CA, SCRAM, every statement in its log."""
import pathlib
import pwd
import shutil
import subprocess

from .places import free_port, wait_for

SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, email text, ssn text UNIQUE, balance int DEFAULT 0);
INSERT INTO customers VALUES (1, 'Ada', 'ada@example.com', '078-05-1120', 10), (2, 'Bob', 'bob@example.com', '219-09-9999', 20);
CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, item text, price numeric(10,2));
INSERT INTO orders VALUES (1, 1, 'lamp', 12.50), (2, 2, 'chair', 99.00), (3, 1, 'desk', 250.00);
CREATE VIEW contacts AS SELECT id, name, ssn AS code FROM customers;
CREATE TABLE notes (id int PRIMARY KEY, body text);
INSERT INTO notes VALUES (1, 'card 4111 1111 1111 1111 on file'), (2, 'nothing here');
"""


class Postgres:
    """One cluster. `login` is what Sluice logs in with; agents have no account at all."""

    login = "sluice_orders"
    password = "upstream-secret-7f3a9"

    def __init__(self, directory, host_name="localhost", auth="scram-sha-256", listen="127.0.0.1,::1", name="pg", enter=()):
        self.bin = pathlib.Path(shutil.which("initdb", path="/usr/lib/postgresql/15/bin") or "/missing").parent
        if not (self.bin / "initdb").exists():
            raise RuntimeError("PostgreSQL 15 is not installed; run scripts/install-deps --test")
        self.home = pathlib.Path(directory) / name
        self.data = self.home / "data"
        self.log = self.home / "server.log"
        self.ca = self.home / "ca.pem"
        self.port = free_port()
        self.host_name = host_name
        self.auth = auth
        self.listen = listen
        self.enter = list(enter)  # words before the program: where it shall run
        self.process = None
        self.home.mkdir()
        shutil.chown(self.home, "postgres")
        self._make_certificate()
        self._init()

    def _as_postgres(self, *command, **options):
        return subprocess.run(["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *map(str, command)],
                              check=True, capture_output=True, text=True, cwd="/", **options)

    def _make_certificate(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

        ca_key, key, request, cert = (self.home / n for n in ("ca.key", "server.key", "server.csr", "server.pem"))
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=test upstream CA", "-keyout", ca_key, "-out", self.ca)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={self.host_name}", "-keyout", key, "-out", request)
        extensions = self.home / "san.cnf"
        extensions.write_text(f"subjectAltName=DNS:{self.host_name},IP:127.0.0.1,IP:::1\n")
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-days", "30",
                "-extfile", extensions, "-out", cert)
        for file in (key, cert):
            shutil.chown(file, "postgres")
        key.chmod(0o600)
        self.ca.chmod(0o644)

    def _init(self):
        self._as_postgres(self.bin / "initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-N", "--locale=C.UTF-8")
        (self.data / "postgresql.auto.conf").write_text(f"""
port = {self.port}
listen_addresses = '{self.listen}'
unix_socket_directories = '{self.home}'
ssl = on
ssl_cert_file = '{self.home}/server.pem'
ssl_key_file = '{self.home}/server.key'
password_encryption = '{'md5' if self.auth == 'md5' else 'scram-sha-256'}'
log_statement = 'all'
log_connections = on
log_disconnections = on
log_line_prefix = '%m [%p] user=%u db=%d app=%a '
fsync = off
max_prepared_transactions = 10
max_connections = 400
""")
        (self.data / "pg_hba.conf").write_text(f"""
local all postgres trust
local all {self.login} {self.auth}
hostssl all {self.login} all {self.auth}
hostnossl all {self.login} all {self.auth}
host all all all reject
""")

    def start(self, schema=SCHEMA):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.enter, "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", str(self.bin / "postgres"),
                 "-D", str(self.data)], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/")
        wait_for("PostgreSQL", lambda: self._ready())
        if schema is not None:
            self.sql(f"CREATE ROLE {self.login} LOGIN PASSWORD '{self.password}'")
            self.sql("CREATE DATABASE shop")
            self.sql(schema, database="shop")
            self.sql(f"GRANT ALL ON SCHEMA public TO {self.login}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {self.login};",
                     database="shop")
        return self

    def _ready(self):
        if self.process.poll() is not None:
            raise RuntimeError("PostgreSQL ended at start:\n" + self.log.read_text()[-2000:])
        return subprocess.run([self.bin / "pg_isready", "-q", "-h", self.home, "-p", str(self.port)]).returncode == 0

    def sql(self, text, database="postgres"):
        """As superuser over the Unix socket: what the server really holds, past Sluice."""
        done = subprocess.run([self.bin / "psql", "-h", self.home, "-p", str(self.port), "-U", "postgres", "-d", database,
                               "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"],
                              input=text, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def pgbench_tables(self, scale=1):
        """Made by the superuser, past Sluice; the resource's login may use them."""
        subprocess.run([self.bin / "pgbench", "-q", "-i", "-s", str(scale), "-h", self.home, "-p", str(self.port),
                        "-U", "postgres", "shop"], check=True, capture_output=True)
        self.sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {self.login}", database="shop")

    def log_text(self):
        return self.log.read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(2)  # SIGINT: fast shutdown
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
