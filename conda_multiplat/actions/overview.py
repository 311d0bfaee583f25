"""The table of a project's locks, compared with the manifest; offline."""

from __future__ import annotations

from collections.abc import Iterator

from conda_multiplat.actions.check.locks import verdicts
from conda_multiplat.actions.provenance import target_strays
from conda_multiplat.engines.conda.specs import is_newer, spec_matches
from conda_multiplat.lockfile.digests import in_sync
from conda_multiplat.lockfile.overview import IN_SYNC, MISSING, STALE, Cell, cell
from conda_multiplat.machine.files import shown
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import targets


def overview(project: Project) -> list[Cell]:
    """Return a cell for each environment on each of its platforms, in the manifest's order.

    Raises:
        ManifestError: a lock is compared in detail, and lines of the manifest are not MatchSpecs.
        LockFileError: a lock can't be read.
    """
    return [
        cell
        for environment in project.manifest.environments
        for cell in _cells(project, environment)
    ]


def _cells(project: Project, environment: str) -> Iterator[Cell]:
    wanted = targets(project.manifest, [environment])
    lock = project.lock(environment)
    met = _met(project, environment)
    for target in wanted:
        locked = lock.platforms.get(target.subdir) if lock else None
        if lock is None or locked is None:
            yield Cell(environment, target.subdir, MISSING)
            continue
        fits = in_sync(lock, target) or target.subdir in met
        fits = fits and not target_strays(project, target, lock)
        state = IN_SYNC if fits else STALE
        yield cell(
            environment, target.subdir, state, locked, matches=spec_matches, is_newer=is_newer
        )


def _met(project: Project, environment: str) -> frozenset[str]:
    """Return the platforms whose lock still satisfies a changed manifest."""
    file = shown(project.lock_path(environment))
    found = verdicts(project, [environment])
    return frozenset(subdir for verdict in found if verdict.file == file for subdir in verdict.met)
