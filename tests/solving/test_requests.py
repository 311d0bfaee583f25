"""The digest of a request: what changes it, and what does not."""

from __future__ import annotations

import hashlib

import pytest

from conda_multiplat.manifest.model import Requirement, View
from conda_multiplat.manifest.read import Source, read_manifest
from conda_multiplat.manifest.targets import Target, targets
from conda_multiplat.solving.requests import SolveRequest, channels_of, digest, request
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.pip_entries import entry_name
from conda_multiplat.vocabulary.records import CondaRecord

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
    return next(target for target in targets(manifest) if target.subdir == "linux-64")


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
    """Comments, order, other platforms, credentials and variables don't affect it."""
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
    """Specs, channels and their order, promises, PyPI requirements and categories affect it."""
    assert old in BASE
    assert digest(_target(BASE.replace(old, new))) != digest(_target(BASE))


def test_unknown_recipe() -> None:
    """A recipe that we don't know is refused."""
    with pytest.raises(ValueError, match="no digest recipe 99"):
        digest(_target(BASE), recipe=99)


def test_channels_of_the_configuration() -> None:
    """Configured channels count only if the manifest names none."""
    named = _target(BASE)
    assert channels_of(named, ["defaults"]) == ("conda-forge", "https://u:p@x.example.com/t/tk/c")
    none = _target(BASE.replace("channels:", "x-channels:"))
    assert channels_of(none, ["defaults"]) == ("defaults",)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("  - numpy\n", "  -   numpy   # why\n\n", True),
        ("name: a\n", "name: a\ncategory: main\n", True),
        ("pip: [torch]", "pip: [torch, torch]", True),
        ("{glibc", "{linux: '4.18', glibc", True),
        ("[conda-forge, ", "[nodefaults, conda-forge, conda-forge, ", True),
        ("u:p@", "$USER_NAME:$PASSWORD@", True),
        ("/t/tk/", "/t/$TOKEN/", True),
        ("  - numpy\n", "  - numpy\n  - scipy  # [linux]\n", False),
        ("  - numpy\n", "  - conda-forge::numpy\n", False),
        ("{glibc", "{cuda: '12.4', glibc", False),
        ("{glibc", "{archspec: x86_64_v3, glibc", False),
        ("pip: [torch]", "pip: [torch, jax]", False),
        ("conda-forge, ", "conda-forge, defaults, ", False),
        ("x.example.com", "y.example.com", False),
    ],
)
def test_what_a_digest_is_of(old: str, new: str, same: bool) -> None:
    """The digest covers everything in the manifest that can change a solution."""
    assert old in BASE
    assert (digest(_target(BASE.replace(old, new))) == digest(_target(BASE))) is same


def test_digest_of_nothing() -> None:
    """The recipe in full: the SHA-256 of canonical JSON, without categories other than `main`."""
    packages = (VirtualPackage("__glibc", "2.28"), VirtualPackage("__archspec", "1", "x86_64"))
    target = Target("default", "linux-64", packages, frozenset(), View())
    canonical = (
        '{"channels":[],"pypi":[],"specs":[],'
        '"virtual_packages":["__archspec=1=x86_64","__glibc=2.28=0"]}'
    )
    assert digest(target) == hashlib.sha256(canonical.encode()).hexdigest()
    assert digest(target._replace(environment="dev", assumed=frozenset({"a"}))) == digest(target)


def test_categories_are_in_the_digest() -> None:
    """The recipe in full, if a requirement has a category of its own."""
    spec = Requirement("é >=1", "é", Location("f", 1, 1), category="dev")
    target = Target("default", "linux-64", (), frozenset(), View(conda=(spec, spec)))
    canonical = (
        '{"categories":[["dev","\\u00e9 >=1"]],"channels":[],"pypi":[],'
        '"specs":["\\u00e9 >=1"],"virtual_packages":[]}'
    )
    assert digest(target) == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize("recipe", [0, 3, -1])
def test_other_recipes(recipe: int) -> None:
    """There are two recipes so far."""
    with pytest.raises(ValueError, match=f"^no digest recipe {recipe}$"):
        digest(_target(BASE), recipe=recipe)


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ("[conda-forge, nodefaults]", ("conda-forge",)),
        ("[nodefaults]", ()),
        ("[b, defaults, a]", ("b", "defaults", "a")),
        ("[]", ("configured", "too")),
    ],
)
def test_channels(channels: str, expected: tuple[str, ...]) -> None:
    """`nodefaults` is not a channel but counts as naming some; the manifest's order is kept."""
    text = f"channels: {channels}\nplatforms: [linux-64]\ndependencies: [numpy]\n"
    assert channels_of(_target(text), ["configured", "too"]) == expected


def test_request() -> None:
    """A request has what its target requires, including the credentials for downloads."""
    target = _target(BASE)
    locked = CondaRecord("numpy", "1", "0", "https://x.example.com/c/noarch/numpy-1-0.conda")
    outcome = request(
        target, default_channels=["defaults"], channel_priority="flexible", locked=[locked]
    )
    assert outcome == SolveRequest(
        target=target,
        channels=("conda-forge", "https://u:p@x.example.com/t/tk/c"),
        requirements=target.view.conda,
        virtual_packages=target.virtual_packages,
        channel_priority="flexible",
        locked=(locked,),
    )
