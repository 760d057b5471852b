# SPDX-License-Identifier: Apache-2.0
"""idle_client.py PORT USER COUNT...: for each COUNT opens as many sessions more, each with one statement behind it, says
"open", and waits for a line. The sessions end with it."""
import socket
import struct
import sys


def receive_until_ready(connection):
    received = b""
    while not received.endswith(b"Z\0\0\0\5I"):
        piece = connection.recv(65536)
        if not piece or received.startswith(b"E"):
            raise SystemExit(f"a session was refused: {received!r}")
        received += piece


def session(port, user):
    connection = socket.create_connection(("127.0.0.1", port))
    body = struct.pack("!I", 3 << 16) + b"user\0" + user.encode() + b"\0database\0shop\0\0"
    connection.sendall(struct.pack("!I", len(body) + 4) + body)
    receive_until_ready(connection)
    connection.sendall(b"Q" + struct.pack("!I", 13) + b"SELECT 1\0")
    receive_until_ready(connection)
    return connection


sessions = []
for count in sys.argv[3:]:
    sessions += [session(int(sys.argv[1]), sys.argv[2]) for _ in range(int(count))]
    print("open", flush=True)
    sys.stdin.readline()
