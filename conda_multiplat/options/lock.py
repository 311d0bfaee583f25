"""The options of ``lock``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.lock import lock
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.options.shared import environments, platforms

EXAMPLES = """\
examples:
  conda multiplat lock                      lock every environment for every platform
  conda multiplat lock --update numpy       let numpy move, keep the rest
  conda multiplat lock --platform linux-64  leave the other platforms as they are
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    environments(parser)
    platforms(parser, "only these platforms; the others stay as locked")
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
