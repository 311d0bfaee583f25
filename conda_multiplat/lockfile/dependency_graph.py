"""The locked packages of a target as a graph, with their dependencies and the manifest's lines.

conda's and PyPI's packages are in one graph. A PyPI package needs projects by name: each is the
locked PyPI package with that name or, if there is none, the conda package that provides the project
(see ``pypi.provided``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.extras import extra_keys
from conda_multiplat.solving.pypi import NameTable, provided
from conda_multiplat.vocabulary.graph import path_to
from conda_multiplat.vocabulary.pip_options import CONSTRAINT, HASH, split_option
from conda_multiplat.vocabulary.pip_places import is_at
from conda_multiplat.vocabulary.records import PypiRecord, Record

#: A package: its manager, ``conda``, ``pypi`` or ``virtual``, and its name.
Key = tuple[str, str]
VIRTUAL = "virtual"


@dataclass(frozen=True)
class Edge:
    """A dependency on a package, with the versions that satisfy it; ``""`` for any."""

    key: Key
    constraint: str = ""


@dataclass(frozen=True)
class Root:
    """A line of the manifest, and the package that satisfies it; ``None`` if none is locked."""

    line: Requirement
    key: Key | None


@dataclass(frozen=True)
class LockedGraph:
    """The packages of a target.

    Attributes:
        records: the packages, by name; virtual ones have no record.
        needs: the dependencies of each package, by name.
        needed_by: the same in the opposite direction.
        roots: the lines that ask for a package, in the manifest's order, conda's first. Lines of
            ``pip:`` with markers are among them only if their packages are locked.
    """

    records: Mapping[Key, Record]
    needs: Mapping[Key, tuple[Edge, ...]]
    needed_by: Mapping[Key, tuple[Edge, ...]]
    roots: tuple[Root, ...]

    @property
    def asked(self) -> frozenset[Key]:
        """The packages that a line asks for."""
        return frozenset(root.key for root in self.roots if root.key)

    def named(self, name: str) -> list[Key]:
        """Return the packages with a name, including virtual ones."""
        kinds = ("conda", "pypi", VIRTUAL)
        return [key for kind in kinds if (key := (kind, name)) in self.needed_by]


def locked_graph(target: Target, locked: PlatformLock, table: NameTable) -> LockedGraph:
    """Return the graph of the packages that are locked for ``target``.

    Args:
        target: the target, for its lines.
        locked: its locked packages.
        table: conda package -> the projects that it provides, if its name does not tell.
    """
    records: dict[Key, Record] = {_key(package): package for package in locked.every}
    given = provided(locked.records, table, dict(target.pypi_names))
    projects = {project.name: _key(project.record) for project in given}
    projects |= {package.name: _key(package) for package in locked.pypi}
    needs = {key: tuple(_edges(record, records, projects)) for key, record in records.items()}
    for key, edges in _of_extras(target, locked, projects).items():
        needs[key] = tuple(sorted({*needs[key], *edges}, key=lambda edge: _by_name(edge.key)))
    return LockedGraph(records, needs, _reversed(needs), _roots(target, locked, projects))


def _key(record: Record) -> Key:
    return record.manager, record.name


def _edges(
    record: Record, records: Mapping[Key, Record], projects: Mapping[str, Key]
) -> Iterable[Edge]:
    """Return a package's dependencies among locked packages and virtual packages."""
    if isinstance(record, PypiRecord):
        keys = {projects[name] for name in record.depends if name in projects}
        return [Edge(key) for key in sorted(keys, key=_by_name)]
    edges = []
    for name, constraint in record.dependencies.items():
        kind = VIRTUAL if name.startswith("__") else "conda"
        if kind == VIRTUAL or (kind, name) in records:
            edges.append(Edge((kind, name), constraint))
    return sorted(edges, key=lambda edge: _by_name(edge.key))


def _of_extras(
    target: Target, locked: PlatformLock, projects: Mapping[str, Key]
) -> dict[Key, set[Edge]]:
    """Return the PyPI packages that conda's packages need for the extras that lines request."""
    needs = dict(locked.extras)
    edges_of: dict[Key, set[Edge]] = {}
    for line in target.view.pypi:
        if line.name in projects:
            names = [name for key in extra_keys(line) for name in needs.get(key, ())]
            edges = {Edge(projects[name]) for name in names if name in projects}
            edges_of.setdefault(projects[line.name], set()).update(edges)
    return edges_of


def _by_name(key: Key) -> tuple[str, str]:
    return key[1], key[0]


def _reversed(needs: Mapping[Key, tuple[Edge, ...]]) -> dict[Key, tuple[Edge, ...]]:
    needed_by: dict[Key, list[Edge]] = {key: [] for key in needs}
    for key in sorted(needs, key=_by_name):
        for edge in needs[key]:
            needed_by.setdefault(edge.key, []).append(Edge(key, edge.constraint))
    return {key: tuple(edges) for key, edges in needed_by.items()}


def _roots(target: Target, locked: PlatformLock, projects: Mapping[str, Key]) -> tuple[Root, ...]:
    names = {record.name for record in locked.records}
    conda = [
        Root(requirement, ("conda", requirement.name) if requirement.name in names else None)
        for requirement in target.view.conda
    ]
    pypi = [
        Root(requirement, key)
        for requirement in target.view.pypi
        if _asks(requirement.text)
        and (
            (key := _answer(requirement, locked, projects)) is not None
            or ";" not in requirement.text
        )
    ]
    return (*conda, *pypi)


def _asks(entry: str) -> bool:
    """Return whether an entry of ``pip:`` requests a package; a constraint or an index does not."""
    return split_option(entry)[0] in ("", "-e", "--editable") and not entry.startswith(
        (CONSTRAINT, HASH)
    )


def _answer(line: Requirement, locked: PlatformLock, projects: Mapping[str, Key]) -> Key | None:
    if line.name:
        return projects.get(line.name)
    place = split_option(line.text)[1]
    return next((_key(package) for package in locked.pypi if is_at(place, package.url)), None)


@dataclass(frozen=True)
class Origin:
    """Why a package is in a lock.

    Attributes:
        asked: the manifest's lines that ask for it by name.
        needed_by: the packages that need it, by name, each with its constraint.
        root: the line that leads to it if none asks for it by name; ``None`` if no line does.
        path: the packages from that line's package to it.
    """

    asked: tuple[Requirement, ...]
    needed_by: tuple[tuple[Record, str], ...]
    root: Requirement | None
    path: tuple[str, ...]


def origin(name: str, target: Target, locked: PlatformLock) -> Origin:
    """Return why ``name`` is in a target's lock."""
    needs = {package: _needs(package) for package in locked.every}
    needed_by = [
        (package, needed[name])
        for package, needed in needs.items()
        if name in needed and package.name != name
    ]
    lines = (*target.view.conda, *target.view.pypi)
    asked = tuple(line for line in lines if line.name == name)
    depends: dict[str, list[str]] = {}
    for package, needed in needs.items():
        depends.setdefault(package.name, []).extend(needed)
    extras = dict(locked.extras)
    of_lines = {
        line: [needed for key in extra_keys(line) for needed in extras.get(key, ())]
        for line in target.view.pypi
    }
    for line, names in of_lines.items():
        depends.setdefault(line.name, []).extend(names)
    path = () if asked else path_to(name, (line.name for line in lines), depends)
    roots = [line for line in lines if path and line.name == path[0]]
    by_extra = [line for line in roots if path[1] in of_lines.get(line, ())]
    root = next(iter(by_extra or roots), None)
    return Origin(asked, tuple(sorted(needed_by, key=lambda pair: pair[0].name)), root, path)


def _needs(package: Record) -> Mapping[str, str]:
    """Return the names of a package's dependencies, with their constraints."""
    if isinstance(package, PypiRecord):
        return dict.fromkeys(package.depends, "")
    return package.dependencies
