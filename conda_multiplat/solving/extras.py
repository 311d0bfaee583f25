"""Extras of projects that conda provides: their requirements, from the metadata on PyPI.

conda packages have no extras. If one is requested (``fsspec[http]``), its requirements come from
PyPI, except for those that conda provides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from email.parser import HeaderParser
from typing import NamedTuple

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.pip_options import CONSTRAINT

#: Whether a marker holds on a target, with an extra or with none (``""``).
Holds = Callable[[Marker, str], bool]


class Metadata(NamedTuple):
    """The dependencies in a distribution's metadata.

    Attributes:
        requires: its ``Requires-Dist`` entries.
        extras: its ``Provides-Extra`` entries.
    """

    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()

    @property
    def optional(self) -> Metadata:
        """The metadata with only what extras need; the rest are dependencies of conda's package."""
        return self._replace(
            requires=tuple(require for require in self.requires if "extra" in require)
        )


def read_metadata(text: str) -> Metadata:
    """Read a distribution's ``METADATA``."""
    headers = HeaderParser().parsestr(text)
    return Metadata(
        tuple(headers.get_all("Requires-Dist", [])),
        tuple(canonicalize_name(name) for name in headers.get_all("Provides-Extra", [])),
    )


def requested(metadata: Metadata, extras: Iterable[str], holds: Holds) -> list[Pep508]:
    """Return a distribution's requirements on a target with some of its extras."""
    enabled = ("", *extras)
    lines = filter(None, map(_requirement, metadata.requires))
    return [
        line
        for line in lines
        if line.marker is None or any(holds(line.marker, extra) for extra in enabled)
    ]


def extras_of(line: Pep508) -> list[str]:
    """Return the extras that a requirement asks for."""
    return sorted(map(canonicalize_name, line.extras))


def needs_of_extras(
    name: str, extras: Iterable[str], known: Mapping[str, Metadata], holds: Holds
) -> list[str]:
    """Return the projects that extras of a project from conda need, through other extras as well.

    Args:
        name: the project.
        extras: its extras.
        known: the metadata of the projects that conda provides, with only what extras need.
        holds: evaluates markers for the target.
    """
    needs: set[str] = set()
    visited: set[tuple[str, str]] = set()
    waiting = [(name, extra) for extra in extras]
    while waiting:
        project, extra = waiting.pop()
        if (project, extra) in visited or project not in known:
            continue
        visited.add((project, extra))
        for line in _of_extra(known[project], extra, holds):
            needed = canonicalize_name(line.name)
            needs.add(needed)
            waiting += [(needed, inner) for inner in extras_of(line)]
    return sorted(needs - {name})


def _of_extra(metadata: Metadata, extra: str, holds: Holds) -> Iterator[Pep508]:
    for line in filter(None, map(_requirement, metadata.requires)):
        if line.marker and holds(line.marker, extra):
            yield line


def _requirement(text: str) -> Pep508 | None:
    try:
        return Pep508(text)
    except InvalidRequirement:
        return None


def with_extras(
    lines: Iterable[Requirement], extras: Iterable[tuple[str, Sequence[str]]]
) -> list[Requirement]:
    """Return lines, each followed by one for each of its extras' needs if conda has the project."""
    needs = dict(extras)
    return [
        line_or_need
        for line in lines
        for line_or_need in (line, *(line._replace(name=name) for name in _needed(line, needs)))
    ]


def _needed(line: Requirement, needs: Mapping[str, Sequence[str]]) -> list[str]:
    return [name for key in extra_keys(line) for name in needs.get(key, ())]


def extra_keys(line: Requirement) -> list[str]:
    """Return the extras that a line of ``pip:`` asks for, as ``name[extra]``."""
    if not line.name or line.text.startswith(CONSTRAINT):
        return []
    requirement = _requirement(line.text)
    return [f"{line.name}[{extra}]" for extra in extras_of(requirement)] if requirement else []


def extras_in_use(
    lines: Iterable[Requirement], extras: Iterable[tuple[str, tuple[str, ...]]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the extras that lines ask for, sorted; of several with one name, the last."""
    keys = {key for line in lines for key in extra_keys(line)}
    return tuple(sorted((key, needs) for key, needs in dict(extras).items() if key in keys))
