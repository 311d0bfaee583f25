"""Reads pixi's manifests: ``pixi.toml``, or ``[tool.pixi]`` of a ``pyproject.toml``.

How pixi's environments become ours:

1. Each of pixi's environments is the union of its features, for each of its platforms. What it
   requests is written in an environment of ours with the same name; features have no counterpart.
2. An environment extends the largest one all of whose features and lines it has, and keeps the
   rest (``importers.merge.extending``).
3. A platform is a subdir here, and virtual packages are promises of environments. Where an
   environment has two platforms of one subdir (``linux-64`` and ``linux-64-cuda``), the plain one
   is its own, and each other becomes an environment, which ``prefer`` names first: pixi takes the
   first platform that a machine fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from conda_multiplat.importers.merge import extending, without_top_channels
from conda_multiplat.importers.pixi.environments import (
    PixiEnvironment,
    channels_of,
    environments_of,
    full_environment,
    plain,
    promises_of,
)
from conda_multiplat.importers.pixi.exclude_newer import exclude_newer_of
from conda_multiplat.importers.pixi.features import (
    Feature,
    FeatureReader,
    pypi_options_of,
    sources_of,
    table_of,
)
from conda_multiplat.importers.pixi.shape import PIXI, PYPROJECT
from conda_multiplat.importers.pixi.workspace import (
    Workspace,
    add_project,
    leave_workspace,
    name_of,
    pypi_names_of,
    read_workspace,
)
from conda_multiplat.importers.toml_lines import Places
from conda_multiplat.importers.values import Imported, lone_comments, refusal
from conda_multiplat.manifest.model import Environment, Manifest
from conda_multiplat.manifest.platform_lines import SpecCheck
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, families
from conda_multiplat.vocabulary.virtual_packages import DEFAULTS


def read_pixi(
    file: str,
    text: str,
    data: Mapping[str, Any],
    *,
    check_spec: SpecCheck,
    subdirs: Sequence[str] = (),
    folder: str = "",
) -> Imported:
    """Convert a pixi manifest.

    Args:
        file: its name; in a ``pyproject.toml`` and the like, ``[tool.pixi]`` is read.
        text: its text.
        data: the text, parsed.
        check_spec: returns what is wrong with a MatchSpec.
        subdirs: the only platforms to convert; all if empty.
        folder: the name of its folder, used if the workspace has no name.

    Raises:
        ManifestError: it is not a pixi manifest, or has no platform that conda knows.
    """
    root: tuple[str, ...] = ()
    table = data
    if "workspace" not in data and "channels" not in table_of(data, "project"):
        root, table = ("tool", "pixi"), table_of(table_of(data, "tool"), "pixi")
    places = Places(file, text)
    if problems := set((PYPROJECT if root else PIXI).problems(data, places, ())):
        raise refusal(file, *problems)
    workspace = read_workspace(FeatureReader(places, check_spec), table, root, subdirs)
    if root:
        add_project(workspace, data)
    environments = list(environments_of(workspace))
    used = [feature for environment in environments for feature in environment.features]
    workspace.reader.sources = sources_of([*workspace.features.values(), *used])
    for feature in workspace.features.values():
        workspace.reader.leave(feature, workspace.platforms)
    leave_workspace(workspace, [environment.features for environment in environments])
    _note_priority(workspace, environments)
    manifest = _manifest(workspace, environments, name_of(workspace, data, folder))
    lost = sorted([*workspace.reader.lost, *lone_comments(file, text)])
    return Imported(
        manifest,
        tuple(lost),
        tuple(workspace.notes),
        workspace.reader.comments,
        locked_as={
            (environment.name, subdir): (environment.origin, platform.name)
            for environment in environments
            for subdir, platform in environment.platforms.items()
        },
    )


def _note_priority(workspace: Workspace, environments: Sequence[PixiEnvironment]) -> None:
    """Note pixi's channel priority, if it makes a difference."""
    priority = str(workspace.table.get("channel-priority", "strict"))
    channels = {
        c.value
        for environment in environments
        for c in channels_of(workspace, environment.features)
    }
    if len(channels) > 1 or priority != "strict":
        command = f"`conda multiplat lock --channel-priority {priority}`"
        workspace.notes.append(
            f"pixi's channel priority is {priority} here: {command} uses it, and the lock keeps it"
        )


def _manifest(
    workspace: Workspace, environments: Sequence[PixiEnvironment], name: str | None
) -> Manifest:
    default, *others = environments
    workspace_platforms = plain(workspace.platforms)
    everywhere = replace(default, platforms={**workspace_platforms, **default.platforms})
    full = {other.name: full_environment(workspace, other) for other in others}
    full[DEFAULT_ENVIRONMENT] = full_environment(workspace, everywhere)
    promises = {
        environment.name: promises_of(workspace, environment) for environment in environments
    }
    platforms = tuple(default.platforms) or tuple(workspace_platforms)
    top = full[DEFAULT_ENVIRONMENT]._replace(platforms=(), promises=promises[DEFAULT_ENVIRONMENT])
    by_name = {DEFAULT_ENVIRONMENT: top}
    inherited = {other.name: tuple(other.platforms) for other in others}
    inherited[DEFAULT_ENVIRONMENT] = platforms
    for other in others:
        bases = _bases(other, [everywhere, *others])
        related = _related(other, [full[base] for base in bases], full, promises)
        base = related.extends[0] if related.extends else DEFAULT_ENVIRONMENT
        same = set(other.platforms) == set(inherited[base])
        by_name[other.name] = related._replace(platforms=() if same else related.platforms)
    further = [other.name for other in others if other.features == default.features]
    further = [name for name in further if name not in workspace.environments]
    return Manifest(
        files=(workspace.reader.places.file,),
        name=name,
        platforms=platforms,
        environments=_without_lonely_groups(workspace, without_top_channels(by_name)),
        prefer=(*further, DEFAULT_ENVIRONMENT) if further else (),
        variables=_variables(workspace, everywhere, others),
        pypi_names=pypi_names_of(workspace),
        pypi=pypi_options_of(workspace.reader.sources),
        exclude_newer=exclude_newer_of(workspace),
    )


def _bases(environment: PixiEnvironment, environments: Sequence[PixiEnvironment]) -> list[str]:
    """Return the environments whose features and platforms an environment includes, largest first.

    Of two with the same features, only the later one can extend the other.
    """
    features = {feature.path for feature in environment.features}
    before = environments[: environments.index(environment)]
    fitting: list[PixiEnvironment] = []
    for candidate in environments:
        paths = {feature.path for feature in candidate.features}
        smaller = paths < features or (paths == features and candidate in before)
        if smaller and set(environment.platforms) <= set(candidate.platforms):
            fitting.append(candidate)
    fitting.sort(key=lambda candidate: -len(candidate.features))
    return [candidate.name for candidate in fitting]


def _related(
    environment: PixiEnvironment,
    bases: Sequence[Environment],
    full: Mapping[str, Environment],
    promises: Mapping[str, Mapping[str, Mapping[str, str | None]]],
) -> Environment:
    """Extend the first of ``bases`` whose lines are all in the environment, or else nothing."""
    complete = full[environment.name]
    for base in bases:
        related = extending(base, complete)
        if related.extends:
            beyond = _beyond(
                promises[complete.name], promises[base.name], tuple(environment.platforms)
            )
            return related._replace(promises=beyond)
    return complete._replace(extends=(), promises=promises[complete.name])


def _beyond(
    promises: Mapping[str, Mapping[str, str | None]],
    inherited: Mapping[str, Mapping[str, str | None]],
    subdirs: Sequence[str],
) -> dict[str, dict[str, str | None]]:
    """Return the promises that are not inherited, and revoke inherited ones that don't apply."""
    beyond: dict[str, dict[str, str | None]] = {}
    for subdir in subdirs:
        promised, base = promises.get(subdir, {}), inherited.get(subdir, {})
        assumed = {k: v for family in families(subdir) for k, v in DEFAULTS.get(family, {}).items()}
        values = {name: value for name, value in promised.items() if base.get(name) != value}
        values |= {name: assumed.get(name) for name in base if name not in promised}
        if values:
            beyond[subdir] = values
    return beyond


def _without_lonely_groups(
    workspace: Workspace, environments: Mapping[str, Environment]
) -> dict[str, Environment]:
    """Remove the solve-groups of a single environment, which have no effect."""
    named = [environment.solve_group for environment in environments.values()]
    by_name = {}
    for name, declared in environments.items():
        lonely = declared.solve_group and named.count(declared.solve_group) == 1
        if lonely:
            path = (*workspace.root, "environments", name)
            workspace.reader.lose(
                path, f"solve-group {declared.solve_group}: {name} is its only environment"
            )
        by_name[name] = declared._replace(solve_group="") if lonely else declared
    return by_name


def _variables(
    workspace: Workspace, default: PixiEnvironment, others: Sequence[PixiEnvironment]
) -> dict[str, dict[str, str]]:
    """Return the variables of ``default``, which apply to all environments; note the others."""
    reader = workspace.reader
    variables: dict[str, dict[str, str]] = {}
    for subdir, platform in default.platforms.items():
        values = [reader.variables(feature, platform) for feature in reversed(default.features)]
        variables[subdir] = {name: text for value in values for name, text in value.items()}
    further = {feature.path: feature for other in others for feature in other.features}
    for feature in further.values():
        if feature not in default.features:
            _lose_variables(workspace, feature, variables)
    for feature in default.features:
        names = _variables_of(workspace, feature)
        without = [other.name for other in others if feature not in other.features]
        if names and without:
            workspace.notes.append(
                f"variables of {feature.name} ({', '.join(names)}) are set in all environments, "
                f"including {', '.join(without)}"
            )
    return variables


def _lose_variables(
    workspace: Workspace, feature: Feature, variables: Mapping[str, Mapping[str, str]]
) -> None:
    """Note the variables of a feature that ``default`` lacks or has with another value."""
    hint = "variables are the same for all environments of a manifest"
    for name, values in _variables_of(workspace, feature).items():
        if any(variables.get(subdir, {}).get(name) != value for subdir, value in values.items()):
            path = (*feature.path, "activation", "env", name)
            workspace.reader.lose(path, f"activation: {name} of {feature.name}", hint)


def _variables_of(workspace: Workspace, feature: Feature) -> dict[str, dict[str, str]]:
    """Return the variables of a feature: name -> platform -> value."""
    variables: dict[str, dict[str, str]] = {}
    for platform in workspace.platforms:
        for name, value in workspace.reader.variables(feature, platform).items():
            variables.setdefault(name, {})[platform.subdir] = value
    return variables
