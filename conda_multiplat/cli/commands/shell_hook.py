"""``conda multiplat shell-hook``: print a script that activates an environment when sourced."""

from __future__ import annotations

import argparse
from typing import Any

from conda_multiplat.actions.enter_environment import AS_IT_IS, WARN, enter
from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.shells import SHELLS, Shell
from conda_multiplat.cli.commands.shell import shell_kind
from conda_multiplat.cli.options import entering_options, invocation
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.user_shell import shell_named

EXAMPLES = """\
examples:
  conda multiplat shell-hook --shell zsh > activate.sh  # then, in any shell: source activate.sh
  eval "$(conda multiplat shell-hook)"                  # in this one; multiplat_deactivate leaves
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    shell_kind(parser, "for which shell (default: the current shell)")
    entering_options(parser, locks=False)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Print the script."""
    windows = settings.subdir.startswith("win-")
    named = args.shell_kind
    # Without --shell, the document covers all shells: programs seldom know which one runs them.
    shell = None if console.json and named is None else shell_named(named, windows=windows)
    rule = AS_IT_IS if args.as_it_is else args.lock_rule or WARN
    activation = enter(invocation(args, settings, console), rule=rule)
    if shell is not None and not console.json:
        # As bytes: a prefix may not be text, and the shell decides the ends of lines.
        console.show_bytes(shell.hook(activation).encode("utf-8", "surrogateescape"))
    console.result(_document(activation, shell))
    return 0


def _document(activation: Activation, shell: Shell | None) -> dict[str, Any]:
    """Return what a program needs to activate the environment itself (``docs/shell.md``)."""
    shells = [shell] if shell else SHELLS.values()
    suffixes = dict.fromkeys(shell.suffix for shell in shells)
    return {
        "prefix": activation.prefix,
        "name": activation.name,
        "path": list(activation.path),
        "variables": {**activation.variables, **activation.conda_variables},
        "unset": list(activation.unset),
        "scripts": {
            "activate": [path for suffix in suffixes for path in activation.scripts_on(suffix)],
            "deactivate": [path for suffix in suffixes for path in activation.scripts_off(suffix)],
        },
    }
