"""A downloaded database of advisories: OSV's export (a zip), a folder of JSON files, or one file.

Only one advisory at a time is in memory, apart from relevant ones. A database is untrusted, and
a zip may be a bomb: sizes are limited, including that of the zip's list of members.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from conda_multiplat.lockfile.audit.advisory import Advisory, projects_of, read_advisory
from conda_multiplat.lockfile.audit.vulnerabilities import Question
from conda_multiplat.machine.files import read_blocks, shown
from conda_multiplat.vocabulary.errors import (
    DocumentError,
    Location,
    OutsideError,
    Problem,
    UsageError,
)
from conda_multiplat.vocabulary.json_values import json_value

#: The maximum size of one advisory in bytes; real ones have at most a tenth of it.
_LARGEST = 16 << 20
#: The maximum size of a zip's list of members in bytes; each member takes about a hundred.
_LARGEST_LIST = 64 << 20
#: The maximum size of all advisories of a zip, in bytes.
_LARGEST_SUM = 8 << 30
#: The maximum number of unreadable advisories in a message.
_NAMED = 10
#: The compression methods that ``zipfile`` unpacks in pieces of a limited size.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
#: The errors that ``zipfile`` raises for an invalid zip.
_NO_ZIP = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
    *(ArithmeticError, RuntimeError, ValueError),
)


class Database:
    """The database in a file or a folder: an ``AdvisorySource``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = shown(path)

    def advisories(
        self, questions: Sequence[Question], say: Callable[[str], None]
    ) -> dict[str, list[Advisory]]:
        """Return the advisories of the given projects; see ``AdvisorySource``."""
        projects = {project for project, _ in questions}
        known: dict[str, list[Advisory]] = {}
        problems: list[Problem] = []
        count = 0
        for name, content in _documents(self._path):
            say(f"reading {self.name}: {count} advisories")
            try:
                for value in _values(content):
                    count += 1
                    if affected := projects_of(value) & projects:
                        advisory = read_advisory(value)
                        for project in affected:
                            known.setdefault(project, []).append(advisory)
            except DocumentError as error:
                problems.append(Problem(Location(name, error.line, error.column), error.message))
        if problems:
            raise self._unreadable(problems)
        if not count:
            hint = "name OSV's export for PyPI (a zip), a folder of its JSON files, or one of them"
            raise UsageError(f"{self.name} contains no advisories", hints=[hint])
        return known

    def _unreadable(self, problems: Sequence[Problem]) -> UsageError:
        more = len(problems) - _NAMED
        return UsageError(
            f"{self.name} has advisories that can't be read: {len(problems)}",
            problems=problems[:_NAMED],
            details=[f"and {more} more"] if more > 0 else [],
            hints=["download it again: packages with such advisories would look clean"],
        )


def _documents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Return the JSON files of a database with their names."""
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield shown(file), _content(file)
    elif not path.exists():
        raise UsageError(f"{shown(path)} does not exist")
    elif next(read_blocks(path), b"").startswith(b"PK"):
        yield from _members(path)
    else:
        yield shown(path), _content(path)


def _values(content: bytes) -> list[object]:
    """Return the advisories in a file: one, a list, or a service's response (``vulns``)."""
    try:
        value = json_value(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DocumentError(f"not UTF-8: {error.reason} at byte {error.start}") from None
    if isinstance(value, dict) and "id" not in value and isinstance(value.get("vulns"), list):
        value = value["vulns"]
    return value if isinstance(value, list) else [value]


def _content(path: Path) -> bytes:
    parts = []
    size = 0
    for block in read_blocks(path):
        size += len(block)
        if size > _LARGEST:
            raise _too_large(shown(path), _LARGEST)
        parts.append(block)
    return b"".join(parts)


def _too_large(name: str, limit: int) -> UsageError:
    return UsageError(f"{name} is larger than {limit >> 20} MiB: it is not read")


class _Bounded(io.FileIO):
    """A zip that refuses to read more at once than the maximum size of its list of members."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > _LARGEST_LIST:
            raise _too_large("its list of members", _LARGEST_LIST)
        return super().read(-1 if size is None else size) or b""


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    name = shown(path)
    left = _LARGEST_SUM
    try:
        with _Bounded(path) as file, zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if member.filename.endswith(".json"):
                    content = _unpacked(archive, member, name)
                    left -= len(content)
                    if left < 0:
                        raise _too_large(f"the content of {name}", _LARGEST_SUM)
                    yield f"{name}/{member.filename}", content
    except _NO_ZIP as error:
        hint = "download it again"
        raise UsageError(f"{name} is not a complete zip: {error}", hints=[hint]) from None
    except OSError as error:
        raise OutsideError(f"{name} can't be read: {error.strerror}") from None


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    if member.compress_type not in _METHODS or member.flag_bits & _ENCRYPTED:
        text = f"{name}/{member.filename} is encrypted or has an unsupported compression method"
        raise UsageError(text)
    with archive.open(member) as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise _too_large(f"{name}/{member.filename}", _LARGEST)
    return content
