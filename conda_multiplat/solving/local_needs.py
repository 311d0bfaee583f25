"""Requirements of local projects on a target, as lines of ``pip:``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from conda_multiplat.manifest.model import LocalProject, Requirement
from conda_multiplat.solving.extras import with_extras
from conda_multiplat.solving.markers import required_projects
from conda_multiplat.vocabulary.graph import Depends
from conda_multiplat.vocabulary.markers import holds
from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.poetry_metadata import OR


def lines_of_needs(projects: Iterable[LocalProject]) -> list[Requirement]:
    """Return the requirements of projects on any target, including all alternatives."""
    return [
        line
        for project in projects
        for text in project.metadata.needs(project.extras)
        for line in lines_of(text, project)
    ]


def lines_of(need: str, project: LocalProject) -> Iterator[Requirement]:
    """Yield the requirement that a need consists of, or the alternatives of which one is enough."""
    for text in need.split(OR):
        try:
            name = project_name(Pep508(text).name)
        except InvalidRequirement:
            continue  # not in a form that we can read
        yield project.line._replace(text=text, name=name)


def local_depends(
    projects: Iterable[LocalProject],
    extras: Iterable[tuple[str, Sequence[str]]],
    subdir: str,
    python: str,
) -> Depends:
    """Return what local projects need on a target, by name; leave out those not fully known.

    Args:
        projects: the projects.
        extras: ``name[extra]`` -> the projects that it needs of a conda package.
        subdir: the platform.
        python: the version of its Python; ``""`` if it isn't known.
    """
    known: dict[str, set[str]] = {}
    unknown: set[str] = set()
    needed = [project for project in projects if is_needed(project, subdir, python)]
    for project in needed:
        metadata = project.metadata
        lines = [list(lines_of(need, project)) for need in metadata.needs(project.extras)]
        dynamic = {"dependencies", *(["optional-dependencies"] if project.extras else [])}
        if dynamic.intersection(metadata.dynamic) or not all(lines):
            unknown.add(metadata.name)
        requirements = with_extras([line for several in lines for line in several], extras)
        known.setdefault(metadata.name, set()).update(
            required_projects(requirements, subdir, python)
        )
    return {name: sorted(names) for name, names in known.items() if name not in unknown}


def is_needed(project: LocalProject, subdir: str, python: str) -> bool:
    """Return whether a project is required on a platform with a Python (``""`` if not known)."""
    try:
        markers = [Marker(text) for text in project.markers]
    except InvalidMarker:
        return True
    return not python or all(holds(marker, subdir, python) for marker in markers)
