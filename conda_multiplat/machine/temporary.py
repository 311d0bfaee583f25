"""Temporary files and folders of ours, and the removal of those that killed runs have left.

Each has in its name which process made it, so that the next run knows what nobody uses any more:
what a process of this machine made that is gone, and what is a day old, whoever made it.
"""

from __future__ import annotations

import os
import re
import time
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from conda_multiplat.machine.interrupts import held

#: How the name of a temporary file ends, or that of a folder begins: the machine and the process.
_MARK = re.compile(r"multiplat-(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-")
#: How earlier versions called them.
_OLD_FILE = r"\.([\w.-]+\.)?(conda-lock\.ya?ml|environment\.ya?ml)\.([a-z0-9_]{8}|\d+\.tmp)"
_HOUR, _DAY = 3600, 24 * 3600
#: Seconds for which a file is tried to be replaced, and between two tries. Windows refuses that
#: while another program has it open, as what looks for viruses has each new file for a moment.
_PATIENCE = 2.0 if os.name == "nt" else 0.0
_AGAIN = 0.05
_swept: set[Path] = set()
#: The folders that are in use.
_open: set[str] = set()


def temporary_path(path: Path) -> Path:
    """A name beside ``path`` for what will replace it."""
    return path.with_name(f".{path.name}.{_mark()}{os.urandom(4).hex()}")


def put(temporary: Path, place: Path, patience: float = _PATIENCE) -> None:
    """Rename a file into its place; while it is refused there, again for ``patience`` seconds.

    Raises:
        OSError: it can't be.
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
    """A folder for as long as it is needed; in the system's place for them if none is named."""
    import tempfile  # late: it takes as long to import as many a command has work to do

    place = parent or Path(tempfile.gettempdir())
    if place not in _swept:
        _swept.add(place)
        sweep(place)
    folder = None
    try:
        with _whole():
            # An engine that was stopped may still be writing into the folder that goes.
            folder = tempfile.TemporaryDirectory(
                dir=place, prefix=f"{prefix}{_mark()}", ignore_cleanup_errors=True
            )
            _open.add(folder.name)
        yield Path(folder.name)
    finally:
        if folder is not None:
            try:
                with _whole():
                    folder.cleanup()
            finally:
                folder.cleanup()  # for a signal that came just before
                _open.discard(folder.name)


def remove_open_folders() -> None:
    """Remove the folders of who will not come to it: the process is about to leave at once."""
    for name in tuple(_open):
        import shutil  # late: hardly ever is there anything to remove

        shutil.rmtree(name, ignore_errors=True)


def _whole() -> AbstractContextManager[None]:
    """Let no signal come in between; it is raised in the main thread, and only there."""
    import threading  # late: where threads are, somebody has imported it

    is_main = threading.current_thread() is threading.main_thread()
    return held() if is_main else nullcontext()


def sweep(folder: Path) -> None:
    """Remove what runs that were killed have left in a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in [entry for entry in entries if "multiplat-" in entry.name or _is_old(entry)]:
            with suppress(OSError):
                if _is_nobodys(entry):
                    _remove(entry)


def is_temporary(name: str) -> bool:
    """Whether a file is one of ours that was to replace another."""
    return name.startswith(".") and _MARK.search(name) is not None


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        import shutil  # late: hardly ever is there anything to remove

        shutil.rmtree(entry.path, ignore_errors=True)
    else:
        Path(entry.path).unlink(missing_ok=True)


def _is_nobodys(entry: os.DirEntry[str]) -> bool:
    status = entry.stat(follow_symlinks=False)
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        return False
    age = time.time() - status.st_mtime
    made = _MARK.search(entry.name)
    if made is None:
        return _is_old(entry) and age > _HOUR
    if age > _DAY:
        return True
    return made["machine"] == _machine() and not _is_alive(int(made["process"]))


def _is_old(entry: os.DirEntry[str]) -> bool:
    return re.fullmatch(_OLD_FILE, entry.name) is not None


def _mark() -> str:
    return f"multiplat-{_machine()}-{os.getpid()}-"


def _machine() -> str:
    """This machine, of those that share a disk; a container with its own processes is one."""
    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    with suppress(OSError):  # Linux tells
        name += os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - it is no path
    return f"{zlib.crc32(name.encode()):08x}"


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # there, asking would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True
