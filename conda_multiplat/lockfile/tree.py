"""The dependency tree of a lock: down from the manifest's lines, or up from a package.

A tree is the sequence of its lines from top to bottom, with their depths. A repeated subtree is
shown once, so a tree has at most as many lines as there are dependencies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from conda_multiplat.lockfile.dependency_graph import VIRTUAL, Edge, Key, LockedGraph
from conda_multiplat.manifest.model import Requirement


@dataclass(frozen=True)
class Step:
    """One line of a tree.

    Attributes:
        depth: 0 for a root.
        key: the package; ``None`` if nothing is locked for ``line``.
        constraint: the versions of it that the step above needs (downwards), or the versions of the
            step above that it needs (upwards); ``""`` for any.
        line: the line of the manifest that asks for it.
        repeated: whether its subtree is shown further up.
    """

    depth: int
    key: Key | None
    constraint: str = ""
    line: Requirement | None = None
    repeated: bool = False


def downwards(graph: LockedGraph, names: Sequence[Key] = ()) -> list[Step]:
    """Return the tree of what some packages need or, without ``names``, the manifest's lines.

    Packages that no line leads to come last, as roots without a line: another tool's lock can have
    some, and a lock whose manifest has changed. Virtual packages are left out.
    """
    if names:
        starts = [Step(0, key) for key in names]
    else:
        starts = [Step(0, root.key, line=root.line) for root in graph.roots]
        starts += [Step(0, key) for key in _left_over(graph)]
    return list(_walk(starts, lambda key: _real(graph.needs.get(key, ()))))


def upwards(graph: LockedGraph, names: Sequence[Key]) -> list[Step]:
    """Return the packages that need some packages, up to the manifest's lines."""
    lines: dict[Key, list[Requirement]] = {}
    for root in graph.roots:
        if root.key:
            lines.setdefault(root.key, []).append(root.line)
    starts = [Step(0, key) for key in names]
    return list(_walk(starts, lambda key: graph.needed_by.get(key, ()), lines.get))


def _real(edges: Iterable[Edge]) -> list[Edge]:
    return [edge for edge in edges if edge.key[0] != VIRTUAL]


def _left_over(graph: LockedGraph) -> list[Key]:
    """Return the packages that no line leads to; those that nothing needs come first."""
    reached = _reached(graph, [root.key for root in graph.roots if root.key])
    left_over: list[Key] = []
    unneeded = [key for key in graph.records if not graph.needed_by[key]]
    for key in (*unneeded, *graph.records):
        if key not in reached:
            left_over.append(key)
            reached |= _reached(graph, [key], reached)
    return left_over


def _reached(
    graph: LockedGraph, starts: Iterable[Key], known: frozenset[Key] | set[Key] = frozenset()
) -> set[Key]:
    reached: set[Key] = set()
    todo = list(starts)
    while todo:
        key = todo.pop()
        if key not in reached and key not in known:
            reached.add(key)
            todo += [need.key for need in graph.needs.get(key, ())]
    return reached


def _walk(
    starts: Sequence[Step],
    following: Callable[[Key], Sequence[Edge]],
    asked: Callable[[Key], Sequence[Requirement] | None] = lambda _: None,
) -> Iterator[Step]:
    """Yield the steps in order; ``asked`` returns the lines that end a branch."""
    opened: set[Key] = set()
    todo = list(reversed(starts))
    while todo:
        step = todo.pop()
        if step.key is None or (step.line and step.depth):
            yield step
            continue
        lines, edges = asked(step.key) or (), following(step.key)
        if step.key in opened:
            repeated = bool(lines or edges)
            yield Step(step.depth, step.key, step.constraint, step.line, repeated)
            continue
        yield step
        opened.add(step.key)
        below = [Step(step.depth + 1, step.key, line=line) for line in lines]
        below += [Step(step.depth + 1, edge.key, edge.constraint) for edge in edges]
        todo += reversed(below)
