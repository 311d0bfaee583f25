"""The environment variables of who called us, for the program that we become.

Python and conda change some of our own as they start: where the locale is C, Python sets
``LC_CTYPE`` (PEP 538), and conda says in ``CONDA_ROOT`` where it is. Both would tell a program what
its user has not said: it would sort and write in another way, or take another conda for its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_CHANGED = ("CONDA_ROOT", "LC_CTYPE")
#: What this process began with. Only Linux shows it; elsewhere the two stay as they are, since what
#: the caller has set by the same words can't be told from them.
_BEGINNING = Path("/proc/self/environ")


def callers_environ() -> dict[str, str]:
    """Our variables, those that were changed as we started being what they were."""
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
