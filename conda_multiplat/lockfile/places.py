"""The URLs of a lock's packages, without parsing YAML, which takes ten times as long.

Entries as ``lockfile.write`` writes them are matched completely, and nothing else may be in the
section: so each URL that YAML would find is on a line that was matched. (A quoted text could hide
lines, never add one. ``install`` checks the records themselves.) Any other lock is parsed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from conda_multiplat.lockfile.hashes import unverifiable
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.lockfile.read import LONGEST_HEAD, unquoted
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record

_DEPENDENCIES = rb"  dependencies:.*\n(?:    .*\n)*"
#: A size in bytes, if known: only digits, which can't contain a URL.
_SIZE = rb"(?:  # size: [0-9]{1,15}\n)?"
_END = rb"  category: .*\n  optional: false\n"
#: A conda package whose URL contains its own platform, name, version and build, with both
#: hashes. (``check`` spends most of its time here: a repeated group followed by a literal, such as
#: the channel and its slash, keeps the matcher from backtracking in between.)
_OWN_URL = re.compile(
    rb"- name: ([^/%\n]+)\n  version: ('?)([^/%\n]+)\2\n  manager: conda\n  platform: (.*)\n"
    + _DEPENDENCIES
    + rb"  url: (.*/)(?:\4|noarch)/\1-\3-([^-/%.\n]+)\.(?:conda|tar\.bz2)\n"
    + _SIZE
    + rb"  hash:\n"
    + rb"    md5: '?[0-9a-fA-F]{32}'?\n    sha256: '?[0-9a-fA-F]{64}'?\n  build: '?\6'?\n"
    + _END
)
_TEXT = rb"([A-Za-z0-9_./*][A-Za-z0-9_./:+@%!*~-]*|'[^'\n]*')"
#: Any other entry that we write; compiled only if there is one, which is rare.
_ENTRY = (
    rb"- name: TEXT\n  version: TEXT\n  manager: (conda|pip)\n  platform: TEXT\n"
    + _DEPENDENCIES
    + rb"  url: TEXT\n"
    + _SIZE
    + rb"  hash:(?: \{\})?\n"
    + rb"(?:    md5: TEXT\n)?(?:    sha256: TEXT\n)?(?:  build: TEXT\n)?"
    + _END
).replace(b"TEXT", _TEXT)
_START = re.compile(rb"\npackage:.*\n")
_NEXT = b"\n- name: "
#: In bytes; no entry of ours is longer.
_LONGEST_ENTRY = 1 << 20
#: Characters that never occur in a channel's URL, and that YAML would interpret.
_ODD = re.compile(r"""[\s'"#]""")


class Place(NamedTuple):
    """The URL or path of a package in a lock."""

    name: str
    version: str
    url: str
    build: str = ""


class Places(NamedTuple):
    """The places of a platform's packages.

    ``own`` has the names of the conda packages whose URL contains their own name, version and
    build, by the URL of their channel. ``others`` are conda and PyPI packages that have to be
    checked one by one. ``wrong`` lists records with problems: no hash, or a name that occurs twice.
    """

    own: dict[str, list[str]]
    others: list[Place]
    pypi: list[Place]
    wrong: tuple[str, ...] = ()

    def names(self) -> list[tuple[str, str]]:
        """Return each package's manager and name."""
        own = (name for names in self.own.values() for name in names)
        conda = [*own, *(place.name for place in self.others)]
        return [*(("conda", name) for name in conda), *(("pypi", p.name) for p in self.pypi)]


def places_by_layout(blocks: Iterable[bytes]) -> dict[str, Places] | None:
    """Return the places of a lock's packages by platform, if we wrote all of its entries.

    Args:
        blocks: the file's content; one block at a time is in memory.

    Returns:
        ``None`` for any other lock, which has to be parsed.
    """
    own: dict[tuple[bytes, bytes], list[bytes]] = {}
    others: list[bytes] = []
    for part in _parts(blocks):
        if part is None:
            return None
        # the groups in between: name, quote, version, platform, channel, build
        columns = _OWN_URL.split(part)
        groups = (columns[1::7], columns[4::7], columns[5::7])
        for name, platform, channel in zip(*groups, strict=True):
            own.setdefault((platform, channel), []).append(name)
        others += filter(None, columns[::7])
    return _by_platform(own, others)


def _parts(blocks: Iterable[bytes]) -> Iterator[bytes | None]:
    r"""Yield the packages, several at a time, with ``\n`` line ends.

    The last item is ``None`` if YAML would see other line breaks, or if an entry is too long.
    """
    held, begun = b"", False
    for block in blocks:
        held += block
        if b"\r" in held:
            held = held.replace(b"\r\n", b"\n")
        if not begun and (start := _START.search(held)):
            held, begun = held[start.start() :].removeprefix(b"\npackage:\n"), True
        end = held.rfind(_NEXT) + 1 if begun else 0
        if len(held) - end > (_LONGEST_ENTRY if begun else LONGEST_HEAD):
            yield None
            return
        if end:
            yield _as_we_end_lines(held[:end])
            held = held[end:]
    yield _as_we_end_lines(held) if begun else None


def _as_we_end_lines(text: bytes) -> bytes | None:
    return text if text.isascii() and b"\r" not in text else None


def _by_platform(
    own: dict[tuple[bytes, bytes], list[bytes]], others: Iterable[bytes]
) -> dict[str, Places] | None:
    """Return the places by platform; ``None`` if an entry is not as we write them."""
    names: dict[str, dict[str, list[str]]] = {}
    for (subdir, channel), group in own.items():
        url = channel[:-1].decode()
        if _ODD.search(url):
            return None
        names.setdefault(subdir.decode(), {})[url] = b"\n".join(group).decode().split("\n")
    conda: dict[str, list[CondaRecord]] = {}
    pypi: dict[str, list[PypiRecord]] = {}
    for entries in others:
        columns = re.split(_ENTRY, entries)
        if any(columns[::9]):
            return None
        for platform, record in _records(columns):
            if isinstance(record, CondaRecord):
                conda.setdefault(platform, []).append(record)
            else:
                pypi.setdefault(platform, []).append(record)
    return {
        platform: _places(names.get(platform, {}), conda.get(platform, []), pypi.get(platform, []))
        for platform in {**names, **conda, **pypi}
    }


def _records(columns: Sequence[bytes | None]) -> Iterator[tuple[str, Record]]:
    """Return the packages of texts that ``_ENTRY`` has split, each with its platform."""
    texts = [None if text is None else str(unquoted(text.decode())) for text in columns]
    values = (texts[start::9] for start in range(1, 9))
    for name, version, manager, platform, url, md5, sha256, build in zip(*values, strict=True):
        if manager == "conda":
            yield platform, CondaRecord(name, version, build or "", url, md5, sha256)
        else:
            yield platform, PypiRecord(name, version, url, sha256, md5=md5)


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
    """Return a line for each name that occurs twice."""
    if len(set(names)) == len(names):
        return []
    return [f"{name}: locked more than once" for name, count in Counter(names).items() if count > 1]


def places_of_lock(lock: LockFile) -> dict[str, Places]:
    """Return the places of the packages of a parsed lock, by platform."""
    return {platform: record_places(locked) for platform, locked in lock.platforms.items()}


def record_places(lock: PlatformLock) -> Places:
    """Return the places of parsed packages."""
    return _places({}, lock.records, lock.pypi)
