"""Decide whether an advisory affects a version, by OSV's rules and PEP 440's order.

1. A version in the list of versions is affected.
2. A version in a range is affected: its events are applied in the order of their versions, up to
   the version in question. A ``limit`` ends the range.
3. If there is neither a list nor a range, all versions are affected.

If an event can't be ordered, because it is older than PEP 440 or a commit, the list alone decides;
without a list, the version counts as affected, since it is not known to be clean.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from conda_multiplat.lockfile.audit.advisory import (
    FIXED,
    INTRODUCED,
    LAST_AFFECTED,
    LIMIT,
    Affected,
    Event,
)

#: OSV's words for "from the beginning" and "without a limit", in place of a version.
_ALWAYS = "0"
_NO_LIMIT = "*"
_LOWEST = Version("0.dev0")
#: The maximum length of a version; Python converts no numbers of thousands of digits.
_LONGEST = 1000
#: An event's kind and version; ``None`` means from the beginning, or without a limit.
_At = tuple[str, Version | None]


class Impact(NamedTuple):
    """The effect of an advisory on an affected version.

    Attributes:
        fixed: the version with the fix; ``">X"`` if X is only known to be the last affected one,
            ``""`` if none is known.
    """

    fixed: str = ""


def impact(affected: Affected, version: str) -> Impact | None:
    """Return the effect of an advisory on a version; ``None`` if the version is not affected.

    Args:
        affected: the advisory's part about the project.
        version: the version in PyPI's form; its local part (after ``+``, PEP 440) is ignored.
    """
    parsed = public_version(version)
    ranges = [_ordered(events) for events in affected.ranges]
    known = [events for events in ranges if events is not None]
    fixes = [fix for events in known if parsed and (fix := _fix(events, parsed)) is not None]
    if _is_listed(affected, version, parsed):
        return Impact(_last(fixes) or (_next_fix(known, parsed) if parsed else ""))
    if fixes:
        return Impact(_last(fixes))
    unordered = not ranges or len(known) < len(ranges)
    return Impact() if unordered and not affected.versions else None


@lru_cache(maxsize=1 << 16)
def public_version(version: str) -> Version | None:
    """Return a version without its local part; ``None`` if it is too long or not as in PEP 440."""
    if len(version) > _LONGEST:
        return None
    try:
        parsed = Version(version)
    except InvalidVersion:
        return None
    return parsed if parsed.local is None else Version(parsed.public)


def _is_listed(affected: Affected, version: str, parsed: Version | None) -> bool:
    if version in affected.versions:
        return True
    if parsed is None:
        return False
    alike = filter(_of_release(parsed).match, affected.versions)
    return any(public_version(other) == parsed for other in alike)


def _of_release(version: Version) -> re.Pattern[str]:
    """Return a pattern for the start of versions that may be equal: ``v01!2.10.0`` for ``1!2.10``.

    To parse a version as in PEP 440 takes ten times as long, and a list can have a million.
    """
    release = list(version.release)
    while len(release) > 1 and not release[-1]:
        release.pop()
    numbers = r"\.".join(f"0*{number}" for number in release)
    epoch = f"0*{version.epoch}!" if version.epoch else "(?:0+!)?"
    return re.compile(rf"\s*v?{epoch}{numbers}(?:\.0+)*(?![0-9]|\.[0-9])", re.IGNORECASE)


def _ordered(events: Sequence[Event]) -> list[_At] | None:
    """Return a range's events, sorted by version; ``None`` if one can't be ordered."""
    placed: list[_At] = []
    for kind, version in events:
        everywhere = version in {INTRODUCED: _ALWAYS, LIMIT: _NO_LIMIT}.get(kind, ())
        at = None if everywhere else public_version(version)
        if at is None and not everywhere:
            return None
        placed.append((kind, at))
    return sorted(placed, key=lambda event: (event[1] is not None, event[1] or _LOWEST))


def _fix(events: Sequence[_At], version: Version) -> str | None:
    """Return what ends the part of a range that contains a version; ``None`` if no part does."""
    limits = [at for kind, at in events if kind == LIMIT]
    if limits and not any(at is None or version < at for at in limits):
        return None
    inside = False
    for kind, at in events:
        if kind == INTRODUCED and (at is None or version >= at):
            inside = True
        elif kind == FIXED and at is not None:
            if inside and version < at:
                return str(at)
            inside = inside and version < at
        elif kind == LAST_AFFECTED and at is not None:
            if inside and version <= at:
                return f">{at}"
            inside = inside and version <= at
    return "" if inside else None


def _next_fix(ranges: Sequence[Sequence[_At]], version: Version) -> str:
    fixes = [at for events in ranges for kind, at in events if kind == FIXED and at is not None]
    return str(min((at for at in fixes if at > version), default=""))


def _last(fixes: Sequence[str]) -> str:
    """Return the latest of several fixes; ``""`` if there is none or one is unknown."""
    return "" if "" in fixes else max(fixes, key=_fix_order, default="")


def latest_fix(fixes: Sequence[str]) -> str:
    """Return the fix for all that several advisories state about one vulnerability: the latest."""
    return max(fixes, key=_fix_order, default="")


def _fix_order(fix: str) -> tuple[Version, bool]:
    return public_version(fix.removeprefix(">")) or _LOWEST, fix.startswith(">")
