"""Paths of a prefix without the links to folders that are in it, such as ``lib64``."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path


class RealFolders:
    """Resolves paths of a prefix; each folder is examined once."""

    def __init__(self, prefix: Path) -> None:
        self._prefix = os.path.realpath(prefix)
        self._known: dict[str, str] = {}

    def path(self, path: str) -> str:
        """Return a path from the prefix without links to folders; it can lead out by ``..``."""
        folder, name = posixpath.split(path)
        if folder not in self._known:
            real = os.path.realpath(f"{self._prefix}/{folder}")
            self._known[folder] = os.path.relpath(real, self._prefix).replace(os.sep, "/")
        return posixpath.normpath(f"{self._known[folder]}/{name}")
