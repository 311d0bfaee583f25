"""HTTP requests with conda's configuration: proxies, certificates, timeouts and retries.

It is used for what neither rattler nor uv downloads. A login in a URL is only sent to its host.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit

from conda_multiplat.engines.certificates import tls_context
from conda_multiplat.engines.proxies import proxy_for
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.hashing_writer import HashingWriter
from conda_multiplat.vocabulary.channels import public_name

_TRY_AGAIN = (429, 500, 502, 503, 504)
#: Seconds before the first retry; doubled before each further one.
_PAUSE = 0.2
_BLOCK = 1 << 20
_AGENT = "conda-multiplat"

T = TypeVar("T")


class UnfetchedError(Exception):
    """A download failed; ``reason`` says why, in one line without secrets."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = " ".join(reason.split())


class Web:
    """An HTTP client.

    Args:
        settings: proxies, certificates, timeouts and tries.
        tries: the number of tries, instead of conda's.
        patience: the longest time to wait for a server in seconds, if conda's is longer.
        elsewhere: whether redirects are followed.

    Raises:
        OutsideError: the certificates that ``ssl_verify`` or ``client_ssl_cert`` names can't be
            read.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        tries: int = 0,
        patience: float = float("inf"),
        elsewhere: bool = True,
    ) -> None:
        self._tries = tries or max(1, 1 + settings.remote_max_retries)
        self._connect = min(patience, settings.remote_connect_timeout_secs)
        read = min(patience, settings.remote_read_timeout_secs)
        handlers: list[urllib.request.BaseHandler] = [
            _Http(read),
            _Https(read, _context(settings)),
            _Proxies(settings.proxy_servers, urllib.request.getproxies()),
        ]
        handlers.append(_Redirects() if elsewhere else _NoRedirects())
        self._opener = urllib.request.build_opener(*handlers)

    def get(
        self,
        url: str,
        most: int,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> bytes:
        """Return the content of a URL.

        Args:
            url: with its login, if it needs one.
            most: the largest allowed size in bytes.
            data: the body of a ``POST``; ``None`` for a ``GET``.
            headers: the headers of the request.

        Raises:
            UnfetchedError: it can't be downloaded, or is larger.
        """
        return self._request(url, data, headers, lambda answer: b"".join(_blocks(answer, most)))

    def save(self, url: str, file: Path, most: int) -> str:
        """Download a URL into a file, and return its SHA-256; see :meth:`get`.

        Raises:
            UnfetchedError: it can't be downloaded, is too large, or the file can't be written.
        """

        def take(answer: http.client.HTTPResponse) -> str:
            with file.open("wb") as out:
                writer = HashingWriter(out)
                for block in _blocks(answer, most):
                    writer.write(block)
            return writer.sha256

        return self._request(url, None, {}, take)

    def _request(
        self,
        url: str,
        data: bytes | None,
        headers: Mapping[str, str],
        take: Callable[[http.client.HTTPResponse], T],
    ) -> T:
        """Process a response; request it again if a retry may help."""
        reason = ""
        for number in range(self._tries):
            if number:
                time.sleep(_PAUSE * 2 ** (number - 1))
            try:
                # A new request for each try: with a proxy, Python changes a request, and would send
                # it into the tunnel without TLS the next time.
                request = _request(url, data, headers)
            except ValueError as error:  # an unclosed bracket, a lone surrogate
                raise UnfetchedError(reason_of(error)) from None
            try:
                with self._opener.open(request, timeout=self._connect) as answer:
                    return take(answer)
            except HTTPError as error:
                reason = f"{error.code} {error.reason}"
                if error.code not in _TRY_AGAIN:
                    break
            except (OSError, http.client.HTTPException, ValueError) as error:
                reason = reason_of(error)
        raise UnfetchedError(reason)


def reason_of(error: Exception) -> str:
    """Return the message for an error of a connection or a file."""
    cause = getattr(error, "reason", error)
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__)


def _context(settings: Settings) -> ssl.SSLContext:
    return tls_context(settings.ssl_verify, settings.client_ssl_cert, settings.client_ssl_cert_key)


def _request(url: str, data: bytes | None, headers: Mapping[str, str]) -> urllib.request.Request:
    parts = urlsplit(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    address = parts._replace(netloc=host).geturl()
    request = urllib.request.Request(address, data, {"User-Agent": _AGENT, **headers})
    if userinfo:
        login = base64.b64encode(unquote(userinfo).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {login}")
    return request


def _server(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]


def _blocks(answer: http.client.HTTPResponse, most: int) -> Iterator[bytes]:
    """Return the content of a response.

    Raises:
        UnfetchedError: it is larger than ``most`` bytes.
        ConnectionError: it was cut off.
    """
    size = 0
    while block := answer.read(_BLOCK):
        size += len(block)
        if size > most:
            raise UnfetchedError(f"more than {most >> 20} MiB")
        yield block
    if getattr(answer, "length", 0):
        raise ConnectionError(f"the connection broke off {answer.length} bytes before the end")


def _not_followed(
    request: urllib.request.Request, _: Any, code: int, reason: str, headers: Any, place: str
) -> HTTPError:
    """Return the error for a redirect that is not followed, with its target."""
    return HTTPError(request.full_url, code, f"{reason}, to {public_name(place)}", headers, None)


class _Proxies(urllib.request.ProxyHandler):
    """Asks the proxy of conda's configuration, or that of the environment variables.

    ``ALL_PROXY`` applies to both schemes, as in rattler and uv; Python's library ignores it, and
    knows no proxies for single hosts.
    """

    def __init__(self, *sources: Mapping[str, str]) -> None:
        super().__init__({})
        self._sources = sources

    def http_open(self, request: urllib.request.Request) -> Any:
        if request.has_proxy():  # it goes to a proxy of the other scheme already
            return None
        proxy = proxy_for(request.full_url, *self._sources)
        return self.proxy_open(request, proxy, request.type) if proxy else None

    https_open = http_open


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects over HTTP; a login is only sent to the server whose URL had it."""

    def redirect_request(self, *arguments: Any) -> urllib.request.Request | None:
        """Return the next request, without the proxy's login: it may not go through the proxy.

        Raises:
            HTTPError: the target is not an HTTP URL.
        """
        request, *_ = arguments
        further = super().redirect_request(*arguments)
        if further is None:
            return None
        if further.type not in ("http", "https"):
            raise _not_followed(*arguments)
        kept = {k: v for k, v in further.headers.items() if k.lower() != "proxy-authorization"}
        again = _request(further.full_url, None, kept)
        login = request.unredirected_hdrs.get("Authorization")
        if login and _server(request.full_url) == _server(further.full_url):
            again.unredirected_hdrs.setdefault("Authorization", login)
        return again


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirects: the query must only be sent to the configured server."""

    def redirect_request(self, *arguments: Any) -> None:
        """Refuse to follow, with the status code and the target in the error.

        Raises:
            HTTPError: always.
        """
        raise _not_followed(*arguments)


class _Patient(http.client.HTTPConnection):
    """Limits the wait for a response to ``patience``: ``timeout`` only limits the connection."""

    patience = 0.0

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self.patience)


class _PatientTls(_Patient, http.client.HTTPSConnection):
    pass


class _Http(urllib.request.HTTPHandler):
    def __init__(self, patience: float) -> None:
        super().__init__()
        self._kind: Any = type("_Kind", (_Patient,), {"patience": patience})

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._kind, request)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, patience: float, context: Any) -> None:
        super().__init__(context=context)
        self._kind: Any = type("_Kind", (_PatientTls,), {"patience": patience})
        self._ssl = context

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._kind, request, context=self._ssl)
