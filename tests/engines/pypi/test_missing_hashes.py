"""Hashes that older versions of uv don't state."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from conda_multiplat.engines.pypi.missing_hashes import with_hashes
from conda_multiplat.vocabulary.errors import OutsideError


def _package(key: str, file: dict[str, Any]) -> dict[str, Any]:
    return {"name": "robot", "version": "1.0", key: [file] if key == "wheels" else file}


@pytest.mark.parametrize("key", ["wheels", "sdist", "archive"])
@pytest.mark.parametrize("by", ["url", "path"])
def test_file_on_this_disk(tmp_path: Path, key: str, by: str) -> None:
    """A local file is hashed, wherever a pylock.toml can name it; an existing hash stays."""
    path = tmp_path / "my folder" / "robot-1.0-py3-none-any.whl"
    path.parent.mkdir()
    path.write_bytes(b"robot")
    place = path.as_uri() if by == "url" else "my folder/robot-1.0-py3-none-any.whl"
    known = {"url": "https://files.example/a.whl", "hashes": {"sha256": "ab"}}
    data = {"packages": [_package(key, {by: place, "hashes": {}}), _package(key, known)]}
    first, second = with_hashes(data, tmp_path)["packages"]
    hashes = {"sha256": hashlib.sha256(b"robot").hexdigest()}
    assert first == _package(key, {by: place, "hashes": hashes})
    assert second == _package(key, known)


def test_file_elsewhere(tmp_path: Path) -> None:
    """A remote file is refused, with a hint and without the login."""
    url = "https://me:secret@files.example/robot-1.0-py3-none-any.whl"
    with pytest.raises(OutsideError) as raised:
        with_hashes({"packages": [_package("wheels", {"url": url, "hashes": {}})]}, tmp_path)
    assert "robot: there is no hash for https://" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert raised.value.hints == ("a newer uv computes it: pip install --upgrade uv",)


def test_file_that_is_gone(tmp_path: Path) -> None:
    """A missing file is named."""
    data = {"packages": [_package("archive", {"path": "robot.whl", "hashes": {}})]}
    with pytest.raises(OutsideError, match=r"robot\.whl can't be read: No such file or directory"):
        with_hashes(data, tmp_path)
