"""The options of ``install``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.install import install
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.options.shared import destination, environment

EXAMPLES = """\
examples:
  conda multiplat install                   into the environment that the manifest names
  conda multiplat install -e cuda12 -n gpu  environment cuda12, into the conda environment gpu
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    destination(parser)
    environment(parser)
    parser.add_argument(
        "--dry-run", dest="dry", action="store_true", help="show what would change, change nothing"
    )
    parser.add_argument(
        "--download-only",
        dest="fetch_only",
        action="store_true",
        help="fill the cache, install nothing",
    )
    parser.add_argument(
        "--platform",
        dest="platform_name",
        metavar="P",
        help="for another machine: with --dry-run or --download-only",
    )
    parser.add_argument(
        "--override-frozen",
        dest="allow_frozen",
        action="store_true",
        help="change an environment that is marked as frozen (CEP 22)",
    )
    parser.add_argument(
        "--allow-base",
        dest="allow_base",
        action="store_true",
        help="change conda's base environment",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return install(
        files=args.files,
        name=args.env_name,
        prefix=args.env_prefix,
        environment=args.environment_name,
        platform=args.platform_name,
        dry_run=args.dry,
        download_only=args.fetch_only,
        allow_frozen=args.allow_frozen,
        allow_base=args.allow_base,
        settings=settings,
        console=console,
    )
