"""Who brings a locked package: the manifest's line, and the packages from there to it."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from conda_multiplat.lockfile.dependency_graph import Key, LockedGraph
from conda_multiplat.manifest.model import Requirement


class Chain(NamedTuple):
    """Why a package is locked.

    Attributes:
        line: the line that asks for the first of ``path``; ``None`` where none leads to it.
        path: the names of the packages, that which is asked for first.
    """

    line: Requirement | None
    path: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"line": self.line.to_dict() if self.line else None, "path": list(self.path)}


def chains(graph: LockedGraph) -> dict[Key, Chain]:
    """The shortest chain to each package of a target; of several the manifest's first."""
    found: dict[Key, Chain] = {}
    for root in graph.roots:
        if root.key:
            found.setdefault(root.key, Chain(root.line, (root.key[1],)))
    todo = deque(found)
    while todo:
        key = todo.popleft()
        for edge in graph.needs.get(key, ()):
            if edge.key in graph.records and edge.key not in found:
                found[edge.key] = Chain(found[key].line, (*found[key].path, edge.key[1]))
                todo.append(edge.key)
    return {key: found.get(key) or Chain(None, (key[1],)) for key in graph.records}
