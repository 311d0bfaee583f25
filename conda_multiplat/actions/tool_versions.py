"""The programs and libraries in use with their versions, and our caches; for ``info``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

from conda_multiplat import __version__
from conda_multiplat.engines.cache import FOLDER
from conda_multiplat.engines.pypi.uv import run_uv, uv_environment, uv_version
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.folder_size import FolderSize, folder_size
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.vocabulary.errors import MultiplatError

#: The time limit in seconds for each cache: measuring a large one on a slow disk takes minutes.
_PATIENCE = 0.5


def versions(settings: Settings) -> Mapping[str, str | None]:
    """Return the version of each program; ``None`` if it is missing."""
    return {
        "conda-multiplat": __version__,
        "conda": settings.conda_version or None,
        "py-rattler": _installed("py-rattler"),
        "uv": _uv_version(),
        "python": python_version(),
    }


def caches(settings: Settings) -> Mapping[str, FolderSize]:
    """Return the sizes of our cache, in the first of ``pkgs_dirs`` that has one, and of uv's."""
    folders = (folder / FOLDER for folder in settings.pkgs_dirs)
    folder_of = {"cache": next((folder for folder in folders if folder.is_dir()), None)}
    uv = _uv(settings, "cache", "dir")
    folder_of["uv's cache"] = Path(uv) if uv and Path(uv).is_dir() else None
    return {name: folder_size(folder, _PATIENCE) for name, folder in folder_of.items() if folder}


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _uv_version() -> str | None:
    try:
        return ".".join(map(str, uv_version())) or None
    except (MultiplatError, OSError):
        return None


def _uv(settings: Settings, *arguments: str) -> str | None:
    """Return the output of uv as we run it; ``None`` if that fails."""
    try:
        with temporary_folder() as folder:
            done = run_uv(arguments, uv_environment(settings, folder, ()), folder)
    except (MultiplatError, OSError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
