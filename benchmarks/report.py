"""Rows of the result and the table made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from operator import truediv
from typing import Any

from benchmarks.measure import Samples, by_pass


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        work: what was done.
        ours: our median, with its unit.
        other: the other's median, with its unit and name.
        figure: how they compare.
        bound: what the design asks for; empty for a row that only informs.
        holds: whether it does; ``None`` where nothing was asked, or nothing could be measured.
        note: what one must know to read the row.
    """

    work: str
    ours: str = ""
    other: str = ""
    figure: str = ""
    bound: str = ""
    holds: bool | None = None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The row for JSON."""
        return asdict(self)


def at_most(
    work: str, ours: Samples, other: Samples, bound: float, name: str, *, note: str = ""
) -> Row:
    """Ours may take up to ``bound`` times what the other takes: the median over the passes."""
    ratio = by_pass(truediv, ours, other).seconds
    return Row(
        work,
        f"{ours.seconds:.3f} s",
        f"{other.seconds:.3f} s {name}",
        f"{ratio:.2f} x",
        f"<= {bound:g} x",
        ratio <= bound,
        note,
    )


def faster(
    work: str,
    ours: float,
    other: float,
    bound: float,
    name: str,
    *,
    note: str = "",
    more: str = "",
) -> Row:
    """The other must take at least ``bound`` times what ours takes."""
    ratio = other / ours
    return Row(
        work,
        f"{ours:.3f} s",
        f"{more}{other:.3f} s {name}",
        f"{more}{ratio:.1f} x faster",
        f">= {bound:g} x faster" if bound else "",
        ratio >= bound if bound else None,
        note,
    )


def skipped(work: str, reason: str) -> Row:
    """What could not be measured here, and why."""
    return Row(work, note=f"skipped: {reason}")


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown, so that they can be pasted into a document."""
    head = ["work", "ours", "the other", "figure", "bound", "holds"]
    cells = [[r.work, r.ours, r.other, r.figure, r.bound, _word(r)] for r in rows]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    lines = [_line(head, widths), _line(["-" * width for width in widths], widths)]
    lines += [_line(cell, widths) for cell in cells]
    notes = [f"- {row.work}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _word(row: Row) -> str:
    return {True: "yes", False: "NO", None: ""}[row.holds]
