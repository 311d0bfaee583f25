"""The newest version of a PyPI package, and what prevented it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conda_multiplat.lockfile.exclude_newer import cutoffs_as_locked
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.alternatives import Newest, by_exception, by_updating
from conda_multiplat.solving.newest_versions import by_age
from conda_multiplat.solving.pypi import (
    NameTable,
    PypiConflict,
    PypiEngine,
    PypiOutcome,
    PypiRequest,
    index_options_only,
    is_of_index,
    pypi_request,
)
from conda_multiplat.vocabulary.errors import NOWHERE
from conda_multiplat.vocabulary.records import PypiRecord


def newest_of_pypi(
    questions: Sequence[tuple[Target, PlatformLock, PypiRecord]],
    engine: PypiEngine,
    table: NameTable,
) -> list[Newest]:
    """Return the newest version in an index for each target's Python, and what rules it out.

    If no index has the project, the locked version is the newest. A project that doesn't come
    from an index is not looked up there.

    Raises:
        OutsideError: an index can't be read.
    """
    asked = [
        (
            pypi_request(
                target, locked.records, table, cuts=cutoffs_as_locked(target, locked.cooldown).pypi
            ),
            record,
        )
        for target, locked, record in questions
    ]
    of_index = [i for i, (request, record) in enumerate(asked) if is_of_index(record, request)]
    newest_in_index = _newest_of_index([asked[i] for i in of_index], engine)
    newest = dict(zip(of_index, newest_in_index, strict=True))
    return [
        newest.get(i) or Newest(record.version, place=record.url.removesuffix("#editable"))
        for i, (_, record) in enumerate(asked)
    ]


def _newest_of_index(
    asked: Sequence[tuple[PypiRequest, PypiRecord]], engine: PypiEngine
) -> list[Newest]:
    records = [record for _, record in asked]
    unconstrained = [engine.start(_only(request, record.name)) for request, record in asked]
    versions = [
        _version(future.result(), record)
        for future, record in zip(unconstrained, records, strict=True)
    ]
    too_new = [
        _is_too_new(request, record, future.result())
        for (request, record), future in zip(asked, unconstrained, strict=True)
    ]
    trials = [
        None
        if version == record.version or newer
        else engine.start(_with(request, f"{record.name}=={version}"))
        for (request, record), version, newer in zip(asked, versions, too_new, strict=True)
    ]
    return [
        _too_new(request, record.name, version)
        if newer
        else _newest(record.name, version, future.result() if future else None)
        for (request, record), version, future, newer in zip(
            asked, versions, trials, too_new, strict=True
        )
    ]


def _is_too_new(request: PypiRequest, record: PypiRecord, outcome: PypiOutcome) -> bool:
    """Return whether the newest version was published too late, or has no known time."""
    cut = request.cuts.of(record.name)
    if cut is None or isinstance(outcome, PypiConflict):
        return False
    time = outcome.times.get(record.name, 0)
    return _version(outcome, record) != record.version and not 0 < time <= cut


def _too_new(request: PypiRequest, name: str, version: str) -> Newest:
    reason = by_age(request.cuts.of(name) or 0)
    return Newest(version, f"{reason}; {by_exception(name)}")


def _only(request: PypiRequest, name: str) -> PypiRequest:
    """Return a request for one package, without dependencies and conda's packages."""
    places = index_options_only(request)
    wanted = Requirement(name, name, NOWHERE)
    return replace(places, requirements=(*places.requirements, wanted))


def _with(request: PypiRequest, text: str) -> PypiRequest:
    return replace(request, requirements=(*request.requirements, Requirement(text, "", NOWHERE)))


def _version(outcome: PypiOutcome, record: PypiRecord) -> str:
    """Return the version in an index; the locked one if no index has the project."""
    records = () if isinstance(outcome, PypiConflict) else outcome.records
    return next(
        (package.version for package in records if package.name == record.name), record.version
    )


def _newest(name: str, version: str, outcome: PypiOutcome | None) -> Newest:
    if outcome is None:
        return Newest(version)
    if isinstance(outcome, PypiConflict):
        lines = tuple(requirement for requirement in outcome.requirements if requirement.at.file)
        return Newest(version, clash=lines, obstacle=outcome.explanation)
    return Newest(version, fix=by_updating(name))
