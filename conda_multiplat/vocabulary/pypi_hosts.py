"""Servers of PyPI packages as ``host:port``, and those whose files lie on other servers."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """The server of a URL, ``host:port`` in lower case; ``""`` for what is on none.

    The port says whether it is reached by TLS: a file that is served without is from elsewhere.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower().removeprefix("git+")
    try:
        port = parts.port or _PORTS.get(scheme, 0)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname and scheme in _PORTS else ""


def _host(*parts: str) -> str:
    """The hosts are in parts, as no other file here names a server that could be reached either."""
    return f"{'.'.join(parts)}:443"


_HOSTED = "".join(("python", "hosted"))
PYPI = _host("pypi", "org")
_PYPI_FILES = _host("files", _HOSTED, "org")
_NVIDIA = _host("pypi", "nvidia", "com")
PYTORCH = _host("download", "pytorch", "org")
#: Servers of indexes -> those that their pages link to. PyTorch's has what its packages need.
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
    """Servers of indexes, and those that are known to have their files."""
    named = frozenset(hosts)
    return named.union(*(_FILES.get(host, ()) for host in named))
