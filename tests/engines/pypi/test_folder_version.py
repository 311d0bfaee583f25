"""The version of a local project, in each place where it can be stated."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_multiplat.engines.pypi.folder_digest import folder_version


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"pyproject.toml": "[project]\nversion = '1.2'\n"}, "1.2"),
        ({"pyproject.toml": "[tool.poetry]\nversion = '1.3'\n"}, "1.3"),
        ({"setup.cfg": "[metadata]\nversion = 1.4\n"}, "1.4"),
        ({"pyproject.toml": "[tool]\nx = 1\n", "setup.cfg": "[metadata]\nversion = 1.5\n"}, "1.5"),
        ({"setup.cfg": "[metadata]\nversion = attr: x.VERSION\n"}, "0"),
        ({"pyproject.toml": "[project\n", "setup.cfg": "version"}, "0"),
        ({"pyproject.toml": "project = 1\ntool = 2\n"}, "0"),
        ({}, "0"),
    ],
)
def test_folder_version(tmp_path: Path, files: dict[str, str], version: str) -> None:
    """PEP 621, Poetry and ``setup.cfg`` are read; a missing or dynamic version is ``0``."""
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert folder_version(tmp_path) == version
