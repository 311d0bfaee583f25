"""A conda environment on disk: the project that it is of, and entering it.

``shell``, ``shell-hook`` and ``run`` enter. They are given by many who think of ``conda run -n``:
an environment that this project has not made is used as it is or not at all, never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conda_multiplat.actions.invocation import Invocation
from conda_multiplat.activation.model import Activation
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.project import Project
from conda_multiplat.machine.read_activation import read_activation
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


def installed_environment(call: Invocation) -> InstalledEnvironment:
    """The conda environment that is named, or the one that the manifest here names.

    One that is named is of the project that it was installed from, wherever the caller is, unless
    the call names files.

    Raises:
        UnmetError: there is none.
        ManifestError: its project is gone, or can't be read.
    """
    hint = "run `conda multiplat install`"
    named = _existing(call, None, hint) if call.names_prefix else None
    if named and not call.files:
        manifest = prefixes.read_marker(named).get("manifest", ())
        call = call._replace(files=[str(file) for file in manifest])
    project = call.project()
    where = named or _existing(call, project, hint)
    marker = prefixes.read_marker(where)
    noted = str(marker.get("environment"))  # of another project, if two call theirs alike
    known = noted if noted in project.manifest.environments else DEFAULT_ENVIRONMENT
    return InstalledEnvironment(where, project, call.environment or known, marker)


def enter(call: Invocation, *, as_it_is: bool) -> Activation:
    """What activating the environment does, after making it as locked unless ``as_it_is``.

    Raises:
        UnmetError: it is not there, is not the project's, or this machine can't run it.
    """
    project = None if as_it_is and call.names_prefix else call.project()
    if project is None or as_it_is:
        where = _existing(call, project, "without --no-install it is made as locked first")
    else:
        where = call.where(project)
        _update(call, project, where)
    activation = read_activation(where, call.settings)
    for name in activation.ignored:
        call.console.say(
            f"warning: {where} asks for the variable {name!r}, which shells can't set: "
            "rename it in the manifest's `variables:`, or with `conda env config vars`"
        )
    return activation


def _existing(call: Invocation, project: Project | None, hint: str) -> Path:
    """The environment's folder, where there must be one."""
    where = call.where(project)
    if not prefixes.is_environment(where):
        raise UnmetError(f"there is no conda environment in {where}", hints=[hint])
    return where


def _update(call: Invocation, project: Project, where: Path) -> None:
    """Make it as locked; where no environment is asked for, as the one that it is by now."""
    from conda_multiplat.actions.install.choose_environment import choose, warn_if_stale
    from conda_multiplat.actions.install.make_as_locked import make_as_locked

    settings, console = call.settings, call.console
    marker = prefixes.read_marker(where)
    _refuse_foreign(project, where, str(marker.get("lock", "")))
    environment, present = call.environment, str(marker.get("environment", ""))
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
