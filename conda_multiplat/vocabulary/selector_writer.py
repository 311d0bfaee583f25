"""Writing selectors: the platforms that a line is for, and the words that say so to a reader.

:mod:`selectors` is the reverse.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
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
    def words(self) -> tuple[str, ...]:
        """The comment selectors of the lines that say it; nothing where none is needed.

        A platform that is named alone gets its own word, as others of its family may come.
        """
        if self.everywhere:
            return ()
        if self.family:
            return (self.family,)
        if len(self.platforms) == 1:
            return (_own_word(next(iter(self.platforms)), self.every),)
        return selectors(self.platforms, self.every)

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


#: conda-lock's words, each of which it reads alone: a line with anything else it drops on every
#: platform. What people write comes first.
_CONDA_LOCK = (
    *("linux", "osx", "win", "unix", "linux64", "osx64", "win64", "aarch64", "arm64", "ppc64le"),
)
#: The platforms that conda-lock can lock for.
_LOCKABLE = frozenset(
    ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64", "win-64")
)
#: Words for the others.
_OTHERS = (
    *("s390x", "riscv64", "ppc64", "armv7l", "armv6l", "linux32", "win32"),
    *("emscripten", "wasi", "freebsd", "zos", "wasm32"),
)
_SYSTEMS = ("linux", "osx", "win")


def selectors(subdirs: Collection[str], among: Collection[str]) -> tuple[str, ...]:
    """The comment selectors of as many lines, of which on each platform one holds, or none.

    Together they hold for ``subdirs`` and for no other platform of ``among``. Each is a word that
    conda-lock reads as we do, a family before a platform. Only where such words do not tell a
    platform apart, which conda-lock then can't lock for, it is ``win and arm64``. Nothing where
    ``subdirs`` are all of ``among``.
    """
    return _selectors(frozenset(subdirs), frozenset(among) | frozenset(subdirs))


@lru_cache(maxsize=4096)  # a manifest has many lines and few sets of platforms
def _selectors(wanted: frozenset[str], among: frozenset[str]) -> tuple[str, ...]:
    if wanted == among:
        return ()
    left = wanted
    words: list[str] = []
    while left:
        fitting = {word: truth & among for word, truth in _terms().items()}
        best = max((w for w, truth in fitting.items() if truth <= left), key=_size(fitting))
        words.append(best)
        left -= fitting[best]
    return tuple(words)


def _size(fitting: Mapping[str, frozenset[str]]) -> Callable[[str], int]:
    return lambda word: len(fitting[word])


def _own_word(subdir: str, among: frozenset[str]) -> str:
    """The word that holds for a platform and, of all there are, for as few others as can be."""
    fitting = {word: truth for word, truth in _terms().items() if truth & among == {subdir}}
    return min(fitting, key=lambda w: (" " in w, len(fitting[w] & _LOCKABLE), len(fitting[w])))


@lru_cache(maxsize=1)
def _terms() -> dict[str, frozenset[str]]:
    """Words, then pairs of a system and a machine, with the platforms that each holds for."""
    values = {subdir: variables(subdir) for subdir in SUBDIRS}
    terms = {
        name: frozenset(subdir for subdir in SUBDIRS if values[subdir][name])
        for name in (*_CONDA_LOCK, *_OTHERS, "x86_64", "x86")
    }
    pairs = ((system, machine) for system in _SYSTEMS for machine in ("arm64", "x86_64", "x86"))
    known = {f"{a} and {b}": terms[a] & terms[b] for a, b in pairs}
    del terms["x86_64"], terms["x86"]  # conda-lock does not know them
    return terms | {words: truth for words, truth in known.items() if truth}
