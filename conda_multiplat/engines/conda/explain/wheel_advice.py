"""Hints for packages that a channel has only as wheels, which can't be locked."""

from __future__ import annotations

from collections.abc import Sequence

import rattler

from conda_multiplat.engines.conda.repodata import Repodata
from conda_multiplat.engines.conda.specs import is_newer, record_matches, spec_allows
from conda_multiplat.engines.conda.wheel_records import Wheel
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.match_spec import is_package_name
from conda_multiplat.vocabulary.names import spec_name
from conda_multiplat.vocabulary.records import CondaRecord

#: How deep dependencies are searched, and in how many packages.
_DEPTH = 3
_MANY = 300


async def wheel_advice(
    repodata: Repodata, request: SolveRequest, involved: Sequence[Requirement]
) -> tuple[str, ...]:
    """Return the packages that channels have only as wheels, among what lines ask for and need.

    Args:
        repodata: the channels.
        request: the request that has no solution.
        involved: the lines that clash.
    """
    needed_by, lacking = await _lacking(repodata, request, involved)
    by_name: dict[str, Wheel] = {}
    for wheel in await repodata.wheels(request, sorted(lacking)) if lacking else ():
        fits = all(_fits(line, wheel) for line in involved if line.name == wheel.name)
        other = by_name.get(wheel.name)
        if fits and (other is None or is_newer(wheel.version, other.version)):
            by_name[wheel.name] = wheel
    return tuple(_line(wheel, needed_by[name]) for name, wheel in sorted(by_name.items()))


async def _lacking(
    repodata: Repodata, request: SolveRequest, involved: Sequence[Requirement]
) -> tuple[dict[str, str], set[str]]:
    """Return each name with the package that needs it (``""``: a line), and the missing names."""
    needed_by = dict.fromkeys((line.name for line in involved), "")
    lacking: set[str] = set()
    level = set(needed_by)
    for depth in range(_DEPTH):
        if not level or len(needed_by) > _MANY:
            break
        records = await repodata.known(request, sorted(level))
        lacking |= level - {record.name.normalized for record in records}
        if depth == 0:
            fitting = [_plain(record) for record in records]
            lacking |= {line.name for line in involved if not _any_fits(line, fitting)}
        needed = {
            spec_name(need): f"{record.name.normalized} {record.version}"
            for record in records
            for need in record.depends
        }
        level = {name for name in needed if name not in needed_by and is_package_name(name)}
        needed_by = {**needed, **needed_by}
    return needed_by, lacking


def _any_fits(line: Requirement, records: Sequence[CondaRecord]) -> bool:
    return any(record.name == line.name and record_matches(line.text, record) for record in records)


def _fits(line: Requirement, wheel: Wheel) -> bool:
    """Return whether a line's version allows a wheel; a line's build never matches one."""
    return spec_allows(line.text, wheel.version)


def _plain(record: rattler.RepoDataRecord) -> CondaRecord:
    return CondaRecord(record.name.normalized, str(record.version), str(record.build), record.url)


def _line(wheel: Wheel, needed_by: str) -> str:
    fact = f"{wheel.name} {wheel.version} is in {wheel.channel} as a wheel (`v3.whl`)"
    refused = f"py-rattler {rattler.__version__} can't install wheels of a channel"
    if needed_by:
        return f"{fact}, and {needed_by} needs it: {refused}"
    return f"{fact}; {refused}: use `pip: [{wheel.name}]`"
