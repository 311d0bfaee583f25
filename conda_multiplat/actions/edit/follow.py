"""The conda environment on this machine that is updated after a change of the manifest or locks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from conda_multiplat.actions.install.choose_environment import choose
from conda_multiplat.actions.install.choose_prefix import own_prefix
from conda_multiplat.actions.install.make_as_locked import make_as_locked, refuse_in_use
from conda_multiplat.actions.install.prefix_changes import conda_changes, pypi_changes
from conda_multiplat.actions.install.summary import outcome
from conda_multiplat.actions.invocation import Invocation, way_into
from conda_multiplat.actions.lock.relock import Locked
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project, invocation, manifest_files
from conda_multiplat.vocabulary.errors import InUseError, MultiplatError, UnmetError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT


class Followed(NamedTuple):
    """A manifest to change, and the conda environment to update after it.

    Attributes:
        files: the manifest's files; if empty, the nearest manifest.
        environment: the manifest's environment, if one was named or is installed in ``where``.
        where: the conda environment, if one was named.
    """

    files: Sequence[str]
    environment: str | None
    where: Path | None = None


def followed(call: Invocation) -> Followed:
    """Determine the subject of a call: a named conda environment implies its manifest, like ``-f``.

    Raises:
        UnmetError: there is no such environment, or it was not made from the manifest.
    """
    where = call.named()
    if where is None:
        return Followed(call.files, call.environment)
    marker = prefixes.read_marker(where)
    manifest = [str(file) for file in marker.get("manifest", ())]
    if not manifest:
        raise _without_manifest(call, where)
    if call.files and manifest != [str(file) for file in manifest_files(call.files)]:
        raise UnmetError(
            f"{where} was made from {', '.join(manifest)}", hints=["leave out -f, or -n"]
        )
    environment = call.environment or str(marker.get("environment")) or None
    return Followed(manifest, environment, where)


def _without_manifest(call: Invocation, where: Path) -> UnmetError:
    """Return the error for a folder that implies no manifest, with what can be done there."""
    if not prefixes.is_environment(where):
        way = way_into(where, f"run `{call.typed('install')}` first")
        return UnmetError(f"there is no conda environment in {where}", hints=[way, call.way_back])
    take_over = f"`{call.typed('install')}` makes it as locked, and removes everything else in it"
    return UnmetError(
        f"{where} was not made by conda multiplat, so that no manifest belongs to it",
        hints=[call.way_back, take_over],
    )


def bring_up_to_date(
    project: Project,
    environment: str,
    settings: Settings,
    console: Console,
    changed: str,
    *,
    where: Path | None = None,
) -> dict[str, Any]:
    """Update an environment's prefix on this machine to the new lock, if the prefix exists.

    That is the prefix that the manifest names or, if it is not installed, the only one there is.
    Others are only mentioned: a user who has several may not want all of them to change.

    Args:
        project: the project, as it is locked on disk.
        environment: the environment.
        settings: conda's settings.
        console: for messages.
        changed: what was changed already, in words, for a hint if this fails.
        where: the prefix, if one was named: then no others are mentioned.

    Returns:
        What was done, for ``--json``; empty if there is no such prefix.

    Raises:
        MultiplatError: as ``install``; what was changed before stays.
    """
    installed = _installed_from(project, settings)
    follows = _follows(project, environment, where, installed, settings)
    done: dict[str, Any] = {}
    if follows:
        with _going_on(changed):
            done = _made_as_locked(project, follows[1], follows[0], settings, console)
    others = (
        [] if where else [prefix for prefix in installed if follows != (prefix, installed[prefix])]
    )
    for prefix in others:
        own = prefix.name == project.manifest.conda_name(installed[prefix])
        name = "" if own else f"-n {prefix.name} "
        fix = invocation(project, f"install {name}-e {installed[prefix]}")
        console.say(f" {prefix} was installed from this manifest too; to update it: {fix}")
    return {**done, "others": list(map(str, others))} if others else done


def _follows(
    project: Project,
    environment: str,
    where: Path | None,
    installed: dict[Path, str],
    settings: Settings,
) -> tuple[Path, str] | None:
    """Return the prefix to update, and its environment; ``None`` if there is none."""
    if where:
        noted = str(prefixes.read_marker(where).get("environment"))
        return where, noted if noted in project.manifest.environments else environment
    named = project.manifest.conda_name(environment) and own_prefix(project, environment, settings)
    where = named if named in installed else next(iter(installed)) if len(installed) == 1 else None
    return (where, installed[where]) if where else None


def require_free(locked: Locked, follows: Followed, settings: Settings) -> None:
    """Refuse a change if the prefix to update is in use; call this before anything is printed.

    Raises:
        InUseError: it is.
    """
    from conda_multiplat.engines.conda.specs import is_newer

    project, environment = locked.project, follows.environment or DEFAULT_ENVIRONMENT
    installed = _installed_from(project, settings)
    to_update = _follows(project, environment, follows.where, installed, settings)
    if to_update is None:
        return
    where, name = to_update
    lock = next((lock for lock in locked.locks if lock.environment == name), None)
    platform = lock.platforms.get(settings.subdir) if lock else None
    marker = prefixes.read_marker(where)
    if platform and (
        conda_changes(platform, where, marker, is_newer, None)
        or pypi_changes(platform, where, marker, is_newer)
    ):
        try:
            refuse_in_use(where)
        except InUseError as error:
            error.hints = ("wait until it ends, or use --no-install", "no file was changed")
            raise


@contextmanager
def _going_on(changed: str) -> Iterator[None]:
    """Add to errors what was done before, and the command that continues."""
    try:
        yield
    except MultiplatError as error:
        error.hints = (*error.hints, f"{changed}: run `install` to continue")
        raise


def _installed_from(project: Project, settings: Settings) -> dict[Path, str]:
    """Return conda's prefixes made from a project's manifest, and their environments."""
    manifest = list(map(str, project.files))
    prefixes_here = {}
    for folder in filter(Path.is_dir, settings.envs_dirs):
        for path in sorted(folder.iterdir()):
            marker = prefixes.read_marker(path)
            environment = str(marker.get("environment", ""))
            if marker.get("manifest") == manifest and environment in project.manifest.environments:
                prefixes_here[path] = environment
    return prefixes_here


def _made_as_locked(
    project: Project, environment: str, where: Path, settings: Settings, console: Console
) -> dict[str, Any]:
    choice = choose(project, [environment], settings, console)
    work = make_as_locked(project, choice, where, settings, console)
    console.say(f" {outcome(work)}{console.took}")
    return {"prefix": str(where), "installed": [change.to_dict() for change in work.changed]}
