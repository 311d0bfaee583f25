"""Combine several files into one manifest.

The rules are conda-lock's: a later file's requirement for a package replaces that of earlier files;
of two channel lists, one must be the end of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conda_multiplat.manifest.head import Head
from conda_multiplat.manifest.model import Environment, Manifest, Requirement, View
from conda_multiplat.manifest.platform_lines import Lines
from conda_multiplat.vocabulary.errors import NOWHERE, Location, Problem
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, nearest_or_all
from conda_multiplat.vocabulary.yaml_nodes import Text

#: The maximum number of environments that one may extend or share a solve-group with.
_MOST = 100


def combine(
    heads: Sequence[Head],
    lines: Sequence[dict[str, Lines]],
    subdirs: Sequence[str],
    problems: set[Problem],
) -> dict[str, Environment]:
    """Return ``default`` and the declared environments, with their views of every platform."""
    declared: dict[str, Environment] = {}
    for head in heads:
        for name, environment in head.environments.items():
            if name in declared:
                message = f"environment {name!r} is declared in {declared[name].at} too"
                problems.add(Problem(environment.at, message, "declare it in one file"))
            declared[name] = environment
    promises: dict[str, dict[str, str | None]] = {}
    places: dict[str, dict[str, Location]] = {}
    for head in heads:
        for platform, values in head.promises.items():
            promises.setdefault(platform, {}).update(values)
            places.setdefault(platform, {}).update(head.promise_places[platform])
    groups = [head.solve_group for head in heads if head.solve_group]
    group = groups[-1] if groups else ""
    default = Environment(
        DEFAULT_ENVIRONMENT,
        NOWHERE,
        promises=promises,
        solve_group=group,
        promise_places=places,
    )
    combined: dict[str, Environment] = {}
    for name, environment in {DEFAULT_ENVIRONMENT: default, **declared}.items():
        views = {
            subdir: _combine_views(
                [line[subdir].views[name] for line in lines if name in line[subdir].views], problems
            )
            for subdir in subdirs
        }
        combined[name] = environment._replace(views=views)
    return combined


def _combine_views(views: Sequence[View], problems: set[Problem]) -> View:
    channels: tuple[Text, ...] = ()
    conda: tuple[Requirement, ...] = ()
    pypi: tuple[Requirement, ...] = ()
    for view in views:
        channels = _combine_channels(channels, view.channels, problems)
        conda = _override(conda, view.conda)
        pypi = _override(pypi, view.pypi)
    return View(channels, conda, pypi)


def _override(
    earlier: tuple[Requirement, ...], later: tuple[Requirement, ...]
) -> tuple[Requirement, ...]:
    replaced = {line.name for line in later if line.name}
    return (*(line for line in earlier if line.name not in replaced), *later)


def _combine_channels(
    earlier: tuple[Text, ...], later: tuple[Text, ...], problems: set[Problem]
) -> tuple[Text, ...]:
    """Return the longer list; the shorter must be its end, otherwise their order is not defined."""
    if not earlier or not later:
        return earlier or later
    longer, shorter = (earlier, later) if len(earlier) >= len(later) else (later, earlier)
    end = [text.value for text in longer[-len(shorter) :]]
    if end != [text.value for text in shorter]:
        other = ", ".join(text.value for text in earlier)
        problems.add(
            Problem(
                later[0].at,
                f"these channels and those of {earlier[0].at} ({other}) have no common order",
                "write the same list in both files, or in one only the end of the other's",
            )
        )
    return longer


def relation_problems(environments: dict[str, Environment], heads: Sequence[Head]) -> set[Problem]:
    """Return problems of ``extends``: unknown names and cycles."""
    problems = _too_many(environments)
    for environment in environments.values():
        for parent in environment.extends:
            if parent not in environments:
                problems.add(_unknown(parent, environment.at, "extends", environments))
        is_declared = environment.name != DEFAULT_ENVIRONMENT
        if is_declared and _extends_itself(environment.name, environments):
            message = f"environment {environment.name!r} extends itself"
            problems.add(Problem(environment.at, message, "break the cycle of `extends`"))
    for head in heads:
        for text in head.prefer:
            if text.value not in environments:
                problems.add(_unknown(text.value, text.at, "prefer", environments))
    return problems


def _too_many(environments: dict[str, Environment]) -> set[Problem]:
    """Return problems of environments that extend, or share a solve-group with, too many others."""
    problems: set[Problem] = set()
    groups: dict[str, int] = {}
    for environment in environments.values():
        group = environment.solve_group
        groups[group] = groups.get(group, 0) + 1
        if group and groups[group] == _MOST + 1:
            message = f"solve-group {group!r} has more than {_MOST} environments"
            problems.add(Problem(environment.at, message, "make several groups"))
    for environment in environments.values():
        if len(_ancestors(environment, environments)) > _MOST:
            message = f"environment {environment.name!r} extends more than {_MOST} others"
            return {*problems, Problem(environment.at, message, "let it extend fewer")}
    return problems


def _ancestors(environment: Environment, environments: dict[str, Environment]) -> set[str]:
    """Return the names of all environments that one extends, stopping when there are too many."""
    seen: set[str] = set()
    todo = list(environment.extends)
    while todo and len(seen) <= _MOST:
        parent = todo.pop()
        if parent in environments and parent not in seen:
            seen.add(parent)
            todo.extend(environments[parent].extends)
    return seen


def lonely_groups(environments: Iterable[Environment]) -> list[str]:
    """Return a warning for each solve-group with a single environment: its name may be misspelt."""
    members: dict[str, list[str]] = {}
    for environment in environments:
        if environment.solve_group:
            members.setdefault(environment.solve_group, []).append(environment.name)
    lonely = [(group, names[0]) for group, names in members.items() if len(names) == 1]
    return [
        f"solve-group {group!r} has only one environment, {name!r}: "
        "write the same group in those that it should agree with"
        for group, name in lonely
    ]


def nowhere_problems(manifest: Manifest) -> set[Problem]:
    """Return problems of environments that extend others without a common platform."""
    return {
        Problem(
            environment.at,
            f"environment {environment.name!r} has no platform: "
            f"{' and '.join(environment.extends)} have none in common",
            "give it `platforms:`",
        )
        for environment in manifest.environments.values()
        if not manifest.platforms_of(environment.name)
    }


def shared_name_problems(manifest: Manifest) -> set[Problem]:
    """Return problems of environments that would be installed into the same conda environment."""
    first: dict[str, str] = {}
    problems = set()
    for name, environment in manifest.environments.items():
        conda_name = manifest.conda_name(name)
        if conda_name is None:
            continue
        # On macOS and Windows, names of folders are case-insensitive.
        other = first.setdefault(conda_name.casefold(), name)
        if other != name:
            message = f"environment {name!r} would be named {conda_name}, like {other!r}"
            problems.add(Problem(environment.at, message, "give it another `name:`"))
    return problems


def _unknown(name: str, at: Location, key: str, known: Iterable[str]) -> Problem:
    hint = nearest_or_all(name, known, "available")
    return Problem(at, f"unknown environment {name!r} in {key}", hint)


def _extends_itself(name: str, environments: dict[str, Environment]) -> bool:
    return name in _ancestors(environments[name], environments)
