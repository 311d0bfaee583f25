"""Which platforms a requirement is for, and how a manifest says so."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from conda_multiplat.vocabulary.names import FAMILIES, families
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
        names = [_variables_of(each) for each in sorted(self.platforms)]
        if len(names) == 1:
            return names[0]
        return " or ".join(f"({each})" if " " in each else each for each in names)

    @property
    def families(self) -> tuple[str, ...] | None:
        """The families that together are these platforms and no others; ``None`` for no such.

        They have no platform in common: a requirement that stands under each holds once.
        """
        if self.family:
            return (self.family,)
        of = {name: {each for each in self.every if name in families(each)} for name in FAMILIES}
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
