"""``conda multiplat completion``: a script that completes command lines in a shell."""

from __future__ import annotations

import argparse
import sysconfig
from pathlib import Path

from conda_multiplat.cli.completion import scripts
from conda_multiplat.cli.completion.model import command
from conda_multiplat.cli.completion.powershell import powershell
from conda_multiplat.cli.main import command_parsers
from conda_multiplat.machine.console import Console

EXAMPLES = """\
examples:
  eval "$(conda-multiplat completion --shell bash)"     # in ~/.bashrc
  eval "$(conda-multiplat completion --shell zsh)"      # in ~/.zshrc, after compinit
  conda-multiplat completion --shell fish > ~/.config/fish/completions/conda-multiplat.fish
  conda-multiplat completion --shell powershell | Out-String | Invoke-Expression    # in $PROFILE
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--shell", required=True, choices=tuple(_SHELLS), help="for which shell")
    parser.set_defaults(needs_settings=False)


_PROGRAM = "conda-multiplat"
_SHELLS = {
    "bash": scripts.bash,
    "zsh": scripts.zsh,
    "fish": scripts.fish,
    "powershell": powershell,
}


def run(args: argparse.Namespace, _: None, console: Console) -> int:
    """Print the script for a shell."""
    commands = [command(*parser) for parser in command_parsers(argparse.ArgumentParser())]
    text = _SHELLS[args.shell](commands, _program())
    console.show(text.removesuffix("\n"))
    console.result({"shell": args.shell, "script": text})
    return 0


def _program() -> str:
    """Return the program that looks up names: ours in this Python's folder, else one on PATH."""
    beside = Path(sysconfig.get_path("scripts")) / _PROGRAM
    return str(beside) if beside.is_file() else _PROGRAM
