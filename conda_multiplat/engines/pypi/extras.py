"""Find which packages request which extras in a resolution, and what these extras need.

uv states the requested extras of a project, and the packages that need the project, but not which
of them requests which extra. If there are several, their own metadata tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from conda_multiplat.engines.pypi.compile import Compiler
from conda_multiplat.engines.pypi.listing import Listing
from conda_multiplat.engines.pypi.published import Published
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.extras import Metadata, extras_of, needs_of_extras, requested
from conda_multiplat.solving.local_needs import is_needed, lines_of_needs
from conda_multiplat.vocabulary.markers import holds
from conda_multiplat.vocabulary.pip_options import CONSTRAINT
from conda_multiplat.vocabulary.records import PypiRecord

_NO_EXTRA = re.compile(
    r"The package `(?P<name>[A-Za-z0-9._-]+).*` does not have an extra named `(?P<extra>[^`]+)`"
)


class _Request(NamedTuple):
    """A request for a project's extras; ``asker`` is a line's location or a package's name."""

    asker: str
    name: str
    extras: tuple[str, ...]


@dataclass(frozen=True)
class _Resolution:
    """uv's result, with what is needed to look up metadata."""

    uv: Compiler
    listing: Listing
    records: Sequence[PypiRecord]
    published: Published

    def holds(self, marker: Marker, extra: str) -> bool:
        """Return whether a marker is true on the target."""
        return holds(marker, self.uv.request.target.subdir, self.uv.request.python, extra)

    def needs(self, name: str, extras: Iterable[str]) -> list[str]:
        """Return the requirements of a project's extras if conda provides the project."""
        optional = {name: says for name, says in self.uv.extras.items() if says}
        return needs_of_extras(name, extras, optional, self.holds)

    def versions(self) -> dict[str, str]:
        """Return the version of each project."""
        locked = {record.name: record.version for record in self.records}
        return locked | {package.name: package.version for package in self.uv.request.provided}


@dataclass(frozen=True)
class RequestedExtras:
    """The extras of a resolution.

    Attributes:
        records: the records, each with the needs of the extras that it requests of conda packages.
        of_lines: the extras that lines and local projects request, ``name[extra]``, with the needs
            that conda's package of that name does not bring.
        warnings: uv's warnings; those about extras in our words.
    """

    records: tuple[PypiRecord, ...]
    of_lines: tuple[tuple[str, tuple[str, ...]], ...]
    warnings: tuple[str, ...]


def requested_extras(
    uv: Compiler,
    listing: Listing,
    records: Sequence[PypiRecord],
    published: Published,
    warnings: Sequence[str],
) -> RequestedExtras:
    """Return which packages request which extras; ``warnings`` are uv's."""
    resolution = _Resolution(uv, listing, records, published)
    lines = list(_of_lines(uv.request.requirements, resolution))
    local = list(_of_lines(_local_lines(resolution), resolution))
    packages = list(_of_packages(resolution, lines, _projects(resolution, warnings)))
    needed: dict[str, set[str]] = {}
    for request in packages:
        needs = resolution.needs(request.name, request.extras)
        needed.setdefault(request.asker, set()).update(needs)
    of_lines = {
        f"{line.name}[{extra}]": tuple(resolution.needs(line.name, [extra]))
        for line in (*lines, *local)
        for extra in line.extras
    }
    return RequestedExtras(
        tuple(_needing(record, needed.get(record.name, ())) for record in records),
        tuple(sorted(of_lines.items())),
        tuple(_warning(line, resolution, [*lines, *packages]) for line in warnings),
    )


def _projects(resolution: _Resolution, warnings: Sequence[str]) -> set[str]:
    """Return the projects for which the packages that request their extras have to be known."""
    named = {canonicalize_name(match["name"]) for match in map(_NO_EXTRA.search, warnings) if match}
    return resolution.listing.extras.keys() & (named | resolution.uv.extras.keys())


def _local_lines(resolution: _Resolution) -> list[Requirement]:
    """Return what local projects need on the target."""
    request = resolution.uv.request
    subdir, python = request.target.subdir, request.python
    projects = request.target.view.projects
    return lines_of_needs(project for project in projects if is_needed(project, subdir, python))


def _of_lines(lines: Iterable[Requirement], resolution: _Resolution) -> Iterator[_Request]:
    for requirement in lines:
        if not requirement.name or requirement.text.startswith(CONSTRAINT):
            continue
        try:
            line = Pep508(requirement.text)
        except InvalidRequirement:
            continue
        if line.extras and (line.marker is None or resolution.holds(line.marker, "")):
            yield _Request(str(requirement.at), requirement.name, tuple(extras_of(line)))


def _of_packages(
    resolution: _Resolution, lines: Sequence[_Request], projects: Iterable[str]
) -> Iterator[_Request]:
    """Yield packages' requests for projects' extras; a single requester needs no metadata."""
    requested_names = {requirement.name for requirement in resolution.uv.request.requirements}
    for name in sorted(projects):
        dependents = resolution.listing.dependents(name)
        for dependent in dependents:
            extras = tuple(resolution.listing.extras[name])
            is_only_one = dependents == [dependent] and name not in requested_names
            metadata = None if is_only_one else _metadata(resolution, dependent)
            if metadata:
                own_extras = resolution.listing.extras.get(dependent, ())
                needed = requested(metadata, own_extras, resolution.holds)
                matching = [line for line in needed if canonicalize_name(line.name) == name]
                extras = tuple(extra for line in matching for extra in extras_of(line))
            if extras:
                yield _Request(dependent, name, extras)


def _metadata(resolution: _Resolution, name: str) -> Metadata | None:
    """Return a package's metadata; ``None`` if it would have to be built."""
    if name in resolution.uv.extras:
        return resolution.uv.extras[name]
    record = next((record for record in resolution.records if record.name == name), None)
    if record is None or not record.sha256 or record.is_folder:
        return None
    return resolution.published.of_file(resolution.uv, name, record.url)


def _needing(record: PypiRecord, more: Iterable[str]) -> PypiRecord:
    return record._replace(depends=tuple(sorted({*record.depends, *more} - {record.name})))


def _warning(line: str, resolution: _Resolution, requests: Sequence[_Request]) -> str:
    match = _NO_EXTRA.search(line)
    if match is None:
        return f"uv: {line}"
    name, extra = canonicalize_name(match["name"]), canonicalize_name(match["extra"])
    requesters = dict.fromkeys(
        request.asker for request in requests if request.name == name and extra in request.extras
    )
    by = f"{' and '.join(requesters) or 'something'} asks for {name}[{extra}]"
    version = resolution.versions().get(name, "")
    if name in resolution.uv.extras and resolution.uv.extras[name] is None:
        return (
            f"{by}: conda provides {name} {version}, and no index lists what that extra "
            "needs; add that to the manifest yourself"
        )
    return f"{by}: {name} {version} has no such extra"
