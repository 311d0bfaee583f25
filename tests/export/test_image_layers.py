"""Which packages share a layer: there are few layers, and a change affects one."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from conda_multiplat.export.image_layers import LARGE, groups

CASES = [(seed, manager) for seed in range(10) for manager in ("conda", "pypi")]


def _sizes(generator: random.Random) -> dict[str, int]:
    """Packages of all sizes, fewer and more than have a layer of their own."""
    count = generator.randrange(1, 400)
    return {f"package-{number}": generator.randrange(2 * LARGE) for number in range(count)}


def _members(sizes: Mapping[str, int], manager: str) -> list[tuple[str, ...]]:
    return [group.names for group in groups(sizes, manager)]


@pytest.mark.parametrize(("seed", "manager"), CASES)
def test_partition(seed: int, manager: str) -> None:
    """Each package is in one layer; there are not too many; their order does not matter."""
    generator = random.Random(seed)
    sizes = _sizes(generator)
    layers = _members(sizes, manager)
    assert sorted(name for names in layers for name in names) == sorted(sizes)
    assert len(layers) <= {"conda": 64, "pypi": 32}[manager]
    shuffled = list(sizes.items())
    generator.shuffle(shuffled)
    assert _members(dict(shuffled), manager) == layers


@pytest.mark.parametrize(("seed", "manager"), CASES)
def test_what_moves(seed: int, manager: str) -> None:
    """A small package that is added or removed changes one layer."""
    sizes = _sizes(random.Random(seed))
    before = set(_members(sizes, manager))
    after = set(_members({**sizes, "new": 1}, manager))
    assert (len(before - after), len(after - before)) in ((1, 1), (0, 1))
