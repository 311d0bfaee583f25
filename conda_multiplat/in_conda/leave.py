"""The end of conda's process after a command of ours: soon, and whatever its threads still do."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

#: The number of new objects between two collections, as in ``__main__``.
_RARELY = 50_000
_ACCESS = "conda_multiplat.engines.conda.access"


@contextmanager
def without_collections() -> Iterator[None]:
    """Do the work of a command whose process ends soon afterwards without collecting garbage.

    Collections look at all objects of conda's again and again; as Python ends, three more do, and
    free one by one what the process would free as a whole: they took a tenth of a lock's time.
    A process that goes on, such as a caller of conda's API, gets back what it had.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(_RARELY)
    atexit.register(gc.freeze)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


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
