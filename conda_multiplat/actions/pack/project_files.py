"""The files of a project that are packed with its packages: the manifest's files and the lock.

Logins and tokens are removed from them; names of variables, ``$USER:$PASSWORD@``, are kept.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from conda_multiplat.export.packed import PROJECT, Description
from conda_multiplat.machine.files import ReadText, read_lock_text, read_text, shown
from conda_multiplat.machine.project import Project
from conda_multiplat.machine.tar_files import is_portable
from conda_multiplat.vocabulary.channels import without_secrets
from conda_multiplat.vocabulary.errors import UsageError


class ReadFiles:
    """The files that were read for a manifest, with their texts."""

    def __init__(self) -> None:
        self.texts: dict[Path, str] = {}

    @property
    def read(self) -> ReadText:
        """The function that reads the text of a file and remembers it."""

        def read_and_remember(path: Path) -> str:
            text = read_text(path)
            self.texts[_absolute(path)] = text
            return text

        return read_and_remember


def project_files(
    project: Project, texts: Mapping[Path, str], environment: str, platform: str
) -> tuple[dict[str, str], Description]:
    """Return the files below ``project/`` at the same relative places, and their content.

    Args:
        project: the project.
        texts: the files that it was read from, with their texts.
        environment: the environment.
        platform: the platform.

    Raises:
        UsageError: a file has a name that is not valid on every system.
        LockFileError: the lock has been removed meanwhile.
    """
    lock = _absolute(project.lock_path(environment))
    every = {**texts, lock: read_lock_text(lock)}
    root = Path(os.path.commonpath([path.parent for path in every]))
    names = {path: path.relative_to(root).as_posix() for path in every}
    for path, name in names.items():
        if not is_portable(name):
            raise UsageError(f"{shown(path)} has a name that is not valid on every system")
    packed = {f"{PROJECT}/{names[path]}": without_secrets(text) for path, text in every.items()}
    manifest = tuple(names[_absolute(file)] for file in project.files)
    return packed, Description(environment, platform, manifest, names[lock])


def lock_folder(packed: Description) -> PurePosixPath:
    """Return the folder of the lock, below ``project``."""
    return PurePosixPath(packed.lock).parent


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - links are kept, as names are
