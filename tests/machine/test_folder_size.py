"""How much a folder has: each file once, and no longer than one is willing to wait."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conda_multiplat.machine.folder_size import FolderSize, folder_size


def test_each_file_once(tmp_path: Path) -> None:
    """Hard links are one file, symbolic links lead nowhere; what is not there is empty."""
    folder = tmp_path / "cache"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "one").write_bytes(b"x" * 100_000)
    alone = folder_size(folder, 60)
    assert alone.whole
    assert 100_000 <= alone.bytes < 120_000
    os.link(folder / "one", folder / "deep" / "er" / "two")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    assert folder_size(folder, 60).bytes - alone.bytes < 10_000
    assert folder_size(tmp_path / "gone", 60) == FolderSize(tmp_path / "gone", 0, whole=True)


@pytest.mark.parametrize("count", [10, 3000])
def test_a_bounded_look(tmp_path: Path, count: int) -> None:
    """What takes longer than it may is left, and said not to be the whole."""
    for number in range(count):
        (tmp_path / f"{number}").touch()
    assert folder_size(tmp_path, 0).whole is (count == 10)
