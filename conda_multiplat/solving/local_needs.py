"""What local projects need on a target, as if lines of ``pip:`` said it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from conda_multiplat.manifest.model import LocalProject, Requirement
from conda_multiplat.vocabulary.markers import holds
from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.poetry_metadata import OR


def lines_of_needs(projects: Iterable[LocalProject]) -> list[Requirement]:
    """The requirements of some projects, on whatever target; several where one of them will do."""
    return [
        line
        for project in projects
        for text in project.metadata.needs(project.extras)
        for line in lines_of(text, project)
    ]


def lines_of(need: str, project: LocalProject) -> Iterator[Requirement]:
    """What a need of a project says: a requirement, or those of which one will do."""
    for text in need.split(OR):
        try:
            name = project_name(Pep508(text).name)
        except InvalidRequirement:
            continue  # words that we don't know
        yield project.line._replace(text=text, name=name)


def is_needed(project: LocalProject, subdir: str, python: str) -> bool:
    """Whether a project is asked for on a platform with a Python (``""``: one that isn't known)."""
    try:
        markers = [Marker(text) for text in project.markers]
    except InvalidMarker:
        return True
    return not python or all(holds(marker, subdir, python) for marker in markers)
