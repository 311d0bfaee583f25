"""Conflicts as an error to show: by target, with the manifest's lines, alike ones together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.outcomes import Conflict
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.errors import NoSolutionError

if TYPE_CHECKING:
    from conda_multiplat.solving.pypi import PypiConflict

C = TypeVar("C")


def no_solution(conflicts: Sequence[Conflict], solvable: Sequence[Target]) -> NoSolutionError:
    """The error of a run in which some targets have no solution."""

    def key(each: Conflict) -> Hashable:
        suggestions = tuple((name, tuple(near)) for name, near in each.suggestions.items())
        asked = each.requirements, each.request.channels, each.agreement
        return *asked, each.explanation, suggestions, each.fix

    return _error(
        f"no solution for {_targets(conflicts)}",
        [_text(group) for group in _alike(conflicts, key)],
        [_document(conflict) for conflict in conflicts],
        solvable,
    )


def no_pypi_solution(
    conflicts: Sequence[PypiConflict], solvable: Sequence[Target]
) -> NoSolutionError:
    """The error of a run in which conda's side can be solved and PyPI's can't."""

    def key(each: PypiConflict) -> Hashable:
        shown = tuple((project.name, project.version) for project in each.provided)
        return each.requirements, each.explanation, shown, each.hints, each.agreement

    return _error(
        f"no solution for the PyPI packages of {_targets(conflicts)}",
        [_pypi_text(group) for group in _alike(conflicts, key)],
        [_pypi_document(conflict) for conflict in conflicts],
        solvable,
    )


def _error(
    message: str,
    texts: Sequence[str],
    documents: Sequence[dict[str, Any]],
    solvable: Sequence[Target],
) -> NoSolutionError:
    names = list(map(str, solvable))
    return NoSolutionError(
        message,
        details=[*texts, *([f"solvable: {', '.join(names)}"] if names else [])],
        hints=["no file was changed"],
        data={"conflicts": list(documents), "solvable": names},
    )


def _alike(conflicts: Sequence[C], key: Callable[[C], Hashable]) -> Iterable[list[C]]:
    """The conflicts in groups that differ in nothing but the target."""
    groups: dict[Hashable, list[C]] = {}
    for conflict in conflicts:
        groups.setdefault(key(conflict), []).append(conflict)
    return groups.values()


def _pypi_text(group: Sequence[PypiConflict]) -> str:
    conflict = group[0]
    lines = _heading(group)
    lines += [
        f"  {requirement.at}  pip: {requirement.text}" for requirement in conflict.requirements
    ]
    for package in conflict.provided:
        asked = _asked(conflict.request.target, package.record.name)
        lines.append(f"  {asked}  conda locked {package.record.name} {package.record.version}")
    lines += [f"  {line}" for line in conflict.explanation.splitlines()]
    lines += [f"  {hint}" for hint in conflict.hints]
    return "\n".join(lines)


def _asked(target: Target, name: str) -> str:
    """Where the manifest asks conda for a package."""
    lines = [
        f"{requirement.at}  {requirement.text}:"
        for requirement in target.view.conda
        if requirement.name == name
    ]
    return ", ".join(lines) or "(a dependency)"


def _pypi_document(conflict: PypiConflict) -> dict[str, Any]:
    return {
        "target": str(conflict.request.target),
        "requirements": [
            {"pip": requirement.text, "file": requirement.at.file, "line": requirement.at.line}
            for requirement in conflict.requirements
        ],
        "provided": {package.name: package.version for package in conflict.provided},
        "explanation": conflict.explanation,
        "agreement": list(conflict.agreement),
        "hints": list(conflict.hints),
    }


def _heading(group: Sequence[Conflict] | Sequence[PypiConflict]) -> list[str]:
    """Where, and what the solve-group has to do with it."""
    first = group[0]
    if not first.agreement:
        return [_targets(group)]
    names = ", ".join(first.agreement)
    name = first.request.target.solve_group
    return [_targets(group), f"  {names} can't agree, as solve-group {name!r} wants"]


def _targets(conflicts: Sequence[Conflict] | Sequence[PypiConflict]) -> str:
    return ", ".join(str(conflict.request.target) for conflict in conflicts)


def _text(group: Sequence[Conflict]) -> str:
    conflict = group[0]
    channels = ", ".join(public_name(name) for name in conflict.request.channels)
    lines = _heading(group)
    for requirement in conflict.requirements:
        lines.append(f"  {requirement.at}  {requirement.text}")
        if requirement.name in conflict.suggestions:
            near = conflict.suggestions[requirement.name]
            lines.append(f"      no package {requirement.name!r} in {channels}")
            lines += [f"      did you mean {' or '.join(map(repr, near))}?"] if near else []
    lines += [f"  {line}" for line in conflict.explanation.splitlines()]
    lines += [f"  where machines have CUDA, {conflict.fix}"] if conflict.fix else []
    return "\n".join(lines)


def _document(conflict: Conflict) -> dict[str, Any]:
    return {
        "target": str(conflict.request.target),
        "requirements": [requirement.to_dict() for requirement in conflict.requirements],
        "suggestions": {name: list(near) for name, near in conflict.suggestions.items()},
        "explanation": conflict.explanation,
        "agreement": list(conflict.agreement),
        "fix": conflict.fix,
    }
