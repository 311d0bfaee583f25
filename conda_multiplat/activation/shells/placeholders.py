"""Fill in a shell script: ``@NAME@`` stands for what differs between environments."""

from __future__ import annotations

import re

from conda_multiplat.activation.model import Activation

_PLACE = re.compile(r"@([A-Z]+)@")


def fill(text: str, activation: Activation, *, comment: str, **parts: str) -> str:
    """Return the text with each ``@NAME@`` replaced, in one pass: parts are not searched for names.

    A comment before it names the environment.
    """
    shown = " ".join(activation.prefix.split())
    head = (
        f"{comment} Activates {shown} when it is sourced; `multiplat_deactivate` undoes it.\n"
        f"{comment} Written by conda multiplat; needs neither conda multiplat nor conda to run.\n"
    )
    return head + _PLACE.sub(lambda match: parts[match.group(1)], text)
