"""Why a package is locked: the manifest's line and the chain of packages from there."""

from __future__ import annotations

from typing import Any, NamedTuple

from conda_multiplat.lockfile.dependency_graph import Key, LockedGraph
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.graph import shortest_chains


class Chain(NamedTuple):
    """Why a package is locked.

    Attributes:
        line: the line that requires the first package of ``path``; ``None`` if there is none.
        path: the names of the packages, from the required one to this one.
    """

    line: Requirement | None
    path: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"line": self.line.to_dict() if self.line else None, "path": list(self.path)}


def chains(graph: LockedGraph) -> dict[Key, Chain]:
    """Return the shortest chain to each package; of several, that of the manifest's first line."""
    lines = {root.key: root.line for root in reversed(graph.roots) if root.key}
    roots = [root.key for root in graph.roots if root.key]
    needs = {key: [edge.key for edge in graph.needs.get(key, ())] for key in graph.records}
    shortest = {
        key: Chain(lines[keys[0]], tuple(name for _, name in keys))
        for key, keys in shortest_chains(roots, needs)
    }
    return {key: shortest.get(key) or Chain(None, (key[1],)) for key in graph.records}
