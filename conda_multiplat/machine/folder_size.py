"""How much a folder has on the disk, as far as a moment's look tells."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

#: So many entries are looked at between two looks at the clock.
_STEP = 256
#: Bytes; what ``st_blocks`` counts in.
_SECTOR = 512


class FolderSize(NamedTuple):
    """What was seen of a folder.

    Attributes:
        folder: the folder.
        bytes: on the disk, each file once whatever names it has.
        whole: whether all of it was seen.
    """

    folder: Path
    bytes: int
    whole: bool


def folder_size(folder: Path, seconds: float) -> FolderSize:
    """Look for no longer than ``seconds``, following no links; what can't be read is nothing."""
    end = time.monotonic() + seconds
    size = seen = 0
    inodes: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if seen % _STEP == 0 and time.monotonic() > end:
                        return FolderSize(folder, size, whole=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                        continue
                    status = entry.stat(follow_symlinks=False)
                    inode = (status.st_dev, status.st_ino)
                    if status.st_nlink > 1 and inode in inodes:
                        continue
                    inodes.add(inode)
                    size += getattr(status, "st_blocks", -(-status.st_size // _SECTOR)) * _SECTOR
        except OSError:
            continue
    return FolderSize(folder, size, whole=True)
