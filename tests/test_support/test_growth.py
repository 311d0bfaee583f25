"""Linear and quadratic work are told apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.growth import require_linear


def _loops(count: int) -> Callable[[], int]:
    return lambda: sum(1 for _ in range(count))


def test_linear() -> None:
    """Work that is done once for each of the input."""
    require_linear(lambda size: _loops(10 * size), 3_000)


def test_quadratic() -> None:
    """Work that is done for each pair."""
    with pytest.raises(AssertionError):
        require_linear(lambda size: _loops(size**2), 50)
