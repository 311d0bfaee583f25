"""The packages from which all others are reachable, with cycles in the graph."""

from __future__ import annotations

import random

import pytest

from conda_multiplat.vocabulary.graph import reachable, sources


@pytest.mark.parametrize(
    ("depends", "expected"),
    [
        ({}, []),
        ({"a": ["b"], "b": []}, ["a"]),
        ({"a": ["b"], "b": ["a"]}, ["a"]),
        ({"b": ["a"], "a": ["b"], "c": ["a"]}, ["c"]),
        ({"a": ["b"], "b": ["a", "c"], "c": []}, ["a"]),
        ({"a": ["a"]}, ["a"]),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c", "a"]}, ["c"]),
        ({"a": ["missing"]}, ["a"]),
        ({"z": ["y"], "y": ["x"], "x": ["z"], "a": []}, ["a", "x"]),
    ],
)
def test_sources(depends: dict[str, list[str]], expected: list[str]) -> None:
    """Packages that nothing needs, and one of each cycle that nothing outside needs."""
    assert sources(depends) == expected


@pytest.mark.parametrize("seed", range(200))
def test_random_graphs(seed: int) -> None:
    """Everything is reached, and without any one of them something is not."""
    chance = random.Random(seed)
    names = [f"p{number}" for number in range(chance.randint(1, 12))]
    depends = {name: chance.sample(names, chance.randint(0, min(3, len(names)))) for name in names}
    roots = sources(depends)
    assert reachable(roots, depends) == set(names)
    for name in roots:
        assert reachable([other for other in roots if other != name], depends) != set(names)
