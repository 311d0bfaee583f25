"""Agreement: members of a group share versions, whatever engine solves them."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from conda_multiplat.solving.solve_groups.agreement import (
    Version,
    agreed,
    solve_together,
    ungrouped,
)


@dataclass(frozen=True)
class Question:
    """The versions of each package that are acceptable, best first."""

    wanted: Mapping[str, Sequence[str]]
    bound: Mapping[str, str] = field(default_factory=dict)
    out: Collection[Version] = ()


@dataclass(frozen=True)
class Answer:
    """The chosen versions; ``None`` for a conflict."""

    versions: Mapping[str, str] | None
    of_agreement: bool = False


def _answer(question: Question) -> Answer:
    fitting = {
        name: [
            version
            for version in versions
            if question.bound.get(name, version) == version and (name, version) not in question.out
        ]
        for name, versions in question.wanted.items()
    }
    if not all(fitting.values()):
        return Answer(None)
    return Answer({name: versions[0] for name, versions in fitting.items()})


class Packages:
    """The terms for these questions."""

    def versions(self, outcome: Answer) -> Mapping[str, str] | None:
        return outcome.versions

    def bound(
        self, request: Question, versions: Mapping[str, str], excluded: Collection[Version]
    ) -> Question:
        return replace(request, bound=versions, out=frozenset(excluded))

    def joint(self, requests: Sequence[Question]) -> Question | None:
        return None

    def part(self, request: Question, whole: Answer) -> Answer:
        return whole

    def disagreement(self, outcome: Answer) -> Answer:
        return replace(outcome, of_agreement=True)


def _ask(asked: list[int]) -> Callable[[Sequence[Question]], Sequence[Answer]]:
    def ask(batch: Sequence[Question]) -> Sequence[Answer]:
        asked.append(len(batch))
        return [_answer(question) for question in batch]

    return ask


def _one(questions: Sequence[Question], given: Mapping[str, str] | None = None) -> list[Answer]:
    (answers,) = solve_together([agreed(questions, Packages(), given or {})], _ask([]))
    return list(answers)


def test_those_that_agree_are_asked_once() -> None:
    """Members that agree by chance are asked once; all groups are asked together."""
    same = Question({"a": "21", "b": "1"})
    asked: list[int] = []
    groups = solve_together([ungrouped([same]), agreed([same, same], Packages())], _ask(asked))
    assert asked == [3]
    assert [answer.versions for group in groups for answer in group] == [{"a": "2", "b": "1"}] * 3


def test_the_bound_one_goes_first() -> None:
    """A member that can't follow the others goes first; answers stay in order."""
    questions = [Question({"a": "321", "own": "1"}), Question({"a": "1"}), Question({"a": "21"})]
    answers = _one(questions)
    assert [answer.versions for answer in answers] == [
        {"a": "1", "own": "1"},
        {"a": "1"},
        {"a": "1"},
    ]


def test_given_versions_bind() -> None:
    """Versions that are already fixed are not asked for, but apply."""
    (answer,) = _one([Question({"a": "32"})], {"a": "2"})
    assert answer.versions == {"a": "2"}


@pytest.mark.parametrize("given", [{}, {"b": "9"}])
def test_no_agreement(given: dict[str, str]) -> None:
    """A group that can't agree has one conflict, which says so."""
    questions = [Question({"a": "21", "b": "9"}), Question({"a": "3", "b": "9"})]
    assert _one(questions, given) == [Answer(None, of_agreement=True)]


def test_a_conflict_of_ones_own() -> None:
    """A member without any answer is not reported as a disagreement."""
    answers = _one([Question({"a": "1"}), Question({"a": ""})])
    assert [answer.versions for answer in answers] == [{"a": "1"}, None]
    assert not any(answer.of_agreement for answer in answers)


@pytest.mark.parametrize("seed", range(50))
def test_answers_agree(seed: int) -> None:
    """In random cases answers agree, and an agreement on one package is always found."""
    chance = random.Random(seed)
    names = "abc"[: chance.randint(1, 3)]
    questions = [
        Question({name: chance.sample("1234", chance.randint(1, 4)) for name in names})
        for _ in range(chance.randint(2, 4))
    ]
    answers = _one(questions)
    if len(answers) == len(questions):
        assert len({tuple(sorted((answer.versions or {}).items())) for answer in answers}) == 1
    elif len(names) == 1:
        sets = (set(question.wanted["a"]) for question in questions)
        assert not set.intersection(*sets)
    else:  # what no order of asking finds is rare, and refused rather than answered wrongly
        assert answers == [Answer(None, of_agreement=True)]
