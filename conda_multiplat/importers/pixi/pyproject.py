"""What pixi takes from a ``pyproject.toml`` besides ``[tool.pixi]`` (PEP 621, PEP 735).

``requires-python`` is a dependency on Python, ``dependencies`` are PyPI's of the default feature,
and each group of optional dependencies and each dependency group is a feature of its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packaging.utils import canonicalize_name

from conda_multiplat.importers.pixi.features import Feature, FeatureReader, table_of
from conda_multiplat.manifest.model import Requirement

_SELF = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*\[(?P<extras>[^\]]*)\]\s*$")


def is_own_folder(value: Any) -> bool:
    """Return whether a value of ``pypi-dependencies`` is the file's own project."""
    return isinstance(value, Mapping) and str(value.get("path", "")) in (".", "./")


def requires_python(data: Mapping[str, Any]) -> str:
    """Return ``requires-python`` as pixi adds it to ``dependencies``; ``""`` for none."""
    text = table_of(data, "project").get("requires-python")
    return str(text).removeprefix("==") if text else ""


def own_dependencies(data: Mapping[str, Any], reader: FeatureReader) -> list[Requirement]:
    """Return ``[project] dependencies``."""
    entries = table_of(data, "project").get("dependencies") or ()
    return list(_requirements(entries, reader, "project", "dependencies"))


def groups(data: Mapping[str, Any], reader: FeatureReader) -> dict[str, tuple[Requirement, ...]]:
    """Return the requirements of each optional dependency and each dependency group."""
    project = table_of(data, "project")
    optional = table_of(project, "optional-dependencies")
    dependency_groups = table_of(data, "dependency-groups")
    own_name = canonicalize_name(str(project.get("name", "")))
    requirements = {
        name: tuple(_optional(name, optional, own_name, reader, ())) for name in optional
    }
    for name in dependency_groups:
        requirements[name] = (
            *requirements.get(name, ()),
            *_group(name, dependency_groups, reader, ()),
        )
    return requirements


def _optional(
    name: str,
    optional: Mapping[str, Sequence[str]],
    own_name: str,
    reader: FeatureReader,
    above: tuple[str, ...],
) -> Iterator[Requirement]:
    """Return a group, with ``project[other]`` replaced by the requirements of ``other``."""
    if name in above:
        return
    for text in optional.get(name, ()):
        match = _SELF.fullmatch(text)
        if match and canonicalize_name(match["name"]) == own_name:
            for extra in match["extras"].split(","):
                yield from _optional(extra.strip(), optional, own_name, reader, (*above, name))
        else:
            yield from _requirements([text], reader, "project", "optional-dependencies", name)


def _group(
    name: str, groups: Mapping[str, Sequence[Any]], reader: FeatureReader, above: tuple[str, ...]
) -> Iterator[Requirement]:
    if name in above:
        return
    for entry in groups.get(name, ()):
        if isinstance(entry, Mapping):
            included = str(entry.get("include-group", ""))
            yield from _group(included, groups, reader, (*above, name))
        else:
            yield from _requirements([entry], reader, "dependency-groups", name)


def _requirements(texts: Sequence[str], reader: FeatureReader, *path: str) -> Iterator[Requirement]:
    for text in texts:
        yield from reader.entry(str(text), reader.places.item(str(text), *path))


def with_groups(
    features: Mapping[str, Feature], requirements: Mapping[str, tuple[Requirement, ...]]
) -> dict[str, Feature]:
    """Add groups to features, as new features or as additional requirements."""
    joined = dict(features)
    for name, extra in requirements.items():
        old = joined.get(name, Feature(name, {}, ("tool", "pixi", "feature", name)))
        joined[name] = Feature(name, old.table, old.path, (*old.extra, *extra))
    return joined
