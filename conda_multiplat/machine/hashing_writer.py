"""A writable stream that computes the digest and the size of what is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol


class _Writable(Protocol):
    def write(self, data: bytes, /) -> int: ...
    def flush(self) -> None: ...


class HashingWriter:
    """Writes to another stream.

    Args:
        stream: the other stream.
        stopped: returns whether the output is no longer wanted.

    Attributes:
        size: the number of bytes written.
    """

    def __init__(self, stream: _Writable, stopped: Callable[[], bool] = lambda: False) -> None:
        self._stream = stream
        self._stopped = stopped
        self._sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write some bytes.

        Raises:
            InterruptedError: the output is no longer wanted.
        """
        if self._stopped():
            raise InterruptedError
        self._sha256.update(data)
        self.size += len(data)
        return self._stream.write(data)

    def flush(self) -> None:
        """Flush the underlying stream."""
        self._stream.flush()

    def tell(self) -> int:
        """Return the position of the next byte."""
        return self.size

    @property
    def sha256(self) -> str:
        """The digest of what was written so far, in hexadecimal."""
        return self._sha256.hexdigest()
