"""What differs between two locks of one platform, as values and as words."""

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
        note: of a mended one, what is wrong with its files.
    """

    kind: str
    name: str
    old: Record | None
    new: Record | None
    note: str = ""

    @property
    def manager(self) -> str:
        """Whose package it is, ``conda`` or ``pypi``."""
        record = self.new or self.old
        return record.manager if record else ""

    @property
    def sign(self) -> str:
        """One character for the kind of change."""
        return _SIGNS.get(self.kind, "~")

    @property
    def comes(self) -> bool:
        """Whether there is an archive to have for it."""
        return self.new is not None

    @property
    def size(self) -> int | None:
        """That archive's bytes, ``None`` where they are not known."""
        return self.new.size if self.new else None

    @property
    def versions(self) -> str:
        """The version, or the old and the new one; what else differs where the version does not."""
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
        """The JSON form; versions and builds are null where there is no package."""
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
    """All changes from ``old`` to ``new``, by name.

    ``is_newer(a, b)`` says whether version a comes after version b.
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
    """What must change in a prefix to be as locked.

    Where an archive came from does not count, so that a mirror's is as good; another hash does.
    """
    return [
        change
        for change in changes(present, locked, is_newer)
        if not (change.kind == "rebuilt" and _is_as_good(change.old, change.new))
    ]


def with_mended(
    found: Sequence[Change], locked: Sequence[CondaRecord], damaged: Mapping[str, str]
) -> list[Change]:
    """The changes, and those of packages that would not change but for their files.

    Args:
        found: the changes.
        locked: what is locked.
        damaged: what is wrong with the files of a package.
    """
    known = {change.name for change in found}
    mended = [
        Change(MENDED, record.name, record, record, damaged[record.name])
        for record in locked
        if record.name in damaged and record.name not in known
    ]
    return sorted([*found, *mended], key=lambda change: change.name)


def _is_as_good(one: Record | None, other: Record | None) -> bool:
    """Return whether two builds are known to be of one archive, wherever each comes from."""
    if one is None or other is None or one.build != other.build:
        return False
    return bool(_common_hashes(one, other)) and same_archive(one, other)


def same_archive(one: Record, other: Record) -> bool:
    """Whether all hashes that both have agree, of which there must be one.

    Records without any (of a repository the URL has the commit) are compared by their URLs.
    """
    if common := _common_hashes(one, other):
        return all(mine == theirs for mine, theirs in common)
    hashes = (one.sha256, one.md5, other.sha256, other.md5)
    return not any(hashes) and one.url == other.url


def which_archive(old: Record | None) -> str:
    """What to say of a package that is not known to be of the locked archive, version and build.

    Who installs a wheel need not note of which it was: an index's is not (PEP 610).
    """
    noted = old is None or old.url or old.sha256 or old.md5
    return "another archive" if noted else UNKNOWN_ARCHIVE


def _common_hashes(one: Record, other: Record) -> list[tuple[str, str]]:
    pairs = ((one.sha256, other.sha256), (one.md5, other.md5))
    return [(mine, theirs) for mine, theirs in pairs if mine and theirs]


def packages(count: int, pypi: int = 0, kind: str = "package") -> str:
    """``1 package``, ``2 packages``; with some of PyPI ``2 packages + 1 from PyPI``."""
    more = f" + {pypi} from PyPI" if pypi else ""
    return f"{count} {kind}{'' if count == 1 else 's'}{more}"
