"""The options of ``check``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.check import check
from conda_multiplat.console import Console
from conda_multiplat.options.shared import environments

EXAMPLES = """\
examples:
  conda multiplat check                     exit code 1 where a lock is out of date
  conda multiplat check --strict            also where what is locked is still good, but not in sync
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    environments(parser)
    parser.add_argument(
        "--strict",
        dest="strictly",
        action="store_true",
        help="fail where the manifest has changed, even if what is locked still meets it",
    )
    parser.set_defaults(needs_settings=False)


def run(args: argparse.Namespace, _: None, console: Console) -> int:
    """Run the command."""
    return check(
        files=args.files, environments=args.environments, strict=args.strictly, console=console
    )
