"""Choose what to pack for a platform, and check whether all of it can be packed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.install.prefix_changes import require_allowed
from conda_multiplat.actions.lock.current import choose_by_rule
from conda_multiplat.export.packed import can_be_packed, packed_part, why_not_packed
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project
from conda_multiplat.vocabulary.errors import UnmetError

_NO_FILE_NAME = re.compile(r"[^\w.+-]|^[.-]")


@dataclass(frozen=True)
class Plan:
    """An archive to write.

    Attributes:
        project: whose locks.
        choice: the environment, and its lock for the platform.
        settings: the settings, for another machine of the platform.
    """

    project: Project
    choice: Choice
    settings: Settings

    @property
    def platform(self) -> str:
        """The platform that the archive is for."""
        return self.settings.subdir

    @property
    def packed(self) -> PlatformLock:
        """The locked packages that go into the archive."""
        return packed_part(self.choice.locked)

    @property
    def left_out(self) -> list[str]:
        """A line for each locked package that is left out."""
        return [
            why_not_packed(package)
            for package in self.choice.locked.pypi
            if not can_be_packed(package)
        ]

    @property
    def name(self) -> str:
        """The conda environment's name."""
        environment = self.choice.environment
        return self.project.manifest.conda_name(environment) or environment

    @property
    def file_name(self) -> str:
        """The archive's file name."""
        return f"{_NO_FILE_NAME.sub('_', self.name)}.{self.platform}.tar"


def plan(
    project: Project,
    names: Sequence[str],
    platform: str,
    settings: Settings,
    console: Console,
    *,
    rule: str,
    wheels_only: bool,
) -> Plan:
    """Return what to pack for a platform, which can differ from this machine's.

    Args:
        project: the project.
        names: the candidate environments, the preferred ones first.
        platform: the platform.
        settings: conda's settings.
        console: for messages.
        rule: what to do if the lock is out of date (``actions/lock/current.py``).
        wheels_only: leave out what would have to be built.

    Raises:
        UnmetError: nothing is locked for the platform, or something would have to be built.
        LockFileError: the lock can't be used, or has packages from places that the manifest does
            not allow.
        ChannelRefusedError: conda's configuration does not allow a locked package's channel.
    """
    there = replace(settings, subdir=platform, elsewhere=True)
    project, choice = choose_by_rule(project, names, rule, there, console)
    require_allowed(project, choice, there)
    planned = Plan(project, choice, there)
    if planned.left_out and not wheels_only:
        count = packages(len(planned.left_out))
        raise UnmetError(
            f"{count} of {choice.environment} would have to be built where there is no network",
            details=planned.left_out,
            hints=[
                "build a wheel of it, and name that in the manifest: pip: ./dist/NAME.whl",
                "--wheels-only packs the rest, and lists in the archive what was left out",
            ],
        )
    return planned
