"""Text whose parts have a meaning that a terminal may colour, and columns of it that fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """A piece of a line; ``style`` is a colour or weight, and never says what the text doesn't."""

    text: str
    style: str = ""


#: A line of text in pieces.
Line = Sequence[Span]

_GAP = Span("  ")
#: No column becomes narrower than this many characters.
_LEAST = 8


def columns(rows: Sequence[Line], width: int | None = None) -> list[Line]:
    """A line for each row of cells, in aligned columns, with no blanks at its end.

    Args:
        rows: they all have as many cells.
        width: so many characters may a line have; the widest columns are cut first. ``None``: all
            stands there, as for a file.
    """
    widths = [max(len(cell.text) for cell in column) for column in zip(*rows, strict=True)]
    widths = widths if width is None else _narrowed(widths, width)
    return [_line(row, widths) for row in rows]


def headed(rows: Sequence[Sequence[str]], width: int | None = None) -> list[Line]:
    """The same of words, the first row of which is the head."""
    head, *body = rows
    styled = [[Span(word, "bold") for word in head], *(list(map(Span, row)) for row in body)]
    return columns(styled, width)


def _narrowed(widths: Sequence[int], width: int) -> list[int]:
    fitting = list(widths)
    room = width - len(_GAP.text) * (len(fitting) - 1)
    while sum(fitting) > room and max(fitting) > _LEAST:
        fitting[fitting.index(max(fitting))] -= 1
    return fitting


def _line(row: Line, widths: Sequence[int]) -> Line:
    said = [number for number, cell in enumerate(row) if cell.text]
    last = max(said, default=-1)
    line: list[Span] = []
    for number, (cell, width) in enumerate(zip(row[: last + 1], widths, strict=False)):
        text = _cut(cell.text, width)
        padding = "" if number == last else " " * (width - len(text))
        line += [Span(text, cell.style), Span(padding + _GAP.text if number != last else "")]
    return [span for span in line if span.text]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
