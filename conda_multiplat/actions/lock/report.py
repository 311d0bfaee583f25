"""Report a run of the solvers: a table, notes, and the document for ``--json``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from conda_multiplat.actions.lock.plan import Plan
from conda_multiplat.actions.lock.relock import Locked
from conda_multiplat.actions.say_changes import say_changes
from conda_multiplat.lockfile.diff import differences, platform_changes
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.lockfile.platform_changes import Change, IsNewer, packages
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project, invocation
from conda_multiplat.manifest.targets import Target
from conda_multiplat.manifest.targets import targets as all_targets
from conda_multiplat.solving.alternatives import CpuBuild
from conda_multiplat.solving.locked_twice import Twice, locked_twice
from conda_multiplat.solving.outcomes import Solution
from conda_multiplat.solving.related_channels import Relation
from conda_multiplat.vocabulary.byte_sizes import total_document, total_words
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.columns import columns
from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.styled import Line, Span

_PYTHON = {"python", "pip"}
#: The width of a column in characters: ``9999 packages``.
_COUNT = 13
#: Environment -> platform -> its changes.
Changes = Mapping[str, Mapping[str, Sequence[Change]]]


def note_assumed_platforms(project: Project, console: Console) -> None:
    """Say which platforms are locked if the manifest names none."""
    if not project.manifest.platforms_given:
        names = ", ".join(project.manifest.platforms)
        console.say(f"assumed the platform {names}: the manifest has no `platforms:`")


def changes_of(locked: Locked, is_newer: IsNewer) -> Changes:
    """Return the differences from the locks before the run."""
    return {
        plan.environment: _changes(plan, new, is_newer)
        for plan, new in zip(locked.plans, locked.locks, strict=True)
    }


def report(locked: Locked, found: Changes, settings: Settings, console: Console) -> None:
    """Show what was locked, what was assumed, and what looks unusual."""
    _table(locked, found, console)
    _note_assumptions(locked.targets, settings, console)
    _note_pip(locked, settings, console)
    _note_unknown_names(locked, console)
    _note_cpu_builds(locked, console)
    _note_locked_twice(locked, console)
    _note_relations(locked.solutions.values(), console)
    warnings = (warning for solution in locked.pypi.values() for warning in solution.warnings)
    for warning in dict.fromkeys(warnings):
        console.say(f" warning: {warning}")


def document(locked: Locked, found: Changes) -> dict[str, Any]:
    """Return the document for ``--json``: ``environments``, and notes if there are any."""
    environments = {
        lock.environment: {
            subdir: {
                "packages": len(platform.records),
                "pypi": len(platform.pypi),
                "download": total_document(record.size for record in platform.every),
                "changes": [change.to_dict() for change in found[lock.environment][subdir]],
            }
            for subdir, platform in lock.platforms.items()
        }
        for lock in locked.locks
    }
    solutions = locked.solutions.values()
    odd = {**_cpu_builds(locked), **_locked_twice(locked), **_relations(solutions)}
    return {"environments": environments, **odd}


def _changes(plan: Plan, new: LockFile, is_newer: IsNewer) -> dict[str, list[Change]]:
    old = plan.old.platforms if plan.old else {}
    return {
        subdir: platform_changes(old[subdir], locked, is_newer) if subdir in old else []
        for subdir, locked in new.platforms.items()
    }


def _table(locked: Locked, found: Changes, console: Console) -> None:
    """Print each environment with its platforms, followed by its changes."""
    heads = iter(columns([row for lock in locked.locks for row in _heads(lock)], console.width))
    for plan, lock in zip(locked.plans, locked.locks, strict=True):
        for head in islice(heads, len(lock.platforms)):
            console.say([Span(" "), *head])
        old = plan.old.platforms if plan.old else {}
        both = {
            subdir: changes for subdir, changes in found[lock.environment].items() if subdir in old
        }
        say_changes(differences(both, plan.old), console)


def _heads(lock: LockFile) -> Iterator[Line]:
    name = lock.environment
    for subdir, locked in lock.platforms.items():
        count = len(locked.records)
        margin = " " * (_COUNT - len(packages(count)))
        words = f"{margin}{packages(count, len(locked.pypi))}"
        size = total_words(record.size for record in locked.every)
        yield Span(name, "bold"), Span(subdir), Span(words), Span(size)
        name = ""


def _note_assumptions(wanted: Sequence[Target], settings: Settings, console: Console) -> None:
    """Print the channels and virtual packages that are used but not in the manifest."""
    if not all(target.view.channels for target in wanted):
        names = ", ".join(public_name(name) for name in settings.channels)
        console.say(
            f" the manifest names no channels: those of the configuration are used ({names})"
        )
    assumed = sorted({package for target in wanted for package in target.assumed})
    if assumed:
        console.say(f" defaults used (not in the manifest): {', '.join(assumed)}")


def _note_pip(locked: Locked, settings: Settings, console: Console) -> None:
    """Say if Python is locked without pip, although conda is configured to add pip to it."""
    names = {
        target: {package.name for package in locked.of(target).every} for target in locked.targets
    }
    without = [
        str(target)
        for target, locked_names in names.items()
        if {"python"} == locked_names & _PYTHON
    ]
    if without and settings.adds_pip():
        console.say(
            " conda's configuration adds pip to python (add_pip_as_python_dependency), but the "
            f"manifest does not: conda multiplat add pip  ({', '.join(without)})"
        )


def _note_unknown_names(locked: Locked, console: Console) -> None:
    """Name the packages that have their own ``exclude-newer`` but are not locked."""
    named = [name for name, _ in locked.project.manifest.exclude_newer.conda.packages]
    every = {lock.environment for lock in locked.locks} == set(locked.project.manifest.environments)
    if not (named and every and locked.solutions):
        return
    platforms = [platform for lock in locked.locks for platform in lock.platforms.values()]
    names = {record.name for platform in platforms for record in platform.every}
    locked_names = names | set(map(project_name, names))
    unknown = [
        name
        for name in named
        if name not in locked_names and project_name(name) not in locked_names
    ]
    if unknown:
        console.say(f" exclude-newer-package: no lock has {', '.join(unknown)}")


def _cpu_targets(locked: Locked) -> dict[CpuBuild, list[Target]]:
    """Return the CPU builds that were locked where CUDA was promised, with their targets."""
    targets: dict[CpuBuild, list[Target]] = {}
    for solution in locked.solutions.values():
        for record in solution.cpu_builds:
            targets.setdefault(record, []).append(solution.request.target)
    if not targets:  # as usual: nothing else is worked out
        return {}
    add, every = invocation(locked.project, "add"), all_targets(locked.project.manifest)
    return {build.with_fix_for(where, every, add): where for build, where in targets.items()}


def _note_cpu_builds(locked: Locked, console: Console) -> None:
    """Say where CUDA was promised but a CPU build was locked; equal notes once."""
    for build, where in _cpu_targets(locked).items():
        first, *others = build.lines(whole=console.verbose)
        console.say(f" ! {first}  ({', '.join(map(str, where))})")
        for line in others:
            console.say(f"   {line}")


def _cpu_builds(locked: Locked) -> dict[str, Any]:
    """Return the CPU builds for ``--json``; empty if there are none."""
    builds = [
        {"target": str(target), **build.to_dict()}
        for build, where in _cpu_targets(locked).items()
        for target in where
    ]
    return {"cpu_builds": builds} if builds else {}


def _twice(locked: Locked) -> Iterator[tuple[Twice, Target]]:
    for target in locked.targets:
        platform = locked.of(target)
        for twice in locked_twice(target, platform.records, platform.pypi):
            yield twice, target


def _note_locked_twice(locked: Locked, console: Console) -> None:
    """Name projects that are locked from both conda and PyPI; equal notes once."""
    targets_of: dict[Twice, list[Target]] = {}
    for twice, target in _twice(locked):
        targets_of.setdefault(twice, []).append(target)
    for twice, where in targets_of.items():
        first, *others = twice.lines(where)
        console.say(f" ! {first}")
        for line in others:
            console.say(f"   {line}")


def _locked_twice(locked: Locked) -> dict[str, Any]:
    """Return the projects locked twice for ``--json``; empty if there are none."""
    rows = [{"target": str(target), **twice._asdict()} for twice, target in _twice(locked)]
    return {"locked_twice": rows} if rows else {}


def _note_relations(solutions: Iterable[Solution], console: Console) -> None:
    """Name channels that others declare (CEP 42) and the manifest lacks or orders otherwise."""
    targets: dict[Relation, list[Target]] = {}
    for solution in solutions:
        for relation in solution.relations:
            targets.setdefault(relation, []).append(solution.request.target)
    for relation, where in targets.items():
        names = ", ".join(map(str, where))
        what = f"{relation.url}, {relation.words} (CEP 42)"
        if relation.named:
            other = "after" if relation.kind == "base" else "before"
            console.say(f" ! {what}, stands {other} it under `channels:`  ({names})")
            console.say(f"   that order counts; to change it, name it {relation.place}")
        else:
            console.say(f" ! not used: {what}  ({names})")
            console.say(f"   to use it, name it under `channels:`, {relation.place}")


def _relations(solutions: Iterable[Solution]) -> dict[str, Any]:
    """Return the declared channels for ``--json``; empty if there are none."""
    rows = [
        {"target": str(solution.request.target), **relation._asdict()}
        for solution in solutions
        for relation in solution.relations
    ]
    return {"declared_channels": rows} if rows else {}
