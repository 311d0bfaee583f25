r"""Move bounds of a manifest to the newest versions, for ``upgrade``.

Flow::

    BoundLine -> without what keeps newer versions out -> Locked -> Move: the bound in its own words
                      \-> the same records, digested anew, where they meet all of the moved bounds
                      \-> else a second solve with them -> Upgraded
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any, NamedTuple

from conda_multiplat.actions.edit.bounds_from_solution import solved_versions
from conda_multiplat.actions.edit.edit_and_relock import Original, solve
from conda_multiplat.actions.lock.plan import Update
from conda_multiplat.actions.lock.relock import Locked, locked_for
from conda_multiplat.lockfile.change_table import signed
from conda_multiplat.manifest.edit.draft import Change, Draft
from conda_multiplat.manifest.edit.moved_bounds import IsNewer, loosened, moved
from conda_multiplat.manifest.edit.rewrite import rewritten
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.errors import Location, NoSolutionError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, project_name
from conda_multiplat.vocabulary.selector_writer import Selection
from conda_multiplat.vocabulary.styled import Line


@dataclass(frozen=True)
class BoundLine:
    """A line of an environment that names a package.

    Attributes:
        line: the line.
        change: the package and the platforms that it is for.
    """

    line: Requirement
    change: Change

    @property
    def at(self) -> Location:
        """The place of the line in the manifest."""
        return self.line.at

    @property
    def loosened(self) -> str:
        """The line without its upper bounds and pins; ``""`` if no bound can move."""
        return loosened(self.line.text, pypi=self.change.pypi)

    def moved(self, locked: Locked) -> str:
        """Return the line with its bounds moved to the solved versions, if there are any."""
        is_newer = comparison(pypi=self.change.pypi)
        versions = self._solved(locked, is_newer)
        text = self.line.text
        return moved(text, versions, is_newer, pypi=self.change.pypi) if versions else text

    def met_by(self, text: str, locked: Locked) -> bool:
        """Return whether the line's solution satisfies another text of it."""
        versions = solved_versions(self.change, locked)
        if not self.change.pypi:
            from conda_multiplat.engines.conda.specs import spec_allows

            return all(spec_allows(text, version) for version in versions)
        from packaging.requirements import Requirement as Pep508

        specifier = Pep508(text).specifier
        return all(specifier.contains(version, prereleases=True) for version in versions)

    def _solved(self, locked: Locked, is_newer: IsNewer) -> Sequence[str]:
        def order(one: str, other: str) -> int:
            return is_newer(one, other) - is_newer(other, one)

        return sorted(solved_versions(self.change, locked), key=cmp_to_key(order))


@dataclass(frozen=True)
class Move:
    """A line and its text with moved bounds."""

    bound: BoundLine
    text: str

    @property
    def words(self) -> Line:
        """The line to print for the move."""
        pip = "pip: " if self.bound.change.pypi else ""
        name = self.bound.change.environment
        where = "" if name == DEFAULT_ENVIRONMENT else f"  ({name})"
        return signed("~", f"{pip}{self.text}, was {self.bound.line.text}{where}")

    @property
    def kept(self) -> Line:
        """The line to print for a manifest line that stays as it is."""
        line = self.bound.line.text
        return signed("=", f"{line} stays: not all of its platforms have {self.text}")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        change = self.bound.change
        return {
            "spec": self.text,
            "was": self.bound.line.text,
            "pypi": change.pypi,
            "environment": change.environment,
            "platforms": sorted(change.selection.platforms),
        }


class Upgraded(NamedTuple):
    """A manifest with moved bounds, and its locks.

    Attributes:
        draft: the manifest.
        locked: the locks that go with it.
        moves: the changed lines.
        kept: the unchanged lines for which no version is on all of their platforms.
    """

    draft: Draft
    locked: Locked
    moves: Sequence[Move]
    kept: Sequence[Move] = ()

    def lines(self) -> list[Line]:
        """Return the text form; a line shared by several environments occurs once."""
        words = [move.words for move in self.moves]
        return list(dict.fromkeys([*words, *(move.kept for move in self.kept)]))


def upgraded(
    original: Original, lines: Sequence[BoundLine], update: Update, *, drop_cuda: bool
) -> Upgraded:
    """Move the bounds of lines to the versions of a solution.

    The solution without the bounds usually satisfies the moved ones. If platforms differ, it may
    not: then a second solve tells whether all of them can have the lowest version. Lines for which
    they can't are left unchanged.

    Raises:
        NoSolutionError: the manifest has none, even without the bounds.
        ManifestError: a line is written in a way that can't be edited.
    """

    def solved(draft: Draft) -> Locked:
        return solve(original, draft, update=update, drop_cuda=drop_cuda)

    loose = {bound.at: text for bound in lines if (text := bound.loosened)}
    locked = solved(rewritten(original.draft, loose))
    moves = [Move(bound, bound.moved(locked)) for bound in lines if bound.at in loose]
    unmet = [move for move in moves if not move.bound.met_by(move.text, locked)]
    after = _with(original.draft, moves)
    if not unmet:
        return Upgraded(after, locked_for(locked, original.project(after)), _changed(moves))
    try:
        return Upgraded(after, solved(after), _changed(moves))
    except NoSolutionError:
        met = [move for move in moves if move not in unmet]
        after = _with(original.draft, met)
        return Upgraded(after, solved(after), _changed(met), unmet)


def _with(draft: Draft, moves: Sequence[Move]) -> Draft:
    return rewritten(draft, {move.bound.at: move.text for move in _changed(moves)})


def _changed(moves: Sequence[Move]) -> list[Move]:
    return [move for move in moves if move.text != move.bound.line.text]


def bound_lines(draft: Draft, environments: Collection[str]) -> list[BoundLine]:
    """Return the lines of some environments that name a package, once each, in order."""
    return [
        BoundLine(
            line, Change(name, line.name, pypi, Selection(frozenset(where), draft.reach(name)))
        )
        for name in environments
        for pypi in (False, True)
        for line, where in _lines(draft, name, pypi=pypi)
    ]


def _lines(draft: Draft, name: str, *, pypi: bool) -> Iterator[tuple[Requirement, list[str]]]:
    platforms: dict[Requirement, list[str]] = {}
    for subdir in sorted(draft.reach(name)):
        for line in draft.own_requirements(name, subdir, pypi=pypi):
            platforms.setdefault(line, []).append(subdir)
    yield from ((line, where) for line, where in platforms.items() if line.name)


def is_named(bound: BoundLine, names: Collection[str]) -> bool:
    """Return whether names, as users type them, include the line's package."""
    return bool({bound.line.name} & {*names, *map(project_name, names)})


def comparison(*, pypi: bool) -> Callable[[str, str], bool]:
    """Return the function that compares versions, by the rules of PyPI or of conda."""
    if not pypi:
        from conda_multiplat.engines.conda.specs import is_newer

        return is_newer
    from packaging.version import Version

    return lambda version, other: Version(version) > Version(other)
