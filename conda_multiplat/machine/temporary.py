"""Our temporary files and folders, and the removal of those that killed runs have left.

Each name contains the process that made it, so that the next run knows what is unused: files of a
process of this machine that has ended, and files of any machine that are a day old.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from conda_multiplat.machine.interrupts import held

#: The end of a temporary file's name, or the start of a folder's: the machine and the process.
_MARK = r"multiplat-(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-"
#: Names of earlier versions.
_OLD_FILE = r"\.([\w.-]+\.)?(conda-lock\.ya?ml|environment\.ya?ml)\.([a-z0-9_]{8}|\d+\.tmp)"
_HOUR, _DAY = 3600, 24 * 3600
#: How long to retry replacing a file, and the pause between tries, in seconds. Windows refuses it
#: while another program has the file open, as virus scanners briefly do with each new file.
_PATIENCE = 2.0 if os.name == "nt" else 0.0
_AGAIN = 0.05
#: How long an engine that was stopped may go on writing, in seconds; and the looks that must show
#: that it writes no more.
_STOPPING, _LOOKS = 2.0, 2
_swept: set[Path] = set()
#: The folders in use, and those whose use was interrupted: a stopped engine may make them again.
_open: set[str] = set()


def temporary_path(path: Path) -> Path:
    """Return a name next to ``path`` for a file that will replace it."""
    return path.with_name(f".{path.name}.{_mark()}{os.urandom(4).hex()}")


def put(temporary: Path, place: Path, patience: float = _PATIENCE) -> None:
    """Rename a file to its final name; if that is refused, retry for ``patience`` seconds.

    Raises:
        OSError: it can't be renamed.
    """
    end = time.monotonic() + patience
    while True:
        try:
            temporary.replace(place)
            return
        except PermissionError:
            if time.monotonic() >= end:
                raise
        time.sleep(_AGAIN)


@contextmanager
def temporary_folder(parent: Path | None = None, prefix: str = "conda-") -> Iterator[Path]:
    """Provide a temporary folder, in the system's default place if none is given."""
    import tempfile  # late: the import takes as long as some commands

    place = parent or Path(tempfile.gettempdir())
    if place not in _swept:
        _swept.add(place)
        sweep(place)
    folder = None
    try:
        with held():
            # A stopped engine may still write into the folder while it is removed.
            folder = tempfile.TemporaryDirectory(
                dir=place, prefix=f"{prefix}{_mark()}", ignore_cleanup_errors=True
            )
            _open.add(folder.name)
        yield Path(folder.name)
    finally:
        if folder is not None:
            interrupted = not isinstance(sys.exc_info()[1], Exception | None)
            try:
                with held():
                    folder.cleanup()
            finally:
                folder.cleanup()  # again, if a signal prevented the first
                if not interrupted and not Path(folder.name).exists():  # else removed at the end
                    _open.discard(folder.name)


def remove_open_folders() -> None:
    """Remove all open folders, because the process is about to end immediately.

    Threads of a stopped engine can go on writing there for a moment, and make a folder again: all
    are gone when none is there at a second look.
    """
    end = time.monotonic() + _STOPPING
    absent = 0
    while _open and absent < _LOOKS and time.monotonic() < end:
        import shutil  # late: rarely needed

        time.sleep(_AGAIN)
        there = [name for name in _open if Path(name).exists()]
        for name in there:
            shutil.rmtree(name, ignore_errors=True)
        absent = 0 if there else absent + 1


def sweep(folder: Path) -> None:
    """Remove from a folder what killed runs have left."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in [entry for entry in entries if "multiplat-" in entry.name or _is_old(entry)]:
            with suppress(OSError):
                if _is_left_behind(entry):
                    _remove(entry)


def is_temporary(name: str) -> bool:
    """Return whether a file is one of our temporary files."""
    return name.startswith(".") and re.search(_MARK, name) is not None


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        import shutil  # late: rarely needed

        shutil.rmtree(entry.path, ignore_errors=True)
    else:
        Path(entry.path).unlink(missing_ok=True)


def _is_left_behind(entry: os.DirEntry[str]) -> bool:
    status = entry.stat(follow_symlinks=False)
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        return False
    age = time.time() - status.st_mtime
    mark = re.search(_MARK, entry.name)
    if mark is None:
        return _is_old(entry) and age > _HOUR
    if age > _DAY:
        return True
    return mark["machine"] == _machine() and not _is_alive(int(mark["process"]))


def _is_old(entry: os.DirEntry[str]) -> bool:
    return re.fullmatch(_OLD_FILE, entry.name) is not None


def _mark() -> str:
    return f"multiplat-{_machine()}-{os.getpid()}-"


def _machine() -> str:
    """Return an id of this machine, among those that share a disk; a container has its own."""
    import zlib  # late: `check` reads this module and writes nothing

    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    with suppress(OSError):  # on Linux
        name += os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - it is not a path
    return f"{zlib.crc32(name.encode()):08x}"


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # on Windows, the check would end the process
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True
