"""Who asks for which extras in a resolution, what that needs, and what is wrong with it.

uv says which extras are asked for of a project, and who needs the project, but not who of these
asks for which extra. Where several do, their own metadata says it.
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
class Asked:
    """The extras of a resolution.

    Attributes:
        records: the records, each with what it needs by extras of what conda provides.
        of_lines: the extras that lines and local projects ask for, ``name[extra]``, with what
            conda's package of that name does not bring.
        warnings: what uv warns of, in our words where it is of extras.
    """

    records: tuple[PypiRecord, ...]
    of_lines: tuple[tuple[str, tuple[str, ...]], ...]
    warnings: tuple[str, ...]


def asked_extras(
    uv: Compiler,
    listing: Listing,
    records: Sequence[PypiRecord],
    published: Published,
    told: Sequence[str],
) -> Asked:
    """Return who requests which extras; ``told`` are uv's warnings."""
    resolution = _Resolution(uv, listing, records, published)
    lines = list(_of_lines(uv.request.requirements, resolution))
    local = list(_of_lines(_local_lines(resolution), resolution))
    packages = list(_of_packages(resolution, lines, _projects(resolution, told)))
    needed: dict[str, set[str]] = {}
    for request in packages:
        needs = resolution.needs(request.name, request.extras)
        needed.setdefault(request.asker, set()).update(needs)
    of_lines = {
        f"{line.name}[{extra}]": tuple(resolution.needs(line.name, [extra]))
        for line in (*lines, *local)
        for extra in line.extras
    }
    return Asked(
        tuple(_needing(record, needed.get(record.name, ())) for record in records),
        tuple(sorted(of_lines.items())),
        tuple(_warning(line, resolution, [*lines, *packages]) for line in told),
    )


def _projects(found: _Resolution, told: Sequence[str]) -> set[str]:
    """Return the projects for which it matters who requests their extras."""
    named = {canonicalize_name(match["name"]) for match in map(_NO_EXTRA.search, told) if match}
    return found.listing.extras.keys() & (named | found.uv.extras.keys())


def _local_lines(found: _Resolution) -> list[Requirement]:
    """Return what local projects need on the target."""
    request = found.uv.request
    subdir, python = request.target.subdir, request.python
    projects = request.target.view.projects
    return lines_of_needs(project for project in projects if is_needed(project, subdir, python))


def _of_lines(lines: Iterable[Requirement], found: _Resolution) -> Iterator[_Request]:
    for requirement in lines:
        if not requirement.name or requirement.text.startswith(CONSTRAINT):
            continue
        try:
            line = Pep508(requirement.text)
        except InvalidRequirement:
            continue
        if line.extras and (line.marker is None or found.holds(line.marker, "")):
            yield _Request(str(requirement.at), requirement.name, tuple(extras_of(line)))


def _of_packages(
    found: _Resolution, lines: Sequence[_Request], projects: Iterable[str]
) -> Iterator[_Request]:
    """Yield packages' requests for projects' extras; a single requester needs no metadata."""
    asked = {requirement.name for requirement in found.uv.request.requirements}
    for name in sorted(projects):
        askers = found.listing.askers(name)
        for asker in askers:
            extras = tuple(found.listing.extras[name])
            says = None if askers == [asker] and name not in asked else _metadata(found, asker)
            if says:
                own = found.listing.extras.get(asker, ())
                needed = requested(says, own, found.holds)
                of_it = [line for line in needed if canonicalize_name(line.name) == name]
                extras = tuple(extra for line in of_it for extra in extras_of(line))
            if extras:
                yield _Request(asker, name, extras)


def _metadata(found: _Resolution, name: str) -> Metadata | None:
    """Return a package's metadata; ``None`` if it would have to be built."""
    if name in found.uv.extras:
        return found.uv.extras[name]
    record = next((record for record in found.records if record.name == name), None)
    if record is None or not record.sha256 or record.is_folder:
        return None
    return found.published.of_file(found.uv, name, record.url)


def _needing(record: PypiRecord, more: Iterable[str]) -> PypiRecord:
    return record._replace(depends=tuple(sorted({*record.depends, *more} - {record.name})))


def _warning(line: str, found: _Resolution, requests: Sequence[_Request]) -> str:
    match = _NO_EXTRA.search(line)
    if match is None:
        return f"uv: {line}"
    name, extra = canonicalize_name(match["name"]), canonicalize_name(match["extra"])
    askers = dict.fromkeys(
        request.asker for request in requests if request.name == name and extra in request.extras
    )
    by = f"{' and '.join(askers) or 'something'} asks for {name}[{extra}]"
    version = found.versions().get(name, "")
    if name in found.uv.extras and found.uv.extras[name] is None:
        return (
            f"{by}: conda provides {name} {version}, and no index lists what that extra "
            "needs; add that to the manifest yourself"
        )
    return f"{by}: {name} {version} has no such extra"
