r"""Compare what is locked with known vulnerabilities.

Flow::

    locks -> LockedTarget --audited()--> Subject --------------------\
    --db FILE, or the service --> advisories about their projects ----> Report
    manifest's `audit: ignore` ----------------------------------------/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from conda_multiplat.actions.locked_targets import LockedTarget, locked_targets
from conda_multiplat.engines.advisories.database import Database
from conda_multiplat.engines.pypi.conda_names import name_table
from conda_multiplat.lockfile.audit.audited import Audited, audited
from conda_multiplat.lockfile.audit.findings import (
    Finding,
    Rules,
    Subject,
    Unknown,
    findings,
    unknown,
    unused,
)
from conda_multiplat.lockfile.audit.vulnerabilities import Advisories, AdvisorySource
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.hook_settings import OSV_URL, OSV_URL_VARIABLE
from conda_multiplat.machine.progress import waiting
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.audit_options import Ignored
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.errors import LockFileError, UsageError
from conda_multiplat.vocabulary.pip_places import place_of


class Report(NamedTuple):
    """The result of an audit.

    Attributes:
        findings: the vulnerabilities, the worst first.
        unknown: the packages that can't be called clean.
        unused: the manifest's entries that match nothing; empty if only some targets were examined.
        targets: the targets that were examined.
        packages: the number of packages, each version of a package counted once.
        source: where the advisories come from.
        rules: which vulnerabilities count.
    """

    findings: Sequence[Finding]
    unknown: Sequence[Unknown]
    unused: Sequence[Ignored]
    targets: Sequence[Target]
    packages: int
    source: str
    rules: Rules

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "source": self.source,
            "severity": self.rules.severity,
            "vulnerabilities": [finding.to_dict() for finding in self.findings],
            "unknown": [package.to_dict() for package in self.unknown],
            "unused_ignores": [{"id": entry.id, **entry.to_dict()} for entry in self.unused],
            "targets": list(map(str, self.targets)),
            "packages": self.packages,
        }


def advisory_source(database: str | None, settings: Settings) -> AdvisorySource:
    """Return the source of advisories: a file, otherwise the configured service.

    Raises:
        UsageError: neither is given.
        OutsideError: nothing may be fetched.
    """
    if database is not None:
        return Database(Path(database))
    url = settings.osv_url()
    if not url:
        raise UsageError(
            "no advisories to check the locks against",
            hints=[
                "name a downloaded database: --db FILE (OSV's export for PyPI)",
                f"or a service: {OSV_URL_VARIABLE}, or plugins.{OSV_URL} in .condarc",
            ],
        )
    from conda_multiplat.engines.advisories.service import Service

    return Service(url, settings)


def audit(
    project: Project,
    source: AdvisorySource,
    console: Console,
    rules: Rules,
    *,
    environments: Sequence[str] = (),
    platforms: Sequence[str] = (),
) -> Report:
    """Compare what is locked with known vulnerabilities.

    Raises:
        LockFileError: an environment has no lock that can be used.
        UsageError: the database can't be used.
        OutsideError: the source can't be read.
    """
    locked = locked_targets(project, environments, platforms, console)
    if not locked:
        hints = ["run `conda multiplat lock`"]
        raise LockFileError("none of the selected targets is locked", hints=hints)
    subjects = [_subject(target) for target in locked]
    packages = [package for subject in subjects for package in subject.packages]
    found = findings(subjects, _advisories(source, packages, console), rules)
    whole = not environments and not platforms
    return Report(
        findings=found,
        unknown=unknown(subjects),
        unused=unused(rules.ignored, found) if whole else (),
        targets=[subject.target for subject in subjects],
        packages=len({(package.record.manager, *package.record[:2]) for package in packages}),
        source=source.name,
        rules=rules,
    )


def _advisories(
    source: AdvisorySource, packages: Iterable[Audited], console: Console
) -> Advisories:
    """Return the source's advisories for packages, showing progress on a terminal."""
    questions = {(project, package.version) for package in packages for project in package.projects}
    said = [f"reading {source.name}"]

    def say(text: str) -> None:
        said[0] = text

    with waiting(console, lambda: said[0]):
        return source.advisories(sorted(questions), say)


def _subject(locked: LockedTarget) -> Subject:
    target = locked.target
    direct = frozenset(line.name for line in target.view.pypi if place_of(line.text))
    packages = audited(
        locked.locked.records, locked.locked.pypi, name_table(), dict(target.pypi_names), direct
    )
    return Subject(target, locked.graph(), tuple(packages))
