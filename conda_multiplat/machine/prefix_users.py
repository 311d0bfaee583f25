"""The processes that use a prefix: our runs and shells, each with a locked note.

A note is a file in ``conda-meta/multiplat-users``, named after its process. The programs that
replace our process and their children inherit its lock with the descriptor, so it ends with the
last of them, however they end. A program can close what it inherits, as tcsh does: it counts as
long as it is the process that wrote the note (known on Linux). The next process removes the notes
of others that have ended. Without permission to write there, a process locks the prefix's history
instead, without a name.

All of this happens while the prefix's folder is locked (:func:`file_locks.one_at_a_time`), so that
no process starts in between. Without file locks (Windows, some network file systems) no users are
known.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.machine.file_locks import held_on, hold, release
from conda_multiplat.machine.prefix_records import meta
from conda_multiplat.vocabulary.channels import scrub
from conda_multiplat.vocabulary.json_values import json_object

FOLDER = "multiplat-users"
#: The position of a process's start time in Linux's stat, counted from its state; and the states of
#: a process that has ended.
_START = 19
_OVER = ("Z", "X")
#: How many characters of a command line are recorded.
_LONG = 200


class User(NamedTuple):
    """One of our processes that uses a prefix.

    Attributes:
        command: the command line; ``""`` if it was not noted.
        process: its id; 0 if it is unknown.
        host: its machine.
        ended: whether it has ended while a process that it started has not.
    """

    command: str = ""
    process: int = 0
    host: str = ""
    ended: bool = False

    def __str__(self) -> str:
        if not self.process:
            return "a `run` or `shell` of a user without write permission there"
        elsewhere = "" if self.host == _host() else f" on {self.host}"
        left = ", ended, but programs that it started still run" if self.ended else ""
        return f"{self.command} (process {self.process}{elsewhere}{left})"


def come_in(prefix: Path, command: str) -> None:
    """Record that this process, and the programs that replace it, use ``prefix`` from now on."""
    folder = meta(prefix) / FOLDER
    note = {
        "command": scrub(command)[:_LONG],
        "process": os.getpid(),
        "started": _started(os.getpid()),
        "host": _host(),
    }
    try:
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            folder.chmod(meta(prefix).stat().st_mode & 0o7777)  # for others who share it
        for _ in _ended(folder):
            pass
        _write_note(folder, json.dumps(note))
    except OSError:  # read-only prefix: lock an existing file instead
        with suppress(OSError):
            hold(meta(prefix) / "history", exclusive=False)


def _write_note(folder: Path, text: str) -> None:
    """Write a note and lock it; a child of an earlier process of this id can hold the first."""
    number = 0
    while True:
        path = folder / f"{os.getpid()}{f'.{number}' if number else ''}"
        if hold(path, exclusive=True, make=True) is not None:
            path.write_text(text, encoding="utf-8")
            return
        number += 1


def users(prefix: Path) -> list[User]:
    """Return the users of a prefix, except the processes that started this one.

    A user who installs something in their own shell expects it to change there.
    """
    folder = meta(prefix) / FOLDER
    notes = _held(folder) if folder.is_dir() else []
    ancestors = set(_ancestors()) if notes else set()
    user_of_note = {path: _read(path) for path in notes if not _is_inherited(path)}
    others = [
        user
        for user in user_of_note.values()
        if user.host != _host() or user.process not in ancestors
    ]
    history = meta(prefix) / "history"
    return [*others, User()] if history.is_file() and held_on(history) else others


def _read(note: Path) -> User:
    with suppress(OSError, ValueError, TypeError, KeyError, OverflowError):
        content = json_object(note.read_text(encoding="utf-8"))
        user = User(str(content["command"]), int(content["process"]), str(content["host"]))
        return user._replace(ended=user.host == _host() and _has_ended(user.process))
    return User()


def _has_ended(process: int) -> bool:
    if os.name == "nt":  # signal 0 is not a mere test there
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:  # another user's process
        return False
    return False


def _is_inherited(note: Path) -> bool:
    """Return whether this process, or one that started it, inherited the descriptor of a note."""
    with suppress(OSError):
        held = note.stat()
        return any(_is_open_at(int(path.name), held) for path in Path("/dev/fd").iterdir())
    return False


def _is_open_at(descriptor: int, file: os.stat_result) -> bool:
    with suppress(OSError):  # the descriptor of the listing itself
        return os.path.samestat(os.fstat(descriptor), file)
    return False


def _held(folder: Path) -> list[Path]:
    """Return the notes of running processes, and remove the others."""
    ended = set(_ended(folder))
    return sorted(path for path in folder.iterdir() if path not in ended)


def _ended(folder: Path) -> Iterator[Path]:
    """Yield the notes of ended processes, after removing them."""
    for path in list(folder.iterdir()):
        with suppress(OSError):
            handle = hold(path, exclusive=True)
            if handle is None:
                continue
            try:
                if _goes_on(path):
                    continue
                path.unlink()
            finally:
                release(handle)
            yield path


def _goes_on(note: Path) -> bool:
    """Return whether the process of a note still runs, though it no longer holds the lock."""
    with suppress(OSError, ValueError, TypeError, KeyError, OverflowError):
        content = json_object(note.read_text(encoding="utf-8"))
        started = _started(int(content["process"]))
        return bool(started) and [started, _host()] == [content["started"], content["host"]]
    return False


def _started(process: int) -> str:
    """Return when a process started, in the machine's clock ticks; ``""`` if unknown."""
    fields = _status(process)
    return fields[_START] if fields and fields[0] not in _OVER else ""


def _status(process: int) -> list[str]:
    """Return Linux's stat of a process from its state on; empty elsewhere."""
    with suppress(OSError):
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()
    return []


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else ""


def _ancestors() -> Iterator[int]:
    """Yield this process, its parent, and so on."""
    process = os.getpid()
    while process > 0:
        yield process
        process = _parent(process)


def _parent(process: int) -> int:
    """Return the parent of a process; 0 if unknown."""
    if fields := _status(process):
        return int(fields[1])
    import subprocess

    with suppress(OSError, ValueError):
        words = ("ps", "-o", "ppid=", "-p", str(process))
        return int(subprocess.run(words, capture_output=True, check=False).stdout)
    return 0
