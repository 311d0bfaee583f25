"""What is known to be wrong with what is locked, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from conda_multiplat.actions.audit import Report
from conda_multiplat.cli.show.listing import ASKED
from conda_multiplat.cli.show.markdown import plain, table
from conda_multiplat.cli.show.where import where
from conda_multiplat.lockfile.audit.brought_by import Chain
from conda_multiplat.lockfile.audit.findings import Finding, Unknown
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.columns import headed
from conda_multiplat.vocabulary.styled import Line

_HEADER = (" ", "Name", "Locked", "Fixed in", "Severity", "Advisory", "Where", "Brought by")
#: Of lists of names where nobody says how wide a line may be.
_WIDTH = 80


def text(report: Report, width: int | None = None) -> Iterator[str | Line]:
    """Lines for a terminal of so many characters: findings, what is ignored, what is unknown."""
    listed = [finding for finding in report.findings if not finding.excused]
    if listed:
        yield from headed([_HEADER, *(_row(each, report.targets) for each in listed)], width)
    for finding in report.findings:
        if finding.excused and finding.ignored:
            at = finding.ignored.at
            yield f"ignored until {finding.ignored.until}: {_named(finding)} ({at})"
            yield f"   {finding.ignored.reason}"
    yield from _unknown(report.unknown, width or _WIDTH)


def markdown(report: Report) -> list[str]:
    """Lines of GitHub's Markdown: findings, what is ignored, and what is unknown folded away."""
    listed = [finding for finding in report.findings if not finding.excused]
    lines = ["No vulnerability is known of what could be looked up."]
    if listed:
        rows = [[plain(word) for word in _row(each, report.targets)[1:]] for each in listed]
        lines = table([word.lower() for word in _HEADER[1:]], *rows)
    for finding in report.findings:
        if finding.excused and finding.ignored:
            until, reason = finding.ignored.until, finding.ignored.reason
            lines += ["", plain(f"Ignored until {until}: {_named(finding)}: {reason}")]
    if report.unknown:
        names = (" ".join(each.package.record[:2]) for each in report.unknown)
        summary = f"{packages(len(report.unknown))} unknown: no advisory could tell"
        opening = f"<details><summary>{summary}</summary>"
        lines += ["", opening, "", plain(", ".join(names)), "", "</details>"]
    return lines


def _row(finding: Finding, targets: Sequence[Target]) -> tuple[str, ...]:
    record, vulnerability = finding.package.record, finding.vulnerability
    asked = any(chain.line and len(chain.path) == 1 for chain in finding.brought_by)
    return (
        ASKED if asked else " ",
        f"{record.name}{' (PyPI)' if record.manager == 'pypi' else ''}",
        record.version,
        vulnerability.fixed or "-",
        vulnerability.rating.level,
        " ".join(vulnerability.names),
        where(finding.targets, targets, everywhere=finding.everywhere),
        "; ".join(map(_brought, finding.brought_by)),
    )


def _brought(chain: Chain) -> str:
    """The line, and the packages between it and the one in question."""
    if chain.line is None:
        return "no line"
    return " > ".join([str(chain.line.at), *chain.path[:-1]])


def _named(finding: Finding) -> str:
    record = finding.package.record
    return f"{finding.vulnerability.id} of {record.name} {record.version}"


def _unknown(unknown: Sequence[Unknown], width: int) -> Iterator[str]:
    """The packages of each reason, as many in a line as fit."""
    reasons: dict[str, list[str]] = {}
    for package in unknown:
        record = package.package.record
        words = f"{record.name}\u00a0{record.version}"
        reasons.setdefault(package.package.unknown, []).append(words)
    for reason, names in sorted(reasons.items()):
        yield f"unknown, not clean: {packages(len(names))} ({reason})"
        lines = wrap(", ".join(names), width - 3, break_on_hyphens=False, break_long_words=False)
        yield from (f"   {line}".replace("\u00a0", " ") for line in lines)


def summary(report: Report) -> Iterator[str]:
    """What it comes to."""
    listed = [finding for finding in report.findings if not finding.excused]
    for finding in listed:
        if finding.lapsed and finding.ignored:
            until, at = finding.ignored.until, finding.ignored.at
            yield f" {_named(finding)} was ignored until {until} ({at}): that is past, it counts"
    for entry in report.unused:
        yield f" nothing has {entry.id} that {entry.at} ignores: remove it"
    looked_up = report.packages - len(report.unknown)
    if not listed:
        yield f" no vulnerability is known of {packages(looked_up)} that could be looked up"
    else:
        names = {finding.package.record[:2] for finding in listed}
        mild = sum(not finding.counts for finding in listed)
        below = f"; {mild} below {report.rules.severity}" if mild else ""
        count = f"{len(listed)} vulnerabilit{'y' if len(listed) == 1 else 'ies'}"
        yield f" {count} in {len(names)} of {packages(report.packages)}{below}"
    if report.unknown:
        yield f" {packages(len(report.unknown))} unknown: no advisory could tell"
