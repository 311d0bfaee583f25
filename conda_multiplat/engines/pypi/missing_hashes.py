"""Find the SHA-256 of files for which a ``pylock.toml`` has none.

1. Older versions of uv leave out the hashes of local files.
2. Some indexes state only the MD5 or another hash of a file. It is downloaded and verified, since a
   lock has only SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conda_multiplat.engines.pypi.compile import Compiler
from conda_multiplat.engines.web import UnfetchedError, Web
from conda_multiplat.machine.files import local_path
from conda_multiplat.vocabulary.channels import scrub
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.pip_places import scheme_of
from conda_multiplat.vocabulary.records import PypiRecord

#: The largest file to download, in bytes.
_LARGEST = 8 << 30
_BLOCK = 1 << 20


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


def sha256_of(uv: Compiler, record: PypiRecord, stated: Mapping[str, str]) -> str:
    """Verify the hashes that a file's index states, and return its SHA-256.

    Args:
        uv: knows the logins.
        record: the package.
        stated: algorithm -> digest.

    Raises:
        OutsideError: it can't be downloaded, or does not have the hashes.
    """
    file = _local(uv, record)
    for algorithm, digest in stated.items():
        if algorithm not in hashlib.algorithms_guaranteed:
            raise _unknown(record, f"its index states only a hash of an unknown kind, {algorithm}")
        found = _hash_of(file, algorithm)
        if found != digest.lower():
            raise _unknown(record, f"its {algorithm} is {found}, its index states {digest}")
    return _hash_of(file, "sha256")


def _local(uv: Compiler, record: PypiRecord) -> Path:
    """Return a file on this disk, downloaded if it is not there."""
    scheme = scheme_of(record.url)
    if scheme in ("", "file"):
        return uv.folder / (local_path(record.url) if scheme else record.url)
    if uv.settings.offline:
        raise _unknown(record, "offline: it can't be downloaded to compute one")
    file = uv.folder / "file"
    try:
        Web(uv.settings).save(uv.with_login(record.url), file, _LARGEST)
    except UnfetchedError as error:
        raise _unknown(record, error.reason) from None
    return file


def _hash_of(file: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _unknown(record: PypiRecord, reason: str) -> OutsideError:
    return OutsideError(
        f"{record.name} {record.version}: no SHA-256 is known for {scrub(record.url)}",
        details=[reason],
        hints=["its index states other hashes only; nothing was written"],
    )


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
