"""Whether the locked PyPI packages of a target meet its ``pip:`` lines: from the lock alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.version import InvalidVersion, Version

from conda_multiplat.errors import Location
from conda_multiplat.lock import PlatformLock
from conda_multiplat.manifest import Requirement
from conda_multiplat.markers import holds
from conda_multiplat.pip_entries import CONSTRAINT, split_option
from conda_multiplat.pypi import NameTable, provided
from conda_multiplat.records import PypiRecord, python_of
from conda_multiplat.satisfies import Mismatch
from conda_multiplat.targets import Target

_NOWHERE = Location("")
_EDITABLE = ("-e", "--editable")


def pypi_mismatches(target: Target, locked: PlatformLock, table: NameTable) -> Sequence[Mismatch]:
    """The lines that are not met, and the packages that need what is not there."""
    python = python_of(locked.records)
    given = {
        each.name: each.version for each in provided(locked.records, table, dict(target.pypi_names))
    }
    records = {each.name: each for each in locked.pypi}
    has = {**{name: each.version for name, each in records.items()}, **given}
    found = [
        Mismatch(each.at, f"pip: {each.text}", wrong)
        for each in target.view.pypi
        if (wrong := _wrong(each, has, records, target.subdir, python))
    ]
    return [*found, *_missing(records.values(), has)]


def _missing(records: Collection[PypiRecord], has: Collection[str]) -> list[Mismatch]:
    return [
        Mismatch(_NOWHERE, f"{each.name} {each.version} needs {name}", "not locked")
        for each in records
        for name in each.depends
        if name not in has
    ]


def _wrong(
    line: Requirement,
    has: Mapping[str, str],
    records: Mapping[str, PypiRecord],
    subdir: str,
    python: str,
) -> str:
    """What is wrong with what is locked for a line; ``""`` for nothing."""
    if line.text.startswith(CONSTRAINT):
        return _wrong_constraint(line.text.removeprefix(CONSTRAINT), has)
    option, value = split_option(line.text)
    if option and option not in _EDITABLE:
        return ""
    if not line.name:
        places = [each.url for each in records.values()]
        return "" if any(_is_at(value, each) for each in places) else "not locked"
    return _wrong_named(line, has, records, subdir, python)


def _wrong_named(
    line: Requirement,
    has: Mapping[str, str],
    records: Mapping[str, PypiRecord],
    subdir: str,
    python: str,
) -> str:
    wanted = Pep508(line.text)
    if not python or (wanted.marker and not holds(wanted.marker, subdir, python)):
        return ""
    if line.name not in has:
        return "not locked"
    record = records.get(line.name)
    if wanted.url:
        return "" if record and _is_at(wanted.url, record.url) else "not locked from there"
    return "" if _allows(wanted, has[line.name]) else f"locked: {line.name} {has[line.name]}"


def _wrong_constraint(text: str, has: Mapping[str, str]) -> str:
    try:
        wanted = Pep508(text)
    except InvalidRequirement:
        return ""
    version = has.get(wanted.name)
    return "" if version is None or _allows(wanted, version) else f"locked: {wanted.name} {version}"


def _allows(wanted: Pep508, version: str) -> bool:
    try:
        return wanted.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def _is_at(asked: str, url: str) -> bool:
    """Whether a record's URL or path is what a line names, its revision and extras apart."""
    bare = asked.partition("#")[0].partition("[")[0].rstrip("/").removeprefix("./")
    place = url.partition("#")[0].rstrip("/").removeprefix("./")
    return bare == place or bare.rpartition("@")[0] == place.rpartition("@")[0] != ""
