"""Text whose parts have a meaning that a terminal may colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """A piece of a line; ``style`` is a colour or weight, and never says what the text doesn't."""

    text: str
    style: str = ""


#: A line of text in pieces.
Line = Sequence[Span]
