"""The targets of a project with their locked packages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conda_multiplat.lockfile.dependency_graph import LockedGraph, locked_graph
from conda_multiplat.lockfile.digests import has_changed
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project, invocation
from conda_multiplat.manifest.targets import Target, targets
from conda_multiplat.solving.pypi import NameTable
from conda_multiplat.vocabulary.names import did_you_mean


@dataclass(frozen=True)
class LockedTarget:
    """A target, its environment's lock, and that lock's part for the platform."""

    target: Target
    lock: LockFile
    locked: PlatformLock

    def graph(self) -> LockedGraph:
        """Return the dependency graph, with the lines that request packages."""
        return locked_graph(self.target, self.locked, _table(self))


def locked_targets(
    project: Project, environments: Sequence[str], platforms: Sequence[str], console: Console
) -> list[LockedTarget]:
    """Return the locked targets of some environments and platforms, or of all.

    A warning names those for which the manifest has changed since they were locked.

    Raises:
        UsageError: the manifest does not have one of the environments or platforms.
        LockFileError: an environment has no lock that can be used.
    """
    wanted = targets(project.manifest, environments, platforms)
    locks = {
        environment: project.existing_lock(environment)
        for environment in {target.environment for target in wanted}
    }
    _warn_stale(project, [(target, locks[target.environment]) for target in wanted], console)
    return [
        LockedTarget(target, lock, locked)
        for target in wanted
        if (locked := (lock := locks[target.environment]).platforms.get(target.subdir))
    ]


def _warn_stale(
    project: Project, pairs: Iterable[tuple[Target, LockFile]], console: Console
) -> None:
    """Say for which targets the manifest has changed since they were locked."""
    stale = [str(target) for target, lock in pairs if has_changed(lock, target)]
    if stale:
        console.say(
            f"warning: the manifest has changed since it was locked: {', '.join(stale)} "
            f"(run `{invocation(project, 'lock')}`); the output describes what is locked"
        )


def near_names(names: Iterable[str], targets: Iterable[LockedTarget]) -> list[str]:
    """Return hints for names that no lock has."""
    known = {record.name for target in targets for record in target.locked.every}
    return [did_you_mean(name, known, "no requested package needs it") for name in names]


def _table(locked: LockedTarget) -> NameTable:
    """Return the table of names, read only if there are PyPI packages."""
    if not (locked.locked.pypi or locked.target.view.pypi):
        return {}
    from conda_multiplat.engines.pypi.conda_names import name_table

    return name_table()
