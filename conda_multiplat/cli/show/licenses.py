"""Format licences as a table, followed by the denied ones and why the packages are locked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_multiplat.actions.licenses import Licensed
from conda_multiplat.cli.show.origin import origin_lines
from conda_multiplat.cli.show.shared_targets import where
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.manifest.license_rules import LicenseException
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.columns import headed
from conda_multiplat.vocabulary.records import manager_mark
from conda_multiplat.vocabulary.styled import Line, Span

_HEADER = ("Name", "Version", "License", "Where")


def table(
    licensed: Sequence[Licensed], targets: Sequence[Target], width: int | None = None
) -> list[Line]:
    """Return a line for each package, for a terminal ``width`` characters wide."""
    rows = [_row(package, targets) for package in licensed]
    return headed([_HEADER, *rows], width) if rows else []


def _row(package: Licensed, targets: Sequence[Target]) -> tuple[str, ...]:
    record, license_ = package.record, package.judged.license
    statement = license_.statement or (
        f"family {package.facts.family}" if package.facts.family else ""
    )
    shown = license_.expression or f"? {statement}".strip()
    return (
        f"{record.name}{manager_mark(record.manager)}",
        record.version,
        shown,
        where(package.targets, targets),
    )


def refused(licensed: Sequence[Licensed]) -> Iterator[Line]:
    """Yield the lines about each denied package: why it is denied, and what asks for it where."""
    for package in licensed:
        record, judged = package.record, package.judged
        if judged.verdict != "denied":
            continue
        yield []
        named = f"{record.name} {record.version}{manager_mark(record.manager)}"
        stated = judged.license.expression or judged.license.statement
        yield [Span("denied: ", "red"), Span(named, "bold"), Span(f"  {stated}" if stated else "")]
        yield [Span(f"  {judged.reason}")]
        askers: dict[tuple[str, ...], list[str]] = {}
        for target, origin in zip(package.targets, package.origins, strict=True):
            askers.setdefault(tuple(origin_lines(origin)), []).append(str(target))
        for lines, names in askers.items():
            for line in lines or ["nothing asks for it any more"]:
                yield [Span(f"  {line}  ({', '.join(names)})")]


def summary(
    licensed: Sequence[Licensed], unused: Sequence[LicenseException], *, rules: bool
) -> Iterator[str]:
    """Yield the lines of the summary: unused exceptions, and the number of each kind of package."""
    for exception in unused:
        yield f" {exception.at}: the exception for {exception.package} applies to nothing locked"
    counts = {
        kind: len({package.record.name for package in licensed if kind == package.judged.verdict})
        for kind in ("denied", "unknown", "exception")
    }
    unread = {p.record.name for p in licensed if not p.judged.license.expression}
    if unread:
        yield f" {packages(len(unread))} with a licence that can't be read or is not stated: ?"
    if counts["exception"]:
        yield f" {packages(counts['exception'])} let through by exceptions"
    if counts["unknown"]:
        yield f" {packages(counts['unknown'])} unknown: no list of allowed licences, so not denied"
    total = packages(len({package.record.name for package in licensed}))
    if counts["denied"]:
        yield f" {counts['denied']} of {total} denied"
    elif rules:
        yield f" none of {total} denied"
    else:
        yield f" {total}; no list under `multiplat: licenses:`, so none is denied"
