"""Hints for PyPI requirements without a solution: similar names."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from conda_multiplat.engines.pypi.index_logins import index_logins, with_login
from conda_multiplat.engines.web import UnfetchedError, Web
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.names import nearest
from conda_multiplat.vocabulary.pip_places import place_of

_JSON = "application/vnd.pypi.simple.v1+json"
_ANCHOR = re.compile(rb'<a[^>]+href="[^"]*?([^"/]+)/?"')
#: The limits for a list that only suggests names: seconds to wait, and bytes to read.
_PATIENCE = 20.0
_LARGEST = 256 << 20
#: The maximum difference in length between an unknown name and a suggested one.
_SLACK = 2


def index_names(urls: Iterable[str], settings: Settings) -> set[str]:
    """Return all project names of indexes (PEP 503, PEP 691); empty if they can't be listed."""
    web = Web(settings, tries=1, patience=_PATIENCE)
    logins = index_logins(os.environ)
    names: set[str] = set()
    for url in urls:
        names |= _names(web, with_login(url.rstrip("/") + "/", logins))
    return names


def _names(web: Web, url: str) -> set[str]:
    if urlsplit(url).scheme not in ("http", "https"):
        return set()
    try:
        content = web.get(url, _LARGEST, headers={"Accept": f"{_JSON}, text/html;q=0.1"})
        if content.lstrip().startswith(b"{"):  # HTML never begins like this
            return {
                canonicalize_name(project["name"]) for project in json.loads(content)["projects"]
            }
    except (UnfetchedError, ValueError, KeyError, TypeError, RecursionError):
        return set()
    return {canonicalize_name(name.decode("utf-8", "replace")) for name in _ANCHOR.findall(content)}


def unknown_projects(lines: Sequence[Requirement], known: set[str]) -> list[str]:
    """Return a hint for each requirement whose project no index has, with similar names."""
    hints: list[str] = []
    of_index = (line.name for line in lines if line.name and not place_of(line.text))
    for name in dict.fromkeys(of_index):
        if known and name not in known:
            alike = (other for other in known if abs(len(other) - len(name)) <= _SLACK)
            near = nearest(name, sorted(other for other in alike if other[:1] == name[:1]), 3)
            suggestion = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            hints.append(f"no project {name!r} in the index{suggestion}")
    return hints
