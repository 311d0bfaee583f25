"""A channel server on loopback that can be told to misbehave."""

from __future__ import annotations

import base64
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from support.patience import soon

#: For tests that make a certificate.
needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="no openssl to make a certificate with"
)


@dataclass(frozen=True)
class Request:
    """A request and its answer; ``authorised``: it brought the login and token that are asked."""

    method: str
    path: str
    status: int
    authorised: bool


@dataclass
class Rules:
    """How the server answers.

    Attributes:
        root: the folder it serves.
        status: path ending -> the status to answer with instead.
        truncate: path endings whose bodies break off in the middle.
        replace: path ending -> other content.
        delay: path ending -> seconds to wait before the answer, or until it is taken out again.
        login: ``user:password`` that every request must bring.
        token: the token that every path must begin with, as ``/t/TOKEN/``.
        waiting: the paths whose answer was delayed, as soon as they were asked for.
        seen: the requested paths, in order; a refused one with its status behind it.
        requests: all of each request, HEAD and missing files too.
        hosts: whom this server stood for where it was asked as a proxy for TLS.
    """

    root: Path
    status: dict[str, int] = field(default_factory=dict)
    truncate: list[str] = field(default_factory=list)
    replace: dict[str, bytes] = field(default_factory=dict)
    delay: dict[str, float] = field(default_factory=dict)
    login: str = ""
    token: str = ""
    waiting: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    url: str = ""

    def first(self, table: dict[str, int], path: str) -> int | None:
        """The status that ``table`` has for ``path``."""
        return next((value for end, value in table.items() if path.endswith(end)), None)


class _Server(socketserver.ThreadingMixIn, HTTPServer):
    """Queues connections: the standard backlog of 5 makes parallel clients stall."""

    daemon_threads = True
    request_queue_size = 256
    rules: Rules
    tls: ssl.SSLContext


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        rules = self.server.rules
        path = unquote(urlsplit(self.path).path)
        for end, seconds in tuple(rules.delay.items()):
            if path.endswith(end):
                rules.waiting.append(path)
                soon(lambda end=end: end not in rules.delay, seconds)
        refusal = self._refusal(rules, path)
        status = rules.first(rules.status, path) or refusal
        rules.seen.append(path if status is None else f"{path} {status}")
        content = self._content(rules, path) if status is None else None
        status = status or (404 if content is None else 200)
        rules.requests.append(Request(self.command, path, status, refusal is None))
        self._answer(status, content or b"", path if content is not None else "")

    def do_CONNECT(self) -> None:
        """Be the host that is asked for, whichever that is; nothing reaches the network."""
        self.server.rules.hosts.add(self.path.rpartition(":")[0])
        self.send_response(200)
        self.end_headers()
        self.rfile.close()
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)  # type: ignore[assignment]
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        if self.connection is not self.request:  # TLS in a tunnel
            self.connection.close()

    def _content(self, rules: Rules, path: str) -> bytes | None:
        if rules.token:
            path = path.removeprefix(f"/t/{rules.token}")
        file = rules.root / path.lstrip("/")
        if path.endswith("/"):
            file /= "index.html"
        if not file.is_file():
            return None
        content = next((new for end, new in rules.replace.items() if path.endswith(end)), None)
        return file.read_bytes() if content is None else content

    def _refusal(self, rules: Rules, path: str) -> int | None:
        login = "Basic " + base64.b64encode(rules.login.encode()).decode()
        if rules.login and self.headers.get("Authorization") != login:
            return 401
        if rules.token and not path.startswith(f"/t/{rules.token}/"):
            return 403
        return None

    def _answer(self, status: int, body: bytes, path: str = "") -> None:
        cut = any(path.endswith(end) for end in self.server.rules.truncate)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if path.endswith("/"):
            simple = "application/vnd.pypi.simple.v1+json"  # PEP 691
            kind = simple if body.startswith(b"{") else "text/html"
            self.send_header("Content-Type", kind)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def make_certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate for ``localhost`` and others that nobody has signed, and its key."""
    hosts = ",".join(f"DNS:{name}" for name in ("localhost", *names))
    key, certificate = folder / "key.pem", folder / "ca.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", key, "-out", certificate, "-subj", "/CN=localhost",
         "-addext", f"subjectAltName={hosts}",
         "-addext", "basicConstraints=critical,CA:FALSE"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


class Authority(NamedTuple):
    """An authority, and a server's certificate that it has signed.

    Attributes:
        file: its own certificate.
        folder: a folder that has it by the name that OpenSSL looks for.
        server: the certificate for ``localhost`` and its key.
    """

    file: Path
    folder: Path
    server: tuple[Path, Path]


def make_authority(folder: Path) -> Authority:
    """An authority of its own, as a company's."""
    folder.mkdir(parents=True)
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    for name, more in (
        ("ca", ["/CN=own authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]),
        ("server", ["/CN=localhost", "-CA", "ca.pem", "-CAkey", "ca.key"]),
    ):
        is_authority = "TRUE" if name == "ca" else "FALSE"
        extensions = [f"basicConstraints=critical,CA:{is_authority}"]
        extensions += ["subjectAltName=DNS:localhost"] if name == "server" else []
        options = [option for extension in extensions for option in ("-addext", extension)]
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        _openssl(folder, "req", "-x509", *new, *files, *options, "-subj", *more)
    (folder / "all").mkdir()
    name = _openssl(folder, "x509", "-hash", "-noout", "-in", "ca.pem").strip()
    shutil.copy(folder / "ca.pem", folder / "all" / f"{name}.0")
    server = (folder / "server.pem", folder / "server.key")
    return Authority(folder / "ca.pem", folder / "all", server)


def _openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def server_context(certificate: tuple[Path, Path], clients: Path | None) -> ssl.SSLContext:
    """TLS for a server with a certificate, and the authority of its clients' ones."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context


@contextmanager
def serve(
    root: Path,
    certificate: tuple[Path, Path] | None = None,
    *,
    proxy: bool = False,
    clients: Path | None = None,
) -> Iterator[Rules]:
    """Serve ``root``; the rules can be changed while it runs.

    With a certificate and its key the server speaks TLS, as ``localhost``; or, if it is to be a
    proxy, as any host that is asked for through it. It can demand that clients have a certificate
    of the authority ``clients``.
    """
    server = _Server(("127.0.0.1", 0), _Handler)
    server.rules = Rules(root, url=f"http://127.0.0.1:{server.server_address[1]}")
    if certificate is not None:
        server.tls = server_context(certificate, clients)
    if certificate is not None and not proxy:
        server.socket = server.tls.wrap_socket(server.socket, server_side=True)
        server.rules.url = f"https://localhost:{server.server_address[1]}"
    with running(server):
        yield server.rules


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    """Have a server answer, in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
