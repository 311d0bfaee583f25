"""How long tests wait for what a busy machine does late."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds that anything may take on a busy machine.
PATIENCE = 60.0
#: Seconds from one look to the next.
_LOOK = 0.01


def soon(holds: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Return whether something becomes true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK)
    return True
