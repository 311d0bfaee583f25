"""How the conda sides of a solve-group's environments agree; see ``agreement``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.groups.agreement import Terms, Version
from conda_multiplat.solving.outcomes import Conflict, Outcome, Solution
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.graph import depends_of, reachable
from conda_multiplat.vocabulary.match_spec import parse_spec


def _versions(outcome: Outcome) -> Mapping[str, str] | None:
    if isinstance(outcome, Conflict):
        return None
    return {each.name: each.version for each in outcome.records}


def with_peers_lines(request: SolveRequest) -> SolveRequest:
    """A request bound to what its peers ask for too, but for the builds that they ask for."""
    own = {each.text for each in request.requirements}
    asked = (each for peer in request.target.peers for each in peer.view.conda)
    texts = {_version_only(each) for each in asked if each.text not in own}
    return request._replace(constraints=tuple(sorted(filter(None, texts))))


def _bound(
    request: SolveRequest, versions: Mapping[str, str], out: Collection[Version]
) -> SolveRequest:
    bound = with_peers_lines(request)
    texts = set(bound.constraints)
    texts |= {f"{name} =={version}" for name, version in versions.items()}
    texts |= {f"{name} !={version}" for name, version in out}
    return bound._replace(constraints=tuple(sorted(texts)))


def _version_only(requirement: Requirement) -> str:
    spec = parse_spec(requirement.text)
    version = spec.fields.get("version")
    return f'{spec.name}[version="{version}"]' if version else ""


def _joint(requests: Sequence[SolveRequest]) -> SolveRequest | None:
    """Requests as one, where nothing but their requirements differs."""
    first = requests[0]
    if any(_surroundings(each) != _surroundings(first) for each in requests):
        return None
    asked = {each.text: each for request in reversed(requests) for each in request.requirements}
    locked = {each.name: each for request in reversed(requests) for each in request.locked}
    return first._replace(requirements=tuple(asked.values()), locked=tuple(locked.values()))


def _surroundings(request: SolveRequest) -> tuple[object, ...]:
    return request.channels, request.virtual_packages, request.channel_priority


def _part(request: SolveRequest, whole: Outcome) -> Outcome:
    """What a request needs of the solution of all."""
    if isinstance(whole, Conflict):
        return replace(whole, request=request)
    asked = (each.name for each in request.requirements)
    names = reachable(asked, depends_of(whole.records))
    return Solution(
        request,
        tuple(each for each in whole.records if each.name in names),
        tuple(each for each in whole.cpu_builds if each.name in names),
    )


def _failed(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Solution):
        return outcome
    return replace(outcome, agreement=outcome.request.target.members)


TERMS: Terms[SolveRequest, Outcome] = Terms(_versions, _bound, _joint, _part, _failed)
