"""Format the report of ``audit`` as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from conda_multiplat.actions.audit import Report
from conda_multiplat.cli.show.listing import ASKED
from conda_multiplat.cli.show.markdown import plain, table
from conda_multiplat.cli.show.shared_targets import where
from conda_multiplat.lockfile.audit.findings import Finding, Unknown
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.columns import headed
from conda_multiplat.vocabulary.records import manager_mark
from conda_multiplat.vocabulary.styled import Line

_HEADER = (" ", "Name", "Locked", "Fixed in", "Severity", "Advisory", "Where")
_BROUGHT_BY = "Brought by"
#: The width of lists of names if it is not given, in characters.
_WIDTH = 80
#: The maximum number of lines of such a list on a terminal without ``-v``.
_FEW = 4


def text(report: Report, width: int | None = None, *, whole: bool = True) -> Iterator[str | Line]:
    """Yield lines for a terminal: findings with their origins, unknown packages, summary.

    Args:
        report: the report.
        width: the maximum length of a line in characters; ``None`` for no limit.
        whole: whether long lists are shown in full.
    """
    listed = [finding for finding in report.findings if not finding.excused]
    if listed:
        yield from headed([_HEADER, *(_row(finding, report.targets) for finding in listed)], width)
    yield from dict.fromkeys(line for finding in listed for line in _origins(finding))
    for finding in report.findings:
        if finding.excused and finding.ignored:
            at = finding.ignored.at
            yield f"ignored until {finding.ignored.until}: {_named(finding)} ({at})"
            yield f"   {finding.ignored.reason}"
    yield from _unknown(report.unknown, width or _WIDTH, whole=whole)


def markdown(report: Report) -> list[str]:
    """Return GitHub Markdown: findings, ignored ones, and collapsed unknown packages."""
    listed = [finding for finding in report.findings if not finding.excused]
    lines = ["No vulnerability is known in what could be looked up."]
    if listed:
        cells = ((*_row(finding, report.targets)[1:], _brought_by(finding)) for finding in listed)
        rows = [[plain(word) for word in row] for row in cells]
        lines = table([word.lower() for word in (*_HEADER[1:], _BROUGHT_BY)], *rows)
    for finding in report.findings:
        if finding.excused and finding.ignored:
            until, reason = finding.ignored.until, finding.ignored.reason
            lines += ["", plain(f"Ignored until {until}: {_named(finding)}: {reason}")]
    if report.unknown:
        names = (" ".join(package.package.record[:2]) for package in report.unknown)
        summary = f"{packages(len(report.unknown))} unknown: could not be looked up"
        opening = f"<details><summary>{summary}</summary>"
        lines += ["", opening, "", plain(", ".join(names)), "", "</details>"]
    return lines


def _row(finding: Finding, targets: Sequence[Target]) -> tuple[str, ...]:
    record, vulnerability = finding.package.record, finding.vulnerability
    asked = any(chain.line and len(chain.path) == 1 for chain in finding.brought_by)
    return (
        ASKED if asked else " ",
        f"{record.name}{manager_mark(record.manager)}",
        record.version,
        vulnerability.fixed or "-",
        vulnerability.rating.level,
        " ".join(vulnerability.names),
        where(finding.targets, targets),
    )


def _origins(finding: Finding) -> Iterator[str]:
    """Yield a line for each chain from a package to the manifest's line that brings it."""
    for chain in finding.brought_by:
        steps = [*reversed(chain.path)]
        if chain.line is None:
            yield f"   {steps[0]}: no line of the manifest leads to it"
        else:
            yield f"   {' ← '.join(steps)} ← {chain.line.at}  {chain.line.text}"


def _brought_by(finding: Finding) -> str:
    """Return what brings a package, for a cell of a table: each chain from the line down."""
    return "; ".join(
        " > ".join([str(chain.line.at), *chain.path[:-1]]) if chain.line else "no line"
        for chain in finding.brought_by
    )


def _named(finding: Finding) -> str:
    record = finding.package.record
    return f"{finding.vulnerability.id} of {record.name} {record.version}"


def _unknown(unknown: Sequence[Unknown], width: int, *, whole: bool) -> Iterator[str]:
    """Yield the unknown packages by reason, in lines of the given width."""
    reasons: dict[str, list[str]] = {}
    for package in unknown:
        words = "\u00a0".join(package.package.record[:2])
        reasons.setdefault(package.package.unknown, []).append(words)
    for reason, names in sorted(reasons.items()):
        yield f"unknown, not clean: {packages(len(names))} ({reason})"
        lines = wrap(", ".join(names), width - 3, break_on_hyphens=False, break_long_words=False)
        shown = lines if whole else lines[:_FEW]
        yield from (f"   {line}".replace("\u00a0", " ") for line in shown)
        if more := len(names) - sum(line.count("\u00a0") for line in shown):
            yield f"   and {more} more: -v shows all"


def summary(report: Report) -> Iterator[str]:
    """Yield the lines of the summary."""
    listed = [finding for finding in report.findings if not finding.excused]
    for finding in listed:
        if finding.lapsed and finding.ignored:
            until, at = finding.ignored.until, finding.ignored.at
            yield f" {_named(finding)} was ignored until {until} ({at}): it counts again"
    for entry in report.unused:
        yield f" {entry.at} ignores {entry.id}, which affects nothing locked: remove it"
    looked_up = report.packages - len(report.unknown)
    if not listed and not looked_up:
        yield " no package could be looked up"
    elif not listed:
        yield f" no vulnerability is known in {packages(looked_up)} that could be looked up"
    else:
        names = {finding.package.record[:2] for finding in listed}
        mild = sum(not finding.counts for finding in listed)
        below = f"; {mild} below {report.rules.severity}" if mild else ""
        count = f"{len(listed)} vulnerabilit{'y' if len(listed) == 1 else 'ies'}"
        yield f" {count} in {len(names)} of {packages(report.packages)}{below}"
    if report.unknown:
        yield f" {packages(len(report.unknown))} unknown: could not be looked up"
