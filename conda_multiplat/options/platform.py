"""The options of ``platform``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.platform import platform
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.options.shared import environment, follow_up

EXAMPLES = """\
examples:
  conda multiplat platform add osx-arm64    the other platforms stay as locked
  conda multiplat platform remove win-64 -e cuda12
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action_name", metavar="add|remove", choices=("add", "remove"))
    parser.add_argument("platform_names", metavar="P", nargs="+", help="linux-64, osx-arm64, …")
    environment(parser)
    follow_up(parser, install=False)


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
