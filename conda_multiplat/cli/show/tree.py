"""Format a dependency tree as text, like ``tree``, ``cargo tree`` and ``uv tree``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conda_multiplat.lockfile.dependency_graph import VIRTUAL, Key
from conda_multiplat.lockfile.tree import Step
from conda_multiplat.vocabulary.records import Record

REPEATED = "(*)"


def text(steps: Sequence[Step], records: Mapping[Key, Record], *, inverted: bool) -> list[str]:
    """Return the lines of a tree, with its roots at the left margin."""
    return [
        branch + _words(step, records, inverted=inverted)
        for branch, step in zip(_branches([step.depth for step in steps]), steps, strict=True)
    ]


def _branches(depths: Sequence[int]) -> list[str]:
    """Return the branches to draw before each line.

    Lines are processed from the bottom, so at each line it is known which branches to its left
    continue below.
    """
    branches: list[str] = []
    goes_on: list[bool] = []
    for depth in reversed(depths):
        goes_on = (goes_on + [False] * (depth + 1 - len(goes_on)))[: depth + 1]
        if depth:
            left = "".join("│   " if goes_on[level] else "    " for level in range(1, depth))
            branches.append(left + ("├── " if goes_on[depth] else "└── "))
        else:
            branches.append("")
        goes_on[depth] = True
    return branches[::-1]


def _words(step: Step, records: Mapping[Key, Record], *, inverted: bool) -> str:
    line = f"{step.line.at}  {step.line.text}" if step.line else ""
    if step.key is None:
        return f"nothing is locked for {line}"
    if inverted and step.line:
        return f"asked for in {line}"
    words = [_package(step.key, records), _constraint(step, inverted=inverted)]
    words += [f"← {line}" if line else "", REPEATED if step.repeated else ""]
    return "  ".join(filter(None, words))


def _package(key: Key, records: Mapping[Key, Record]) -> str:
    kind, name = key
    if kind == VIRTUAL:
        return name
    return f"{name} {records[key].version}" + (" from PyPI" if kind == "pypi" else "")


def _constraint(step: Step, *, inverted: bool) -> str:
    if not step.constraint:
        return ""
    return f"(needs {step.constraint})" if inverted else f"({step.constraint})"
