"""The wheel: one import name, and what it needs."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path

import pytest

import conda_multiplat

REPOSITORY = Path(__file__).resolve().parents[1]
installed = pytest.mark.skipif(
    "CONDA_MULTIPLAT_TEST_WHEEL" not in os.environ, reason="says something of the wheel: make test"
)


@installed
def test_sources_are_out_of_sight() -> None:
    """These tests run against the built wheel."""
    assert Path(conda_multiplat.__file__).resolve().parent != REPOSITORY / "conda_multiplat"


@installed
def test_one_import_name() -> None:
    """The wheel claims ``conda_multiplat`` and nothing else."""
    files = metadata.files("conda-multiplat") or []
    tops = {each.parts[0] for each in files if each.suffix == ".py"}
    assert tops == {"conda_multiplat"}
    assert any(each.as_posix() == "conda_multiplat/hooks/check.py" for each in files)


def test_few_dependencies() -> None:
    """The conda is found, never installed; the rest is the short list that was agreed on."""
    needed = [
        each.split(";")[0]
        for each in metadata.requires("conda-multiplat") or []
        if "extra ==" not in each
    ]
    names = sorted(name.split(">")[0].split("<")[0].strip() for name in needed)
    # tomli is what Python 3.10 lacks.
    assert names == [
        *("packaging", "pluggy", "py-rattler", "pyyaml", "rich", "shellingham", "tomli", "uv"),
    ]
