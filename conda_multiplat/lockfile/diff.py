"""Two locks -> what differs, the platforms that agree on a change together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.lockfile.platform_changes import Change, IsNewer, changes
from conda_multiplat.vocabulary.channels import base_url
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record

#: Kinds of changes in the order in which they are counted, with their words.
KINDS = {
    "added": "added",
    "removed": "removed",
    "upgraded": "upgraded",
    "downgraded": "downgraded",
    "rebuilt": "builds changed",
}


@dataclass(frozen=True)
class Difference:
    """One change of a package, and the platforms that have it.

    Attributes:
        change: the change, of the first of the platforms.
        platforms: the platforms, sorted.
        everywhere: whether these are all that both locks have, if they have several.
        place: the new URL, where the package is from another place than before, or is another
            archive of the same name: what a reviewer should see first.
    """

    change: Change
    platforms: tuple[str, ...]
    everywhere: bool
    place: str = ""

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
        differences: the changed packages, by name; first those from another place.
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
        """How many changes there are of each kind, in words."""
        kinds = [difference.change.kind for difference in self.differences]
        counts = {words: kinds.count(kind) for kind, words in KINDS.items()}
        return ", ".join(f"{count} {words}" for words, count in counts.items() if count)

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
    """What differs between two locks of an environment; one of them may be missing."""
    before = dict(old.platforms) if old else {}
    after = dict(new.platforms) if new else {}
    both = sorted(before.keys() & after.keys())
    hosts = {_host(record) for platform in before.values() for record in platform.every}
    found: dict[tuple[object, ...], list[tuple[str, Change]]] = {}
    for subdir in both:
        for each in _changes(before[subdir], after[subdir], is_newer):
            key = (*_key(each), bool(_other_place(each, hosts)))
            found.setdefault(key, []).append((subdir, each))
    differences = [
        Difference(
            group[0][1],
            subdirs,
            1 < len(both) == len(subdirs),
            _other_place(group[0][1], hosts),
        )
        for group in found.values()
        if (subdirs := tuple(subdir for subdir, _ in group))
    ]
    return EnvironmentDiff(
        name,
        tuple(sorted(differences, key=_order)),
        {each: len(after[each].every) for each in sorted(after.keys() - before.keys())},
        {each: len(before[each].every) for each in sorted(before.keys() - after.keys())},
    )


def _order(difference: Difference) -> tuple[object, ...]:
    return not difference.place, difference.change.name, difference.platforms


def _other_place(change: Change, hosts: Collection[str]) -> str:
    """The new URL, where it is one that a reviewer should look at; ``""`` where it is as before.

    Args:
        change: of a package.
        hosts: those that the old lock has anything from.
    """
    old, new = change.old, change.new
    if new is None:
        return ""
    if old is None:
        return new.url if hosts and _host(new) not in hosts else ""
    another = (old.version, old.build) == (new.version, new.build) and _archive(old) != _archive(
        new
    )
    return new.url if another or _place(old) != _place(new) else ""


def _place(record: Record) -> str:
    """Of conda's packages the channel, of PyPI's the server: its folders are no places."""
    return base_url(record.url) if isinstance(record, CondaRecord) else _host(record)


def _archive(record: Record) -> str | None:
    """What tells an archive from others of its version; of a repository its commit."""
    return record.sha256 or (record.url if isinstance(record, PypiRecord) else record.md5)


def _host(record: Record) -> str:
    parts = urlsplit(record.url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _changes(old: PlatformLock, new: PlatformLock, is_newer: IsNewer) -> Iterable[Change]:
    return [*changes(old.records, new.records, is_newer), *changes(old.pypi, new.pypi, is_newer)]


def _key(change: Change) -> tuple[object, ...]:
    """What platforms must agree on to be shown as one: builds differ on each anyway."""
    old, new = (record.version if record else None for record in (change.old, change.new))
    return change.name, change.manager, change.kind, old, new
