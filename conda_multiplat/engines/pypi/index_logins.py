"""Use the logins for indexes in a user's uv settings for the indexes of the manifest.

The indexes themselves are not passed to uv, which would search them for packages. A login is only
sent to the host that the user has it for, whatever index names a manifest chooses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from conda_multiplat.engines.pypi.user_settings import machine_settings

#: Settings with an index's URL, or a list of URLs; in the variables, spaces separate them.
_KEYS = ("index-url", "extra-index-url", "find-links")
_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
_PORTS = {"http": 80, "https": 443}


class IndexLogin(NamedTuple):
    """A user's login for an index.

    Attributes:
        url: the index, with the login.
        userinfo: ``user:password``, or the user alone, as URLs have it.
    """

    url: SplitResult
    userinfo: str


def index_logins(environ: Mapping[str, str]) -> list[IndexLogin]:
    """Return the logins for indexes in variables and in the user's and the system's files."""
    return logins_in(_urls(environ))


def logins_in(urls: Iterable[str]) -> list[IndexLogin]:
    """Return the logins in some URLs."""
    return [
        IndexLogin(url, url.netloc.rpartition("@")[0])
        for url in map(_split, urls)
        if "@" in url.netloc and url.scheme in _PORTS
    ]


def with_login(url: str, logins: Iterable[IndexLogin]) -> str:
    """Add the user's login for an index to its URL: that of the URL, or else of its host."""
    parts = _split(url)
    if "@" in parts.netloc or parts.scheme not in _PORTS or "$" in parts.netloc:
        return url
    of_host = [login for login in logins if _server(login.url) == _server(parts)]
    of_index = [login for login in of_host if _path(login.url) == _path(parts)]
    fitting = {login.userinfo for login in of_index or of_host}
    if len(fitting) != 1:  # none, or several: which one applies is not known
        return url
    return parts._replace(netloc=f"{fitting.pop()}@{parts.netloc}").geturl()


def _split(url: str) -> SplitResult:
    """Return a URL's parts; empty ones if it is not a URL."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else urlsplit("")
    except ValueError:
        return urlsplit("")


def _server(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)


def _path(url: SplitResult) -> str:
    return url.path.rstrip("/")


def _urls(environ: Mapping[str, str]) -> Iterator[str]:
    for variable in _VARIABLES:
        for word in environ.get(variable, "").split():
            name, _, url = word.rpartition("=") if re.match(r"[\w.-]+=", word) else ("", "", word)
            yield _named(name, url, environ)
    for table in machine_settings(environ):
        for key in _KEYS:
            value = table.get(key, ())
            yield from (str(url) for url in ([value] if isinstance(value, str) else value))
        for index in table.get("index", ()):
            if isinstance(index, dict) and index.get("authenticate") != "never":
                yield _named(str(index.get("name", "")), str(index.get("url", "")), environ)


def _named(name: str, url: str, environ: Mapping[str, str]) -> str:
    """Return the URL of a named index, with the login in the variables for its name."""
    variable = f"UV_INDEX_{re.sub('[^A-Z0-9]', '_', name.upper())}"
    user, password = (environ.get(f"{variable}_{part}", "") for part in ("USERNAME", "PASSWORD"))
    parts = _split(url)
    if not name or not (user or password) or not parts.hostname:
        return url
    login = f"{quote(user, safe='')}:{quote(password, safe='')}" if password else quote(user)
    return parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}").geturl()
