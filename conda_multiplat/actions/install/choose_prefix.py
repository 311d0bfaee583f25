"""Choose the prefix to install into, and check whether it may be changed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.model import BASE_NAMES
from conda_multiplat.vocabulary.errors import OutsideError, UnmetError, UsageError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, PREFIX_NAME_HINT, is_prefix_name

#: If a prefix is longer than this, its Python's path does not fit after ``#!`` on every system.
_LONG = 100


def named(name: str | None, prefix: str | None, settings: Settings) -> Path | None:
    """Return the folder of ``-n`` or ``-p``; ``None`` if neither is given."""
    if "" in (name, prefix):  # most likely an unset shell variable
        raise UsageError("the value of -n or -p is empty")
    if prefix is not None:
        return Path(prefix).expanduser().absolute()
    return folder_of(name, settings) if name is not None else None


def own_prefix(project: Project, environment: str, settings: Settings) -> Path:
    """Return the prefix of an environment of the manifest.

    What earlier versions have installed into the prefix of ``default`` stays there.

    Raises:
        UsageError: the manifest has no name.
    """
    name = project.manifest.conda_name(environment)
    if name is None:
        raise _no_name(project)
    if environment != DEFAULT_ENVIRONMENT and in_shared_prefix(project, settings) == environment:
        name = project.manifest.prefix_name or name
    return folder_of(name, settings)


def in_shared_prefix(project: Project, settings: Settings) -> str:
    """Return the environment in the prefix of ``default`` that has no prefix of its own, or ``""``.

    Earlier versions installed every environment into the prefix that the manifest names.
    """
    manifest = project.manifest
    if manifest.prefix_name is None or len(manifest.environments) == 1:
        return ""
    marker = prefixes.read_marker(folder_of(manifest.prefix_name, settings))
    noted = str(marker.get("environment", ""))
    if noted == DEFAULT_ENVIRONMENT or noted not in manifest.environments:
        return ""
    own = folder_of(manifest.conda_name(noted) or "", settings)
    return noted if is_of(project, marker) and not prefixes.is_environment(own) else ""


def is_of(project: Project, marker: Mapping[str, Any]) -> bool:
    """Return whether a prefix with this marker was installed from a project's locks."""
    lock = str(marker.get("lock", ""))
    return bool(lock) and Path(lock).parent.resolve() == project.folder.resolve()


def foreign_lock(project: Project, where: Path) -> str | None:
    """Return the lock of another project that an environment was made from; ``None`` if it wasn't.

    It is ``""`` if no project made the environment. If the project is gone, it is ``None``.
    """
    if not prefixes.is_environment(where):
        return None
    marker = prefixes.read_marker(where)
    lock = str(marker.get("lock", ""))
    if lock and (is_of(project, marker) or not Path(lock).exists()):
        return None
    return lock


def refuse_taken(project: Project, environment: str, where: Path) -> None:
    """Refuse to use an existing environment of others whose name the user has not given.

    Raises:
        UnmetError: there is one with the name derived from the manifest and the environment.
    """
    written = environment == DEFAULT_ENVIRONMENT
    if written or project.manifest.environments[environment].own_name:
        return
    hints = [
        f"-n {where.name} installs {environment} there anyway",
        f"to use another name, set `name:` of {environment} in the manifest",
    ]
    require_own(project, where, hints)


def require_own(project: Project, where: Path, hints: Sequence[str], *, source: str = "") -> None:
    """Refuse an environment that was made by hand, or by another project that still exists.

    Args:
        project: this project.
        where: the environment.
        hints: what the user can do.
        source: what should have made the environment, in words (default: the project's folder).

    Raises:
        UnmetError: it is such an environment.
    """
    lock = foreign_lock(project, where)
    if lock is None:
        return
    made = (source or f"from {project.folder}") if lock else "by conda multiplat"
    raise UnmetError(
        f"{where} was not made {made}",
        details=[f"it was made from {lock}"] if lock else [],
        hints=hints,
    )


def folder_of(name: str, settings: Settings) -> Path:
    """Return the folder of a conda environment, whether it exists or not.

    Raises:
        UsageError: the name is not valid.
        OutsideError: it does not exist and can't be created anywhere.
    """
    if name in BASE_NAMES and settings.root_prefix:
        return settings.root_prefix
    if not is_prefix_name(name):
        raise UsageError(
            f"{name!r} can't be an environment's name",
            hints=[PREFIX_NAME_HINT, "for a folder use -p PREFIX"],
        )
    return _first_named(name, settings) or _first_writable(settings) / name


def name_of(where: Path, settings: Settings) -> str:
    """Return the name by which conda finds an environment; ``""`` if it only has a path."""
    if settings.root_prefix and where.resolve() == settings.root_prefix.resolve():
        return BASE_NAMES[0]
    named = _first_named(where.name, settings)
    return where.name if named and named.resolve() == where.resolve() else ""


def _first_named(name: str, settings: Settings) -> Path | None:
    """Return the folder that conda takes for a name, if one exists."""
    prefixes_of_name = (folder / name for folder in settings.envs_dirs)
    return next((prefix for prefix in prefixes_of_name if prefix.exists()), None)


def _no_name(project: Project) -> UsageError:
    name = project.manifest.name
    what = f"`name: {name}` is conda's base environment" if name else "the manifest has no `name:`"
    return UsageError(what, hints=["say where to install with -n NAME or -p PREFIX"])


def existing(name: str, settings: Settings) -> Path:
    """Return the folder of an existing environment.

    Raises:
        UsageError: there is none of that name.
    """
    if name in BASE_NAMES and settings.root_prefix:
        return settings.root_prefix
    for folder in settings.envs_dirs:
        if is_prefix_name(name) and _can_be_activated(folder / name):
            return folder / name
    places = ", ".join(map(str, settings.envs_dirs))
    raise UsageError(f"there is no environment {name!r}", details=[f"looked in {places}"])


def existing_names(settings: Settings) -> tuple[str, ...]:
    """Return the names by which conda finds environments that exist: the base's, then sorted."""
    names: set[str] = set()
    for folder in settings.envs_dirs:
        with suppress(OSError):  # it is not there, or can't be read
            names |= {path.name for path in folder.iterdir() if _can_be_activated(path)}
    base = BASE_NAMES[:1] if settings.root_prefix else ()
    return (*base, *sorted(filter(is_prefix_name, names - set(BASE_NAMES))))


def _can_be_activated(prefix: Path) -> bool:
    """Return whether `conda activate` takes a folder for an environment."""
    return (prefix / "conda-meta").is_dir()


def _first_writable(settings: Settings) -> Path:
    """Return the first environments folder that can be written or created; create nothing."""
    for folder in settings.envs_dirs:
        existing_folder = next(
            folder_above for folder_above in (folder, *folder.parents) if folder_above.exists()
        )
        if existing_folder.is_dir() and os.access(existing_folder, os.W_OK):
            return folder
    tried = ", ".join(map(str, settings.envs_dirs))
    raise OutsideError(f"no environments folder can be written: {tried}", hints=["use -p PREFIX"])


def refuse_protected(
    where: Path, settings: Settings, *, allow_frozen: bool, allow_base: bool
) -> None:
    """Refuse prefixes that must not be changed: base, frozen ones (CEP 22), other folders."""
    _refuse_unquotable(where)
    if (
        settings.root_prefix
        and where.resolve() == settings.root_prefix.resolve()
        and not allow_base
    ):
        raise UnmetError(
            f"{where} is conda's base environment",
            hints=["choose another with -n NAME or -p PREFIX, or use --allow-base"],
        )
    message = prefixes.frozen_message(where)
    if message is not None and not allow_frozen:
        raise UnmetError(
            f"{where} is frozen (conda-meta/frozen)",
            details=[message],
            hints=["--override-frozen changes it anyway"],
        )
    if where.exists() and not where.is_dir():
        raise UnmetError(f"{where} is not a folder", hints=["choose another"])
    if where.is_dir() and not prefixes.is_environment(where) and not prefixes.is_unused(where):
        raise UnmetError(
            f"{where} is not empty, and not a conda environment", hints=["choose another folder"]
        )


def _refuse_unquotable(where: Path) -> None:
    """Refuse a folder whose name would be executed by packages' scripts.

    A script of a prefix that is long or has white space begins with a shell line that has the
    prefix in double quotes (``#!`` offers no other way).
    """
    name = str(where)
    if (
        os.sep == "/"
        and (len(name) > _LONG or re.search(r"\s", name))
        and re.search(r"[$`\"\\\n]", name)
    ):
        raise UsageError(
            f"{name!r} can't be an environment's folder: its scripts would run what is in it",
            hints=["choose another, without `$`, quotes, backslashes and line breaks"],
        )
