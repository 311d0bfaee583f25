"""Markdown as GitHub reads it, of untrusted words."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def plain(words: str) -> str:
    """Return text on one line, with what is special in Markdown or HTML escaped."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", " ".join(words.split()))


def table(head: Sequence[str], *rows: Sequence[str]) -> list[str]:
    """Return the lines of a table; the cells must be Markdown already."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
