"""Register with git: lines of ``.gitattributes``, which is committed, and git's configuration.

The exact texts are fixed, so that they are written once and can be removed again.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import read_text, shown, write_all
from conda_multiplat.machine.git import commands as git
from conda_multiplat.vocabulary.errors import OutsideError, UsageError
from conda_multiplat.vocabulary.file_names import LOCK_NAME

NAME = "conda-multiplat"
_ATTRIBUTES = ".gitattributes"
_PATTERNS = (LOCK_NAME, f"*.{LOCK_NAME}")


@dataclass(frozen=True)
class Registration:
    """A driver that git should use for locks.

    Attributes:
        attribute: its attribute, ``merge`` or ``diff``, and git's section for it.
        command: the command that sets it up, for readers of ``.gitattributes``.
        settings: git's keys in that section; in a value, ``PROGRAM`` stands for ours, and ``GONE``
            for the message if it is gone.
    """

    attribute: str
    command: str
    settings: Mapping[str, str]

    def lines(self) -> list[str]:
        """Return the lines of ``.gitattributes``."""
        comment = f"# Once in each clone, as git's configuration is not cloned: {self.command}"
        return [comment, *(f"{pattern} {self.attribute}={NAME}" for pattern in _PATTERNS)]

    def config(self, scope: str, program: str = NAME) -> dict[str, str]:
        """Return the keys of git's configuration."""
        section = f"{self.attribute}.{NAME}"
        how = "--global " if scope == "global" else ""
        gone = (
            f"{NAME} is gone, git takes locks as text; once it is installed: {self.command} "
            f"--{scope}; to leave it: git config {how}--remove-section {section}"
        )
        values = {key: setting.replace("GONE", gone) for key, setting in self.settings.items()}
        if "driver" in values:  # git replaces %A and the like with file names
            program = program.replace("%", "%%")
        return {
            f"{section}.{key}": value.replace("PROGRAM", program) for key, value in values.items()
        }


# Both are run by the shell that comes with git, on Windows too. The program or its Python may be
# gone: then the one on PATH is used, or else git works as it does without us. An error would end
# the whole `git log -p`, and leave a merge without its other side.
_TEXTCONV = """\
try() { command -v "$1" >/dev/null 2>&1 && "$@" diff --textconv "$file"; }; \
show() { file=$1; try PROGRAM || try conda-multiplat || { echo 'GONE' >&2; cat "$file"; }; }; show\
"""
# Our program fails on a conflict too, so we test first whether it runs at all. git merge-file
# returns the number of conflicts, and more than 128 if it can't merge; git's own drivers return 1
# for both. git before 2.44 has no labels, and leaves %X unchanged.
_DRIVER = """\
works() { command -v "$1" && "$@" --version; } >/dev/null 2>&1; \
merge() { "$@" merge-driver %O %A %B %P; }; \
if works PROGRAM; then merge PROGRAM; \
elif works conda-multiplat; then merge conda-multiplat; \
else echo 'GONE' >&2; \
case %X in [%]X) set -- ours base theirs;; *) set -- %X %S %Y;; esac; \
git merge-file -q --marker-size=%L -L "$1" -L "$2" -L "$3" %A %O %B || exit 1; fi\
"""
MERGE = Registration(
    "merge",
    "conda multiplat merge-driver --setup",
    {
        "name": "conda-multiplat: both sides' changed packages, if they meet the manifest",
        "driver": _DRIVER,
        # With several common ancestors, git would merge locks, for which there is no manifest.
        "recursive": "binary",
    },
)
DIFF = Registration("diff", "conda multiplat diff --setup", {"textconv": _TEXTCONV})


def set_up(what: Registration, scope: str, console: Console) -> int:
    """Write what is missing; ``scope`` is ``local`` or ``global``, as for git.

    Raises:
        UsageError: the current folder is not in a repository.
        OutsideError: a file can't be written.
    """
    path = _attributes()
    text = read_text(path) if path.exists() else ""
    missing_lines = [line for line in what.lines() if line not in text.splitlines()]
    if missing_lines:
        write_all({path: _with_lines(text, missing_lines)})
    configured = {key: _configured(scope, key) for key in what.config(scope)}
    wanted_config = what.config(scope, program()).items()
    config = {key: value for key, value in wanted_config if configured[key] != value}
    for key, value in config.items():
        _configure(scope, key, value)
    _tell(console, f"wrote {shown(path)}", missing_lines)
    _tell(console, f"wrote git's {scope} configuration", _assignments(config))
    if not missing_lines and not config:
        console.say(" already set up")
    else:
        console.say(f" commit {_ATTRIBUTES}; in every other clone, once: {what.command}")
    console.result({"attributes": missing_lines, "config": config})
    return 0


def take_out(what: Registration, scope: str, console: Console) -> int:
    """Remove what :func:`set_up` writes, and nothing else.

    Raises:
        UsageError: the current folder is not in a repository.
        OutsideError: a file can't be written.
    """
    path = _attributes()
    text = read_text(path) if path.exists() else ""
    own_lines = [line for line in what.lines() if line in text.splitlines()]
    if own_lines:
        _without_lines(path, text, own_lines)
    config = {key: value for key in what.config(scope) if (value := _configured(scope, key))}
    for key in config:
        _configure(scope, key, None)
    _tell(console, f"removed from {shown(path)}", own_lines)
    _tell(console, f"removed from git's {scope} configuration", _assignments(config))
    if not own_lines and not config:
        console.say(" nothing to undo")
    console.result({"attributes": own_lines, "config": config})
    return 0


def program() -> str:
    """Return the command with which git's shell runs us, whatever environment is active then.

    A bare name is used only if it is always on PATH, not just while some environment is active.
    Otherwise it is the full path of the script that was installed for the running Python, quoted.
    (``python -m`` would first look for modules in the work tree.)
    """
    path = shutil.which(NAME)
    if path and not _of_environment(Path(path)):
        return NAME
    suffix = ".exe" if sys.platform == "win32" else ""
    for scheme in (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")):
        script = Path(sysconfig.get_path("scripts", scheme)) / f"{NAME}{suffix}"
        if script.is_file():
            return shlex.quote(script.as_posix())
    return f"{shlex.quote(Path(sys.executable).as_posix())} -I -m conda_multiplat"


def _of_environment(script: Path) -> bool:
    """Return whether a program is in a conda or virtual environment, which has to be activated."""
    folder = script.parent.parent
    return (folder / "conda-meta").is_dir() or (folder / "pyvenv.cfg").is_file()


def _attributes() -> Path:
    root = git.output(Path(), "rev-parse", "--show-toplevel")
    if not root:
        hints = ["go to a project that is in git, or `git init` first"]
        raise UsageError(f"{Path.cwd()} is not in a git repository", hints=hints)
    return Path(root) / _ATTRIBUTES


def _with_lines(text: str, lines: Sequence[str]) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else end
    return text + gap + "".join(f"{line}{end}" for line in lines)


def _without_lines(path: Path, text: str, lines: Sequence[str]) -> None:
    kept = "".join(line for line in text.splitlines(keepends=True) if line.rstrip() not in lines)
    if kept:
        write_all({path: kept})
    else:
        path.unlink()


def _configured(scope: str, key: str) -> str:
    return git.output(Path(), "config", f"--{scope}", "--get", key) or ""


def _configure(scope: str, key: str, value: str | None) -> None:
    how = ("--unset-all", key) if value is None else ("--replace-all", key, value)
    if git.output(Path(), "config", f"--{scope}", *how) is None:
        raise OutsideError(f"git can't write its {scope} configuration: {key}")


def _assignments(config: Mapping[str, str]) -> list[str]:
    return [f"{key} = {value}" for key, value in config.items()]


def _tell(console: Console, done: str, lines: Sequence[str]) -> None:
    if lines:
        console.say(f" {done}:")
    for line in lines:
        console.say(f"   {line}")
