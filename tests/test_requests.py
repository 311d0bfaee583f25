"""The digest of a request: what changes it, and what does not."""

from __future__ import annotations

import pytest

from conda_multiplat.manifest_reader import Source, read_manifest
from conda_multiplat.pip_entries import entry_name
from conda_multiplat.requests import channels_of, digest
from conda_multiplat.targets import Target, targets

BASE = """\
name: a
channels: [conda-forge, https://u:p@x.example.com/t/tk/c]
platforms: [linux-64, win-64]
dependencies:
  - python 3.12.*
  - numpy
  - pip: [torch]
multiplat: {virtual-packages: {linux: {glibc: "2.28"}}}
"""


def _target(text: str) -> Target:
    manifest = read_manifest([Source("f", text)], host_subdirs=(), entry_name=entry_name)
    return next(each for each in targets(manifest) if each.subdir == "linux-64")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: a", "name: b  # comment"),
        ("  - python 3.12.*\n  - numpy\n", "  - numpy\n  - python   3.12.*\n"),
        ("  - numpy\n", "  - numpy\n  - numpy\n"),
        ("  - numpy\n", "  - numpy\n  - pywin32  # [win]\n"),
        ("linux-64, win-64", "win-64, linux-64, osx-64"),
        ("u:p@", "other:login@"),
        ("/t/tk/", "/"),
        ("[conda-forge, ", "[conda-forge, nodefaults, "),
        ('{glibc: "2.28"}', '{glibc: "2.28"}, win: {win: "11"}'),
        ("dependencies:", "variables: {A: b}\ndependencies:"),
    ],
)
def test_no_other_digest(old: str, new: str) -> None:
    """Comments, order, other platforms, credentials and variables are not in it."""
    assert old in BASE
    assert digest(_target(BASE.replace(old, new))) == digest(_target(BASE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("numpy", "numpy >=1"),
        ("  - numpy\n", ""),
        ("[conda-forge, ", "["),
        ("conda-forge, https://u:p@x.example.com/t/tk/c", "https://x.example.com/c, conda-forge"),
        ("2.28", "2.34"),
        ("[torch]", "[torch>=2]"),
        ("name: a", "category: dev"),
    ],
)
def test_another_digest(old: str, new: str) -> None:
    """Specs, channels and their order, promises, PyPI requirements and categories are."""
    assert old in BASE
    assert digest(_target(BASE.replace(old, new))) != digest(_target(BASE))


def test_unknown_recipe() -> None:
    """A recipe that we don't know is refused rather than guessed."""
    with pytest.raises(ValueError, match="no digest recipe 99"):
        digest(_target(BASE), recipe=99)


def test_channels_of_the_configuration() -> None:
    """They count where the manifest names none, and are never added."""
    named = _target(BASE)
    assert channels_of(named, ["defaults"]) == ("conda-forge", "https://u:p@x.example.com/t/tk/c")
    none = _target(BASE.replace("channels:", "x-channels:"))
    assert channels_of(none, ["defaults"]) == ("defaults",)
