"""Check the types of values in a lock (CEP 37) before it is read: text, lists, mappings.

Anybody can write a lock, and the code that reads it relies on the types.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import yaml

from conda_multiplat.vocabulary.channels import CHANNEL_PRIORITIES
from conda_multiplat.vocabulary.errors import Location, Problem
from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.yaml_nodes import Loader

#: Keys and indices from the top of the document.
Path = tuple[str | int, ...]
_KINDS: tuple[tuple[type, str], ...] = (
    (type(None), "nothing"),
    (bool, "true or false"),
    (str, "text"),
    (int, "a number"),
    (float, "a number"),
    (list, "a list"),
    (dict, "a mapping"),
)
_PRIORITY = "multiplat.channel-priority"
#: The maximum length of an invalid text in a message.
_SHOWN = 40
#: The maximum number of faults in a message.
_MOST = 20
_PACKAGE_TEXTS = ("name", "version", "manager", "platform", "url")
_OPTIONAL_TEXTS = ("build", "category")


class Fault(NamedTuple):
    """A value that is not what it has to be."""

    path: Path
    message: str
    hint: str = ""


def head_faults(metadata: dict[str, Any]) -> Iterator[Fault]:
    """Yield the faults in ``metadata``; missing keys and older forms are fine."""
    at: Path = ("metadata",)
    if not isinstance(hashes := metadata.get("content_hash") or {}, str):
        yield from _texts_by_key(hashes, (*at, "content_hash"))
    for key in ("platforms", "sources"):
        yield from _texts(metadata.get(key) or [], (*at, key))
    channels = metadata.get("channels") or []
    yield from kind_faults(channels, list, (*at, "channels"))
    for index, channel in enumerate(channels if isinstance(channels, list) else ()):
        here = (*at, "channels", index)
        if isinstance(channel, dict):
            yield from kind_faults(channel.get("url"), str, (*here, "url"))
            yield from _texts(channel.get("used_env_vars") or [], (*here, "used_env_vars"))
        elif not isinstance(channel, str):
            yield from kind_faults(channel, dict, here)
    custom = metadata.get("custom_metadata")
    at = (*at, "custom_metadata")
    yield from _texts_by_key({} if custom is None else custom, at)
    priority = custom.get(_PRIORITY, "") if isinstance(custom, dict) else ""
    if isinstance(priority, str) and priority not in ("", *CHANNEL_PRIORITIES):
        hint = f"write {', '.join(CHANNEL_PRIORITIES)}"
        yield Fault((*at, _PRIORITY), f"unknown channel priority {priority[:_SHOWN]!r}", hint)


def package_faults(packages: Any) -> Iterator[Fault]:
    """Yield the faults in ``package``."""
    yield from kind_faults(packages, list, ("package",))
    for index, package in enumerate(packages if isinstance(packages, list) else ()):
        here: Path = ("package", index)
        if isinstance(package, dict):
            yield from _package_faults(package, here)
        else:
            yield from kind_faults(package, dict, here)


def duplicate_packages(packages: Iterable[dict[str, Any]], *, by_category: bool) -> Iterator[Fault]:
    """Yield the packages that occur more than once on a platform.

    Args:
        packages: the packages, whose values have the right types.
        by_category: whether one entry for each category is allowed, if they have the same archive.
    """
    first: dict[tuple[str, ...], dict[str, Any]] = {}
    entries: set[tuple[str, ...]] = set()
    for index, package in enumerate(packages):
        manager, platform = package["manager"], package["platform"]
        is_pip = manager == "pip"
        name = project_name(package["name"]) if is_pip else package["name"].lower()
        key = (name, manager, platform)
        entry = (*key, package.get("category") or "main") if by_category else key
        other = first.setdefault(key, package)
        if other is not package and (entry in entries or not _is_one_archive(other, package)):
            manager_name = "PyPI" if is_pip else "conda"
            message = f"{manager_name} package {name} is locked more than once for {platform}"
            yield Fault(("package", index, "name"), message)
        entries.add(entry)


def _is_one_archive(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two entries are of one file; a hash that only one has is no difference."""
    hashes, others = one.get("hash") or {}, other.get("hash") or {}
    return one["url"] == other["url"] and all(
        hashes[kind] == others[kind] for kind in hashes.keys() & others.keys()
    )


def _package_faults(package: dict[str, Any], at: Path) -> Iterator[Fault]:
    wrong = [
        key
        for key in (*_PACKAGE_TEXTS, *_OPTIONAL_TEXTS)
        if not isinstance(value := package.get(key), str)
        and (key in _PACKAGE_TEXTS or value is not None)
    ]
    for key in wrong:
        yield from kind_faults(package.get(key), str, (*at, key))
    for key in ("hash", "dependencies"):
        values = package.get(key)
        if not isinstance(values, dict):
            if values is not None:
                yield from kind_faults(values, dict, (*at, key))
        elif not all(isinstance(name, str) for name in values) or not all(
            value is None or isinstance(value, str) for value in values.values()
        ):
            yield from _texts_by_key(
                {name: value for name, value in values.items() if value is not None}, (*at, key)
            )
    if "manager" not in wrong and package["manager"] not in ("conda", "pip"):
        yield Fault(
            (*at, "manager"), f"unknown manager {package['manager']!r}", "write conda or pip"
        )


def _texts(value: Any, at: Path) -> Iterator[Fault]:
    yield from kind_faults(value, list, at)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from kind_faults(item, str, (*at, index))


def _texts_by_key(value: Any, at: Path) -> Iterator[Fault]:
    yield from kind_faults(value, dict, at)
    for key, item in value.items() if isinstance(value, dict) else ():
        if not isinstance(key, str):
            yield Fault(at, f"a key of {at[-1]} is {kind_of(key)}, not text", "put it in quotes")
        else:
            yield from kind_faults(item, str, (*at, key))


def kind_faults(value: Any, expected: type, at: Path) -> Iterator[Fault]:
    """Yield a fault if a value does not have a type; ``None`` counts as missing."""
    if isinstance(value, expected):
        return
    words = kind_of(expected())
    what = next((str(key) for key in reversed(at) if isinstance(key, str)), "")
    if isinstance(at[-1], int):
        what = f"an entry of {what}"
    if value is None:
        yield Fault(at, f"{what} is missing; it must be {words}")
        return
    quotes = expected is str and not isinstance(value, (list, dict))
    yield Fault(at, f"{what} is {kind_of(value)}, not {words}", "put it in quotes" * quotes)


def kind_of(value: object) -> str:
    """Return the type of a YAML value, in words."""
    return next((words for kind, words in _KINDS if isinstance(value, kind)), "a date")


def places_of(text: str, paths: Iterable[Path]) -> list[tuple[int, int]]:
    """Return the line and the column, from 1, of each value, or of the innermost one around it."""
    try:
        root = yaml.compose(text, Loader=Loader)
    except yaml.YAMLError:
        root = None
    return [_place(root, path) for path in paths]


def _place(node: yaml.Node | None, path: Path) -> tuple[int, int]:
    for key in path:
        node = _child(node, key) or node
    return (node.start_mark.line + 1, node.start_mark.column + 1) if node else (0, 0)


def _child(node: yaml.Node | None, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((v for k, v in reversed(node.value) if getattr(k, "value", None) == key), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        child: yaml.Node = node.value[key]
        return child
    return None


def first_problems(
    text: str, file: str, faults: Sequence[Fault], hint: str = ""
) -> tuple[list[Problem], list[str]]:
    """Return the first faults of a file with their places, sorted, and how many more there are.

    Args:
        text: the file's content.
        file: its name.
        faults: its faults.
        hint: what to do about each, beside its own hint.
    """
    first = faults[:_MOST]
    problems = [
        Problem(Location(file, *place), fault.message, "; ".join(filter(None, (fault.hint, hint))))
        for fault, place in zip(first, places_of(text, [f.path for f in first]), strict=True)
    ]
    more = [f"and {len(faults) - _MOST} more"] if len(faults) > _MOST else []
    return sorted(problems), more
