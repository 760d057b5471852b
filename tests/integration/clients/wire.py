# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's protocol by hand, so that every message is as said. For programs that run inside a run: they find it by
PYTHONPATH. WIRE says where the server is: a host and a port, or the path of a Unix socket."""
import os
import socket
import ssl
import struct

SSL_REQUEST, GSSENC_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
LONG = 60  # seconds; nothing here takes so long


def message(kind, body=b""):
    return kind + struct.pack("!i", len(body) + 4) + body


def untyped(code, body=b""):
    return struct.pack("!ii", len(body) + 8, code) + body


def query(text):
    return message(b"Q", text.encode() + b"\0")


def parse(text, name="", types=()):
    return message(b"P", name.encode() + b"\0" + text.encode() + b"\0" + struct.pack(f"!h{len(types)}I", len(types), *types))


def bind(portal="", statement="", values=(), binary_results=False):
    cells = b"".join(struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value for value in values)
    return message(b"B", portal.encode() + b"\0" + statement.encode() + b"\0" + struct.pack("!hh", 0, len(values)) + cells +
                   (struct.pack("!hh", 1, 1) if binary_results else struct.pack("!h", 0)))


def describe(target, name=""):
    return message(b"D", target.encode() + name.encode() + b"\0")


def execute(portal="", limit=0):
    return message(b"E", portal.encode() + b"\0" + struct.pack("!i", limit))


def close(target, name=""):
    return message(b"C", target.encode() + name.encode() + b"\0")


def function_call(oid, *arguments, binary=False):
    cells = b"".join(struct.pack("!i", len(value)) + value for value in arguments)
    return message(b"F", struct.pack("!Ihhh", oid, 1, int(binary), len(arguments)) + cells + struct.pack("!h", int(binary)))


SYNC, FLUSH, TERMINATE, COPY_DONE = message(b"S"), message(b"H"), message(b"X"), message(b"c")


def copy_data(data):
    return message(b"d", data)


def copy_fail(why):
    return message(b"f", why.encode() + b"\0")


def report(body):
    """The fields of an ErrorResponse or NoticeResponse that a user sees."""
    fields = {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}
    return " ".join(f"{code}={fields[code]}" for code in "SCMDHPW" if code in fields)


def shown(kind, body):
    """One message of the server as a line, without what differs from one connection to the next."""
    name = kind.decode()
    if name in "EN":
        return f"{name} {report(body)}"
    if name == "A":
        return f"A {body[4:]!r}"
    if name == "D":
        return f"D {body[2:]!r}" if len(body) < 300 else f"D of {len(body)} bytes"
    if name == "T":  # names and types; a table's OID is another in each run
        fields, rest = [], body[2:]
        while rest:
            column, _, rest = rest.partition(b"\0")
            fields.append(f"{column.decode()}:{struct.unpack('!I', rest[6:10])[0]}:{struct.unpack('!h', rest[16:18])[0]}")
            rest = rest[18:]
        return "T " + " ".join(fields)
    return f"{name} {body!r}" if body else name


class Wire:
    def __init__(self):
        where = os.environ["WIRE"].split()
        if len(where) == 1:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(where[0])
        else:
            self.socket = socket.create_connection((where[0], int(where[1])))
        self.socket.settimeout(LONG)
        self.parameters = {}
        self.key = b""

    def tls(self, alpn=None, host="localhost"):
        """TLS that believes in what `sluice run` says."""
        context = ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])
        if alpn is not None:
            context.set_alpn_protocols([alpn])
        self.socket = context.wrap_socket(self.socket, server_hostname=host)
        return self

    def send(self, *messages):
        self.socket.sendall(b"".join(messages))
        return self

    def exactly(self, count):
        data = bytearray()
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError(f"the connection was closed after {bytes(data)!r}")
            data += more
        return bytes(data)

    def receive(self):
        kind = self.exactly(1)
        return kind, self.exactly(struct.unpack("!i", self.exactly(4))[0] - 4)

    def until(self, *kinds):
        """What comes, up to the first message of one of these kinds, as lines."""
        lines = []
        while True:
            kind, body = self.receive()
            lines.append(shown(kind, body))
            if kind.decode() in kinds:
                return lines

    def startup(self, version=196608, **parameters):
        words = {"user": os.environ.get("PGUSER", "alice"), "database": "shop", **parameters}
        self.send(untyped(version, b"".join(f"{name}\0{value}\0".encode() for name, value in words.items()) + b"\0"))
        return self

    def login(self, version=196608, **parameters):
        """Through to ReadyForQuery. Gives what came before AuthenticationOk and is no authentication."""
        self.startup(version, **parameters)
        said = []
        while True:
            kind, body = self.receive()
            if kind == b"S":
                name, value = body[:-1].split(b"\0")
                self.parameters[name.decode()] = value.decode()
            elif kind == b"K":
                self.key = body
            elif kind == b"Z":
                return said
            elif kind != b"R":
                said.append(shown(kind, body))
                if kind == b"E":
                    return said

    def ask(self, *messages):
        """Sends and gives all up to the next ReadyForQuery."""
        return self.send(*messages).until("Z")

    def at_end(self):
        """What the peer says until it closes."""
        lines = []
        try:
            while True:
                lines.append(shown(*self.receive()))
        except (EOFError, ConnectionError):
            return lines
