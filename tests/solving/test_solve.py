"""Solving with any engine, and the categories of CEP 37."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from conda_multiplat.manifest.model import Requirement, View
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.outcomes import Conflict, Solution
from conda_multiplat.solving.requests import SolveRequest, request
from conda_multiplat.solving.solve import solve
from conda_multiplat.vocabulary.errors import Location, OutsideError
from conda_multiplat.vocabulary.names import spec_name
from conda_multiplat.vocabulary.records import CondaRecord

_AT = Location("environment.yml", 1, 1)


@dataclass
class TableEngine:
    """Returns the same packages for every request, and a conflict for some platforms."""

    table: dict[str, str]
    clashes: tuple[str, ...] = ()

    def solve(
        self, requests: Sequence[SolveRequest], solved: Callable[[Solution], None]
    ) -> Sequence[Solution | Conflict]:
        """Answer in the requests' order."""
        answers = [self._answer(question) for question in requests]
        for answer in answers:
            if isinstance(answer, Solution):
                solved(answer)
        return answers

    def _answer(self, asked: SolveRequest) -> Solution | Conflict:
        if asked.target.subdir in self.clashes:
            return Conflict(asked, "no", asked.requirements, {})
        return Solution(asked, tuple(record(name, deps) for name, deps in self.table.items()))


class DeadEngine:
    """An engine whose channel does not respond."""

    def solve(
        self, requests: Sequence[SolveRequest], solved: Callable[[Solution], None]
    ) -> Sequence[Solution | Conflict]:
        """Fail as engines do."""
        raise OutsideError(f"{len(requests)} channels can't be read")


def record(name: str, depends: str = "") -> CondaRecord:
    """Return a record; ``depends`` are MatchSpecs separated by commas."""
    specs = tuple(spec.strip() for spec in depends.split(",") if spec)
    url = f"https://example.com/conda/noarch/{name}-1-0.conda"
    return CondaRecord(name, "1", "0", url, depends=specs)


def asked(*lines: str, subdir: str = "linux-64") -> SolveRequest:
    """Return a request; each line is ``category: MatchSpec``."""
    parts = [line.split(": ") for line in lines]
    requirements = tuple(
        Requirement(spec, spec_name(spec), _AT, category) for category, spec in parts
    )
    target = Target("default", subdir, (), frozenset(), View(conda=requirements))
    return request(target, default_channels=["conda-forge"], channel_priority="strict")


def categories(outcome: Solution | Conflict) -> dict[str, str]:
    """Return the category of each record."""
    assert isinstance(outcome, Solution)
    return {package.name: package.category for package in outcome.records}


TABLE = {
    "python": "zlib >=1.2, __glibc >=2.17",
    "zlib": "",
    "pytest": "python >=3.8, pluggy 1.*",
    "pluggy": "python",
    "sphinx": "python, docutils",
    "docutils": "",
}
ROUND = {"a": "b", "b": "c", "c": "a, d", "d": ""}


@pytest.mark.parametrize(
    ("table", "lines", "others"),
    [
        (TABLE, ["main: python", "main: pytest", "main: sphinx"], {}),
        (
            TABLE,
            ["main: python", "dev: pytest", "docs: sphinx"],
            {"pytest": "dev", "pluggy": "dev", "sphinx": "docs", "docutils": "docs"},
        ),
        (TABLE, ["dev: pytest", "main: pluggy >=1", "main: sphinx"], {"pytest": "dev"}),
        (
            TABLE,
            ["docs: sphinx", "dev: docutils", "dev: pytest", "main: zlib"],
            {
                "sphinx": "docs",
                "docutils": "docs",
                "python": "docs",
                "pytest": "dev",
                "pluggy": "dev",
            },
        ),
        (TABLE, ["dev: python", "main: python", "main: pytest", "main: sphinx"], {}),
        (
            TABLE,
            ["dev: Python >=3", "main: docutils", "main: pluggy"],
            {},
        ),
        (ROUND, ["dev: a", "main: d"], {"a": "dev", "b": "dev", "c": "dev"}),
        (ROUND, ["dev: d", "main: c"], {}),
    ],
)
def test_categories(table: dict[str, str], lines: list[str], others: dict[str, str]) -> None:
    """What `main` needs is `main`; other records have the first category that needs them."""
    (outcome,) = solve([asked(*lines)], TableEngine(table))
    assert categories(outcome) == {name: others.get(name, "main") for name in table}


def test_what_no_one_needs_is_main() -> None:
    """A record that nothing needs is `main`, so that every category includes it."""
    table = {"python": "", "stray": ""}
    (outcome,) = solve([asked("dev: python")], TableEngine(table))
    assert categories(outcome) == {"python": "dev", "stray": "main"}


def test_nothing_else_changes() -> None:
    """Records stay as the engine returned them, in order, except for the category."""
    question = asked("main: python", "dev: pytest")
    (given,) = TableEngine(TABLE).solve([question], lambda _: None)
    (outcome,) = solve([question], TableEngine(TABLE))
    assert isinstance(given, Solution)
    assert isinstance(outcome, Solution)
    assert tuple(package._replace(category="main") for package in outcome.records) == given.records
    assert outcome.request is question


def test_answers_in_order() -> None:
    """Outcomes are in the requests' order, and conflicts as the engine returned them."""
    subdirs = ["win-64", "linux-64", "osx-arm64"]
    requests = [asked("main: python", "dev: pytest", subdir=subdir) for subdir in subdirs]
    outcomes = solve(requests, TableEngine(TABLE, clashes=("linux-64",)))
    assert [outcome.request.target.subdir for outcome in outcomes] == subdirs
    assert outcomes[1] == Conflict(requests[1], "no", requests[1].requirements, {})
    assert categories(outcomes[0]) == categories(outcomes[2])


def test_no_requests() -> None:
    """Without requests there are no outcomes."""
    assert solve([], TableEngine(TABLE)) == []


def test_trouble_outside() -> None:
    """A channel that does not respond is not a conflict."""
    with pytest.raises(OutsideError, match=r"^2 channels can't be read$"):
        solve([asked("main: python"), asked("dev: python")], DeadEngine())
