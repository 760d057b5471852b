# SPDX-License-Identifier: Apache-2.0
"""The agent of the bypass suite: a process inside a run that sends the bytes it is told and gives back every byte it got.
One JSON object a line in, one out. It knows of the protocol what it must: where a message ends, and how to cancel."""
import json
import socket
import struct
import sys

HOST, PORT = sys.argv[1], int(sys.argv[2])
SECONDS = 60
ANSWER_BYTES_MAX = 8 << 20  # what gives more is cancelled, and its rows are not kept


def packet(body):
    return struct.pack("!i", len(body) + 4) + body


class Connection:
    def __init__(self, parameters):
        self.socket = socket.create_connection((HOST, PORT), timeout=SECONDS)
        self.data = b""
        self.key = None
        body = struct.pack("!i", 196608) + b"".join(f"{k}\0{v}\0".encode() for k, v in parameters.items()) + b"\0"
        self.socket.sendall(packet(body))

    def cancel(self):
        with socket.create_connection((HOST, PORT), timeout=SECONDS) as other:
            other.sendall(packet(struct.pack("!i", 80877102) + self.key))
            while other.recv(100):
                pass

    def message(self):
        """The next message as (type, body), or None at the end of the connection."""
        while True:
            if len(self.data) >= 5:
                size = 1 + struct.unpack("!i", self.data[1:5])[0]
                if len(self.data) >= size:
                    whole, self.data = self.data[:size], self.data[size:]
                    if whole[:1] == b"K":
                        self.key = whole[5:]
                    return whole[:1].decode("latin-1"), whole[5:]
            more = self.socket.recv(1 << 16)
            if not more:
                return None
            self.data += more

    def talk(self, data, readies, keep_held):
        """Sends, then reads until so many ReadyForQuery. What is held is withdrawn, or with `keep_held` left waiting."""
        said = {"messages": [], "held": False, "closed": False, "timeout": False}
        room = ANSWER_BYTES_MAX
        try:
            if data:
                self.socket.sendall(data)
            while readies > 0:
                got = self.message()
                if got is None:
                    said["closed"] = True
                    break
                kind, body = got
                if room > 0 >= room - len(body):
                    self.cancel()
                room -= len(body)
                if room > 0 or kind not in "Dd":
                    said["messages"].append([kind, body.hex()])
                if kind == "Z":
                    readies -= 1
                elif kind == "G":
                    self.socket.sendall(b"f" + packet(b"no data\0"))
                elif kind == "N" and b"held for approval" in body:
                    said["held"] = True
                    if keep_held:
                        break
                    self.cancel()
        except socket.timeout:
            said["timeout"] = True
        except OSError:
            said["closed"] = True
        return said


connections = {}
for line in sys.stdin:
    order = json.loads(line)
    name, answer = order.get("id"), {}
    try:
        if order["op"] == "open":
            connections[name] = Connection(order["parameters"])
            answer = connections[name].talk(b"", 1, False)
        elif order["op"] == "talk":
            answer = connections[name].talk(bytes.fromhex(order["data"]), order["readies"], order.get("keep_held", False))
        elif order["op"] == "close":
            connections.pop(name).socket.close()
    except (OSError, KeyError) as failure:
        answer = {"messages": [], "held": False, "closed": True, "timeout": False, "failure": str(failure)}
    print(json.dumps(answer), flush=True)
