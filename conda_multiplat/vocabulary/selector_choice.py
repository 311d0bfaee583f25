"""The comment selector to write for some platforms of a manifest: the reverse of reading one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

from conda_multiplat.vocabulary.names import SUBDIRS
from conda_multiplat.vocabulary.selectors import variables

#: The variables in the order in which they are preferred: what people write comes first.
_PREFERRED = (
    *("linux", "osx", "win", "unix", "linux64", "osx64", "win64", "aarch64", "ppc64le", "s390x"),
    *("riscv64", "ppc64", "armv7l", "armv6l", "linux32", "win32"),
    *("emscripten", "wasi", "freebsd", "zos", "arm64", "x86_64", "x86", "wasm32"),
)
_SYSTEMS = ("linux", "osx", "win")


def selector(subdirs: Collection[str], among: Collection[str]) -> str:
    """An expression that holds for ``subdirs`` and for no other platform of ``among``.

    The first that fits of

    1. nothing (``""``), where ``subdirs`` are all of ``among``;
    2. one variable, a family before a platform: ``linux``, ``osx64``;
    3. ``not`` with one variable;
    4. several of these joined by ``or``, as few as a greedy choice finds; a platform that no
       variable names alone is ``osx and arm64``.
    """
    return _selector(frozenset(subdirs), frozenset(among) | frozenset(subdirs))


@lru_cache(maxsize=4096)  # a manifest has many lines and few sets of platforms
def _selector(wanted: frozenset[str], among: frozenset[str]) -> str:
    if wanted == among:
        return ""
    terms = {text: truth & among for text, truth in _terms().items()}
    for text, truth in terms.items():
        if truth == wanted:
            return text
    for text in _PREFERRED:
        if among - terms[text] == wanted:
            return f"not {text}"
    return " or ".join(_cover(wanted, terms))


@lru_cache(maxsize=1)
def _terms() -> dict[str, frozenset[str]]:
    """Variables, then pairs of a system and a machine, with the platforms that each holds for."""
    values = {subdir: variables(subdir) for subdir in SUBDIRS}
    found = {
        name: frozenset(subdir for subdir in SUBDIRS if values[subdir][name]) for name in _PREFERRED
    }
    pairs = ((system, machine) for system in _SYSTEMS for machine in ("arm64", "x86_64", "x86"))
    return found | {f"{a} and {b}": found[a] & found[b] for a, b in pairs}


def _cover(wanted: frozenset[str], terms: dict[str, frozenset[str]]) -> Iterator[str]:
    left = set(wanted)
    fitting = {text: truth for text, truth in terms.items() if truth <= wanted}
    while left:
        best = max(fitting, key=lambda text: len(fitting[text] & left))
        yield best
        left -= fitting[best]
