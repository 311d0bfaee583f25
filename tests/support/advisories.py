"""Advisories in OSV's form, the zip that OSV exports, and a service that speaks OSV's protocol."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support.server import running, server_context

Advisory = dict[str, Any]
#: A base score of 9.8.
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def advisory(
    name: str,
    project: str,
    *events: Mapping[str, str],
    versions: Sequence[str] = (),
    aliases: Sequence[str] = (),
    vector: str = "",
    word: str = "",
    summary: str = "something is wrong",
    **more: Any,
) -> Advisory:
    """An advisory about one project of PyPI; ``events`` are those of one range."""
    kind = "CVSS_V4" if vector.startswith("CVSS:4") else "CVSS_V3"
    affected: dict[str, Any] = {"package": {"ecosystem": "PyPI", "name": project}}
    if events:
        affected["ranges"] = [{"type": "ECOSYSTEM", "events": list(events)}]
    if versions:
        affected["versions"] = list(versions)
    return {
        "schema_version": "1.6.0",
        "id": name,
        "modified": "2026-01-01T00:00:00Z",
        "aliases": list(aliases),
        "summary": summary,
        "affected": [affected],
        **({"severity": [{"type": kind, "score": vector}]} if vector else {}),
        **({"database_specific": {"severity": word}} if word else {}),
        **more,
    }


def below(version: str, since: str = "0") -> tuple[dict[str, str], ...]:
    """The events of a range that ends with a fix."""
    return {"introduced": since}, {"fixed": version}


def write_zip(path: Path, advisories: Sequence[Advisory]) -> Path:
    """A database as OSV exports it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in advisories:
            archive.writestr(f"{record['id']}.json", json.dumps(record))
    return path


@dataclass
class OsvRules:
    """How the service answers.

    Attributes:
        advisories: what it has.
        url: where it is.
        page: so many ids are in a page.
        fail: path beginning -> the statuses of its first answers.
        location: where redirects among them lead.
        replace: path beginning -> the content of all of its answers.
        delay: path beginning -> seconds before each answer.
        seen: the paths that were asked for, in order.
        queries: the project and version of each query.
        logins: the ``Authorization`` of each request; ``None`` for none.
    """

    advisories: Sequence[Advisory]
    url: str = ""
    page: int = 100
    location: str = ""
    fail: dict[str, list[int]] = field(default_factory=dict)
    replace: dict[str, bytes] = field(default_factory=dict)
    delay: dict[str, float] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    queries: list[tuple[str, str]] = field(default_factory=list)
    logins: set[str | None] = field(default_factory=set)

    def answer(self, path: str, question: Any) -> Any:
        """The document for a request; ``None`` for none."""
        if path == "/v1/querybatch" and question:
            return {"results": [self._result(query) for query in question["queries"]]}
        name = path.removeprefix("/v1/vulns/")
        return next((record for record in self.advisories if record["id"] == name), None)

    def _result(self, query: Any) -> Any:
        project = query["package"]["name"]
        self.queries.append((project, query["version"]))
        assert query["package"]["ecosystem"] == "PyPI"
        ids = [
            {"id": record["id"], "modified": record["modified"]}
            for record in self.advisories
            if any(item["package"]["name"].lower() == project for item in record["affected"])
        ]
        start = int(query.get("page_token", "0"))
        result: dict[str, Any] = {"vulns": ids[start : start + self.page]} if ids else {}
        if start + self.page < len(ids):
            result["next_page_token"] = str(start + self.page)
        return result


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    rules: OsvRules


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_GET(self) -> None:
        self._reply(None)

    def _reply(self, question: Any) -> None:
        rules = self.server.rules
        rules.seen.append(self.path)
        rules.logins.add(self.headers.get("Authorization"))
        time.sleep(sum(s for start, s in rules.delay.items() if self.path.startswith(start)))
        statuses = next((s for start, s in rules.fail.items() if self.path.startswith(start)), [])
        if statuses:
            self._send(statuses.pop(0), b"{}")
            return
        document = rules.answer(self.path, question)
        content = json.dumps(document).encode()
        for start, other in rules.replace.items():
            content = other if self.path.startswith(start) else content
        self._send(404 if document is None else 200, content)

    def _send(self, status: int, content: bytes) -> None:
        with suppress(OSError):  # who has asked may have gone
            self.send_response(status)
            if status in range(301, 309):
                self.send_header("Location", self.server.rules.location)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def osv_service(
    advisories: Sequence[Advisory],
    certificate: tuple[Path, Path] | None = None,
    clients: Path | None = None,
) -> Iterator[OsvRules]:
    """A service on loopback, by TLS if it has a certificate; rules can change while it runs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.rules = OsvRules(advisories, url=f"http://127.0.0.1:{server.server_address[1]}")
    if certificate:
        context = server_context(certificate, clients)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.rules.url = f"https://localhost:{server.server_address[1]}"
    with running(server):
        yield server.rules
