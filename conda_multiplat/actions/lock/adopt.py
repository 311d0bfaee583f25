"""Adopt the locks of other tools: add the promises that their packages need to the manifest.

Otherwise CUDA builds in such a lock would be replaced by CPU builds: the solver assumes only the
virtual packages that are promised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conda_multiplat.actions.missing_promises import missing
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import Target, stated_promises, targets, with_peers
from conda_multiplat.vocabulary.errors import LockFileError
from conda_multiplat.vocabulary.implied_promises import Implied


@dataclass(frozen=True)
class Promised:
    """Promises for a target, needed by a lock that another tool made."""

    target: Target
    implied: tuple[Implied, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "target": str(self.target),
            "promises": [promise._asdict() for promise in self.implied],
        }


@dataclass(frozen=True)
class Adopted:
    """A project whose manifest promises what adopted locks need.

    Attributes:
        project: with the new promises.
        texts: the new texts of changed manifest files, not written yet.
        promised: the promises.
    """

    project: Project
    texts: dict[Path, str]
    promised: tuple[Promised, ...] = ()

    def lines(self) -> Iterator[str]:
        """Return the text form: a line for the file, then one for each promise."""
        if self.promised:
            files = ", ".join(map(shown, self.texts))
            yield f" added promises to {files} that the lock of another tool needs:"
        for promised in self.promised:
            for promise in promised.implied:
                yield f"   {promised.target}  {promise}  ({promise.comment})"


def adopt(
    project: Project,
    settings: Settings,
    console: Console,
    *,
    environments: Sequence[str] = (),
    platforms: Sequence[str] = (),
    drop_cuda: bool = False,
) -> Adopted:
    """Return the project to lock, with promises for locks of other tools.

    Virtual packages that the manifest states itself stay unchanged.

    Args:
        project: the project.
        settings: the platform to assume if the manifest names none.
        console: for the report of the edit.
        environments: only these; if empty, all.
        platforms: only these; if empty, all.
        drop_cuda: promise no CUDA.

    Raises:
        ManifestError: the manifest is written in a way that can't be edited.
        OutsideError: it can't be written.
    """
    manifest = project.manifest
    chosen = with_peers(manifest, targets(manifest, environments, platforms))
    foreign = {name: _foreign_lock(project, name) for name in {t.environment for t in chosen}}
    promised = []
    for target in chosen:
        lock = foreign[target.environment]
        implied = _silent(project, target, lock, drop_cuda=drop_cuda) if lock else ()
        if implied:
            promised.append(Promised(target, implied))
    return _edited(project, promised, settings, console) if promised else Adopted(project, {})


def _foreign_lock(project: Project, environment: str) -> LockFile | None:
    """Return an environment's lock if another tool made it; ignore one that can't be read."""
    try:
        lock = project.lock_head(environment)
    except LockFileError:
        return None
    return lock if lock and not lock.recipe else None


def _silent(
    project: Project, target: Target, lock: LockFile, *, drop_cuda: bool
) -> tuple[Implied, ...]:
    """Return the promises that another tool's lock needs and the manifest does not state."""
    locked = lock.platforms.get(target.subdir)
    if locked is None or not locked.foreign:
        return ()
    stated = stated_promises(project.manifest, target.environment, target.subdir)
    stated |= {"cuda", "cuda_arch"} if drop_cuda else set()
    return tuple(package for package in missing(target, locked) if package.name not in stated)


def _edited(
    project: Project, promised: Sequence[Promised], settings: Settings, console: Console
) -> Adopted:
    from conda_multiplat.actions.edit.edit_and_relock import read_original  # late: seldom needed
    from conda_multiplat.manifest.edit.promises import with_promises

    original = read_original([str(file) for file in project.files], settings, console)
    hosts = replace(original.draft, host_subdirs=project.manifest.platforms)
    original = replace(original, draft=hosts)
    draft = hosts
    for environment in dict.fromkeys(adopted.target.environment for adopted in promised):
        own = [adopted for adopted in promised if adopted.target.environment == environment]
        draft = with_promises(draft, environment, {p.target.subdir: p.implied for p in own})
    return Adopted(original.project(draft), original.texts(draft), tuple(promised))
