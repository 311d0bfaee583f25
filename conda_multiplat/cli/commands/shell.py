"""``conda multiplat shell``: start the user's shell with the environment active."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping

from conda_multiplat.actions.enter_environment import enter
from conda_multiplat.activation.model import is_active, level
from conda_multiplat.activation.shells import SHELLS
from conda_multiplat.cli.options import entering_options, invocation, rule_of
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.user_shell import become_shell, program_of, shell_named
from conda_multiplat.vocabulary.errors import OutsideError, UsageError

EXAMPLES = """\
examples:
  conda multiplat shell                     # `exit` leaves it
  conda multiplat shell -e cuda12 -n gpu    # environment cuda12, in the conda environment gpu
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    shell_kind(parser, "which shell (default: the current shell)")
    entering_options(parser, locks=True)


def shell_kind(parser: argparse.ArgumentParser, summary: str) -> None:
    """Add ``--shell``, which takes one kind of shell."""
    parser.add_argument("--shell", dest="shell_kind", choices=tuple(SHELLS), help=summary)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Start the shell.

    Returns:
        0 if the environment is active already; on Windows otherwise the shell's exit code. On POSIX
        the process becomes the shell.
    """
    if console.json:
        raise UsageError(
            "`shell` starts an interactive shell, and has no JSON output",
            hints=["`shell-hook --json` prints what activates the environment"],
        )
    if not sys.stdin.isatty():
        raise UsageError(
            "a shell needs a terminal", hints=["`conda multiplat run -- CMD` runs a command"]
        )
    kind, program = program_of(args.shell_kind)
    script = shell_named(kind, windows=settings.subdir.startswith("win-"))
    activation = enter(
        invocation(args, settings, console), rule=rule_of(args, settings), command="shell"
    )
    if is_active(activation.prefix, os.environ):
        console.say(f" {activation.name} is active in this shell already")
        return 0
    if below := _below(os.environ):
        console.say(f" on top of {below}: `exit` returns to it")
    try:
        return become_shell(kind, program, script.hook(activation))
    except OSError as error:
        raise OutsideError(f"{program} can't be started: {error.strerror}") from None


def _below(environ: Mapping[str, str]) -> str:
    """Return the environment that is active already; ``""`` for none, or for base."""
    active = environ.get("CONDA_DEFAULT_ENV", "") if level(environ) else ""
    return "" if active == "base" else active
