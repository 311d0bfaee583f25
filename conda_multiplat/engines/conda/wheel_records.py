"""Wheels as records of a channel (``v3.whl`` of its repodata): rattler can't install them.

Its Gateway passes over them in plain repodata and finds them in shards. So that both kinds of
channel mean the same, none is locked; where nothing else would do, the error says what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import rattler
from rattler.exceptions import FetchRepoDataError, GatewayError, IoError
from rattler.networking.fetch_repo_data import FetchRepoDataOptions, fetch_repo_data

from conda_multiplat.vocabulary.channels import base_url, public_name

_WITH_WHEELS = rattler.PackageFormatSelection.PREFER_CONDA_WITH_WHL
_CACHED = FetchRepoDataOptions(cache_action="force-cache-only")


class Wheel(NamedTuple):
    """A wheel that a channel has."""

    name: str
    version: str
    channel: str


def is_wheel(record: rattler.RepoDataRecord) -> bool:
    """Whether a record is that of a wheel."""
    return record.url.endswith(".whl")


def channels_of_wheels(records: Iterable[rattler.RepoDataRecord]) -> set[str]:
    """The base URLs of the channels that some records have as wheels."""
    return {_channel(record) for record in records if is_wheel(record)}


class WithoutWheels:
    """A channel without its wheels; implements :class:`rattler.RepoDataSource`."""

    def __init__(
        self, gateway: rattler.Gateway, channel: rattler.Channel, names: Mapping[str, list[str]]
    ) -> None:
        self._gateway = gateway
        self._channel = channel
        self._names = names

    async def fetch_package_records(
        self, platform: rattler.Subdir, name: rattler.PackageName
    ) -> list[rattler.RepoDataRecord]:
        """The records of a package that are no wheels."""
        names = [name.normalized]
        found = await self._gateway.query(
            [self._channel], [platform], names, recursive=False, channel_relations="disabled"
        )
        return [record for records in found for record in records if not is_wheel(record)]

    def package_names(self, platform: rattler.Subdir) -> list[str]:
        """The names of all packages for a platform."""
        return self._names.get(str(platform), [])


async def without_wheels(
    gateway: rattler.Gateway, channel: rattler.Channel, subdirs: Sequence[rattler.Subdir]
) -> WithoutWheels:
    """A channel without its wheels, for some platforms."""
    names = {
        str(subdir): [name.normalized for name in await gateway.names([channel], [subdir])]
        for subdir in subdirs
    }
    return WithoutWheels(gateway, channel, names)


async def wheels(
    gateway: rattler.Gateway,
    cache: Path,
    channels: Sequence[rattler.Channel],
    subdirs: Sequence[rattler.Subdir],
    names: Sequence[str],
) -> list[Wheel]:
    """The wheels that channels have of some packages.

    Args:
        gateway: for channels with shards.
        cache: where the Gateway keeps plain repodata.
        channels: the channels, which have been read.
        subdirs: the platforms.
        names: of the packages.
    """
    records = await gateway.query(
        channels, subdirs, list(names), recursive=False, channel_relations="disabled"
    )
    found = [record for of_channel in records for record in of_channel]
    for channel in channels:
        for subdir in subdirs:
            found += await _plain(cache, channel, subdir, names)
    return list(dict.fromkeys(_wheel(record) for record in found if is_wheel(record)))


async def _plain(
    cache: Path, channel: rattler.Channel, subdir: rattler.Subdir, names: Sequence[str]
) -> list[rattler.RepoDataRecord]:
    """All that plain repodata has of some packages, where the Gateway has fetched it."""
    try:
        (repodata,) = await fetch_repo_data(
            channels=[channel],
            platforms=[subdir],
            cache_path=cache,
            callback=None,
            fetch_options=_CACHED,
        )
        return [
            record
            for name in names
            for record in repodata.load_records(rattler.PackageName(name), _WITH_WHEELS)
        ]
    except (FetchRepoDataError, GatewayError, IoError):
        return []


def _wheel(record: rattler.RepoDataRecord) -> Wheel:
    return Wheel(record.name.normalized, str(record.version), _channel(record))


def _channel(record: rattler.RepoDataRecord) -> str:
    """The URL of a record's channel, whose wheels can be anywhere."""
    return public_name(record.channel or base_url(record.url)).rstrip("/")
