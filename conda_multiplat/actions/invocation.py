"""The options of a command that works with a conda environment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from conda_multiplat.actions.install.choose_prefix import in_shared_prefix, named, own_prefix
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import quoted
from conda_multiplat.machine.prefix import is_unused
from conda_multiplat.machine.project import Project, load_project
from conda_multiplat.manifest.targets import select_environments
from conda_multiplat.vocabulary.errors import LockFileError, UnmetError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT


class Invocation(NamedTuple):
    """The manifest, the environment of it, and the conda environment that a command is about.

    Attributes:
        settings: conda's settings.
        console: for messages.
        files: the manifest's files; if empty, the nearest manifest.
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
        """Return whether a conda environment was named; otherwise the manifest names it."""
        return self.name is not None or self.prefix is not None

    def typed(self, command: str) -> str:
        """Return another of our commands about the same environment, as the user would type it."""
        options = (("-n", self.name), ("-p", self.prefix), ("-e", self.environment))
        words = [f" {option} {quoted(value)}" for option, value in options if value is not None]
        files = f" -f {' '.join(map(quoted, self.files))}" if self.files else ""
        return f"conda multiplat {command}{''.join(words)}{files}"

    @property
    def way_back(self) -> str:
        """The hint for a command that the named conda environment leads to no manifest."""
        option = "-n" if self.name is not None else "-p"
        manifest = f"in {' '.join(map(quoted, self.files))}" if self.files else "here"
        return f"leave out {option} to change the manifest {manifest}"

    def project(self) -> Project:
        """Return the manifest's project, with this machine's platform if none is stated."""
        return load_project(self.files, host_subdirs=(self.settings.subdir,))

    def named(self) -> Path | None:
        """Return the folder of the named conda environment, if any."""
        return named(self.name, self.prefix, self.settings)

    def where(self, project: Project, environment: str) -> Path:
        """Return the conda environment's folder: the named one, or the manifest's."""
        return self.named() or own_prefix(project, environment, self.settings)

    def candidates(self, project: Project) -> tuple[str, ...]:
        """Return the candidate environments, the preferred ones first.

        An environment that an earlier version installed into the prefix of ``default`` stays there.
        """
        if self.environment is not None:
            return tuple(select_environments(project.manifest, [self.environment]))
        shared = "" if self.names_prefix else in_shared_prefix(project, self.settings)
        return (shared,) if shared else preferred(project)


def way_into(where: Path, way: str) -> str:
    """Return ``way`` to install something, or why nothing can be installed into a folder."""
    if not where.exists() or (where.is_dir() and is_unused(where)):
        return way
    kind = "not empty" if where.is_dir() else "not a folder"
    return f"it is {kind}, so that nothing can be installed there: name another"


class Skipped(NamedTuple):
    """A preferred environment that was not taken, and the reason."""

    environment: str
    error: UnmetError | LockFileError

    @property
    def words(self) -> str:
        """The text for people."""
        line = f"skipped {self.environment}: {self.error.message}"
        return "\n  ".join([line, *self.error.details])

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        details = list(self.error.details)
        return {"environment": self.environment, "error": self.error.message, "details": details}


def preferred(project: Project) -> tuple[str, ...]:
    """Return the environments to try if none is named."""
    return project.manifest.prefer or (DEFAULT_ENVIRONMENT,)
