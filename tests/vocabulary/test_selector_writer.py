"""The selector that is written for some platforms of a manifest."""

from __future__ import annotations

import random

import pytest

from conda_multiplat.vocabulary.names import SUBDIRS
from conda_multiplat.vocabulary.selector_writer import selector
from conda_multiplat.vocabulary.selectors import evaluate

FIVE = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")


@pytest.mark.parametrize(
    ("subdirs", "among", "expected"),
    [
        (["linux-64"], ["linux-64"], ""),
        (["linux-64"], ["linux-64", "osx-arm64"], "linux"),
        (["osx-arm64"], ["linux-64", "osx-arm64"], "osx"),
        (["linux-64"], FIVE, "linux64"),
        (["linux-aarch64"], FIVE, "aarch64"),
        (["osx-arm64"], FIVE, "arm64"),
        (["osx-arm64"], [*FIVE, "win-arm64"], "osx and arm64"),
        (["linux-64", "linux-aarch64"], FIVE, "linux"),
        (["linux-64", "linux-aarch64", "osx-64", "osx-arm64"], FIVE, "unix"),
        (["linux-64", "linux-aarch64", "win-64"], FIVE, "not osx"),
        (["linux-64", "osx-arm64"], FIVE, "linux64 or arm64"),
        (["zos-z", "linux-64"], [*FIVE, "zos-z"], "linux64 or zos"),
    ],
)
def test_selector(subdirs: list[str], among: list[str], expected: str) -> None:
    """Families come before platforms, and the shortest that tells them apart is taken."""
    assert selector(subdirs, among) == expected


def test_selector_is_true_where_it_should_be() -> None:
    """Whatever the platforms, the selector holds on those that are meant and on no other."""
    for seed in range(2000):
        chance = random.Random(seed)
        among = chance.sample(SUBDIRS, chance.randint(1, len(SUBDIRS)))
        wanted = chance.sample(among, chance.randint(1, len(among)))
        found = selector(wanted, among)
        holds = [each for each in among if not found or evaluate(found, each)]
        assert set(holds) == set(wanted), (seed, found)
