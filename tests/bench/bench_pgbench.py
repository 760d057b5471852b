# SPDX-License-Identifier: Apache-2.0
"""pgbench -S: directly, through pgbouncer in session mode, and through Sluice with policy, masking and recording on."""
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess

from support.daemon import Daemon
from support.places import Place, free_port, wait_for
from support.postgres import Postgres

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
SCALE = 5

POLICY = """
version: 1
agents:
  bench: {{ launchers: {{ users: [root] }} }}
resources:
  shop:
    protocol: postgres
    address: ["127.0.0.1:{port}"]
    upstream_tls: disable
    login: {{ user: {login}, password_file: {password} }}
    sensitive:
      - {{ column: public.customers.ssn, mask: redact }}
      - {{ column: "*.*.email", mask: partial }}
      - {{ detect: [credit_card, us_ssn, aws_key, private_key, jwt], mask: redact }}
rules:
  - {{ name: reads, agents: [bench], resources: [shop], actions: [read, session, transaction], verdict: allow }}
  - {{ name: never the host, actions: [host, grant, unknown], verdict: deny }}
"""


class Pgbouncer:
    def __init__(self, place, postgres):
        self.port = free_port()
        self.dir = place.dir / "pgbouncer"
        self.dir.mkdir()
        (self.dir / "users").write_text(f'"{postgres.login}" "{postgres.password}"\n')
        (self.dir / "pgbouncer.ini").write_text(f"""
[databases]
shop = host=127.0.0.1 port={postgres.port} dbname=shop user={postgres.login} password={postgres.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 200
default_pool_size = 100
ignore_startup_parameters = extra_float_digits
logfile = {self.dir}/log
pidfile = {self.dir}/pid
""")
        shutil.chown(self.dir, "postgres")
        for file in self.dir.iterdir():
            shutil.chown(file, "postgres")
        self.process = subprocess.Popen(
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "/usr/sbin/pgbouncer", "-q",
             self.dir / "pgbouncer.ini"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("pgbouncer", lambda: (self.dir / "pid").exists())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def tps(output):
    found = re.search(r"tps = ([0-9.]+) \(without", output)
    if not found:
        raise RuntimeError("pgbench gave no rate:\n" + output)
    return float(found[1])


def pgbench_command(postgres, port, protocol, clients):
    return ["pgbench", "-n", "-S", "-M", protocol, "-c", str(clients), "-j", "1", "-T", str(SECONDS),
            "-h", "127.0.0.1", "-p", str(port), "-U", postgres.login, "shop"]


def measure(postgres, bouncer, daemon, protocol, clients):
    """Median rate of each side; the sides take turns."""
    environment = {**os.environ, "PGPASSWORD": postgres.password, "PGSSLMODE": "disable"}
    rates = {"direct": [], "pgbouncer": [], "sluice": []}

    def outside(port):
        done = subprocess.run(pgbench_command(postgres, port, protocol, clients), capture_output=True, text=True,
                              env=environment, timeout=120)
        return tps(done.stdout + done.stderr)

    for _ in range(ROUNDS):
        rates["direct"].append(outside(postgres.port))
        rates["pgbouncer"].append(outside(bouncer.port))
        inside = daemon.run("bench", *pgbench_command(postgres, postgres.port, protocol, clients),
                            env={"PGSSLMODE": "disable"}, timeout=120)
        rates["sluice"].append(tps(inside.stdout + inside.stderr))
    return {side: statistics.median(values) for side, values in rates.items()}


def rows(only):
    place = Place("sluice-bench")
    postgres = bouncer = daemon = None
    try:
        postgres = Postgres(place.dir)
        # The log of the tests would be what is measured.
        with open(postgres.data / "postgresql.auto.conf", "a") as settings:
            settings.write("log_statement = 'none'\nshared_buffers = '256MB'\n")
        postgres.start()
        postgres.pgbench_tables(SCALE)
        bouncer = Pgbouncer(place, postgres)
        daemon = Daemon(place)
        daemon.policy(POLICY.format(port=postgres.port, login=postgres.login,
                                    password=daemon.secret("shop", postgres.password)))
        daemon.start(log_level="warn", wait=False)
        wait_for("sluiced", lambda: daemon.sluice("status", check=False).returncode == 0)
        for protocol in ("simple", "prepared"):
            for clients in (1, 16, 64):
                name = f"pgbench_{protocol}_{clients}"
                if only not in ("pgbench", "pgbench_") and not name.startswith(only):
                    continue
                rate = measure(postgres, bouncer, daemon, protocol, clients)
                ratio = rate["sluice"] / rate["pgbouncer"]
                yield {"name": name, "unit": "tps", "sluice": rate["sluice"], "peer": "pgbouncer",
                       "peer_value": rate["pgbouncer"], "direct_value": rate["direct"], "ratio": ratio,
                       "budget": ">= 1.0", "met": ratio >= 1.0}
    finally:
        if daemon:
            daemon.close()
        if bouncer:
            bouncer.stop()
        if postgres:
            postgres.stop()
        place.close()
