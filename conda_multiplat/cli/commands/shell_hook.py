"""``conda multiplat shell-hook``: a script that activates an environment when it is sourced."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from conda_multiplat.actions.entering import enter
from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.shells import SHELLS, Shell
from conda_multiplat.cli.commands.shell import shell_kind
from conda_multiplat.cli.options import destination_options, environment_option, no_install_option
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.settings import Settings
from conda_multiplat.machine.user_shell import shell_named

EXAMPLES = """\
examples:
  conda multiplat shell-hook --shell zsh > activate.sh     then, in any shell: source activate.sh
  eval "$(conda multiplat shell-hook)"                     in this one; multiplat_deactivate leaves
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    shell_kind(parser, "for which shell (default: the one that this is typed in)")
    destination_options(parser)
    environment_option(parser)
    no_install_option(parser)


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


def shell_hook(
    *,
    files: Sequence[str] = (),
    name: str | None = None,
    prefix: str | None = None,
    environment: str | None = None,
    shell: str | None = None,
    no_install: bool = False,
    settings: Settings,
    console: Console,
) -> int:
    """Print the script; see ``conda multiplat shell-hook --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``.
    """
    windows = settings.subdir.startswith("win-")
    # With --json, it is all the same to most who ask which shell they were started from.
    kind = None if console.json and shell is None else shell_named(shell, windows=windows)
    found = enter(
        files=files,
        name=name,
        prefix=prefix,
        environment=environment,
        as_it_is=no_install,
        settings=settings,
        console=console,
    )
    if kind is not None and not console.json:
        # As bytes: a prefix need not be text, and the ends of lines are the shell's.
        console.show_bytes(kind.hook(found).encode("utf-8", "surrogateescape"))
    console.result(_document(found, kind))
    return 0


def _document(found: Activation, kind: Shell | None) -> dict[str, Any]:
    """What a program needs to do the same: see ``docs/shell.md``."""
    shells = [kind] if kind else SHELLS.values()
    suffixes = dict.fromkeys(each.suffix for each in shells)
    return {
        "prefix": found.prefix,
        "name": found.name,
        "path": list(found.path),
        "variables": {**found.variables, **found.own},
        "unset": list(found.unset),
        "scripts": {
            "activate": [path for each in suffixes for path in found.scripts_on(each)],
            "deactivate": [path for each in suffixes for path in found.scripts_off(each)],
        },
    }
