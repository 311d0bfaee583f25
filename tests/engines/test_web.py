"""HTTP requests: which servers get a login, and what errors say."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.server import make_certificate, needs_openssl, running, serve

from conda_multiplat.engines.web import UnfetchedError, Web
from conda_multiplat.machine.conda_settings import Settings

LOGIN = f"Basic {base64.b64encode(b'me:secret').decode()}"
OTHER = f"Basic {base64.b64encode(b'you:other').decode()}"


class _Server(HTTPServer):
    """Redirects known paths to other places, and records the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.places: dict[str, str] = {}
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.host = f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        sent = self.headers
        self.server.asked.append(
            (self.path, sent["Authorization"], sent["Proxy-Authorization"]),
        )
        place = self.server.places.get(self.path)
        self.send_response(302 if place else 200)
        if place:
            self.send_header("Location", place)
        self.end_headers()
        if not place:
            self.wfile.write(b"here")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[_Server, _Server]]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as stack:
        both = _Server(), _Server()
        for listener in both:
            stack.enter_context(running(listener))
        yield both


def _web(**settings: object) -> Web:
    return Web(Settings("linux-64", remote_max_retries=0, **settings))  # type: ignore[arg-type]


def test_login_stays_with_its_server(servers: tuple[_Server, _Server]) -> None:
    """A redirect on one server keeps the login; another server gets only that of its own URL."""
    one, two = servers
    one.places = {"/a": "/b", "/b": f"http://{two.host}/c"}
    two.places = {"/c": f"http://you:other@{two.host}/d"}
    assert _web().get(f"http://me:secret@{one.host}/a", 10) == b"here"
    assert one.asked == [("/a", LOGIN, None), ("/b", LOGIN, None)]
    assert two.asked == [("/c", None, None), ("/d", OTHER, None)]


def test_login_stays_with_its_proxy(
    servers: tuple[_Server, _Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy's login is not sent to a host that is reached without a proxy."""
    proxy, two = servers
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    proxy.places = {"http://example.invalid/a": f"http://{two.host}/b"}
    web = _web(proxy_servers={"http": f"http://me:secret@{proxy.host}"})
    assert web.get("http://example.invalid/a", 10) == b"here"
    assert proxy.asked == [("http://example.invalid/a", None, LOGIN)]
    assert two.asked == [("/b", None, None)]


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy"])
def test_proxy_for_all(
    servers: tuple[_Server, _Server], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A proxy for every scheme is used, unless conda has one; only if it is an HTTP proxy."""
    one, two = servers
    monkeypatch.setenv(name, f"http://{one.host}")
    assert _web().get("http://example.invalid/a", 10) == b"here"
    configured = _web(proxy_servers={"http": f"http://{two.host}"})
    assert configured.get("http://example.invalid/b", 10) == b"here"
    monkeypatch.setenv(name, "socks5://127.0.0.1:1")
    assert _web().get(f"http://{two.host}/c", 10) == b"here"
    assert [path for path, *_ in one.asked] == ["http://example.invalid/a"]
    assert [path for path, *_ in two.asked] == ["http://example.invalid/b", "/c"]


def test_condas_proxy_first(
    servers: tuple[_Server, _Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``proxy_servers`` comes before the proxy of the environment for the same scheme."""
    one, two = servers
    monkeypatch.setenv("http_proxy", f"http://{one.host}")
    web = _web(proxy_servers={"http": f"http://{two.host}"})
    assert web.get("http://example.invalid/a", 10) == b"here"
    assert _web().get("http://example.invalid/b", 10) == b"here"
    asked = [[path for path, *_ in server.asked] for server in servers]
    assert asked == [["http://example.invalid/b"], ["http://example.invalid/a"]]


@pytest.mark.parametrize(
    ("configured", "environment", "asked"),
    [
        ({"http://x.invalid": "one", "http": "two"}, {}, "one"),
        ({"http://x.invalid": "one", "all": "two"}, {}, "one"),
        ({"http": "one", "all://x.invalid": "two", "all": "two"}, {}, "one"),
        ({"all://x.invalid": "one", "all": "two"}, {}, "one"),
        ({"all": "one"}, {}, "one"),
        ({"http://y.invalid": "two", "https://x.invalid": "two", "http": "one"}, {}, "one"),
        ({"http://x.invalid": "one"}, {"http_proxy": "two"}, "one"),
        ({"all": "one"}, {"http_proxy": "two"}, "one"),
        ({"https": "two", "http://y.invalid": "two"}, {"http_proxy": "one"}, "one"),
        ({"http://x.invalid": "one"}, {"http_proxy": "two", "no_proxy": "y.invalid"}, "one"),
    ],
)
def test_proxy_of_a_host(
    servers: tuple[_Server, _Server],
    monkeypatch: pytest.MonkeyPatch,
    configured: dict[str, str],
    environment: dict[str, str],
    asked: str,
) -> None:
    """The order is ``scheme://host``, ``scheme``, ``all://host``, ``all``; conda's come first."""
    proxies = {
        name: f"http://{proxy.host}" for name, proxy in zip(("one", "two"), servers, strict=True)
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, proxies.get(value, value))
    web = _web(proxy_servers={key: proxies[name] for key, name in configured.items()})
    assert web.get("http://x.invalid:8080/a", 10) == b"here"
    paths = {name: proxy.asked for name, proxy in zip(("one", "two"), servers, strict=True)}
    assert [path for path, *_ in paths.pop(asked)] == ["http://x.invalid:8080/a"]
    assert [*paths.values()] == [[]]


@needs_openssl
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_each_try_is_alike(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str) -> None:
    """Every try sends the same request through a proxy and, with TLS, encrypted."""
    monkeypatch.setattr("conda_multiplat.engines.web._PAUSE", 0.01)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    certificate = make_certificate(tmp_path, "x.example") if scheme == "https" else None
    (tmp_path / "a").write_text("here", encoding="utf-8")
    with serve(tmp_path, certificate, proxy=True) as proxy:
        proxy.status = {"/a": 503}
        proxy.login = "me:secret"
        verify = str(certificate[0]) if certificate else True
        settings = Settings(
            "linux-64",
            remote_max_retries=3,
            ssl_verify=verify,
            proxy_servers={scheme: proxy.url},
        )
        with pytest.raises(UnfetchedError) as caught:
            Web(settings).get(f"{scheme}://me:secret@x.example/a", 10)
    assert caught.value.reason == "503 Service Unavailable"
    assert [(request.path, request.authorised) for request in proxy.requests] == [("/a", True)] * 4


def test_host_without_a_proxy(servers: tuple[_Server, _Server]) -> None:
    """An empty value exempts a host from its scheme's proxy."""
    one, two = servers
    web = _web(proxy_servers={"http": f"http://{one.host}", "http://127.0.0.1": ""})
    assert web.get(f"http://{two.host}/a", 10) == b"here"
    assert [path for path, *_ in two.asked] == ["/a"]
    assert one.asked == []


@pytest.mark.parametrize("place", ["ftp://127.0.0.1:1/x", "file:///etc/passwd", "/a"])
def test_redirects_that_lead_nowhere(servers: tuple[_Server, _Server], place: str) -> None:
    """Only HTTP redirects are followed, a limited number; the reason is one line."""
    one, _ = servers
    one.places = {"/a": place}
    with pytest.raises(UnfetchedError) as caught:
        _web().get(f"http://{one.host}/a", 10)
    assert caught.value.reason.startswith("302 ")
    assert "\n" not in caught.value.reason


@pytest.mark.parametrize(
    "url", ["http://[/", "x", "http://u\udcff:p@127.0.0.1/", "http://a b/", "http://127.0.0.1:x/"]
)
def test_no_url(url: str, tmp_path: Path) -> None:
    """A text that is not a URL can't be fetched."""
    for fetch in (lambda: _web().get(url, 10), lambda: _web().save(url, tmp_path / "x", 10)):
        with pytest.raises(UnfetchedError) as caught:
            fetch()
        assert caught.value.reason


def test_less_than_no_further_tries(servers: tuple[_Server, _Server]) -> None:
    """A server is asked once, even if ``remote_max_retries`` is negative."""
    web = Web(Settings("linux-64", remote_max_retries=-5))
    assert web.get(f"http://{servers[0].host}/a", 10) == b"here"
