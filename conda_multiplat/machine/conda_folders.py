"""conda's folders, found as conda does: its base, folders of environments, package caches."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def own_base() -> Path | None:
    """Return the base that this Python belongs to; ``None`` if conda is not installed in it."""
    prefix = Path(sys.prefix)
    return prefix if _has_history(prefix) and _has_conda(prefix) else None


def _has_history(prefix: Path) -> bool:
    return (prefix / "conda-meta" / "history").is_file()


def _has_conda(prefix: Path) -> bool:
    places = [Path(folder) for folder in sys.path if folder]
    return any(
        (place / "conda" / "base" / "context.py").is_file()
        for place in places
        if prefix in place.parents
    )


def root_prefix(configured: str, environ: Mapping[str, str]) -> Path | None:
    """Return conda's base: as configured, otherwise this Python's, otherwise the shell's."""
    if configured:
        return _expanded(configured)
    if base := own_base():
        return base
    if executable := environ.get("CONDA_EXE"):
        return Path(executable).parent.parent
    prefix = environ.get("CONDA_ROOT") or environ.get("MAMBA_ROOT_PREFIX")
    return Path(prefix) if prefix else None


def envs_dirs(configured: Sequence[str], root: Path | None) -> tuple[Path, ...]:
    """Return the folders of named environments; a read-only base comes after the user's folder."""
    users_folder = Path("~/.conda/envs").expanduser()
    named = [root / "envs"] if root else []
    fixed = [*named, users_folder] if root and _writable(root) else [users_folder, *named]
    return tuple(dict.fromkeys([*map(_expanded, configured), *fixed, *_of_windows("envs")]))


def pkgs_dirs(configured: Sequence[str], root: Path | None) -> tuple[Path, ...]:
    """Return conda's package caches: the configured ones, otherwise the defaults."""
    named = [root / "pkgs"] if root else []
    usual = [*named, Path("~/.conda/pkgs").expanduser(), *_of_windows("pkgs")]
    return tuple(dict.fromkeys([*map(_expanded, configured)] or usual))


def _writable(root: Path) -> bool:
    """Return whether a base is writable: as in conda, if its history can be opened for writing."""
    try:
        with (root / "conda-meta" / "history").open("r+b"):
            return True
    except OSError:
        return False


def _of_windows(name: str) -> list[Path]:
    local = os.environ.get("LOCALAPPDATA", "")
    return [Path(local) / "conda" / "conda" / name] if os.name == "nt" and local else []


def _expanded(text: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(os.path.expandvars(text))))  # noqa: PTH100, PTH111
