"""An environment on disk, and the project that it is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conda_multiplat.actions.install.choose_prefix import destination
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.project import Project, load_project
from conda_multiplat.machine.settings import Settings
from conda_multiplat.vocabulary.errors import UnmetError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT


@dataclass(frozen=True)
class InstalledEnvironment:
    """A conda environment.

    Attributes:
        where: its folder.
        project: the project that it is of.
        environment: the project's environment that it is.
        marker: what we noted when we last worked on it; empty where we never did.
    """

    where: Path
    project: Project
    environment: str
    marker: Mapping[str, Any]


def installed_environment(
    *,
    files: Sequence[str],
    name: str | None,
    prefix: str | None,
    environment: str | None,
    settings: Settings,
) -> InstalledEnvironment:
    """The conda environment that is named, or the one that the manifest here names.

    One that is named is of the project that it was installed from, wherever the caller is, unless
    ``files`` say otherwise.

    Raises:
        UnmetError: there is none.
        ManifestError: its project is gone, or can't be read.
    """
    is_named = name is not None or prefix is not None
    named = destination(None, name, prefix, settings) if is_named else None
    if named:
        _refuse_missing(named)
    marker = prefixes.read_marker(named) if named else {}
    if named and not files:
        files = [str(each) for each in marker.get("manifest", ())]
    project = load_project(files, host_subdirs=(settings.subdir,))
    where = named or destination(project, None, None, settings)
    _refuse_missing(where)
    marker = marker or prefixes.read_marker(where)
    noted = str(marker.get("environment"))  # of another project, if two call theirs alike
    known = noted if noted in project.manifest.environments else DEFAULT_ENVIRONMENT
    return InstalledEnvironment(where, project, environment or known, marker)


def _refuse_missing(where: Path) -> None:
    if not prefixes.is_environment(where):
        raise UnmetError(
            f"there is no conda environment in {where}", hints=["run `conda multiplat install`"]
        )
