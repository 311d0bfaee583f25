"""Environments of one solve-group: one version of every package that they share.

Builds may differ, so that a CUDA and a CPU environment can be of one group. How they agree:

1. Each is solved by itself. If they happen to agree, or one has no solution, that is the answer.
2. Those that can be solved as one (same channels, same promises) are: each takes of that solution
   what it needs.
3. Else one after the other: each is bound to what all of them ask for, and to the versions of those
   before it. Where one has no solution so, the versions that it can't have at all are out for
   everybody; if there are none, it goes first in the next try.

What is asked of an engine is yielded and comes back as its answers, so that many groups can be
asked about at once (:func:`in_step`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")
T = TypeVar("T")

#: A package's name and a version of it.
Version = tuple[str, str]
_NOTHING: Mapping[str, str] = {}

#: Yields questions, is sent their answers, and returns a result.
Work = Generator[Sequence[Q], Sequence[A], T]


@dataclass(frozen=True)
class Terms(Generic[Q, A]):
    """What agreement is about, for one kind of engine.

    Attributes:
        versions: name -> version of what an answer has; ``None`` for a conflict.
        bound: a question, bound to the first versions where the package is there, and to anything
            but the second.
        joint: questions as one, ``None`` where they can't be.
        part: what answers a question of a joint answer.
        failed: a conflict as one of agreement.
    """

    versions: Callable[[A], Mapping[str, str] | None]
    bound: Callable[[Q, Mapping[str, str], Collection[Version]], Q]
    joint: Callable[[Sequence[Q]], Q | None]
    part: Callable[[Q, A], A]
    failed: Callable[[A], A]


def in_step(works: Sequence[Work[Q, A, T]], ask: Callable[[Sequence[Q]], Sequence[A]]) -> list[T]:
    """Run works side by side: what they ask for in the same step is asked for at once."""
    results: dict[int, T] = {}
    asked: dict[int, Sequence[Q]] = {index: next(work) for index, work in enumerate(works)}
    while asked:
        answers = iter(ask([each for questions in asked.values() for each in questions]))
        following: dict[int, Sequence[Q]] = {}
        for index, questions in asked.items():
            own = [next(answers) for _ in questions]
            try:
                following[index] = works[index].send(own)
            except StopIteration as end:  # so a generator returns its result
                results[index] = end.value
        asked = following
    return [results[index] for index in range(len(works))]


def alone(questions: Sequence[Q]) -> Work[Q, A, Sequence[A]]:
    """Questions that need not agree with any other."""
    answers = yield questions
    return answers


def agreed(
    questions: Sequence[Q], terms: Terms[Q, A], given: Mapping[str, str] = _NOTHING
) -> Work[Q, A, Sequence[A]]:
    """Answers that agree, in the questions' order, or the conflict of those that can't.

    ``given`` are versions that are settled already.
    """
    answers = yield questions
    found = [terms.versions(each) for each in answers]
    if None in found or _agree([given, *(each for each in found if each is not None)]):
        return answers
    joint = terms.joint(questions)
    if joint is not None:
        (whole,) = yield [joint]
        if terms.versions(whole) is not None:
            return [terms.part(each, whole) for each in questions]
    own = [each for each in found if each is not None]
    in_turn = yield from _in_turn(questions, own, terms, given)
    if len(in_turn) == len(questions):
        return in_turn
    return [terms.failed(in_turn[-1] if joint is None else whole)]


def _agree(versions: Sequence[Mapping[str, str]]) -> bool:
    known: dict[str, str] = {}
    return all(
        known.setdefault(name, version) == version
        for each in versions
        for name, version in each.items()
    )


def _in_turn(
    questions: Sequence[Q],
    own: Sequence[Mapping[str, str]],
    terms: Terms[Q, A],
    given: Mapping[str, str],
) -> Work[Q, A, Sequence[A]]:
    """Answers one after another; a conflict, by itself, where no try has led to an end.

    ``own`` are the versions that each has by itself.
    """
    order = list(range(len(questions)))
    moved: set[int] = set()
    out: set[Version] = set()
    while True:
        answers, fixed = yield from _try(questions, order, terms, given, out)
        if len(answers) == len(questions):
            return [answers[each] for each in range(len(questions))]
        index = order[len(answers)]
        clashes = [pair for pair in fixed.items() if own[index].get(pair[0], pair[1]) != pair[1]]
        singly = [terms.bound(questions[index], dict([each]), out) for each in clashes]
        probes = (yield singly) if answers else []
        impossible = {
            pair
            for pair, each in zip(clashes, probes, strict=bool(answers))
            if terms.versions(each) is None
        }
        if impossible:
            out |= impossible
        elif answers and index not in moved:
            moved.add(index)
            order = [index, *(each for each in order if each != index)]
        else:
            return (yield [terms.bound(questions[index], fixed, out)])


def _try(
    questions: Sequence[Q],
    order: Sequence[int],
    terms: Terms[Q, A],
    given: Mapping[str, str],
    out: Collection[Version],
) -> Work[Q, A, tuple[dict[int, A], dict[str, str]]]:
    """The answers in an order, until one is a conflict, and the versions that they fix."""
    answers: dict[int, A] = {}
    fixed = dict(given)
    for index in order:
        (answer,) = yield [terms.bound(questions[index], fixed, out)]
        versions = terms.versions(answer)
        if versions is None:
            break
        answers[index] = answer
        fixed = {**versions, **fixed}
    return answers, fixed
