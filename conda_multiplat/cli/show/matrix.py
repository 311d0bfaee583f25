"""The table of a project's locks: text, Markdown, and one HTML page that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from conda_multiplat.cli.show.markdown import plain, table
from conda_multiplat.lockfile.overview import IN_SYNC, MISSING, Cell
from conda_multiplat.vocabulary.byte_sizes import total_words
from conda_multiplat.vocabulary.columns import headed
from conda_multiplat.vocabulary.styled import Line

_HEAD = ("environment", "platform", "packages", "download", "needs", "driver", "builds", "lock")
_STYLE = """\
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8886; padding: .4rem .8rem; text-align: left;
  vertical-align: top; }
.good::before { content: "\\2713\\00a0"; color: #1a7f37; }
.bad::before { content: "\\2717\\00a0"; color: #cf222e; }
@media (max-width: 45rem) { th, td { padding: .3rem .4rem; font-size: 13px; } }"""


def rows(cells: Sequence[Cell]) -> list[tuple[str, ...]]:
    """Return a row of texts for each cell; only an environment's first row has its name."""
    names = ["", *(cell.environment for cell in cells)]
    return [
        (
            cell.environment if cell.environment != before else "",
            cell.subdir,
            _packages(cell),
            total_words(cell.sizes) or ("unknown" if cell.sizes else ""),
            ", ".join(f"{need.name} {need.version}" for need in cell.needs),
            f">= {cell.driver}" if cell.driver else "",
            _builds(cell),
            cell.state,
        )
        for before, cell in zip(names, cells, strict=False)
    ]


def _packages(cell: Cell) -> str:
    if cell.state == MISSING:
        return ""
    return f"{cell.conda} + {cell.pypi} from PyPI" if cell.pypi else str(cell.conda)


def _builds(cell: Cell) -> str:
    kinds = {"CUDA": cell.cuda, "CPU": cell.cpu}
    names = {kind: [build.partition(" ")[0] for build in builds] for kind, builds in kinds.items()}
    return "; ".join(f"{kind}: {', '.join(words)}" for kind, words in names.items() if words)


def text(cells: Sequence[Cell], width: int | None = None) -> list[Line]:
    """Return lines in aligned columns; empty columns are left out.

    Args:
        cells: the cells, a row each.
        width: the maximum length of a line in characters; ``None`` for no limit.
    """
    return headed(_without_empty([_HEAD, *rows(cells)]), width)


def markdown(cells: Sequence[Cell]) -> list[str]:
    """Return a Markdown table, for a README or a pull request; every row names its environment."""
    full = [(cell.environment, *row[1:]) for cell, row in zip(cells, rows(cells), strict=True)]
    head, *body = _without_empty([_HEAD, *full])
    return table(head, *(tuple(map(plain, row)) for row in body))


def html(cells: Sequence[Cell], title: str) -> str:
    """Return a standalone HTML page."""
    head, *body = _without_empty([_HEAD, *rows(cells)])
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{_STYLE}\n</style>",
        f"<h1>{escape(title)}</h1>",
        "<table>",
        f"<tr>{''.join(f'<th>{escape(word)}</th>' for word in head)}</tr>",
        *(_html_row(row) for row in body),
        "</table>",
        "</html>",
    ]
    return "\n".join(lines)


def _html_row(row: Sequence[str]) -> str:
    *words, state = row
    cells = "".join(f"<td>{escape(word)}</td>" for word in words)
    return (
        f'<tr>{cells}<td class="{"good" if state == IN_SYNC else "bad"}">{escape(state)}</td></tr>'
    )


def _without_empty(lines: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return a table without columns that are empty below the head."""
    kept = [number for number, column in enumerate(zip(*lines, strict=True)) if any(column[1:])]
    return [tuple(row[number] for number in kept) for row in lines]
