"""Writing selectors: the platforms that a line is for, and the words that say so to a reader.

:mod:`selectors` is the reverse.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from conda_multiplat.vocabulary.names import FAMILIES, SUBDIRS, families
from conda_multiplat.vocabulary.selectors import variables

#: The families that a list of them is made of; `unix` is most of them together.
_PARTS = ("linux", "osx", "win")


@dataclass(frozen=True)
class Selection:
    """Some of the platforms that an environment's lines are for.

    Attributes:
        platforms: those that are meant.
        every: all.
        family: the family that they were named by; ``""`` where they were named themselves.
    """

    platforms: frozenset[str]
    every: frozenset[str]
    family: str = ""

    @property
    def everywhere(self) -> bool:
        """Whether no selector is needed. A family that is named stays named: others may come."""
        return not self.family and self.platforms == self.every

    @property
    def expression(self) -> str:
        """What stands in a comment selector's brackets."""
        if self.family:
            return self.family
        names = [_variables_of(platform) for platform in sorted(self.platforms)]
        if len(names) == 1:
            return names[0]
        return " or ".join(f"({name})" if " " in name else name for name in names)

    @property
    def families(self) -> tuple[str, ...] | None:
        """The families that together are these platforms and no others; ``None`` for no such.

        They have no platform in common: a requirement that stands under each holds once.
        """
        if self.family:
            return (self.family,)
        of = {
            name: {package for package in self.every if name in families(package)}
            for name in FAMILIES
        }
        for name in (*_PARTS, "unix"):
            if of[name] and of[name] == self.platforms:
                return (name,)
        for names in combinations(_PARTS, 2):
            parts = [of[name] for name in names]
            if all(parts) and set.union(*parts) == self.platforms:
                return names
        return None


def away_from(old: str, selection: Selection) -> str:
    """The expression that holds where ``old`` (``""`` for everywhere) does, less a selection."""
    words = selection.expression
    without = f"not ({words})" if " " in words else f"not {words}"
    if not old:
        return without
    return f"({old}) and {without}" if " or " in old else f"{old} and {without}"


def _variables_of(subdir: str) -> str:
    """One platform in the words of comment selectors."""
    system, _, machine = subdir.partition("-")
    known = variables(subdir)
    if known.get(f"{system}{machine}"):
        return f"{system}{machine}"
    return f"{system} and {machine}" if system in FAMILIES else system


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
    terms = {
        name: frozenset(subdir for subdir in SUBDIRS if values[subdir][name]) for name in _PREFERRED
    }
    pairs = ((system, machine) for system in _SYSTEMS for machine in ("arm64", "x86_64", "x86"))
    return terms | {f"{a} and {b}": terms[a] & terms[b] for a, b in pairs}


def _cover(wanted: frozenset[str], terms: dict[str, frozenset[str]]) -> Iterator[str]:
    left = set(wanted)
    fitting = {text: truth for text, truth in terms.items() if truth <= wanted}
    while left:
        best = max(fitting, key=lambda text: len(fitting[text] & left))
        yield best
        left -= fitting[best]
