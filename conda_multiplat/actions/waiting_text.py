"""Text for the terminal that says what a command waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol

from conda_multiplat.machine.console import Console
from conda_multiplat.machine.progress import waiting
from conda_multiplat.solving.outcomes import Arrived, Solution
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.byte_sizes import size

#: The number of targets to name.
_NAMED = 3
#: The targets with PyPI packages, and those that are not resolved yet.
PypiTargets = Callable[[], tuple[Sequence[str], Sequence[str]]]


class Reader(Protocol):
    """Reads channels; a part of the engine."""

    def arriving(self, requests: Sequence[SolveRequest]) -> Callable[[], Arrived]:
        """Return what reports how much of the requests' channels has arrived since the call."""
        ...  # pragma: no cover

    def channel_names(self, requests: Sequence[SolveRequest]) -> Sequence[str]:
        """Return the names of the requests' channels, each channel once."""
        ...  # pragma: no cover


class Reading:
    """The channels of some requests, and how much of them has arrived.

    Args:
        reader: reads the channels.
        requests: the requests.
        console: without a terminal, nothing is watched.
    """

    def __init__(self, reader: Reader, requests: Sequence[SolveRequest], console: Console) -> None:
        watched = bool(requests) and console.interactive
        self._channels = reader.channel_names(requests) if watched else ()
        self._look = reader.arriving(requests) if watched else None

    def words(self) -> str:
        """Return ``reading conda-forge (noarch 11.9 MB), bioconda: 43.1 MB of repodata``."""
        arrived = self._arrived()
        parts = _by_channel(arrived.under_way)
        channels = [f"{name}{_parts(parts.pop(name, ()))}" for name in self._channels]
        others = [part for of_channel in parts.values() for part in of_channel]
        amount = f": {size(arrived.total)} of repodata{_parts(others)}" if arrived.total else ""
        return f"reading {named(channels)}{amount}"

    def under_way(self) -> str:
        """Return only the amount, if anything is being downloaded."""
        arrived = self._arrived()
        parts = [
            f"{channel}/{', '.join(of_channel)}" if channel else ", ".join(of_channel)
            for channel, of_channel in _by_channel(arrived.under_way).items()
        ]
        return f"{size(arrived.total)} of repodata{_parts(parts)}" if parts else ""

    def _arrived(self) -> Arrived:
        return self._look() if self._look else Arrived(0, {})


class WaitedFor:
    """Counts the solutions of a run.

    Args:
        requests: the requests to solve.
        reading: their channels.
        pypi: the progress of PyPI resolutions; ``None`` for none.
    """

    def __init__(
        self, requests: Sequence[SolveRequest], reading: Reading, pypi: PypiTargets | None
    ) -> None:
        self._waiting = dict.fromkeys(str(request.target) for request in requests)
        self._all = len(self._waiting)
        self._reading = reading
        self._pypi = pypi

    def solved(self, solution: Solution) -> None:
        """Count the solution of a target."""
        self._waiting.pop(str(solution.request.target), None)

    def words(self) -> str:
        """Return the current text, one line without a line break."""
        waited = list(self._waiting)
        if waited and len(waited) == self._all:
            return f"{self._reading.words()}, solving {named(waited)}"
        if waited:
            amount = self._reading.under_way()
            text = f"solved {self._all - len(waited)} of {self._all}, not yet {named(waited)}"
            return f"{text}; {amount}" if amount else text
        targets, unresolved = self._pypi() if self._pypi else ((), ())
        if unresolved:
            done = len(targets) - len(unresolved)
            return f"PyPI: resolved {done} of {len(targets)}, not yet {named(unresolved)}"
        return "all solved"


@contextmanager
def while_reading(
    reader: Reader, requests: Sequence[SolveRequest], console: Console, purpose: str
) -> Iterator[None]:
    """Show on a terminal which channels are read, how much has arrived, and for what."""
    reading = Reading(reader, requests, console)
    with waiting(console, lambda: f"{reading.words()}, {purpose}"):
        yield


def done_of(futures: Sequence[Future[Any]]) -> str:
    """Return ``2 of 3``: the number of finished items."""
    return f"{sum(future.done() for future in futures)} of {len(futures)}"


def named(names: Sequence[str]) -> str:
    """Return the first names, and the number of the others."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _by_channel(sizes: Mapping[str, int]) -> dict[str, list[str]]:
    """Return ``noarch 11.9 MB`` and the like by channel; ``""`` if the channel is not known."""
    parts: dict[str, list[str]] = {}
    for label, count in sorted(sizes.items()):
        channel, _, platform = label.rpartition("/")
        parts.setdefault(channel, []).append(f"{platform} {size(count)}")
    return parts


def _parts(parts: Sequence[str]) -> str:
    return f" ({named(parts)})" if parts else ""
