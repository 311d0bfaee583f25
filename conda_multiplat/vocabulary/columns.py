"""Columns of styled text that fit a terminal: truncated, or wrapped if nothing may be left out.

A table that is too wide even so has a line for each cell instead of a column.
"""

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
        width: as for :func:`columns`, but cells that are too wide are wrapped. If not even the
            words of the header fit, each cell has a line of its own, and each row is a block.
    """
    head, *body = rows
    styled = [[Span(word, "bold") for word in head], *(list(map(Span, row)) for row in body)]
    widths = _widths(styled)
    if width is not None:
        heads = [max(_LEAST, size) for size in _longest_words([head])]
        for least in (_longest_words(rows), heads):
            widths = _narrowed(widths, least, width)
        if _total(widths) > width:
            return list(_blocks(head, body, width))
    return [_line(part, widths) for row in styled for part in _folded(row, widths)]


def _longest_words(rows: Sequence[Sequence[str]]) -> list[int]:
    return _widths([[Span(max(cell.split(), key=len, default="")) for cell in row] for row in rows])


def _blocks(head: Sequence[str], body: Sequence[Sequence[str]], width: int) -> Iterator[Line]:
    """Yield a line for each cell that is not empty, after the name of its column.

    A column without a name has marks of rows: these come before the row's first line.
    """
    names = [number for number, name in enumerate(head) if name.strip()]
    size = max(len(head[number]) for number in names)
    marks = max((len(_mark(head, row)) for row in body), default=0)
    room = max(_LEAST, width - marks - size - len(_GAP.text))
    for position, row in enumerate(body):
        if position:
            yield []
        mark = _mark(head, row)
        for number in names:
            texts = wrap(row[number], room, break_on_hyphens=False)
            name = head[number]
            for text in texts:
                start = mark.ljust(marks) + name.ljust(size)
                yield [Span(start, "bold"), _GAP, Span(text)]
                mark = name = ""


def _mark(head: Sequence[str], row: Sequence[str]) -> str:
    marks = [cell for name, cell in zip(head, row, strict=True) if not name.strip()]
    return "".join(f"{mark} " for mark in marks)


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
    for _ in range(_total(widths) - width):
        spare = [number for number, size in enumerate(fitting) if size > least[number]]
        if not spare:
            break
        fitting[max(spare, key=fitting.__getitem__)] -= 1
    return fitting


def _total(widths: Sequence[int]) -> int:
    """Return the width of a table with columns of some widths."""
    return sum(widths) + len(_GAP.text) * (len(widths) - 1)


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
