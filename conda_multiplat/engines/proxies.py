"""Choose the proxy for a URL from conda's ``proxy_servers``: for a host, for a scheme, for all."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

#: The key for every scheme, alone or with a host.
_ALL = "all"


def proxy_for(url: str, *sources: Mapping[str, str]) -> str:
    """Return the proxy for a URL; ``""`` for none.

    As in requests, which conda uses, ``scheme://host`` comes before ``scheme``, ``all://host`` and
    ``all``. A host with an empty value is reached without a proxy.

    Args:
        url: the URL.
        sources: proxies by these keys; the first that has one for the URL decides.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    keys = (f"{parts.scheme}://{host}", parts.scheme, f"{_ALL}://{host}", _ALL)
    usable = (proxies[key] for proxies in sources for key in keys if _is_usable(proxies, key))
    return next(usable, "")


def scheme_proxies(proxies: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies for ``http`` and ``https``, for programs without proxies for a host."""
    by_scheme = {scheme: proxy_for(f"{scheme}:", proxies) for scheme in ("http", "https")}
    return {scheme: proxy for scheme, proxy in by_scheme.items() if proxy}


def proxied_hosts(proxies: Mapping[str, str]) -> list[str]:
    """Return the keys that are for a single host."""
    return [key for key in proxies if "://" in key]


def _is_usable(proxies: Mapping[str, str], key: str) -> bool:
    """Return whether a key has a proxy for us; one for all schemes counts only if it is HTTP."""
    if key not in proxies:
        return False
    kind = proxies[key].partition("://")[0]
    return not key.startswith(_ALL) or kind in ("http", "https", proxies[key])
