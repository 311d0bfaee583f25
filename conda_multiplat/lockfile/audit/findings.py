"""Vulnerabilities and unknown packages in locks, with equal results of several targets merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from conda_multiplat.lockfile.audit.audited import Audited
from conda_multiplat.lockfile.audit.brought_by import Chain, chains
from conda_multiplat.lockfile.audit.severity import LEVELS, UNKNOWN
from conda_multiplat.lockfile.audit.vulnerabilities import (
    Advisories,
    Vulnerability,
    vulnerabilities,
)
from conda_multiplat.lockfile.dependency_graph import Key, LockedGraph
from conda_multiplat.manifest.audit_options import Ignored
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.records import Record

#: The order of levels in a list: unknown first, since those may be the worst.
_ORDER = (UNKNOWN, *reversed(LEVELS))


class Subject(NamedTuple):
    """A target with its dependency graph and its packages to look up."""

    target: Target
    graph: LockedGraph
    packages: tuple[Audited, ...]


class Rules(NamedTuple):
    """Which vulnerabilities count.

    Attributes:
        severity: the lowest level that counts, one of ``LEVELS``.
        ignored: the manifest's ``ignore`` entries.
        today: the current date (UTC), ``YYYY-MM-DD``.
    """

    severity: str
    ignored: tuple[Ignored, ...]
    today: str

    def entry(self, vulnerability: Vulnerability) -> Ignored | None:
        """Return the entry for a vulnerability; of several, the one with the latest date."""
        names = {name.casefold() for name in vulnerability.names}
        entries = [entry for entry in self.ignored if entry.id.casefold() in names]
        return max(entries, key=lambda entry: entry.until, default=None)


@dataclass(frozen=True)
class Finding:
    """A vulnerability of a locked package.

    Attributes:
        package: the package, as locked for the first of the targets.
        vulnerability: the vulnerability.
        targets: the targets that have this version.
        brought_by: the chains that lead to it, without duplicates.
        ignored: the manifest's entry for it.
        lapsed: whether the date of that entry has passed.
        severe: whether its severity counts.
    """

    package: Audited
    vulnerability: Vulnerability
    targets: tuple[Target, ...]
    brought_by: tuple[Chain, ...]
    ignored: Ignored | None
    lapsed: bool
    severe: bool

    @property
    def excused(self) -> bool:
        """Whether the manifest ignores it today."""
        return self.ignored is not None and not self.lapsed

    @property
    def counts(self) -> bool:
        """Whether it makes the exit code 1."""
        return self.severe and not self.excused

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        vulnerability = self.vulnerability
        return {
            "id": vulnerability.id,
            "aliases": list(vulnerability.aliases),
            "summary": vulnerability.summary,
            "severity": vulnerability.rating.level,
            "score": vulnerability.rating.score,
            **_named(self.package),
            "projects": list(self.package.projects),
            "fixed": vulnerability.fixed or None,
            "targets": list(map(str, self.targets)),
            "brought_by": [chain.to_dict() for chain in self.brought_by],
            "ignored": {**self.ignored.to_dict(), "lapsed": self.lapsed} if self.ignored else None,
            "counts": self.counts,
        }


class Unknown(NamedTuple):
    """A package that can't be called clean, and where."""

    package: Audited
    targets: tuple[Target, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        targets = list(map(str, self.targets))
        return {**_named(self.package), "reason": self.package.unknown, "targets": targets}


def _named(package: Audited) -> dict[str, str]:
    record = package.record
    return {"name": record.name, "manager": record.manager, "version": record.version}


def findings(subjects: Sequence[Subject], advisories: Advisories, rules: Rules) -> list[Finding]:
    """Return the vulnerabilities of locked packages, the worst first."""
    rows = _rows(subjects, advisories)
    chains_of = {
        str(place.target): chains(place.graph) for row in rows.values() for place, _ in row
    }
    result = []
    for (key, _, vulnerability), places in rows.items():
        entry = rules.entry(vulnerability)
        targets = tuple(subject.target for subject, _ in places)
        finding = Finding(
            package=places[0][1],
            vulnerability=vulnerability,
            targets=targets,
            brought_by=tuple(dict.fromkeys(chains_of[str(target)][key] for target in targets)),
            ignored=entry,
            lapsed=entry is not None and rules.today > entry.until,
            severe=vulnerability.rating.counts(rules.severity),
        )
        result.append(finding)
    return sorted(result, key=_order)


#: A package, its version, and a vulnerability of it.
_Row = tuple[Key, str, Vulnerability]


def _rows(
    subjects: Sequence[Subject], advisories: Advisories
) -> dict[_Row, list[tuple[Subject, Audited]]]:
    """Return each vulnerability of each version of a package, with the subjects that have it."""
    rows: dict[_Row, list[tuple[Subject, Audited]]] = {}
    known: dict[tuple[tuple[str, ...], str], list[Vulnerability]] = {}
    for subject in subjects:
        for package in subject.packages:
            record, question = package.record, (package.projects, package.version)
            if question not in known:
                known[question] = vulnerabilities(package, advisories)
            for vulnerability in known[question]:
                row = (_key(record), record.version, vulnerability)
                rows.setdefault(row, []).append((subject, package))
    return rows


def _key(record: Record) -> Key:
    return record.manager, record.name


def _order(finding: Finding) -> tuple[bool, int, str, str, str]:
    record, vulnerability = finding.package.record, finding.vulnerability
    level = _ORDER.index(vulnerability.rating.level)
    return finding.excused, level, record.name, record.version, vulnerability.id


def unknown(subjects: Sequence[Subject]) -> list[Unknown]:
    """Return the packages that can't be called clean, by name, with the targets of each version."""
    places: dict[tuple[str, str, str], tuple[Audited, list[Target]]] = {}
    for subject in subjects:
        for package in subject.packages:
            if package.unknown:
                record = package.record
                key = (record.name, record.manager, record.version)
                places.setdefault(key, (package, []))[1].append(subject.target)
    return [Unknown(package, tuple(targets)) for _, (package, targets) in sorted(places.items())]


def unused(ignored: Sequence[Ignored], listed: Sequence[Finding]) -> list[Ignored]:
    """Return the manifest's entries that match no finding."""
    names = {name.casefold() for finding in listed for name in finding.vulnerability.names}
    return [entry for entry in ignored if entry.id.casefold() not in names]
