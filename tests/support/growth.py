"""How the processor time of our own code grows with its input."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

_TIMES = 16
_PASSES = 5


def require_linear(prepare: Callable[[int], Callable[[], object]], size: int) -> None:
    """Require that an input sixteen times as large takes sixteen times as long, not 256 times.

    The bound between them is far from both, and the least of several times counts: other work of
    the machine can double one. Python doesn't look for garbage meanwhile, which takes longer the
    more tests have run before.

    Args:
        prepare: returns what is measured, for an input of some size.
        size: the smaller size.
    """
    few, many = prepare(size), prepare(_TIMES * size)
    short = min(_seconds(few) for _ in range(_PASSES))
    ratios: list[float] = []
    while len(ratios) < _PASSES:
        ratios.append(_seconds(many) / short)
        if ratios[-1] <= _TIMES**1.5:
            return
    raise AssertionError(f"times as long, for {_TIMES} times as large an input: {ratios}")


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        work()
        return time.process_time() - start
    finally:
        gc.enable()
