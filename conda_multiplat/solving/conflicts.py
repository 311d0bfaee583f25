"""Turn conflicts into an error, by target and with the manifest's lines; merge equal conflicts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.outcomes import Conflict
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.errors import NoSolutionError

if TYPE_CHECKING:
    from conda_multiplat.solving.pypi import PypiConflict

C = TypeVar("C")
_EVERYWHERE = " on all platforms"


def no_solution(
    conflicts: Sequence[Conflict], solvable: Sequence[Target], requested: Sequence[Target]
) -> NoSolutionError:
    """Return the error for targets without a solution.

    Args:
        conflicts: the conflict of each of them.
        solvable: the targets that have a solution.
        requested: all requested targets, including those that don't change.
    """

    def key(conflict: Conflict) -> Hashable:
        suggestions = tuple((name, tuple(near)) for name, near in conflict.suggestions.items())
        request = conflict.requirements, conflict.request.channels, conflict.agreement
        return *request, conflict.explanation, suggestions, conflict.fix, conflict.advice

    groups = {_targets(group, requested): _lines(group) for group in _alike(conflicts, key)}
    documents = [_document(conflict) for conflict in conflicts]
    return _error("no solution for", groups, _targets(conflicts, requested), documents, solvable)


def no_pypi_solution(
    conflicts: Sequence[PypiConflict], solvable: Sequence[Target], requested: Sequence[Target]
) -> NoSolutionError:
    """Return the error for targets with a solution for conda's packages, but not for PyPI's."""

    def key(conflict: PypiConflict) -> Hashable:
        provided = tuple((project.name, project.version) for project in conflict.provided)
        return (
            conflict.requirements,
            conflict.explanation,
            provided,
            conflict.hints,
            conflict.agreement,
        )

    groups = {_targets(group, requested): _pypi_lines(group) for group in _alike(conflicts, key)}
    documents = [_pypi_document(conflict) for conflict in conflicts]
    message = "no solution for the PyPI packages of"
    return _error(message, groups, _targets(conflicts, requested), documents, solvable)


def _error(
    message: str,
    groups: Mapping[str, Sequence[str]],
    where: str,
    documents: Sequence[dict[str, Any]],
    solvable: Sequence[Target],
) -> NoSolutionError:
    """Return the error, which names each target once: in the message or above its lines."""
    names = list(map(str, solvable))
    if len(groups) > 1:
        texts = ["\n".join([name, *(f"  {line}" for line in groups[name])]) for name in groups]
        where = where if where.endswith(_EVERYWHERE) else f"{len(documents)} targets"
    else:
        texts = ["\n".join(lines) for lines in groups.values()]
    return NoSolutionError(
        f"{message} {where}",
        details=[*texts, *([f"solvable: {', '.join(names)}"] if names else [])],
        hints=["no file was changed"],
        data={"conflicts": list(documents), "solvable": names},
    )


def _alike(conflicts: Sequence[C], key: Callable[[C], Hashable]) -> Iterable[list[C]]:
    """Group the conflicts that differ only in their targets."""
    groups: dict[Hashable, list[C]] = {}
    for conflict in conflicts:
        groups.setdefault(key(conflict), []).append(conflict)
    return groups.values()


def _pypi_lines(group: Sequence[PypiConflict]) -> list[str]:
    conflict = group[0]
    lines = _disagreement(conflict)
    lines += [f"{requirement.at}  pip: {requirement.text}" for requirement in conflict.requirements]
    for package in conflict.provided:
        stated = _requested_at(conflict.request.target, package.record.name)
        lines.append(f"{stated}  conda locked {package.record.name} {package.record.version}")
    return [*lines, *conflict.explanation.splitlines(), *conflict.hints]


def _requested_at(target: Target, name: str) -> str:
    """Return the manifest's lines that request a conda package."""
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


def _disagreement(conflict: Conflict | PypiConflict) -> list[str]:
    """Return a line about the environments of the solve-group that can't agree, if any."""
    if not conflict.agreement:
        return []
    names = ", ".join(conflict.agreement)
    return [f"solve-group {conflict.request.target.solve_group!r}: {names} can't agree on versions"]


def _targets(
    conflicts: Sequence[Conflict] | Sequence[PypiConflict], requested: Sequence[Target]
) -> str:
    """Return the failed targets; an environment that fails on all platforms is named once."""
    failed = {
        (t.environment, t.subdir): t for t in (conflict.request.target for conflict in conflicts)
    }
    platforms: dict[str, list[str]] = {}
    for target in requested:
        platforms.setdefault(target.environment, []).append(target.subdir)
    whole = [
        name
        for name in dict.fromkeys(name for name, _ in failed)
        if len(platforms.get(name, ())) > 1
        and all((name, subdir) in failed for subdir in platforms[name])
    ]
    parts = [f"{', '.join(whole)}{_EVERYWHERE}"] if whole else []
    return ", ".join([*parts, *(str(t) for t in failed.values() if t.environment not in whole)])


def _lines(group: Sequence[Conflict]) -> list[str]:
    conflict = group[0]
    channels = ", ".join(public_name(name) for name in conflict.request.channels)
    lines = _disagreement(conflict)
    for requirement in conflict.requirements:
        lines.append(f"{requirement.at}  {requirement.text}")
        if requirement.name in conflict.suggestions:
            near = conflict.suggestions[requirement.name]
            lines.append(f"    no package {requirement.name!r} in {channels}")
            lines += [f"    did you mean {' or '.join(map(repr, near))}?"] if near else []
    lines += conflict.explanation.splitlines()
    lines += conflict.advice
    lines += [f"if the machines have CUDA, {conflict.fix}"] if conflict.fix else []
    return lines


def _document(conflict: Conflict) -> dict[str, Any]:
    return {
        "target": str(conflict.request.target),
        "requirements": [requirement.to_dict() for requirement in conflict.requirements],
        "suggestions": {name: list(near) for name, near in conflict.suggestions.items()},
        "explanation": conflict.explanation,
        "agreement": list(conflict.agreement),
        "fix": conflict.fix,
        **({"advice": list(conflict.advice)} if conflict.advice else {}),
    }
