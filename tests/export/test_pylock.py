"""``pylock.SUBDIR.toml``: packaging's own reader judges it (PEP 751)."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli
from packaging.pylock import Pylock, is_valid_pylock_path

from conda_multiplat.export.pylock import render
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.vocabulary.errors import LockFileError
from conda_multiplat.vocabulary.file_names import read_rendered_name, rendered_name
from conda_multiplat.vocabulary.markers import holds, platform_marker
from conda_multiplat.vocabulary.names import SUBDIRS, VirtualPackage
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord

PYTHON = CondaRecord(
    "python", "3.12.5", "0_c", "https://conda.example.com/x/python-3.12.5-0_c.conda"
)
FILES = "https://pypi.example.com/files"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "https://git.example.com/r"
WHEEL = PypiRecord(
    "numpy", "2.1", f"{FILES}/numpy-2.1-cp312-cp312-win_amd64.whl", "a" * 64, ("six", "python")
)
RECORDS = [
    WHEEL,
    PypiRecord("six", "1.0", f"{FILES}/six-1.0.tar.gz", "b" * 64),
    PypiRecord("odd", "1.0", f"{FILES}/archive/main.zip", "c" * 64),
    PypiRecord("near", "1.0", "./wheels/near-1.0-py3-none-any.whl", "d" * 64),
    PypiRecord("own", "1.0", "./own#editable", "e" * 64),
    PypiRecord("robot", "1.0", f"git+{REPOSITORY}@{COMMIT}#subdirectory=py"),
]


def locked(*records: PypiRecord, environment: str = "default") -> LockFile:
    """A lock of one platform."""
    glibc = [VirtualPackage("__glibc", "2.28")]
    platform = PlatformLock.of("0" * 64, [PYTHON], glibc, ["python"], records)
    return LockFile(environment, ("environment.yml",), (), {"linux-64": platform})


def test_whole_file() -> None:
    """The exact text of a file with each form of source."""
    assert (
        render(locked(*RECORDS, environment="py3.12"), "linux-64")
        == f"""\
# PyPI packages, for an environment that has the locked conda packages:
# $ uv pip install -r pylock.py3_12-linux-64.toml
# platform: linux-64
# environment: py3.12
lock-version = "1.0"
environments = ["sys_platform == 'linux' and platform_machine == 'x86_64'"]
requires-python = "==3.12.*"
created-by = "conda-multiplat"

[[packages]]
name = "near"
version = "1.0"
wheels = [{{path = "./wheels/near-1.0-py3-none-any.whl", hashes = {{sha256 = "{"d" * 64}"}}}}]

[[packages]]
name = "numpy"
version = "2.1"
dependencies = [{{name = "six"}}]
wheels = [{{url = "{WHEEL.url}", hashes = {{sha256 = "{"a" * 64}"}}}}]

[[packages]]
name = "odd"
version = "1.0"
archive = {{url = "{FILES}/archive/main.zip", hashes = {{sha256 = "{"c" * 64}"}}}}

[[packages]]
name = "own"
directory = {{path = "./own", editable = true}}

[[packages]]
name = "robot"
version = "1.0"
vcs = {{type = "git", url = "{REPOSITORY}", commit-id = "{COMMIT}", subdirectory = "py"}}

[[packages]]
name = "six"
version = "1.0"
sdist = {{url = "{FILES}/six-1.0.tar.gz", hashes = {{sha256 = "{"b" * 64}"}}}}
"""
    )


def test_packaging_reads_it() -> None:
    """It is valid, and each package is where it is locked."""
    pylock = Pylock.from_dict(tomli.loads(render(locked(*RECORDS), "linux-64")))
    pylock.validate()
    assert {str(package.name) for package in pylock.packages} == {record.name for record in RECORDS}
    by_name = {str(package.name): package for package in pylock.packages}
    (wheel,) = by_name["numpy"].wheels or ()
    assert (wheel.url, wheel.hashes) == (WHEEL.url, {"sha256": "a" * 64})
    assert str(pylock.requires_python) == "==3.12.*"


@pytest.mark.parametrize("environment", ["default", "dev", "py3.12", "a-b"])
@pytest.mark.parametrize("subdir", ["linux-64", "emscripten-wasm32"])
def test_names(environment: str, subdir: str) -> None:
    """PEP 751 takes the file's name, and we read it back."""
    name = rendered_name("pylock", environment, subdir)
    assert is_valid_pylock_path(Path(name))
    read = read_rendered_name(name)
    assert read == ("pylock", environment.replace(".", "_"), subdir)


def test_markers() -> None:
    """The marker of a platform holds there and nowhere else."""
    from packaging.markers import Marker

    known = [s for s in SUBDIRS if s.startswith(("linux", "osx", "win"))]
    for subdir in known:
        marker = Marker(platform_marker(subdir))
        assert [other for other in known if holds(marker, other, "3.12.1")] == [subdir]


def test_without_a_hash() -> None:
    """PEP 751 wants a hash of each file: another tool's lock without can't be rendered."""
    bare = WHEEL._replace(sha256=None)
    with pytest.raises(LockFileError) as caught:
        render(locked(bare), "linux-64")
    assert caught.value.lines() == [
        "error: pylock.linux-64.toml can't be made: locked packages without a hash",
        f"  numpy 2.1: {WHEEL.url}",
        "  lock them again: `conda multiplat lock --update numpy`",
    ]
