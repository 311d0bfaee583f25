"""Solve requests -> outcomes. The ports that engines implement, and what is the same for each.

A request either becomes a :class:`Solution` or a :class:`Conflict`; trouble outside (a channel
that does not answer) is raised, since it says nothing about the request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from conda_multiplat.lock import CondaRecord
from conda_multiplat.manifest import Requirement
from conda_multiplat.names import spec_name
from conda_multiplat.requests import SolveRequest


@dataclass(frozen=True)
class Solution:
    """The records that answer a request."""

    request: SolveRequest
    records: tuple[CondaRecord, ...]


@dataclass(frozen=True)
class Conflict:
    """Why a request has no answer.

    Attributes:
        request: the request.
        explanation: the solver's tree, of the requirements that clash and no others.
        requirements: a smallest set of requirements that can't be met together.
        suggestions: for each name that no channel has, names that look like it.
    """

    request: SolveRequest
    explanation: str
    requirements: tuple[Requirement, ...]
    suggestions: Mapping[str, Sequence[str]]


class CondaEngine(Protocol):
    """What solves conda requests."""

    def solve(self, requests: Sequence[SolveRequest]) -> Sequence[Solution | Conflict]:
        """Solve all requests, concurrently where it can, and answer in their order.

        Previous records (``locked``) are kept where they still fit. The records come with public
        URLs, and with categories unset.

        Raises:
            OutsideError: a channel can't be read.
        """
        ...  # pragma: no cover


def solve(requests: Sequence[SolveRequest], engine: CondaEngine) -> list[Solution | Conflict]:
    """Solve all requests and mark each record with the category that asks for it."""
    return [
        replace(outcome, records=_categorised(outcome.request.requirements, outcome.records))
        if isinstance(outcome, Solution)
        else outcome
        for outcome in engine.solve(requests)
    ]


def _categorised(
    requirements: Sequence[Requirement], records: Sequence[CondaRecord]
) -> tuple[CondaRecord, ...]:
    """CEP 37: what ``main`` needs is ``main``; the rest has the first category that needs it."""
    categories = dict.fromkeys(["main", *(each.category for each in requirements)])
    if len(categories) == 1:
        return tuple(records)
    depends = {each.name: [spec_name(spec) for spec in each.depends] for each in records}
    found: dict[str, str] = {}
    for category in categories:
        roots = (each.name for each in requirements if each.category == category)
        for name in _reachable(roots, depends):
            found.setdefault(name, category)
    return tuple(replace(each, category=found.get(each.name, "main")) for each in records)


def _reachable(roots: Iterable[str], depends: Mapping[str, Sequence[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name in depends and name not in seen:
            seen.add(name)
            todo.extend(depends[name])
    return seen
