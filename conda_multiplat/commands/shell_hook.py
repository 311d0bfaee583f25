"""``conda multiplat shell-hook``: a script that activates an environment when it is sourced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conda_multiplat.activation import Activation
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.entering import enter
from conda_multiplat.render.shells import SHELLS, Shell
from conda_multiplat.user_shell import shell_named


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
