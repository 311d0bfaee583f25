"""The options of ``shell-hook``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.shell_hook import shell_hook
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.options.shared import destination, environment, no_install
from conda_multiplat.options.shell import shell_kind

EXAMPLES = """\
examples:
  conda multiplat shell-hook --shell zsh > activate.sh     then, in any shell: source activate.sh
  eval "$(conda multiplat shell-hook)"                     in this one; multiplat_deactivate leaves
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    shell_kind(parser, "for which shell (default: the one that this is typed in)")
    destination(parser)
    environment(parser)
    no_install(parser)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return shell_hook(
        files=args.files,
        name=args.env_name,
        prefix=args.env_prefix,
        environment=args.environment_name,
        shell=args.shell_kind,
        no_install=args.as_it_is,
        settings=settings,
        console=console,
    )
