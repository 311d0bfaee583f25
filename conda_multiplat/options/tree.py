"""The options of ``tree``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.tree import tree
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.options.shared import environment

EXAMPLES = """\
examples:
  conda multiplat tree                      from the manifest's lines down
  conda multiplat tree pytorch --platform linux-64
  conda multiplat tree --invert mkl         who needs mkl, up to the lines
  conda multiplat tree --invert __cuda      what needs a CUDA driver
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "names", metavar="PKG", nargs="*", help="only from these packages, conda's or PyPI's"
    )
    parser.add_argument(
        "--invert", dest="upwards", action="store_true", help="who needs the packages"
    )
    environment(parser)
    parser.add_argument(
        "--platform",
        dest="platform_name",
        metavar="P",
        help="of which platform (default: this machine's, else the first that is locked)",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return tree(
        names=args.names,
        files=args.files,
        environment=args.environment_name,
        platform=args.platform_name,
        invert=args.upwards,
        settings=settings,
        console=console,
    )
