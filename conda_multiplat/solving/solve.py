"""Solve requests with any engine, and set the categories of the records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeVar

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.outcomes import CondaEngine, Conflict, Outcome, Solution
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.solving.solve_groups.agreement import Rounds, agreed, solve_together, ungrouped
from conda_multiplat.solving.solve_groups.conda import CondaTerms
from conda_multiplat.vocabulary.graph import depends_of, reachable
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord

AnyRecord = TypeVar("AnyRecord", CondaRecord, PypiRecord)


def solve(
    requests: Sequence[SolveRequest],
    engine: CondaEngine,
    solved: Callable[[Solution], None] = lambda _: None,
) -> list[Outcome]:
    """Solve all requests, and set the category of each record.

    ``solved`` is called with each solution as soon as it is final. Requests of the same solve-group
    and platform agree on versions; if they can't, all of them get the same conflict.
    """
    groups: dict[tuple[str, str], list[SolveRequest]] = {}
    for request in requests:
        groups.setdefault(request.target.group, []).append(request)
    free = groups.pop(("", ""), [])
    final = {request.target for request in free}

    def pass_on(solution: Solution) -> None:
        if solution.request.target in final:
            solved(solution)

    rounds: list[Rounds[SolveRequest, Outcome]] = [ungrouped(free)]
    rounds += [agreed(group, CondaTerms()) for group in groups.values()]
    first, *grouped = solve_together(rounds, lambda batch: engine.solve(batch, pass_on))
    for outcome in chain.from_iterable(grouped):
        if isinstance(outcome, Solution):
            solved(outcome)
    return [_with_categories(outcome) for outcome in chain(first, *grouped)]


def _with_categories(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Conflict):
        return outcome
    records = categorised(outcome.request.requirements, outcome.records)
    return replace(outcome, records=records)


def categorised(
    requirements: Sequence[Requirement], records: Sequence[AnyRecord]
) -> tuple[AnyRecord, ...]:
    """Return records with their categories (CEP 37)."""
    stated = {requirement.category for requirement in requirements}
    if stated | {record.category for record in records} <= {"main"}:
        return tuple(records)
    roots = [(requirement.name, requirement.category) for requirement in requirements]
    categories = categories_of(roots, depends_of(records))
    return tuple(
        record._replace(category=categories.get(record.name, "main")) for record in records
    )


def categories_of(
    roots: Sequence[tuple[str, str]], depends: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Return the category of each package (CEP 37).

    Everything that ``main`` needs is ``main``; other packages have the first category that needs
    them.

    Args:
        roots: the requested packages with their categories.
        depends: package -> the packages that it needs.
    """
    categories: dict[str, str] = {}
    for category in dict.fromkeys(["main", *(category for _, category in roots)]):
        names = (name for name, stated in roots if stated == category)
        for name in reachable(names, depends):
            categories.setdefault(name, category)
    return categories
