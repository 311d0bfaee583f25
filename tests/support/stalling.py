"""A server that stalls: each way a network falls silent."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

#: ``mute``: connections are taken, and nothing is said. ``stops``: half a body, then nothing.
#: ``trickles``: it comes to an end, slower than a read timeout as a whole. ``resets``: the
#: connection is reset in the body. ``closes``: it ends before the answer.
KINDS = ("mute", "stops", "resets", "closes")
_BACKLOG = 256
_HEAD = "HTTP/1.1 {} x\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n"


class _Stalling:
    def __init__(self, root: Path, kind: str, only: str) -> None:
        self.root, self.kind, self.only = root, kind, only
        self.end = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        while not self.end.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._guarded, args=(connection,), daemon=True).start()

    def _guarded(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            if not (more := connection.recv(65536)):
                return
            request += more
        method, target, _ = request.split(b"\r\n", 1)[0].decode().split(" ")
        path = unquote(target).lstrip("/")
        file = self.root / path / "index.html" if path.endswith("/") else self.root / path
        body = file.read_bytes() if file.is_file() else None
        stalls = self.only in path and body is not None
        if stalls and self.kind == "mute":
            self.end.wait()
            return
        if stalls and self.kind == "closes":
            return
        status = 200 if body is not None else 404
        content = "text/html" if path.endswith("/") else "application/octet-stream"
        connection.sendall(_HEAD.format(status, content, len(body or b"")).encode())
        if method == "HEAD":
            return
        self._send(connection, body or b"", stalls=stalls)

    def _send(self, connection: socket.socket, body: bytes, *, stalls: bool) -> None:
        half = len(body) // 2
        if not stalls:
            connection.sendall(body)
        elif self.kind == "trickles":
            for start in range(0, len(body), max(1, len(body) // 10)):
                connection.sendall(body[start : start + max(1, len(body) // 10)])
                self.end.wait(0.3)
        elif self.kind == "resets":
            connection.sendall(body[:half])
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        else:
            connection.sendall(body[:half])
            self.end.wait()


@contextmanager
def stalling(root: Path, kind: str, only: str = "") -> Iterator[str]:
    """Serve ``root`` so that files with ``only`` in their path fail; the URL."""
    server = _Stalling(root, kind, only)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.end.set()
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        thread.join()
