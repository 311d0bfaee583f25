"""What is waited for by now, in words for whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol

from conda_multiplat.machine.console import Console
from conda_multiplat.machine.progress import waiting
from conda_multiplat.solving.asked_channels import asked_channels
from conda_multiplat.solving.outcomes import Arrived, Solution
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.byte_sizes import size
from conda_multiplat.vocabulary.channels import public_name

#: So many targets are named.
_NAMED = 3
#: The targets whose PyPI packages are asked for, and those of them that are not resolved.
PypiTargets = Callable[[], tuple[Sequence[str], Sequence[str]]]


class Reader(Protocol):
    """What reads channels."""

    def arriving(self, requests: Sequence[SolveRequest]) -> Callable[[], Arrived]:
        """What says how much of the requests' channels has arrived since it was asked for."""
        ...  # pragma: no cover


class Reading:
    """The channels of some requests, and what arrives of them.

    Args:
        reader: what reads them.
        requests: the requests.
        console: where nobody watches, nothing is looked at.
    """

    def __init__(self, reader: Reader, requests: Sequence[SolveRequest], console: Console) -> None:
        names = (public_name(name) for each in requests for name in asked_channels(each))
        self._channels = ", ".join(dict.fromkeys(names))
        self._look = reader.arriving(requests) if requests and console.interactive else None

    def words(self) -> str:
        """``reading conda-forge: 43.1 MB of repodata (conda-forge/noarch 11.9 MB)``."""
        arrived = self._arrived()
        amount = f": {_amount(arrived)}" if arrived.total else ""
        return f"reading {self._channels}{amount}"

    def under_way(self) -> str:
        """The amount alone, if anything is on its way."""
        arrived = self._arrived()
        return _amount(arrived) if arrived.under_way else ""

    def _arrived(self) -> Arrived:
        return self._look() if self._look else Arrived(0, {})


class WaitedFor:
    """Hears of each solution.

    Args:
        requests: what is to be solved.
        reading: their channels.
        pypi: what is to be resolved beside it; ``None`` for nothing.
    """

    def __init__(
        self, requests: Sequence[SolveRequest], reading: Reading, pypi: PypiTargets | None
    ) -> None:
        self._waiting = dict.fromkeys(str(request.target) for request in requests)
        self._all = len(self._waiting)
        self._reading = reading
        self._pypi = pypi

    def solved(self, solution: Solution) -> None:
        """A target has a solution."""
        self._waiting.pop(str(solution.request.target), None)

    def words(self) -> str:
        """One line, without an end."""
        waited = list(self._waiting)
        if waited and len(waited) == self._all:
            return f"{self._reading.words()}, solving {named(waited)}"
        if waited:
            amount = self._reading.under_way()
            said = f"solved {self._all - len(waited)} of {self._all}, not yet {named(waited)}"
            return f"{said}; {amount}" if amount else said
        targets, unresolved = self._pypi() if self._pypi else ((), ())
        if unresolved:
            done = len(targets) - len(unresolved)
            return f"PyPI: resolved {done} of {len(targets)}, not yet {named(unresolved)}"
        return "all solved"


@contextmanager
def while_reading(
    reader: Reader, requests: Sequence[SolveRequest], console: Console, purpose: str
) -> Iterator[None]:
    """Say, where a person waits, which channels are read, how much has arrived, and for what."""
    reading = Reading(reader, requests, console)
    with waiting(console, lambda: f"{reading.words()}, {purpose}"):
        yield


def done_of(futures: Sequence[Future[Any]]) -> str:
    """``2 of 3``: how many are done."""
    return f"{sum(future.done() for future in futures)} of {len(futures)}"


def named(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _amount(arrived: Arrived) -> str:
    parts = f" ({_parts(arrived.under_way)})" if arrived.under_way else ""
    return f"{size(arrived.total)} of repodata{parts}"


def _parts(sizes: Mapping[str, int]) -> str:
    return named([f"{label} {size(count)}" for label, count in sorted(sizes.items())])
