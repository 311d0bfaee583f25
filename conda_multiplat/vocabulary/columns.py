"""Columns of styled text that fit a terminal: cut, or folded where nothing may be left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from conda_multiplat.vocabulary.styled import Line, Span

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
    widths = _widths(rows)
    if width is not None:
        widths = _narrowed(widths, [_LEAST] * len(widths), width)
    return [_line(row, widths) for row in rows]


def headed(rows: Sequence[Sequence[str]], width: int | None = None) -> list[Line]:
    """A table of words, the first row of which is the head; nothing of it is left out.

    Args:
        rows: they all have as many words.
        width: as of :func:`columns`, but that what is too wide goes on below, in its column.
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
    """A row as one or more, of parts of its cells that fit."""
    parts = [
        wrap(cell.text, width, break_on_hyphens=False) if len(cell.text) > width else [cell.text]
        for cell, width in zip(row, widths, strict=True)
    ]
    for texts in zip_longest(*parts, fillvalue=""):
        yield [Span(text, cell.style) for text, cell in zip(texts, row, strict=True)]


def _widths(rows: Sequence[Line]) -> list[int]:
    return [max(len(cell.text) for cell in column) for column in zip(*rows, strict=True)]


def _narrowed(widths: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Widths of columns of which a line fits, if none has to have less than its least."""
    fitting = list(widths)
    excess = sum(fitting) + len(_GAP.text) * (len(fitting) - 1) - width
    for _ in range(excess):
        spare = [number for number, size in enumerate(fitting) if size > least[number]]
        if not spare:
            break
        fitting[max(spare, key=fitting.__getitem__)] -= 1
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
