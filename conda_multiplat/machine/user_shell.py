"""The user's shell, and starting one of its kind in an activated environment.

On POSIX, our process becomes the shell (``exec``): it owns the terminal like any shell, so that job
control, sizes, signals and its exit code work as usual and no process waits behind it. It inherits
a descriptor that marks the environment as used (``prefix_users``). Python's standard streams are
flushed before; conda does nothing at the end of our process; and the shell's start files remove
themselves once it has read them.

The user's own files are read first, as in any interactive shell, and then the hook.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from conda_multiplat.activation.shells import (
    SHELLS,
    Shell,
    csh,
    fish,
    nu,
    posix,
    powershell,
    shell_of_program,
)
from conda_multiplat.machine.callers_environ import callers_environ
from conda_multiplat.vocabulary.errors import UsageError

_PROGRAMS = {"powershell": ("pwsh", "powershell")}


@dataclass(frozen=True)
class Start:
    """How to start a shell.

    Attributes:
        arguments: the program's arguments.
        environ: environment variables for it.
    """

    arguments: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)


def users_shell() -> tuple[str, str]:
    """Return the kind and program of the shell that started us, or else of ``SHELL``.

    Raises:
        UsageError: it is not supported.
    """
    import shellingham

    try:
        name, program = shellingham.detect_shell()
    except shellingham.ShellDetectionFailure:
        name = program = os.environ.get("SHELL", "cmd" if os.name == "nt" else "bash")
    kind = shell_of_program(name)
    if kind is None:
        raise UsageError(f"{name} is not a supported shell", hints=[_choose()])
    return kind, program


def _choose() -> str:
    return f"choose another with --shell: {', '.join(SHELLS)}"


def shell_named(name: str | None, *, windows: bool) -> Shell:
    """Return the requested kind of shell, or the user's own.

    Raises:
        UsageError: there is no such script on this platform.
    """
    shell = SHELLS[name or users_shell()[0]]
    if windows and not shell.everywhere:
        raise UsageError(f"{shell.name} is not supported on Windows", hints=[_choose()])
    return shell


def program_of(name: str | None) -> tuple[str, str]:
    """Return the kind and the program of the shell to start.

    Raises:
        UsageError: it is not installed.
    """
    if name is None:
        name, program = users_shell()
        # A login shell's name is `-zsh`, and an old /bin/sh can't read bash's start file.
        if Path(program).name.removesuffix(".exe") == name and Path(program).is_absolute():
            return name, program
    for executable in _PROGRAMS.get(name, (name,)):
        if path := shutil.which(executable):
            return name, path
    raise UsageError(f"{name} is not installed", hints=[_choose()])


def become_shell(name: str, program: str, text: str) -> int:
    """Start the shell with ``text``, its hook; returns only on Windows, with its exit code."""
    folder = Path(tempfile.mkdtemp(prefix="multiplat-"))
    try:
        start = _STARTS[name](folder, text)
        return become([program, *start.arguments], {**callers_environ(), **start.environ})
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def become(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Replace our process by a program; on Windows, where that is not possible, wait for it.

    Raises:
        OSError: it can't be run.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        _exec(command, environ)
    return wait_for(command, environ)


def wait_for(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a program and wait, as a shell does: it gets Ctrl-C, and is found in *its* own PATH.

    Windows looks in the PATH of the calling process, and only for ``.exe``.

    Raises:
        OSError: it can't be run.
    """
    program = shutil.which(command[0], path=environ.get("PATH")) or command[0]
    before = signal.signal(signal.SIGINT, _for_the_program)
    try:
        return subprocess.run([program, *command[1:]], env=dict(environ), check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def _for_the_program(number: int, frame: object) -> None:
    """Ignore Ctrl-C meanwhile: the program that reads the console handles it."""


def _exec(command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    # Python ignores these two, and the program would inherit that.
    was = {
        number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGPIPE, signal.SIGXFSZ)
    }
    try:
        os.execvpe(command[0], list(command), dict(environ))
    except OSError:
        for wa, handler in was.items():
            signal.signal(wa, handler)
        raise


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def _bash(folder: Path, text: str) -> Start:
    rc = _write(
        folder / "bashrc",
        f"command rm -rf -- {posix.quote(str(folder))}\n"
        "if [ -f ~/.bashrc ]; then . ~/.bashrc; fi\n" + text,
    )
    return Start(("--rcfile", str(rc), "-i"))


#: Sets ZDOTDIR to the user's value, or unsets it.
_USERS_ZDOTDIR = """\
if [ -n "${__MULTIPLAT_ZDOTDIR+x}" ]; then ZDOTDIR="$__MULTIPLAT_ZDOTDIR"; else unset ZDOTDIR; fi
"""


def _zsh(folder: Path, text: str) -> Start:
    """Start zsh with our folder as ZDOTDIR until the user's files are read by ours."""
    quoted = posix.quote(str(folder))
    _write(
        folder / ".zshenv",
        f"{_USERS_ZDOTDIR}unset __MULTIPLAT_ZDOTDIR\n"
        'if [ -f "${ZDOTDIR:-$HOME}/.zshenv" ]; then . "${ZDOTDIR:-$HOME}/.zshenv"; fi\n'
        'if [ -n "${ZDOTDIR+x}" ]; then __MULTIPLAT_ZDOTDIR="$ZDOTDIR"; fi\n'
        f"ZDOTDIR={quoted}\n",
    )
    _write(
        folder / ".zshrc",
        f"{_USERS_ZDOTDIR}unset __MULTIPLAT_ZDOTDIR\ncommand rm -rf -- {quoted}\n"
        # The system's files may have set it from our ZDOTDIR.
        f'case "${{HISTFILE-}}" in {quoted}/*) '
        'HISTFILE="${ZDOTDIR:-$HOME}/${HISTFILE##*/}" ;; esac\n'
        'if [ -f "${ZDOTDIR:-$HOME}/.zshrc" ]; then . "${ZDOTDIR:-$HOME}/.zshrc"; fi\n' + text,
    )
    users_folder = os.environ.get("ZDOTDIR")
    kept = {} if users_folder is None else {"__MULTIPLAT_ZDOTDIR": users_folder}
    return Start(("-i",), {"ZDOTDIR": str(folder), **kept})


def _fish(folder: Path, text: str) -> Start:
    hook = fish.quote(str(_write(folder / "hook.fish", text)))
    remove = f"command rm -rf -- {fish.quote(str(folder))}"
    return Start(("--interactive", "--init-command", f"source {hook}; {remove}"))


def _tcsh(folder: Path, text: str) -> Start:
    """Start tcsh with our folder as HOME until the user's own file is read."""
    home = csh.quote(str(Path.home()))
    _write(
        folder / ".tcshrc",
        f"setenv HOME {home}\nset home = {home}\nrm -rf {csh.quote(str(folder))}\n"
        "if ( -r ~/.tcshrc ) then\n    source ~/.tcshrc\n"
        "else if ( -r ~/.cshrc ) then\n    source ~/.cshrc\nendif\n" + text,
    )
    return Start(("-i",), {"HOME": str(folder)})


def _xonsh(folder: Path, text: str) -> Start:
    hook = _write(folder / "hook.xsh", f"{text}\nimport shutil\nshutil.rmtree({str(folder)!r})\n")
    users = (Path("/etc/xonsh/xonshrc"), *_xonsh_files(Path.home()))
    return Start(("-i", "--rc", *(str(user) for user in users if user.is_file()), str(hook)))


def _xonsh_files(home: Path) -> tuple[Path, Path]:
    config = Path(os.environ.get("XDG_CONFIG_HOME", home / ".config"))
    return config / "xonsh" / "rc.xsh", home / ".xonshrc"


def _powershell(folder: Path, text: str) -> Start:
    # The byte order mark tells Windows PowerShell that the file is UTF-8.
    hook = powershell.quote(str(_write(folder / "hook.ps1", "\ufeff" + text)))
    remove = f"Remove-Item -Recurse -LiteralPath {powershell.quote(str(folder))}"
    return Start(("-NoLogo", "-NoExit", "-Command", f". {hook}; {remove}"))


def _cmd(folder: Path, text: str) -> Start:
    """Start cmd; the file stays, since cmd needs it to deactivate."""
    return Start(("/k", str(_write(folder / "hook.bat", text))))


def _nu(folder: Path, text: str) -> Start:
    hook = nu.quote(str(_write(folder / "hook.nu", text)))
    return Start(("--execute", f"source {hook}; rm -r {nu.quote(str(folder))}"))


_STARTS: dict[str, Callable[[Path, str], Start]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
    "tcsh": _tcsh,
    "xonsh": _xonsh,
    "powershell": _powershell,
    "cmd": _cmd,
    "nu": _nu,
}
