"""An environment to work in: made as locked, if that is wanted, and what activating it does.

For ``shell``, ``shell-hook`` and ``run``. They are given by many who think of ``conda run -n``: an
environment that this project has not made is used as it is or not at all, never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.actions.install.choose_prefix import destination
from conda_multiplat.activation.model import Activation
from conda_multiplat.lockfile.changes import packages
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project, load_project
from conda_multiplat.machine.read_activation import read_activation
from conda_multiplat.machine.settings import Settings
from conda_multiplat.vocabulary.errors import UnmetError


def enter(
    *,
    files: Sequence[str],
    name: str | None,
    prefix: str | None,
    environment: str | None,
    as_it_is: bool,
    settings: Settings,
    console: Console,
) -> Activation:
    """Find the environment and make it as locked; with ``as_it_is`` only find it.

    Raises:
        UnmetError: it is not there, is not the project's, or this machine can't run it.
    """
    if as_it_is:
        named = prefix is not None or name is not None
        project = None if named else load_project(files, host_subdirs=(settings.subdir,))
        where = destination(project, name, prefix, settings)
        _refuse_missing(where)
    else:
        project = load_project(files, host_subdirs=(settings.subdir,))
        where = destination(project, name, prefix, settings)
        _update(project, where, environment, settings, console)
    found = read_activation(where, settings)
    for each in found.ignored:
        console.say(f"warning: {where} asks for the variable {each!r}, which shells can't set")
    return found


def _refuse_missing(where: Path) -> None:
    if not prefixes.is_environment(where):
        raise UnmetError(
            f"{where} is no conda environment",
            hints=["without --no-install it is made as locked first"],
        )


def _update(
    project: Project, where: Path, environment: str | None, settings: Settings, console: Console
) -> None:
    """Make it as locked; without ``environment``, as the environment that it is by now."""
    from conda_multiplat.actions.install.choose_environment import choose, warn_if_stale
    from conda_multiplat.actions.install.run import make_as_locked

    marker = prefixes.read_marker(where)
    _refuse_foreign(project, where, str(marker.get("lock", "")))
    present = str(marker.get("environment", ""))
    if environment is None and present in project.manifest.environments:
        environment = present
    choice = choose(project, environment, settings, console)
    warn_if_stale(choice, console)
    work = make_as_locked(project, choice, where, settings, console)
    if work.found or work.pypi:
        count = len(choice.locked.records) + len(choice.locked.pypi)
        console.say(f" {where} has the {packages(count)} of {choice.environment}")


def _refuse_foreign(project: Project, where: Path, lock: str) -> None:
    """Refuse an environment that was made by hand or, while it is there, by another project."""
    if not prefixes.is_environment(where):
        return
    ours = Path(lock).parent.resolve() == project.folder.resolve()
    if lock and (ours or not Path(lock).exists()):
        return
    raise UnmetError(
        f"{where} was not made from {project.folder}",
        details=[f"it is of {lock}"] if lock else [],
        hints=[
            "--no-install takes it as it is",
            "`conda multiplat install` with the same -n or -p makes it as locked",
        ],
    )
