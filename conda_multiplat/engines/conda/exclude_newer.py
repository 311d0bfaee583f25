"""Apply ``exclude-newer`` to channels.

rattler excludes records by one instant. If channels or packages have their own instants, or if its
version can't be told to accept records without a time, it gets records with modified times:
excluded ones have a date in the far future. So it still knows that they exist, for the channel
priority and for its explanation of a conflict.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import rattler

from conda_multiplat.engines.conda.rattler_versions import (
    KEEPS_UNDATED,
    KNOWS_INDEXED,
    cutoff,
    published,
    set_published,
)
from conda_multiplat.engines.conda.wheel_records import WithoutWheels
from conda_multiplat.vocabulary.exclude_newer import Cuts, whole_seconds

_NEVER = datetime(9999, 1, 1, tzinfo=timezone.utc)
_BEFORE_NEVER = int(datetime(9000, 1, 1, tzinfo=timezone.utc).timestamp())
#: A time of 0: to us it means no time, to rattler a time long ago.
_UNDATED = datetime.fromtimestamp(0, timezone.utc)


def time_of(record: rattler.PackageRecord) -> int:
    """Return when a record was published in seconds since 1970, rounded up; 0 if unknown."""
    return whole_seconds(published(record))


def warning() -> str:
    """Return a warning if this version of rattler knows no publication times; else ``""``."""
    if KNOWS_INDEXED:
        return ""
    return (
        f"warning: py-rattler {rattler.__version__} does not know when packages were added to "
        "channels (indexed_timestamp, from 0.27 on): exclude-newer uses their build times instead"
    )


def by_rattler_alone(cuts: Cuts) -> bool:
    """Return whether rattler's own exclusion is enough, or there is nothing to exclude."""
    return not cuts.can_exclude or (KEEPS_UNDATED and not cuts.channels and not cuts.packages)


def arguments(cuts: Cuts, *, dated: bool) -> dict[str, Any]:
    """Return arguments of ``rattler.solve``, for plain channels or for :class:`DatedSource`."""
    if dated:
        return cutoff(_BEFORE_NEVER)
    return {} if cuts.everything is None else cutoff(cuts.everything)


class DatedSource:
    """A channel whose records have modified times for rattler; a ``RepoDataSource``.

    Args:
        source: the channel.
        name: its name in the manifest.
        cuts: what is too new.
    """

    def __init__(self, source: WithoutWheels, name: str, cuts: Cuts) -> None:
        self._source = source
        self._name = name
        self._cuts = cuts

    async def fetch_package_records(
        self, platform: rattler.Subdir, name: rattler.PackageName
    ) -> list[rattler.RepoDataRecord]:
        """Return a package's records; those that are too new are dated in the far future."""
        cut = self._cuts.of(name.normalized, self._name)
        records = await self._source.fetch_package_records(platform, name)
        for record in records:
            time = time_of(record)
            if cut is not None and time > cut:
                set_published(record, _NEVER)
            elif not (time or KEEPS_UNDATED):
                set_published(record, _UNDATED)
        return records

    def package_names(self, platform: rattler.Subdir) -> list[str]:
        """Return the names of all packages for a platform."""
        return self._source.package_names(platform)
