"""Text in styled pieces, which a terminal may colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """A piece of a line; ``style`` is a colour or weight and carries no information of its own."""

    text: str
    style: str = ""


#: A line of text, in pieces.
Line = Sequence[Span]
