"""The state of an environment for ``info``: of its lock, and of its prefix on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.actions.check.locks import lock_verdict
from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.install.choose_prefix import foreign_lock
from conda_multiplat.actions.install.prefix_changes import conda_changes, pypi_changes
from conda_multiplat.lockfile.overview import IN_SYNC, MISSING, STALE
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.machine.prefix import is_environment, read_marker
from conda_multiplat.machine.project import Project
from conda_multiplat.vocabulary.errors import MultiplatError

UNREADABLE = "can't be read"


class LockState(NamedTuple):
    """The state of a lock, ``in sync`` or another word, and the reasons, a line each."""

    state: str
    reasons: Sequence[str] = ()


class PrefixState(NamedTuple):
    """The state of an environment's prefix.

    Attributes:
        installed: whether there is a conda environment.
        as_locked: whether its records are those of the lock; ``None`` if that is unknown, since
            nothing is locked for this machine, or another project made the environment.
        words: the text for people.
    """

    installed: bool
    as_locked: bool | None
    words: str


def lock_state(project: Project, environment: str) -> LockState:
    """Return the state of a lock, as ``check`` defines it."""
    if not project.lock_path(environment).exists():
        return LockState(MISSING)
    try:
        verdict = lock_verdict(project, environment)
    except MultiplatError as error:
        return LockState(UNREADABLE, [*map(str, error.problems)] or [error.message])
    return LockState(STALE, verdict.reasons) if verdict.fails() else LockState(IN_SYNC)


def prefix_state(project: Project, choice: Choice | None, where: Path) -> PrefixState:
    """Return the state of a prefix, compared with the lock for this machine, if any."""
    from conda_multiplat.engines.conda.specs import is_newer

    if not is_environment(where):
        return PrefixState(installed=False, as_locked=None, words="not installed")
    lock = foreign_lock(project, where)
    if lock is not None:
        whose = f"made from {lock}" if lock else "not made by conda multiplat"
        return PrefixState(installed=True, as_locked=None, words=whose)
    marker = read_marker(where)
    if choice is None:
        return PrefixState(installed=True, as_locked=None, words="installed")
    if marker.get("environment") != choice.environment:
        return PrefixState(
            installed=True, as_locked=False, words=f"has {marker['environment']} installed"
        )
    if marker.get("state") != "complete":
        words = "an install into it was not finished"
        return PrefixState(installed=True, as_locked=False, words=words)
    changed = conda_changes(choice.locked, where, marker, is_newer, look=None)
    changed += pypi_changes(choice.locked, where, marker, is_newer)
    words = f"{packages(len(changed))} not as locked" if changed else "as locked"
    return PrefixState(installed=True, as_locked=not changed, words=words)
