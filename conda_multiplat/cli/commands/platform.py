"""``conda multiplat platform add|remove``: lock for more platforms, or for fewer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from conda_multiplat.actions.edit.run import (
    Original,
    environment_of,
    read_original,
    solve,
    tell,
    write,
)
from conda_multiplat.cli.options import environment_option, follow_up_options
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.settings import Settings
from conda_multiplat.manifest.edit.draft import Draft
from conda_multiplat.manifest.edit.platforms import platforms_of, with_platforms, without_platforms
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import SUBDIRS, did_you_mean, unique

EXAMPLES = """\
examples:
  conda multiplat platform add osx-arm64    the other platforms stay as locked
  conda multiplat platform remove win-64 -e cuda12
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action_name", metavar="add|remove", choices=("add", "remove"))
    parser.add_argument("platform_names", metavar="P", nargs="+", help="linux-64, osx-arm64, …")
    environment_option(parser)
    follow_up_options(parser, install=False)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return platform(
        action=args.action_name,
        names=args.platform_names,
        files=args.files,
        environment=args.environment_name,
        lock=args.lock,
        settings=settings,
        console=console,
    )


def platform(
    *,
    action: str,
    names: Sequence[str],
    files: Sequence[str] = (),
    environment: str | None = None,
    lock: bool = True,
    settings: Settings,
    console: Console,
) -> int:
    """Change the platforms of the manifest; see ``conda multiplat platform --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``.
    """
    original = read_original(files, settings)
    environment = environment_of(original.draft, environment)
    known = _known(original, environment)
    _check(names)
    wanted = unique(names)
    if action == "add":
        changed = [each for each in wanted if each not in known]
        draft = (
            with_platforms(original.draft, environment, changed, known)
            if changed
            else original.draft
        )
    else:
        changed = list(wanted)
        _check_there(environment, changed, known)
        draft = without_platforms(_written(original, environment, known), environment, changed)
    texts = original.texts(draft)
    told: dict[str, Any] = {}
    if lock:
        locked = solve(original.project(draft), settings, console)
        told = tell(locked, settings, console)
        texts |= locked.texts()
    sign = "+" if action == "add" else "-"
    for each in wanted:
        console.say(f" {sign if each in changed else '='} {each}")
    written = write(texts, console)
    console.result({"platforms": changed, "files": written, **told})
    return 0


def _known(original: Original, environment: str) -> tuple[str, ...]:
    """The platforms as they are, those of the locks too where the manifest names none."""
    given = platforms_of(original.draft, environment)
    if given or original.draft.manifest.platforms_given:
        return given or original.draft.manifest.platforms_of(environment)
    lock = original.project(original.draft).lock_head(environment)
    return unique([*original.draft.manifest.platforms, *(lock.platforms if lock else ())])


def _written(original: Original, environment: str, known: Sequence[str]) -> Draft:
    """The draft with a list of its own for the environment, which some can be taken out of."""
    if platforms_of(original.draft, environment):
        return original.draft
    return with_platforms(original.draft, environment, [], known)


def _check(names: Sequence[str]) -> None:
    unknown = [each for each in names if each not in SUBDIRS]
    if unknown:
        hints = [did_you_mean(each, SUBDIRS, f"known: {', '.join(SUBDIRS)}") for each in unknown]
        raise UsageError(f"unknown platform: {', '.join(unknown)}", hints=list(unique(hints)))


def _check_there(environment: str, names: Sequence[str], known: Sequence[str]) -> None:
    missing = [each for each in names if each not in known]
    if missing:
        there = f"it has {', '.join(known)}"
        raise UsageError(f"{environment} has no platform {', '.join(missing)}", hints=[there])
    if set(known) == set(names):
        raise UsageError(
            f"{', '.join(names)}: {environment} would have no platform left",
            hints=["add another first: conda multiplat platform add P"],
        )
