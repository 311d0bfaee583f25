"""The options of ``render``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.render import render
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.options.shared import environments, platforms

EXAMPLES = """\
examples:
  conda multiplat render --kind explicit --platform linux-64
  conda multiplat render --existing                          (again, what is out of date)
  conda create --name robot --file conda-linux-64.lock      (any conda, no plugin)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--kind",
        dest="kind",
        choices=("explicit", "environment"),
        help="explicit: conda-PLATFORM.lock; environment: a pinned environment.yml",
    )
    what.add_argument(
        "--existing",
        dest="existing",
        action="store_true",
        help="what was rendered before and is out of date, of each kind, with its kind of hash",
    )
    environments(parser)
    platforms(parser, "only these platforms")
    parser.add_argument(
        "--hash",
        dest="hash_kind",
        choices=("md5", "sha256"),
        default="md5",
        help="explicit: which hash; condas before 24.9 read md5 only (default)",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return render(
        files=args.files,
        kind=args.kind,
        existing=args.existing,
        environments=args.environments,
        platforms=args.platforms,
        hash_kind=args.hash_kind,
        settings=settings,
        console=console,
    )
