"""Read ``pixi.lock`` (rattler's lock format, versions 6 and 7): text -> packages by target.

pixi keeps all environments in one file. A target is an environment and a platform's name there,
which is a subdir or, in version 7, the workspace's own name for a subdir with virtual packages.
Packages that a ``conda-lock.yml`` can't contain are listed: those that pixi builds from source,
conda packages in a folder, and local projects whose version is not known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from conda_multiplat.lockfile.model import PlatformLock, needs_of_records
from conda_multiplat.lockfile.pixi_lock_shape import ARCHIVES, archive_parts, key_of, pixi_faults
from conda_multiplat.lockfile.read import TextLoader, conflict_marker
from conda_multiplat.lockfile.shape import Fault, first_problems, places_of
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.errors import DocumentError, Location, LockFileError, Problem
from conda_multiplat.vocabulary.markers import holds
from conda_multiplat.vocabulary.pip_places import as_path
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, python_of
from conda_multiplat.vocabulary.yaml_nodes import yaml_value

VERSIONS = ("6", "7")
_AGAIN = "run `pixi lock`, or move the file away to lock without its versions"


class PixiTarget(NamedTuple):
    """The locked packages of an environment on a platform.

    Attributes:
        channels: the channels' URLs, without credentials.
        conda: the entries of conda's packages.
        pypi: the entries of PyPI's packages.
        lost: the packages that can't be taken over, with the reason, one line each.
    """

    channels: tuple[str, ...]
    conda: tuple[Mapping[str, Any], ...]
    pypi: tuple[Mapping[str, Any], ...]
    lost: tuple[str, ...] = ()

    def locked(self, subdir: str, asked: Iterable[str] = ()) -> PlatformLock:
        """Return it as a platform of a ``conda-lock.yml`` that another tool has made.

        Args:
            subdir: the platform.
            asked: the entries of ``pip:``, for their extras.
        """
        records = sorted(map(_conda_record, self.conda), key=lambda record: record.name)
        python = python_of(records)
        wheels = sorted(
            _pypi_records(self.pypi, subdir, python, asked), key=lambda record: record.name
        )
        urls = "\n".join([*(record.url for record in records), *(wheel.url for wheel in wheels)])
        return PlatformLock(
            # pixi has no digest of a request; this one never equals one of ours.
            content_hash=hashlib.sha256(urls.encode()).hexdigest(),
            records=tuple(records),
            pypi=tuple(wheels),
            needs=needs_of_records(records, wheels),
        )


#: Environment and platform, by their names -> the locked packages.
PixiLock = Mapping[tuple[str, str], PixiTarget]


def read_pixi_lock(text: str, file: str) -> PixiLock:
    """Return the targets of a ``pixi.lock``.

    Args:
        text: its text.
        file: its name.

    Raises:
        LockFileError: it is not a ``pixi.lock``, or its version is not known.
    """
    data = _load(text, file)
    version = data.get("version", "")
    if str(version) not in VERSIONS:
        known = " and ".join(VERSIONS)
        hint = "run `pixi lock`: pixi writes its newest version; or move the file away"
        message = f"pixi.lock version {version or 'unknown'}; this conda-multiplat reads {known}"
        at = Location(file, *places_of(text, [("version",)])[0])
        raise _broken(file, at, message, hint)
    if faults := list(pixi_faults(data)):
        raise _faulty(file, text, faults)
    try:
        entries = {key_of(entry): entry for entry in data.get("packages") or ()}
        return {
            (str(name), str(platform)): _target(environment, packages, entries)
            for name, environment in data["environments"].items()
            for platform, packages in (environment.get("packages") or {}).items()
        }
    except KeyError as error:
        kind, place = error.args[0]
        message = f"no `{kind}: {place}` under `packages`: the file is truncated or was edited"
        raise _broken(file, Location(file), message) from None


def _load(text: str, file: str) -> dict[str, Any]:
    if found := conflict_marker(text):
        line, marker = found
        hint = "merge the manifest, then run `pixi lock`"
        raise _broken(file, Location(file, line), f"conflict marker {marker!r}", hint)
    try:
        data = yaml_value(text, TextLoader)
    except DocumentError as error:
        raise _broken(file, Location(file, error.line), error.message) from None
    if not isinstance(data, dict):
        raise _broken(file, Location(file), "not a pixi.lock")
    return data


def _broken(file: str, at: Location, message: str, hint: str = _AGAIN) -> LockFileError:
    return LockFileError(f"{file} can't be read", problems=[Problem(at, message, hint)])


def _faulty(file: str, text: str, faults: Sequence[Fault]) -> LockFileError:
    """Show the first faults, with their places and what to do about all of them."""
    problems, more = first_problems(text, file, faults)
    return LockFileError(f"{file} can't be read", problems=problems, details=more, hints=[_AGAIN])


def _target(
    environment: Mapping[str, Any],
    packages: Sequence[Mapping[str, Any]],
    entries: Mapping[tuple[str, str], Mapping[str, Any]],
) -> PixiTarget:
    named = [entries[key] for key in dict.fromkeys(map(key_of, packages))]
    wrong = {id(entry): _unfit(entry) for entry in named}
    fit = [entry for entry in named if not wrong[id(entry)]]
    return PixiTarget(
        tuple(public_name(str(channel["url"])) for channel in environment.get("channels") or ()),
        tuple(entry for entry in fit if "conda" in entry),
        tuple(entry for entry in fit if "pypi" in entry),
        tuple(reason for reason in wrong.values() if reason),
    )


def _unfit(entry: Mapping[str, Any]) -> str:
    """Return why a package can't be taken over; ``""`` if it can."""
    kind, place = key_of(entry)
    if kind == "pypi":
        return "" if entry.get("version") else f"{entry['name']}: no version of {place} is locked"
    if kind == "conda_source" or not place.endswith(ARCHIVES):
        return f"{place}: pixi builds it from its source"
    return "" if "://" in place else f"{place}: a conda package in a folder"


def _conda_record(entry: Mapping[str, Any]) -> CondaRecord:
    """Convert an entry of ``conda``; missing values are in the archive's name (CEP 26)."""
    url = public_name(str(entry["conda"]))
    name, version, build = archive_parts(url)
    return CondaRecord(
        name=str(entry.get("name") or name).lower(),
        version=str(entry.get("version") or version),
        build=str(entry.get("build") or build),
        url=url,
        md5=entry.get("md5"),
        sha256=entry.get("sha256"),
        depends=tuple(map(str, entry.get("depends") or ())),
        constrains=tuple(map(str, entry.get("constrains") or ())),
    )


def _pypi_records(
    entries: Sequence[Mapping[str, Any]], subdir: str, python: str, asked: Iterable[str]
) -> list[PypiRecord]:
    needs = {id(entry): _requirements(entry.get("requires_dist") or ()) for entry in entries}
    extras: dict[str, set[str]] = {}
    for requirement in (
        *_requirements(asked),
        *(line for requirements in needs.values() for line in requirements),
    ):
        extras.setdefault(canonicalize_name(requirement.name), set()).update(requirement.extras)

    def depends(entry: Mapping[str, Any]) -> tuple[str, ...]:
        enabled = ("", *extras.get(canonicalize_name(str(entry["name"])), ()))
        names = {
            canonicalize_name(requirement.name)
            for requirement in needs[id(entry)]
            if _counts(requirement, subdir, python, enabled)
        }
        return tuple(sorted(names))

    return [_pypi_record(entry, depends(entry)) for entry in entries]


def _requirements(texts: Iterable[str]) -> list[Pep508]:
    """Return the texts that are in PEP 508's form; pixi writes paths in a form of its own."""
    return [requirement for text in texts if (requirement := _requirement(text))]


def _requirement(text: str) -> Pep508 | None:
    try:
        return Pep508(text)
    except InvalidRequirement:
        return None


def _counts(requirement: Pep508, subdir: str, python: str, extras: Iterable[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(holds(marker, subdir, python or "3", extra) for extra in extras)


def _pypi_record(entry: Mapping[str, Any], depends: tuple[str, ...]) -> PypiRecord:
    place, editable = str(entry["pypi"]), entry.get("editable") == "true"
    return PypiRecord(
        name=canonicalize_name(str(entry["name"])),
        version=str(entry["version"]),
        url=_place(place, editable=editable),
        sha256=entry.get("sha256"),
        depends=depends,
    )


def _place(place: str, *, editable: bool) -> str:
    """Return a package's place in CEP 37's form (see :class:`PypiRecord`).

    In pixi's URL of a repository, the requested revision is in the query, the commit after ``#``.
    """
    if place.startswith("git+"):
        url, _, commit = public_name(place).partition("#")
        url, _, query = url.partition("?")
        folder = next((q[13:] for q in query.split("&") if q.startswith("subdirectory=")), "")
        return f"{url}@{commit}" + (f"#subdirectory={unquote(folder)}" if folder else "")
    if "://" in place:
        return public_name(place).partition("#")[0]
    path = as_path(place)
    path = path.rstrip("/") or "/"
    return f"{path}#editable" if editable else path
