"""Where a lock's packages are, without reading it as YAML, which takes ten times as long.

Entries as ``lockfile.write`` writes them are matched as a whole, and nothing else may be in the
section: then each URL that YAML would see is on a line that was looked at. (A quoted text could
hide lines, never add one. ``install`` looks at the records themselves.) Any other lock is read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.read import read_lock, unquoted

_DEPENDENCIES = rb"\n  dependencies:.*\n(?:    .*\n)*"
_AFTER_URL = rb"\n  hash:.*(?:\n    .*)*(?:\n  build: .*)?\n  category: .*\n  optional: false(?=\n)"
#: A conda package whose URL is its own: it has the package's platform, name and version in it.
_OWN_URL = re.compile(
    rb"\n- name: (.*)\n  version: ('?)(.*)\2\n  manager: conda\n  platform: (.*)"
    + _DEPENDENCIES
    + rb"  url: (.*)/(?:\4|noarch)/\1-\3-[^-/%\n]*(?:\.conda|\.tar\.bz2)"
    + _AFTER_URL
)
_TEXT = rb"([A-Za-z0-9_./*][A-Za-z0-9_./:+@%!*~-]*|'[^'\n]*')"
_ENTRY = re.compile(
    (
        rb"\n- name: TEXT\n  version: TEXT\n  manager: (conda|pip)\n  platform: TEXT"
        + _DEPENDENCIES
        + rb"  url: TEXT"
        + _AFTER_URL
    ).replace(b"TEXT", _TEXT)
)
#: What a channel's URL never has, and YAML would take for more than text.
_ODD = re.compile(r"""[\s'"#]""")


class Place(NamedTuple):
    """Where the lock says that a package is."""

    name: str
    version: str
    url: str


class Places(NamedTuple):
    """The places of the packages of a platform.

    ``own`` has the names of the conda packages whose URL is their own, by the URL of the channel
    that it is in; ``others`` of conda's, and PyPI's, are to be looked at one by one.
    """

    own: dict[str, list[str]]
    others: list[Place]
    pypi: list[Place]


def package_places(content: bytes, file: str) -> dict[str, Places]:
    """The places of a lock's packages, by platform.

    Args:
        content: a lock file's.
        file: its name.

    Raises:
        LockFileError: it can't be read.
    """
    section = content[content.find(b"\npackage:") :]
    if b"\r" in section:
        section = section.replace(b"\r\n", b"\n")
    # YAML ends lines at these too
    plain = section.isascii() and b"\r" not in section
    return (_by_layout(section) if plain else None) or _by_yaml(content.decode("utf-8-sig"), file)


def _by_layout(section: bytes) -> dict[str, Places] | None:
    """``None`` where there is more than entries as we write them."""
    own, rest = _of_their_own(section)
    parts = _ENTRY.split(rest)
    more = b"".join(parts[::6])
    if more not in (b"\npackage:\n", b"\npackage: []\n"):
        return None
    if any(_ODD.search(channel) for channels in own.values() for channel in channels):
        return None
    places = {platform: Places(channels, [], []) for platform, channels in own.items()}
    texts = [str(unquoted(part.decode())) for part in parts]
    entries = zip(*(texts[start::6] for start in range(1, 6)), strict=True)
    for name, version, manager, platform, url in entries:
        there = places.setdefault(platform, Places({}, [], []))
        (there.others if manager == "conda" else there.pypi).append(Place(name, version, url))
    return places


def _of_their_own(section: bytes) -> tuple[dict[str, dict[str, list[str]]], bytes]:
    """The names by platform and channel, and what is left of the section."""
    parts = _OWN_URL.split(section)  # what lies between, name, quote, version, platform, channel
    groups: dict[tuple[bytes, bytes], list[bytes]] = {}
    for name, platform, channel in zip(parts[1::6], parts[4::6], parts[5::6], strict=True):
        groups.setdefault((platform, channel), []).append(name)
    own: dict[str, dict[str, list[str]]] = {}
    for (platform, channel), names in groups.items():
        own.setdefault(platform.decode(), {})[channel.decode()] = (
            b"\n".join(names).decode().split("\n")
        )
    return own, b"".join(parts[::6])


def _by_yaml(text: str, file: str) -> dict[str, Places]:
    return {
        platform: record_places(lock) for platform, lock in read_lock(text, file).platforms.items()
    }


def record_places(lock: PlatformLock) -> Places:
    """The places of packages that have been read."""
    conda, pypi = (
        [Place(record.name, record.version, record.url) for record in records]
        for records in (lock.records, lock.pypi)
    )
    return Places({}, conda, pypi)
