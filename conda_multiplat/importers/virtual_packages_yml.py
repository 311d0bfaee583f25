"""Convert conda-lock's ``virtual-packages.yml`` to promises.

It is the file for ``--virtual-package-spec``: ``subdirs:`` PLATFORM ``packages:`` NAME: VERSION. A
build may follow the version, ``__archspec: 1 x86_64_v3``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import yaml

from conda_multiplat.importers.values import Imported, Lost, refusal
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.manifest.read import Source
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, SUBDIRS, nearest_or_all
from conda_multiplat.vocabulary.virtual_packages import (
    Promises,
    promise_problem,
    promised,
    stated,
)
from conda_multiplat.vocabulary.yaml_nodes import Reader, Text

#: The file name that conda-lock looks for next to the manifest.
FILE_NAMES = ("virtual-packages.yml", "virtual-packages.yaml")
#: A version that only means that the package exists.
_PRESENT = "0"


class StatedPromises(NamedTuple):
    """The file's content: platform -> name -> value, and what can't be a promise."""

    promises: Promises = MappingProxyType({})
    lost: tuple[Lost, ...] = ()


def is_virtual_packages(text: str) -> bool:
    """Return whether a file is of this kind, whatever its name."""
    keys = re.findall(r"^([A-Za-z_-]+)\s*:", text, re.MULTILINE)
    return keys == ["subdirs"]


def read_virtual_packages(source: Source) -> StatedPromises:
    """Read a file.

    Raises:
        ManifestError: with every problem of the file.
    """
    reader = Reader(source.file)
    root = reader.compose(source.text)
    lost: list[Lost] = []
    promises = {
        subdir: _promises(reader, subdir, node, lost)
        for subdir, node in _subdirs(reader, root).items()
    }
    if reader.problems:
        raise refusal(source.file, *reader.problems)
    return StatedPromises(
        {subdir: values for subdir, values in promises.items() if values}, tuple(lost)
    )


def _subdirs(reader: Reader, root: yaml.Node | None) -> dict[str, yaml.Node]:
    """Return the ``packages`` of each platform."""
    nodes: dict[str, yaml.Node] = {}
    pair = reader.mapping(root, "the file").get("subdirs") if root else None
    for key, node in reader.mapping(pair[1], "subdirs").values() if pair else ():
        if key.value not in SUBDIRS:
            hint = nearest_or_all(key.value, SUBDIRS)
            reader.problem(key.at, f"unknown platform {key.value!r}", hint)
        elif packages := reader.mapping(node, key.value).get("packages"):
            nodes[key.value] = packages[1]
    return nodes


def _promises(reader: Reader, subdir: str, node: yaml.Node, lost: list[Lost]) -> dict[str, str]:
    """Return the promises of a platform, without those that every machine meets."""
    plain = {package.name: package for package in promised(subdir, [])[0]}
    values: dict[str, str] = {}
    for key, child in reader.mapping(node, "packages").values():
        stated = reader.text(child, key.value)
        if stated is None:
            continue
        name = key.value.removeprefix("__")
        version, _, build = stated.value.partition(" ")
        value = build.strip() or _PRESENT if name == "archspec" else version
        if name == "unix" or value in (_PRESENT, plain.get(key.value, ("", "", ""))[2]):
            continue
        if problem := _problem(key, subdir, value):
            lost.append(Lost(key.at, f"{key.value}: {stated.value} of {subdir}: {problem}"))
        else:
            values[name] = value
    return values


def _problem(key: Text, subdir: str, value: str) -> str:
    """Return why something can't be promised; ``""`` if it can."""
    if not key.value.startswith("__"):
        return "a virtual package's name begins with `__`"
    problem = promise_problem(subdir, key.value.removeprefix("__"), value)
    return problem[0] if problem else ""


def with_promises(imported: Imported, promises: Promises) -> Imported:
    """Add these promises to another file's content; its own promises win."""
    manifest = imported.manifest
    default = manifest.environments[DEFAULT_ENVIRONMENT]
    joined = {subdir: dict(values) for subdir, values in default.promises.items()}
    lost = []
    for subdir in manifest.platforms:
        existing = stated(subdir, default.promises)
        for name, value in promises.get(subdir, {}).items():
            if name not in existing:
                joined.setdefault(subdir, {})[name] = value
            elif existing[name] != value:
                what = f"{name}: {value} of {subdir}: the file itself promises {existing[name]}"
                lost.append(Lost(Location(manifest.files[0]), what))
    environments = {**manifest.environments, DEFAULT_ENVIRONMENT: default._replace(promises=joined)}
    return replace(imported, manifest=manifest._replace(environments=environments)).adding(lost)


def unused_promises(stated: StatedPromises, manifests: Sequence[Manifest]) -> list[Lost]:
    """Return the stated platforms that no imported file is for."""
    imported = {subdir for manifest in manifests for subdir in manifest.platforms}
    others = [subdir for subdir in stated.promises if subdir not in imported]
    return [Lost(Location(""), f"virtual packages of {', '.join(others)}")] if others else []
