# SPDX-License-Identifier: Apache-2.0
"""idle_server.py PORT REAL: a server that holds thousands of idle sessions, which a real PostgreSQL cannot on one machine.

It lets anybody in and answers every simple query with one row. What asks for the catalogue is passed on to the real server
at port REAL."""
import asyncio
import struct
import sys


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def parameter(name, value):
    return message(b"S", name + b"\0" + value + b"\0")


READY = message(b"Z", b"I")
WELCOME = (message(b"R", struct.pack("!I", 0)) + parameter(b"server_version", b"15.0") + parameter(b"server_encoding", b"UTF8")
           + parameter(b"client_encoding", b"UTF8") + parameter(b"DateStyle", b"ISO, MDY") + parameter(b"TimeZone", b"UTC")
           + parameter(b"integer_datetimes", b"on") + parameter(b"standard_conforming_strings", b"on")
           + parameter(b"is_superuser", b"off") + message(b"K", struct.pack("!II", 4711, 815)) + READY)
ANSWER = (message(b"T", struct.pack("!H", 1) + b"?column?\0" + struct.pack("!IhIhih", 0, 0, 23, 4, -1, 0))
          + message(b"D", struct.pack("!Hi", 1, 1) + b"1") + message(b"C", b"SELECT 1\0") + READY)
SSL_REQUEST, GSSENC_REQUEST = 80877103, 80877104


async def pump(reader, writer):
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readexactly(8)
            size, code = struct.unpack("!II", head)
            if code not in (SSL_REQUEST, GSSENC_REQUEST):
                break
            writer.write(b"N")
        startup = head + await reader.readexactly(size - 8)
        if b"sluice catalogue" in startup:
            theirs, ours = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
            ours.write(startup)
            await asyncio.gather(pump(theirs, writer), pump(reader, ours))
            return
        writer.write(WELCOME)
        while True:
            kind, size = struct.unpack("!cI", await reader.readexactly(5))
            await reader.readexactly(size - 4)
            if kind == b"X":
                break
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the other side has gone
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
