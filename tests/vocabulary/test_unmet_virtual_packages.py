"""The driver that a CUDA version needs, and what wheels need of a machine."""

from __future__ import annotations

import pytest

from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.vocabulary.records import PypiRecord, wheel_need
from conda_multiplat.vocabulary.unmet_virtual_packages import DRIVERS, least_cuda, least_driver
from conda_multiplat.vocabulary.virtual_packages import Need


@pytest.mark.parametrize(
    ("spec", "version"),
    [
        ("__cuda >=12", "12.0"),
        ("__cuda >=12.4,<13", "12.4"),
        ("__cuda 11.8.*", "11.8"),
        ("__cuda =11", "11.0"),
        ("__cuda", ""),
        ("__cuda <12", ""),
    ],
)
def test_least_cuda(spec: str, version: str) -> None:
    """The lower bound of a MatchSpec, if it has one."""
    assert least_cuda(spec) == version


@pytest.mark.parametrize(
    ("cuda", "linux", "windows"),
    [
        ("12.0", "525.60.13", "527.41"),
        ("12.7", "570.26", "570.65"),
        ("9.0", "410.48", "411.31"),
        ("13.9", "", ""),
    ],
)
def test_least_driver(cuda: str, linux: str, windows: str) -> None:
    """A version that is not in the table has the next one's driver; a newer one has none."""
    assert least_driver(cuda, "linux-64") == linux
    assert least_driver(cuda, "win-64") == windows


def test_drivers_are_in_order() -> None:
    """A newer CUDA never has an older driver."""
    for column in (0, 1):
        drivers = [tuple(map(int, driver[column].split("."))) for driver in DRIVERS.values()]
        assert drivers == sorted(drivers)


@pytest.mark.parametrize(
    ("file", "need"),
    [
        ("a-1-cp312-cp312-manylinux_2_28_x86_64.whl", "__glibc >=2.28"),
        ("a-1-cp312-cp312-manylinux_2_28_x86_64.manylinux_2_17_x86_64.whl", "__glibc >=2.17"),
        ("a-1-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", "__glibc >=2.17"),
        ("a-1-cp312-abi3-macosx_11_0_arm64.whl", "__osx >=11.0"),
        ("a-1-cp312-cp312-win_amd64.whl", ""),
        ("a-1-py3-none-any.whl", ""),
        ("a-1.tar.gz", ""),
    ],
)
def test_needs_of_wheels(file: str, need: str) -> None:
    """Of several tags, the least demanding one counts."""
    assert wheel_need(f"https://files.example.com/{file}") == need


def test_needs_of_a_lock() -> None:
    """Those of wheels stand beside those of conda packages."""
    wheel = PypiRecord("a", "1", "https://f/a-1-cp312-cp312-manylinux_2_34_x86_64.whl", "0" * 64)
    assert PlatformLock.of("0", (), (), (), [wheel]).needs == (Need("__glibc >=2.34", "a"),)
