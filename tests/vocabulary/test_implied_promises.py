"""The promise that needs imply: the least that meets them, whatever they are."""

from __future__ import annotations

import random

import pytest

from conda_multiplat.engines.conda.specs import is_newer, spec_matches
from conda_multiplat.vocabulary.implied_promises import Implied, implied_promises
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.virtual_packages import Need, promised


def _implied(
    subdir: str, specs: list[str], versions: dict[str, str] | None = None
) -> dict[str, str]:
    needs = [Need(spec, f"package-{number}") for number, spec in enumerate(specs)]
    return {promise.name: promise.value for promise in _promises(subdir, needs, versions or {})}


def _promises(subdir: str, needs: list[Need], versions: dict[str, str]) -> list[Implied]:
    has, _ = promised(subdir, [])
    return implied_promises(subdir, needs, versions, has, matches=spec_matches, is_newer=is_newer)


@pytest.mark.parametrize(
    ("subdir", "specs", "versions", "expected"),
    [
        ("linux-64", ["__glibc >=2.17,<3.0.a0", "__unix", "__linux"], {}, {}),
        ("linux-64", ["__glibc >=2.34,<3.0.a0", "__glibc >=2.17"], {}, {"glibc": "2.34"}),
        ("linux-64", ["__cuda >=12", "__cuda >=11.8,<13"], {}, {"cuda": "12"}),
        ("linux-64", ["__cuda >11.2"], {}, {"cuda": "11.2.1"}),
        ("linux-64", ["__cuda"], {}, {"cuda": "11.4"}),
        ("linux-64", ["__cuda"], {"cuda-version": "12.6"}, {"cuda": "12.0"}),
        ("linux-64", ["__cuda"], {"cudatoolkit": "10.2.89"}, {"cuda": "10.2"}),
        ("linux-64", ["__cuda >=12.4"], {"cuda-version": "12.6"}, {"cuda": "12.4"}),
        ("linux-64", ["__cuda >=11|>=12"], {"cuda-version": "12"}, {"cuda": "12"}),
        ("linux-64", [], {"cuda-version": "12.6"}, {}),
        ("linux-64", ["__archspec 1 x86_64_v3"], {}, {"archspec": "x86_64_v3"}),
        ("linux-64", ["__archspec 1 *_v3"], {}, {}),
        ("osx-arm64", ["__osx >=14.5", "__osx >=11.0"], {}, {"osx": "14.5"}),
        ("osx-arm64", ["__cuda >=12"], {}, {}),
        ("linux-64", ["__cuda >=12", "__cuda <12"], {}, {}),
        ("linux-64", ["__unheard >=1"], {}, {"unheard": "1"}),
        ("linux-64", ["__glibc no-version-at-all!"], {}, {}),
    ],
)
def test_implied(
    subdir: str, specs: list[str], versions: dict[str, str], expected: dict[str, str]
) -> None:
    """Only what is not assumed is promised, and only if one value that can be promised suffices."""
    assert _implied(subdir, specs, versions) == expected


def test_least_that_meets_all() -> None:
    """Of the versions that are named, no lower one than the promise meets all needs."""
    versions = [f"{major}.{minor}" for major in (11, 12, 13) for minor in range(10)]
    for seed in range(150):
        chance = random.Random(seed)
        bounds = [chance.choice(versions) for _ in range(chance.randint(1, 4))]
        specs = [f"__cuda >={bound},<14" for bound in bounds]
        value = _implied("linux-64", specs)["cuda"]
        fits = [
            bound
            for bound in bounds
            if all(spec_matches(spec, VirtualPackage("__cuda", bound)) for spec in specs)
        ]
        assert value in fits
        assert not any(is_newer(value, bound) for bound in fits)


def test_comment_steers_nothing() -> None:
    """A comment made from another tool's lock is one line and not a selector."""
    need = Need("__glibc[version='>=2.34']", "a\n  [linux]\x1b[2J")
    (promise,) = _promises("linux-64", [need], {})
    assert promise.comment == "a (linux)\\x1b(2J needs __glibc(version='>=2.34')"
