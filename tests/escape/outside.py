# SPDX-License-Identifier: Apache-2.0
"""What is outside the run: canaries that see whether bytes got past Sluice, and servers that do on request what the real
ones would. One thread serves all of them; barrier() returns when everything that has arrived so far is on record."""
import array
import contextlib
import os
import pathlib
import random
import re
import select
import signal
import socket
import struct
import subprocess
import threading

from support.places import cgroup2_mount, free_port

TOKEN = re.compile(rb"tok-[0-9a-f]+")
ANSWER = b"reached\n"
IPPROTO_SCTP = 132

# Servers that act for whoever asks: setting, Unix socket (or "tcp" for a relay on loopback), how a request looks.
HELPERS = (
    ("ESCAPE_DOCKER", "docker.sock", rb"POST /containers/create"),
    ("ESCAPE_CONTAINERD", "containerd.sock", rb"PRI \* HTTP/2"),
    ("ESCAPE_PODMAN", "podman.sock", rb"/libpod/containers/create"),
    ("ESCAPE_SYSTEMD_USER", "systemd-private", rb"StartTransientUnit"),
    ("ESCAPE_DBUS", "bus", rb"StartServiceByName"),
    ("ESCAPE_SSH_AGENT", "agent.1", rb"SIGN_REQUEST"),
    ("ESCAPE_TMUX", "tmux-default", rb"new-session"),
    ("ESCAPE_EDITOR", "editor-ipc.sock", rb'"command"'),
    ("ESCAPE_VARLINK", "io.systemd.Resolve", rb"ResolveHostname"),
    ("ESCAPE_X11", "@sluice-escape-X11-%s", rb"XTEST"),
    ("ESCAPE_RELAY_SSH", "tcp", rb"direct-tcpip"),
    ("ESCAPE_RELAY_HTTP", "tcp", rb"CONNECT "),
    ("ESCAPE_RELAY_SOCKS", "tcp", rb"\x05\x01"),
)


class Outside:
    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.settings = {}  # ESCAPE_* for the cases
        self.spools = []
        self.inbound_port = None  # while set, somebody outside tries to connect to it
        self._arrivals = []
        self._handlers = {}  # fd -> (socket, function)
        self._wake, self._woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)[::-1]
        self._idle = threading.Event()
        self._end = False
        self._connected = []
        self._accomplices = []
        self._own_connections = set()
        self._tcp("ESCAPE_TCP4", socket.AF_INET, "127.0.0.1")
        self._tcp("ESCAPE_TCP6", socket.AF_INET6, "::1")
        self._udp("ESCAPE_UDP4", socket.AF_INET, "127.0.0.1")
        self._udp("ESCAPE_UDP6", socket.AF_INET6, "::1")
        self._sctp("ESCAPE_SCTP")
        self._resolver("ESCAPE_DNS")
        self._unix("ESCAPE_UNIX_STREAM", "stream.sock", socket.SOCK_STREAM, self._canary)
        self._unix("ESCAPE_UNIX_SEQPACKET", "seqpacket.sock", socket.SOCK_SEQPACKET, self._canary)
        self._unix("ESCAPE_UNIX_ABSTRACT", "@sluice-escape-" + self.dir.name, socket.SOCK_STREAM, self._canary)
        self._unix("ESCAPE_UNIX_DATAGRAM", "datagram.sock", socket.SOCK_DGRAM, None)
        self._unix("ESCAPE_FD_SERVER", "descriptors.sock", socket.SOCK_STREAM, self._give_descriptor)
        self._unix("ESCAPE_ACCOMPLICE", "accomplice.sock", socket.SOCK_STREAM, self._start_accomplice)
        self._resources()
        for name, where, request in HELPERS:
            self.helper(name, where, request)
        for name in ("ESCAPE_CRON", "ESCAPE_AT", "ESCAPE_UNITS", "ESCAPE_PROFILE"):
            self.spool(name, name.lower().removeprefix("escape_"))
        self._pipe("ESCAPE_FIFO", "pipe")
        self.settings["ESCAPE_INBOUND"] = str(free_port())
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    # --- what a runner asks -----------------------------------------------------------------------------------------------
    def barrier(self):
        """All that was sent so far has been read."""
        self._idle.clear()
        os.write(self._wake, b"b")
        if not self._idle.wait(20):
            raise TimeoutError("the canaries' thread does not answer")

    def arrived(self, token):
        """Where the token came in, and contacts that brought no token; forgets what came before."""
        self.barrier()
        seen, self._arrivals = self._arrivals, []
        return sorted({where for where, text in seen if token.encode() in text or not TOKEN.search(text)})

    def close(self):
        self._end = True
        os.write(self._wake, b"e")
        self._thread.join()
        for held, _ in self._handlers.values():
            held.close()
        for held in self._connected:
            held.close()
        for accomplice in self._accomplices:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(accomplice.pid, signal.SIGKILL)
            accomplice.wait()
        os.close(self._wake)
        os.close(self._woken)

    # --- canaries -----------------------------------------------------------------------------------------------------------
    def _tcp(self, name, family, host):
        server = socket.create_server((host, 0), family=family)
        self.settings[name] = str(server.getsockname()[1])
        self._listen(server, name, self._canary)

    def _udp(self, name, family, host):
        server = socket.socket(family, socket.SOCK_DGRAM)
        server.bind((host, 0))
        self.settings[name] = str(server.getsockname()[1])
        self._answer_datagrams(name, server)

    def _sctp(self, name):
        """Port 0 where the kernel has no SCTP."""
        server = self.sctp_socket()
        self.settings[name] = "0"
        if server:
            server.bind(("127.0.0.1", 0))
            server.listen(16)
            self.settings[name] = str(server.getsockname()[1])
            self._listen(server, name, self._canary)

    def _resolver(self, name):
        """On port 53 of a loopback address that nobody else uses at present."""
        for _ in range(100):
            host = f"127.53.{random.randrange(256)}.{random.randrange(1, 255)}"
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                udp.bind((host, 53))
                tcp = socket.create_server((host, 53))
            except OSError:
                udp.close()
                continue
            self.settings[name] = host
            self._answer_datagrams(name, udp)
            self._listen(tcp, name, self._canary)
            return
        raise RuntimeError("no loopback address has port 53 free for the canary")

    def _answer_datagrams(self, name, server):
        server.setblocking(False)

        def read():
            data, sender = server.recvfrom(2048)
            self._arrivals.append((name, data))
            with contextlib.suppress(OSError):
                server.sendto(ANSWER, sender)
        self._handlers[server.fileno()] = (server, read)

    def _unix(self, name, where, kind, serve):
        server = socket.socket(socket.AF_UNIX, kind)
        path = where if where.startswith("@") else str(self.dir / where)
        server.bind(path.replace("@", "\0", 1) if where.startswith("@") else path)
        if not where.startswith("@"):
            os.chmod(path, 0o777)
        self.settings[name] = path
        if serve:
            server.listen(16)
            self._listen(server, name, serve)
            return
        server.setblocking(False)
        self._handlers[server.fileno()] = (server, lambda: self._arrivals.append((name, server.recv(2048))))

    def helper(self, name, where, request):
        """A server that, asked in its own words (`request`, with the token in it), connects to the canary for the caller."""
        def serve(peer, _, data):
            if re.search(request, data) and TOKEN.search(data):
                self.errand(TOKEN.search(data)[0])
                peer.send(ANSWER)
        if where == "tcp":
            server = socket.create_server(("127.0.0.1", 0))
            self.settings[name] = str(server.getsockname()[1])
            self._listen(server, name, serve, silent=True)
        else:
            self._unix(name, where.replace("%s", self.dir.name), socket.SOCK_STREAM, serve)

    def _resources(self):
        """What the policy lets the agent reach. Nothing that arrives here got past anything."""
        for name in ("ESCAPE_DATABASE", "ESCAPE_DIRECT"):
            server = socket.create_server(("127.0.0.1", 0))
            self.settings[name] = str(server.getsockname()[1])
            self._listen(server, name, lambda peer, *_: peer.send(ANSWER))
        self._unix("ESCAPE_UNIX_RESOURCE", "resource.sock", socket.SOCK_STREAM, lambda peer, *_: peer.send(ANSWER))
        resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        resolver.bind(("127.0.0.1", 0))
        resolver.setblocking(False)
        self.settings["ESCAPE_RESOLVER"] = str(resolver.getsockname()[1])
        self._handlers[resolver.fileno()] = (resolver, lambda: resolver.recv(2048))

    def _pipe(self, name, where):
        """A named pipe that somebody outside reads and acts upon."""
        path = self.dir / where
        os.mkfifo(path)
        path.chmod(0o666)
        self.settings[name] = str(path)
        pipe = open(path, "r+b", buffering=0)  # noqa: SIM115  open for writing too, so that it never ends
        os.set_blocking(pipe.fileno(), False)
        self._handlers[pipe.fileno()] = (pipe, lambda: [self.errand(token) for token in TOKEN.findall(pipe.read())])

    def spool(self, name, where):
        """A directory whose files a service outside carries out, as cron and atd do."""
        directory = self.dir / where
        directory.mkdir()
        directory.chmod(0o1777)
        self.settings[name] = str(directory)
        self.spools.append(directory)

    def run_spools(self):
        for directory in self.spools:
            for file in directory.iterdir():
                token = TOKEN.search(file.read_bytes())
                file.unlink()
                if token:
                    self.errand(token[0])

    def errand(self, token):
        """Somebody outside carries the token to the canary."""
        with socket.create_connection(("127.0.0.1", int(self.settings["ESCAPE_TCP4"])), 5) as canary:
            canary.sendall(token)

    def sockets_to_inherit(self):
        """By the setting in which the agent finds the descriptor."""
        made = {"ESCAPE_INHERITED_FD": self.connected_socket(), "ESCAPE_INHERITED_SOCKET": self.unconnected_socket(),
                "ESCAPE_INHERITED_BOUND": self.bound_socket(), "ESCAPE_INHERITED_LISTENER": self.bound_socket(listening=True),
                "ESCAPE_INHERITED_SCTP": self.sctp_socket(), "ESCAPE_INHERITED_SCTP_OTHER": self.sctp_socket()}
        return {name: inherited for name, inherited in made.items() if inherited}

    def unconnected_socket(self):
        made = socket.socket()
        self._connected.append(made)
        return made

    def bound_socket(self, listening=False):
        made = self.unconnected_socket()
        made.bind(("127.0.0.1", 0))
        if listening:
            made.listen(16)
        return made

    def sctp_socket(self):
        """None where the kernel has no SCTP."""
        try:
            made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP)
        except OSError:
            return None
        self._connected.append(made)
        return made

    def connected_socket(self):
        """A connection to the canary that was made outside the run; that it was made is no agent's arrival."""
        made = socket.socket()
        made.bind(("127.0.0.1", 0))
        self._own_connections.add(made.getsockname())
        made.connect(("127.0.0.1", int(self.settings["ESCAPE_TCP4"])))
        self._connected.append(made)
        return made

    # --- the thread ---------------------------------------------------------------------------------------------------------
    def _listen(self, server, name, serve, silent=False):
        server.setblocking(False)
        silent = silent or serve != self._canary

        def accept():
            peer, sender = server.accept()
            peer.setblocking(False)
            if not silent and server.family != socket.AF_UNIX and sender not in self._own_connections:
                self._arrivals.append((name, b""))
            self._handlers[peer.fileno()] = (peer, lambda: self._read(peer, name, serve))
        self._handlers[server.fileno()] = (server, accept)

    def _read(self, peer, name, serve):
        try:
            data = peer.recv(4096)
        except OSError:
            data = b""
        if not data:
            del self._handlers[peer.fileno()]
            peer.close()
            return
        with contextlib.suppress(OSError):
            serve(peer, name, data)

    def _canary(self, peer, name, data):
        self._arrivals.append((name, data))
        peer.send(ANSWER)

    def _give_descriptor(self, peer, _, data):
        kinds = {b"tcp": (socket.AF_INET, socket.SOCK_STREAM), b"udp": (socket.AF_INET, socket.SOCK_DGRAM)}
        wanted = data.strip()
        if wanted == b"connected":
            made = self.connected_socket()
        elif wanted == b"filled":
            made = self._filled_socket()
        else:
            made = socket.socket(*kinds[wanted])
        self._connected.append(made)
        peer.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [made.fileno()]))])

    def _filled_socket(self):
        """A connection on which something has come in."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            made = socket.create_connection(server.getsockname())
            other, _ = server.accept()
        self._connected.append(other)
        other.sendall(b"for whoever reads it\n")
        return made

    def _start_accomplice(self, peer, _, data):
        """Starts a case's program outside of the run of who asks, to whom it says its line."""
        _, case, token = data.decode().split()
        asker, _, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        cgroup = pathlib.Path(f"/proc/{asker}/cgroup").read_text().strip().splitlines()[-1].removeprefix("0::/")
        self._accomplices.append(subprocess.Popen(
            [self.dir / "escape", case], stdin=subprocess.DEVNULL, stdout=peer.fileno(), start_new_session=True,
            env={**self.settings, "ESCAPE_RUN_CGROUP": str(cgroup2_mount() / cgroup), "ESCAPE_TOKEN": token}))

    def _try_inbound(self):
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self.inbound_port), 0.5) as peer:
                peer.sendall(b"from outside\n")

    def _serve(self):
        poll = select.poll
        while not self._end:
            watch = poll()
            for fd in (*self._handlers, self._woken):
                watch.register(fd, select.POLLIN)
            ready = [fd for fd, _ in watch.poll(20 if self.inbound_port else None)]
            for fd in ready:
                if fd in self._handlers:
                    self._handlers[fd][1]()
            if self.inbound_port:
                self._try_inbound()
            if ready == [self._woken]:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, 4096)
                self._idle.set()
