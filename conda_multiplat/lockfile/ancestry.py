"""Who needs a package: from the lines that ask for something, down to it."""

from __future__ import annotations

from dataclasses import dataclass

from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.graph import path_to
from conda_multiplat.vocabulary.names import split_spec
from conda_multiplat.vocabulary.records import Record


@dataclass(frozen=True)
class Origin:
    """Why a package is in a lock.

    Attributes:
        asked: the manifest's lines that ask for it by name.
        needed_by: the packages that need it, each with its constraint, by name.
        root: the line that leads to it, where none asks for it by name; ``None`` for none at all.
        path: the packages from that line's to it.
    """

    asked: tuple[Requirement, ...]
    needed_by: tuple[tuple[Record, str], ...]
    root: Requirement | None
    path: tuple[str, ...]


def origin(name: str, target: Target, locked: PlatformLock) -> Origin:
    """Why ``name`` is in a target's lock."""
    needs = {each: [split_spec(spec) for spec in each.depends] for each in locked.every}
    needed_by = [
        (each, constraint)
        for each, specs in needs.items()
        for needed, constraint in specs
        if needed == name and each.name != name
    ]
    lines = (*target.view.conda, *target.view.pypi)
    asked = tuple(each for each in lines if each.name == name)
    depends: dict[str, list[str]] = {}
    for each, specs in needs.items():
        depends.setdefault(each.name, []).extend(needed for needed, _ in specs)
    path = () if asked else path_to(name, (each.name for each in lines), depends)
    root = next((each for each in lines if path and each.name == path[0]), None)
    return Origin(asked, tuple(sorted(needed_by, key=lambda each: each[0].name)), root, path)
