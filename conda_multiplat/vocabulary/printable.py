"""Text from strangers on a terminal: what would steer it is shown, and not sent."""

from __future__ import annotations

import re

#: Control characters but for line feeds and tabs (a terminal acts on them), those that change the
#: direction of text (what is read would not be what is there), and halves of characters.
_STEERING = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""``text`` with control characters written out, as in ``\x1b[2J``."""
    if text.isprintable():  # nearly all is, and the pattern takes its time to compile
        return text
    return re.sub(_STEERING, lambda match: ascii(match.group())[1:-1], text)
