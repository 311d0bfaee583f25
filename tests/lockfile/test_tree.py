"""Dependency trees as values have one line per dependency, at any depth and with cycles."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from conda_multiplat.cli.show.tree import text
from conda_multiplat.lockfile.dependency_graph import LockedGraph, locked_graph
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.tree import downwards, upwards
from conda_multiplat.manifest.model import Requirement, View
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.records import CondaRecord

AT = Location("environment.yml", 1, 1)


def _graph(needs: dict[str, Sequence[str]], *lines: str) -> LockedGraph:
    url = "https://example.com/chan/noarch"
    records = tuple(
        CondaRecord(name, "1", "0", f"{url}/{name}-1-0.conda", depends=tuple(depends))
        for name, depends in needs.items()
    )
    view = View(conda=tuple(Requirement(line, line, AT) for line in lines))
    target = Target("default", "linux-64", (), frozenset(), view)
    return locked_graph(target, PlatformLock("", records), {})


def test_cycle() -> None:
    """Packages that need each other end with a mark, in both directions."""
    graph = _graph({"a": ["b"], "b": ["a", "c"], "c": []}, "a")
    assert text(downwards(graph), graph.records, inverted=False) == [
        "a 1  ← environment.yml:1:1  a",
        "└── b 1",
        "    ├── a 1  (*)",
        "    └── c 1",
    ]
    assert text(upwards(graph, [("conda", "c")]), graph.records, inverted=True) == [
        "c 1",
        "└── b 1",
        "    └── a 1",
        "        ├── asked for in environment.yml:1:1  a",
        "        └── b 1  (*)",
    ]


def test_cycle_without_a_line() -> None:
    """Packages that no line leads to are shown, even if only they need each other."""
    graph = _graph({"a": [], "x": ["y"], "y": ["x"]}, "a")
    assert text(downwards(graph), graph.records, inverted=False) == [
        "a 1  ← environment.yml:1:1  a",
        "x 1",
        "└── y 1",
        "    └── x 1  (*)",
    ]


@pytest.mark.slow
@pytest.mark.timed
def test_every_pair() -> None:
    """300 packages, each of which needs all after it, give one line per dependency, quickly."""
    names = [f"p{i:03}" for i in range(300)]
    graph = _graph({name: names[i + 1 :] for i, name in enumerate(names)}, *names)
    began = time.process_time()
    steps = downwards(graph)
    lines = text(steps, graph.records, inverted=False)
    assert time.process_time() - began < 20  # one for each way would never end
    assert len(lines) == len(names) + sum(range(len(names)))
    assert len(upwards(graph, [("conda", names[-1])])) == 1 + sum(range(len(names))) + len(names)


def test_long_chain() -> None:
    """A chain of thousands does not exceed Python's stack."""
    count = 3000
    needs = {f"p{i}": [f"p{i + 1}"] if i + 1 < count else [] for i in range(count)}
    graph = _graph(needs, "p0")
    assert downwards(graph)[-1].depth == count - 1
    assert upwards(graph, [("conda", f"p{count - 1}")])[-1].depth == count
