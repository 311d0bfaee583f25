"""What a command that is about a conda environment was told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.actions.install.choose_prefix import destination
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project, load_project


class Invocation(NamedTuple):
    """Which manifest, which of its environments, and in which conda environment.

    Attributes:
        settings: the surroundings.
        console: where to talk to the user.
        files: the manifest's files; none for the one that is found.
        environment: the environment of the manifest, if one was named.
        name: the conda environment's name, if it was given.
        prefix: its folder, if that was given.
    """

    settings: Settings
    console: Console
    files: Sequence[str] = ()
    environment: str | None = None
    name: str | None = None
    prefix: str | None = None

    @property
    def names_prefix(self) -> bool:
        """Whether a conda environment was named, so that no manifest need say which."""
        return self.name is not None or self.prefix is not None

    def project(self) -> Project:
        """The project of the manifest, where no platforms are given for this machine's."""
        return load_project(self.files, host_subdirs=(self.settings.subdir,))

    def where(self, project: Project | None) -> Path:
        """The conda environment's folder; see :func:`destination`."""
        return destination(project, self.name, self.prefix, self.settings)
