"""How often a kind of fault was tried and what failed: for ``tests/faults``."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

#: How long the fault suite is: ``make faults`` sets more than the 1 of every other run.
VARIABLE = "CONDA_MULTIPLAT_FAULTS"
#: The property of a test that has its counts.
PROPERTY = "tally"
_SHOWN = 10


class Tally:
    """The attempts of one kind.

    Attributes:
        kind: what is tried, in words.
        tried: how often.
        failed: what went wrong, an entry each.
        random: numbers that another run has too, if it is given the same seed.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.tried = 0
        self.failed: list[str] = []
        self.random = random.Random(f"{kind} {os.environ.get('CONDA_MULTIPLAT_SEED', '')}")

    @contextmanager
    def attempt(self, label: object) -> Iterator[None]:
        """Count an attempt; what fails in it is noted, and the next one can begin."""
        self.tried += 1
        try:
            yield
        except Exception as error:
            self.failed.append(f"{label}: {type(error).__name__}: {error}")

    def __str__(self) -> str:
        return f"{self.kind}: {self.tried} tried, {len(self.failed)} failed"


def rounds(count: int) -> int:
    """Return how often to try what is tried ``count`` times in every run."""
    return count * int(os.environ.get(VARIABLE) or 1)


@contextmanager
def tallied(request: pytest.FixtureRequest, kind: str) -> Iterator[Tally]:
    """Try a kind of fault; at the end nothing must have failed, and something been tried."""
    tally = Tally(kind)
    yield tally
    request.node.user_properties.append((PROPERTY, str(tally)))
    assert tally.tried
    assert not tally.failed, "\n".join([str(tally), *tally.failed[:_SHOWN]])


def tallies(reports: list[pytest.TestReport]) -> list[str]:
    """Return the counts of the tests that have run, a line each."""
    counts = (dict(report.user_properties).get(PROPERTY) for report in reports)
    return sorted(str(count) for count in counts if count)
