"""How the PyPI sides of a solve-group's environments agree; see ``agreement``.

What conda provides in one environment binds what PyPI has in another.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from conda_multiplat.agreement import Terms, Version
from conda_multiplat.pypi import PypiConflict, PypiOutcome, PypiRequest


def _versions(outcome: PypiOutcome) -> Mapping[str, str] | None:
    if isinstance(outcome, PypiConflict):
        return None
    # What stands on this disk has the version that it has: nobody can be bound to it.
    found = {each.name: each.version for each in outcome.records if "://" in each.url}
    return found | {each.name: each.version for each in outcome.request.provided}


def _bound(
    request: PypiRequest, versions: Mapping[str, str], out: Collection[Version]
) -> PypiRequest:
    lines = {f"{name}=={version}" for name, version in versions.items()}
    lines |= {f"{name}!={version}" for name, version in out}
    own = {each.name for each in request.provided}  # conda's versions bind already, and are agreed
    return replace(request, bound=tuple(sorted(_others(lines, own))))


def _others(lines: Iterable[str], own: Collection[str]) -> Iterable[str]:
    return (each for each in lines if re.split("[!=]", each)[0] not in own)


def _failed(outcome: PypiOutcome) -> PypiOutcome:
    target = outcome.request.target
    names = (target.environment, *(each.environment for each in target.peers))
    return replace(outcome, agreement=names) if isinstance(outcome, PypiConflict) else outcome


TERMS: Terms[PypiRequest, PypiOutcome] = Terms(
    versions=_versions,
    bound=_bound,
    joint=lambda _: None,  # each has conda packages of its own, which a joint answer would mix up
    part=lambda _, whole: whole,
    failed=_failed,
)
