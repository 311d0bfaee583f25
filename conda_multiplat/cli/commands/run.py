"""``conda multiplat run``: run a command in the environment, replacing our process.

Without activation scripts, no shell is needed: the environment variables are computed, and the
process becomes the command. If packages have such scripts, a shell runs them first and prints the
variables that they leave; these are not cached.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from conda_multiplat.actions.enter_environment import enter
from conda_multiplat.activation.model import Activation, activated, is_active, level
from conda_multiplat.activation.shells import posix
from conda_multiplat.cli.options import entering_options, invocation, rule_of
from conda_multiplat.machine.callers_environ import callers_environ
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.user_shell import become
from conda_multiplat.vocabulary.errors import CommandError, OutsideError, UsageError

EXAMPLES = """\
examples:
  conda multiplat run -- python train.py --epochs 3
  conda multiplat run --frozen -- pytest    # what is locked, even if the manifest has changed
  conda multiplat run -e cuda12 -n gpu -- nvcc --version
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    entering_options(parser, locks=True)
    parser.add_argument(
        "command_line",
        nargs=argparse.REMAINDER,
        metavar="-- CMD",
        help="the command; everything after -- belongs to it",
    )


#: Variables that a shell sets for itself; the command gets the values of our environment.
_SHELLS_OWN = ("_", "BASH_ENV", "ENV", "OLDPWD", "PWD", "SHLVL")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run a command.

    Returns:
        On Windows the command's exit code; on POSIX the process becomes the command.

    Raises:
        CommandError: the command does not exist, or is not a program.
    """
    first, *rest = args.command_line or [""]
    command = rest if first in ("--", "") else args.command_line
    if not command:
        raise UsageError("no command to run", hints=["conda multiplat run -- CMD ARG…"])
    activation = enter(
        invocation(args, settings, console),
        rule=rule_of(args, settings),
        command=f"run -- {' '.join(command)}",
    )
    environ = _environ(activation, callers_environ())
    try:
        return become(command, environ)
    except OSError as error:
        exists = shutil.which(command[0], path=environ.get("PATH")) is not None
        raise _command_error(command[0], activation, error, exists=exists) from None


def _command_error(
    command: str, activation: Activation, error: OSError, *, exists: bool
) -> CommandError:
    if exists or error.errno not in (errno.ENOENT, errno.ENOTDIR):
        hint = "its first line must be `#!` and an existing program"
        hints = [hint] if error.errno in (errno.ENOENT, errno.ENOEXEC) else []
        return CommandError(f"{command} can't be run: {error.strerror}", exit_code=126, hints=hints)
    where = "" if "/" in command else f" in {activation.name}, nor in the rest of PATH"
    return CommandError(f"there is no {command}{where}")


def _environ(activation: Activation, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an active environment, including those that its scripts set."""
    if is_active(activation.prefix, environ) or not _has_scripts(activation, environ):
        return activated(activation, environ)
    return _captured(activation, environ)


def _has_scripts(activation: Activation, environ: Mapping[str, str]) -> bool:
    if activation.windows:  # their effects are ignored there
        return False
    active = Path(environ["CONDA_PREFIX"]) if level(environ) else None
    scripts = active.joinpath("etc", "conda", "deactivate.d") if active else None
    return bool(activation.scripts_on(".sh")) or bool(scripts and any(scripts.glob("*.sh")))


def _captured(activation: Activation, environ: Mapping[str, str]) -> dict[str, str]:
    """Run the hook in a shell, with stdout as stderr and no stdin; return the resulting variables.

    Raises:
        OutsideError: a script ended the shell.
    """
    text = f"exec 3>&1 1>&2\n{posix.hook(activation)}\nexec /usr/bin/env -0 >&3 3>&-\n"
    with tempfile.NamedTemporaryFile(suffix=".sh") as file:
        file.write(os.fsencode(text))
        file.flush()
        process = subprocess.run(
            [shutil.which("bash") or "sh", file.name],
            env={key: value for key, value in environ.items() if key not in _SHELLS_OWN},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=False,
        )
    if process.returncode:
        raise OutsideError(
            f"a script of {activation.prefix}/etc/conda/activate.d ended with exit code "
            f"{process.returncode}"
        )
    entries = (os.fsdecode(path).partition("=") for path in process.stdout.split(b"\0") if path)
    left = {key: value for key, _, value in entries if key not in _SHELLS_OWN}
    return {**left, **{key: environ[key] for key in _SHELLS_OWN if key in environ}}
