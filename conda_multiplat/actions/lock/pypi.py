"""The PyPI side of ``lock``: a resolution for each target, started when its conda side is solved.

Flow: ``start(Solution)`` -> PypiRequest -> PypiEngine -> ... ``results()`` -> a PypiSolution for
each target with PyPI packages, or one error with all problems.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import chain

from packaging.utils import canonicalize_name

from conda_multiplat.actions.lock.plan import Plan, Update
from conda_multiplat.actions.lock.two_sides import version_hint
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.conflicts import no_pypi_solution
from conda_multiplat.solving.direct_wheels import unfit_needs, unfit_wheels
from conda_multiplat.solving.extras import with_extras
from conda_multiplat.solving.outcomes import CondaEngine, Solution
from conda_multiplat.solving.pypi import (
    NameTable,
    PypiConflict,
    PypiEngine,
    PypiOutcome,
    PypiRequest,
    PypiSolution,
    pypi_request,
)
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.solving.solve import categorised
from conda_multiplat.solving.solve_groups.agreement import Rounds, agreed, solve_together, ungrouped
from conda_multiplat.solving.solve_groups.pypi import PypiTerms
from conda_multiplat.vocabulary.errors import NOWHERE, ManifestError, Problem
from conda_multiplat.vocabulary.pip_options import HASH
from conda_multiplat.vocabulary.records import PypiRecord


class PypiSide:
    """The resolutions of one run.

    Args:
        engine: the resolver.
        table: which conda packages provide which PyPI projects.
        conda: solves again, with other versions of what conda provides, for the advice in an error.
        plans: for the previous records of each environment.
        update: packages that may change although the lock satisfies the manifest.
    """

    def __init__(
        self,
        engine: PypiEngine,
        table: NameTable,
        conda: CondaEngine,
        plans: Sequence[Plan],
        update: Update,
    ) -> None:
        self._engine = engine
        self._conda = conda
        self._asked: dict[Target, SolveRequest] = {}
        self._table = table
        self._targets = [target for plan in plans for target in plan.targets]
        self._old = {plan.environment: plan.old for plan in plans}
        self._update = update
        self._requests: dict[Target, PypiRequest] = {}
        self._futures: dict[PypiRequest, Future[PypiOutcome]] = {}
        self._given: dict[tuple[str, str], dict[str, str]] = {}
        self._problems: set[Problem] = set()
        self._subdirs = {target.subdir for target in self._targets}
        self._unfit: dict[tuple[Requirement, str, str], list[str]] = {}

    def start(self, solution: Solution) -> None:
        """Start a target's resolution, if it has PyPI packages and was not started yet."""
        target = solution.request.target
        if target in self._requests or not any(
            member.view.pypi for member in (target, *target.peers)
        ):
            return
        request = pypi_request(
            target,
            solution.records,
            self._table,
            self._preferred(target),
            solution.request.cutoffs.pypi,
        )
        if target.peers:  # conda's packages of one target bind PyPI's packages of the whole group
            versions = self._given.setdefault(target.group, {})
            versions |= {package.name: package.version for package in request.provided}
        if not target.view.pypi:
            return
        self._asked[target] = solution.request
        if not request.python:
            self._problems |= _no_python(target)
            return
        if self._note_unfit(target, unfit_wheels(request, self._subdirs)):
            return
        self._requests[target] = request
        self._begin(request)

    def _note_unfit(self, target: Target, wrong: Iterable[tuple[Requirement, str, str]]) -> bool:
        """Record lines with wheels that a target can't run; return whether there are any."""
        unfit = list(wrong)
        for key in unfit:
            self._unfit.setdefault(key, []).append(str(target))
        return bool(unfit)

    def _begin(self, request: PypiRequest) -> Future[PypiOutcome]:
        """Start a resolution once, and return it."""
        if request not in self._futures:
            self._futures[request] = self._engine.start(request)
        return self._futures[request]

    def progress(self) -> tuple[Sequence[str], Sequence[str]]:
        """Return the targets that were started, and those that are not finished."""
        begun = dict(self._requests)  # called from another thread
        targets = [str(target) for target in begun]
        under_way = [
            str(target)
            for target, request in begun.items()
            if (future := self._futures.get(request)) and not future.done()
        ]
        return targets, under_way

    def close(self) -> None:
        """Stop unfinished resolutions after a failure."""
        self._engine.close()

    def _preferred(self, target: Target) -> tuple[PypiRecord, ...]:
        old = self._old.get(target.environment)
        locked = old.platforms.get(target.subdir) if old else None
        if locked is None or self._update.everything:
            return ()
        freed = {canonicalize_name(name) for name in self._update.names}
        return tuple(package for package in locked.pypi if package.name not in freed)

    def results(self) -> Mapping[Target, PypiSolution]:
        """Wait for all resolutions.

        Raises:
            ManifestError: PyPI packages are requested without Python, or wheels that a target
                can't run.
            NoSolutionError: at least one target has no solution.
            OutsideError: an index can't be read.
        """
        if self._problems:
            message = "PyPI packages are asked for without a Python to install them"
            raise ManifestError(message, problems=sorted(self._problems))
        self._refuse_unfit()
        outcomes = self._outcomes()
        solutions = [outcome for outcome in outcomes if isinstance(outcome, PypiSolution)]
        conflicts = [outcome for outcome in outcomes if isinstance(outcome, PypiConflict)]
        if conflicts:
            solvable = [solution.request.target for solution in solutions]
            advised = [self._advised(conflict) for conflict in conflicts]
            raise no_pypi_solution(advised, solvable, self._targets)
        for solution in solutions:
            self._note_unfit(solution.request.target, unfit_needs(solution, self._subdirs))
        self._refuse_unfit()
        return {solution.request.target: _categorised(solution) for solution in solutions}

    def _advised(self, conflict: PypiConflict) -> PypiConflict:
        """Return the conflict with hints about what conda provides; each was tried."""
        versions = dict(conflict.instead)
        hints = [
            version_hint(conflict, package, versions[package.name], fits=self._fits)
            for package in conflict.provided
            if package.name in versions
        ]
        return replace(conflict, hints=(*conflict.hints, *hints))

    def _fits(self, target: Target, name: str, spec: str) -> bool:
        """Return whether both sides have a solution with ``spec`` for a conda package."""
        asked = self._asked[target]
        others = (line for line in asked.requirements if line.name != name)
        lines = (*others, Requirement(spec, name, NOWHERE))
        (outcome,) = self._conda.solve([asked._replace(requirements=lines)], lambda _: None)
        if not isinstance(outcome, Solution):
            return False
        preferred = self._preferred(target)
        request = pypi_request(target, outcome.records, self._table, preferred, asked.cutoffs.pypi)
        return isinstance(self._begin(request).result(), PypiSolution)

    def _refuse_unfit(self) -> None:
        if self._unfit:
            raise ManifestError(
                "wheels are asked for where they can't be installed",
                problems=sorted(
                    Problem(line.at, message.format(", ".join(targets)), hint)
                    for (line, message, hint), targets in self._unfit.items()
                ),
            )

    def _outcomes(self) -> Sequence[PypiOutcome]:
        """Return every resolution's outcome; repeat those of a solve-group until they agree."""
        groups: dict[tuple[str, str], list[PypiRequest]] = {}
        for target in self._targets:
            if target in self._requests:
                groups.setdefault(target.group, []).append(self._requests[target])
        free = groups.pop(("", ""), [])
        rounds: list[Rounds[PypiRequest, PypiOutcome]] = [ungrouped(free)]
        rounds += [agreed(group, PypiTerms(), self._given[key]) for key, group in groups.items()]
        return list(chain.from_iterable(solve_together(rounds, self._resolved)))

    def _resolved(self, batch: Sequence[PypiRequest]) -> Sequence[PypiOutcome]:
        return [future.result() for future in [self._begin(request) for request in batch]]


def _no_python(target: Target) -> set[Problem]:
    hint = "add `python 3.12.*` to the dependencies, for example"
    return {
        Problem(line.at, f"pip: {line.text} needs Python, which {target} does not have", hint)
        for line in target.view.pypi
        if not line.text.startswith(HASH)
    }


def _categorised(solution: PypiSolution) -> PypiSolution:
    """Set the category of each record (CEP 37)."""
    lines = with_extras(solution.request.requirements, solution.extras)
    return replace(solution, records=categorised(lines, solution.records))
