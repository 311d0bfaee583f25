"""A service with OSV's API: advisories about versions of projects.

``POST /v1/querybatch`` returns ids, page by page, and ``GET /v1/vulns/ID`` an advisory. The service
receives the names and versions of what is locked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlsplit

from conda_multiplat.engines.web import UnfetchedError, Web
from conda_multiplat.lockfile.audit.advisory import ECOSYSTEM, ID, Advisory, read_advisory
from conda_multiplat.lockfile.audit.vulnerabilities import Question
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.errors import DocumentError, OutsideError, UsageError
from conda_multiplat.vocabulary.json_values import json_object

#: The maximum number of queries in a request (OSV's limit).
_BATCH = 1000
#: The maximum number of pages of a response.
_PAGES = 100
_LARGEST = 64 << 20
_PARALLEL = 8
_HEADERS = {"Content-Type": "application/json"}


class Service:
    """The service at a URL: an ``AdvisorySource``.

    Args:
        url: the base URL of the API, to which ``/v1/querybatch`` is added.
        settings: timeouts, tries, proxies and certificates.

    Raises:
        UsageError: it is not an HTTP URL.
        OutsideError: the network may not be used.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        if not _is_web(url):
            hint = "set CONDA_MULTIPLAT_OSV_URL or plugins.multiplat_osv_url to https://HOST"
            raise UsageError(f"not the URL of a service: {public_name(url)}", hints=[hint])
        self._url = url.rstrip("/")
        if settings.offline:
            hint = "compare the locks with a downloaded database: --db FILE"
            raise OutsideError(f"offline: {self.name} can't be queried", hints=[hint])
        self._web = Web(settings, elsewhere=False)

    @property
    def name(self) -> str:
        """The URL, without its secrets."""
        return public_name(self._url)

    def advisories(
        self, questions: Sequence[Question], say: Callable[[str], None]
    ) -> dict[str, list[Advisory]]:
        """Return the service's advisories; see ``AdvisorySource``."""
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
        """Return the service's ids for some versions, page by page."""
        queries = [_query(project, version) for project, version in questions]
        for _ in range(_PAGES):
            results = self._answer("/v1/querybatch", {"queries": queries}).get("results")
            if not isinstance(results, list) or len(results) != len(queries):
                raise self._odd("/v1/querybatch", "not one result for each query")
            next_queries = []
            for query, result in zip(queries, results, strict=True):
                yield from self._names(result)
                if token := (result or {}).get("next_page_token"):
                    next_queries.append({**query, "page_token": token})
            if not next_queries:
                return
            queries = next_queries
        raise self._odd("/v1/querybatch", f"more than {_PAGES} pages")

    def _names(self, result: Any) -> list[str]:
        try:
            names = [entry["id"] for entry in (result or {}).get("vulns") or ()]
        except (AttributeError, TypeError, KeyError):
            raise self._odd("/v1/querybatch", "a result without ids") from None
        if odd := [name for name in names if not isinstance(name, str) or not ID.fullmatch(name)]:
            raise self._odd("/v1/querybatch", f"an invalid id: {odd[0]!r:.60}")
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
        try:
            content = self._web.get(f"{self._url}{path}", _LARGEST, data=data, headers=_HEADERS)
            return json_object(content.decode("utf-8"))
        except UnfetchedError as error:
            hint = "or compare the locks with a downloaded database: --db FILE"
            name = f"{self.name}{path}"
            raise OutsideError(f"{name} can't be fetched: {error.reason}", hints=[hint]) from None
        except (UnicodeDecodeError, DocumentError) as error:
            raise self._odd(path, str(error)) from None

    def _odd(self, path: str, what: str) -> OutsideError:
        hint = "is that a service that speaks OSV's protocol?"
        return OutsideError(f"{self.name}{path} sent an invalid response: {what}", hints=[hint])


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:  # an unclosed bracket
        return False


def _query(project: str, version: str) -> dict[str, Any]:
    return {"package": {"name": project, "ecosystem": ECOSYSTEM}, "version": version}
