"""``conda multiplat lock``: solve every target at once, then replace all locks or none.

The run itself is in ``locking``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from conda_multiplat.actions.lock.plan import Update
from conda_multiplat.actions.lock.report import changes_of, document, note_assumed_platforms, report
from conda_multiplat.actions.lock.run import relock
from conda_multiplat.cli.options import environments_option, platforms_option
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown, write_all
from conda_multiplat.machine.project import load_project
from conda_multiplat.machine.settings import Settings

EXAMPLES = """\
examples:
  conda multiplat lock                      lock every environment for every platform
  conda multiplat lock --update numpy       let numpy move, keep the rest
  conda multiplat lock --platform linux-64  leave the other platforms as they are
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    environments_option(parser)
    platforms_option(parser, "only these platforms; the others stay as locked")
    moves = parser.add_mutually_exclusive_group()
    moves.add_argument(
        "--update",
        dest="updates",
        action="extend",
        nargs="+",
        default=[],
        metavar="PKG",
        help="let these packages move to the newest that fits",
    )
    moves.add_argument(
        "--update-all",
        dest="everything",
        action="store_true",
        help="start afresh: everything may move",
    )
    parser.add_argument(
        "--dry-run", dest="dry", action="store_true", help="solve and show, but write nothing"
    )
    parser.add_argument(
        "--channel-priority",
        dest="priority",
        choices=("strict", "flexible", "disabled"),
        help="how channels are preferred (default: conda's configuration)",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return lock(
        files=args.files,
        environments=args.environments,
        platforms=args.platforms,
        update=args.updates,
        update_all=args.everything,
        dry_run=args.dry,
        channel_priority=args.priority,
        settings=settings,
        console=console,
    )


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
    from conda_multiplat.engines.conda.specs import check_spec, is_newer

    host_subdirs = tuple(platforms) or (settings.subdir,)
    project = load_project(files, host_subdirs=host_subdirs, check_spec=check_spec)
    for warning in project.manifest.warnings:
        console.say(f"warning: {warning}")
    note_assumed_platforms(project, console)
    locked = relock(
        project,
        settings,
        console,
        environments=environments,
        platforms=platforms,
        update=Update(frozenset(name.lower() for name in update), update_all),
        channel_priority=channel_priority,
    )
    found = changes_of(locked, is_newer)
    report(locked, found, settings, console)
    texts = locked.texts()
    if not dry_run:
        write_all(texts)
    names = [shown(path) for path in texts]
    _conclude(names, dry_run=dry_run, console=console)
    console.result({"dry_run": dry_run, "files": names, **document(locked, found)})
    return 0


def _conclude(names: Sequence[str], *, dry_run: bool, console: Console) -> None:
    if not names:
        console.say(" in sync: nothing to write")
    else:
        console.say(f" {'would write' if dry_run else 'wrote'} {', '.join(names)}")
