"""How the PyPI sides of a solve-group's environments agree; see ``agreement``.

What conda provides in one environment binds what PyPI has in another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from conda_multiplat.solving.pypi import PypiConflict, PypiOutcome, PypiRequest, PypiSolution
from conda_multiplat.solving.solve_groups.agreement import Version


class PypiTerms:
    """Implements :class:`~conda_multiplat.solving.solve_groups.agreement.Terms`."""

    def versions(self, outcome: PypiOutcome) -> Mapping[str, str] | None:
        """Those of an index and of conda.

        What stands on this disk has the version that it has: nobody can be bound to it.
        """
        if isinstance(outcome, PypiConflict):
            return None
        found = {record.name: record.version for record in outcome.records if "://" in record.url}
        return found | {given.name: given.version for given in outcome.request.provided}

    def bound(
        self, request: PypiRequest, versions: Mapping[str, str], excluded: Collection[Version]
    ) -> PypiRequest:
        """By constraints; conda's versions bind already, and are agreed."""
        own = {given.name for given in request.provided}
        lines = {f"{name}=={version}" for name, version in versions.items() if name not in own}
        lines |= {f"{name}!={version}" for name, version in excluded if name not in own}
        return replace(request, bound=tuple(sorted(lines)))

    def joint(self, requests: Sequence[PypiRequest]) -> PypiRequest | None:
        """None: each has conda packages of its own, which a joint answer would mix up."""
        return None

    def part(self, request: PypiRequest, whole: PypiOutcome) -> PypiOutcome:
        """Never asked for, since nothing is joint."""
        raise NotImplementedError

    def disagreement(self, outcome: PypiOutcome) -> PypiOutcome:
        """With the environments that could not agree."""
        if isinstance(outcome, PypiSolution):
            return outcome
        return replace(outcome, agreement=outcome.request.target.members)
