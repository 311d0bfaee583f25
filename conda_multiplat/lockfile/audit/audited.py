"""What of a lock can be looked up among advisories, which PyPI's projects have, and what can't.

A conda package is looked up as the projects that it provides (``pypi.provided``). What provides
none, or is no release of a project, is unknown: that no advisory names it means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conda_multiplat.lockfile.audit.impact import public_version
from conda_multiplat.solving.pypi import NameTable, provided
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record

#: Why something is unknown.
NO_PROJECT = "no PyPI project is known for it"
NO_VERSION = "its version is not one that PyPI has (PEP 440)"
NO_RELEASE = "from a repository, a URL or this disk: its version may not be that of a release"


class Audited(NamedTuple):
    """A locked package as it is looked up.

    Attributes:
        record: the package.
        projects: the PyPI projects that it is or provides, normalised.
        version: its version as PyPI would have it, or as it is where that has none such.
        unknown: why it can't be called clean; ``""`` where it can. It is looked up all the same,
            if it has projects.
    """

    record: Record
    projects: tuple[str, ...]
    version: str
    unknown: str = ""


def audited(
    records: Iterable[CondaRecord],
    pypi: Iterable[PypiRecord],
    table: NameTable,
    own: NameTable,
    direct: frozenset[str] = frozenset(),
) -> Iterator[Audited]:
    """What each locked package is looked up as.

    Args:
        records: conda's packages.
        pypi: PyPI's packages.
        table: which conda packages provide which projects, where that can't be guessed.
        own: what the manifest says of that.
        direct: the PyPI packages that a line names by a place and not by a version.
    """
    for record in records:
        projects = tuple(each.name for each in provided([record], table, own))
        version = _version(record.version.replace("_", ".")) or record.version
        reason = "" if _version(version) else NO_VERSION
        yield Audited(record, projects, version, reason if projects else NO_PROJECT)
    for package in pypi:
        is_release = package.url.startswith(("http://", "https://")) and package.name not in direct
        version = _version(package.version)
        reason = "" if version else NO_VERSION
        reason = reason if is_release else NO_RELEASE
        yield Audited(package, (package.name,), version or package.version, reason)


def _version(text: str) -> str:
    """A version of PEP 440 without its local part; ``""`` for what is none."""
    version = public_version(text)
    return str(version) if version else ""
