"""Find the promises that a lock's packages need and the manifest does not make."""

from __future__ import annotations

from collections.abc import Iterable

from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.vocabulary.implied_promises import (
    Implied,
    IsNewer,
    Matches,
    implied_promises,
)
from conda_multiplat.vocabulary.names import VirtualPackage


def missing_promises(
    subdir: str,
    locked: PlatformLock,
    has: Iterable[VirtualPackage],
    *,
    matches: Matches,
    is_newer: IsNewer,
) -> list[Implied]:
    """Return the promises that the locked packages of a platform need beyond those that it has.

    A lock of ours states the promises that it was made with: the same values are used again.
    """
    promised = {package.name: package for package in locked.virtual_packages}
    versions = {record.name: record.version for record in locked.every}
    missing = implied_promises(
        subdir, locked.needs, versions, has, matches=matches, is_newer=is_newer
    )
    return [package._replace(value=_value(promised, package)) for package in missing]


def _value(promised: dict[str, VirtualPackage], implied: Implied) -> str:
    package = promised.get(f"__{implied.name}")
    if package is None:
        return implied.value
    return package.build if implied.name == "archspec" else package.version
