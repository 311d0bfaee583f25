"""The locks of a project as a table of environments by platforms, with what each has and needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.vocabulary.byte_sizes import total_document
from conda_multiplat.vocabulary.implied_promises import IsNewer, Matches, implied_promises
from conda_multiplat.vocabulary.records import Record
from conda_multiplat.vocabulary.unmet_virtual_packages import least_driver

#: Match builds with and without an accelerator, by a conda build string or the local version of a
#: wheel (``2.5.1+cu124``).
_CUDA = re.compile(r"(?:^|[_+])(?:cuda|gpu|cu\d)")
_CPU = re.compile(r"(?:^|[_+])cpu")
IN_SYNC = "in sync"
STALE = "out of date"
MISSING = "not locked"


class Needed(NamedTuple):
    """The lowest version of a virtual package that satisfies the locked packages."""

    name: str
    version: str


class Cell(NamedTuple):
    """An environment on a platform.

    Attributes:
        environment: its name.
        subdir: the platform.
        state: ``in sync``, ``out of date`` or ``not locked``.
        conda: the number of locked conda packages.
        pypi: the number of locked PyPI packages.
        sizes: the size of each package in bytes; ``None`` if the lock does not state it.
        needs: what a machine must have, by name, without underscores.
        driver: the oldest NVIDIA driver that is enough; ``""`` if none is needed or known.
        cuda: the packages that are locked as a CUDA build, ``name version``.
        cpu: those that are locked as a build with "cpu" in its name.
    """

    environment: str
    subdir: str
    state: str
    conda: int = 0
    pypi: int = 0
    sizes: tuple[int | None, ...] = ()
    needs: tuple[Needed, ...] = ()
    driver: str = ""
    cuda: tuple[str, ...] = ()
    cpu: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "environment": self.environment,
            "platform": self.subdir,
            "state": self.state,
            "packages": {"conda": self.conda, "pypi": self.pypi},
            "download": total_document(self.sizes),
            "needs": {need.name: need.version for need in self.needs},
            "driver": self.driver or None,
            "cuda_builds": list(self.cuda),
            "cpu_builds": list(self.cpu),
        }


def cell(
    environment: str,
    subdir: str,
    state: str,
    locked: PlatformLock,
    *,
    matches: Matches,
    is_newer: IsNewer,
) -> Cell:
    """Return the cell of an environment on a platform.

    Args:
        environment: its name.
        subdir: the platform.
        state: see :class:`Cell`.
        locked: its locked packages.
        matches: evaluates MatchSpecs.
        is_newer: compares versions.
    """
    versions = {record.name: record.version for record in locked.every}
    implied = implied_promises(
        subdir, locked.machine_needs, versions, (), matches=matches, is_newer=is_newer
    )
    needs = tuple(Needed(promise.name, promise.value) for promise in implied)
    cuda = next((need.version for need in needs if need.name == "cuda"), "")
    return Cell(
        environment,
        subdir,
        state,
        len(locked.records),
        len(locked.pypi),
        tuple(record.size for record in locked.every),
        needs,
        least_driver(cuda, subdir) if cuda else "",
        _named(locked.every, _CUDA),
        _named(locked.every, _CPU),
    )


def _named(records: Iterable[Record], kind: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(
        f"{record.name} {record.version}"
        for record in records
        if kind.search(record.build) or kind.search(record.version)
    )
