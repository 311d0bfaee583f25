"""Markdown as GitHub reads it, of words that may be anybody's."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def plain(words: str) -> str:
    """Text that means nothing to Markdown or HTML, on one line."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", " ".join(words.split()))


def table(head: Sequence[str], *rows: Sequence[str]) -> list[str]:
    """The lines of a table, of cells that are Markdown already."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
