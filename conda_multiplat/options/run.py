"""The options of ``run``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands import run as command
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.options.shared import destination, environment, no_install

EXAMPLES = """\
examples:
  conda multiplat run -- python train.py --epochs 3
  conda multiplat run -e cuda12 -n gpu -- nvcc --version
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    destination(parser)
    environment(parser)
    no_install(parser)
    parser.add_argument(
        "command_line",
        nargs=argparse.REMAINDER,
        metavar="-- CMD",
        help="the command; all that comes after -- is its own",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    first, *rest = args.command_line or [""]
    return command.run(
        command=rest if first in ("--", "") else args.command_line,
        files=args.files,
        name=args.env_name,
        prefix=args.env_prefix,
        environment=args.environment_name,
        no_install=args.as_it_is,
        settings=settings,
        console=console,
    )
