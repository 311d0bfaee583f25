"""What solving a request leads to, and the port that engines implement.

A request either becomes a :class:`Solution` or a :class:`Conflict`; trouble outside (a channel
that does not answer) is raised, since it says nothing about the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from conda_multiplat.errors import Location
from conda_multiplat.manifest import Requirement
from conda_multiplat.records import CondaRecord
from conda_multiplat.requests import SolveRequest


@dataclass(frozen=True)
class CpuBuild:
    """A package that was chosen in a CPU build where CUDA is promised and there are CUDA builds.

    Attributes:
        name: the package's name.
        version: the version that was chosen.
        at: the line that asks for it.
        reason: why no CUDA build was, in a few words.
        instead: the version of the CUDA build that would do, ``""`` where none does.
        spec: the MatchSpec that asks for it, ``""`` where it only has to be freed to move.
        obstacle: where none does, the solver's explanation.
    """

    name: str
    version: str
    at: Location
    reason: str
    instead: str
    spec: str
    obstacle: str = ""

    def lines(self) -> list[str]:
        """What a person reads."""
        found = [f"{self.name} {self.version} is a CPU build: {self.reason}"]
        if self.instead:
            way = f"write `{self.spec}` in {self.at}" if self.spec else f"run `{self._update}`"
            found.append(f"  {self.instead} has one; to get it {way}")
        elif self.obstacle:
            found.append(f"  `{self.spec}` in {self.at} would have no solution:")
            found += [f"    {line}" for line in self.obstacle.splitlines()]
        return found

    @property
    def _update(self) -> str:
        return f"conda multiplat lock --update {self.name}"

    def to_dict(self) -> dict[str, str | int]:
        """The JSON form."""
        return {
            "name": self.name,
            "version": self.version,
            "file": self.at.file,
            "line": self.at.line,
            "reason": self.reason,
            "instead": self.instead,
            "spec": self.spec,
            "obstacle": self.obstacle,
        }


@dataclass(frozen=True)
class Solution:
    """The records that answer a request, and what is worth a word about them."""

    request: SolveRequest
    records: tuple[CondaRecord, ...]
    cpu_builds: tuple[CpuBuild, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Why a request has no answer.

    Attributes:
        request: the request.
        explanation: the solver's tree, of the requirements that clash and no others.
        requirements: a smallest set of requirements that can't be met together.
        suggestions: for each name that no channel has, names that look like it.
        agreement: the environments that could not agree, where each by itself has an answer.
    """

    request: SolveRequest
    explanation: str
    requirements: tuple[Requirement, ...]
    suggestions: Mapping[str, Sequence[str]]
    agreement: tuple[str, ...] = ()


Outcome = Solution | Conflict


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
