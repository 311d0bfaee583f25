"""Check whether locked PyPI packages satisfy a target's ``pip:`` lines, from the lock alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.version import InvalidVersion, Version

from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.satisfies import Mismatch
from conda_multiplat.manifest.model import LocalProject, Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.extras import extra_keys
from conda_multiplat.solving.local_needs import is_needed, lines_of
from conda_multiplat.solving.pypi import NameTable, provided
from conda_multiplat.solving.read_pylock import wheel_tags
from conda_multiplat.solving.required_hashes import hash_faults, hash_message
from conda_multiplat.solving.wheel_tags import NEWEST, tags
from conda_multiplat.vocabulary.channels import file_of
from conda_multiplat.vocabulary.errors import NOWHERE
from conda_multiplat.vocabulary.markers import holds, holds_for
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.pip_options import CONSTRAINT, EDITABLE, HASH, split_option
from conda_multiplat.vocabulary.pip_places import Place, is_at
from conda_multiplat.vocabulary.records import PypiRecord, is_free_threaded, python_of


@dataclass(frozen=True)
class _Locked:
    """A target's locked projects; ``versions`` are those of all projects, including conda's.

    ``extras`` are the locked extras; ``None`` for other tools' locks, which don't state them.
    """

    versions: Mapping[str, str]
    records: Mapping[str, PypiRecord]
    subdir: str
    python: str
    extras: Collection[str] | None


def pypi_mismatches(target: Target, locked: PlatformLock, table: NameTable) -> Sequence[Mismatch]:
    """Return the lines that are not satisfied, and the packages whose dependencies are missing."""
    lock = _Locked(
        project_versions(target, locked, table),
        {package.name: package for package in locked.pypi},
        target.subdir,
        python_of(locked.records),
        None if locked.foreign else dict(locked.extras),
    )
    wrong_lines = [
        Mismatch(requirement.at, f"pip: {requirement.text}", wrong)
        for requirement in target.view.pypi
        if (wrong := _wrong(requirement, lock))
    ]
    wrong_lines += [
        Mismatch(project.line.at, f"pip: {project.line.text}: {need}", wrong)
        for project in target.view.projects
        for need, wrong in _wrong_project(project, lock)
    ]
    faults = hash_faults(target.view.pypi, lock.records, lock.subdir, lock.python)
    wrong_lines += [
        Mismatch(line.at, f"pip: {line.text}", hash_message(record)) for line, record in faults
    ]
    return [
        *wrong_lines,
        *_missing(locked.pypi, lock.versions),
        *_out_of_bounds(locked.pypi, lock.versions),
        *_unfit_wheels(target.subdir, locked),
    ]


def _unfit_wheels(subdir: str, locked: PlatformLock) -> list[Mismatch]:
    """Return the wheels for other platforms or another Python than what is locked.

    How new a glibc or macOS they need is not judged here: these are needs of the lock.
    """
    python = next((record for record in locked.records if record.name == "python"), None)
    if python is None or "pypy" in python.build:
        return []
    anywhere = Tag(f"py{python.version.partition('.')[0]}", "none", "any")
    wheels = [(record, wheel_tags(record.url)) for record in locked.pypi if record.is_wheel]
    bound = [(record, own) for record, own in wheels if own and anywhere not in own]
    if not bound:
        return []
    fitting = _fitting(python.version, subdir, free_threaded=is_free_threaded(locked.records))
    return [
        Mismatch(
            NOWHERE,
            f"{record.name} {record.version}",
            f"its wheel is not for Python {python.version} on {subdir}: {file_of(record.url)}",
        )
        for record, own in bound
        if fitting.isdisjoint(own)
    ]


@lru_cache
def _fitting(python: str, subdir: str, *, free_threaded: bool) -> frozenset[Tag]:
    """Return the tags of wheels for a Python on a platform: up to 16,000, which takes 40 ms."""
    newest = [VirtualPackage(name, version) for name, version in NEWEST.items()]
    return frozenset(tags(python, subdir, newest, free_threaded=free_threaded))


def project_versions(target: Target, locked: PlatformLock, table: NameTable) -> dict[str, str]:
    """Return the projects in a target's lock, from PyPI or provided by conda: name -> version."""
    given = provided(locked.records, table, dict(target.pypi_names))
    versions = {package.name: package.version for package in locked.pypi}
    return versions | {package.name: package.version for package in given}


def _missing(records: Collection[PypiRecord], has: Collection[str]) -> list[Mismatch]:
    return [
        Mismatch(NOWHERE, f"{record.name} {record.version} needs {name}", "not locked")
        for record in records
        for name in record.depends
        if name not in has
    ]


def _out_of_bounds(records: Collection[PypiRecord], has: Mapping[str, str]) -> list[Mismatch]:
    """Return the locked versions that the bounds of other packages exclude."""
    return [
        Mismatch(
            NOWHERE, f"{record.name} {record.version} needs {name} {bound}", f"locked: {locked}"
        )
        for record in records
        for name, bound in record.bounds
        if name in has and not _allows(bound, has[name])
        for locked in [f"{name} {has[name]}"]
    ]


def _allows(bound: str, version: str) -> bool:
    """Return whether a bound of Poetry's (``>=1,<2 || >3``, ``1.5``, ``*``) allows a version."""
    choices = [alternative.strip() for alternative in bound.split("||")]
    if "*" in choices:
        return True
    try:
        sets = [
            SpecifierSet(f"=={choice}" if choice[:1].isdigit() else choice) for choice in choices
        ]
        return any(names.contains(Version(version), prereleases=True) for names in sets)
    except (InvalidSpecifier, InvalidVersion):
        return True  # an unreadable bound can't be judged


def _wrong(line: Requirement, lock: _Locked) -> str:
    """Return what is wrong with the locked packages for a line; ``""`` if nothing is."""
    if line.text.startswith(CONSTRAINT):
        return _wrong_constraint(line.text.removeprefix(CONSTRAINT), lock.versions)
    option, value = split_option(line.text)
    if (option and option not in EDITABLE) or line.text.startswith(HASH):
        return ""
    if not line.name:
        if not lock.python or not holds_for(line.text, lock.subdir, lock.python):
            return ""
        places = [record.url for record in lock.records.values()]
        return "" if any(is_at(value, place) for place in places) else "not locked"
    return _wrong_named(line, lock)


def _wrong_named(line: Requirement, lock: _Locked) -> str:
    requirement = Pep508(line.text)
    marker = requirement.marker
    if not lock.python or (marker and not holds(marker, lock.subdir, lock.python)):
        return ""
    if line.name not in lock.versions:
        return "not locked"
    if lock.extras is not None and (
        missing := [key for key in extra_keys(line) if key not in lock.extras]
    ):
        return f"locked without {', '.join(missing)}"
    if requirement.url:
        record = lock.records.get(line.name)
        return "" if record and is_at(requirement.url, record.url) else "not locked from there"
    return _wrong_version(requirement, line.name, lock.versions[line.name])


def _wrong_project(project: LocalProject, lock: _Locked) -> Iterator[tuple[str, str]]:
    """Yield the requirements of a local project that the lock does not meet, with what is wrong."""
    if not is_needed(project, lock.subdir, lock.python):
        return
    metadata = project.metadata
    subject = metadata.name if project.needed_by else "it"
    if (locked := _locked_name(project, lock)) not in ("", metadata.name):
        yield f"it is named {metadata.name}", f"locked: {locked}"
    for need in metadata.needs(project.extras):
        wrong = [_wrong_need(line, lock) for line in lines_of(need, project)]
        if wrong and all(wrong):
            yield f"{subject} needs {need}", wrong[0]
    try:
        allowed = SpecifierSet(metadata.requires_python).contains(lock.python, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return
    if lock.python and not allowed:
        yield f"{subject} needs Python {metadata.requires_python}", f"locked: python {lock.python}"


def _locked_name(project: LocalProject, lock: _Locked) -> str:
    """Return the name under which a line's project is locked; ``""`` if it is unknown."""
    if project.needed_by or not project.metadata.name:
        return ""
    _, value = split_option(project.line.text)
    return next((name for name, record in lock.records.items() if is_at(value, record.url)), "")


def _wrong_need(line: Requirement, lock: _Locked) -> str:
    """Like :func:`_wrong_named`, without paths: the project at a path is checked by itself."""
    requirement = Pep508(line.text)
    if requirement.url and Place(requirement.url).is_path:
        marker = f" ; {requirement.marker}" if requirement.marker else ""
        line = line._replace(text=f"{line.name}{marker}")
    return _wrong_named(line, lock)


def _wrong_version(requirement: Pep508, name: str, version: str) -> str:
    try:
        allowed = requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        allowed = False
    return "" if allowed else f"locked: {name} {version}"


def _wrong_constraint(text: str, versions: Mapping[str, str]) -> str:
    try:
        requirement = Pep508(text)
    except InvalidRequirement:
        return ""
    version = versions.get(requirement.name)
    return "" if version is None else _wrong_version(requirement, requirement.name, version)
