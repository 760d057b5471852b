# SPDX-License-Identifier: Apache-2.0
"""A TCP service for connections that are passed unread."""
import contextlib
import socket
import threading


class TcpServer:
    """Calls handle(peer) for one connection after the other and closes it; what goes wrong on one is that peer's."""

    def __init__(self, handle=lambda peer: None):
        self.handle = handle
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                peer.settimeout(5)
                self.handle(peer)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()
