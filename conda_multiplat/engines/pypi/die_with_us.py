"""Make a child process end with ours, even after SIGKILL."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

#: The option of Linux's ``prctl`` for the signal that is sent when the parent's thread ends.
_PDEATHSIG = 1


def die_with_us() -> Callable[[], None] | None:
    """Return the ``preexec_fn`` that ties a child process to ours.

    ``None`` on systems other than Linux, where a child continues for a moment.
    """
    if sys.platform != "linux":
        return None
    import ctypes

    library, parent, end = ctypes.CDLL(None), os.getpid(), int(signal.SIGKILL)

    def prepare() -> None:
        library.prctl(_PDEATHSIG, end, 0, 0, 0)
        if os.getppid() != parent:  # the parent has already ended
            os._exit(1)

    return prepare
