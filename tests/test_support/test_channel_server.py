"""The server serves, and misbehaves exactly as it is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.server import Request, Rules, serve

BODY = b"0123456789" * 100
#: ``user:pw``, as Basic authentication writes it.
LOGIN = {"Authorization": "Basic dXNlcjpwdw=="}


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[Rules]:
    """A server with one file."""
    (tmp_path / "noarch").mkdir()
    (tmp_path / "noarch" / "file").write_bytes(BODY)
    with serve(tmp_path) as web:
        yield web


def _connect(rules: Rules) -> HTTPConnection:
    address = urlsplit(rules.url)
    return HTTPConnection(address.hostname or "", address.port, timeout=20)


def _ask(
    rules: Rules, path: str = "/noarch/file", method: str = "GET", login: bool = False
) -> tuple[int, bytes]:
    connection = _connect(rules)
    try:
        connection.request(method, path, headers=LOGIN if login else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_serves_and_records(rules: Rules) -> None:
    """Files with their content, HEAD without, 404 for the rest; all of it is on record."""
    assert _ask(rules) == (200, BODY)
    assert _ask(rules, method="HEAD") == (200, b"")
    assert _ask(rules, "/nothing") == (404, b"")
    assert rules.requests == [
        Request("GET", "/noarch/file", 200, authorised=True),
        Request("HEAD", "/noarch/file", 200, authorised=True),
        Request("GET", "/nothing", 404, authorised=True),
    ]


def test_keeps_connections(rules: Rules) -> None:
    """One connection serves several requests."""
    connection = _connect(rules)
    for _ in range(3):
        connection.request("GET", "/noarch/file")
        assert connection.getresponse().read() == BODY
    connection.close()


def test_many_clients_at_once(rules: Rules) -> None:
    """More clients than the standard backlog has room for."""
    rules.delay["file"] = 0.2
    with ThreadPoolExecutor(60) as pool:
        assert set(pool.map(lambda _: _ask(rules), range(60))) == {(200, BODY)}


@pytest.mark.parametrize("status", [403, 404, 500])
def test_status(rules: Rules, status: int) -> None:
    """The status of a path, until the rule is taken back."""
    rules.status["file"] = status
    assert _ask(rules) == (status, b"")
    rules.status.clear()
    assert _ask(rules) == (200, BODY)


def test_breaks_off(rules: Rules) -> None:
    """Half of the body, then the connection is closed."""
    rules.truncate.append("file")
    with pytest.raises(IncompleteRead) as caught:
        _ask(rules)
    assert caught.value.partial == BODY[: len(BODY) // 2]


def test_wrong_bytes(rules: Rules) -> None:
    """Other content, in good form."""
    rules.replace["file"] = b"wrong"
    assert _ask(rules) == (200, b"wrong")


def test_delay(rules: Rules) -> None:
    """The answer comes late."""
    rules.delay["file"] = 0.3
    start = time.monotonic()
    _ask(rules)
    assert time.monotonic() - start >= 0.3


def test_login(rules: Rules) -> None:
    """Without user and password nothing is served, and the record shows who had them."""
    rules.login = "user:pw"
    assert _ask(rules) == (401, b"")
    assert _ask(rules, login=True) == (200, BODY)
    assert [request.authorised for request in rules.requests] == [False, True]


def test_token(rules: Rules) -> None:
    """Paths are served under the token only."""
    rules.token = "tk-1"
    assert _ask(rules) == (403, b"")
    assert _ask(rules, "/t/other/noarch/file") == (403, b"")
    assert _ask(rules, "/t/tk-1/noarch/file") == (200, BODY)
    assert [request.authorised for request in rules.requests] == [False, False, True]
