"""The options of ``clean``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.clean import clean_cache
from conda_multiplat.config import Settings
from conda_multiplat.console import Console

EXAMPLES = """\
examples:
  conda multiplat clean --dry-run           how much there is, and where
  conda multiplat clean                     all that we keep; environments stay whole
  conda multiplat clean --repodata          only what channels have
conda's own packages (`conda clean`) and uv's cache (`uv cache clean`) are not touched.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--repodata",
        dest="kinds",
        action="append_const",
        const="repodata",
        default=[],
        help="what channels have",
    )
    parser.add_argument(
        "--packages",
        dest="kinds",
        action="append_const",
        const="packages",
        help="extracted packages",
    )
    parser.add_argument(
        "--dry-run", dest="dry", action="store_true", help="show what there is, remove nothing"
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return clean_cache(kinds=args.kinds, dry_run=args.dry, settings=settings, console=console)
