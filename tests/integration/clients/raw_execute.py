# SPDX-License-Identifier: Apache-2.0
"""The extended protocol without a Describe of the portal, as some drivers do once they know a statement, and binary
results; over a socket of its own, so that every message is as said."""
import json
import socket
import struct
import sys

words = dict(word.split("=", 1) for word in sys.argv[1].split())
server = socket.create_connection((words["host"], int(words["port"])))


def send(kind, body=b""):
    server.sendall(kind + struct.pack("!i", len(body) + 4) + body)


def receive():
    def exactly(count):
        data = b""
        while len(data) < count:
            more = server.recv(count - len(data))
            if not more:
                raise SystemExit("the connection was closed")
            data += more
        return data
    kind = exactly(1)
    return kind, exactly(struct.unpack("!i", exactly(4))[0] - 4)


def until_ready():
    messages = []
    while True:
        messages.append(receive())
        if messages[-1][0] == b"E":
            raise SystemExit(repr(messages[-1][1]))
        if messages[-1][0] == b"Z":
            return messages


def cells(messages):
    found = []
    for kind, body in messages:
        if kind == b"D":
            length = struct.unpack("!i", body[2:6])[0]
            found.append(body[6:6 + length].decode())
    return found


startup = struct.pack("!i", 196608) + b"user\0alice\0database\0shop\0\0"
server.sendall(struct.pack("!i", len(startup) + 4) + startup)
until_ready()
send(b"P", b"s\0SELECT ssn FROM customers ORDER BY id\0\0\0")
send(b"S")
until_ready()
send(b"B", b"\0s\0" + struct.pack("!hhhh", 0, 0, 1, 1))
send(b"E", b"\0" + struct.pack("!i", 0))
send(b"S")
binary = until_ready()
assert b"T" not in [kind for kind, _ in binary], "nobody asked for a description"
send(b"B", b"\0s\0" + struct.pack("!hhh", 0, 0, 0))
send(b"E", b"\0" + struct.pack("!i", 0))
send(b"S")
undescribed = until_ready()
print(json.dumps({"binary": cells(binary), "undescribed": cells(undescribed)}))
