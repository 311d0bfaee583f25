"""Local projects that lines of ``pip:`` bring, and their metadata.

A local project can need others by their paths; those are followed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from conda_multiplat.machine.files import NOT_SHOWN, ReadText, is_foreign, shown
from conda_multiplat.machine.uv_workspace import sources_of
from conda_multiplat.manifest.model import LocalProject, Requirement
from conda_multiplat.vocabulary.canonical_requirements import extras_of_line
from conda_multiplat.vocabulary.errors import DocumentError, MultiplatError, WordingError
from conda_multiplat.vocabulary.pip_places import ARCHIVES, Place
from conda_multiplat.vocabulary.poetry_metadata import OR
from conda_multiplat.vocabulary.project_metadata import ProjectMetadata, project_metadata
from conda_multiplat.vocabulary.toml_tables import toml_table


class _Asked(NamedTuple):
    """A project that is still to be read: its folder, and how it is required (`LocalProject`)."""

    folder: Path
    extras: tuple[str, ...]
    needed_by: str = ""
    markers: tuple[str, ...] = ()


def local_projects(
    line: Requirement, place: Place, base: Path, read: ReadText
) -> Iterator[LocalProject]:
    """Yield the project that a line names, and those that it requires by path, each once.

    Args:
        line: the line.
        place: the path that it names, relative to ``base``.
        base: the locks' folder.
        read: returns the text of a file.

    Raises:
        WordingError: a ``pyproject.toml`` is not TOML.
    """
    extras = extras_of_line(place.name) or extras_of_line(place.extras)
    markers = (place.marker,) if place.marker else ()
    waiting = deque([_Asked(base / place.path, tuple(extras), markers=markers)])
    seen: set[tuple[Path, tuple[str, ...], tuple[str, ...]]] = set()
    while waiting:
        asked = waiting.popleft()
        key = (asked.folder.resolve(), asked.extras, asked.markers)
        if key in seen:
            continue
        seen.add(key)
        metadata = read_project(asked.folder, read, base)
        yield LocalProject(
            line, metadata, asked.extras, asked.needed_by, asked.markers, str(asked.folder)
        )
        waiting.extend(_inner(metadata, asked))


def _inner(metadata: ProjectMetadata, outer: _Asked) -> Iterator[_Asked]:
    """Yield the local projects that a project needs, by paths relative to its folder."""
    for text in metadata.needs(outer.extras):
        try:
            wanted = Pep508(text)
        except InvalidRequirement:
            continue  # alternatives, or text that is not a requirement
        place = Place(_expanded(wanted.url or "", outer.folder))
        if OR in text or not wanted.url or not place.is_path or place.path.endswith(ARCHIVES):
            continue
        marker = (str(wanted.marker),) if wanted.marker else ()
        markers = tuple(dict.fromkeys((*outer.markers, *marker)))
        extras = tuple(extras_of_line(text))
        yield _Asked(outer.folder / place.path, extras, metadata.name or "it", markers)


def _expanded(url: str, folder: Path) -> str:
    """Replace hatch's and pdm's placeholders for the project's folder in a URL."""
    here = folder.resolve()
    for words, value in (
        ("{root:uri}", here.as_uri()),
        ("{root}", str(here)),
        ("file:///${PROJECT_ROOT}", here.as_uri()),
    ):
        url = url.replace(words, value)
    return url


def read_project(folder: Path, read: ReadText, base: Path) -> ProjectMetadata:
    """Return a project's metadata; files that are missing or are not text count as empty.

    Raises:
        WordingError: its ``pyproject.toml`` is not TOML.
    """

    def text_of(name: str) -> str:
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            return ""
        try:
            return read(path)
        except MultiplatError:
            return ""

    file = folder / "pyproject.toml"
    try:
        table = toml_table(text_of(file.name))
    except DocumentError as error:
        reason = f"not TOML: {NOT_SHOWN}" if is_foreign(file, base) else str(error)
        raise WordingError(f"{shown(file)} is {reason}") from None
    sources = sources_of(folder.resolve(), lambda place: _table(place, read))
    return project_metadata(table, text_of, sources)


def _table(folder: Path, read: ReadText) -> Mapping[str, Any]:
    """Return the content of a ``pyproject.toml``; empty if it is missing or can't be read."""
    file = folder / "pyproject.toml"
    try:
        return toml_table(read(file)) if file.is_file() else {}
    except (MultiplatError, DocumentError):
        return {}
