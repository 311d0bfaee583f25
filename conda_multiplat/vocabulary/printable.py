"""Untrusted text on a terminal: control sequences are escaped."""

from __future__ import annotations

import re

#: Control characters other than line feeds and tabs, which a terminal would act on; characters that
#: change the direction of text, which would hide what is there; and lone surrogates.
_STEERING = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Escape control characters in ``text``, as in ``\x1b[2J``."""
    if text.isprintable():  # nearly always, and compiling the pattern takes time
        return text
    return re.sub(_STEERING, lambda match: ascii(match.group())[1:-1], text)
