# SPDX-License-Identifier: Apache-2.0
"""Connects to an echo service again and again, at most so often per second, until its input ends. Prints how often, and each
failure."""
import select
import socket
import sys
import time

port, rate = int(sys.argv[1]), float(sys.argv[2])
tried, failures = 0, []
due = time.monotonic()
while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
    due = max(due + 1 / rate, time.monotonic() - 1)
    tried += 1
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"hello")
            answer = connection.recv(100)
            if answer != b"hello":
                failures.append(f"connect {tried}: answered {answer!r}")
    except OSError as error:
        failures.append(f"connect {tried}: {error}")
print(tried)
print("\n".join(failures))
