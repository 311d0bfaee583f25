"""Lists of the packages in a lock or in an environment, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conda_multiplat.lockfile.dependency_graph import Key
from conda_multiplat.lockfile.platform_changes import MENDED, UNKNOWN_ARCHIVE, Change, which_archive
from conda_multiplat.vocabulary.channels import base_url
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.records import PypiRecord, Record


@dataclass(frozen=True)
class Entry:
    """A package and the platforms that have the same version and build of it.

    Attributes:
        record: the package on the first of the platforms.
        platforms: the platforms, in the manifest's order.
        everywhere: whether these are all listed platforms, if there are several.
        asked: whether a line of the manifest names it on one of them.
    """

    record: Record
    platforms: tuple[str, ...]
    everywhere: bool
    asked: bool


@dataclass(frozen=True)
class Present:
    """A package of an environment on disk, or one that is missing there.

    Attributes:
        record: the package as installed, or as locked if it is missing.
        state: ``locked``, ``different``, ``unknown`` if its archive was not recorded, ``damaged``,
            ``extra`` or ``missing``.
        locked: the locked package with that name; ``None`` if the package is extra.
        asked: whether a line of the manifest asks for it.
        note: what is wrong with a damaged package's files.
    """

    record: Record
    state: str
    locked: Record | None
    asked: bool
    note: str = ""

    def words(self) -> str:
        """Return how it differs from the lock, in words; ``""`` if it doesn't."""
        if self.state == "damaged":
            return self.note
        if self.state not in ("different", "unknown") or self.locked is None:
            return {"extra": "not locked", "missing": "missing"}.get(self.state, "")
        if not _is_same_build(self.record, self.locked):
            return f"locked: {self.locked.version} {self.locked.build}".rstrip()
        return which_archive(self.record)


@dataclass(frozen=True)
class Filter:
    """Which packages are listed.

    Attributes:
        patterns: regular expressions that may match anywhere in the name; one match is enough.
        manager: ``conda`` or ``pypi``; ``None`` for both.
    """

    patterns: tuple[re.Pattern[str], ...] = ()
    manager: str | None = None

    def takes(self, record: Record) -> bool:
        """Return whether a package is listed."""
        if self.manager not in (None, record.manager):
            return False
        return not self.patterns or any(pattern.search(record.name) for pattern in self.patterns)


def patterns(texts: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """Return regular expressions for packages' names, ignoring case.

    Raises:
        UsageError: a text is not a regular expression.
    """
    return tuple(map(_pattern, texts))


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise UsageError(
            f"{text!r} is not a regular expression: {error}",
            hints=["`^numpy$` matches one name, `cuda` all that contain it"],
        ) from None


def entries(
    platforms: Mapping[str, Sequence[Record]], asked: Mapping[str, frozenset[Key]]
) -> list[Entry]:
    """Return the locked packages; platforms with the same version and build share an entry.

    Args:
        platforms: the packages of each platform.
        asked: the packages that a line asks for, by platform.
    """
    groups: dict[tuple[str, str, str, str], list[tuple[str, Record]]] = {}
    for subdir, records in platforms.items():
        for record in records:
            key = (record.name, record.manager, record.version, record.build)
            groups.setdefault(key, []).append((subdir, record))
    return [
        Entry(
            group[0][1],
            tuple(subdir for subdir, _ in group),
            everywhere=1 < len(platforms) == len(group),
            asked=any((manager, name) in asked[subdir] for subdir, _ in group),
        )
        for (name, manager, _, _), group in sorted(groups.items())
    ]


def present(
    installed: Sequence[Record],
    locked: Sequence[Record],
    changes: Iterable[Change],
    asked: frozenset[Key],
) -> list[Present]:
    """Return the packages that an environment has, and those that it lacks.

    Args:
        installed: the packages in it.
        locked: the locked packages.
        changes: the changes that would make the environment as locked.
        asked: the packages that a line asks for.
    """
    locked_by_key = {(package.manager, package.name): package for package in locked}
    change_of = {(change.manager, change.name): change for change in changes}
    packages = [
        Present(
            package,
            _state(change_of.get(key)),
            locked_by_key.get(key),
            asked=key in asked,
            note=change_of[key].note if key in change_of else "",
        )
        for package in installed
        if (key := (package.manager, package.name))
    ]
    packages += [
        Present(package.new, "missing", package.new, asked=key in asked)
        for key, package in change_of.items()
        if package.new is not None and package.old is None
    ]
    return sorted(packages, key=lambda package: (package.record.name, package.record.manager))


def _state(change: Change | None) -> str:
    if change is None:
        return "locked"
    if change.kind == MENDED:
        return "damaged"
    if change.new is None or change.old is None:
        return "extra"
    is_unknown = which_archive(change.old) == UNKNOWN_ARCHIVE
    same = _is_same_build(change.old, change.new)
    return "unknown" if same and is_unknown else "different"


def _is_same_build(one: Record, other: Record) -> bool:
    return (one.version, one.build) == (other.version, other.build)


def document(record: Record, subdir: str) -> dict[str, Any]:
    """Return a package with the keys of ``conda list --json``, and its manager and URL."""
    pypi = isinstance(record, PypiRecord)
    base = "" if pypi else base_url(record.url)
    parts = (record.name, record.version, record.build)
    return {
        "name": record.name,
        "version": record.version,
        "build_string": record.build,
        "channel": "pypi" if pypi else _channel(base),
        "base_url": base or None,
        "dist_name": "-".join(filter(None, parts)),
        "platform": subdir if pypi else _folder(record.url) or subdir,
        "manager": record.manager,
        "url": record.url,
    }


def _channel(base: str) -> str:
    """Return a channel's name as conda shows it: the part after the host."""
    parts = urlsplit(base)
    return parts.path.strip("/") if parts.netloc else parts.path.rsplit("/", 1)[-1]


def _folder(url: str) -> str:
    """Return the subdir in a package's URL, possibly ``noarch``; ``""`` if it has none."""
    return url.rsplit("/", 2)[-2] if url.count("/") > 1 else ""
