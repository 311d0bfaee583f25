"""``conda multiplat remove``: no longer ask for packages; what others need stays locked."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from packaging.utils import canonicalize_name

from conda_multiplat.actions.edit.bounds_from_solution import targets_of
from conda_multiplat.actions.edit.run import (
    bring_up_to_date,
    environment_of,
    on,
    read_original,
    select,
    solve,
    tell,
    write,
)
from conda_multiplat.actions.lock.run import Locked
from conda_multiplat.cli.options import (
    environment_and_folders,
    environment_or_folder_option,
    follow_up_options,
    platform_choice_options,
)
from conda_multiplat.lockfile.dependency_graph import origin
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.settings import Settings
from conda_multiplat.manifest.edit.draft import Change, Draft
from conda_multiplat.manifest.edit.requirements import lines, take
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, nearest
from conda_multiplat.vocabulary.selector_writer import Selection

EXAMPLES = """\
examples:
  conda multiplat remove numpy
  conda multiplat remove --pypi robosuite
  conda multiplat remove --platform osx-arm64 gdb     the other platforms keep it
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("packages", metavar="PKG", nargs="*", help="what the manifest asks for")
    platform_choice_options(parser)
    environment_or_folder_option(parser)
    parser.add_argument("--pypi", dest="pypi", action="store_true", help="packages of PyPI")
    follow_up_options(parser)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    environment, folders = environment_and_folders(args.environment_names, pypi=args.pypi)
    names = [*args.packages, *folders]
    if not names:
        hint = "name a package: conda multiplat remove numpy"
        several = "-f takes several files: write it after the packages"
        raise UsageError("nothing to remove", hints=[several if len(args.files) > 1 else hint])
    return remove(
        names=names,
        files=args.files,
        environment=environment,
        platforms=args.platforms,
        family=args.family,
        pypi=args.pypi,
        lock=args.lock,
        install=args.install,
        settings=settings,
        console=console,
    )


def remove(
    *,
    names: Sequence[str],
    files: Sequence[str] = (),
    environment: str | None = None,
    platforms: Sequence[str] = (),
    family: str = "",
    pypi: bool = False,
    lock: bool = True,
    install: bool = True,
    settings: Settings,
    console: Console,
) -> int:
    """Take requirements out of the manifest; see ``conda multiplat remove --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``.
    """
    original = read_original(files, settings)
    environment = environment_of(original.draft, environment)
    selection = select(original.draft, environment, platforms, family)
    gone = [
        Change(environment, _name(original.draft, environment, each, pypi=pypi), pypi, selection)
        for each in dict.fromkeys(names)
    ]
    _check(original.draft, gone)
    draft = original.draft
    for each in gone:
        draft = take(draft, each)
    texts = original.texts(draft)
    told: dict[str, Any] = {}
    locked = solve(original.project(draft), settings, console) if lock else None
    if locked:
        told = tell(locked, settings, console)
        texts |= locked.texts()
    stays = _stays(gone, locked) if locked else {}
    for each in gone:
        words = f"pip: {each.name}" if pypi else each.name
        console.say(f" - {words}{on(selection)}")
        for line in stays.get(each.name, []):
            console.say(f"   {line}")
    written = write(texts, console)
    done = bring_up_to_date(locked.project, settings, console) if locked and install else {}
    removed = [each.name for each in gone]
    console.result({"removed": removed, "stays": sorted(stays), "files": written, **told, **done})
    return 0


def _name(draft: Draft, environment: str, text: str, *, pypi: bool) -> str:
    """A name as the manifest's lines are known by; an entry that names none is known as it is."""
    if not pypi:
        return text.lower()
    no_name = "/" in text or text in _nameless(draft, environment)
    return text if no_name else canonicalize_name(text)


def _nameless(draft: Draft, environment: str) -> list[str]:
    """The entries of ``pip:`` that name no project: folders, URLs, options."""
    every = (draft.own(environment, subdir, pypi=True) for subdir in draft.subdirs)
    return list(dict.fromkeys(each.text for found in every for each in found if not each.name))


def _check(draft: Draft, gone: Sequence[Change]) -> None:
    """Refuse names that no line has, all of them together.

    Raises:
        UsageError: with near names, and where the name is.
    """
    missing = [each for each in gone if not lines(draft, each)]
    if not missing:
        return
    hints = [_elsewhere(draft, each) for each in missing]
    kind = "pip: of " if gone[0].pypi else ""
    names = ", ".join(each.name for each in missing)
    raise UsageError(
        f"not in {kind}{gone[0].environment}: {names}",
        hints=[*(hint for hint in hints if hint), "no file was changed"],
    )


def _elsewhere(draft: Draft, change: Change) -> str:
    """Where a name that is not here is, or what is here that looks like it."""
    every = Selection(change.selection.every, change.selection.every)
    found = lines(draft, Change(change.environment, change.name, change.pypi, every))
    if there := {subdir for each in found for subdir in each.platforms}:
        return f"{change.name} is there for {', '.join(sorted(there))}"
    for name in draft.manifest.environments:
        reach = draft.reach(name)
        for pypi in (change.pypi, not change.pypi):
            if lines(draft, Change(name, change.name, pypi, Selection(reach, reach))):
                options = " --pypi" if pypi else ""
                options += f" -e {name}" if name != DEFAULT_ENVIRONMENT else ""
                return f"it is elsewhere: conda multiplat remove{options} {change.name}"
    known = {
        each.name
        for subdir in change.selection.every
        for each in draft.own(change.environment, subdir, pypi=change.pypi)
        if each.name
    }
    if near := nearest(change.name, sorted(known)):
        return f"did you mean {near[0]!r}?"
    folders = [each for each in _nameless(draft, change.environment) if not each.startswith("--")]
    if change.pypi and folders:
        return f"what names no project is removed as it is written: {', '.join(folders)}"
    return ""


def _stays(gone: Sequence[Change], locked: Locked) -> dict[str, list[str]]:
    """What is locked all the same, by name, with who is the reason and where."""
    found: dict[str, list[str]] = {}
    for change in gone:
        places: dict[str, list[str]] = {}
        for target in targets_of(change, locked):
            platform = locked.of(target)
            if change.name in {each.name for each in platform.every}:
                places.setdefault(_reason(change.name, target, platform), []).append(str(target))
        lines = [f"it stays locked, {why}  ({', '.join(where)})" for why, where in places.items()]
        if lines:
            found[change.name] = lines
    return found


def _reason(name: str, target: Target, platform: PlatformLock) -> str:
    """Why a package is locked that a line no longer asks for."""
    why = origin(name, target, platform)
    needed = [each.name for each, _ in why.needed_by]
    if needed:
        return f"{', '.join(needed)} {'needs' if len(needed) == 1 else 'need'} it"
    return f"{' and '.join(str(each.at) for each in why.asked)} asks for it"
