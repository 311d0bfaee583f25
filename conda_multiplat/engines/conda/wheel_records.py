"""Wheels as records of a channel (``v3.whl`` of its repodata): rattler can't install them.

Its Gateway skips them in plain repodata but finds them in shards. So that both kinds of channel
give the same result, none is locked; if nothing else fits, the error lists the wheels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import rattler

from conda_multiplat.machine.files import local_path
from conda_multiplat.vocabulary.channels import base_url, public_name
from conda_multiplat.vocabulary.errors import DocumentError
from conda_multiplat.vocabulary.json_values import json_object


class Wheel(NamedTuple):
    """A wheel of a channel."""

    name: str
    version: str
    channel: str


def is_wheel(record: rattler.RepoDataRecord) -> bool:
    """Return whether a record is a wheel's."""
    return record.url.endswith(".whl")


def channels_of_wheels(records: Iterable[rattler.RepoDataRecord]) -> set[str]:
    """Return the base URLs of the channels that have some records as wheels."""
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
        """Return a package's records without wheels."""
        names = [name.normalized]
        by_subdir = await self._gateway.query(
            [self._channel], [platform], names, recursive=False, channel_relations="disabled"
        )
        return [record for records in by_subdir for record in records if not is_wheel(record)]

    def package_names(self, platform: rattler.Subdir) -> list[str]:
        """Return the names of all packages for a platform."""
        return self._names.get(str(platform), [])


async def without_wheels(
    gateway: rattler.Gateway, channel: rattler.Channel, subdirs: Sequence[rattler.Subdir]
) -> WithoutWheels:
    """Return channels without their wheels, for some platforms."""
    names = {
        str(subdir): [name.normalized for name in await gateway.names([channel], [subdir])]
        for subdir in subdirs
    }
    return WithoutWheels(gateway, channel, names)


class PlainWheels:
    """The wheels in channels' plain repodata, as far as it is on this disk.

    Args:
        cache: the folder with the Gateway's downloads.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known: dict[str, list[Wheel]] = {}

    def of(self, channel: str, subdir: str) -> list[Wheel]:
        """Return a channel's wheels for a platform, by its base URL.

        The file is read, not mapped into memory: rattler may replace it meanwhile.
        """
        place = f"{channel}/{subdir}/repodata.json"
        if place not in self._known:
            self._known[place] = _listed(self._text(place), channel)
        return self._known[place]

    def _text(self, place: str) -> bytes:
        try:
            if place.startswith("file://"):
                return local_path(place).read_bytes()
            notes = [note for note in self._cache.glob("*.info.json") if _url_of(note) == place]
            return b"".join(_copy(note).read_bytes() for note in notes[:1])
        except OSError:
            return b""


def _copy(note: Path) -> Path:
    """Return the cached file that a note describes."""
    return note.with_name(note.name.replace(".info.json", ".json"))


def _url_of(note: Path) -> str:
    """Return the URL of a cached file; ``""`` if it is unknown."""
    try:
        return public_name(str(json_object(note.read_text("utf-8")).get("url", "")))
    except (ValueError, DocumentError):
        return ""


def _listed(text: bytes, channel: str) -> list[Wheel]:
    if b'"whl"' not in text:  # nearly always, and the file can have hundreds of megabytes
        return []
    try:
        section = json_object(text.decode()).get("v3")
    except (ValueError, DocumentError):
        return []
    records = section.get("whl") if isinstance(section, dict) else None
    facts = [
        (record.get("name"), record.get("version"))
        for record in (records.values() if isinstance(records, dict) else ())
        if isinstance(record, dict)
    ]
    return [
        Wheel(name, version, channel)
        for name, version in facts
        if isinstance(name, str) and isinstance(version, str)
    ]


async def wheels(
    gateway: rattler.Gateway,
    plain: PlainWheels,
    channels: Sequence[str],
    subdirs: Sequence[rattler.Subdir],
    names: Sequence[str],
) -> list[Wheel]:
    """Return the channels' wheels of some packages.

    Args:
        gateway: for channels with shards.
        plain: for channels without.
        channels: their base URLs; they were read before.
        subdirs: the platforms.
        names: the packages' names.
    """
    sources = [rattler.Channel(url) for url in channels]
    records = await gateway.query(
        sources, subdirs, list(names), recursive=False, channel_relations="disabled"
    )
    all_wheels = [
        _wheel(record) for of_channel in records for record in of_channel if is_wheel(record)
    ]
    for url in channels:
        for subdir in subdirs:
            all_wheels += [wheel for wheel in plain.of(url, str(subdir)) if wheel.name in names]
    return list(dict.fromkeys(all_wheels))


def _wheel(record: rattler.RepoDataRecord) -> Wheel:
    return Wheel(record.name.normalized, str(record.version), _channel(record))


def _channel(record: rattler.RepoDataRecord) -> str:
    """Return the URL of a record's channel; its wheel can be on another server."""
    return public_name(record.channel or base_url(record.url)).rstrip("/")
