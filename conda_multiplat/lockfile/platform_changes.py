"""Differences between two locks of one platform, as values and as words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conda_multiplat.vocabulary.records import CondaRecord, Record

_SIGNS = {"added": "+", "removed": "-", "upgraded": "↑", "downgraded": "↓", "rebuilt": "~"}
#: The kind of change for a package that is as locked, but whose files in a prefix are not.
MENDED = "mended"
#: The words for an installed package whose archive was not recorded.
UNKNOWN_ARCHIVE = "unknown archive"


#: Whether the first version comes after the second.
IsNewer = Callable[[str, str], bool]


@dataclass(frozen=True)
class Change:
    """One package's change.

    Attributes:
        kind: added, removed, upgraded, downgraded, rebuilt or mended.
        note: what is wrong with the files of a mended package.
    """

    kind: str
    name: str
    old: Record | None
    new: Record | None
    note: str = ""

    @property
    def manager(self) -> str:
        """The package's manager, ``conda`` or ``pypi``."""
        record = self.new or self.old
        return record.manager if record else ""

    @property
    def sign(self) -> str:
        """One character for the kind of change."""
        return _SIGNS.get(self.kind, "~")

    @property
    def comes(self) -> bool:
        """Whether a new archive is needed."""
        return self.new is not None

    @property
    def size(self) -> int | None:
        """The size of the new archive in bytes; ``None`` if it is not known."""
        return self.new.size if self.new else None

    @property
    def versions(self) -> str:
        """The version, or the old and the new one; if these are equal, what else differs."""
        if self.old is None or self.new is None:
            record = self.old or self.new
            return record.version if record else ""
        if self.note:
            return f"{self.new.version} ({self.note})"
        if self.old.version == self.new.version:
            return f"{self.new.version} {self._builds()}"
        return f"{self.old.version} → {self.new.version}"

    def __str__(self) -> str:
        return f"{self.sign} {self.name} {self.versions}"

    def _builds(self) -> str:
        old, new = (self.old.build, self.new.build) if self.old and self.new else ("", "")
        return f"({old} → {new})" if old != new else f"({which_archive(self.old)})"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; ``old`` or ``new`` is null if there is no such package."""
        return {
            "kind": self.kind,
            "name": self.name,
            "old": _shown(self.old),
            "new": _shown(self.new),
            **({"size": self.size} if self.size else {}),
        }


def _shown(record: Record | None) -> dict[str, str] | None:
    return {"version": record.version, "build": record.build} if record else None


def changes(old: Sequence[Record], new: Sequence[Record], is_newer: IsNewer) -> list[Change]:
    """Return all changes from ``old`` to ``new``, by name.

    ``is_newer(a, b)`` returns whether version a comes after version b.
    """
    before = {package.name: package for package in old}
    after = {package.name: package for package in new}
    result: list[Change] = []
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            result.append(Change("removed" if now is None else "added", name, was, now))
        elif was.version != now.version:
            kind = "upgraded" if is_newer(now.version, was.version) else "downgraded"
            result.append(Change(kind, name, was, now))
        elif (was.build, was.url) != (now.build, now.url) or not same_archive(was, now):
            result.append(Change("rebuilt", name, was, now))
    return result


def to_install(
    present: Sequence[Record],
    locked: Sequence[Record],
    is_newer: IsNewer,
) -> list[Change]:
    """Return the changes that make a prefix as locked.

    An archive from another place, such as a mirror, is not a change; another hash is.
    """
    return [
        change
        for change in changes(present, locked, is_newer)
        if not (change.kind == "rebuilt" and _is_as_good(change.old, change.new))
    ]


def with_mended(
    changed: Sequence[Change], locked: Sequence[CondaRecord], damaged: Mapping[str, str]
) -> list[Change]:
    """Return the changes, with those that only mend the files of packages.

    Args:
        changed: the changes.
        locked: the locked packages.
        damaged: name -> what is wrong with the files of that package.
    """
    known = {change.name for change in changed}
    mended = [
        Change(MENDED, record.name, record, record, damaged[record.name])
        for record in locked
        if record.name in damaged and record.name not in known
    ]
    return sorted([*changed, *mended], key=lambda change: change.name)


def _is_as_good(one: Record | None, other: Record | None) -> bool:
    """Return whether two builds are known to be of one archive, wherever each comes from."""
    if one is None or other is None or one.build != other.build:
        return False
    return bool(_common_hashes(one, other)) and same_archive(one, other)


def same_archive(one: Record, other: Record) -> bool:
    """Return whether the hashes that both records have agree; there must be at least one.

    Records without hashes are compared by their URLs (a repository's URL contains the commit).
    """
    if common := _common_hashes(one, other):
        return all(mine == theirs for mine, theirs in common)
    hashes = (one.sha256, one.md5, other.sha256, other.md5)
    return not any(hashes) and one.url == other.url


def which_archive(old: Record | None) -> str:
    """Return the words for a package with the locked version and build, but not the locked archive.

    Installers don't record the archive of a wheel that came from an index (PEP 610).
    """
    recorded = old is None or old.url or old.sha256 or old.md5
    return "another archive" if recorded else UNKNOWN_ARCHIVE


def _common_hashes(one: Record, other: Record) -> list[tuple[str, str]]:
    pairs = ((one.sha256, other.sha256), (one.md5, other.md5))
    return [(mine, theirs) for mine, theirs in pairs if mine and theirs]


def packages(count: int, pypi: int = 0, kind: str = "package") -> str:
    """Return ``1 package`` or ``2 packages``; with some from PyPI ``2 packages + 1 from PyPI``."""
    more = f" + {pypi} from PyPI" if pypi else ""
    return f"{count} {kind}{'' if count == 1 else 's'}{more}"
