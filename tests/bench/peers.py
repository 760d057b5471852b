# SPDX-License-Identifier: Apache-2.0
"""What Sluice is measured against: pgbouncer in session mode and haproxy in TCP mode, each in front of one server."""
import resource
import shutil
import signal
import subprocess

from support.places import free_port, wait_for

CONNECTIONS_MAX = 12000


class Pgbouncer:
    """As the user postgres: it does not run as root. `port` is where it listens."""

    def __init__(self, place, server_port, user, password):
        self.port = free_port()
        directory = place.dir / "pgbouncer"
        directory.mkdir()
        (directory / "users").write_text(f'"{user}" "{password}"\n')
        (directory / "pgbouncer.ini").write_text(f"""
[databases]
shop = host=127.0.0.1 port={server_port} dbname=shop user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = {CONNECTIONS_MAX}
default_pool_size = {CONNECTIONS_MAX}
ignore_startup_parameters = extra_float_digits
logfile = {directory}/log
pidfile = {directory}/pid
""")
        shutil.chown(directory, "postgres")
        for file in directory.iterdir():
            shutil.chown(file, "postgres")
        self.process = subprocess.Popen(
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "/usr/sbin/pgbouncer", "-q",
             directory / "pgbouncer.ini"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for("pgbouncer", lambda: (directory / "pid").exists())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


class Haproxy:
    """One process, a thread per core, as it comes, but for the count of connections. `port` is where it listens."""

    def __init__(self, place, server_port):
        self.port = free_port()
        directory = place.dir / "haproxy"
        # Two descriptors each, and some of its own: it refuses to start where they cannot be had.
        connections = min(CONNECTIONS_MAX, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 2 - 200)
        directory.mkdir()
        (directory / "haproxy.cfg").write_text(f"""
global
    maxconn {connections}
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
listen postgres
    bind 127.0.0.1:{self.port}
    server one 127.0.0.1:{server_port}
""")
        self.log = directory / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", directory / "haproxy.cfg"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("haproxy", lambda: self._listens())

    def _listens(self):
        if self.process.poll() is not None:
            raise RuntimeError("haproxy ended at start:\n" + self.log.read_text())
        wanted = f":{self.port:04X} 00000000:0000 0A"
        with open("/proc/net/tcp", encoding="ascii") as table:
            return any(wanted in line for line in table)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
