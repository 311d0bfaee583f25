"""``conda multiplat lock``: solve every target at once, then replace all locks or none."""

from __future__ import annotations

import argparse

from conda_multiplat.actions.lock.lock_project import lock_project
from conda_multiplat.actions.lock.plan import Update
from conda_multiplat.cli.options import (
    drop_cuda_option,
    dry_run_option,
    environments_option,
    exclude_newer_option,
    flag,
    platforms_option,
    several,
)
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console

EXAMPLES = """\
examples:
  conda multiplat lock                      # lock every environment for every platform
  conda multiplat lock --update numpy       # let numpy move, keep the rest
  conda multiplat lock --platform linux-64  # leave the other platforms as they are
  conda multiplat lock --update-all --exclude-newer 7d     # nothing of the last seven days
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    environments_option(parser)
    platforms_option(parser, "only these platforms; the others stay as locked")
    moves = parser.add_mutually_exclusive_group()
    summary = "let these packages move to the newest version that fits"
    several(moves, "--update", dest="updates", metavar="PKG", summary=summary)
    flag(moves, "--update-all", "everything", "start from scratch: everything may move")
    drop_cuda_option(parser)
    exclude_newer_option(parser)
    dry_run_option(parser, "solve and show, but write nothing")
    parser.add_argument(
        "--channel-priority",
        dest="priority",
        choices=("strict", "flexible", "disabled"),
        help="how channels are preferred (default: conda's configuration)",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Lock the environments of a manifest."""
    locked = lock_project(
        args.files,
        settings,
        console,
        environments=args.environments,
        platforms=args.platforms,
        update=Update.of(args.updates, everything=args.everything),
        channel_priority=args.priority,
        drop_cuda=args.drop_cuda,
        exclude_newer=args.too_new,
        dry_run=args.dry,
    )
    console.result(locked.told)
    return 0
