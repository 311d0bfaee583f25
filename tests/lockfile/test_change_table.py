"""The table of changes, as lines."""

from __future__ import annotations

import re

import pytest

from conda_multiplat.lockfile.change_table import as_differences, signed, table
from conda_multiplat.lockfile.diff import Difference, differences
from conda_multiplat.lockfile.platform_changes import Change
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord
from conda_multiplat.vocabulary.styled import Line

URL = "https://conda.example.com/forge"
SUBDIRS = ("linux-64", "linux-aarch64", "osx-arm64", "win-64")


def _record(name: str, version: str, build: str = "0", url: str = URL) -> CondaRecord:
    return CondaRecord(
        name, version, build, url=f"{url}/noarch/{name}-{version}-{build}.conda", sha256="", md5=""
    )


def _text(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


NUMPY = Change("upgraded", "numpy", _record("numpy", "1.26.4"), _record("numpy", "2.3.4"))
REBUILT = Change("rebuilt", "zlib", _record("zlib", "1.3", "h0"), _record("zlib", "1.3", "h1"))
CHANGES = [
    Change("added", "scipy", None, _record("scipy", "1.16.2")),
    NUMPY,
    Change("downgraded", "a-tool", _record("a-tool", "2"), _record("a-tool", "1")),
    Change("removed", "six", _record("six", "1.17"), None),
    REBUILT,
    Change("added", "robosuite", None, PypiRecord("robosuite", "1.5", f"{URL}/r.whl", "0" * 64)),
    Change("mended", "ninja", _record("ninja", "1.12"), _record("ninja", "1.12"), "bin/ninja gone"),
]


def test_every_kind() -> None:
    """A row has a sign, the name, and the versions or else the builds; PyPI is marked."""
    assert _text(table(as_differences(CHANGES))) == [
        "   + scipy             1.16.2",
        "   ↑ numpy             1.26.4 → 2.3.4",
        "   ↓ a-tool            2 → 1",
        "   - six               1.17",
        "   ~ zlib              1.3 (h0 → h1)",
        "   + robosuite (PyPI)  1.5",
        "   ~ ninja             1.12 (bin/ninja gone)",
    ]


def test_colours_say_what_signs_say() -> None:
    """Each sign has one colour, and the rest of a row is plain or dim."""
    for line in table(as_differences(CHANGES)):
        styles = {span.text: span.style for span in line if span.style}
        assert set(styles) <= set("+-↑↓~")
        assert len(styles) == 1
    assert [span.style for span in signed("+", "numpy")] == ["", "green", ""]
    assert [span.style for span in signed("=", "numpy")] == ["", "", ""]


@pytest.mark.parametrize(
    ("having", "words"),
    [
        (SUBDIRS, "all platforms"),
        (SUBDIRS[1:], "all but linux-64"),
        (SUBDIRS[:2], "linux-64, linux-aarch64"),
        (SUBDIRS[:1], "linux-64"),
    ],
)
def test_platforms_that_agree(having: tuple[str, ...], words: str) -> None:
    """Platforms with the same change share a row, which names them in the fewest words."""
    changes = {subdir: [NUMPY] if subdir in having else [] for subdir in SUBDIRS}
    assert _text(table(differences(changes, None))) == [f"   ↑ numpy  1.26.4 → 2.3.4  {words}"]


def test_platforms_that_do_not_agree() -> None:
    """Another version has its own row; if two platforms differ, all are named."""
    other = Change("upgraded", "numpy", _record("numpy", "1.26.4"), _record("numpy", "2.0"))
    two = {"linux-64": [NUMPY], "osx-arm64": [other]}
    assert _text(table(differences(two, None))) == [
        "   ↑ numpy  1.26.4 → 2.3.4  linux-64",
        "   ↑ numpy  1.26.4 → 2.0    osx-arm64",
    ]
    assert _text(table(differences({"win-64": [NUMPY]}, None)))[0].endswith("  win-64")


def test_narrow_terminal() -> None:
    """Every row fits, except for the URL, which a reviewer has to see."""
    place = f"{URL}/{'x' * 90}/noarch/numpy-2.3.4-0.conda"
    long = Change("added", "n" * 60, None, _record("n" * 60, "1." + "0" * 50))
    rows = [Difference(NUMPY, SUBDIRS[:3], False, place), Difference(long, SUBDIRS[:3], False)]
    first, url, second = _text(table(rows, width=80))
    assert len(first) <= 80
    assert len(second) == 80
    assert url == f"       from {place}"
    assert re.fullmatch(r"   \+ n{10,}…  1\.0+…  linux-64, linux-.*…", second)


def test_most() -> None:
    """After the maximum number of rows, a line says how many more there are and how to see them."""
    rows = as_differences(Change("added", f"p{n}", None, _record(f"p{n}", "1")) for n in range(5))
    assert _text(table(rows, most=3)) == [
        "   + p0  1",
        "   + p1  1",
        "   + p2  1",
        "   … and 2 more: -v shows all",
    ]
    assert len(table(rows, most=5)) == len(table(rows)) == 5
