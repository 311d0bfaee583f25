"""``conda multiplat remove``: remove packages from the manifest; what others need stays locked."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from conda_multiplat.actions.edit.bounds_from_solution import targets_of
from conda_multiplat.actions.edit.edit_and_relock import (
    Original,
    conclude,
    environment_of,
    on,
    read_original,
    select,
    solve,
)
from conda_multiplat.actions.edit.follow import followed
from conda_multiplat.actions.invocation import Invocation
from conda_multiplat.actions.lock.relock import Locked
from conda_multiplat.cli.options import (
    destination_options,
    follow_up_options,
    package_options,
    packages_and_environment,
)
from conda_multiplat.lockfile.change_table import signed
from conda_multiplat.lockfile.dependency_graph import origin
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project, invocation, typed_for
from conda_multiplat.manifest.edit.draft import Change, Draft
from conda_multiplat.manifest.edit.requirements import lines, take
from conda_multiplat.manifest.targets import Target, targets
from conda_multiplat.vocabulary.errors import LockFileError, UsageError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, enumerated, nearest
from conda_multiplat.vocabulary.selector_writer import Selection
from conda_multiplat.vocabulary.styled import Line

EXAMPLES = """\
examples:
  conda multiplat remove numpy
  conda multiplat remove --pypi robosuite
  conda multiplat remove --platform osx-arm64 gdb     # the other platforms keep it
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    package_options(parser, "PKG", "a package in the manifest")
    destination_options(parser, "the conda environment to update, which determines the manifest")
    follow_up_options(parser)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Remove requirements from the manifest."""
    names, wanted = packages_and_environment(args, "remove")
    follows = followed(
        Invocation(settings, console, args.files, wanted, args.env_name, args.env_prefix)
    )
    original = read_original(follows.files, settings, console)
    draft = original.draft
    environment = environment_of(draft, follows.environment)
    selection = select(draft, environment, args.platforms, args.family)
    removals = [
        Change(environment, _name(draft, environment, name, pypi=args.pypi), args.pypi, selection)
        for name in dict.fromkeys(names)
    ]
    _check(original, removals)
    for change in removals:
        draft = take(draft, change)
    locked = solve(original, draft) if args.lock else None
    stays = _stays(removals, locked) if locked else {}
    changes: list[str | Line] = []
    for change in removals:
        words = f"pip: {change.name}" if change.pypi else change.name
        changes += [signed("-", f"{words}{on(selection)}"), *stays.get(change.name, [])]
    result = {"removed": [change.name for change in removals], "stays": sorted(stays)}
    return conclude(
        original,
        draft,
        locked,
        changes=changes,
        result=result,
        install=follows._replace(environment=environment) if args.install else None,
        dry_run=args.dry,
    )


def _name(draft: Draft, environment: str, text: str, *, pypi: bool) -> str:
    """Return the name to find a line by; for an entry of ``pip:`` without a name, its text."""
    if not pypi:
        return text.lower()
    no_name = "/" in text or text in _nameless(draft, environment)
    return text if no_name else canonicalize_name(text)


def _nameless(draft: Draft, environment: str) -> list[str]:
    """Return the entries of ``pip:`` that name no project: folders, URLs, options."""
    views = (draft.own_requirements(environment, subdir, pypi=True) for subdir in draft.subdirs)
    return list(dict.fromkeys(line.text for view in views for line in view if not line.name))


def _check(original: Original, removals: Sequence[Change]) -> None:
    """Refuse names that no line of the manifest has.

    Raises:
        UsageError: no line has some of them; with what needs a package that is only locked, where
            else the name is, or similar names.
    """
    draft = original.draft
    missing = [change for change in removals if not lines(draft, change)]
    if not missing:
        return
    hints = [
        hint
        for change in missing
        for hint in _needed(original, change) or [_elsewhere(original, change)]
    ]
    section = "`pip:` of " if removals[0].pypi else ""
    names = ", ".join(change.name for change in missing)
    raise UsageError(
        f"not in {section}{removals[0].environment}: {names}",
        hints=[*(hint for hint in hints if hint), "no file was changed"],
    )


def _needed(original: Original, change: Change) -> list[str]:
    """Return what needs a package that is only locked, and on which targets.

    Empty if a line asks for it on some target, or if no lock has it.
    """
    project = original.project(original.draft)
    places: dict[str, list[str]] = {}
    for target in targets_of(change, project.manifest, targets(project.manifest)):
        platform = _locked(project, target)
        for name in {change.name.lower(), canonicalize_name(change.name)}:
            if any(line.name == name for line in (*target.view.conda, *target.view.pypi)):
                return []
            if platform and (reason := _reason(name, target, platform)):
                places.setdefault(f"{name} is locked: {reason}", []).append(str(target))
    reasons = [f"{reason}  ({', '.join(where)})" for reason, where in places.items()]
    why = invocation(project, f"why {change.name}")
    return [*reasons, f"for details: {why}"] if reasons else []


def _locked(project: Project, target: Target) -> PlatformLock | None:
    """Return a target's part of its lock; ``None`` if there is none or it can't be read."""
    try:
        lock = project.lock(target.environment)
    except LockFileError:  # `lock` reports the reason
        return None
    return lock.platforms.get(target.subdir) if lock else None


def _elsewhere(original: Original, change: Change) -> str:
    """Return a hint for a name that was not found: where it is, or a similar name."""
    draft = original.draft
    everywhere = Selection(change.selection.among, change.selection.among)
    named = lines(draft, Change(change.environment, change.name, change.pypi, everywhere))
    if platforms := {subdir for line in named for subdir in line.platforms}:
        return f"{change.name} is in the manifest for {', '.join(sorted(platforms))}"
    for name in draft.manifest.environments:
        reach = draft.reach(name)
        for pypi in (change.pypi, not change.pypi):
            if lines(draft, Change(name, change.name, pypi, Selection(reach, reach))):
                options = " --pypi" if pypi else ""
                options += f" -e {name}" if name != DEFAULT_ENVIRONMENT else ""
                command = typed_for(original.paths, f"remove{options} {change.name}")
                return f"it is elsewhere: {command}"
    known = {
        line.name
        for subdir in change.selection.among
        for line in draft.own_requirements(change.environment, subdir, pypi=change.pypi)
        if line.name
    }
    if near := nearest(change.name, sorted(known)):
        return f"did you mean {near[0]!r}?"
    folders = [text for text in _nameless(draft, change.environment) if not text.startswith("--")]
    if change.pypi and folders:
        return f"lines without a project name are removed by their full text: {', '.join(folders)}"
    return ""


def _stays(removals: Sequence[Change], locked: Locked) -> dict[str, list[str]]:
    """Return removed packages that stay locked: by name, the reasons and targets."""
    stays: dict[str, list[str]] = {}
    for change in removals:
        places: dict[str, list[str]] = {}
        for target in targets_of(change, locked.project.manifest, locked.targets):
            platform = locked.of(target)
            if change.name in {record.name for record in platform.every}:
                places.setdefault(_reason(change.name, target, platform), []).append(str(target))
        for why, where in places.items():
            line = f"   it stays locked{why and f', {why}'}  ({', '.join(where)})"
            stays.setdefault(change.name, []).append(line)
    return stays


def _reason(name: str, target: Target, platform: PlatformLock) -> str:
    """Return what requires a locked package; ``""`` if nothing does, or it is not locked."""
    package_origin = origin(name, target, platform)
    parents = list(dict.fromkeys(record.name for record, _ in package_origin.needed_by))
    if parents:
        return f"{enumerated(parents)} {'needs' if len(parents) == 1 else 'need'} it"
    lines = package_origin.asked or ([package_origin.root] if package_origin.root else [])
    if not lines:
        return ""
    words = "asks" if len(lines) == 1 else "ask"
    return f"{' and '.join(str(line.at) for line in lines)} {words} for it"
