"""The part of a manifest that is the same on every platform: name, platforms, ``multiplat:``."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from conda_multiplat.manifest import exclude_newer
from conda_multiplat.manifest.audit_options import Ignored, read_audit_options
from conda_multiplat.manifest.exclude_newer import FileRules, read_exclude_newer
from conda_multiplat.manifest.license_rules import LicenseRules, read_license_rules
from conda_multiplat.manifest.model import BASE_NAMES, Environment
from conda_multiplat.manifest.pypi_options import PypiOptions, read_pypi_options
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.names import (
    DEFAULT_ENVIRONMENT,
    FAMILIES,
    PREFIX_NAME_HINT,
    SUBDIRS,
    did_you_mean,
    is_device,
    is_prefix_name,
    nearest_or_all,
    unique,
)
from conda_multiplat.vocabulary.virtual_packages import promise_problem
from conda_multiplat.vocabulary.yaml_nodes import Reader, Text, is_null

TOP_LEVEL = (
    "name",
    "prefix",
    "channels",
    "dependencies",
    "variables",
    "platforms",
    "category",
    "multiplat",
)
#: conda-lock's own keys, with the equivalents that we read.
_CONDA_LOCK = {
    "pip-repositories": "write `- --extra-index-url URL` under `pip:`",
    "allow-pypi-requests": "write `- --index-url URL` under `pip:`",
}
MULTIPLAT = (
    "virtual-packages",
    "environments",
    "prefer",
    "pypi",
    "pypi-names",
    "solve-group",
    "licenses",
    "audit",
    *exclude_newer.KEYS,
)
ENVIRONMENT = (
    "name",
    "extends",
    "platforms",
    "virtual-packages",
    "channels",
    "dependencies",
    "solve-group",
)

#: What applies without ``platforms``, at the top and in an environment.
_TOP_PLATFORMS = "then each run locks for the machine that runs it"
_OWN_PLATFORMS = "then it has those of the environments that it extends"
ENVIRONMENT_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"


class Head:
    """The content of one file that doesn't depend on the platform."""

    def __init__(self) -> None:
        self.name: Text | None = None
        self.platforms: tuple[str, ...] = ()
        self.promises: dict[str, dict[str, str | None]] = {}
        self.promise_places: dict[str, dict[str, Location]] = {}
        self.environments: dict[str, Environment] = {}
        self.prefer: tuple[Text, ...] = ()
        self.pypi_names: dict[str, tuple[str, ...]] = {}
        self.pypi = PypiOptions()
        self.licenses = LicenseRules()
        self.exclude_newer = FileRules()
        self.solve_group = ""
        self.ignored: tuple[Ignored, ...] = ()
        self.warnings: list[str] = []


def read_head(reader: Reader, pairs: Sequence[tuple[Text, yaml.Node]]) -> Head:
    """Read the keys of a whole file, adding problems to ``reader``.

    A key may occur twice under different selectors, so the last one counts here; duplicates are
    detected for each platform.
    """
    head = Head()
    for key, node in pairs:
        _head_key(reader, key, node, head)
    if pairs and not any(key.value == "dependencies" for key, _ in pairs):
        hint = "write `dependencies:` and a list; `dependencies: []` if there is nothing"
        reader.problem(Location(reader.file), "no `dependencies`", hint)
    return head


def _head_key(reader: Reader, key: Text, node: yaml.Node, head: Head) -> None:
    match key.value:
        case "name":
            head.name = _name(reader, node)
        case "platforms":
            head.platforms = _platforms(reader, node, _TOP_PLATFORMS)
        case "multiplat":
            _multiplat(reader, node, head)
        case "category":
            reader.text(node, "category")
        case unknown if unknown not in TOP_LEVEL:
            hint = _CONDA_LOCK.get(unknown) or did_you_mean(unknown, TOP_LEVEL)
            message = f"{key.at}: unknown key {unknown!r} is ignored"
            head.warnings.append(f"{message} ({hint})" if hint else message)


def _name(reader: Reader, node: yaml.Node) -> Text | None:
    if is_null(node):
        return None
    name = reader.text(node, "name")
    if name is None:
        return None
    if not is_prefix_name(name.value):
        reader.problem(node, f"{name.value!r} can't be an environment's name", PREFIX_NAME_HINT)
    return name


def _platforms(reader: Reader, node: yaml.Node, otherwise: str) -> tuple[str, ...]:
    """Return the platforms; ``otherwise`` says what applies without the key.

    An empty list names none, but would be taken as if the key were absent. A key without a value
    is one that nobody has filled in, which is absent everywhere in a manifest.
    """
    what = "platforms"
    reader.no_selectors(node, what)
    names = reader.texts(node, what)
    if isinstance(node, yaml.SequenceNode) and not node.value:
        hint = f"list some, such as `[linux-64, osx-arm64]`, or leave out the key: {otherwise}"
        reader.problem(node, "platforms is empty: there would be nothing to lock for", hint)
    for text in names:
        _platform(reader, text)
    return unique(text.value for text in names)


def _platform(reader: Reader, text: Text) -> None:
    if text.value == "noarch":
        hint = "noarch packages come with every platform: write the platforms themselves"
        reader.problem(text.at, "'noarch' is not a platform to solve for", hint)
    elif text.value not in SUBDIRS:
        hint = nearest_or_all(text.value, SUBDIRS)
        reader.problem(text.at, f"unknown platform {text.value!r}", hint)


def _multiplat(reader: Reader, node: yaml.Node, head: Head) -> None:
    keys = reader.known(node, "multiplat", MULTIPLAT)
    if promises := keys.get("virtual-packages"):
        head.promises = _promises(reader, promises[1])
        head.promise_places = _promise_places(reader, promises[1])
    if preferred := keys.get("prefer"):
        reader.no_selectors(preferred[1], "prefer")
        head.prefer = reader.texts(preferred[1], "prefer")
    if names := keys.get("pypi-names"):
        reader.no_selectors(names[1], "pypi-names")
        for name, (_, child) in reader.mapping(names[1], "pypi-names").items():
            head.pypi_names[name.lower()] = _projects(reader, name, child)
    if options := keys.get("pypi"):
        head.pypi = read_pypi_options(reader, options[1])
    if rules := keys.get("licenses"):
        head.licenses = read_license_rules(reader, rules[1])
    if audit := keys.get("audit"):
        head.ignored = read_audit_options(reader, audit[1])
    head.exclude_newer = read_exclude_newer(reader, keys)
    head.solve_group = _solve_group(reader, keys)
    if environments := keys.get("environments"):
        for key, child in reader.mapping(environments[1], "environments").values():
            head.environments[key.value] = _environment(reader, key, child)


def _projects(reader: Reader, name: str, node: yaml.Node) -> tuple[str, ...]:
    """Return the PyPI projects that a conda package provides: a name, a list, or none (null)."""
    if is_null(node):
        return ()
    if isinstance(node, yaml.SequenceNode):
        return tuple(text.value for text in reader.texts(node, name))
    text = reader.text(node, name)
    return (text.value,) if text else ()


def _solve_group(reader: Reader, keys: dict[str, tuple[Text, yaml.Node]]) -> str:
    """Return the name of an environment's solve-group; ``""`` if it has none."""
    group = keys.get("solve-group")
    if group is None or is_null(group[1]):
        return ""
    reader.no_selectors(group[1], "solve-group")
    text = reader.text(group[1], "solve-group")
    return text.value if text else ""


def _environment(reader: Reader, key: Text, node: yaml.Node) -> Environment:
    what = f"environment {key.value!r}"
    if key.value == DEFAULT_ENVIRONMENT:
        hint = "write its dependencies at the top level"
        reader.problem(key.at, "environment 'default' always exists", hint)
    elif not re.fullmatch(ENVIRONMENT_NAME, key.value):
        hint = "it is part of a file name: write letters, digits, `-`, `_` and `.`"
        reader.problem(key.at, f"{key.value!r} can't be an environment's name", hint)
    elif is_device(key.value):  # Windows could not check out such a lock
        hint = "it is part of a file name, which Windows reserves for a device: choose another"
        reader.problem(key.at, f"{key.value!r} can't be an environment's name", hint)
    keys = reader.known(node, what, ENVIRONMENT)
    extends: tuple[str, ...] = (DEFAULT_ENVIRONMENT,)
    if parents := keys.get("extends"):
        reader.no_selectors(parents[1], "extends")
        extends = tuple(text.value for text in reader.texts(parents[1], "extends"))
    platforms: tuple[str, ...] = ()
    if "platforms" in keys:
        platforms = _platforms(reader, keys["platforms"][1], _OWN_PLATFORMS)
    environment = Environment(
        key.value,
        key.at,
        extends,
        platforms,
        solve_group=_solve_group(reader, keys),
        own_name=_own_name(reader, keys),
    )
    if "virtual-packages" not in keys:
        return environment
    stated = keys["virtual-packages"][1]
    return environment._replace(
        promises=_promises(reader, stated), promise_places=_promise_places(reader, stated)
    )


def _own_name(reader: Reader, keys: dict[str, tuple[Text, yaml.Node]]) -> str:
    """Return an environment's ``name:``, that of its conda environment; ``""`` if it has none."""
    if "name" not in keys:
        return ""
    reader.no_selectors(keys["name"][1], "name")
    name = _name(reader, keys["name"][1])
    if name and name.value in BASE_NAMES:
        hint = "choose another name for the environment"
        reader.problem(name.at, f"name: {name.value} is conda's base environment", hint)
    return name.value if name else ""


def _promises(reader: Reader, node: yaml.Node) -> dict[str, dict[str, str | None]]:
    reader.no_selectors(node, "virtual-packages")
    known = (*SUBDIRS, *FAMILIES)
    promises: dict[str, dict[str, str | None]] = {}
    for name, (key, child) in reader.mapping(node, "virtual-packages").items():
        if name not in known:
            hint = did_you_mean(name, known, "write a platform, or linux, osx, win or unix")
            reader.problem(key.at, f"unknown platform or family {name!r}", hint)
        promises[name] = _promises_of(reader, name, child)
    return promises


def _promise_places(reader: Reader, node: yaml.Node) -> dict[str, dict[str, Location]]:
    """Return the location of each promise; mistakes are found by :func:`_promises`."""
    platforms = reader.mapping(node, "virtual-packages").items()
    return {
        platform: {name: key.at for name, (key, _) in reader.mapping(child, platform).items()}
        for platform, (_, child) in platforms
    }


def _promises_of(reader: Reader, platform: str, node: yaml.Node) -> dict[str, str | None]:
    promises: dict[str, str | None] = {}
    for name, (key, child) in reader.mapping(node, platform).items():
        text = None if is_null(child) else reader.text(child, f"{platform}'s {name}")
        value = text.value if text else None
        if problem := promise_problem(platform, name, value):
            reader.problem(key.at, *problem)
        promises[name] = value
    return promises
