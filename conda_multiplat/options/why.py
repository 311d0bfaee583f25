"""The options of ``why``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.why import why
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.options.shared import environments, platforms

EXAMPLES = """\
examples:
  conda multiplat why numpy                 in every environment, on every platform
  conda multiplat why pytorch -e cuda12 --platform linux-64
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("package", metavar="PKG", help="a locked package, conda's or PyPI's")
    environments(parser)
    platforms(parser, "only on these platforms")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return why(
        name=args.package,
        files=args.files,
        environments=args.environments,
        platforms=args.platforms,
        settings=settings,
        console=console,
    )
