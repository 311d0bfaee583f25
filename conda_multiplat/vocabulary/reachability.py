"""Who needs whom: packages by name, and the names that each needs."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from conda_multiplat.vocabulary.names import spec_name
from conda_multiplat.vocabulary.records import Record

#: A package: by its name, or by what else tells it from others.
Node = TypeVar("Node", bound=Hashable)
#: What each package needs, by name.
Depends = Mapping[str, Sequence[str]]


def depends_of(records: Iterable[Record]) -> Depends:
    """What each of some records needs."""
    return {record.name: [spec_name(spec) for spec in record.depends] for record in records}


def reachable(roots: Iterable[str], depends: Depends) -> set[str]:
    """The packages that some need, by way of any others; those that are not known are left out."""
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name in depends and name not in seen:
            seen.add(name)
            todo.extend(depends[name])
    return seen


def sources(depends: Depends) -> list[str]:
    """The fewest packages from which all others are needed, sorted.

    Those that no other needs, and of each circle that nothing outside of it needs, one member.
    """
    needed = {name for names in depends.values() for name in names}
    found = [name for name in sorted(depends) if name not in needed]
    covered = reachable(found, depends)
    for name in sorted(depends):
        if name not in covered:
            first = min(_circle_above(name, depends))
            found.append(first)
            covered |= reachable([first], depends)
    return sorted(found)


def _circle_above(name: str, depends: Depends) -> set[str]:
    """A circle from which ``name`` is needed, and which nothing outside of it needs."""
    below = reachable([name], depends)
    above = [other for other in sorted(depends) if name in reachable(depends[other], depends)]
    for other in above:
        if other not in below:
            return _circle_above(other, depends)
    return {name, *above}


def path_to(name: str, roots: Iterable[str], depends: Depends) -> tuple[str, ...]:
    """The shortest chain of packages from one that is asked for to ``name``; empty if none is.

    Args:
        name: the package.
        roots: what is asked for, in the order of preference.
        depends: what each package needs.
    """
    for package, chain in shortest_chains(roots, depends):
        if package == name:
            return chain
    return ()


def shortest_chains(
    roots: Iterable[Node], depends: Mapping[Node, Iterable[Node]]
) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Each package that roots need, themselves included, with the shortest chain from one to it.

    Of chains of one length that of the first root counts.
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
