"""Find the lines of a manifest that most likely prevent a version, before solving.

The lock gives hints: the newest builds need something that is locked differently, or a locked
package allows none of them. The lines that require these packages are tried first, a few at a time,
which takes a tenth of a full solve; only if that finds nothing, everything is solved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import rattler

from conda_multiplat.engines.conda.specs import spec_allows, spec_matches
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.graph import path_to
from conda_multiplat.vocabulary.names import spec_name, unique
from conda_multiplat.vocabulary.records import CondaRecord

#: The number of lines to try; for a package that many need, nearly all lines would be suspects.
_FEW = 4
#: Most builds are for one version of Python, and its ABI package follows from that.
_PYTHON, _PYTHON_ABI = "python", "python_abi"


def suspected_lines(
    request: SolveRequest, name: str, builds: Sequence[rattler.RepoDataRecord]
) -> list[Requirement]:
    """Return the lines that may exclude all builds of a version, the likeliest first.

    Args:
        request: the request, with the locked records.
        name: the package.
        builds: the version's builds.
    """
    locked = {record.name: record for record in request.locked}
    lines = {line.name: line for line in request.requirements}
    others = {text: line for text, line in lines.items() if text != name}
    depends = {
        record.name: [spec_name(spec) for spec in record.depends] for record in request.locked
    }
    names = unique([*_lacking(locked, builds), *_refusing(locked, name, builds)])
    lines_of_package = [lines[name]] if name in lines and not _allows(lines[name], builds) else []
    if not (names or lines_of_package):
        return []
    # Python's ABI follows from the line for Python, which is a suspect anyway.
    named = [name for name in names if name != _PYTHON_ABI] or [_PYTHON]
    paths = [path_to(name, others, depends) for name in named]
    roots = [*lines_of_package, *(others[path[0]] for path in paths if path)][:_FEW]
    python = [others[_PYTHON]] if _PYTHON in others else []
    first = python if _PYTHON_ABI in names or _PYTHON in names else []
    return list(dict.fromkeys([*first, *roots, *python]))


def _allows(line: Requirement, builds: Sequence[rattler.RepoDataRecord]) -> bool:
    return any(spec_allows(line.text, str(build.version)) for build in builds)


def _lacking(
    locked: dict[str, CondaRecord], builds: Sequence[rattler.RepoDataRecord]
) -> Iterator[str]:
    """Return the locked packages that don't satisfy the build with the fewest unmet needs."""
    lacks = [_unmet(locked, build) for build in builds]
    if lacks and all(lacks):
        yield from min(lacks, key=len)


def _unmet(locked: dict[str, CondaRecord], build: rattler.RepoDataRecord) -> list[str]:
    return [
        name
        for spec in (*build.depends, *build.constrains)
        if (name := spec_name(spec)) in locked and not spec_matches(spec, locked[name])
    ]


def _refusing(
    locked: dict[str, CondaRecord], name: str, builds: Sequence[rattler.RepoDataRecord]
) -> Iterator[str]:
    """Return the locked packages that need another version."""
    for record in locked.values():
        specs = [spec for spec in record.depends if spec_name(spec) == name]
        parsed = [rattler.MatchSpec(spec, strict=False) for spec in specs]
        if parsed and not any(all(spec.matches(build) for spec in parsed) for build in builds):
            yield record.name
