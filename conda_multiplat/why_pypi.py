"""What stood in the way of the newest version of a PyPI package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conda_multiplat.alternatives import Newest, by_updating
from conda_multiplat.errors import Location
from conda_multiplat.lock import PlatformLock
from conda_multiplat.manifest import Requirement
from conda_multiplat.pip_entries import split_option
from conda_multiplat.pypi import (
    NameTable,
    PypiConflict,
    PypiEngine,
    PypiOutcome,
    PypiRequest,
    provided,
)
from conda_multiplat.records import PypiRecord, python_of
from conda_multiplat.targets import Target

#: Options that ask for something, and not from where.
_ASKING = ("-e", "--editable", "-r", "--requirement", "-c", "--constraint")
_NOWHERE = Location("")


def newest_of_pypi(
    questions: Sequence[tuple[Target, PlatformLock, PypiRecord]],
    engine: PypiEngine,
    table: NameTable,
) -> list[Newest]:
    """The newest version that an index has for each target's Python, and what is in its way.

    What is locked from a URL, a repository or this disk has no newer version.

    Raises:
        OutsideError: an index can't be read.
    """
    requests = [_request(target, locked, table) for target, locked, _ in questions]
    names = [record.name for _, _, record in questions]
    alone = [engine.start(_only(r, name)) for r, name in zip(requests, names, strict=True)]
    versions = [_version(each.result(), name) for each, name in zip(alone, names, strict=True)]
    wanted = [
        engine.start(_with(request, f"{name}=={version}")) if version != record.version else None
        for request, name, version, (_, _, record) in zip(
            requests, names, versions, questions, strict=True
        )
    ]
    return [
        _newest(name, version or record.version, future.result() if future and version else None)
        for name, version, future, (_, _, record) in zip(
            names, versions, wanted, questions, strict=True
        )
    ]


def _request(target: Target, locked: PlatformLock, table: NameTable) -> PypiRequest:
    return PypiRequest(
        target=target,
        python=python_of(locked.records),
        requirements=target.view.pypi,
        provided=provided(locked.records, table, dict(target.pypi_names)),
    )


def _only(request: PypiRequest, name: str) -> PypiRequest:
    """A request for one package, whatever it needs and whatever conda provides."""
    options = [each for each in request.requirements if _says_where(each.text)]
    wanted = Requirement(name, name, _NOWHERE)
    return replace(request, requirements=(*options, wanted), provided=())


def _says_where(entry: str) -> bool:
    return entry.startswith("-") and split_option(entry)[0] not in _ASKING


def _with(request: PypiRequest, text: str) -> PypiRequest:
    return replace(request, requirements=(*request.requirements, Requirement(text, "", _NOWHERE)))


def _version(outcome: PypiOutcome, name: str) -> str:
    if isinstance(outcome, PypiConflict):
        return ""
    return next((each.version for each in outcome.records if each.name == name), "")


def _newest(name: str, version: str, outcome: PypiOutcome | None) -> Newest:
    if outcome is None:
        return Newest(version)
    if isinstance(outcome, PypiConflict):
        lines = tuple(each for each in outcome.requirements if each.at is not _NOWHERE)
        return Newest(version, clash=lines, obstacle=outcome.explanation)
    return Newest(version, way=by_updating(name))
