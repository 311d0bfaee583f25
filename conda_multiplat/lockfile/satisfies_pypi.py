"""Whether locked PyPI packages satisfy the ``pip:`` lines of a target, by the lock alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.satisfies import Mismatch
from conda_multiplat.manifest.model import LocalProject, Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.extras import extra_keys
from conda_multiplat.solving.local_needs import is_needed, lines_of
from conda_multiplat.solving.pypi import NameTable, provided
from conda_multiplat.solving.required_hashes import hash_faults, hash_message
from conda_multiplat.vocabulary.errors import NOWHERE
from conda_multiplat.vocabulary.markers import holds, holds_for
from conda_multiplat.vocabulary.pip_options import CONSTRAINT, EDITABLE, HASH, split_option
from conda_multiplat.vocabulary.pip_places import Place, is_at
from conda_multiplat.vocabulary.records import PypiRecord, python_of


@dataclass(frozen=True)
class _There:
    """What a target's lock has; ``versions`` are those of all projects, conda's included.

    ``extras`` are the locked extras; ``None`` for other tools' locks, which don't state them.
    """

    versions: Mapping[str, str]
    records: Mapping[str, PypiRecord]
    subdir: str
    python: str
    extras: Collection[str] | None


def pypi_mismatches(target: Target, locked: PlatformLock, table: NameTable) -> Sequence[Mismatch]:
    """Return the lines that are not satisfied, and the packages whose dependencies are missing."""
    there = _There(
        project_versions(target, locked, table),
        {package.name: package for package in locked.pypi},
        target.subdir,
        python_of(locked.records),
        None if locked.foreign else dict(locked.extras),
    )
    wrong_lines = [
        Mismatch(requirement.at, f"pip: {requirement.text}", wrong)
        for requirement in target.view.pypi
        if (wrong := _wrong(requirement, there))
    ]
    wrong_lines += [
        Mismatch(project.line.at, f"pip: {project.line.text}: {need}", wrong)
        for project in target.view.projects
        for need, wrong in _wrong_project(project, there)
    ]
    faults = hash_faults(target.view.pypi, there.records, there.subdir, there.python)
    wrong_lines += [
        Mismatch(line.at, f"pip: {line.text}", hash_message(record)) for line, record in faults
    ]
    return [
        *wrong_lines,
        *_missing(locked.pypi, there.versions),
        *_out_of_bounds(locked.pypi, there.versions),
    ]


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


def _wrong(line: Requirement, there: _There) -> str:
    """Return what is wrong with the locked packages for a line; ``""`` if nothing is."""
    if line.text.startswith(CONSTRAINT):
        return _wrong_constraint(line.text.removeprefix(CONSTRAINT), there.versions)
    option, value = split_option(line.text)
    if (option and option not in EDITABLE) or line.text.startswith(HASH):
        return ""
    if not line.name:
        if not there.python or not holds_for(line.text, there.subdir, there.python):
            return ""
        places = [record.url for record in there.records.values()]
        return "" if any(is_at(value, place) for place in places) else "not locked"
    return _wrong_named(line, there)


def _wrong_named(line: Requirement, there: _There) -> str:
    wanted = Pep508(line.text)
    marker = wanted.marker
    if not there.python or (marker and not holds(marker, there.subdir, there.python)):
        return ""
    if line.name not in there.versions:
        return "not locked"
    if there.extras is not None and (
        missing := [key for key in extra_keys(line) if key not in there.extras]
    ):
        return f"locked without {', '.join(missing)}"
    if wanted.url:
        record = there.records.get(line.name)
        return "" if record and is_at(wanted.url, record.url) else "not locked from there"
    return _wrong_version(wanted, line.name, there.versions[line.name])


def _wrong_project(project: LocalProject, there: _There) -> Iterator[tuple[str, str]]:
    """Yield the requirements of a local project that the lock does not meet, with what is wrong."""
    if not is_needed(project, there.subdir, there.python):
        return
    said = project.metadata
    who = said.name if project.needed_by else "it"
    if (locked := _locked_name(project, there)) not in ("", said.name):
        yield f"it is named {said.name}", f"locked: {locked}"
    for need in said.needs(project.extras):
        wrong = [_wrong_need(line, there) for line in lines_of(need, project)]
        if wrong and all(wrong):
            yield f"{who} needs {need}", wrong[0]
    try:
        allowed = SpecifierSet(said.requires_python).contains(there.python, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return
    if there.python and not allowed:
        yield f"{who} needs Python {said.requires_python}", f"locked: python {there.python}"


def _locked_name(project: LocalProject, there: _There) -> str:
    """Return the name under which a line's project is locked; ``""`` if it is unknown."""
    if project.needed_by or not project.metadata.name:
        return ""
    _, value = split_option(project.line.text)
    return next((name for name, record in there.records.items() if is_at(value, record.url)), "")


def _wrong_need(line: Requirement, there: _There) -> str:
    """Like :func:`_wrong_named`, without paths: the project at a path is checked by itself."""
    wanted = Pep508(line.text)
    if wanted.url and Place(wanted.url).is_path:
        behind = f" ; {wanted.marker}" if wanted.marker else ""
        line = line._replace(text=f"{line.name}{behind}")
    return _wrong_named(line, there)


def _wrong_version(wanted: Pep508, name: str, version: str) -> str:
    try:
        allowed = wanted.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        allowed = False
    return "" if allowed else f"locked: {name} {version}"


def _wrong_constraint(text: str, has: Mapping[str, str]) -> str:
    try:
        wanted = Pep508(text)
    except InvalidRequirement:
        return ""
    version = has.get(wanted.name)
    return "" if version is None else _wrong_version(wanted, wanted.name, version)
