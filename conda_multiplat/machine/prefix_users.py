"""Who works in a prefix: runs and shells of ours, each with a note that it holds locked.

A note is a file in ``conda-meta/multiplat-users``, named by its process. Its lock goes with the
descriptor to the program that we become and to what that starts, and ends with the last of them,
however they end. A program can close what it inherits, as tcsh does: it counts for as long as it is
the process that wrote the note (Linux tells). The notes of others are removed by the next who
comes. Who may not write there holds the prefix's history instead, without a name.

All of this happens while the prefix's folder is held (:func:`file_locks.one_at_a_time`), so that
nobody comes while it is looked at. Where there are no locks (Windows, some network file systems)
nobody is known.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.machine.file_locks import held_on, hold, let_go
from conda_multiplat.machine.prefix_records import meta
from conda_multiplat.vocabulary.channels import scrub
from conda_multiplat.vocabulary.json_values import json_object

FOLDER = "multiplat-users"
#: Where Linux says when a process started, counted from its state; and the states of one that has
#: ended, and that nobody has asked for yet how.
_START = 19
_OVER = ("Z", "X")
#: So much of a command line is noted.
_LONG = 200


class User(NamedTuple):
    """A process of ours that works in a prefix.

    Attributes:
        command: what was typed; ``""`` where nobody has noted it.
        process: its id; 0 where that is not known.
        host: where it runs.
        ended: whether it has ended, and what it has started has not.
    """

    command: str = ""
    process: int = 0
    host: str = ""
    ended: bool = False

    def __str__(self) -> str:
        if not self.process:
            return "a `run` or `shell` of somebody who may not write there"
        elsewhere = "" if self.host == _host() else f" on {self.host}"
        left = ", what it has left running" if self.ended else ""
        return f"{self.command} (process {self.process}{elsewhere}{left})"


def come_in(prefix: Path, command: str) -> None:
    """Let others know that this process, and what it becomes, works in ``prefix`` from now on."""
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
            folder.chmod(meta(prefix).stat().st_mode & 0o7777)  # for whom the prefix is for
        for _ in _ended(folder):
            pass
        _write_note(folder, json.dumps(note))
    except OSError:  # read-only
        with suppress(OSError):
            hold(meta(prefix) / "history", alone=False)


def _write_note(folder: Path, text: str) -> None:
    """Make a note, and hold it; a child of an earlier process of this id can hold the first."""
    number = 0
    while True:
        path = folder / f"{os.getpid()}{f'.{number}' if number else ''}"
        if hold(path, alone=True, make=True) is not None:
            path.write_text(text, encoding="utf-8")
            return
        number += 1


def users(prefix: Path) -> list[User]:
    """Who works in a prefix, but for those that this process was started from.

    A user who installs something in their own shell knows that it changes there.
    """
    folder = meta(prefix) / FOLDER
    notes = _held(folder) if folder.is_dir() else []
    own = set(_ancestors()) if notes else set()
    found = {path: _read(path) for path in notes if not _is_inherited(path)}
    there = [user for user in found.values() if user.host != _host() or user.process not in own]
    history = meta(prefix) / "history"
    return [*there, User()] if history.is_file() and held_on(history) else there


def _read(note: Path) -> User:
    with suppress(OSError, ValueError, TypeError, KeyError, OverflowError):
        content = json_object(note.read_text(encoding="utf-8"))
        user = User(str(content["command"]), int(content["process"]), str(content["host"]))
        return user._replace(ended=user.host == _host() and _has_ended(user.process))
    return User()


def _has_ended(process: int) -> bool:
    if os.name == "nt":  # where 0 is a signal
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:  # somebody else's
        return False
    return False


def _is_inherited(note: Path) -> bool:
    """Whether this process has the descriptor of who holds a note, however far up that is."""
    with suppress(OSError):
        held = note.stat()
        return any(_is_open_at(int(path.name), held) for path in Path("/dev/fd").iterdir())
    return False


def _is_open_at(descriptor: int, file: os.stat_result) -> bool:
    with suppress(OSError):  # that of the listing
        return os.path.samestat(os.fstat(descriptor), file)
    return False


def _held(folder: Path) -> list[Path]:
    """The notes of those who are there; the others go."""
    gone = set(_ended(folder))
    return sorted(path for path in folder.iterdir() if path not in gone)


def _ended(folder: Path) -> Iterator[Path]:
    """Remove the notes of those who have ended, which are these."""
    for path in list(folder.iterdir()):
        with suppress(OSError):
            handle = hold(path, alone=True)
            if handle is None:
                continue
            try:
                if _goes_on(path):
                    continue
                path.unlink()
            finally:
                let_go(handle)
            yield path


def _goes_on(note: Path) -> bool:
    """Whether the process that wrote a note is there, though it holds it no longer."""
    with suppress(OSError, ValueError, TypeError, KeyError, OverflowError):
        content = json_object(note.read_text(encoding="utf-8"))
        started = _started(int(content["process"]))
        return bool(started) and [started, _host()] == [content["started"], content["host"]]
    return False


def _started(process: int) -> str:
    """When a process started, in the clock ticks of its machine; ``""`` where nothing tells."""
    fields = _status(process)
    return fields[_START] if fields and fields[0] not in _OVER else ""


def _status(process: int) -> list[str]:
    """What Linux says of a process, from its state on; nothing elsewhere."""
    with suppress(OSError):
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()
    return []


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else ""


def _ancestors() -> Iterator[int]:
    """This process, the one that started it, and so on."""
    process = os.getpid()
    while process > 0:
        yield process
        process = _parent(process)


def _parent(process: int) -> int:
    """The process that started another; 0 where that can't be told."""
    if fields := _status(process):
        return int(fields[1])
    import subprocess

    with suppress(OSError, ValueError):
        words = ("ps", "-o", "ppid=", "-p", str(process))
        return int(subprocess.run(words, capture_output=True, check=False).stdout)
    return 0
