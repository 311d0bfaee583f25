r"""Solve a project, for ``lock`` and for all commands that change a manifest.

Flow::

    manifest -> [Target] -- in sync: kept as locked ---------------\
                        \-- else: SolveRequest -> Solution -------> PlatformLock -> LockFile -> text
                                  ^ previous records \-> PypiSolution -/   (one per environment)

A target is in sync if its lock states the digest of its request and was not edited. If all
targets are in sync, nothing is downloaded or solved. Nothing is written here: :func:`texts` returns
the new files.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from conda_multiplat.actions.lock.cuda_builds import refuse_lost_cuda
from conda_multiplat.actions.lock.exclude_newer import (
    cooldown_of,
    effective,
    of_the_same_instant,
    rattlers_warning,
)
from conda_multiplat.actions.lock.plan import Plan, Update, check_update, make_plans, plan_targets
from conda_multiplat.actions.named_variables import require_named
from conda_multiplat.actions.waiting_text import Reading, WaitedFor
from conda_multiplat.lockfile import write as conda_lock
from conda_multiplat.lockfile.exclude_newer import as_locked
from conda_multiplat.lockfile.model import LockChannel, LockFile, PlatformLock
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import read_lock_text
from conda_multiplat.machine.progress import waiting
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import Target, targets, with_peers
from conda_multiplat.solving.conflicts import no_solution
from conda_multiplat.solving.outcomes import CondaEngine, Conflict, Solution
from conda_multiplat.solving.requests import channels_of, digest, request
from conda_multiplat.solving.solve import solve
from conda_multiplat.vocabulary.channels import environment_variables, public_name
from conda_multiplat.vocabulary.errors import ManifestError

if TYPE_CHECKING:
    from conda_multiplat.actions.lock.pypi import PypiSide
    from conda_multiplat.engines.conda.solver import RattlerEngine
    from conda_multiplat.solving.pypi import PypiSolution


#: Keep everything that satisfies the manifest.
NOTHING = Update()


@dataclass(frozen=True)
class Locked:
    """The result of a run.

    Attributes:
        project: the project that was locked.
        plans: the previous locks, what was kept and what was solved, by environment.
        locks: the new lock of each plan.
        solutions: the solutions for conda packages.
        pypi: the solutions for PyPI packages.
    """

    project: Project
    plans: Sequence[Plan]
    locks: Sequence[LockFile]
    solutions: Mapping[Target, Solution]
    pypi: Mapping[Target, PypiSolution]

    @property
    def targets(self) -> list[Target]:
        """Return all selected targets, solved or kept."""
        return [target for plan in self.plans for target in plan.targets]

    def of(self, target: Target) -> PlatformLock:
        """Return a target's lock."""
        lock = next(lock for lock in self.locks if lock.environment == target.environment)
        return lock.platforms[target.subdir]

    def texts(self) -> dict[Path, str]:
        """Return the locks that differ from those on disk."""
        rendered = {
            self.project.lock_path(lock.environment): conda_lock.render(lock) for lock in self.locks
        }
        return {
            path: text
            for path, text in rendered.items()
            if not path.exists() or read_lock_text(path).replace("\r\n", "\n") != text
        }


def relock(
    project: Project,
    settings: Settings,
    console: Console,
    *,
    environments: Sequence[str] = (),
    platforms: Sequence[str] = (),
    update: Update = NOTHING,
    channel_priority: str | None = None,
    drop_cuda: bool = False,
    exclude_newer: str | None = None,
    engine: RattlerEngine | None = None,
) -> Locked:
    """Solve all targets that are not in sync, and write nothing.

    Args:
        project: what to lock; its manifest can differ from the one on disk.
        settings: channels, caches and priorities that neither manifest nor lock states.
        console: for warnings about the existing locks.
        environments: only these; if empty, all.
        platforms: only these; the others stay as locked.
        update: packages that may change although the lock satisfies the manifest.
        channel_priority: overrides the locks' own and the configuration's.
        drop_cuda: whether locked CUDA builds may be replaced by CPU builds.
        exclude_newer: what is too new, in addition to the manifest's value; ``false`` for nothing,
            and ``None`` for the locks' options.
        engine: an engine to reuse, so that channels are read once.

    Raises:
        NoSolutionError: at least one target can't be solved, or would lose its CUDA builds.
        ManifestError: a line refers to an environment variable that may not be sent, or an index
            has files on servers that the manifest does not name.
        UsageError: an environment, a platform or a package that does not exist.
        LockFileError: a lock can't be read.
        OutsideError: a channel or an index can't be read.
    """
    from conda_multiplat.engines.conda.solver import RattlerEngine

    now = int(time.time())
    chosen = with_peers(project.manifest, targets(project.manifest, environments, platforms))
    plans = make_plans(project, chosen, update, console)
    options = {option for plan in plans for option in plan.locked_options}
    said = effective(project, settings, exclude_newer, options, now)
    for plan in plans:
        plan.priority = channel_priority or plan.locked_priority or settings.channel_priority
        plan.targets = [target.excluding(said.exclude_newer) for target in plan.targets]
        plan.exclude_newer = said.given
    plan_targets(project, plans, update, settings, now)
    check_update(update, plans)
    require_named(chosen, settings)
    engine = engine or RattlerEngine(settings, project.folder)
    engine.require_allowed(  # kept targets are used too
        [
            request(target, default_channels=settings.channels, channel_priority="")
            for target in chosen
        ]
    )
    _refuse_missing(project, plans)
    if any(plan.requests for plan in plans):
        for line in (*said.lines(now), *rattlers_warning(said.exclude_newer)):
            console.say(line)
    pypi = _pypi_side(project, plans, update, settings, console, engine=engine)
    requests = [request for plan in plans for request in plan.requests]
    reading = Reading(engine, requests, console)
    waited_for = WaitedFor(requests, reading, pypi.progress if pypi else None)
    try:
        with waiting(console, waited_for.words):
            solutions = _solve(plans, engine, pypi, waited_for)
            if not drop_cuda:
                refuse_lost_cuda(project, plans, solutions)
            resolved = pypi.results() if pypi else {}
    finally:
        if pypi:
            pypi.close()
    _refuse_other_servers(project, resolved)
    locks = [_lock_file(project, plan, solutions, resolved, settings) for plan in plans]
    return Locked(project, plans, locks, solutions, resolved)


def locked_for(locked: Locked, project: Project) -> Locked:
    """Return the same records as the lock of ``project``, whose requests they are known to satisfy.

    For a manifest whose specs were narrowed to the solved versions: no solve is needed, but the
    digests of the requests change.
    """
    manifest = project.manifest
    names = [lock.environment for lock in locked.locks]
    now = {(target.environment, target.subdir): target for target in targets(manifest, names)}
    locks = []
    for lock in locked.locks:
        platforms = dict(lock.platforms)
        for subdir, old in lock.platforms.items():
            if solved := now.get((lock.environment, subdir)):
                requested = tuple(sorted({line.text for line in solved.view.conda}))
                platforms[subdir] = old._replace(
                    content_hash=digest(as_locked(solved, old.cooldown), lock.recipe),
                    requested=requested,
                )
        locks.append(lock._replace(platforms=platforms))
    return replace(locked, project=project, locks=locks)


def _refuse_missing(project: Project, plans: Sequence[Plan]) -> None:
    """Check before resolving that the paths in ``pip:`` exist.

    Raises:
        ManifestError: one does not exist.
    """
    lines = {
        line for plan in plans for request in plan.requests for line in request.target.view.pypi
    }
    if not lines:
        return
    from conda_multiplat.machine.local_places import missing_places

    if problems := sorted(set(missing_places(lines, project.folder))):
        files = ", ".join(sorted({problem.location.file for problem in problems}))
        raise ManifestError(f"{files} can't be used", problems=problems)


def _pypi_side(
    project: Project,
    plans: Sequence[Plan],
    update: Update,
    settings: Settings,
    console: Console,
    *,
    engine: CondaEngine,
) -> PypiSide | None:
    """Return the PyPI resolutions, if a target to solve has PyPI packages."""
    if not any(request.target.view.pypi for plan in plans for request in plan.requests):
        return None
    from conda_multiplat.actions.lock.pypi import PypiSide
    from conda_multiplat.engines.pypi.conda_names import name_table
    from conda_multiplat.engines.pypi.resolver import UvEngine
    from conda_multiplat.engines.pypi.user_settings import EXCLUDE_NEWER, warning

    # uv's setting of exclude-newer applies if the manifest has none
    held = () if project.manifest.exclude_newer.is_stated else EXCLUDE_NEWER
    folder = project.folder.resolve()
    if text := warning(os.environ, folder, settings.pypi_index(), without=held):
        console.say(text)
    return PypiSide(UvEngine(settings, project.folder), name_table(), engine, plans, update)


def _refuse_other_servers(project: Project, resolved: Mapping[Target, PypiSolution]) -> None:
    """Refuse files on other servers than the manifest allows: an index page can link anywhere.

    Raises:
        ManifestError: with the files' URLs.
    """
    if not resolved:
        return
    from conda_multiplat.actions.pypi_provenance import pypi_strays_of
    from conda_multiplat.lockfile.places import Place

    lines: dict[str, list[str]] = {}
    for target, solution in resolved.items():
        places = [Place(record.name, record.version, record.url) for record in solution.records]
        for line in pypi_strays_of(project, target, places):
            lines.setdefault(line, []).append(str(target))
    if lines:
        raise ManifestError(
            "PyPI packages come from places that the manifest does not allow",
            details=[f"{line}  ({', '.join(names)})" for line, names in lines.items()],
            hints=[
                "nothing was written; a URL that only a package names must be a line of `pip:` "
                "too: "
                "`NAME @ URL`",
                "to allow a server, name it in the manifest: "
                "`multiplat: {pypi: {file-hosts: [files.example.com]}}`",
            ],
        )


def _solve(
    plans: Sequence[Plan],
    engine: CondaEngine,
    pypi: PypiSide | None,
    waited_for: WaitedFor,
) -> dict[Target, Solution]:
    def solved(solution: Solution) -> None:
        waited_for.solved(solution)
        if pypi:
            pypi.start(solution)

    requests = [request for plan in plans for request in plan.requests]
    outcomes = solve(requests, engine, solved) if requests else []
    conflicts = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    solutions = [outcome for outcome in outcomes if isinstance(outcome, Solution)]
    if conflicts:
        every = [target for plan in plans for target in plan.targets]
        raise no_solution(conflicts, [solution.request.target for solution in solutions], every)
    return {solution.request.target: solution for solution in solutions}


def _lock_file(
    project: Project,
    plan: Plan,
    solutions: Mapping[Target, Solution],
    resolved: Mapping[Target, PypiSolution],
    settings: Settings,
) -> LockFile:
    platforms = dict(plan.kept)
    for target in plan.targets:
        if solution := solutions.get(target):
            pypi = resolved.get(target)
            platform = PlatformLock.of(
                digest(target, plan.recipe),
                solution.records,
                target.virtual_packages,
                [requirement.text for requirement in target.view.conda],
                pypi.records if pypi else (),
                extras=pypi.extras if pypi else (),
                torch_backend=pypi.torch_backend if pypi else "",
                cooldown=cooldown_of(solution, pypi),
            )
            old = plan.old.platforms.get(target.subdir) if plan.old else None
            platforms[target.subdir] = of_the_same_instant(target, platform, old)
    return LockFile(
        environment=plan.environment,
        sources=project.sources,
        channels=_channels(project, plan.environment, settings),
        platforms=dict(sorted(platforms.items())),
        channel_priority=plan.priority,
        recipe=plan.recipe,
    )


def _channels(project: Project, environment: str, settings: Settings) -> tuple[LockChannel, ...]:
    """Return the channels of all platforms of an environment; ``--platform`` changes none."""
    every = targets(project.manifest, [environment])
    names = dict.fromkeys(
        name for target in every for name in channels_of(target, settings.channels)
    )
    return tuple(LockChannel(public_name(n), tuple(environment_variables(n))) for n in names)
