"""Filling in a shell's text: ``@NAME@`` stands for what differs from environment to environment."""

from __future__ import annotations

import re

from conda_multiplat.activation.model import Activation

_PLACE = re.compile(r"@([A-Z]+)@")


def fill(text: str, activation: Activation, *, comment: str, **parts: str) -> str:
    """The text with all parts in their places, in one pass: what a part holds is not read again.

    Before it comes a comment that says what it is of.
    """
    shown = " ".join(activation.prefix.split())
    head = (
        f"{comment} Activates {shown} when it is sourced; `multiplat_deactivate` goes back.\n"
        f"{comment} Written by conda multiplat, which it does not need to run; nor does it conda.\n"
    )
    return head + _PLACE.sub(lambda found: parts[found.group(1)], text)
