"""Measure repodata as it arrives, by watching rattler's cache.

rattler doesn't report downloads, but its files show them (for KEY of a URL, see :func:`_key`):

``KEY.json``
    plain repodata, decompressed, once it is complete
``.tmpXXXXXX``
    the same during the download; its first bytes contain the platform
``KEY.shards-cache-v1``
    a header, then the index of a channel's shards (CEP 16), decompressed
``shards-v1/SHA256…``
    a shard, as it was sent

An index is downloaded into memory: nothing is visible before it is complete.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.solving.outcomes import Arrived

_SHARDS = "shards-v1"
_INDEX = ".shards-cache-v1"
_INDEX_URL = "repodata_shards.msgpack.zst"
#: What precedes an index: 14 characters and the length of a header, which has HTTP's headers.
_HEAD = struct.Struct("<14sI")
#: Matches the first bytes of plain repodata; conda's tools write ``info`` first.
_SUBDIR = re.compile(rb'\A\s*\{\s*"info"\s*:\s*\{[^{}]*?"subdir"\s*:\s*"([a-z0-9-]{1,20})"')
_BEGINNING = 1024
#: The seconds that make a look costly, and how many times its own duration passes before the next.
_COSTLY, _REST = 0.02, 10


class _State(NamedTuple):
    size: int
    changed: int  # nanoseconds


class Arriving:
    """Watches a cache folder from its construction on.

    Args:
        folder: rattler's cache folder.
        channels: the URL of each platform's folder in a channel -> the channel's name.
        now: returns the time, in seconds.
        worked: returns the processor time of this thread, in seconds.
    """

    def __init__(
        self,
        folder: Path,
        channels: Mapping[str, str],
        *,
        now: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        self._folder = folder
        self._now, self._worked = now, worked
        self._arrived, self._next = Arrived(0, {}), float("-inf")
        self._keys: dict[str, str] = {}  # file name -> ``CHANNEL/PLATFORM``
        self._labels: dict[str, list[str]] = {}  # platform -> ``CHANNEL/PLATFORM``
        for url, channel in channels.items():
            subdir = url.rpartition("/")[2]
            label = f"{channel}/{subdir}"
            self._keys[f"{_key(url)}.json"] = label
            self._keys[f"{_key(f'{url}/{_INDEX_URL}/')}{_INDEX}"] = label
            self._labels.setdefault(subdir, []).append(label)
        self._before = dict(_states(folder))
        self._shards = 0
        self._known_shards = _names(folder / _SHARDS)

    def look(self) -> Arrived:
        """Return what has arrived so far; unreadable files count as not arrived.

        After a costly look, the result stays the same for a while: listing fifty thousand shards
        takes a tenth of a second.
        """
        if self._now() >= self._next:
            before = self._worked()
            self._arrived = self._look()
            cost = self._worked() - before
            self._next = self._now() + (_REST * cost if cost > _COSTLY else 0)
        return self._arrived

    def _look(self) -> Arrived:
        now = dict(_states(self._folder))
        new = {name: state.size for name, state in now.items() if self._before.get(name) != state}
        whole = {name: self._size(name, new[name]) for name in self._keys.keys() & new.keys()}
        complete = {self._keys[name] for name, size in whole.items() if size}
        parts = {name: size for name, size in new.items() if name.startswith(".tmp")}
        under_way: dict[str, int] = {}
        for name, size in parts.items():
            if (label := self._label(self._folder / name, complete)) is not None:
                under_way[label] = under_way.get(label, 0) + size
        self._count_shards()
        total = sum(whole.values()) + sum(under_way.values()) + self._shards
        return Arrived(total, {label: size for label, size in under_way.items() if label})

    def _count_shards(self) -> None:
        """Add new shards; they get their final name once they are complete."""
        folder = self._folder / _SHARDS
        for name in _names(folder) - self._known_shards:
            if not name.startswith("."):
                with suppress(OSError):
                    self._shards += (folder / name).stat().st_size
                    self._known_shards.add(name)

    def _size(self, name: str, size: int) -> int:
        return size if name.endswith(".json") else _index_size(self._folder / name, size)

    def _label(self, part: Path, there: set[str]) -> str | None:
        """Return the channel and platform of a partial file; ``""`` if they are unknown.

        Returns ``None`` for a platform that was not requested: another process uses the cache.
        """
        with suppress(OSError), part.open("rb") as file:
            if match := _SUBDIR.match(file.read(_BEGINNING)):
                subdir = match[1].decode()
                labels = self._labels.get(subdir, [])
                possible = [label for label in labels if label not in there]
                return possible[0] if len(possible) == 1 else subdir if labels else None
        return ""


def _key(url: str) -> str:
    """Return the cache key that rattler uses for a URL, as mamba and conda do."""
    return hashlib.md5(url.encode(), usedforsecurity=False).hexdigest()[:8]


def _index_size(path: Path, size: int) -> int:
    """Return the size of an index in bytes; 0 for a note that the channel has none."""
    with suppress(OSError, struct.error), path.open("rb") as file:
        _, header = _HEAD.unpack(file.read(_HEAD.size))
        return max(0, size - _HEAD.size - int(header))
    return 0


def _states(folder: Path) -> Iterator[tuple[str, _State]]:
    """Return the state of a folder's regular files, without those deleted meanwhile.

    Opening a pipe would block until somebody writes to it.
    """
    for name in _names(folder):
        with suppress(OSError):
            status = (folder / name).stat()
            if stat.S_ISREG(status.st_mode):
                yield name, _State(status.st_size, status.st_mtime_ns)


def _names(folder: Path) -> set[str]:
    """Return a folder's file names only: there can be tens of thousands of shards."""
    try:
        return set(os.listdir(folder))  # noqa: PTH208  # four times as fast
    except OSError:
        return set()
