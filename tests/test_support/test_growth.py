"""Linear and quadratic work are told apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.growth import require_linear


def _loops(count: int) -> Callable[[], int]:
    return lambda: sum(1 for _ in range(count))


@pytest.mark.timed
def test_linear() -> None:
    """Work that is done once for each of the input."""
    require_linear(lambda size: _loops(10 * size), 3_000)


@pytest.mark.slow
@pytest.mark.timed
def test_quadratic() -> None:
    """Work that is done for each pair."""
    with pytest.raises(AssertionError, match="for 16 times as large an input"):
        require_linear(lambda size: _loops(size**2), 100)
