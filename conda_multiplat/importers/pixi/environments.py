"""pixi's environments: unions of features, each on the platforms that all its features have."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conda_multiplat.importers.pixi.features import Feature, table_of
from conda_multiplat.importers.pixi.platforms import (
    PixiPlatform,
    fitting,
    highest,
    supported,
    system_requirements,
)
from conda_multiplat.importers.pixi.workspace import Workspace
from conda_multiplat.importers.values import conda_meaning, pypi_meaning
from conda_multiplat.manifest.model import Environment, Requirement, View
from conda_multiplat.vocabulary.exclude_newer import is_rule
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, did_you_mean
from conda_multiplat.vocabulary.yaml_nodes import Text

#: Characters that an environment's name can't have, since it is a file name.
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class PixiEnvironment:
    """An environment of pixi, with at most one platform of each subdir.

    ``origin`` is pixi's name for it; ``name`` is ours if it has further platforms of a subdir.
    """

    name: str
    features: tuple[Feature, ...]
    platforms: Mapping[str, PixiPlatform]
    solve_group: str = ""
    origin: str = ""


def environments_of(workspace: Workspace) -> Iterator[PixiEnvironment]:
    """Return all environments: ``default`` first, and further platforms after their own."""
    declared = {DEFAULT_ENVIRONMENT: {}, **workspace.environments}
    for name, value in declared.items():
        table = value if isinstance(value, Mapping) else {"features": value}
        features = tuple(_features(workspace, name, table))
        platform_lists = [feature.table.get("platforms") for feature in features]
        platforms = list(supported(workspace.platforms, platform_lists))
        chosen = plain(platforms)
        group = str(table.get("solve-group") or "")
        if not chosen:
            path = (*workspace.root, "environments", name)
            workspace.reader.lose(
                path, f"environment {name}: no platform is supported by all of its features"
            )
            if name != DEFAULT_ENVIRONMENT:
                continue
        yield PixiEnvironment(name, features, chosen, group, name)
        for platform in platforms:
            if platform is not chosen[platform.subdir]:
                further = _further_name(name, platform, declared)
                only = {platform.subdir: platform}
                yield PixiEnvironment(further, features, only, origin=name)


def _further_name(name: str, platform: PixiPlatform, taken: Collection[str]) -> str:
    """Return an environment's name for a further platform of a subdir."""
    before = "" if name == DEFAULT_ENVIRONMENT else f"{name}-"
    full_name = _NO_NAME.sub("-", f"{before}{platform.name}")
    return f"{full_name}-platform" if full_name in taken else full_name


def _features(workspace: Workspace, name: str, table: Mapping[str, Any]) -> Iterator[Feature]:
    """Return the environment's own tables, its features, and the default feature."""
    path = (*workspace.root, "environments", name)
    inline = {k: v for k, v in table.items() if k not in ("features", "solve-group")}
    inline.pop("no-default-feature", None)
    if inline:
        feature = Feature(name, inline, path)
        workspace.reader.leave(feature, workspace.platforms)
        yield feature
    for requested in table.get("features") or ():
        if requested in workspace.features:
            yield workspace.features[requested]
        else:
            hint = did_you_mean(str(requested), workspace.features)
            workspace.reader.lose(path, f"environment {name}: no feature {requested!r}", hint)
    if not table.get("no-default-feature"):
        yield workspace.features[DEFAULT_ENVIRONMENT]


def plain(platforms: Sequence[PixiPlatform]) -> dict[str, PixiPlatform]:
    """Return one platform of each subdir, in order: the plain one, or else the first."""
    chosen: dict[str, PixiPlatform] = {}
    for platform in platforms:
        if platform.subdir not in chosen or platform.name == platform.subdir:
            chosen[platform.subdir] = platform
    return chosen


def full_environment(workspace: Workspace, environment: PixiEnvironment) -> Environment:
    """Return all that an environment requests, without inheritance."""
    views = {
        subdir: _view(workspace, environment.features, platform)
        for subdir, platform in environment.platforms.items()
    }
    return Environment(
        environment.name,
        workspace.reader.places.at(*workspace.root, "environments", environment.name),
        platforms=tuple(views),
        views=views,
        solve_group=environment.solve_group,
    )


def _view(workspace: Workspace, features: Sequence[Feature], platform: PixiPlatform) -> View:
    reader = workspace.reader
    ordered = sorted(features, key=lambda feature: feature.name != DEFAULT_ENVIRONMENT)
    base = table_of(workspace.table, "pypi-options")
    pypi = [*reader.options(base, *workspace.path)]
    pypi += [line for feature in ordered for line in reader.pypi(feature, platform)]
    conda = [line for feature in ordered for line in reader.conda(feature, platform)]
    if all(line.text.startswith("-") and not line.text.startswith("-e") for line in pypi):
        pypi = []  # only options, without packages
    return View(
        channels=tuple(channels_of(workspace, features)),
        conda=_once(conda, conda_meaning),
        pypi=_once(pypi, pypi_meaning),
    )


def _once(lines: Sequence[Requirement], meaning: Callable[[str], str]) -> tuple[Requirement, ...]:
    requirements: dict[str, Requirement] = {}
    for line in lines:
        requirements.setdefault(meaning(line.text), line)
    return tuple(requirements.values())


def channels_of(workspace: Workspace, features: Sequence[Feature]) -> list[Text]:
    """Return the channels of all features by priority; a feature without any uses all of them."""
    ranked: list[tuple[int, Text]] = []
    for feature in features:
        values = feature.table.get("channels")
        path = (*workspace.path, "channels") if values is None else (*feature.path, "channels")
        for value in workspace.table.get("channels") or () if values is None else values:
            priority, name = _channel(workspace, value, path)
            ranked.append((-priority, Text(name, workspace.reader.places.at(*path))))
    first: dict[str, Text] = {}
    for _, text in sorted(ranked, key=lambda pair: pair[0]):
        first.setdefault(text.value, text)
    return list(first.values())


def _channel(workspace: Workspace, value: Any, path: tuple[str, ...]) -> tuple[int, str]:
    if not isinstance(value, Mapping):
        return 0, str(value).rstrip("/")
    name = str(value.get("channel", "")).rstrip("/")
    for key in value:
        is_read = key == "exclude-newer" and is_rule(str(value[key]))
        if key not in ("channel", "priority") and not is_read:
            workspace.reader.lose(path, f"channel {name}: {key} = {value[key]!r}")
    return int(value.get("priority") or 0), name


def promises_of(
    workspace: Workspace, environment: PixiEnvironment
) -> dict[str, dict[str, str | None]]:
    """Return the promises of each platform: its own, and its features' requirements."""
    promises: dict[str, dict[str, str | None]] = {}
    for subdir, platform in environment.platforms.items():
        required = []
        for feature in environment.features:
            lost: list[str] = []
            table = table_of(feature.table, "system-requirements")
            required.append(fitting(subdir, system_requirements(table, lost)))
            for loss in lost:
                workspace.reader.lose((*feature.path, "system-requirements"), loss)
        if values := highest([platform.promises, *required]):
            promises[subdir] = dict(values)
    return promises
