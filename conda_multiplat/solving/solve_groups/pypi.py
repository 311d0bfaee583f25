"""The PyPI side of an agreement between the environments of a solve-group; see ``agreement``.

The versions that conda provides in one environment bind the PyPI packages of another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from conda_multiplat.solving.pypi import PypiConflict, PypiOutcome, PypiRequest, PypiSolution
from conda_multiplat.solving.solve_groups.agreement import Version


class PypiTerms:
    """Implements :class:`~conda_multiplat.solving.solve_groups.agreement.Terms`."""

    def versions(self, outcome: PypiOutcome) -> Mapping[str, str] | None:
        """Return the versions of packages from an index and from conda.

        A local project has only the version that it has, so that no other environment can be bound
        to it.
        """
        if isinstance(outcome, PypiConflict):
            return None
        indexed = {record.name: record.version for record in outcome.records if "://" in record.url}
        return indexed | {given.name: given.version for given in outcome.request.provided}

    def bound(
        self, request: PypiRequest, versions: Mapping[str, str], excluded: Collection[Version]
    ) -> PypiRequest:
        """Bind it by constraints; what conda provides is bound and agreed already."""
        provided = {given.name for given in request.provided}
        lines = {f"{name}=={version}" for name, version in versions.items() if name not in provided}
        lines |= {f"{name}!={version}" for name, version in excluded if name not in provided}
        return replace(request, bound=tuple(sorted(lines)))

    def joint(self, requests: Sequence[PypiRequest]) -> PypiRequest | None:
        """Return ``None``: each has its own conda packages, which can't be combined."""
        return None

    def part(self, request: PypiRequest, whole: PypiOutcome) -> PypiOutcome:
        """Raise ``NotImplementedError``: no request is joint."""
        raise NotImplementedError

    def disagreement(self, outcome: PypiOutcome) -> PypiOutcome:
        """Add the environments that can't agree."""
        if isinstance(outcome, PypiSolution):
            return outcome
        return replace(outcome, agreement=outcome.request.target.members)
