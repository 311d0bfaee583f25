"""The dependency graph: which packages need which, by name."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from conda_multiplat.vocabulary.names import spec_name
from conda_multiplat.vocabulary.records import Record

#: A package: its name, or another key that identifies it.
Node = TypeVar("Node", bound=Hashable)
#: A package's name -> the names that it needs.
Depends = Mapping[str, Sequence[str]]


def depends_of(records: Iterable[Record]) -> Depends:
    """Return the dependency graph of records."""
    return {record.name: [spec_name(spec) for spec in record.depends] for record in records}


def reachable(roots: Iterable[str], depends: Depends) -> set[str]:
    """Return the packages reachable from ``roots``, without names that are not in the graph."""
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name in depends and name not in seen:
            seen.add(name)
            todo.extend(depends[name])
    return seen


def sources(depends: Depends) -> list[str]:
    """Return a smallest set of packages from which all others are reachable, sorted.

    These are the packages that no other needs, and one member of each cycle that nothing outside
    needs.
    """
    needed = {name for names in depends.values() for name in names}
    chosen = [name for name in sorted(depends) if name not in needed]
    covered = reachable(chosen, depends)
    for name in sorted(depends):
        if name not in covered:
            first = min(_cycle_above(name, depends))
            chosen.append(first)
            covered |= reachable([first], depends)
    return sorted(chosen)


def _cycle_above(name: str, depends: Depends) -> set[str]:
    """Return a cycle from which ``name`` is reachable and that nothing outside needs."""
    below = reachable([name], depends)
    above = [other for other in sorted(depends) if name in reachable(depends[other], depends)]
    for other in above:
        if other not in below:
            return _cycle_above(other, depends)
    return {name, *above}


def path_to(name: str, roots: Iterable[str], depends: Depends) -> tuple[str, ...]:
    """Return the shortest chain of packages from a root to ``name``; empty if there is none.

    Args:
        name: the package.
        roots: the requested packages, in the order of preference.
        depends: the dependency graph.
    """
    for package, chain in shortest_chains(roots, depends):
        if package == name:
            return chain
    return ()


def shortest_chains(
    roots: Iterable[Node], depends: Mapping[Node, Iterable[Node]]
) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Yield each package that is reachable from ``roots`` with the shortest chain to it.

    Of chains of equal length, the one from the first root is chosen.
    """
    chains: dict[Node, tuple[Node, ...]] = {root: (root,) for root in roots if root in depends}
    yield from chains.items()
    todo = deque(chains)
    while todo:
        package = todo.popleft()
        for needed in depends[package]:
            if needed in depends and needed not in chains:
                chains[needed] = (*chains[package], needed)
                yield needed, chains[needed]
                todo.append(needed)
