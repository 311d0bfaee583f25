"""Check a ``pixi.lock`` before it is read: types of its values, and that nothing is there twice.

pixi writes one entry of each file, and one package of each name in an environment on a platform.
After a bad merge or an edit, there can be two; a ``conda-lock.yml`` with both could not be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from conda_multiplat.lockfile.shape import Fault, Path, kind_faults
from conda_multiplat.vocabulary.names import project_name

#: The kinds of packages, which are keys of their entries.
KINDS = ("conda", "conda_source", "pypi")
#: The suffixes of conda's archives.
ARCHIVES = (".conda", ".tar.bz2")
_ARCHIVE = re.compile(r"[^/]+-[^/-]+-[^/-]+$")
#: The keys of an entry whose values are text, and lists of text.
_TEXTS = ("build", "md5", "name", "sha256", "subdir", "version")
_LISTS = ("constrains", "depends", "requires_dist")

Entry = Mapping[str, Any]


def pixi_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong in a ``pixi.lock``, except packages without an entry."""
    wrong = [*_environments(data.get("environments")), *_packages(data.get("packages") or [])]
    yield from wrong or _twice(data)


def key_of(entry: Entry) -> tuple[str, str]:
    """Return a package's identity: its kind and its place."""
    kind = next(kind for kind in KINDS if kind in entry)
    return kind, entry[kind]


def archive_parts(place: str) -> list[str]:
    """Return the name, version and build in the file name of an archive (CEP 26)."""
    stem = unquote(place.rsplit("/", 1)[-1]).removesuffix(".conda").removesuffix(".tar.bz2")
    return stem.rsplit("-", 2)


def _environments(environments: Any) -> Iterator[Fault]:
    at: Path = ("environments",)
    yield from kind_faults(environments, dict, at)
    for name, environment in _items(environments):
        yield from kind_faults(environment, dict, (*at, name))
        if isinstance(environment, dict):
            yield from _environment(environment, (*at, name))


def _environment(environment: Entry, at: Path) -> Iterator[Fault]:
    channels, packages = environment.get("channels") or [], environment.get("packages") or {}
    yield from kind_faults(channels, list, (*at, "channels"))
    for index, channel in _entries(channels):
        here = (*at, "channels", index)
        yield from kind_faults(channel, dict, here)
        if isinstance(channel, dict):
            yield from kind_faults(channel.get("url"), str, (*here, "url"))
    yield from kind_faults(packages, dict, (*at, "packages"))
    for platform, named in _items(packages):
        here = (*at, "packages", platform)
        yield from kind_faults(named, list, here)
        for index, entry in _entries(named):
            yield from _identity(entry, (*here, index))


def _packages(packages: Any) -> Iterator[Fault]:
    at: Path = ("packages",)
    yield from kind_faults(packages, list, at)
    for index, entry in _entries(packages):
        here = (*at, index)
        wrong = list(_identity(entry, here))
        yield from wrong or _values(entry, here)


def _identity(entry: Any, at: Path) -> Iterator[Fault]:
    yield from kind_faults(entry, dict, at)
    if isinstance(entry, dict):
        kind = next((kind for kind in KINDS if kind in entry), None)
        if kind is None:
            yield Fault(at, f"an entry of packages is none of {', '.join(KINDS)}")
        else:
            yield from kind_faults(entry[kind], str, (*at, kind))


def _values(entry: Entry, at: Path) -> Iterator[Fault]:
    kind, place = key_of(entry)
    for key in _TEXTS:
        if entry.get(key) is not None:
            yield from kind_faults(entry[key], str, (*at, key))
    for key in _LISTS:
        texts = entry.get(key) or []
        yield from kind_faults(texts, list, (*at, key))
        for index, text in _entries(texts):
            yield from kind_faults(text, str, (*at, key, index))
    if kind == "conda" and place.endswith(ARCHIVES) and not _ARCHIVE.search(place):
        yield Fault((*at, kind), f"{place:.80} is not named NAME-VERSION-BUILD")
    if kind == "pypi" and not entry.get("name"):
        yield from kind_faults(None, str, (*at, "name"))


def _twice(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield entries of one file that differ, and packages of one name on a platform."""
    entries: dict[tuple[str, str], Entry] = {}
    for index, entry in _entries(data.get("packages") or []):
        kind, place = key = key_of(entry)
        is_file = kind == "pypi" or place.endswith(ARCHIVES)
        # variants of a package that pixi builds may have the same place
        if entries.setdefault(key, entry) != entry and is_file:
            yield Fault(("packages", index, kind), f"{place:.80} appears twice, and differs")
    for name, environment in data["environments"].items():
        for platform, named in (environment.get("packages") or {}).items():
            at: Path = ("environments", name, "packages", platform)
            yield from _of_one_name(named, entries, at, f"{name}/{platform}")


def _of_one_name(
    named: list[Entry], entries: Mapping[tuple[str, str], Entry], at: Path, target: str
) -> Iterator[Fault]:
    places: dict[tuple[str, str], str] = {}
    for index, reference in enumerate(named):
        kind, place = key = key_of(reference)
        name = _name(kind, place, entries.get(key, reference))
        if name and places.setdefault((kind, name), place) != place:
            whose = "PyPI" if kind == "pypi" else "conda"
            message = f"{whose} package {name} is locked more than once for {target}"
            yield Fault((*at, index, kind), message)


def _name(kind: str, place: str, entry: Entry) -> str:
    """Return a package's name; ``""`` for what pixi builds."""
    if kind == "pypi":
        return project_name(entry.get("name") or "")
    if kind != "conda" or not place.endswith(ARCHIVES):
        return ""
    return str(entry.get("name") or archive_parts(place)[0]).lower()


def _items(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _entries(value: Any) -> list[tuple[int, Any]]:
    return list(enumerate(value)) if isinstance(value, list) else []
