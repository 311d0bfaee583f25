"""Summarise an install in a sentence: numbers of packages and download size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.actions.install.choose_prefix import name_of
from conda_multiplat.actions.install.prefix_changes import Work
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.platform_changes import Change, packages
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.files import quoted
from conda_multiplat.vocabulary.byte_sizes import bracketed, download_size


def outcome(work: Work) -> str:
    """Return what a prefix contains, and how much of it has changed."""
    changed = work.changed
    size = download_size(change.size for change in changed if change.comes)
    some = f"{len(changed)} changed" if 0 < len(changed) < len(work.choice.locked.every) else ""
    has = "has" if changed else "already has"
    locked, environment = work.choice.locked, work.choice.environment
    notes = bracketed(some, size)
    return f"{work.where} {has} the {locked_packages(locked)} of {environment}{notes}"


def activation(where: Path, settings: Settings) -> str:
    """Return the command that activates a prefix, by name if conda finds it by name."""
    return f"conda activate {quoted(name_of(where, settings) or str(where))}"


def locked_packages(locked: PlatformLock) -> str:
    """Return the number of locked packages, in words."""
    return packages(len(locked.records), len(locked.pypi))


def changed_packages(changed: Sequence[Change]) -> str:
    """Return the number of changed packages, in words."""
    pypi = sum(change.manager == "pypi" for change in changed)
    return packages(len(changed) - pypi, pypi)
