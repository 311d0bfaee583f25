"""The caller's environment variables, for a program that replaces our process.

Python and conda change some variables when they start: in the C locale, Python sets ``LC_CTYPE``
(PEP 538), and conda sets ``CONDA_ROOT``. Both would change how the program behaves: it would sort
and encode differently, or use another conda.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_CHANGED = ("CONDA_ROOT", "LC_CTYPE")
#: The environment that this process started with. Only Linux shows it; elsewhere, the two variables
#: are kept, since the caller may have set the same values.
_BEGINNING = Path("/proc/self/environ")


def callers_environ() -> dict[str, str]:
    """Return our environment variables with the changes made at startup reverted."""
    return {**_without_changed(os.environ), **_before()} if _BEGINNING.exists() else {**os.environ}


def _without_changed(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in _CHANGED}


def _before() -> dict[str, str]:
    with suppress(OSError):
        entries = (
            os.fsdecode(part).partition("=") for part in _BEGINNING.read_bytes().split(b"\0")
        )
        return {name: value for name, _, value in entries if name in _CHANGED}
    return {name: os.environ[name] for name in _CHANGED if name in os.environ}
