"""What solving a request leads to, and the port that engines implement.

A request either becomes a :class:`Solution` or a :class:`Conflict`; trouble outside (a channel
that does not answer) is raised, since it says nothing about the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.alternatives import CpuBuild, Newest
from conda_multiplat.solving.related_channels import Relation
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.records import CondaRecord


@dataclass(frozen=True)
class Solution:
    """The records that answer a request, and what is worth a word about them.

    Attributes:
        request: the request.
        records: the records.
        cpu_builds: the CPU builds among them that are worth a word.
        times: when they were published, by the channel that they are from; see ``lockfile``.
    """

    request: SolveRequest
    records: tuple[CondaRecord, ...]
    cpu_builds: tuple[CpuBuild, ...] = ()
    relations: tuple[Relation, ...] = ()
    times: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Conflict:
    """Why a request has no answer.

    Attributes:
        request: the request.
        explanation: the solver's tree, of the requirements that clash and no others.
        requirements: a smallest set of requirements that can't be met together.
        suggestions: for each name that no channel has, names that look like it.
        agreement: the environments that could not agree, where each by itself has an answer.
        fix: what the manifest would have to promise for it to have an answer; ``""`` for nothing.
        advice: what there is instead, and how to get it, a line each.
    """

    request: SolveRequest
    explanation: str
    requirements: tuple[Requirement, ...]
    suggestions: Mapping[str, Sequence[str]]
    agreement: tuple[str, ...] = ()
    fix: str = ""
    advice: tuple[str, ...] = ()


class Arrived(NamedTuple):
    """How much repodata has arrived, in bytes as it is kept: plain repodata unpacked, shards not.

    Attributes:
        total: all of it.
        under_way: what is not whole yet, by ``CHANNEL/PLATFORM``, or ``PLATFORM`` alone where
            several channels have it; without what nobody can tell.
    """

    total: int
    under_way: Mapping[str, int]


Outcome = Solution | Conflict

#: A request, and a record of its solution whose choice is to be explained.
Question = tuple[SolveRequest, CondaRecord]


@dataclass(frozen=True)
class Why:
    """What stood in the way of the newest version, and of a CUDA build where there is one."""

    newest: Newest
    cpu_build: CpuBuild | None = None


class CondaEngine(Protocol):
    """What solves conda requests."""

    def solve(
        self, requests: Sequence[SolveRequest], solved: Callable[[Solution], None]
    ) -> Sequence[Outcome]:
        """Solve all requests, concurrently where it can, and answer in their order.

        ``solved`` hears of each solution as soon as it is there, once at least: what builds upon
        it need not wait for the others.

        Previous records (``locked``) are kept where they still fit. The records come with public
        URLs, and with categories unset.

        Raises:
            OutsideError: a channel can't be read.
        """
        ...  # pragma: no cover
