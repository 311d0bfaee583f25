"""The end of conda's process where threads of the engine's are still at work."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress

_ACCESS = "conda_multiplat.engines.conda.access"


def leave_at_once(code: int) -> None:
    """Let the process end, when conda is done, before Python's own end.

    What an error or a signal has left undone goes on in rattler's threads, and one that comes back
    to a Python that is gone panics. Nothing is changed where there is no such thread.
    """
    access = sys.modules.get(_ACCESS)
    if access is not None and access.has_left_work():
        atexit.register(_leave, code)


def _leave(code: int) -> None:
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
