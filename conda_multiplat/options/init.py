"""The options of ``init``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.init import init
from conda_multiplat.config import Settings
from conda_multiplat.console import Console

EXAMPLES = """\
examples:
  conda multiplat init                      environment.yml here, for this machine's platform
  conda multiplat init robot --platform linux-64 --platform osx-arm64
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("folder", metavar="FOLDER", nargs="?", help="where (default: here)")
    parser.add_argument(
        "--platform",
        dest="platforms",
        action="append",
        default=[],
        metavar="P",
        help="a platform to lock for, beside this machine's; say it again for another",
    )
    parser.add_argument(
        "--channel",
        dest="channel_names",
        action="append",
        default=[],
        metavar="C",
        help="a channel (default: those configured, else conda-forge)",
    )
    parser.add_argument(
        "-n",
        "--name",
        dest="env_name",
        metavar="NAME",
        help="the conda environment (default: the folder's name)",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return init(
        folder=args.folder,
        files=args.files,
        name=args.env_name,
        platforms=args.platforms,
        channels=args.channel_names,
        settings=settings,
        console=console,
    )
