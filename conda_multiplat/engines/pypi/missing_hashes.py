"""Add hashes that older versions of uv leave out of a ``pylock.toml``: those of local files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conda_multiplat.machine.files import local_path
from conda_multiplat.vocabulary.channels import scrub
from conda_multiplat.vocabulary.errors import OutsideError


def with_hashes(data: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Return ``data`` with a hash for each file (PEP 751); local files are hashed.

    Args:
        data: the content of a ``pylock.toml``.
        folder: its folder.

    Raises:
        OutsideError: a file without a hash is not on this disk, or can't be read.
    """
    for package in data.get("packages", ()):
        for file in _files(package):
            if not file.get("hashes"):
                file["hashes"] = {"sha256": _digest(package["name"], file, folder)}
    return data


def _files(package: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from package.get("wheels", ())
    yield from (package[key] for key in ("sdist", "archive") if key in package)


def _digest(name: str, file: Mapping[str, Any], folder: Path) -> str:
    url = str(file.get("url", ""))
    if url and not url.startswith("file:"):
        raise OutsideError(
            f"{name}: there is no hash for {scrub(url)}",
            details=["its index states none, and this version of uv computes none"],
            hints=["a newer uv computes it: pip install --upgrade uv"],
        )
    path = folder / (local_path(url) if url else str(file.get("path", "")))
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise OutsideError(f"{path} can't be read: {error.strerror}") from None
