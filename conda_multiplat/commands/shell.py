"""``conda multiplat shell``: a shell of the user's own kind in which the environment is active."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from conda_multiplat.activation import is_active, level
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.entering import enter
from conda_multiplat.errors import OutsideError, UsageError
from conda_multiplat.user_shell import become_shell, program_of, shell_named


def shell(
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
    """Start the shell; see ``conda multiplat shell --help``.

    Returns:
        0 where the environment is active already; else only on Windows, with the shell's exit
        code: on POSIX the process becomes the shell.
    """
    if console.json:
        raise UsageError(
            "a shell is not for programs", hints=["`shell-hook --json` says what activates it"]
        )
    if not sys.stdin.isatty():
        raise UsageError(
            "a shell needs a terminal", hints=["`conda multiplat run -- CMD` runs a command"]
        )
    kind, program = program_of(shell)
    script = shell_named(kind, windows=settings.subdir.startswith("win-"))
    found = enter(
        files=files,
        name=name,
        prefix=prefix,
        environment=environment,
        as_it_is=no_install,
        settings=settings,
        console=console,
    )
    if is_active(found.prefix, os.environ):
        console.say(f" {found.name} is active in this shell already")
        return 0
    if below := _below(os.environ):
        console.say(f" on top of {below}: `exit` comes back to it")
    try:
        return become_shell(kind, program, script.hook(found))
    except OSError as error:
        raise OutsideError(f"{program} can't be started: {error.strerror}") from None


def _below(environ: Mapping[str, str]) -> str:
    """The environment that is active by now; ``""`` for none, or for that of conda itself."""
    active = environ.get("CONDA_DEFAULT_ENV", "") if level(environ) else ""
    return "" if active == "base" else active
