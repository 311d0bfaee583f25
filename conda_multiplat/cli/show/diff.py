"""Format differences between locks as text for a terminal and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.cli.show.markdown import plain
from conda_multiplat.cli.show.markdown import table as markdown_table
from conda_multiplat.lockfile.change_table import table
from conda_multiplat.lockfile.diff import Difference, EnvironmentDiff
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.vocabulary.records import Record, manager_mark
from conda_multiplat.vocabulary.styled import Line, Span

#: In Markdown, tables with more rows are collapsed.
_FOLDED = 30


def text(environments: Sequence[EnvironmentDiff], width: int | None = None) -> list[Line]:
    """Return lines for a terminal: each environment with its changes in columns and their number.

    Args:
        environments: the environments that differ.
        width: the maximum length of a line in characters; ``None`` for no limit.
    """
    lines: list[Line] = []
    for environment in environments:
        lines.append([Span(environment.environment, "bold")])
        lines += table(environment.differences, "  ", width=width)
        words = [*_platforms(environment), environment.summary()]
        lines += [[Span(f"  {line}")] for line in words if line]
    return lines or [[Span("the locks do not differ")]]


def markdown(environments: Sequence[EnvironmentDiff]) -> list[str]:
    """Return GitHub Markdown: a heading and a table for each environment."""
    lines: list[str] = []
    for environment in environments:
        lines += [f"### {plain(environment.environment)}", ""]
        lines += [f"{plain(line)}  " for line in _platforms(environment)]
        lines += [""] if _platforms(environment) else []
        lines += _table(environment) if environment.differences else []
    return lines or ["The locks do not differ."]


def _table(environment: EnvironmentDiff) -> list[str]:
    rows = markdown_table(
        ("package", "old", "new", "platforms"), *map(_row, environment.differences)
    )
    if len(environment.differences) <= _FOLDED:
        return [*rows, "", environment.summary(), ""]
    summary = f"<details><summary>{environment.summary()}</summary>"
    return [summary, "", *rows, "", "</details>", ""]


def _row(difference: Difference) -> tuple[str, ...]:
    change = difference.change
    place = f" from {plain(difference.place)}" if difference.place else ""
    return (
        f"{plain(change.name)}{manager_mark(change.manager)}",
        _cell(change.old, difference),
        f"{_cell(change.new, difference)}{place}",
        plain(difference.where),
    )


def _cell(record: Record | None, difference: Difference) -> str:
    if record is None:
        return ""
    rebuilt = difference.change.kind == "rebuilt" and record.build
    shown = f"{record.version} {record.build}" if rebuilt else record.version
    return f"<code>{plain(shown)}</code>"


def _platforms(environment: EnvironmentDiff) -> list[str]:
    return [
        *(f"{subdir}: new, {packages(count)}" for subdir, count in environment.added.items()),
        *(f"{subdir}: gone, {packages(count)}" for subdir, count in environment.removed.items()),
    ]
