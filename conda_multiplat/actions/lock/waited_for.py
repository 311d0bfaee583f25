"""What a lock waits for by now, in words for whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conda_multiplat.solving.outcomes import Solution
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.channels import public_name

#: So many targets are named.
_NAMED = 3
#: The targets whose PyPI packages are asked for, and those of them that are not resolved.
PypiTargets = Callable[[], tuple[Sequence[str], Sequence[str]]]


class WaitedFor:
    """Hears of each solution.

    Args:
        requests: what is to be solved.
        pypi: what is to be resolved beside it; ``None`` for nothing.
    """

    def __init__(self, requests: Sequence[SolveRequest], pypi: PypiTargets | None) -> None:
        self._waiting = dict.fromkeys(str(request.target) for request in requests)
        self._all = len(self._waiting)
        self._pypi = pypi
        channels = (public_name(name) for request in requests for name in request.channels)
        self._channels = ", ".join(dict.fromkeys(channels))

    def solved(self, solution: Solution) -> None:
        """A target has a solution."""
        self._waiting.pop(str(solution.request.target), None)

    def words(self) -> str:
        """One line, without an end."""
        waiting = list(self._waiting)
        if len(waiting) == self._all:
            return f"reading {self._channels} for {_named(waiting)}"
        if waiting:
            return f"solved {self._all - len(waiting)} of {self._all}, not yet {_named(waiting)}"
        targets, unresolved = self._pypi() if self._pypi else ((), ())
        if unresolved:
            done = len(targets) - len(unresolved)
            return f"PyPI: resolved {done} of {len(targets)}, not yet {_named(unresolved)}"
        return "all solved"


def _named(targets: Sequence[str]) -> str:
    more = len(targets) - _NAMED
    return ", ".join(targets[:_NAMED]) + (f" and {more} more" if more > 0 else "")
