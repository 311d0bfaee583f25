"""Wheels that fit a target, by its promises and never by this machine."""

from __future__ import annotations

import pytest

from conda_multiplat.solving.wheel_tags import least, newest, platform_tags, promise_for, tags
from conda_multiplat.vocabulary.names import VirtualPackage


def _promised(**versions: str) -> list[VirtualPackage]:
    return [VirtualPackage(f"__{name}", version) for name, version in versions.items()]


@pytest.mark.parametrize(
    ("subdir", "promised", "first", "last"),
    [
        ("linux-64", {"glibc": "2.28"}, "manylinux_2_28_x86_64", "linux_x86_64"),
        ("linux-64", {"glibc": "2.34.5"}, "manylinux_2_34_x86_64", "linux_x86_64"),
        ("linux-64", {}, "manylinux_2_17_x86_64", "linux_x86_64"),
        ("linux-aarch64", {"glibc": "2.17"}, "manylinux_2_17_aarch64", "linux_aarch64"),
        ("linux-ppc64le", {"glibc": "2.28"}, "manylinux_2_28_ppc64le", "linux_ppc64le"),
        ("osx-arm64", {"osx": "14.0"}, "macosx_14_0_arm64", "macosx_10_4_universal2"),
        ("win-64", {"win": "10.0"}, "win_amd64", "win_amd64"),
        ("win-arm64", {}, "win_arm64", "win_arm64"),
    ],
)
def test_platform_tags(subdir: str, promised: dict[str, str], first: str, last: str) -> None:
    """The newest promised system comes first."""
    names = platform_tags(subdir, _promised(**promised))
    assert (names[0], names[-1]) == (first, last)


def test_older_names() -> None:
    """manylinux2014 and other old names come after the glibc version that they mean."""
    names = platform_tags("linux-64", _promised(glibc="2.28"))
    assert names.index("manylinux2014_x86_64") == names.index("manylinux_2_17_x86_64") + 1
    assert "manylinux1_x86_64" in names
    assert "manylinux_2_29_x86_64" not in names
    assert "manylinux1_aarch64" not in platform_tags("linux-aarch64", _promised(glibc="2.28"))


def test_platform_without_wheels() -> None:
    """No wheel fits."""
    assert platform_tags("zos-z", []) == []


def test_tags_of_a_python() -> None:
    """The locked Python's tags come first, then the stable ABI of older ones and pure Python."""
    names = [str(tag) for tag in tags("3.12.4", "win-64", [])]
    assert names[0] == "cp312-cp312-win_amd64"
    chosen = ["cp312-abi3-win_amd64", "cp38-abi3-win_amd64", "py3-none-win_amd64", "py3-none-any"]
    assert [tag for tag in names if tag in chosen] == chosen
    assert "cp311-cp311-win_amd64" not in names


@pytest.mark.parametrize(
    ("tag", "promise"),
    [
        ("manylinux_2_34_x86_64", 'glibc: "2.34"'),
        ("macosx_14_0_arm64", 'osx: "14.0"'),
        ("win_amd64", ""),
        ("any", ""),
    ],
)
def test_what_to_promise(tag: str, promise: str) -> None:
    """The promise that a tag needs."""
    assert promise_for(tag) == promise


def test_least_and_newest() -> None:
    """Numbers in tags are compared as numbers."""
    names = ["manylinux_2_34_x86_64", "manylinux_2_5_x86_64", "manylinux_2_28_x86_64"]
    assert (least(names), newest(names)) == ("manylinux_2_5_x86_64", "manylinux_2_34_x86_64")
