"""Write the selectors of lines for given platforms; :mod:`selectors` reads them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from conda_multiplat.vocabulary.names import FAMILIES, SUBDIRS, families
from conda_multiplat.vocabulary.selectors import variables

#: The families that other sets of platforms are composed of; `unix` is a union of two.
_PARTS = ("linux", "osx", "win")


@dataclass(frozen=True)
class Selection:
    """A choice among the platforms of an environment.

    Attributes:
        platforms: the chosen ones.
        among: all platforms of the environment.
        family: the family by which they were chosen; ``""`` if they were named one by one.
    """

    platforms: frozenset[str]
    among: frozenset[str]
    family: str = ""

    @property
    def everywhere(self) -> bool:
        """Whether no selector is needed; a family keeps its own, since platforms may be added."""
        return not self.family and self.platforms == self.among

    @property
    def words(self) -> tuple[str, ...]:
        """The comment selectors for it, one for each line; empty if none is needed.

        A single platform gets its own selector, since others of its family may be added.
        """
        if self.everywhere:
            return ()
        if self.family:
            return (self.family,)
        if len(self.platforms) == 1:
            return (_narrowest_word(next(iter(self.platforms)), self.among),)
        return selectors(self.platforms, self.among)

    @property
    def families(self) -> tuple[str, ...] | None:
        """The disjoint families that make up exactly these platforms, or ``None``."""
        if self.family:
            return (self.family,)
        of = {
            name: {subdir for subdir in self.among if name in families(subdir)} for name in FAMILIES
        }
        for name in (*_PARTS, "unix"):
            if of[name] and of[name] == self.platforms:
                return (name,)
        for names in combinations(_PARTS, 2):
            parts = [of[name] for name in names]
            if all(parts) and set.union(*parts) == self.platforms:
                return names
        return None


#: conda-lock's selectors. It reads only a single one of them: it drops a line with anything else on
#: every platform. The common ones come first.
_CONDA_LOCK = (
    *("linux", "osx", "win", "unix", "linux64", "osx64", "win64", "aarch64", "arm64", "ppc64le"),
)
#: The platforms that conda-lock can lock for.
_LOCKABLE = frozenset(
    ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64", "win-64")
)
#: Selectors for the other platforms.
_OTHERS = (
    *("s390x", "riscv64", "ppc64", "armv7l", "armv6l", "linux32", "win32"),
    *("emscripten", "wasi", "freebsd", "zos", "wasm32"),
)
_SYSTEMS = ("linux", "osx", "win")


def selectors(subdirs: Collection[str], among: Collection[str]) -> tuple[str, ...]:
    """Return disjoint comment selectors, one for each line, that together mean ``subdirs``.

    They are true for no other platform of ``among``. Each is one that conda-lock reads as we do, if
    possible a family; ``win and arm64`` and the like are used only for platforms that conda-lock
    can't lock for. Empty if ``subdirs`` are all of ``among``.
    """
    return _selectors(frozenset(subdirs), frozenset(among) | frozenset(subdirs))


@lru_cache(maxsize=4096)  # called for each line, with few different arguments
def _selectors(subdirs: frozenset[str], among: frozenset[str]) -> tuple[str, ...]:
    if subdirs == among:
        return ()
    left = subdirs
    words: list[str] = []
    while left:
        fitting = {word: truth & among for word, truth in _terms().items()}
        best = max((w for w, truth in fitting.items() if truth <= left), key=_size(fitting))
        words.append(best)
        left -= fitting[best]
    return tuple(words)


def _size(fitting: Mapping[str, frozenset[str]]) -> Callable[[str], int]:
    return lambda word: len(fitting[word])


def _narrowest_word(subdir: str, among: frozenset[str]) -> str:
    """Return the selector that is true for a platform and for as few others as possible."""
    fitting = {word: truth for word, truth in _terms().items() if truth & among == {subdir}}
    return min(fitting, key=lambda w: (" " in w, len(fitting[w] & _LOCKABLE), len(fitting[w])))


@lru_cache(maxsize=1)
def _terms() -> dict[str, frozenset[str]]:
    """Return selectors, then pairs of system and machine, with the platforms of each."""
    values = {subdir: variables(subdir) for subdir in SUBDIRS}
    terms = {
        name: frozenset(subdir for subdir in SUBDIRS if values[subdir][name])
        for name in (*_CONDA_LOCK, *_OTHERS, "x86_64", "x86")
    }
    pairs = ((system, machine) for system in _SYSTEMS for machine in ("arm64", "x86_64", "x86"))
    joined = {f"{a} and {b}": terms[a] & terms[b] for a, b in pairs}
    del terms["x86_64"], terms["x86"]  # conda-lock does not know them
    return terms | {words: truth for words, truth in joined.items() if truth}
