"""The wheel and the source archive: what is in them, and what they need."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from importlib import metadata
from pathlib import Path

import pytest
from uv import find_uv_bin

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
    tops = {file.parts[0] for file in files if file.suffix == ".py"}
    assert tops == {"conda_multiplat"}
    assert any(file.as_posix() == "conda_multiplat/hooks/check.py" for file in files)


def _tracked() -> set[str]:
    """The files of the repository, as git lists them."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a checkout: nothing says which files belong to the project")
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return {name for name in done.stdout.split("\0") if name and (REPOSITORY / name).exists()}


@installed
def test_whole_package() -> None:
    """The wheel has each file of the package, the hooks among them, and no other."""
    files = metadata.files("conda-multiplat") or []
    ours = {file.as_posix() for file in files if file.parts[0] == "conda_multiplat"}
    packaged = {
        name.replace("hooks/", "conda_multiplat/hooks/", 1) if name.startswith("hooks/") else name
        for name in _tracked()
        if name.startswith(("conda_multiplat/", "hooks/"))
    }
    assert {name for name in ours if "__pycache__" not in name} == packaged


@pytest.mark.slow
@pytest.mark.pypi
def test_source_archive(tmp_path: Path) -> None:
    """It has what the repository has, so that its tests run from it, and what setuptools adds."""
    tracked = _tracked()
    for name in tracked:
        copy = tmp_path / "copy" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, copy)
    for stray in ("tests/__pycache__/old.pyc", "build/wheel/old.whl", ".venv/bin/python"):
        path = tmp_path / "copy" / stray
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    command = [find_uv_bin(), "build", "--quiet", "--sdist", "--out-dir", str(tmp_path), "copy"]
    subprocess.run(command, cwd=tmp_path, check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        files = {member.name.partition("/")[2] for member in opened if member.isfile()}
    assert tracked <= files
    added = {name for name in files - tracked if not name.startswith("conda_multiplat.egg-info/")}
    assert added == {"PKG-INFO", "setup.cfg"}


def test_few_dependencies() -> None:
    """The conda is found, never installed; the rest is the short list that was agreed on."""
    needed = [
        require.split(";")[0]
        for require in metadata.requires("conda-multiplat") or []
        if "extra ==" not in require
    ]
    names = sorted(name.split(">")[0].split("<")[0].strip() for name in needed)
    # tomli is what Python 3.10 lacks.
    assert names == [
        *("installer", "license-expression", "packageurl-python", "packaging", "pluggy"),
        *("py-rattler", "pyyaml", "rich", "shellingham", "tomli", "uv"),
    ]
