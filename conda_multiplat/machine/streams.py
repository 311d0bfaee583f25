"""Paths that name something other than a file: an open descriptor, a pipe, a device.

Output is written into these; renaming a file to such a path would replace even ``/dev/null``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from conda_multiplat.machine.files import place_of, shown
from conda_multiplat.vocabulary.errors import OutsideError

_STDOUT = 1
_NUMBERS = {"/dev/stdout": _STDOUT, "/dev/stderr": 2}
_NUMBERED = re.compile(r"/(?:dev|proc/self)/fd/([0-9]{1,9})")


def descriptor(path: Path) -> int | None:
    """Return the number of the open descriptor that a path names, ``None`` for another path.

    A shell names a process like this, ``>(…)``. Opening such a path can fail, and would truncate a
    file to which others write.
    """
    if os.name == "nt":
        return None
    named = _NUMBERED.fullmatch(str(path))
    return int(named[1]) if named else _NUMBERS.get(str(path))


def is_stdout(path: Path) -> bool:
    """Return whether a path names standard output."""
    return descriptor(path) == _STDOUT


def is_stream(path: Path) -> bool:
    """Return whether a path names something that is neither a file nor a folder."""
    if descriptor(path) is not None:
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Provide a stream for writing; opening a pipe waits for its reader.

    Raises:
        UsageError: a link leads to it, out of the repository that the link is in.
        OutsideError: it can't be written.
        BrokenPipeError: nobody reads it any more.
    """
    number = descriptor(path)
    try:
        handle = os.dup(number) if number is not None else os.open(place_of(path), os.O_WRONLY)
        with os.fdopen(handle, "wb") as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        at = f"{error.filename}: " if error.filename not in (None, str(path)) else ""
        raise OutsideError(f"can't write {shown(path)}: {at}{error.strerror}") from None
