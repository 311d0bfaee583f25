"""The end of conda's process while threads of the engine are still running."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress

_ACCESS = "conda_multiplat.engines.conda.access"


def leave_at_once(code: int) -> None:
    """Make the process end when conda has finished, before Python finalises.

    After an error or a signal, rattler's threads may still be running, and panic when they return
    to an interpreter that has been finalised. Without such threads, nothing is changed.
    """
    access = sys.modules.get(_ACCESS)
    if access is not None and access.has_left_work():
        atexit.register(_leave, code)


def _leave(code: int) -> None:
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
