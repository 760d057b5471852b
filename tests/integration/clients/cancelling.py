# SPDX-License-Identifier: Apache-2.0
"""A session that says its cancel key and runs a statement; a line of input cancels it, each over a connection of its own.
Arguments: clear or tls, the statement."""
import sys
import threading

from wire import CANCEL_REQUEST, SSL_REQUEST, Wire, query, untyped


def connection(way):
    wire = Wire()
    if way == "tls":
        assert wire.send(untyped(SSL_REQUEST)).exactly(1) == b"S"
        wire.tls()
    return wire


def cancel(way, key):
    """Gives what the peer says before it closes, which is nothing."""
    return connection(way).send(untyped(CANCEL_REQUEST, key)).at_end()


def main(way, statement):
    wire = connection("tls")
    wire.login()
    print(wire.key.hex(), flush=True)
    wire.send(query(statement))
    answers = []
    reader = threading.Thread(target=lambda: answers.extend(wire.until("Z")))
    reader.start()
    sys.stdin.readline()
    assert cancel(way, wire.key) == []
    reader.join()
    print([line for line in answers if line[0] == "E"], flush=True)
    print(wire.ask(query("SELECT 'goes on'"))[1], flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
