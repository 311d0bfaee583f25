"""Let the environments of a solve-group agree on one version of every package that they share.

Builds may differ, so that a CUDA and a CPU environment can be in one group. How they agree:

1. Each is solved by itself. If they happen to agree, or one has no solution, that is the result.
2. If they can be solved as one (same channels, same promises), they are, and each takes the part of
   that solution that it needs.
3. Otherwise they are solved one after the other, each bound to what all of them require and to the
   versions of those before it. If one then has no solution, the versions that it can't have at all
   are excluded for all; if there are none, it goes first in the next try.

Requests are yielded and their outcomes sent back, so that the engine gets the requests of all
groups at once (:func:`solve_together`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from typing import Protocol, TypeVar

Request = TypeVar("Request")
Outcome = TypeVar("Outcome")

#: A package's name and a version of it.
Version = tuple[str, str]
_NOTHING: Mapping[str, str] = {}

#: Yields requests, is sent their outcomes, and returns the final ones.
Rounds = Generator[Sequence[Request], Sequence[Outcome], Sequence[Outcome]]


class Terms(Protocol[Request, Outcome]):
    """What an agreement has to know about requests and outcomes; conda and PyPI implement it."""

    def versions(self, outcome: Outcome) -> Mapping[str, str] | None:
        """Return name -> version for the packages of a solution; ``None`` for a conflict."""
        ...  # pragma: no cover

    def bound(
        self, request: Request, versions: Mapping[str, str], excluded: Collection[Version]
    ) -> Request:
        """Return a request limited to some versions, without the excluded ones.

        Neither adds a package to the solution.
        """
        ...  # pragma: no cover

    def joint(self, requests: Sequence[Request]) -> Request | None:
        """Return several requests as one; ``None`` if they can't be combined."""
        ...  # pragma: no cover

    def part(self, request: Request, whole: Outcome) -> Outcome:
        """Return the part of a joint request's outcome that a request needs."""
        ...  # pragma: no cover

    def disagreement(self, outcome: Outcome) -> Outcome:
        """Return a conflict as that of the whole group."""
        ...  # pragma: no cover


def solve_together(
    groups: Sequence[Rounds[Request, Outcome]],
    solve: Callable[[Sequence[Request]], Sequence[Outcome]],
) -> list[Sequence[Outcome]]:
    """Return each group's outcomes, in order; solve all groups' requests of a round at once."""
    results: dict[int, Sequence[Outcome]] = {}
    pending = {index: next(group) for index, group in enumerate(groups)}
    while pending:
        outcomes = iter(solve([request for requests in pending.values() for request in requests]))
        following: dict[int, Sequence[Request]] = {}
        for index, requests in pending.items():
            answers = [next(outcomes) for _ in requests]
            try:
                following[index] = groups[index].send(answers)
            except StopIteration as end:  # a generator returns its result like this
                results[index] = end.value
        pending = following
    return [results[index] for index in range(len(groups))]


def ungrouped(requests: Sequence[Request]) -> Rounds[Request, Outcome]:
    """Solve requests that need not agree with any others."""
    outcomes = yield requests
    return outcomes


def agreed(
    requests: Sequence[Request],
    terms: Terms[Request, Outcome],
    settled: Mapping[str, str] = _NOTHING,
) -> Rounds[Request, Outcome]:
    """Return outcomes that agree, in the requests' order, or a conflict if they can't agree.

    ``settled`` are versions that are already fixed.
    """
    outcomes = yield requests
    versions_of = [terms.versions(outcome) for outcome in outcomes]
    singly = [versions for versions in versions_of if versions is not None]
    if len(singly) < len(versions_of) or _agree([settled, *singly]):
        return outcomes
    joint = terms.joint(requests)
    if joint is not None:
        (whole,) = yield [joint]
        if terms.versions(whole) is not None:
            return [terms.part(request, whole) for request in requests]
    in_turn = yield from _in_turn(requests, singly, terms, settled)
    if len(in_turn) == len(requests):
        return in_turn
    return [terms.disagreement(in_turn[-1] if joint is None else whole)]


def _agree(versions: Sequence[Mapping[str, str]]) -> bool:
    known: dict[str, str] = {}
    return all(
        known.setdefault(name, version) == version
        for mapping in versions
        for name, version in mapping.items()
    )


def _in_turn(
    requests: Sequence[Request],
    singly: Sequence[Mapping[str, str]],
    terms: Terms[Request, Outcome],
    settled: Mapping[str, str],
) -> Rounds[Request, Outcome]:
    """Solve one request after another; return a single conflict if no order leads to a solution.

    ``singly`` are the versions that each request gets on its own.
    """
    order = list(range(len(requests)))
    moved: set[int] = set()
    excluded: set[Version] = set()
    while True:
        solved, fixed = yield from _try(requests, order, terms, settled, excluded)
        if len(solved) == len(requests):
            return [solved[index] for index in range(len(requests))]
        failed = order[len(solved)]
        clashes = [pair for pair in fixed.items() if singly[failed].get(*pair) != pair[1]]
        probes = [terms.bound(requests[failed], dict([pair]), excluded) for pair in clashes]
        outcomes = (yield probes) if solved else []
        impossible = {
            pair
            for pair, outcome in zip(clashes, outcomes, strict=bool(solved))
            if terms.versions(outcome) is None
        }
        if impossible:
            excluded |= impossible
        elif solved and failed not in moved:
            moved.add(failed)
            order = [failed, *(index for index in order if index != failed)]
        else:
            return (yield [terms.bound(requests[failed], fixed, excluded)])


def _try(
    requests: Sequence[Request],
    order: Sequence[int],
    terms: Terms[Request, Outcome],
    settled: Mapping[str, str],
    excluded: Collection[Version],
) -> Generator[Sequence[Request], Sequence[Outcome], tuple[dict[int, Outcome], dict[str, str]]]:
    """Return the outcomes in an order, up to the first conflict, and the versions that they fix."""
    solved: dict[int, Outcome] = {}
    fixed = dict(settled)
    for index in order:
        (outcome,) = yield [terms.bound(requests[index], fixed, excluded)]
        versions = terms.versions(outcome)
        if versions is None:
            break
        solved[index] = outcome
        fixed = {**versions, **fixed}
    return solved, fixed
