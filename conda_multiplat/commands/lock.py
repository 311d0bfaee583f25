r"""``conda multiplat lock``: solve every target at once, then replace all locks or none.

Flow::

    manifest -> [Target] -- in sync: kept as locked ---------------\
                        \-- else: SolveRequest -> Solution -------> PlatformLock -> LockFile -> text
                                  ^ previous records \-> PypiSolution -/   (one per environment)

A target is in sync when the digest of its request is the one that its lock states and the lock
is as it was written. Where all are, nothing is fetched and nothing is solved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_multiplat.alternatives import CpuBuild
from conda_multiplat.changes import Change, IsNewer, changes, packages, summary
from conda_multiplat.channels import environment_variables, public_name
from conda_multiplat.config import Settings
from conda_multiplat.conflicts import no_solution
from conda_multiplat.console import Console
from conda_multiplat.files import read_text, shown, write_all
from conda_multiplat.lock import LockChannel, LockFile, PlatformLock
from conda_multiplat.lock_plan import Plan, Update, check_update, make_plans, plan_targets
from conda_multiplat.outcomes import CondaEngine, Conflict, Solution
from conda_multiplat.project import Project, load_project
from conda_multiplat.render import conda_lock
from conda_multiplat.requests import channels_of, digest
from conda_multiplat.solve import solve
from conda_multiplat.targets import Target, targets, with_peers

if TYPE_CHECKING:
    from conda_multiplat.lock_pypi import PypiSide
    from conda_multiplat.pypi import PypiSolution


def lock(
    *,
    files: Sequence[str] = (),
    environments: Sequence[str] = (),
    platforms: Sequence[str] = (),
    update: Sequence[str] = (),
    update_all: bool = False,
    dry_run: bool = False,
    channel_priority: str | None = None,
    settings: Settings,
    console: Console,
) -> int:
    """Lock the environments of a manifest; see ``conda multiplat lock --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``, which has its exit code.
    """
    from conda_multiplat.engines.rattler import RattlerEngine
    from conda_multiplat.engines.specs import check_spec, is_newer

    host_subdirs = tuple(platforms) or (settings.subdir,)
    project = load_project(files, host_subdirs=host_subdirs, check_spec=check_spec)
    for warning in project.manifest.warnings:
        console.say(f"warning: {warning}")
    _note_assumed_platforms(project, console)
    manifest = project.manifest
    wanted = with_peers(manifest, targets(manifest, environments, platforms))
    asked = Update(frozenset(name.lower() for name in update), update_all)
    plans = make_plans(project, wanted, asked, console)
    for plan in plans:
        plan.priority = channel_priority or plan.locked_priority or settings.channel_priority
    plan_targets(plans, asked, settings)
    check_update(asked, plans)
    pypi = _pypi_side(project, plans, asked, settings)
    try:
        outcomes = _solve(plans, RattlerEngine(settings, project.folder), pypi)
        resolved = pypi.results() if pypi else {}
    finally:
        if pypi:
            pypi.close()
    locks = [_lock_file(project, plan, outcomes, resolved, settings) for plan in plans]
    found = {
        plan.environment: _changes(plan, new, is_newer)
        for plan, new in zip(plans, locks, strict=True)
    }
    _report(plans, locks, found, console)
    _note_assumptions(wanted, settings, console)
    _note_cpu_builds(outcomes.values(), console)
    for warning in dict.fromkeys(each for found in resolved.values() for each in found.warnings):
        console.say(f" warning: {warning}")
    texts = _texts(project, locks)
    if not dry_run:
        write_all(texts)
    names = [shown(path) for path in texts]
    _conclude(names, dry_run=dry_run, console=console)
    document = _document(locks, found, names, dry_run=dry_run)
    console.result({**document, **_cpu_builds(outcomes.values())})
    return 0


def _note_assumed_platforms(project: Project, console: Console) -> None:
    if not project.manifest.platforms_given:
        names = ", ".join(project.manifest.platforms)
        console.say(f"assumed the platform {names}: the manifest has no `platforms:`")


def _pypi_side(
    project: Project, plans: Sequence[Plan], update: Update, settings: Settings
) -> PypiSide | None:
    """What resolves PyPI packages, where a target that is to be solved asks for any."""
    if not any(each.target.view.pypi for plan in plans for each in plan.requests):
        return None
    from conda_multiplat.engines.uv import UvEngine
    from conda_multiplat.lock_pypi import PypiSide
    from conda_multiplat.pypi_table import name_table

    return PypiSide(UvEngine(settings, project.folder), name_table(), plans, update)


def _solve(
    plans: Sequence[Plan], engine: CondaEngine, pypi: PypiSide | None
) -> dict[Target, Solution]:
    requests = [each for plan in plans for each in plan.requests]
    outcomes = solve(requests, engine, pypi.start if pypi else _ignore) if requests else []
    conflicts = [each for each in outcomes if isinstance(each, Conflict)]
    solutions = [each for each in outcomes if isinstance(each, Solution)]
    if conflicts:
        raise no_solution(conflicts, [each.request.target for each in solutions])
    return {each.request.target: each for each in solutions}


def _ignore(_: Solution) -> None:
    pass


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
            platforms[target.subdir] = PlatformLock.of(
                digest(target, plan.recipe),
                solution.records,
                target.virtual_packages,
                [each.text for each in target.view.conda],
                resolved[target].records if target in resolved else (),
            )
    return LockFile(
        environment=plan.environment,
        sources=project.sources,
        channels=_channels(project, plan.environment, settings),
        platforms=dict(sorted(platforms.items())),
        channel_priority=plan.priority,
        recipe=plan.recipe,
    )


def _channels(project: Project, environment: str, settings: Settings) -> tuple[LockChannel, ...]:
    """The channels of all of an environment's platforms, so that --platform changes none."""
    every = targets(project.manifest, [environment])
    names = dict.fromkeys(name for each in every for name in channels_of(each, settings.channels))
    return tuple(LockChannel(public_name(n), tuple(environment_variables(n))) for n in names)


def _changes(plan: Plan, new: LockFile, is_newer: IsNewer) -> dict[str, list[Change]]:
    old = plan.old.platforms if plan.old else {}
    return {
        subdir: [
            *changes(old[subdir].records, locked.records, is_newer),
            *changes(old[subdir].pypi, locked.pypi, is_newer),
        ]
        if subdir in old
        else []
        for subdir, locked in new.platforms.items()
    }


def _report(
    plans: Sequence[Plan],
    locks: Sequence[LockFile],
    found: dict[str, dict[str, list[Change]]],
    console: Console,
) -> None:
    rows: list[list[str]] = []
    for plan, new in zip(plans, locks, strict=True):
        name = plan.environment
        for subdir, locked in new.platforms.items():
            words = f"{packages(len(locked.records)):>13}"
            words += f" + {len(locked.pypi)} of PyPI" if locked.pypi else ""
            rows.append([name, subdir, words, summary(found[plan.environment][subdir])])
            name = ""
    if rows:
        console.table(rows)


def _note_assumptions(wanted: Sequence[Target], settings: Settings, console: Console) -> None:
    """Say what the manifest leaves open, each thing once."""
    if not all(target.view.channels for target in wanted):
        names = ", ".join(public_name(name) for name in settings.channels)
        console.say(
            f" the manifest names no channels: those of the configuration are used ({names})"
        )
    assumed = sorted({each for target in wanted for each in target.assumed})
    if assumed:
        console.say(f" assumed where the manifest is silent: {', '.join(assumed)}")


def _note_cpu_builds(solutions: Iterable[Solution], console: Console) -> None:
    """Say where CUDA was promised and a CPU build was locked; alike notes once."""
    found: dict[CpuBuild, list[Target]] = {}
    for solution in solutions:
        for each in solution.cpu_builds:
            found.setdefault(each, []).append(solution.request.target)
    for build, where in found.items():
        first, *others = build.lines()
        console.say(f" ! {first}  ({', '.join(map(str, where))})")
        for line in others:
            console.say(f"   {line}")


def _cpu_builds(solutions: Iterable[Solution]) -> dict[str, Any]:
    """The same for ``--json``; nothing where there is none."""
    found = [
        {"target": str(each.request.target), **build.to_dict()}
        for each in solutions
        for build in each.cpu_builds
    ]
    return {"cpu_builds": found} if found else {}


def _texts(project: Project, locks: Sequence[LockFile]) -> dict[Path, str]:
    """The files that differ from what is on disk."""
    texts = {project.lock_path(each.environment): conda_lock.render(each) for each in locks}
    return {
        path: text
        for path, text in texts.items()
        if not path.exists() or read_text(path).replace("\r\n", "\n") != text
    }


def _conclude(names: Sequence[str], *, dry_run: bool, console: Console) -> None:
    if not names:
        console.say(" in sync: nothing to write")
    else:
        console.say(f" {'would write' if dry_run else 'wrote'} {', '.join(names)}")


def _document(
    locks: Sequence[LockFile],
    found: dict[str, dict[str, list[Change]]],
    names: Sequence[str],
    *,
    dry_run: bool,
) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "files": list(names),
        "environments": {
            each.environment: {
                subdir: {
                    "packages": len(locked.records),
                    "pypi": len(locked.pypi),
                    "changes": [change.to_dict() for change in found[each.environment][subdir]],
                }
                for subdir, locked in each.platforms.items()
            }
            for each in locks
        },
    }
