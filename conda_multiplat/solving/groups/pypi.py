"""How the PyPI sides of a solve-group's environments agree; see ``agreement``.

What conda provides in one environment binds what PyPI has in another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from conda_multiplat.solving.groups.agreement import Terms, Version
from conda_multiplat.solving.pypi import PypiConflict, PypiOutcome, PypiRequest, PypiSolution


def _versions(outcome: PypiOutcome) -> Mapping[str, str] | None:
    if isinstance(outcome, PypiConflict):
        return None
    # What stands on this disk has the version that it has: nobody can be bound to it.
    found = {each.name: each.version for each in outcome.records if "://" in each.url}
    return found | {each.name: each.version for each in outcome.request.provided}


def _bound(
    request: PypiRequest, versions: Mapping[str, str], out: Collection[Version]
) -> PypiRequest:
    own = {each.name for each in request.provided}  # conda's versions bind already, and are agreed
    lines = {f"{name}=={version}" for name, version in versions.items() if name not in own}
    lines |= {f"{name}!={version}" for name, version in out if name not in own}
    return replace(request, bound=tuple(sorted(lines)))


def _failed(outcome: PypiOutcome) -> PypiOutcome:
    if isinstance(outcome, PypiSolution):
        return outcome
    return replace(outcome, agreement=outcome.request.target.members)


TERMS: Terms[PypiRequest, PypiOutcome] = Terms(
    versions=_versions,
    bound=_bound,
    joint=lambda _: None,  # each has conda packages of its own, which a joint answer would mix up
    part=lambda _, whole: whole,
    failed=_failed,
)
