"""The parts of a pixi manifest: workspace, platforms, features, environments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from conda_multiplat.importers.pixi.features import Feature, FeatureReader, table_of
from conda_multiplat.importers.pixi.platforms import PixiPlatform, read_platform
from conda_multiplat.importers.pixi.pyproject import (
    groups,
    is_own_folder,
    own_dependencies,
    requires_python,
    with_groups,
)
from conda_multiplat.importers.values import refusal
from conda_multiplat.vocabulary.errors import Location, Problem
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, SUBDIRS, nearest_or_all

#: Top-level tables that are not part of the default feature.
_OUTER = ("workspace", "project", "feature", "environments", "$schema")
#: The keys of ``[workspace]`` that are read.
_WORKSPACE = (
    *("name", "channels", "platforms", "dependencies", "pypi-options", "channel-priority"),
    *("conda-pypi-map", "exclude-newer"),
)
_ABOUT = (
    *("authors", "description", "documentation", "homepage", "license", "license-file"),
    *("readme", "repository", "version", "requires-pixi", "preview"),
)
#: What to write if a mapping is switched off.
_NO_PROJECTS = (
    "for a conda package that is not a PyPI project: multiplat: {pypi-names: {NAME: null}}"
)
_FORBIDDEN_IN_NAME = re.compile(r"[^\w.-]+")


@dataclass
class Workspace:
    """The tables of a pixi manifest."""

    reader: FeatureReader
    table: Mapping[str, Any]
    path: tuple[str, ...]
    root: tuple[str, ...]
    platforms: tuple[PixiPlatform, ...]
    features: dict[str, Feature]
    environments: Mapping[str, Any]
    notes: list[str] = field(default_factory=list)

    def at(self, *path: str) -> Location:
        """Return the position of a key of ``[workspace]``."""
        return self.reader.places.at(*self.path, *path)


def read_workspace(
    reader: FeatureReader,
    table: Mapping[str, Any],
    root: tuple[str, ...],
    subdirs: Sequence[str],
) -> Workspace:
    """Return the parts of a manifest whose tables begin at ``root``.

    Raises:
        ManifestError: there is no workspace, or no platform that conda knows.
    """
    file = reader.places.file
    key = "workspace" if "workspace" in table else "project"
    workspace = table_of(table, key)
    if not workspace:
        hint = "pixi.toml has `[workspace]`, pyproject.toml `[tool.pixi.workspace]`"
        raise refusal(file, Problem(Location(file), "it is not a pixi manifest", hint))
    reader.pool = table_of(workspace, "dependencies")
    stated = workspace.get("platforms") or subdirs
    platforms = _platforms(reader, stated, (*root, key))
    if subdirs:
        platforms = _only(platforms, subdirs, reader.places.at(*root, key, "platforms"))
    top_level = {name: value for name, value in table.items() if name not in _OUTER}
    features = {DEFAULT_ENVIRONMENT: Feature(DEFAULT_ENVIRONMENT, top_level, root)}
    for name, feature in table_of(table, "feature").items():
        features[name] = Feature(name, feature, (*root, "feature", name))
    environments = table_of(table, "environments")
    path = (*root, key)
    return Workspace(reader, workspace, path, root, platforms, features, environments)


def _platforms(
    reader: FeatureReader, values: Sequence[Any], path: tuple[str, ...]
) -> tuple[PixiPlatform, ...]:
    at = reader.places.at(*path, "platforms")
    platforms: list[PixiPlatform] = []
    problems: list[Problem] = []
    for value in values:
        lost: list[str] = []
        platform = read_platform(value, lost)
        for what in lost:
            reader.lose(at, what)
        if platform:
            platforms.append(platform)
        else:
            hint = nearest_or_all(str(value), SUBDIRS)
            problems.append(Problem(at, f"unknown platform {value!r}", hint))
    if not values:
        hint = f"list the platforms, or write {at.file}@PLATFORM"
        problems.append(Problem(at, "no `platforms`", hint))
    if problems:
        raise refusal(at.file, *problems)
    return tuple(platforms)


def _only(
    platforms: Sequence[PixiPlatform], subdirs: Sequence[str], at: Location
) -> tuple[PixiPlatform, ...]:
    """Return the platforms that the user names."""
    available = {platform.subdir: None for platform in platforms}
    if unknown := [subdir for subdir in subdirs if subdir not in available]:
        message = f"the workspace does not have {', '.join(unknown)}"
        hint = f"available: {', '.join(available)}"
        raise refusal(at.file, Problem(at, message, hint))
    return tuple(platform for platform in platforms if platform.subdir in subdirs)


def add_project(workspace: Workspace, data: Mapping[str, Any]) -> None:
    """Add what pixi reads from other tables of a ``pyproject.toml``."""
    reader = workspace.reader
    default = workspace.features[DEFAULT_ENVIRONMENT]
    table = dict(default.table)
    conda = table_of(table, "dependencies")
    if "python" not in conda:
        table["dependencies"] = {"python": requires_python(data) or "*", **conda}
    extra = own_dependencies(data, reader)
    if any(map(is_own_folder, table_of(table, "pypi-dependencies").values())) and extra:
        count = len(extra)
        of = "of [project]"
        words = f"requirement {of} comes" if count == 1 else f"{count} requirements {of} come"
        workspace.notes.append(f"the {words} with the project itself, `.`")
        extra = []
    workspace.features[DEFAULT_ENVIRONMENT] = replace(default, table=table, extra=tuple(extra))
    workspace.features = with_groups(workspace.features, groups(data, reader))


def name_of(workspace: Workspace, data: Mapping[str, Any], folder: str) -> str | None:
    """Return the environment's name: the workspace's, or, as in pixi, its folder's."""
    name = workspace.table.get("name") or table_of(data, "project").get("name")
    bare = _FORBIDDEN_IN_NAME.sub("-", str(name or folder)).strip("-")
    if name and bare != name:
        workspace.reader.lose(workspace.at("name"), f"name: {name}", f"the name is {bare} here")
    return bare or None


def pypi_names_of(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """Return the inline entries of ``conda-pypi-map``.

    Mappings in files and URLs are lost, and so is ``false`` for all channels or for one, which
    means that none of their packages provides a project. An empty table means the same.
    """
    table = workspace.table.get("conda-pypi-map")
    at = workspace.at("conda-pypi-map")
    names: dict[str, tuple[str, ...]] = {}
    if table is False or table == {}:
        workspace.reader.lose(at, "conda-pypi-map = false", _NO_PROJECTS)
    for channel, value in table.items() if isinstance(table, Mapping) else ():
        if value is False:
            workspace.reader.lose(at, f"conda-pypi-map of {channel}: false", _NO_PROJECTS)
            continue
        mapping = value.get("mapping", {}) if isinstance(value, Mapping) else {}
        for name, projects in mapping.items():
            listed = [projects] if isinstance(projects, str) else projects
            names[name.lower()] = tuple(listed) if isinstance(listed, list) else ()
        others = {k: v for k, v in value.items() if k != "mapping"} if mapping else value
        if others:
            workspace.reader.lose(
                at, f"conda-pypi-map of {channel}: {others!r}", "multiplat: pypi-names: adds names"
            )
    return names


def leave_workspace(workspace: Workspace, used: Iterable[Sequence[Feature]]) -> None:
    """Note keys of ``[workspace]`` without a counterpart, and unused features."""
    reader = workspace.reader
    about = [key for key in workspace.table if key in _ABOUT]
    if about:
        reader.lose(workspace.at(about[0]), f"metadata of the workspace: {', '.join(about)}")
    for key, value in workspace.table.items():
        if key not in (*_WORKSPACE, *_ABOUT):
            reader.lose(workspace.at(key), f"{key} of the workspace: {value!r}")
    paths = {feature.path for features in used for feature in features}
    for feature in workspace.features.values():
        if feature.path not in paths and feature.name != DEFAULT_ENVIRONMENT:
            reader.lose(feature.path, f"feature {feature.name}: no environment uses it")
