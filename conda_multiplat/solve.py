"""Solve requests -> outcomes: what is the same for each engine."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace

from conda_multiplat.agreement import Work, agreed, alone, in_step
from conda_multiplat.manifest import Requirement
from conda_multiplat.names import spec_name
from conda_multiplat.outcomes import CondaEngine, Conflict, Outcome, Solution
from conda_multiplat.records import CondaRecord
from conda_multiplat.requests import SolveRequest
from conda_multiplat.solve_group import TERMS, reachable
from conda_multiplat.targets import Target

_Work = Work[SolveRequest, Outcome, Sequence[Outcome]]


def solve(
    requests: Sequence[SolveRequest],
    engine: CondaEngine,
    solved: Callable[[Solution], None] = lambda _: None,
) -> list[Outcome]:
    """Solve all requests, and mark each record with the category that asks for it.

    ``solved`` hears of each solution as soon as it is final. Requests of one solve-group and
    platform agree on versions; where they can't, one conflict stands for all of them.
    """
    groups: dict[tuple[str, str], list[SolveRequest]] = {}
    for each in requests:
        group = each.target.solve_group
        groups.setdefault((group, each.target.subdir if group else ""), []).append(each)
    free = groups.pop(("", ""), [])
    final = {each.target for each in free}

    def ask(batch: Sequence[SolveRequest]) -> Sequence[Outcome]:
        return engine.solve(batch, lambda each: solved(each) if _is_of(each, final) else None)

    works: list[_Work] = [alone(free), *(agreed(each, TERMS) for each in groups.values())]
    first, *others = in_step(works, ask)
    for outcome in (each for found in others for each in found):
        if isinstance(outcome, Solution):
            solved(outcome)
    return [_with_categories(each) for found in (first, *others) for each in found]


def _is_of(solution: Solution, targets: Container[Target]) -> bool:
    return solution.request.target in targets


def _with_categories(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Conflict):
        return outcome
    records = _categorised(outcome.request.requirements, outcome.records)
    return replace(outcome, records=records)


def _categorised(
    requirements: Sequence[Requirement], records: Sequence[CondaRecord]
) -> tuple[CondaRecord, ...]:
    if all(each.category == "main" for each in requirements):
        return tuple(records)
    depends = {each.name: [spec_name(spec) for spec in each.depends] for each in records}
    found = categories_of([(each.name, each.category) for each in requirements], depends)
    return tuple(replace(each, category=found.get(each.name, "main")) for each in records)


def categories_of(
    roots: Sequence[tuple[str, str]], depends: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """CEP 37: what ``main`` needs is ``main``; the rest has the first category that needs it.

    Args:
        roots: what is asked for, with its category.
        depends: what each package needs.
    """
    found: dict[str, str] = {}
    for category in dict.fromkeys(["main", *(category for _, category in roots)]):
        own = (name for name, asked in roots if asked == category)
        for name in reachable(own, depends):
            found.setdefault(name, category)
    return found
