"""The identity of a project's folder: the digest of its files, and its stated version."""

from __future__ import annotations

import configparser
import hashlib
from pathlib import Path
from typing import Any

from conda_multiplat.vocabulary.toml_tables import toml_table

#: Folders whose content is generated, or is not part of the project.
_LEFT_OUT = frozenset({".git", "__pycache__", "build", "dist", ".venv", ".tox", "node_modules"})
_ENDINGS = (".egg-info", ".pyc", ".conda-lock.yml")


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 of the names and contents of a folder's files, in hexadecimal.

    Version control, builds and our own locks are left out.
    """
    digest = hashlib.sha256()
    for path in sorted(_files(folder)):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    files: list[Path] = []
    for path in folder.iterdir():
        if path.name in _LEFT_OUT or path.name.endswith(_ENDINGS) or path.name == "conda-lock.yml":
            continue
        if path.is_dir() and not path.is_symlink():
            files += _files(path)
        elif path.is_file():
            files.append(path)
    return files


def folder_version(folder: Path) -> str:
    """Return the version in a folder's metadata; ``0`` if it is dynamic."""
    try:
        table = toml_table((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        table = {}
    for keys in (("project", "version"), ("tool", "poetry", "version")):
        value: Any = table
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value
    return _cfg_version(folder / "setup.cfg")


def _cfg_version(file: Path) -> str:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(file, encoding="utf-8")
    except (OSError, ValueError, configparser.Error):
        return "0"
    version = parser.get("metadata", "version", fallback="0")
    return "0" if ":" in version else version  # only a build resolves `attr:` and `file:`
