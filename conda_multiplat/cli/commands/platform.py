"""``conda multiplat platform add|remove``: lock for more platforms, or for fewer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from conda_multiplat.actions.edit.edit_and_relock import (
    Original,
    conclude,
    environment_of,
    read_original,
    solve,
)
from conda_multiplat.cli.options import environment_option, follow_up_options
from conda_multiplat.lockfile.change_table import signed
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.manifest.edit.draft import Draft
from conda_multiplat.manifest.edit.platforms import platforms_of, with_platforms, without_platforms
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import SUBDIRS, nearest_or_all, unique

EXAMPLES = """\
examples:
  conda multiplat platform add osx-arm64    # the other platforms stay as locked
  conda multiplat platform remove osx-arm64 -e dev
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    summary = "lock for more platforms, or for fewer"
    parser.add_argument(
        "action_name", metavar="add|remove", choices=("add", "remove"), help=summary
    )
    parser.add_argument("platform_names", metavar="P", nargs="+", help="linux-64, osx-arm64, …")
    environment_option(parser)
    follow_up_options(parser, install=False)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Change the platforms of the manifest."""
    original = read_original(args.files, settings, console)
    environment = environment_of(original.draft, args.environment_name)
    known = _known(original, environment)
    _check(args.platform_names)
    names = unique(args.platform_names)
    draft = original.draft
    if args.action_name == "add":
        sign, changed = "+", [name for name in names if name not in known]
        if changed:
            draft = with_platforms(draft, environment, changed, known)
    else:
        sign, changed = "-", list(names)
        _check_there(environment, changed, known)
        draft = without_platforms(_written(original, environment, known), environment, changed)
    locked = solve(original, draft) if args.lock else None
    changes = [signed(sign if name in changed else "=", name) for name in names]
    return conclude(
        original, draft, locked, changes=changes, result={"platforms": changed}, dry_run=args.dry
    )


def _known(original: Original, environment: str) -> tuple[str, ...]:
    """Return the current platforms; if the manifest names none, including those of the lock."""
    given = platforms_of(original.draft, environment)
    if given or original.draft.manifest.platforms_given:
        return given or original.draft.manifest.platforms_of(environment)
    lock = original.project(original.draft).lock_head(environment)
    return unique([*original.draft.manifest.platforms, *(lock.platforms if lock else ())])


def _written(original: Original, environment: str, known: Sequence[str]) -> Draft:
    """Return the draft with an explicit list of platforms for the environment, to remove some."""
    if platforms_of(original.draft, environment):
        return original.draft
    return with_platforms(original.draft, environment, [], known)


def _check(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in SUBDIRS]
    if unknown:
        hints = [nearest_or_all(name, SUBDIRS) for name in unknown]
        raise UsageError(f"unknown platform: {', '.join(unknown)}", hints=list(unique(hints)))


def _check_there(environment: str, names: Sequence[str], known: Sequence[str]) -> None:
    missing = [name for name in names if name not in known]
    if missing:
        hint = f"it has {', '.join(known)}"
        raise UsageError(f"{environment} has no platform {', '.join(missing)}", hints=[hint])
    if set(known) == set(names):
        raise UsageError(
            f"{', '.join(names)}: {environment} would have no platform left",
            hints=["add another first: conda multiplat platform add P"],
        )
