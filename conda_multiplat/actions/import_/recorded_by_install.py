"""Reconstruct ``pip:`` lines and options from what ``install`` noted in an environment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conda_multiplat.importers.values import Lost
from conda_multiplat.machine.pip_paths import with_path
from conda_multiplat.machine.prefix import MARKER
from conda_multiplat.machine.prefix_records import meta
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.pypi_options import CHOICES, PypiOptions
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.pip_entries import single_name, split_hashes
from conda_multiplat.vocabulary.pip_options import CONSTRAINT, HASH
from conda_multiplat.vocabulary.virtual_packages import Promises


def noted_lines(prefix: Path, marker: Mapping[str, Any]) -> Iterator[Requirement]:
    """Return the lines of ``pip:`` with absolute paths and with their hashes."""
    folder = Path(next(iter(marker.get("manifest", ())), prefix)).parent
    noted = [str(text) for text in marker.get("pip", ())]
    hashed_lines = [split_hashes(text) for text in noted if text.startswith(HASH)]
    hashes = {line: digests for digests, line in hashed_lines}
    for line in noted:
        if not line.startswith((HASH, CONSTRAINT)):
            text = with_path(line, lambda path: os.path.normpath(folder / path))
            text += "".join(f" --hash=sha256:{digest}" for digest in sorted(hashes.get(line, ())))
            yield Requirement(text, single_name(text.partition(" --hash=")[0]), _place(prefix))


def constraints(prefix: Path, marker: Mapping[str, Any]) -> Iterator[Lost]:
    """Return the lines of constraints files, which a manifest can only refer to."""
    for text in marker.get("pip", ()):
        if text.startswith(CONSTRAINT):
            what = f"a constraint, {text.removeprefix(CONSTRAINT)}"
            yield Lost(_place(prefix), what, "write it to a file, and `-c FILE` under pip:")


def promises(subdir: str, marker: Mapping[str, Any]) -> Promises:
    """Return the promises, which may have influenced what was locked."""
    values = marker.get("promises")
    return {subdir: values} if values else {}


def options(marker: Mapping[str, Any]) -> PypiOptions:
    """Return the options for choosing versions, and the indexes of single projects."""
    words = {key: str(marker.get("pypi_options", {}).get(key, "")) for key in CHOICES}
    return PypiOptions(
        resolution=words["resolution"],
        prerelease=words["prerelease"],
        index_strategy=words["index-strategy"],
        torch_backend=words["torch-backend"],
        indexes=tuple(marker.get("indexes", {}).items()),
        sources=tuple(marker.get("sources", {}).items()),
    )


def _place(prefix: Path) -> Location:
    return Location(str(meta(prefix) / MARKER))
