# SPDX-License-Identifier: Apache-2.0
"""The first bytes of a connection, one way of beginning by name; prints what came of it, as JSON."""
import json
import ssl
import struct
import sys

from wire import CANCEL_REQUEST, GSSENC_REQUEST, SSL_REQUEST, Wire, query, untyped


def answer_of(wire):
    """The one row of a statement that says that the session works."""
    return [line for line in wire.ask(query("SELECT name, ssn FROM customers WHERE id = 1")) if line.startswith("D ")]


def in_the_clear():
    wire = Wire()
    return {"login": wire.login(), "rows": answer_of(wire)}


def ssl_request():
    wire = Wire()
    answer = wire.send(untyped(SSL_REQUEST)).exactly(1)
    wire.tls()
    return {"answer": answer.decode(), "login": wire.login(), "rows": answer_of(wire), "alpn": wire.socket.selected_alpn_protocol()}


def ssl_request_with_alpn():
    wire = Wire()
    answer = wire.send(untyped(SSL_REQUEST)).exactly(1)
    wire.tls(alpn="postgresql")
    return {"answer": answer.decode(), "login": wire.login(), "rows": answer_of(wire), "alpn": wire.socket.selected_alpn_protocol()}


def gssenc_then_ssl():
    """As libpq does under gssencmode=prefer with a ticket."""
    wire = Wire()
    first = wire.send(untyped(GSSENC_REQUEST)).exactly(1)
    second = wire.send(untyped(SSL_REQUEST)).exactly(1)
    wire.tls()
    return {"answer": (first + second).decode(), "login": wire.login(), "rows": answer_of(wire)}


def gssenc_then_clear():
    wire = Wire()
    first = wire.send(untyped(GSSENC_REQUEST)).exactly(1)
    return {"answer": first.decode(), "login": wire.login(), "rows": answer_of(wire)}


def direct_tls():
    """As libpq 17 does under sslnegotiation=direct."""
    wire = Wire().tls(alpn="postgresql")
    return {"login": wire.login(), "rows": answer_of(wire), "alpn": wire.socket.selected_alpn_protocol()}


def direct_tls_without_alpn():
    return refused(lambda: Wire().tls())


def direct_tls_for_http():
    return refused(lambda: Wire().tls(alpn="http/1.1"))


def refused(begin):
    try:
        wire = begin()
        wire.startup()
        said = wire.at_end()
        return {"refused": said == [], "said": said}
    except (ssl.SSLError, ConnectionError, EOFError) as error:
        return {"refused": True, "why": str(error)}


def direct_tls_twice():
    """TLS within TLS is nothing that a server speaks."""
    wire = Wire().tls(alpn="postgresql")
    wire.send(untyped(SSL_REQUEST))
    return {"said": wire.at_end()}


def protocol_3_2():
    wire = Wire()
    said = wire.login(version=0x30002)
    return {"login": said, "key_bytes": len(wire.key), "rows": answer_of(wire)}


def protocol_3_9_with_options():
    wire = Wire()
    said = wire.login(version=0x30009, **{"_pq_.of_tomorrow": "on", "_pq_.another": "1"})
    return {"login": said, "rows": answer_of(wire)}


def protocol_2():
    return {"said": Wire().send(untyped(0x20000, b"\0" * 288)).at_end()}


def protocol_4():
    return {"said": Wire().startup(version=0x40000).at_end()}


def no_user():
    return {"said": Wire().send(untyped(196608, b"database\0shop\0\0")).at_end()}


def no_such_database():
    return {"said": Wire().startup(database="no_such_database").at_end()}


def parameters():
    wire = Wire()
    said = wire.login(application_name="a program", client_encoding="LATIN1", DateStyle="German", options="-c TimeZone=Asia/Tokyo")
    return {"login": said, "parameters": {name: wire.parameters[name]
                                          for name in ("application_name", "client_encoding", "DateStyle", "TimeZone")}}


def a_wrong_parameter():
    return {"said": Wire().startup(DateStyle="no style").at_end()}


def a_cancel_of_nobody():
    return {"said": Wire().send(untyped(CANCEL_REQUEST, struct.pack("!iI", 4242, 17))).at_end()}


def replication(value="true"):
    return {"said": Wire().startup(replication=value).at_end()}


print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
