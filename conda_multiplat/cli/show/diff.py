"""What differs between locks, as text for a terminal and as Markdown for a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conda_multiplat.lockfile.changes import packages
from conda_multiplat.lockfile.diff import Difference, EnvironmentDiff
from conda_multiplat.vocabulary.records import Record

#: A table of more rows is folded away in Markdown.
_FOLDED = 30
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def text(found: Sequence[EnvironmentDiff]) -> list[str]:
    """Lines for a terminal: each environment, its changes in columns, and how many there are."""
    lines: list[str] = []
    for each in found:
        lines.append(each.environment)
        rows = [(_words(d), _where(d)) for d in each.differences]
        width = max((len(words) for words, _ in rows), default=0)
        lines += [f"  {words:{width}}   {where}" for words, where in rows]
        lines += [f"  {line}" for line in _platforms(each)]
        lines += [f"  {summary}" for summary in [each.summary()] if summary]
    return lines or ["the locks do not differ"]


def markdown(found: Sequence[EnvironmentDiff]) -> list[str]:
    """Lines of GitHub's Markdown: a heading and a table for each environment."""
    lines: list[str] = []
    for each in found:
        lines += [f"### {_plain(each.environment)}", ""]
        lines += [f"{_plain(line)}  " for line in _platforms(each)]
        lines += [""] if _platforms(each) else []
        lines += _table(each) if each.differences else []
    return lines or ["The locks do not differ."]


def _table(found: EnvironmentDiff) -> list[str]:
    rows = ["| package | old | new | platforms |", "|---|---|---|---|"]
    rows += [
        f"| {_plain(each.change.name)}{_manager(each)} | {_cell(each.change.old, each)} "
        f"| {_cell(each.change.new, each)} | {_plain(_where(each))} |"
        for each in found.differences
    ]
    if len(found.differences) <= _FOLDED:
        return [*rows, "", found.summary(), ""]
    summary = f"<details><summary>{found.summary()}</summary>"
    return [summary, "", *rows, "", "</details>", ""]


def _cell(record: Record | None, difference: Difference) -> str:
    if record is None:
        return ""
    rebuilt = difference.change.kind == "rebuilt" and record.build
    shown = f"{record.version} {record.build}" if rebuilt else record.version
    return f"<code>{_plain(shown)}</code>"


def _plain(words: str) -> str:
    """Text that means nothing to Markdown or HTML, on one line."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", " ".join(words.split()))


def _manager(difference: Difference) -> str:
    return " (PyPI)" if difference.change.manager == "pypi" else ""


def _words(difference: Difference) -> str:
    return f"{difference.change}{_manager(difference)}"


def _where(difference: Difference) -> str:
    return "all platforms" if difference.everywhere else ", ".join(difference.platforms)


def _platforms(found: EnvironmentDiff) -> list[str]:
    return [
        *(f"{subdir}: new, {packages(count)}" for subdir, count in found.added.items()),
        *(f"{subdir}: gone, {packages(count)}" for subdir, count in found.removed.items()),
    ]
