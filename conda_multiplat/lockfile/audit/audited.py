"""Find the PyPI projects as which locked packages can be looked up in advisories.

A conda package is looked up as the projects that it provides (``pypi.provided``). A package that
provides none, or that is not a release of a project, is unknown: it is not clean just because no
advisory names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conda_multiplat.lockfile.audit.impact import public_version
from conda_multiplat.solving.pypi import NameTable, provided
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record

#: Reasons why a package is unknown.
NO_PROJECT = "no PyPI project is known for it"
NO_VERSION = "its version is not a PyPI version (PEP 440)"
NO_RELEASE = "from a repository, a URL or this disk: its version may not be that of a release"


class Audited(NamedTuple):
    """A locked package with the projects to look it up as.

    Attributes:
        record: the package.
        projects: the PyPI projects that it is or provides, normalised.
        version: its version in PyPI's form (PEP 440), or unchanged if it has none.
        unknown: why it can't be called clean; ``""`` if it can. If it has projects, it is looked
            up nevertheless.
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
    """Return locked packages with the projects to look them up as.

    Args:
        records: conda's packages.
        pypi: PyPI's packages.
        table: conda package -> projects, if the name alone doesn't tell.
        own: the same from the manifest.
        direct: the PyPI packages that a line gives by path or URL, not by version.
    """
    for record in records:
        projects = tuple(project.name for project in provided([record], table, own))
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
    """Return a PEP 440 version without its local part; ``""`` if the text is not a version."""
    version = public_version(text)
    return str(version) if version else ""
