"""Packages on a disk that sees no difference between upper and lower case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conda_multiplat.machine.oci.linked_packages import Place, linked_packages
from conda_multiplat.vocabulary.errors import OutsideError


def _prefix(folder: Path, **files: str) -> Path:
    """A prefix of such a disk, as far as that shows, with a package of files and their digests."""
    (folder / "conda-meta").mkdir()
    (folder / "CONDA-META").mkdir(exist_ok=True)
    for name in files:
        (folder / name).write_text("x", encoding="utf-8")
    paths = [
        {"_path": name, "path_type": "hardlink", "sha256": digest} for name, digest in files.items()
    ]
    record = {"name": "terms", "version": "1", "build": "0", "paths_data": {"paths": paths}}
    (folder / "conda-meta" / "terms-1-0.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def test_one_content(tmp_path: Path) -> None:
    """Files that are the same are both taken."""
    package = linked_packages(Place.of(_prefix(tmp_path, a="1", A="1", b="2"), "opt/env", 0))[0]
    names = ["opt/env/a", "opt/env/A", "opt/env/b", "opt/env/conda-meta/terms-1-0.json"]
    assert [entry.path for entry in package.entries] == names


def test_two_contents(tmp_path: Path) -> None:
    """Others are refused, by their names."""
    with pytest.raises(OutsideError) as refused:
        linked_packages(Place.of(_prefix(tmp_path, a="1", A="2"), "opt/env", 0))
    assert refused.value.details == ("A, a",)
