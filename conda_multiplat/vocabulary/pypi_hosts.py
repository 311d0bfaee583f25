"""Servers of PyPI packages as ``host:port``, and the servers that have their files."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """Return the server of a URL, ``host:port`` in lower case; ``""`` if it has none.

    The port distinguishes TLS: a file that is served without it is on another server.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower().removeprefix("git+")
    try:
        port = parts.port or _PORTS.get(scheme, 0)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname and scheme in _PORTS else ""


def _host(*parts: str) -> str:
    """Join a host from parts: no file of this project names a server that could be reached."""
    return f"{'.'.join(parts)}:443"


_HOSTED = "".join(("python", "hosted"))
PYPI = _host("pypi", "org")
_PYPI_FILES = _host("files", _HOSTED, "org")
_NVIDIA = _host("pypi", "nvidia", "com")
PYTORCH = _host("download", "pytorch", "org")
#: Servers of indexes -> the servers that their pages link to.
_FILES = {
    PYPI: (_PYPI_FILES,),
    _host("test", "pypi", "org"): (_host("test-files", _HOSTED, "org"),),
    PYTORCH: (
        _host("download-r2", "pytorch", "org"),
        _NVIDIA,
        _host("repo", "amd", "com"),
        _PYPI_FILES,
    ),
}


def with_files(hosts: Iterable[str]) -> frozenset[str]:
    """Return servers of indexes and those that are known to have their files."""
    named = frozenset(hosts)
    return named.union(*(_FILES.get(host, ()) for host in named))
