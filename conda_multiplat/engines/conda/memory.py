"""Keeps glibc's allocator from holding on to what one solve needed while the next ones run."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_M_ARENA_MAX = -8  # of glibc's <malloc.h>


def limit_arenas(count: int) -> None:
    """Let this process's threads share ``count`` arenas.

    Each thread of rattler's pool gets an arena of its own otherwise, and what a solve freed there
    is of no use to the solve of another thread: 48 targets took twice the memory of 6. On systems
    without glibc nothing happens.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # musl has no mallopt
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, count)
