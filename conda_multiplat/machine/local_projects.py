"""Projects on this disk: which lines of ``pip:`` name one, and what it says of itself."""

from __future__ import annotations

from pathlib import Path

import tomli

from conda_multiplat.machine.files import ReadText
from conda_multiplat.machine.pip_paths import place_in
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.errors import MultiplatError
from conda_multiplat.vocabulary.pip_entries import CONSTRAINT
from conda_multiplat.vocabulary.pip_places import ARCHIVES
from conda_multiplat.vocabulary.project_metadata import ProjectMetadata, project_metadata


def project_folder(line: Requirement, base: Path) -> Path | None:
    """The folder of the project that a line names; ``None`` where it names none."""
    place = None if line.text.startswith(CONSTRAINT) else place_in(line.text)
    if place is None or not place.is_path or place.path.lower().endswith(ARCHIVES):
        return None
    return base / place.path


def read_project(folder: Path, read: ReadText) -> ProjectMetadata:
    """What a project says of itself; nothing where its files can't be read: building it tells."""

    def text_of(name: str) -> str:
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            return ""
        try:
            return read(path)
        except MultiplatError:
            return ""

    try:
        table = tomli.loads(text_of("pyproject.toml"))
    except tomli.TOMLDecodeError:
        return ProjectMetadata()
    return project_metadata(table, text_of)
