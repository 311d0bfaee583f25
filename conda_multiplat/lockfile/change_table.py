"""The table of changes that every command shows.

A row has a sign, the name, the versions (the builds if only these differ), the size of the new
archive and the platforms with the same change. Colours only repeat what the signs say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conda_multiplat.lockfile.diff import Difference
from conda_multiplat.lockfile.platform_changes import Change
from conda_multiplat.vocabulary.byte_sizes import size_range
from conda_multiplat.vocabulary.columns import columns
from conda_multiplat.vocabulary.records import manager_mark
from conda_multiplat.vocabulary.styled import Line, Span

_COLOURS = {"+": "green", "-": "red", "↑": "cyan", "↓": "yellow", "~": "cyan"}


def signed(sign: str, text: str, margin: str = " ") -> Line:
    """Return a line with the sign of a change in front of a text."""
    return Span(margin), Span(sign, _COLOURS.get(sign, "")), Span(f" {text}")


def as_differences(changes: Iterable[Change]) -> list[Difference]:
    """Return the changes of one machine as rows without a platform."""
    return [
        Difference(change, (), everywhere=False, sizes=(change.size,) if change.comes else ())
        for change in changes
    ]


def table(
    differences: Sequence[Difference],
    margin: str = "   ",
    *,
    width: int | None = None,
    most: int | None = None,
) -> list[Line]:
    """Return the lines of the table.

    Args:
        differences: the rows.
        margin: the text before each line.
        width: the maximum width in characters, which only a URL may exceed; ``None`` for no limit.
        most: the maximum number of rows, followed by how many more there are; ``None`` for all.
    """
    shown = differences[:most]
    room = None if width is None else width - len(margin) - 2
    sized = any(known for difference in differences for known in difference.sizes)
    cells = columns([_cells(difference, sized=sized) for difference in shown], room)
    lines: list[Line] = []
    for difference, line in zip(shown, cells, strict=True):
        sign = difference.change.sign
        lines.append([Span(margin), Span(sign, _COLOURS[sign]), Span(" "), *line])
        if difference.place:
            lines.append([Span(f"{margin}    from {difference.place}", "yellow")])
    if hidden := len(differences) - len(shown):
        lines.append([Span(f"{margin}… and {hidden} more: -v shows all", "dim")])
    return lines


def _cells(difference: Difference, *, sized: bool) -> tuple[Span, ...]:
    """Return the cells of a row; with ``sized``, one of them is the size."""
    change = difference.change
    size = [Span(size_range(difference.sizes) if difference.sizes else "")] if sized else []
    return (
        Span(f"{change.name}{manager_mark(change.manager)}"),
        Span(change.versions),
        *size,
        Span(difference.where, "dim"),
    )
