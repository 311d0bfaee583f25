"""The outcomes of solving a request, and the port that engines implement.

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
    """The records that answer a request, and what to tell the user about them.

    Attributes:
        request: the request.
        records: the records.
        cpu_builds: the CPU builds among them to warn about.
        relations: the channel relations that the request's channels don't satisfy.
        times: channel -> name -> publication time; see ``lockfile``.
    """

    request: SolveRequest
    records: tuple[CondaRecord, ...]
    cpu_builds: tuple[CpuBuild, ...] = ()
    relations: tuple[Relation, ...] = ()
    times: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Conflict:
    """Why a request has no solution.

    Attributes:
        request: the request.
        explanation: the solver's tree, of only the requirements that clash.
        requirements: a smallest set of requirements that can't be met together.
        suggestions: for each name that no channel has, names that look like it.
        agreement: the environments that can't agree, if each has a solution by itself.
        fix: what the manifest would have to promise to make it solvable; ``""`` if nothing helps.
        advice: what there is instead, and how to get it, one line each.
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
        under_way: the incomplete downloads, by ``CHANNEL/PLATFORM``, or by ``PLATFORM`` alone if
            several channels have it; those whose progress is unknown are left out.
    """

    total: int
    under_way: Mapping[str, int]


Outcome = Solution | Conflict

#: A request, and a record of its solution whose choice is to be explained.
Question = tuple[SolveRequest, CondaRecord]


@dataclass(frozen=True)
class Why:
    """Why the newest version was not chosen, nor a CUDA build if there is one."""

    newest: Newest
    cpu_build: CpuBuild | None = None


class CondaEngine(Protocol):
    """Solves conda requests."""

    def solve(
        self, requests: Sequence[SolveRequest], solved: Callable[[Solution], None]
    ) -> Sequence[Outcome]:
        """Solve all requests, concurrently where it can, and answer in their order.

        ``solved`` is called with each solution as soon as it is found, at least once, so that what
        depends on it need not wait for the others.

        Previous records (``locked``) are kept if they still fit. The records have public URLs, and
        no category yet.

        Raises:
            OutsideError: a channel can't be read.
        """
        ...  # pragma: no cover
