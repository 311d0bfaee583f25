"""CEP 23 explicit files: every package's URL and hash, installable by any conda without a solver.

``conda create --file`` does not solve or sort such a file and does not check the machine. So the
lines are in an order in which they can be installed, and comments above them say what the machine
must have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from conda_multiplat.export.install_order import topological
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.vocabulary.errors import LockFileError, UsageError
from conda_multiplat.vocabulary.file_names import rendered_name
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, SUBDIRS, did_you_mean, split_spec
from conda_multiplat.vocabulary.records import CondaRecord

HashKind = Literal["md5", "sha256"]

#: What every machine of a platform has by definition; not mentioned if no version is required.
_ALWAYS_THERE = ("__unix", "__linux", "__osx", "__win")


def render(lock: LockFile, subdir: str, hash_kind: HashKind = "md5", file: str = "") -> str:
    """Return the explicit file's text, with LF line endings.

    Args:
        lock: the lock.
        subdir: the platform of the file.
        hash_kind: the hash to write; if a record has only the other one, that is used. conda before
            24.9 can't read SHA-256.
        file: its name, if it is not the default one.

    Raises:
        UsageError: the platform is not locked.
        LockFileError: a record has no hash.
    """
    file = file or rendered_name("explicit", lock.environment, subdir)
    locked = platform_to_render(lock, subdir)
    _refuse_unhashed(locked.records, file)
    lines = [_line(record, hash_kind) for record in topological(locked.records)]
    newer = any("#sha256:" in line for line in lines)
    header = [*_header(lock, subdir, file), *machine_lines(locked)]
    header += _beside(locked, rendered_name("requirements", lock.environment, subdir))
    note = ["conda 24.9 or newer is needed: older ones can't read SHA-256 hashes."] if newer else []
    comments = [f"# {line}" for line in (*header, *note)]
    return "\n".join([*comments, "@EXPLICIT", *lines]) + "\n"


def platform_to_render(lock: LockFile, subdir: str) -> PlatformLock:
    """Return the lock of a platform.

    Raises:
        UsageError: the platform is not locked.
    """
    locked = lock.platforms.get(subdir)
    if locked is None:
        platforms = ", ".join(sorted(lock.platforms)) or "no platform"
        hint = "" if subdir in SUBDIRS else did_you_mean(subdir, lock.platforms)
        raise UsageError(
            f"{lock.environment} is not locked for {subdir}",
            details=[f"it is locked for {platforms}"],
            hints=[hint] if hint else [],
        )
    return locked


def _refuse_unhashed(records: Iterable[CondaRecord], file: str) -> None:
    bare = [record for record in records if not (record.md5 or record.sha256)]
    if bare:
        raise LockFileError(
            f"{file} can't be made: locked packages without a hash",
            details=[
                f"{record.name} {record.version} {record.build}: {record.url}" for record in bare
            ],
            hints=["their channel states neither MD5 nor SHA-256: its repodata needs an update"],
        )


def _line(record: CondaRecord, hash_kind: HashKind) -> str:
    sha256 = f"sha256:{record.sha256.lower()}" if record.sha256 else ""
    md5 = record.md5.lower() if record.md5 else ""
    anchor = (md5 or sha256) if hash_kind == "md5" else (sha256 or md5)
    return f"{record.url}#{anchor}"


def _header(lock: LockFile, subdir: str, file: str) -> list[str]:
    named = lock.environment != DEFAULT_ENVIRONMENT
    return [
        "This file may be used to create an environment using:",
        f"$ conda create --name NAME --file {file}",
        f"platform: {subdir}",
        *([f"environment: {lock.environment}"] if named else []),
    ]


def _beside(locked: PlatformLock, file: str) -> list[str]:
    count = len(locked.pypi)
    if not count:
        return []
    return [f"PyPI packages are not in this file: {count} are in {file}."]


def machine_lines(locked: PlatformLock) -> list[str]:
    """Return comments: what the packages need of a machine, and what they were locked for."""
    needs = _needs(locked)
    promised = ", ".join(str(package) for package in sorted(locked.virtual_packages))
    return [
        *(["conda does not check that the machine has what these packages need:"] if needs else []),
        *(f"  {spec} ({_first_of(records)})" for spec, records in sorted(needs.items())),
        *([f"They were locked for {promised}."] if promised else []),
    ]


def _needs(locked: PlatformLock) -> dict[str, set[str]]:
    """Return the needs that a machine must meet, with the packages that have them.

    A need from ``constrains`` applies if the virtual package is present; it is included if that
    package was promised.
    """
    promised = {package.name for package in locked.virtual_packages}
    needs: dict[str, set[str]] = {}
    for need in locked.needs:
        name, constraint = split_spec(need.spec)
        if name in _ALWAYS_THERE and constraint in ("", "*"):
            continue
        if need.binding or name in promised:
            # One line each: a channel's metadata can contain line breaks.
            needs.setdefault(" ".join(need.spec.split()), set()).add(need.record)
    return needs


def _first_of(records: set[str]) -> str:
    first, *others = sorted(records)
    return f"{first} and {len(others)} more" if others else first
