"""Conflicts as an error to show: by target, with the manifest's lines, alike ones together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from conda_multiplat.channels import public_name
from conda_multiplat.errors import NoSolutionError
from conda_multiplat.pypi import PypiConflict
from conda_multiplat.solve import Conflict
from conda_multiplat.targets import Target


def no_solution(conflicts: Sequence[Conflict], solvable: Sequence[Target]) -> NoSolutionError:
    """The error of a run in which some targets have no solution."""
    details = [_text(group) for group in _alike(conflicts)]
    if solvable:
        details.append("solvable: " + ", ".join(map(str, solvable)))
    return NoSolutionError(
        f"no solution for {_targets(conflicts)}",
        details=details,
        hints=["no file was changed"],
        data={
            "conflicts": [_document(each) for each in conflicts],
            "solvable": [str(each) for each in solvable],
        },
    )


def no_pypi_solution(
    conflicts: Sequence[PypiConflict], solvable: Sequence[Target]
) -> NoSolutionError:
    """The error of a run in which conda's side can be solved and PyPI's can't."""
    groups: dict[tuple[Any, ...], list[PypiConflict]] = {}
    for each in conflicts:
        shown = tuple((project.name, project.version) for project in each.provided)
        key = (each.requirements, each.explanation, shown, each.hints)
        groups.setdefault(key, []).append(each)
    details = [_pypi_text(group) for group in groups.values()]
    if solvable:
        details.append("solvable: " + ", ".join(map(str, solvable)))
    return NoSolutionError(
        f"no solution for the PyPI packages of {_targets(conflicts)}",
        details=details,
        hints=["no file was changed"],
        data={
            "conflicts": [_pypi_document(each) for each in conflicts],
            "solvable": [str(each) for each in solvable],
        },
    )


def _pypi_text(group: Sequence[PypiConflict]) -> str:
    conflict = group[0]
    lines = [_targets(group)]
    lines += [f"  {each.at}  pip: {each.text}" for each in conflict.requirements]
    for each in conflict.provided:
        asked = _asked(conflict.request.target, each.record.name)
        lines.append(f"  {asked}  conda locked {each.record.name} {each.record.version}")
    lines += [f"  {line}" for line in conflict.explanation.splitlines()]
    lines += [f"  {hint}" for hint in conflict.hints]
    return "\n".join(lines)


def _asked(target: Target, name: str) -> str:
    """Where the manifest asks conda for a package."""
    lines = [f"{each.at}  {each.text}:" for each in target.view.conda if each.name == name]
    return ", ".join(lines) or "(a dependency)"


def _pypi_document(conflict: PypiConflict) -> dict[str, Any]:
    return {
        "target": str(conflict.request.target),
        "requirements": [
            {"pip": each.text, "file": each.at.file, "line": each.at.line}
            for each in conflict.requirements
        ],
        "provided": {each.name: each.version for each in conflict.provided},
        "explanation": conflict.explanation,
        "hints": list(conflict.hints),
    }


def _targets(conflicts: Sequence[Conflict] | Sequence[PypiConflict]) -> str:
    return ", ".join(str(each.request.target) for each in conflicts)


def _alike(conflicts: Sequence[Conflict]) -> Iterator[list[Conflict]]:
    """The conflicts in groups that differ in nothing but the target."""
    groups: dict[tuple[Any, ...], list[Conflict]] = {}
    for each in conflicts:
        suggestions = tuple((name, tuple(near)) for name, near in each.suggestions.items())
        key = (each.requirements, each.request.channels, each.explanation, suggestions)
        groups.setdefault(key, []).append(each)
    yield from groups.values()


def _text(group: Sequence[Conflict]) -> str:
    conflict = group[0]
    channels = ", ".join(public_name(name) for name in conflict.request.channels)
    lines = [_targets(group)]
    for each in conflict.requirements:
        lines.append(f"  {each.at}  {each.text}")
        if each.name in conflict.suggestions:
            near = conflict.suggestions[each.name]
            lines.append(f"      no package {each.name!r} in {channels}")
            lines += [f"      did you mean {' or '.join(map(repr, near))}?"] if near else []
    lines += [f"  {line}" for line in conflict.explanation.splitlines()]
    return "\n".join(lines)


def _document(conflict: Conflict) -> dict[str, Any]:
    return {
        "target": str(conflict.request.target),
        "requirements": [
            {"spec": each.text, "file": each.at.file, "line": each.at.line}
            for each in conflict.requirements
        ],
        "suggestions": {name: list(near) for name, near in conflict.suggestions.items()},
        "explanation": conflict.explanation,
    }
