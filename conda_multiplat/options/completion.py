"""The options of ``completion``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.completion import SHELLS, completion
from conda_multiplat.console import Console

EXAMPLES = """\
examples:
  eval "$(conda-multiplat completion --shell bash)"     in ~/.bashrc
  eval "$(conda-multiplat completion --shell zsh)"      in ~/.zshrc, after compinit
  conda-multiplat completion --shell fish > ~/.config/fish/completions/conda-multiplat.fish
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--shell", required=True, choices=SHELLS, help="for which shell")
    parser.set_defaults(needs_settings=False)


def run(args: argparse.Namespace, _: None, console: Console) -> int:
    """Run the command."""
    return completion(shell=args.shell, console=console)
