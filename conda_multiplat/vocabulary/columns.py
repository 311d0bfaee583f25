"""Columns of styled text that fit a terminal: truncated, or wrapped if nothing may be left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from conda_multiplat.vocabulary.styled import Line, Span

_GAP = Span("  ")
#: The minimum width of a column, in characters.
_LEAST = 8


def columns(rows: Sequence[Line], width: int | None = None) -> list[Line]:
    """Return a line for each row of cells, in aligned columns, without trailing blanks.

    Args:
        rows: all of them have the same number of cells.
        width: the maximum length of a line in characters; the widest columns are truncated first.
            ``None`` truncates nothing, as for a file.
    """
    widths = _widths(rows)
    if width is not None:
        widths = _narrowed(widths, [_LEAST] * len(widths), width)
    return [_line(row, widths) for row in rows]


def headed(rows: Sequence[Sequence[str]], width: int | None = None) -> list[Line]:
    """Return the lines of a table whose first row is the header; nothing is left out.

    Args:
        rows: all of them have the same number of cells.
        width: as for :func:`columns`, but cells that are too wide are wrapped.
    """
    head, *body = rows
    styled = [[Span(word, "bold") for word in head], *(list(map(Span, row)) for row in body)]
    widths = _widths(styled)
    if width is not None:
        words = [[Span(max(cell.split(), key=len, default="")) for cell in row] for row in rows]
        for least in (_widths(words), [_LEAST] * len(widths)):
            widths = _narrowed(widths, least, width)
    return [_line(part, widths) for row in styled for part in _folded(row, widths)]


def _folded(row: Line, widths: Sequence[int]) -> Iterator[Line]:
    """Yield a row as one or more rows whose cells fit."""
    parts = [
        wrap(cell.text, width, break_on_hyphens=False) if len(cell.text) > width else [cell.text]
        for cell, width in zip(row, widths, strict=True)
    ]
    for texts in zip_longest(*parts, fillvalue=""):
        yield [Span(text, cell.style) for text, cell in zip(texts, row, strict=True)]


def _widths(rows: Sequence[Line]) -> list[int]:
    return [max(len(cell.text) for cell in column) for column in zip(*rows, strict=True)]


def _narrowed(widths: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Return widths of columns that fit ``width``, none of them below its minimum."""
    fitting = list(widths)
    excess = sum(fitting) + len(_GAP.text) * (len(fitting) - 1) - width
    for _ in range(excess):
        spare = [number for number, size in enumerate(fitting) if size > least[number]]
        if not spare:
            break
        fitting[max(spare, key=fitting.__getitem__)] -= 1
    return fitting


def _line(row: Line, widths: Sequence[int]) -> Line:
    filled = [number for number, cell in enumerate(row) if cell.text]
    last = max(filled, default=-1)
    line: list[Span] = []
    for number, (cell, width) in enumerate(zip(row[: last + 1], widths, strict=False)):
        text = _cut(cell.text, width)
        padding = "" if number == last else " " * (width - len(text))
        line += [Span(text, cell.style), Span(padding + _GAP.text if number != last else "")]
    return [span for span in line if span.text]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
