"""Targets: which environments are solved on which platforms."""

from __future__ import annotations

import pytest

from conda_multiplat.manifest.model import Environment, Manifest, Requirement, View
from conda_multiplat.manifest.targets import select_environments, target, targets
from conda_multiplat.vocabulary.errors import Location, UsageError
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.yaml_nodes import Text

_AT = Location("e.yml", 1, 1)


def view(*names: str, channels: tuple[str, ...] = ()) -> View:
    """What asks for some packages and channels."""
    return View(
        channels=tuple(Text(name, _AT) for name in channels),
        conda=tuple(Requirement(name, name, _AT) for name in names),
    )


MANIFEST = Manifest(
    files=("e.yml",),
    name="robot",
    platforms=("linux-64", "osx-arm64", "win-64"),
    environments={
        "default": Environment(
            "default",
            _AT,
            promises={"linux": {"glibc": "2.34"}},
            views={"linux-64": view("python", channels=("conda-forge",))},
        ),
        "cuda12": Environment(
            "cuda12",
            _AT,
            extends=("default",),
            platforms=("win-64", "linux-64"),
            promises={"linux-64": {"cuda": "12.4"}},
            views={"linux-64": view("pytorch-gpu", channels=("example", "conda-forge"))},
        ),
        "dev": Environment(
            "dev",
            _AT,
            extends=("default",),
            views={"linux-64": view("pytest", channels=("example-dev",))},
        ),
        "full": Environment("full", _AT, extends=("cuda12", "dev")),
        "docs": Environment("docs", _AT, views={"linux-64": view("sphinx")}),
    },
)


@pytest.mark.parametrize(
    ("environments", "platforms", "expected"),
    [
        (
            [],
            [],
            "default/linux-64 default/osx-arm64 default/win-64 cuda12/win-64 cuda12/linux-64 "
            "dev/linux-64 dev/osx-arm64 dev/win-64 full/win-64 full/linux-64 "
            "docs/linux-64 docs/osx-arm64 docs/win-64",
        ),
        (["cuda12"], [], "cuda12/win-64 cuda12/linux-64"),
        (["dev", "cuda12"], ["linux-64"], "cuda12/linux-64 dev/linux-64"),
        (["cuda12", "dev"], ["osx-arm64"], "dev/osx-arm64"),
        (["docs"], ["win-64", "linux-64"], "docs/linux-64 docs/win-64"),
        (["dev", "dev"], ["linux-64", "linux-64"], "dev/linux-64"),
    ],
)
def test_targets(environments: list[str], platforms: list[str], expected: str) -> None:
    """Targets, all or the requested ones, are in the manifest's order."""
    assert " ".join(str(item) for item in targets(MANIFEST, environments, platforms)) == expected


@pytest.mark.parametrize(
    ("environments", "platforms", "message", "hint"),
    [
        (["cuda11"], [], "the manifest has no environment 'cuda11'", "did you mean 'cuda12'?"),
        (
            ["dev", "test"],
            [],
            "the manifest has no environment 'test'",
            "available: default, cuda12, dev, full, docs",
        ),
        ([], ["linux64"], "the manifest has no platform 'linux64'", "did you mean 'linux-64'?"),
        (
            [],
            ["zos-z"],
            "the manifest has no platform 'zos-z'",
            "available: linux-64, osx-arm64, win-64",
        ),
        (
            ["cuda12"],
            ["osx-arm64"],
            "the requested environments have no platform 'osx-arm64'",
            "available: linux-64, win-64",
        ),
    ],
)
def test_what_the_manifest_does_not_have(
    environments: list[str], platforms: list[str], message: str, hint: str
) -> None:
    """An unknown environment or platform is a usage error with the nearest known one."""
    with pytest.raises(UsageError) as raised:
        targets(MANIFEST, environments, platforms)
    assert raised.value.message == message
    assert raised.value.hints == (hint,)


def test_a_target_has_all_that_it_extends() -> None:
    """A target has the promises and lines of its whole lineage, its own channels first."""
    full = target(MANIFEST, "full", "linux-64")
    assert full.virtual_packages == (
        VirtualPackage("__archspec", "1", "x86_64"),
        VirtualPackage("__cuda", "12.4"),
        VirtualPackage("__glibc", "2.34"),
        VirtualPackage("__linux", "4.18"),
        VirtualPackage("__unix", "0"),
    )
    assert full.assumed == {"linux 4.18"}
    assert [line.name for line in full.view.conda] == ["python", "pytorch-gpu", "pytest"]
    channels = [channel.value for channel in full.view.channels]
    assert channels == ["example-dev", "example", "conda-forge"]


def test_a_target_that_extends_nothing() -> None:
    """An environment that extends nothing has nothing of `default` but platforms and channels."""
    docs = target(MANIFEST, "docs", "linux-64")
    assert [line.name for line in docs.view.conda] == ["sphinx"]
    assert docs.view.channels == MANIFEST.environments["default"].views["linux-64"].channels
    assert docs.assumed == {"glibc 2.28", "linux 4.18"}


def test_a_target_without_lines() -> None:
    """A platform without lines of its own asks for nothing."""
    assert target(MANIFEST, "dev", "win-64").view == View()


@pytest.mark.parametrize(
    ("name", "lineage"),
    [
        ("default", ["default"]),
        ("dev", ["default", "dev"]),
        ("full", ["default", "cuda12", "dev", "full"]),
        ("docs", ["docs"]),
    ],
)
def test_lineage(name: str, lineage: list[str]) -> None:
    """An environment comes after all that it extends, and each of them comes once."""
    assert [environment.name for environment in MANIFEST.lineage(name)] == lineage


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ["default", "cuda12", "dev", "full", "docs"]),
        (["docs", "default"], ["default", "docs"]),
        (["dev", "dev"], ["dev"]),
    ],
)
def test_select_environments(names: list[str], expected: list[str]) -> None:
    """The requested environments are in the manifest's order, each once."""
    assert select_environments(MANIFEST, names) == expected
