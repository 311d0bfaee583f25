"""The conda side of an agreement between the environments of a solve-group; see ``agreement``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.outcomes import Conflict, Outcome, Solution
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.solving.solve_groups.agreement import Version
from conda_multiplat.vocabulary.graph import depends_of, reachable
from conda_multiplat.vocabulary.match_spec import parse_spec


class CondaTerms:
    """Implements :class:`~conda_multiplat.solving.solve_groups.agreement.Terms`."""

    def versions(self, outcome: Outcome) -> Mapping[str, str] | None:
        """Return the versions of all records."""
        if isinstance(outcome, Conflict):
            return None
        return {record.name: record.version for record in outcome.records}

    def bound(
        self, request: SolveRequest, versions: Mapping[str, str], excluded: Collection[Version]
    ) -> SolveRequest:
        """Bind it by constraints, including those from the lines of its peers."""
        bound = with_peers_lines(request)
        texts = set(bound.constraints)
        texts |= {f"{name} =={version}" for name, version in versions.items()}
        texts |= {f"{name} !={version}" for name, version in excluded}
        return bound._replace(constraints=tuple(sorted(texts)))

    def joint(self, requests: Sequence[SolveRequest]) -> SolveRequest | None:
        """Combine requests that differ in nothing but their requirements."""
        first = requests[0]
        if any(_surroundings(request) != _surroundings(first) for request in requests):
            return None
        requirements = {
            line.text: line for request in reversed(requests) for line in request.requirements
        }
        locked = {
            record.name: record for request in reversed(requests) for record in request.locked
        }
        return first._replace(
            requirements=tuple(requirements.values()), locked=tuple(locked.values())
        )

    def part(self, request: SolveRequest, whole: Outcome) -> Outcome:
        """Return what a request needs of the joint solution."""
        if isinstance(whole, Conflict):
            return replace(whole, request=request)
        roots = (requirement.name for requirement in request.requirements)
        names = reachable(roots, depends_of(whole.records))
        return Solution(
            request,
            tuple(record for record in whole.records if record.name in names),
            tuple(build for build in whole.cpu_builds if build.name in names),
            whole.relations,
            {
                channel: {name: time for name, time in times.items() if name in names}
                for channel, times in whole.times.items()
            },
        )

    def disagreement(self, outcome: Outcome) -> Outcome:
        """Add the environments that can't agree."""
        if isinstance(outcome, Solution):
            return outcome
        return replace(outcome, agreement=outcome.request.target.members)


def with_peers_lines(request: SolveRequest) -> SolveRequest:
    """Return a request bound to the versions, but not the builds, that its peers require too."""
    texts_of_request = {requirement.text for requirement in request.requirements}
    peers_lines = (line for peer in request.target.peers for line in peer.view.conda)
    texts = {_version_only(line) for line in peers_lines if line.text not in texts_of_request}
    return request._replace(constraints=tuple(sorted(filter(None, texts))))


def _version_only(requirement: Requirement) -> str:
    spec = parse_spec(requirement.text)
    version = spec.fields.get("version")
    return f'{spec.name}[version="{version}"]' if version else ""


def _surroundings(request: SolveRequest) -> tuple[object, ...]:
    return (
        request.channels,
        request.virtual_packages,
        request.channel_priority,
        request.cutoffs,
    )
