"""A service that speaks OSV's protocol: which advisories there are about some projects' versions.

``POST /v1/querybatch`` says the ids, page by page, ``GET /v1/vulns/ID`` each advisory. Of what is
locked the service hears names and versions.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urlsplit

from conda_multiplat.lockfile.audit.advisory import ECOSYSTEM, ID, Advisory, read_advisory
from conda_multiplat.lockfile.audit.vulnerabilities import Question
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.errors import DocumentError, OutsideError, UsageError
from conda_multiplat.vocabulary.json_values import json_object

#: Questions of one request; OSV takes no more.
_BATCH = 1000
#: Pages of one answer: more there are of nothing.
_PAGES = 100
_LARGEST = 64 << 20
_PARALLEL = 8
_TRY_AGAIN = (429, 500, 502, 503, 504)
#: Seconds before the first further try; twice as many before each other.
_PAUSE = 0.2
_HEADERS = {"Content-Type": "application/json", "User-Agent": "conda-multiplat"}


class Service:
    """The service at a URL: an ``AdvisorySource``.

    Args:
        url: where ``/v1/querybatch`` is.
        settings: timeouts, tries, proxies and certificates.

    Raises:
        UsageError: the URL is none.
        OutsideError: nothing may be fetched.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        if not _is_web(url):
            hint = "write it as https://HOST: CONDA_MULTIPLAT_OSV_URL, or plugins.multiplat_osv_url"
            raise UsageError(f"not the URL of a service: {public_name(url)}", hints=[hint])
        self._url, self._login = _without_login(url.rstrip("/"))
        if settings.offline:
            hint = "hold the locks against a downloaded database: --db FILE"
            raise OutsideError(f"offline: {self.name} is not asked", hints=[hint])
        self._tries = 1 + settings.remote_max_retries
        self._connect = settings.remote_connect_timeout_secs
        self._opener = _opener(settings)

    @property
    def name(self) -> str:
        """The URL, without what is secret in it."""
        return public_name(self._url)

    def advisories(
        self, questions: Sequence[Question], say: Callable[[str], None]
    ) -> dict[str, list[Advisory]]:
        """Those that the service has; see ``AdvisorySource``."""
        say(f"asking {self.name} about {len(questions)} packages")
        batches = [questions[at : at + _BATCH] for at in range(0, len(questions), _BATCH)]
        ids = {name for batch in batches for name in self._ids(batch)}
        known: dict[str, list[Advisory]] = {}
        pool = ThreadPoolExecutor(_PARALLEL)
        try:
            for number, advisory in enumerate(pool.map(self._advisory, sorted(ids)), 1):
                say(f"reading advisories: {number} of {len(ids)}")
                for project in {affected.project for affected in advisory.affected}:
                    known.setdefault(project, []).append(advisory)
        finally:
            pool.shutdown(cancel_futures=True)
        return known

    def _ids(self, questions: Sequence[Question]) -> Iterator[str]:
        """The ids that the service has for some versions, page by page."""
        asked = [_query(project, version) for project, version in questions]
        for _ in range(_PAGES):
            results = self._answer("/v1/querybatch", {"queries": asked}).get("results")
            if not isinstance(results, list) or len(results) != len(asked):
                raise self._odd("/v1/querybatch", "not one result for each query")
            further = []
            for query, result in zip(asked, results, strict=True):
                yield from self._names(result)
                if token := (result or {}).get("next_page_token"):
                    further.append({**query, "page_token": token})
            if not further:
                return
            asked = further
        raise self._odd("/v1/querybatch", f"more than {_PAGES} pages")

    def _names(self, result: Any) -> list[str]:
        try:
            names = [entry["id"] for entry in (result or {}).get("vulns") or ()]
        except (AttributeError, TypeError, KeyError):
            raise self._odd("/v1/querybatch", "a result without ids") from None
        if odd := [name for name in names if not isinstance(name, str) or not ID.fullmatch(name)]:
            raise self._odd("/v1/querybatch", f"an id that is none: {odd[0]!r:.60}")
        return names

    def _advisory(self, name: str) -> Advisory:
        path = f"/v1/vulns/{quote(name, safe='')}"
        try:
            advisory = read_advisory(self._answer(path))
        except DocumentError as error:
            raise self._odd(path, error.message) from None
        if advisory.id != name:
            raise self._odd(path, f"another advisory, {advisory.id}")
        return advisory

    def _answer(self, path: str, question: Mapping[str, Any] | None = None) -> dict[str, Any]:
        data = json.dumps(question).encode() if question is not None else None
        request = urllib.request.Request(f"{self._url}{path}", data, _HEADERS)
        if self._login:
            request.add_unredirected_header("Authorization", f"Basic {self._login}")
        content = self._fetched(request, path)
        try:
            return json_object(content.decode("utf-8"))
        except (UnicodeDecodeError, DocumentError) as error:
            raise self._odd(path, str(error)) from None

    def _fetched(self, request: urllib.request.Request, path: str) -> bytes:
        """What a request brings, tried again where another try may help."""
        reason = ""
        for number in range(self._tries):
            if number:
                time.sleep(_PAUSE * 2 ** (number - 1))
            try:
                with self._opener.open(request, timeout=self._connect) as answer:
                    content: bytes = answer.read(_LARGEST + 1)
            except HTTPError as error:
                reason = f"{error.code} {error.reason}"
                if error.code not in _TRY_AGAIN:
                    break
            except (OSError, http.client.HTTPException, ValueError) as error:
                reason = _reason(error)
            else:
                if len(content) > _LARGEST:
                    raise self._odd(path, f"an answer of more than {_LARGEST >> 20} MiB")
                return content
        hint = "or hold the locks against a downloaded database: --db FILE"
        raise OutsideError(f"{self.name}{path} can't be fetched: {reason}", hints=[hint])

    def _odd(self, path: str, what: str) -> OutsideError:
        hint = "is that a service that speaks OSV's protocol?"
        return OutsideError(f"{self.name}{path} sent an invalid response: {what}", hints=[hint])


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:  # half an address in brackets
        return False


def _without_login(url: str) -> tuple[str, str]:
    """A URL without its login, and that as HTTP's ``Basic`` has it; ``""`` for none."""
    parts = urlsplit(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    login = base64.b64encode(unquote(userinfo).encode()).decode() if userinfo else ""
    return parts._replace(netloc=host).geturl(), login


def _query(project: str, version: str) -> dict[str, Any]:
    return {"package": {"name": project, "ecosystem": ECOSYSTEM}, "version": version}


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", error)
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__)


def _opener(settings: Settings) -> urllib.request.OpenerDirector:
    """What opens URLs as conda's configuration says."""
    read = settings.remote_read_timeout_secs
    handlers: list[urllib.request.BaseHandler] = [
        _Http(read),
        _Https(read, _context(settings.ssl_verify)),
        _NoRedirects(),
    ]
    if settings.proxy_servers:
        handlers.append(urllib.request.ProxyHandler(dict(settings.proxy_servers)))
    return urllib.request.build_opener(*handlers)


def _context(verify: bool | str) -> ssl.SSLContext:
    if isinstance(verify, str):
        try:
            return ssl.create_default_context(cafile=verify)
        except OSError as error:
            raise OutsideError(f"ssl_verify: {verify} can't be read: {_reason(error)}") from None
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Asks no other place than the one that is configured: a question would not come along."""

    def redirect_request(self, *arguments: Any) -> None:
        """Refuse to follow: the answer is an error by its code and where it leads.

        Raises:
            HTTPError: always.
        """
        request, _, code, reason, headers, place = arguments
        where = f"{reason}, to {public_name(place)}"
        raise HTTPError(request.full_url, code, where, headers, None)


class _Patient(http.client.HTTPConnection):
    """Waits for an answer as long as ``patience``: what ``timeout`` says is of the connection."""

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
    def __init__(self, patience: float, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._kind: Any = type("_Kind", (_PatientTls,), {"patience": patience})
        self._ssl = context

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._kind, request, context=self._ssl)
