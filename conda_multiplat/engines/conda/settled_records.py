"""Settle what repodata v3 leaves open in a record, for the solution that contains the record.

The solver evaluates CEP 43's conditions and CEP 44's extras, so that a solution shows their effect.
A lock has plain MatchSpecs, which every reader knows: a dependency whose condition is false is left
out, and the dependencies of a requested extra become dependencies of the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import rattler

from conda_multiplat.engines.conda.specs import spec_matches
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.conditions import condition_holds
from conda_multiplat.vocabulary.names import VirtualPackage, spec_name, unique
from conda_multiplat.vocabulary.records import CondaRecord

RattlerRecords = Sequence[rattler.RepoDataRecord]


def settled(
    request: SolveRequest, records: Sequence[CondaRecord], solution: RattlerRecords
) -> tuple[CondaRecord, ...]:
    """Return the records of a solution with plain MatchSpecs.

    Args:
        request: the request.
        records: the solution.
        solution: the same as rattler's records.
    """
    if not any(
        "[" in spec for record in records for spec in (*record.depends, *record.constrains)
    ) and (not any("extras" in line.text for line in request.requirements)):
        return tuple(records)
    packages: dict[str, VirtualPackage | CondaRecord] = {record.name: record for record in records}
    packages |= {package.name: package for package in request.virtual_packages}

    def holds(spec: str) -> bool:
        package = packages.get(spec_name(spec))
        return package is not None and spec_matches(spec, package)

    def counting(specs: Iterable[str]) -> list[rattler.MatchSpec]:
        parsed = [rattler.MatchSpec(spec, strict=False) for spec in specs]
        return [
            spec for spec in parsed if not spec.condition or condition_holds(spec.condition, holds)
        ]

    depends = {record.name.normalized: counting(record.depends) for record in solution}
    requested = counting(line.text for line in request.requirements if "[" in line.text)
    _add_extras(
        depends, requested, {record.name.normalized: record.extra_depends for record in solution}
    )
    return tuple(
        record._replace(
            depends=unique(map(_plain, depends[record.name])),
            constrains=unique(map(_plain, counting(record.constrains))),
        )
        for record in records
    )


def _add_extras(
    depends: dict[str, list[rattler.MatchSpec]],
    requested: Sequence[rattler.MatchSpec],
    extras: dict[str, dict[str, list[str]]],
) -> None:
    """Add the dependencies of requested extras, including extras requested by extras."""
    waiting = [*requested, *(spec for specs in depends.values() for spec in specs)]
    visited: set[tuple[str, str]] = set()
    while waiting:
        spec = waiting.pop()
        name = spec.name.normalized if spec.name else ""
        for extra in spec.extras or ():
            if (name, extra) not in visited:
                visited.add((name, extra))
                texts = extras.get(name, {}).get(extra, ())
                more = [rattler.MatchSpec(text, strict=False) for text in texts]
                depends.setdefault(name, []).extend(more)
                waiting += more


def _plain(spec: rattler.MatchSpec) -> str:
    """Return name, version and build; the other parts of a v3 spec were applied by the solver."""
    name = spec.name.normalized if spec.name else ""
    parts = [name, str(spec.version or ""), str(spec.build or "")]
    if parts[2]:
        parts[1] = parts[1] or "*"
    return " ".join(filter(None, parts))
