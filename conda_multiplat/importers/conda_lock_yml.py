"""Convert a ``conda-lock.yml`` to a manifest: to its requests, or what is known of them.

Our own lock has the requested MatchSpecs. From another tool's lock, we take the packages that
nothing else depends on, and Python, with the lowest version that a platform has locked as the
bound. The next ``lock`` starts from the lock's records, so the versions stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from conda_multiplat.importers.values import Imported, Lost
from conda_multiplat.lockfile.missing_promises import missing_promises
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.lockfile.places import Place
from conda_multiplat.lockfile.pypi_provenance import is_own
from conda_multiplat.manifest.model import Environment, Manifest, Requirement, View
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.graph import depends_of, sources
from conda_multiplat.vocabulary.implied_promises import IsNewer, Matches
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, spec_name
from conda_multiplat.vocabulary.pip_places import as_path
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord
from conda_multiplat.vocabulary.virtual_packages import (
    Promises,
    promised,
    stated,
)
from conda_multiplat.vocabulary.yaml_nodes import Text


class Ports(NamedTuple):
    """The engine's functions for versions and MatchSpecs.

    Attributes:
        is_newer: whether a version comes after another.
        matches: whether a MatchSpec holds for a virtual package.
    """

    is_newer: IsNewer
    matches: Matches


class _Promised(NamedTuple):
    """The promises for a platform, and their reason; ``""`` for those that the lock states."""

    subdir: str
    values: Mapping[str, str | None]
    reason: str = ""


def read_lock_source(
    lock: LockFile, file: str, ports: Ports, stated: Promises = MappingProxyType({})
) -> Imported:
    """Return the requests of a lock, as far as it records them.

    Args:
        lock: the lock.
        file: its name.
        ports: an engine.
        stated: the virtual packages that conda-lock was given.
    """
    at = Location(file)
    channels = tuple(Text(channel.url, at) for channel in lock.channels if channel.url)
    lowest = _lowest(lock, ports.is_newer)
    promises = _promises(lock, stated, ports)
    views = {
        subdir: View(channels, _conda(locked, lowest, at), _pypi(locked, lowest, at))
        for subdir, locked in lock.platforms.items()
    }
    values = {promise.subdir: promise.values for promise in promises if promise.values}
    reasons = {(DEFAULT_ENVIRONMENT, p.subdir): p.reason for p in promises if p.reason}
    default = Environment(DEFAULT_ENVIRONMENT, at, promises=values, views=views)
    manifest = Manifest(
        files=(file,),
        name=None,
        platforms=tuple(lock.platforms),
        environments={DEFAULT_ENVIRONMENT: default},
    )
    notes = (*_notes(lock, file), *_promise_notes(promises))
    return Imported(manifest, tuple(_lost(lock, at)), notes, reasons=reasons)


def _conda(
    locked: PlatformLock, lowest: Mapping[tuple[str, str], str], at: Location
) -> tuple[Requirement, ...]:
    if locked.requested:
        return tuple(Requirement(text, spec_name(text), at) for text in locked.requested)
    roots = {"python", *sources(depends_of(locked.records))}
    return tuple(
        Requirement(_spec(record, lowest), record.name, at)
        for record in locked.records
        if record.name in roots
    )


def _spec(record: CondaRecord, lowest: Mapping[tuple[str, str], str]) -> str:
    if record.name == "python":
        return f"python {'.'.join(record.version.split('.')[:2])}.*"
    return f"{record.name} >={lowest['conda', record.name]}"


def _pypi(
    locked: PlatformLock, lowest: Mapping[tuple[str, str], str], at: Location
) -> tuple[Requirement, ...]:
    roots = set(sources(depends_of(locked.pypi)))
    return tuple(
        Requirement(_entry(record, lowest), record.name if "://" in record.url else "", at)
        for record in locked.pypi
        if record.name in roots or not _is_in_an_index(record)
    )


def _entry(record: PypiRecord, lowest: Mapping[tuple[str, str], str]) -> str:
    if record.url.startswith("git+"):
        return f"{record.name} @ {record.url}"
    if record.is_folder:
        path, editable, _ = record.url.partition("#editable")
        return f"-e {as_path(path)}" if editable else as_path(path)
    if "://" not in record.url:
        return as_path(record.url)
    if not _is_in_an_index(record):
        return f"{record.name} @ {record.url}"
    # PEP 440 allows no local version (`+cu121`) after `>=`; without it, the bound includes it.
    return f"{record.name} >={lowest['pypi', record.name].partition('+')[0]}"


def _is_in_an_index(record: PypiRecord) -> bool:
    """Return whether an index can have the file: there, it is named after project and version."""
    return record.url.startswith(("http://", "https://")) and is_own(
        Place(record.name, record.version, record.url)
    )


def _lowest(lock: LockFile, is_newer: IsNewer) -> dict[tuple[str, str], str]:
    """Return the lowest version of each package on any platform."""
    lowest: dict[tuple[str, str], str] = {}
    for locked in lock.platforms.values():
        for record in locked.every:
            key = (record.manager, record.name)
            version = lowest.setdefault(key, record.version)
            if version != record.version and is_newer(version, record.version):
                lowest[key] = record.version
    return lowest


def _promises(lock: LockFile, stated: Promises, ports: Ports) -> list[_Promised]:
    """Return the lock's promises beyond the defaults; for another tool's lock, what it needs."""
    return [
        _implied(subdir, locked, stated, ports) if locked.foreign else _own(subdir, locked)
        for subdir, locked in lock.platforms.items()
    ]


def _own(subdir: str, locked: PlatformLock) -> _Promised:
    assumed, _ = promised(subdir, [])
    values = {
        package.name.removeprefix("__"): package
        for package in locked.virtual_packages
        if package not in assumed
    }
    return _Promised(
        subdir,
        {
            name: package.build if name == "archspec" else package.version
            for name, package in values.items()
            if name != "unix"
        },
    )


def _implied(
    subdir: str, locked: PlatformLock, stated_promises: Promises, ports: Ports
) -> _Promised:
    """Return the promises of conda-lock's ``virtual-packages.yml`` and what packages imply."""
    has, _ = promised(subdir, [stated_promises])
    implied = missing_promises(subdir, locked, has, matches=ports.matches, is_newer=ports.is_newer)
    values = dict(stated(subdir, stated_promises))
    values |= {promise.name: promise.value for promise in implied}
    return _Promised(
        subdir, values, ", ".join(dict.fromkeys(promise.comment for promise in implied))
    )


def _lost(lock: LockFile, at: Location) -> Iterable[Lost]:
    records = [record for locked in lock.platforms.values() for record in locked.every]
    for category in sorted({record.category for record in records} - {"main"}):
        names = sorted({record.name for record in records if record.category == category})
        yield Lost(at, f"category {category}: {', '.join(names)}", "all are in `default` now")


def _notes(lock: LockFile, file: str) -> Iterable[str]:
    if not all(locked.requested for locked in lock.platforms.values() if locked.records):
        yield (
            f"{file} does not say what was requested: "
            "the manifest lists Python and the packages that no other package needs"
        )
    elif any(locked.pypi for locked in lock.platforms.values()):
        yield (
            f"{file} does not say what was requested from PyPI: "
            "the manifest lists the packages that no other package needs"
        )


def _promise_notes(promises: Sequence[_Promised]) -> Iterable[str]:
    for promise in promises:
        if promise.reason:
            values = ", ".join(f"{name} {value}" for name, value in promise.values.items())
            yield f"promised for {promise.subdir}: {values} ({promise.reason})"
