"""Differences between two locks, with equal changes of several platforms merged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.lockfile.platform_changes import Change, IsNewer, changes, same_archive
from conda_multiplat.vocabulary.channels import base_url
from conda_multiplat.vocabulary.records import CondaRecord, Record

#: Kinds of changes in the order of the summary, with the words for one and for several.
KINDS = {
    "added": ("added", "added"),
    "removed": ("removed", "removed"),
    "upgraded": ("upgraded", "upgraded"),
    "downgraded": ("downgraded", "downgraded"),
    "rebuilt": ("build changed", "builds changed"),
}


@dataclass(frozen=True)
class Difference:
    """One change of a package, and the platforms that have it.

    Attributes:
        change: the change on the first of the platforms.
        platforms: the platforms, sorted.
        everywhere: whether these are all platforms of both locks, if they have several.
        place: the new URL if the package comes from another channel or server than before, or is
            another archive with the same name; reviewers should see these first.
        others: the platforms of both locks without the change.
        sizes: the size of each platform's new archive in bytes, ``None`` if it is not known; empty
            if there are no new archives.
    """

    change: Change
    platforms: tuple[str, ...]
    everywhere: bool
    place: str = ""
    others: tuple[str, ...] = ()
    sizes: tuple[int | None, ...] = ()

    @property
    def where(self) -> str:
        """The platforms in the shortest unambiguous words."""
        if self.everywhere:
            return "all platforms"
        if len(self.others) == 1 and len(self.platforms) > len(self.others) + 1:
            return f"all but {self.others[0]}"
        return ", ".join(self.platforms)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            **self.change.to_dict(),
            "manager": self.change.manager,
            "platforms": list(self.platforms),
            **({"url": self.place} if self.place else {}),
        }


@dataclass(frozen=True)
class EnvironmentDiff:
    """What differs between two locks of an environment.

    Attributes:
        environment: its name.
        differences: the changed packages, by name, those from another place first.
        added: platforms that only the new lock has, with the number of their packages.
        removed: platforms that only the old lock has.
    """

    environment: str
    differences: tuple[Difference, ...]
    added: Mapping[str, int]
    removed: Mapping[str, int]

    def __bool__(self) -> bool:
        return bool(self.differences or self.added or self.removed)

    def summary(self) -> str:
        """Return the number of changes of each kind, in words."""
        kinds = [difference.change.kind for difference in self.differences]
        counts = [(kinds.count(kind), words) for kind, words in KINDS.items()]
        return ", ".join(
            f"{count} {one if count == 1 else more}" for count, (one, more) in counts if count
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "changes": [difference.to_dict() for difference in self.differences],
            "platforms_added": dict(self.added),
            "platforms_removed": dict(self.removed),
        }


def environment_diff(
    name: str, old: LockFile | None, new: LockFile | None, is_newer: IsNewer
) -> EnvironmentDiff:
    """Return the differences between two locks of an environment; one of them may be missing."""
    before = dict(old.platforms) if old else {}
    after = dict(new.platforms) if new else {}
    by_platform = {
        subdir: platform_changes(before[subdir], after[subdir], is_newer)
        for subdir in sorted(before.keys() & after.keys())
    }
    return EnvironmentDiff(
        name,
        differences(by_platform, old),
        {target: len(after[target].every) for target in sorted(after.keys() - before.keys())},
        {target: len(before[target].every) for target in sorted(before.keys() - after.keys())},
    )


def differences(
    by_platform: Mapping[str, Sequence[Change]], old: LockFile | None
) -> tuple[Difference, ...]:
    """Merge equal changes of several platforms; those from another place come first.

    Args:
        by_platform: the changes of each platform that is in both locks, the platforms sorted.
        old: the lock before these changes.
    """
    before = old.platforms.values() if old else ()
    hosts = {_host(record) for platform in before for record in platform.every}
    groups: dict[tuple[object, ...], dict[str, Change]] = {}
    for subdir, changes_of_platform in by_platform.items():
        for change in changes_of_platform:
            key = (*_key(change), bool(_other_place(change, hosts)))
            groups.setdefault(key, {})[subdir] = change
    result = []
    for group in groups.values():
        first = next(iter(group.values()))
        others = tuple(subdir for subdir in by_platform if subdir not in group)
        everywhere = len(by_platform) > 1 and not others
        place = _other_place(first, hosts)
        sizes = tuple(change.size for change in group.values() if change.comes)
        result.append(Difference(first, tuple(group), everywhere, place, others, sizes))
    return tuple(sorted(result, key=_order))


def _order(difference: Difference) -> tuple[object, ...]:
    return not difference.place, difference.change.name, difference.platforms


def _other_place(change: Change, hosts: Collection[str]) -> str:
    """Return the new URL if a reviewer should look at it; ``""`` if the place is as before.

    Args:
        change: the change of a package.
        hosts: the servers of the old lock's packages.
    """
    old, new = change.old, change.new
    if new is None:
        return ""
    if old is None:
        return new.url if hosts and _host(new) not in hosts else ""
    same_build = (old.version, old.build) == (new.version, new.build)
    another = same_build and not same_archive(old, new)
    return new.url if another or _place(old) != _place(new) else ""


def _place(record: Record) -> str:
    """Return a conda package's channel, or a PyPI package's server, whose folders don't matter."""
    return base_url(record.url) if isinstance(record, CondaRecord) else _host(record)


def _host(record: Record) -> str:
    parts = urlsplit(record.url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def platform_changes(old: PlatformLock, new: PlatformLock, is_newer: IsNewer) -> list[Change]:
    """Return the changes on a platform, first of conda's packages and then of PyPI's."""
    return [*changes(old.records, new.records, is_newer), *changes(old.pypi, new.pypi, is_newer)]


def _key(change: Change) -> tuple[object, ...]:
    """Return what must be equal to merge platforms' changes; their builds differ anyway."""
    old, new = (record.version if record else None for record in (change.old, change.new))
    return change.name, change.manager, change.kind, old, new
