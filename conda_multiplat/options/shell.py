"""The options of ``shell``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands import shell as command
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.options.shared import destination, environment, no_install
from conda_multiplat.render.shells import SHELLS

EXAMPLES = """\
examples:
  conda multiplat shell                     `exit` leaves it
  conda multiplat shell -e cuda12 -n gpu    environment cuda12, in the conda environment gpu
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    shell_kind(parser, "which shell (default: the one that this is typed in)")
    destination(parser)
    environment(parser)
    no_install(parser)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return command.shell(
        files=args.files,
        name=args.env_name,
        prefix=args.env_prefix,
        environment=args.environment_name,
        shell=args.shell_kind,
        no_install=args.as_it_is,
        settings=settings,
        console=console,
    )


def shell_kind(parser: argparse.ArgumentParser, summary: str) -> None:
    """``--shell`` with one kind."""
    parser.add_argument("--shell", dest="shell_kind", choices=tuple(SHELLS), help=summary)
