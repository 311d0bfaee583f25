"""Refuse locks with packages from other places than the manifest allows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from conda_multiplat.lockfile.hashes import unverifiable
from conda_multiplat.lockfile.model import LockChannel, LockFile
from conda_multiplat.lockfile.places import Places, places_by_layout, places_of_lock, record_places
from conda_multiplat.lockfile.provenance import strays
from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.machine.files import read_blocks, read_lock_text, shown
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.requests import channels_of, with_channels_of_specs
from conda_multiplat.vocabulary.channels import ChannelConfig
from conda_multiplat.vocabulary.condas_channels import CONDAS_OWN
from conda_multiplat.vocabulary.errors import LockFileError


def lock_strays(
    project: Project, environment: str, lock: LockFile, targets: Iterable[Target]
) -> dict[str, list[str]]:
    """Return what is wrong with the places of a lock's packages: a line -> its platforms.

    Args:
        project: the project.
        environment: the lock's environment; what the lock itself says about that is not trusted.
        lock: the lock's head; the packages' places are read from the file.
        targets: the environment's targets.

    Raises:
        LockFileError: the lock can't be read.
        ManifestError: conda's configuration can't be read.
    """
    places = places_in(project.lock_path(environment))
    lines: dict[str, list[str]] = {}
    for target in targets:
        target_places = places.get(target.subdir, Places({}, [], []))
        for line in [*target_places.wrong, *_strays(project, target, target_places, lock.channels)]:
            lines.setdefault(line, []).append(target.subdir)
    return lines


def places_in(path: Path) -> dict[str, Places]:
    """Return the places of a lock's packages, by platform.

    Raises:
        LockFileError: the lock can't be read.
    """
    return places_by_layout(read_blocks(path)) or places_of_lock(
        read_lock(read_lock_text(path), shown(path))
    )


def target_strays(
    project: Project, target: Target, lock: LockFile, *, anywhere: bool = True
) -> list[str]:
    """Return what is wrong with the places of a target's packages, one line each.

    Args:
        project: the project.
        target: the target.
        lock: its lock, including the packages.
        anywhere: whether a channel that is a relative path may be in another folder.

    Raises:
        ManifestError: conda's configuration can't be read.
    """
    places = record_places(lock.platforms[target.subdir])
    strays = _strays(project, target, places, lock.channels, anywhere=anywhere)
    return [*places.wrong, *strays]


def _strays(
    project: Project,
    target: Target,
    places: Places,
    locked: Iterable[LockChannel],
    *,
    anywhere: bool = True,
) -> list[str]:
    conda = _conda_strays(project, target, places, locked, anywhere=anywhere)
    return [*conda, *_pypi_strays(project, target, places)]


def _pypi_strays(project: Project, target: Target, places: Places) -> list[str]:
    if not places.pypi:
        return []
    from conda_multiplat.actions.pypi_provenance import pypi_strays_of  # late: slow to import

    return pypi_strays_of(project, target, places.pypi)


def _conda_strays(
    project: Project,
    target: Target,
    places: Places,
    locked: Iterable[LockChannel],
    *,
    anywhere: bool = True,
) -> list[str]:
    """Return conda's stray packages; read the configuration only if the defaults don't tell."""
    named = channels_of(target, [channel.url for channel in locked])
    channels = with_channels_of_specs(named, target.view.conda)

    def wrong(*configs: ChannelConfig) -> list[str]:
        return strays(
            places,
            channels,
            configs,
            project.folder,
            target.subdir,
            variables=os.environ,
            anywhere=anywhere,
        )

    if not wrong(CONDAS_OWN):
        return []
    from conda_multiplat.machine.condarc import settings_from_condarc

    return wrong(CONDAS_OWN, settings_from_condarc(target.subdir).channel_config)


def refuse_strays(
    project: Project, target: Target, lock: LockFile, *, anywhere: bool = True
) -> None:
    """Refuse a lock with packages that can't be verified, or from places that are not allowed.

    Args:
        project: the project.
        target: the target.
        lock: its lock, including the packages.
        anywhere: whether a channel that is a relative path may be in another folder, since nothing
            is fetched from there.

    Raises:
        LockFileError: with every such package or place.
    """
    refuse_unverifiable(project, target, lock)
    if lines := target_strays(project, target, lock, anywhere=anywhere):
        raise stray_error(project, target, lines)


def strays_of_unknown_configuration(
    project: Project, target: Target, lock: LockFile
) -> tuple[str, ...]:
    """Return conda packages from other places than this machine's configuration has for channels.

    They may be right on another machine. Everything else is refused as in :func:`refuse_strays`.

    Raises:
        LockFileError: with every package that nothing verifies, or that no configuration explains.
    """
    refuse_unverifiable(project, target, lock)
    places = record_places(lock.platforms[target.subdir])
    conda = _conda_strays(project, target, places, lock.channels)
    if others := [*places.wrong, *_pypi_strays(project, target, places)]:
        raise stray_error(project, target, [*conda, *others])
    return tuple(conda)


def refuse_unverifiable(project: Project, target: Target, lock: LockFile) -> None:
    """Refuse a lock with packages that can't be verified.

    Raises:
        LockFileError: with every such package.
    """
    if lines := unverifiable(lock.platforms[target.subdir].every):
        raise LockFileError(
            f"{shown(project.lock_path(target.environment))} has packages that can't be verified",
            details=lines,
            hints=["nothing was downloaded; lock them again: conda multiplat lock --update-all"],
        )


def stray_error(project: Project, target: Target, lines: Sequence[str]) -> LockFileError:
    """Return the error for packages from other places, with a line for each."""
    return LockFileError(
        f"{shown(project.lock_path(target.environment))} has packages from places that "
        f"{target} does not allow",
        details=lines,
        hints=[
            "to allow them, name the channel in the manifest, or the server of PyPI packages under "
            "`multiplat: pypi: file-hosts`; then: conda multiplat lock",
            "for a mirror of a channel, set `channel_alias` or `custom_channels` in conda's "
            "configuration",
        ],
    )
