"""Close stalled connections, so that rattler retries or gives up.

rattler has a timeout for a whole request, but none for a server that stops sending. Slow downloads
of gigabytes need no timeout for the whole, and stalled ones need conda's
``remote_read_timeout_secs``. The system knows when a connection last received data. A connection
that is silent for too long is shut down; rattler then retries up to ``remote_max_retries`` times,
and finally reports the URL. ``remote_connect_timeout_secs`` is applied in the same way.

Only Linux provides this information. On other systems, rattler's own timeout applies.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.machine.conda_settings import Settings

#: From <linux/tcp.h>: the state, and the positions of the ages of the last bytes sent and received.
_STATE, _AGES, _SIZE = 0, struct.Struct("=44xI4xI"), 56
_CONNECTING, _CONNECTED = 2, 1
#: How often connections are checked within the shortest timeout, and the longest pause in seconds.
_LOOKS, _LONGEST = 4, 1.0
#: Without these checks, the limit for a whole request, in read timeouts.
_WHOLE = 60
LOOKS = sys.platform == "linux"


class Patience(NamedTuple):
    """How long to wait, in seconds.

    Attributes:
        connect: for a connection.
        read: for the next bytes of a response.
    """

    connect: float
    read: float


def patience(settings: Settings) -> Patience:
    """Return the timeouts of conda's configuration."""
    return Patience(settings.remote_connect_timeout_secs, settings.remote_read_timeout_secs)


def whole_limit(settings: Settings) -> int | None:
    """Return the limit in seconds for a whole request; none if stalls can be detected."""
    return None if LOOKS else max(1, round(_WHOLE * settings.remote_read_timeout_secs))


async def cut_stalled(wait: Patience) -> None:
    """Shut down stalled connections until cancelled, except those that existed before."""
    others = set(_sockets())
    since: dict[str, float] = {}
    clock = asyncio.get_running_loop().time
    while LOOKS:
        await asyncio.sleep(min(_LONGEST, *(seconds / _LOOKS for seconds in wait)))
        for name, handle in _sockets().items():
            if name not in others:
                age = clock() - since.setdefault(name, clock())
                with suppress(OSError):
                    _cut(handle, age, wait)


def _sockets() -> dict[str, int]:
    """Return this process's sockets: ``socket:[INODE]`` -> file descriptor."""
    return dict(_named_sockets()) if LOOKS else {}


def _named_sockets() -> Iterator[tuple[str, int]]:
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            name = str(entry.readlink())
            if name.startswith("socket:"):
                yield name, int(entry.name)


def _cut(handle: int, age: float, wait: Patience) -> None:
    with socket.socket(fileno=os.dup(handle)) as connection:
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return
        if connection.type != socket.SOCK_STREAM:
            return
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE)
        sent, received = (value / 1000 for value in _AGES.unpack(info))
        connecting = info[_STATE] == _CONNECTING and age > wait.connect
        silent = info[_STATE] == _CONNECTED and min(age, sent, received) > wait.read
        if connecting or (silent and not _unread(connection)):
            connection.shutdown(socket.SHUT_RDWR)


def _unread(connection: socket.socket) -> bool:
    """Return whether data has arrived that we have not read yet."""
    try:
        return bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return False
