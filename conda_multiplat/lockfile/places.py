"""Where a lock's packages are, without reading it as YAML, which takes ten times as long.

Entries as ``lockfile.write`` writes them are matched as a whole, and nothing else may be in the
section: then each URL that YAML would see is on a line that was looked at. (A quoted text could
hide lines, never add one. ``install`` looks at the records themselves.) Any other lock is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from conda_multiplat.lockfile.hashes import unverifiable
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.read import read_lock, unquoted
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord

_DEPENDENCIES = rb"\n  dependencies:.*\n(?:    .*\n)*"
_END = rb"\n  category: .*\n  optional: false(?=\n)"
#: A conda package whose URL is its own: it has the package's platform, name, version and build in
#: it. There is a hash to verify it by.
_OWN_URL = re.compile(
    rb"\n- name: ([^/%\n]+)\n  version: ('?)([^/%\n]+)\2\n  manager: conda\n  platform: (.*)"
    + _DEPENDENCIES
    + rb"  url: (.*)/(?:\4|noarch)/\1-\3-([^-/%\n]+)(?:\.conda|\.tar\.bz2)\n  hash:(?=\n    )"
    + rb"(?:\n    md5: '?[0-9a-fA-F]{32}'?)?(?:\n    sha256: '?[0-9a-fA-F]{64}'?)?"
    + rb"\n  build: '?\6'?"
    + _END
)
_TEXT = rb"([A-Za-z0-9_./*][A-Za-z0-9_./:+@%!*~-]*|'[^'\n]*')"
_ENTRY = re.compile(
    (
        rb"\n- name: TEXT\n  version: TEXT\n  manager: (conda|pip)\n  platform: TEXT"
        + _DEPENDENCIES
        + rb"  url: TEXT\n  hash:(?: \{\})?"
        + rb"(?:\n    md5: TEXT)?(?:\n    sha256: TEXT)?(?:\n  build: TEXT)?"
        + _END
    ).replace(b"TEXT", _TEXT)
)
#: What a channel's URL never has, and YAML would take for more than text.
_ODD = re.compile(r"""[\s'"#]""")


class Place(NamedTuple):
    """Where the lock says that a package is."""

    name: str
    version: str
    url: str
    build: str = ""


class Places(NamedTuple):
    """The places of the packages of a platform.

    ``own`` has the names of the conda packages whose URL is their own, by the URL of the channel
    that it is in; ``others`` of conda's, and PyPI's, are to be looked at one by one. ``wrong`` is
    what is wrong with records themselves: nothing to verify them by, or two of one name.
    """

    own: dict[str, list[str]]
    others: list[Place]
    pypi: list[Place]
    wrong: tuple[str, ...] = ()


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
    more = b"".join(parts[::9])
    if more not in (b"\npackage:\n", b"\npackage: []\n"):
        return None
    if any(_ODD.search(channel) for channels in own.values() for channel in channels):
        return None
    records: dict[str, tuple[list[CondaRecord], list[PypiRecord]]] = {}
    texts = [None if part is None else str(unquoted(part.decode())) for part in parts]
    columns = (texts[start::9] for start in range(1, 9))
    for name, version, manager, platform, url, md5, sha256, build in zip(*columns, strict=True):
        conda, pypi = records.setdefault(platform, ([], []))
        if manager == "conda":
            conda.append(CondaRecord(name, version, build or "", url, md5, sha256))
        else:
            pypi.append(PypiRecord(name, version, url, sha256))
    return {
        platform: _places(own.get(platform, {}), *records.get(platform, ([], [])))
        for platform in {**own, **records}
    }


def _places(
    own: dict[str, list[str]], conda: Sequence[CondaRecord], pypi: Sequence[PypiRecord]
) -> Places:
    names = [name for group in own.values() for name in group] + [record.name for record in conda]
    return Places(
        own,
        [Place(record.name, record.version, record.url, record.build) for record in conda],
        [Place(record.name, record.version, record.url) for record in pypi],
        (
            *_twice(names),
            *_twice([record.name for record in pypi]),
            *unverifiable([*conda, *pypi]),
        ),
    )


def _twice(names: Sequence[str]) -> list[str]:
    """A line for each name that is there more than once."""
    if len(set(names)) == len(names):
        return []
    return [f"{name}: locked more than once" for name, count in Counter(names).items() if count > 1]


def _of_their_own(section: bytes) -> tuple[dict[str, dict[str, list[str]]], bytes]:
    """The names by platform and channel, and what is left of the section."""
    # what lies between, name, quote, version, platform, channel, build
    parts = _OWN_URL.split(section)
    groups: dict[tuple[bytes, bytes], list[bytes]] = {}
    for name, platform, channel in zip(parts[1::7], parts[4::7], parts[5::7], strict=True):
        groups.setdefault((platform, channel), []).append(name)
    own: dict[str, dict[str, list[str]]] = {}
    for (platform, channel), names in groups.items():
        own.setdefault(platform.decode(), {})[channel.decode()] = (
            b"\n".join(names).decode().split("\n")
        )
    return own, b"".join(parts[::7])


def _by_yaml(text: str, file: str) -> dict[str, Places]:
    return {
        platform: record_places(lock) for platform, lock in read_lock(text, file).platforms.items()
    }


def record_places(lock: PlatformLock) -> Places:
    """The places of packages that have been read."""
    return _places({}, lock.records, lock.pypi)
