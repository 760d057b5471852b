# SPDX-License-Identifier: Apache-2.0
"""Messages of PostgreSQL's protocol: what a case sends, and how what came back is read."""
import re
import struct


def message(kind, body=b""):
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


def _text(text):
    return (text if isinstance(text, bytes) else text.encode()) + b"\0"


def query(text):
    return message("Q", _text(text))


def parse(text, name="", types=()):
    return message("P", _text(name) + _text(text) + struct.pack("!h", len(types)) + b"".join(struct.pack("!I", t) for t in types))


def bind(statement="", portal="", parameters=(), formats=()):
    values = b"".join(struct.pack("!i", -1) if p is None else struct.pack("!i", len(p)) + p
                      for p in (v.encode() if isinstance(v, str) else v for v in parameters))
    return message("B", _text(portal) + _text(statement) + struct.pack("!hh", 0, len(parameters)) + values
                   + struct.pack("!h", len(formats)) + b"".join(struct.pack("!h", f) for f in formats))


def describe(kind, name=""):
    return message("D", kind.encode() + _text(name))


def execute(portal="", rows=0):
    return message("E", _text(portal) + struct.pack("!i", rows))


def close(kind, name=""):
    return message("C", kind.encode() + _text(name))


def sync():
    return message("S")


def flush():
    return message("H")


def call(oid, *arguments, binary=False):
    body = struct.pack("!Ihh", oid, 0, len(arguments))
    for value in arguments:
        value = value.encode() if isinstance(value, str) else value
        body += struct.pack("!i", len(value)) + value
    return message("F", body + struct.pack("!h", int(binary)))


def extended(text, binary=False, described=True, rows=0):
    """One statement in the extended protocol."""
    formats = (1,) if binary else ()
    return parse(text) + bind(formats=formats) + (describe("P") if described else b"") + execute(rows=rows) + sync()


def fields_of(body):
    """Of an ErrorResponse or NoticeResponse."""
    return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}


class Reply:
    """All that came back until the connection was ready again, or ended."""

    def __init__(self, raw):
        self.messages = [(kind, bytes.fromhex(body)) for kind, body in raw["messages"]]
        self.held, self.closed, self.timeout = raw["held"], raw["closed"], raw["timeout"]

    def __add__(self, more):
        both = Reply({"messages": [], "held": self.held or more.held, "closed": self.closed or more.closed,
                      "timeout": self.timeout or more.timeout})
        both.messages = self.messages + more.messages
        return both

    def bytes(self):
        """Without what is made at random, and may look like anything: names of requests and sessions, the numbers of backend_key_data."""
        named = rb"(ticket|approve|deny) [a-z2-7]{8}|ses-[0-9a-f]{16}"
        return b"".join(kind.encode() + re.sub(named, b"", body) for kind, body in self.messages if kind != "K")

    def errors(self):
        return [fields_of(body) for kind, body in self.messages if kind == "E"]

    def notices(self):
        return [fields_of(body) for kind, body in self.messages if kind == "N"]

    def tags(self):
        return [body[:-1].decode() for kind, body in self.messages if kind == "C"]

    def rows(self):
        """Cells of every DataRow; None is NULL."""
        rows = []
        for kind, body in self.messages:
            if kind != "D":
                continue
            count, at, cells = struct.unpack("!h", body[:2])[0], 2, []
            for _ in range(count):
                size = struct.unpack("!i", body[at:at + 4])[0]
                at += 4
                cells.append(None if size < 0 else body[at:at + size])
                at += max(size, 0)
            rows.append(cells)
        return rows

    def copied(self):
        return b"".join(body for kind, body in self.messages if kind == "d")

    def refused(self):
        """Refused by Sluice: its errors have no source file of the server's."""
        return any("F" not in error and not error["M"].startswith("message withheld") and error["C"] in ("42501", "42601", "57014", "26000", "34000")
                   for error in self.errors())

    def short(self):
        """For people."""
        return str([(kind, body[:200]) for kind, body in self.messages if kind not in "KSR"][:12])[:2000]

    def comparable(self):
        """What must not depend on a sensitive value; without names of sessions, times and keys."""
        out = []
        for kind, body in self.messages:
            if kind in "KSR":
                continue
            text = re.sub(rb"ses-[0-9a-zA-Z-]+(/\d+)?|tkt-[0-9a-zA-Z-]+", b"ID", body)
            text = re.sub(rb"time=[0-9.]+|Time: [0-9.]+ ms|Memory: [0-9]+kB|mirror", b"", text).replace(b"shop", b"")
            out.append((kind, len(text) if kind == "T" else text))
        return out
