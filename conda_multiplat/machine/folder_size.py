"""The size of a folder on the disk, measured within a time limit."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

#: The number of entries between two checks of the time.
_STEP = 256
#: The unit of ``st_blocks``, in bytes.
_SECTOR = 512


class FolderSize(NamedTuple):
    """The measured size of a folder.

    Attributes:
        folder: the folder.
        bytes: the size on the disk; a file with several hard links counts once.
        whole: whether everything was measured.
    """

    folder: Path
    bytes: int
    whole: bool


def folder_size(folder: Path, seconds: float) -> FolderSize:
    """Measure for at most ``seconds``, without following links; unreadable files count as 0."""
    end = time.monotonic() + seconds
    size = examined = 0
    inodes: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    examined += 1
                    if examined % _STEP == 0 and time.monotonic() > end:
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
