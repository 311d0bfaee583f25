"""File locks: they protect the cache while it is used, and allow one installation per prefix.

They use ``flock``, as rattler does. Where it is not available (Windows, some network file systems),
nothing is locked; Windows refuses to remove an open file anyway.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    _SHARED = _EXCLUSIVE = _WAIT = _SHARED_AT_ONCE = 0
else:
    _SHARED, _EXCLUSIVE = fcntl.LOCK_SH, fcntl.LOCK_EX | fcntl.LOCK_NB
    _WAIT = fcntl.LOCK_EX
    _SHARED_AT_ONCE = fcntl.LOCK_SH | fcntl.LOCK_NB
#: Shell scripts open descriptors below this one by number.
_HIGH = 100
#: The pause between two tries, in seconds.
_AGAIN = 0.02


@contextmanager
def shared_lock(file: Path) -> Iterator[None]:
    """Hold a shared lock on ``file``; wait while another process has an exclusive one."""
    with _held(file, _SHARED, os.O_CREAT):
        yield


@contextmanager
def try_exclusive_lock(file: Path, *, make: bool = False) -> Iterator[bool]:
    """Try to hold an exclusive lock on ``file``; yield False if another process holds one.

    With ``make``, the file is created if necessary, so that no other process can lock it meanwhile.
    """
    with _held(file, _EXCLUSIVE, os.O_CREAT if make else 0) as held:
        yield held


@asynccontextmanager
async def exclusive_lock(file: Path) -> AsyncIterator[int]:
    """Create ``file`` if necessary, wait for an exclusive lock on it, and yield its descriptor."""
    import asyncio  # late: few commands need it

    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        while not _lock(handle, _EXCLUSIVE):
            await asyncio.sleep(_AGAIN)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def one_at_a_time(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Create a folder if necessary, and hold an exclusive lock on it, waiting if necessary.

    A folder that was created and is still empty is removed at the end. ``waiting`` is called before
    a wait.
    """
    created = not folder.exists()
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder, os.O_RDONLY)
        except OSError:  # on Windows; or it can't be made, which a later write reports
            yield
            return
        try:
            if not _lock(handle, _EXCLUSIVE):
                waiting()
                _lock(handle, _WAIT)
            if not _is_at(handle, folder):  # the process that held the lock has removed it
                continue
            try:
                yield
            finally:
                if created:
                    with suppress(OSError):
                        folder.rmdir()
            return
        finally:
            os.close(handle)


@contextmanager
def nobody_installs(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a shared lock on an existing folder, waiting for an exclusive one to end."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows can't open folders
        yield
        return
    try:
        if not _lock(handle, _SHARED_AT_ONCE):
            waiting()
            _lock(handle, _SHARED)
        yield
    finally:
        os.close(handle)


def hold(file: Path, *, exclusive: bool, make: bool = False) -> int | None:
    """Lock a file until this process and all that inherit the descriptor have ended.

    Args:
        file: the file.
        exclusive: whether the lock is exclusive.
        make: whether to create the file if necessary.

    Returns:
        The descriptor; ``None`` if another process holds a lock, or the file was removed meanwhile.

    Raises:
        OSError: it can't be opened.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT if make else os.O_RDONLY, 0o666)
    if not _lock(handle, _EXCLUSIVE if exclusive else _SHARED_AT_ONCE) or not _is_at(handle, file):
        os.close(handle)
        return None
    handle = _out_of_the_way(handle)
    os.set_inheritable(handle, True)
    return handle


def release(handle: int) -> None:
    """Release the lock of :func:`hold`."""
    os.close(handle)


def held_on(file: Path) -> bool:
    """Return whether any process holds a lock on a file.

    Raises:
        OSError: it can't be opened.
    """
    handle = os.open(file, os.O_RDONLY)
    try:
        return not _lock(handle, _EXCLUSIVE)
    finally:
        os.close(handle)


def _out_of_the_way(handle: int) -> int:
    """Move a descriptor to a number that no script uses, if the process may open that many."""
    if not _EXCLUSIVE:
        return handle
    with suppress(OSError):
        high = fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, _HIGH)
        os.close(handle)
        return high
    return handle


def _is_at(handle: int, path: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(handle), path.stat())
    return False


@contextmanager
def _held(file: Path, kind: int, flags: int) -> Iterator[bool]:
    try:
        handle = os.open(file, os.O_RDWR | flags, 0o666)
    except OSError:  # gone or not writable: then what it protects is, too
        yield True
        return
    try:
        yield _lock(handle, kind)
    finally:
        os.close(handle)


def _lock(handle: int, kind: int) -> bool:
    if not kind:
        return True
    with suppress(OSError):  # no locks on this file system
        try:
            fcntl.flock(handle, kind)
        except BlockingIOError:
            return False
    return True
