"""Check whether a lock still satisfies its manifest, from the lock alone.

A lock whose digest differs from that of its request may still satisfy it, for example if the
request only became looser. Nothing is solved or fetched:

1. each requirement is met by a locked package;
2. the dependencies of each package are locked, or promised as virtual packages;
3. no package is locked that nothing requires;
4. every package has a hash, and a URL that matches it and has no credentials.

Data that a lock does not have can't be checked: build numbers, conda's ``constrains`` on real
packages, and in our locks the versions that PyPI packages need of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from conda_multiplat.lockfile.exclude_newer import age_faults
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.extras import extra_keys, with_extras
from conda_multiplat.solving.local_needs import local_depends
from conda_multiplat.solving.markers import required_projects
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.conditions import condition_holds
from conda_multiplat.vocabulary.errors import NOWHERE, Location, WordingError
from conda_multiplat.vocabulary.graph import depends_of, reachable
from conda_multiplat.vocabulary.markers import holds_for
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.names import VirtualPackage, spec_name
from conda_multiplat.vocabulary.pip_options import EDITABLE, HASH, split_option
from conda_multiplat.vocabulary.pip_places import is_at
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record, python_of
from conda_multiplat.vocabulary.virtual_packages import Need, unmet

#: Whether a MatchSpec matches a record, as far as a lock has the necessary data.
RecordMatches = Callable[[str, CondaRecord], bool]
#: Whether a MatchSpec matches a virtual package.
VirtualMatches = Callable[[str, VirtualPackage], bool]
#: Returns what is wrong with the PyPI packages of a target.
PypiCheck = Callable[[Target, PlatformLock], Sequence["Mismatch"]]


@dataclass(frozen=True, order=True)
class Mismatch:
    """A requirement that a lock does not satisfy.

    Attributes:
        at: the manifest's line; ``Location("")`` if the lock itself is wrong.
        asked: the requirement.
        locked: what is locked instead.
    """

    at: Location
    asked: str
    locked: str

    def __str__(self) -> str:
        place = f"{self.at}  " if self.at.file else ""
        return f"{place}{self.asked}: {self.locked}"


def mismatches(
    target: Target,
    locked: PlatformLock,
    *,
    record_matches: RecordMatches,
    virtual_matches: VirtualMatches,
    pypi: PypiCheck,
) -> list[Mismatch]:
    """Return what a target's lock does not satisfy, the manifest's lines first."""
    records = {record.name: record for record in locked.records}
    promised = {package.name: package for package in target.virtual_packages}

    def met(spec: str) -> bool:
        condition = _condition(spec) if "[" in spec else ""
        if condition and not condition_holds(condition, met):
            return True
        name = spec_name(spec)
        if name.startswith("__"):
            return name in promised and virtual_matches(spec, promised[name])
        return name in records and record_matches(spec, records[name])

    def instead(name: str, build: str = "") -> str:
        if name.startswith("__"):
            return f"promised: {promised[name]}" if name in promised else "not promised"
        present = records.get(name)
        if present is None:
            return "not locked"
        return f"locked: {present.name} {present.version}{f' {present.build}' if build else ''}"

    wrong = [
        Mismatch(
            requirement.at, requirement.text, instead(requirement.name, _build(requirement.text))
        )
        for requirement in target.view.conda
        if not met(requirement.text)
    ]
    wrong += [
        Mismatch(NOWHERE, f"{record.name} {record.version} needs {spec}", instead(spec_name(spec)))
        for record in locked.records
        for spec in record.depends
        if not met(spec)
    ]
    wrong += [
        Mismatch(NOWHERE, f"{need.need.record} needs {need.need.spec}", f"promised: {need.has}")
        for need in unmet(_other_needs(locked), promised.values(), virtual_matches)
    ]
    wrong += pypi(target, locked)
    wrong += _unsafe(locked.every)
    versions = {(record.manager, record.name): record.version for record in locked.every}
    wrong += [Mismatch(NOWHERE, *fault) for fault in age_faults(target, locked.cooldown, versions)]
    unknown = may_be_of_extras(target, locked)
    wrong += _extra([record for record in unrequired(target, locked) if record not in unknown])
    return sorted(set(wrong), key=lambda mismatch: (not mismatch.at.file, mismatch))


def _condition(text: str) -> str:
    """Return the condition of a MatchSpec (CEP 43); ``""`` if it has none."""
    try:
        return parse_spec(text).fields.get("when", "")
    except WordingError:  # valid in a channel's record, but not in a manifest
        return ""


def _build(text: str) -> str:
    """Return the build that a line of the manifest requests; ``""`` if it requests none."""
    return parse_spec(text).fields.get("build", "")


def _unsafe(records: Iterable[Record]) -> list[Mismatch]:
    return [
        Mismatch(NOWHERE, f"{record.name} {record.version}", wrong)
        for record in records
        for wrong in _faults(record)
    ]


def _faults(record: Record) -> Iterator[str]:
    """Yield what is wrong with a record by itself."""
    if isinstance(record, CondaRecord):
        if not (record.md5 or record.sha256):
            yield "it has no hash"
        # An edit can change a version and leave the URL, or the other way round.
        file = unquote(record.file_name)
        if not file.lower().startswith(f"{record.name}-{record.version}-".lower()):
            yield f"its URL is for {file}"
    if public_name(record.url) != record.url:
        yield "its URL has a credential in it"


def _other_needs(locked: PlatformLock) -> list[Need]:
    """Return the needs that are in no package's ``depends``: those of ``constrains`` and wheels."""
    wheels = {package.name for package in locked.pypi}
    return [need for need in locked.needs if not need.binding or need.record in wheels]


def unrequired(target: Target, locked: PlatformLock) -> list[Record]:
    """Return the packages that are locked for a target although nothing requires them."""
    conda, pypi = target.view.conda, target.view.pypi
    # conda-lock locks pip if there is a `pip:`, since `conda env create` requires it.
    roots = [*(requirement.name for requirement in conda), *(["pip"] if pypi else [])]
    needed = reachable(roots, depends_of(locked.records))
    python = python_of(locked.records)
    roots_by_name = required_projects(with_extras(pypi, locked.extras), target.subdir, python)
    roots_by_place = _asked_by_place(pypi, locked, target.subdir, python)
    local = local_depends(target.view.projects, locked.extras, target.subdir, python)
    needed_pypi = reachable([*roots_by_name, *roots_by_place], {**depends_of(locked.pypi), **local})
    extra: list[Record] = [record for record in locked.records if record.name not in needed]
    return [*extra, *(package for package in locked.pypi if package.name not in needed_pypi)]


def _asked_by_place(
    lines: Iterable[Requirement], locked: PlatformLock, subdir: str, python: str
) -> list[str]:
    """Return the packages at the path or URL of a line without a name."""
    if locked.foreign:  # other tools write paths in their own forms
        return [
            package.name
            for package in locked.pypi
            if not package.sha256 or "://" not in package.url
        ]
    unnamed = [line.text for line in lines if not line.name and not line.text.startswith(HASH)]
    options = [(text, *split_option(text)) for text in unnamed]
    places = [
        place
        for text, option, place in options
        if (not option or option in EDITABLE) and holds_for(text, subdir, python)
    ]
    return [
        package.name
        for package in locked.pypi
        if any(is_at(place, package.url) for place in places)
    ]


def may_be_of_extras(target: Target, locked: PlatformLock) -> list[Record]:
    """Return the packages that nothing in a lock requires, but that an extra may require.

    Other tools' locks don't state the extras of PyPI packages. An extra can be requested by a line
    or by another package.
    """
    if not locked.foreign:
        return []
    left = [package for package in unrequired(target, locked) if isinstance(package, PypiRecord)]
    named = any(extra_keys(line) for line in target.view.pypi)
    requiring = [package for package in locked.pypi if package.depends and package not in left]
    return list(left) if named or requiring else []


def _extra(extra: Sequence[Record]) -> list[Mismatch]:
    if not extra:
        return []
    more = f" and {len(extra) - 1} more" if len(extra) > 1 else ""
    first = f"{extra[0].name} {extra[0].version}"
    return [Mismatch(NOWHERE, "locked, but nothing asks for it", f"{first}{more}")]
