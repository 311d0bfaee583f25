"""The changes that make a prefix as locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.named_variables import require_named
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.platform_changes import (
    MENDED,
    Change,
    IsNewer,
    to_install,
    with_mended,
)
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.prefix_records import installed
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import target
from conda_multiplat.solving.requests import channels_of
from conda_multiplat.vocabulary.channels import base_url
from conda_multiplat.vocabulary.records import CondaRecord, python_of

if TYPE_CHECKING:
    from conda_multiplat.engines.conda.access import Channels


@dataclass(frozen=True)
class Work:
    """The changes to make.

    Attributes:
        choice: the environment, and its lock for this machine.
        where: the prefix.
        conda: the changes of conda packages.
        pypi: the changes of PyPI packages.
        marker: what the last run recorded there; empty if there was none.
    """

    project: Project
    choice: Choice
    where: Path
    conda: Sequence[Change]
    pypi: Sequence[Change]
    marker: Mapping[str, Any]

    @property
    def finished(self) -> bool:
        """Return whether the last run finished, if the prefix is still an environment."""
        return self.marker.get("state") == "complete" and prefixes.is_environment(self.where)

    @property
    def changed(self) -> list[Change]:
        """Return all changes, conda's first."""
        return [*self.conda, *self.pypi]

    @property
    def to_link(self) -> list[CondaRecord]:
        """Return the conda packages to link."""
        return [change.new for change in self.conda if isinstance(change.new, CondaRecord)]

    @property
    def mended(self) -> set[str]:
        """Return the names of those that are linked again because files are missing or altered."""
        return {change.name for change in self.conda if change.kind == MENDED}


@dataclass(frozen=True)
class Look:
    """The thoroughness with which files of conda packages are verified.

    Attributes:
        contents: also read them; otherwise only sizes are compared.
    """

    contents: bool = False


def conda_changes(
    locked: PlatformLock,
    where: Path,
    marker: Mapping[str, Any],
    is_newer: IsNewer,
    look: Look | None,
) -> list[Change]:
    """Return the changes of conda packages, including those with missing or altered files."""
    present = installed(where)
    changes = to_install(present, locked.records, is_newer)
    if look is None:
        return changes
    from conda_multiplat.machine.prefix_files import damage

    damaged = damage(where, marker.get("left_by_scripts", {}), contents=look.contents)
    return with_mended(
        changes, locked.records, {name: str(files) for name, files in damaged.items()}
    )


def pypi_changes(
    locked: PlatformLock, where: Path, marker: Mapping[str, Any], is_newer: IsNewer
) -> list[Change]:
    """Return the changes of PyPI packages; if neither side has any, nothing is read.

    Args:
        locked: the lock.
        where: the prefix.
        marker: what the last install recorded there.
        is_newer: compares versions.
    """
    noted = marker.get("pypi", {})
    if not locked.pypi and not noted:
        return []
    from conda_multiplat.machine.site_packages import installed_pypi

    present = installed_pypi(where, python_of(locked.records), noted, locked.pypi)
    return to_install(present, locked.pypi, is_newer)


def require_allowed(project: Project, choice: Choice, settings: Settings) -> None:
    """Refuse locked packages from channels that conda's configuration does not allow.

    Raises:
        ManifestError: a line refers to an environment variable that may not be sent.
        ChannelRefusedError: with every such channel.
    """
    from conda_multiplat.engines.conda.access import Channels

    if not choice.packed:
        require_named([target(project.manifest, choice.environment, settings.subdir)], settings)
    urls = (base_url(record.url) for record in choice.locked.records)
    Channels(settings, project.folder).require_allowed(urls)


def channels(project: Project, choice: Choice, settings: Settings) -> Channels:
    """Return the channels as the manifest and the configuration write them, with credentials.

    Empty for a packed environment, which needs no server.
    """
    from conda_multiplat.engines.conda.access import Channels

    resolved = Channels(settings, project.folder)
    if choice.packed:
        return resolved
    own_target = target(project.manifest, choice.environment, settings.subdir)
    for name in (*settings.channels, *channels_of(own_target, ())):
        resolved.urls(name, settings.subdir)
    return resolved
