"""A conda environment on disk: its project, and activating it.

``shell``, ``shell-hook`` and ``run`` use this. Many users expect them to work as ``conda run -n``
does: an environment that this project has not made is used unchanged or refused, but never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from conda_multiplat.actions.install.choose_prefix import name_of, require_own
from conda_multiplat.actions.invocation import Invocation, Skipped, preferred, way_into
from conda_multiplat.activation.model import Activation
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.file_locks import nobody_installs
from conda_multiplat.machine.files import typed
from conda_multiplat.machine.prefix_users import come_in
from conda_multiplat.machine.project import Project
from conda_multiplat.machine.read_activation import read_activation
from conda_multiplat.vocabulary.errors import InUseError, UnmetError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

#: Use the environment unchanged, whatever is locked.
AS_IT_IS = "as it is"
#: Warn if the lock is out of date, and use it.
WARN = "warn"


@dataclass(frozen=True)
class InstalledEnvironment:
    """A conda environment.

    Attributes:
        where: its folder.
        project: the project that it belongs to.
        environment: its name in the project's manifest.
        marker: what our last install recorded in it; empty if there was none.
        skipped: the preferred environments that are not installed.
    """

    where: Path
    project: Project
    environment: str
    marker: Mapping[str, Any]
    skipped: tuple[Skipped, ...] = ()


def installed_environment(call: Invocation) -> InstalledEnvironment:
    """Return the named conda environment, or that of the manifest here, and say which were skipped.

    A named one belongs to the project that it was installed from, unless the call names files.

    Raises:
        UnmetError: it does not exist.
        ManifestError: its project is gone, or can't be read.
    """
    hint = f"run `{call.typed('install')}`"
    if named := call.named():
        _require(named, hint)
        if not call.files:
            manifest = prefixes.read_marker(named).get("manifest", ())
            call = call._replace(files=[str(file) for file in manifest])
    project = call.project()
    where, skipped = (named, []) if named else _first_present(call, project, hint)
    for environment in skipped:
        call.console.say(environment.words)
    marker = prefixes.read_marker(where)
    noted = str(marker.get("environment"))  # may belong to another project
    known = noted if noted in project.manifest.environments else DEFAULT_ENVIRONMENT
    name = call.environment or known
    return InstalledEnvironment(where, project, name, marker, tuple(skipped))


def enter(call: Invocation, *, rule: str, command: str = "") -> Activation:
    """Return the environment's activation, after making it as locked.

    ``rule`` is ``AS_IT_IS``, to use it unchanged, or one of those of ``actions/lock/current.py``.

    With ``command``, as the user typed it, this process and the program that it becomes count as
    users of the environment: no other process of ours changes it meanwhile.

    Raises:
        UnmetError: it is not there, is not the project's, or this machine can't run it.
        OutOfDateError: the rule is ``locked``, and the lock is out of date.
        InUseError: it would have to change, but is in use.
    """
    where = _as_it_is(call, command) if rule == AS_IT_IS else _updated(call, rule, command)
    activation = read_activation(where, call.settings)
    for name in activation.ignored:
        call.console.say(
            f"warning: {where} asks for the variable {name!r}, which shells can't set: "
            "rename it in the manifest's `variables:`, or with `conda env config vars`"
        )
    return activation


def _require(where: Path, hint: str) -> None:
    if not prefixes.is_environment(where):
        raise _none_in(where, hint)


def _none_in(where: Path, hint: str) -> UnmetError:
    return UnmetError(f"there is no conda environment in {where}", hints=[way_into(where, hint)])


def _first_present(call: Invocation, project: Project, hint: str) -> tuple[Path, list[Skipped]]:
    """Return the folder of the first candidate that is installed, and the candidates before it.

    Raises:
        UnmetError: none is installed; the error is about the first one.
    """
    skipped: list[Skipped] = []
    for environment in call.candidates(project):
        where = call.where(project, environment)
        if prefixes.is_environment(where):
            return where, skipped
        skipped.append(Skipped(environment, _none_in(where, hint)))
    raise skipped[0].error


def _refuse_unfinished(where: Path, call: Invocation) -> None:
    """Refuse an environment that an install is changing, or left unfinished."""
    if prefixes.read_marker(where).get("state") == "installing":
        raise UnmetError(
            f"{where} is not finished: an install was interrupted, or is still running",
            hints=[f"run `{call.typed('install')}`, or leave out --no-install to finish it first"],
        )


def _as_it_is(call: Invocation, command: str) -> Path:
    """Return the environment's folder; a named one needs no manifest."""
    hint = "leave out --no-install to install it first"
    where = call.named() or _first_present(call, call.project(), hint)[0]
    _require(where, hint)
    if command:
        waiting = f" waiting for an install into {where}"
        with nobody_installs(where, lambda: call.console.say(waiting)):
            _refuse_unfinished(where, call)
            come_in(where, command)
    else:
        _refuse_unfinished(where, call)
    return where


def _updated(call: Invocation, rule: str, command: str) -> Path:
    """Return the environment's folder, which is as locked now."""
    from conda_multiplat.actions.install.make_as_locked import make_as_locked
    from conda_multiplat.actions.lock.current import choose_by_rule

    project, settings, console = call.project(), call.settings, call.console
    named = call.named()

    def refuse_foreign(environment: str) -> None:
        _refuse_foreign(project, named or call.where(project, environment), settings)

    def is_installed(environment: str) -> bool:
        return prefixes.is_environment(named or call.where(project, environment))

    names = _candidates(call, project, named)
    as_it_was = project
    project, choice = choose_by_rule(
        project,
        names,
        rule,
        settings,
        console,
        before_locking=refuse_foreign,
        is_known=is_installed,
    )
    where = named or call.where(project, choice.environment)
    _refuse_foreign(project, where, settings)
    then = partial(come_in, where, command) if command else lambda: None
    try:
        work = make_as_locked(project, choice, where, settings, console, then=then)
    except InUseError as error:
        was_locked = ["the new locks are kept"] if project is not as_it_was else []
        error.hints = (*error.hints, "--no-install uses it as it is", *was_locked)
        raise
    if work.changed:
        from conda_multiplat.actions.install.summary import outcome  # late: rarely needed

        console.say(f" {outcome(work)}{console.took}")
    return where


def _candidates(call: Invocation, project: Project, named: Path | None) -> tuple[str, ...]:
    """Return the candidate environments; for a named prefix, the one it was made from."""
    if named and call.environment is None:
        _refuse_foreign(project, named, call.settings)
        present = str(prefixes.read_marker(named).get("environment", ""))
        return (present,) if present in project.manifest.environments else preferred(project)
    return call.candidates(project)


def _refuse_foreign(project: Project, where: Path, settings: Settings) -> None:
    name = name_of(where, settings)
    option = f"-n {name}" if name else f"-p {typed(where)}"
    hints = (
        "--no-install uses it as it is",
        f"conda multiplat install {option} makes it as locked, and removes everything else in it",
    )
    require_own(project, where, hints)
