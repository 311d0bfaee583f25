"""What conda provides to the PyPI side, and how a ``pylock.toml`` is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from conda_multiplat.engines.pypi.compile import triple
from conda_multiplat.engines.pypi.conda_names import name_table
from conda_multiplat.engines.pypi.listing import listing_of
from conda_multiplat.solving.pypi import provided, pypi_version
from conda_multiplat.solving.read_pylock import choose
from conda_multiplat.solving.wheel_tags import tags
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, python_of

FILES = "https://files.example.com"
GLIBC = [VirtualPackage("__glibc", "2.28")]


def _record(name: str, version: str = "1.0", *depends: str) -> CondaRecord:
    return CondaRecord(name, version, "0", f"https://c/noarch/{name}.conda", depends=depends)


def test_what_conda_provides() -> None:
    """Packages that depend on Python provide projects, under the table's names if it has some."""
    records = [
        _record("python", "3.12.4", "openssl"),
        _record("python_abi", "3.12", "python 3.12.*"),
        _record("openssl", "3.5"),
        _record("NumPy".lower(), "2.1.0", "python >=3.12,<3.13.0a0"),
        _record("pytorch", "2.5.1", "python", "numpy"),
        _record("ruamel.yaml", "0.18", "python"),
        _record("tool", "9e", "python_abi 3.12.*"),
        _record("mine", "1_2", "python"),
    ]
    packages = provided(records, {"pytorch": ["torch"]}, {"mine": ["theirs", "others"], "tool": []})
    assert [(package.name, package.version, package.record.name) for package in packages] == [
        ("numpy", "2.1.0", "numpy"),
        ("others", "1.2", "mine"),
        ("ruamel-yaml", "0.18", "ruamel.yaml"),
        ("theirs", "1.2", "mine"),
        ("torch", "2.5.1", "pytorch"),
    ]
    assert python_of(records) == "3.12.4"
    assert python_of(records[2:]) == ""


@pytest.mark.parametrize(
    ("conda", "pypi"),
    [
        ("2.1.0", "2.1.0"),
        ("2024.1", "2024.1"),
        ("1.0rc1", "1.0rc1"),
        ("1!2.0", "1!2.0"),
        ("0.5.post1", "0.5.post1"),
        ("1_2", "1.2"),
        ("9e", "9"),
        ("2023.10.1.abc123", "2023.10.1"),
        ("v2", "2"),
        ("main", "0"),
    ],
)
def test_versions_of_conda(conda: str, pypi: str) -> None:
    """A conda version that PEP 440 does not allow is still converted to a version."""
    assert pypi_version(conda) == pypi


def _pylock(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"lock-version": "1.0", "created-by": "x", "packages": list(packages)}


def _wheel(name: str) -> dict[str, Any]:
    return {"url": f"{FILES}/{name}", "hashes": {"sha256": name[0] * 64}}


def _at(kind: str, place: str) -> dict[str, Any]:
    return {kind: place, "hashes": {"sha256": "0" * 64}}


def test_best_wheel_is_chosen() -> None:
    """Of several wheels, the one with the best tags is chosen; others never are."""
    package = {
        "name": "a",
        "version": "1",
        "wheels": [
            _wheel("a-1-py3-none-any.whl"),
            _wheel("a-1-cp312-cp312-manylinux_2_34_x86_64.whl"),
            _wheel("a-1-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"),
            _wheel("a-1-cp312-abi3-manylinux_2_28_x86_64.whl"),
        ],
        "sdist": {"url": f"{FILES}/a-1.tar.gz", "hashes": {"sha256": "s" * 64}},
    }
    ranked = tags("3.12.4", "linux-64", GLIBC)
    chosen = choose(_pylock(package), ranked, provided=(), dependencies={"a": ["c", "b"]})
    name = "a-1-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
    assert chosen.records == (PypiRecord("a", "1", f"{FILES}/{name}", "a" * 64, ("b", "c")),)
    assert chosen.built == frozenset()
    other = choose(_pylock(package), tags("3.12.4", "win-64", []), provided=(), dependencies={})
    assert [record.url for record in other.records] == [f"{FILES}/a-1-py3-none-any.whl"]


def test_other_sources() -> None:
    """Archives, repositories and folders are read; what conda provides is left out."""
    solution = choose(
        _pylock(
            {"name": "z", "version": "1", "wheels": [_wheel("z-1-py3-none-any.whl")]},
            {"name": "given", "version": "1", "archive": _at("path", "stubs/given.whl")},
            {"name": "s", "version": "2", "sdist": _at("url", f"{FILES}/s-2.tar.gz")},
            {
                "name": "v",
                "version": "3",
                "vcs": {
                    "type": "git",
                    "url": "https://u:p@example.com/v",
                    "commit-id": "0" * 40,
                    "subdirectory": "in",
                },
            },
            {"name": "d", "directory": {"path": "d", "editable": True}},
            {"name": "e", "directory": {"path": "../e"}},
        ),
        tags("3.12.4", "linux-64", GLIBC),
        provided=("given",),
        dependencies={},
    )
    assert [(record.name, record.url) for record in solution.records] == [
        ("d", "./d#editable"),
        ("e", "../e"),
        ("s", f"{FILES}/s-2.tar.gz"),
        ("v", f"git+https://example.com/v@{'0' * 40}#subdirectory=in"),
        ("z", f"{FILES}/z-1-py3-none-any.whl"),
    ]
    assert solution.built == {"d", "e", "s", "v"}


@pytest.mark.parametrize(
    ("subdir", "glibc", "expected"),
    [
        ("linux-64", "2.28", "x86_64-manylinux_2_28"),
        ("linux-64", "2.30", "x86_64-manylinux_2_28"),
        ("linux-64", "2.27", "x86_64-manylinux_2_17"),
        ("linux-64", "2.12", None),
        ("linux-aarch64", "2.39", "aarch64-manylinux_2_39"),
        ("osx-arm64", "", "aarch64-apple-darwin"),
        ("win-64", "", "x86_64-pc-windows-msvc"),
        ("linux-ppc64le", "2.28", None),
    ],
)
def test_platforms_of_uv(subdir: str, glibc: str, expected: str | None) -> None:
    """The newest glibc that uv has a name for and the promise includes is used."""
    assert triple(subdir, [VirtualPackage("__glibc", glibc)] if glibc else []) == expected


def test_who_needs_whom() -> None:
    """Uv's annotations are read, including requirements files and extras."""
    text = (
        "evdev==2.0.0              # via pynput\n"
        "numpy @ file:///x/numpy-1.26.4-py3-none-any.whl  # via mink, qpsolvers, -c c.txt\n"
        "qpsolvers[quadprog]==4.13.0  # via mink, Robo_Suite\n"
        "quadprog==0.1.14          # via qpsolvers[quadprog]\n"
        "robosuite==1.5.2          # via -r -\n"
    )
    listing = listing_of(text)
    assert listing.extras == {"qpsolvers": ["quadprog"]}
    assert listing.needs == {
        "mink": ["numpy", "qpsolvers"],
        "pynput": ["evdev"],
        "qpsolvers": ["numpy", "quadprog"],
        "robo-suite": ["qpsolvers"],
    }


def test_who_needs_what_is_on_this_disk() -> None:
    """A local project is known by the path that another project wrote; all matches count."""
    places = {
        Path("/p/here"): "here",
        Path("/p/libs/inner"): "in-ner",
        Path("/q/inner"): "other",
        Path("/p/x-1.0-py3-none-any.whl"): "x",
    }
    text = (
        "# a comment\n-e ./here  # via -r -\n../libs/inner[A_b]   # via here\n"
        "-e file:///q/inner    # via in_ner, here\n./x-1.0-py3-none-any.whl  # via other\n"
        "../nowhere  # via here\n"
    )
    listing = listing_of(text, places)
    assert listing.needs == {"here": ["in-ner", "other"], "in-ner": ["other"], "other": ["x"]}
    assert listing.extras == {"in-ner": ["a-b"]}
    assert listing_of("inner  # via here\n../inner  # via x\n", places).needs == {
        "here": ["inner"],
        "x": ["in-ner", "other"],
    }


def test_name_table() -> None:
    """The table has no names that can be guessed, and only normalised ones."""
    table = name_table()
    assert table["pytorch"] == ["torch"]
    assert table["py-opencv"] == ["opencv-python", "opencv-python-headless"]
    assert list(table) == sorted(table)
    for conda, names in table.items():
        assert names != [canonicalize_name(conda)]
        assert names == [canonicalize_name(name) for name in names]
