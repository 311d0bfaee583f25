"""Check that each locked package can be verified by a hash or a commit.

Also check that its name, version and build are valid, since they become names of folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from conda_multiplat.vocabulary.names import PACKAGE_NAME, is_version
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record

#: What CEP 26 allows, and a little more, but no path separators.
_PARTS = {
    "name": PACKAGE_NAME,
    "version": r"[A-Za-z0-9_.!+-]*[A-Za-z0-9_+!-]",
    "build": r"[A-Za-z0-9_.+]*[A-Za-z0-9_+]",
}
_DIGITS = {"md5": 32, "sha256": 64}
_COMMIT = r"@[0-9a-f]{40}(?:[0-9a-f]{24})?(?:#|$)"


def unverifiable(records: Iterable[Record]) -> list[str]:
    """Return the packages that can't be verified, with the reason, whatever their URL's scheme.

    Local folders and commits of a repository need no hash.
    """
    return [
        f"{record.name} {record.version}: {reason}"
        for record in records
        for reason in _reasons(record)
    ]


def _reasons(record: Record) -> Iterator[str]:
    if isinstance(record, CondaRecord):
        for part, pattern in _PARTS.items():
            value = getattr(record, part)
            if not re.fullmatch(pattern, value) or (part == "version" and not is_version(value)):
                yield f"its {part} is not valid: {value!r}"
    hashes = {"md5": record.md5, "sha256": record.sha256}
    for kind, value in hashes.items():
        if value is not None and not _is_digest(value, _DIGITS[kind]):
            yield f"its {kind} is not valid: {value!r}"
    enough = record.sha256 or (record.md5 if isinstance(record, CondaRecord) else None)
    if not enough and not _needs_none(record):
        yield f"the lock has no hash for it: {record.url}"


def _is_digest(value: object, digits: int) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", value))


def _needs_none(record: Record) -> bool:
    if isinstance(record, CondaRecord):
        return False
    return _is_commit(record) or record.is_folder


def _is_commit(record: PypiRecord) -> bool:
    scheme = urlsplit(record.url).scheme.lower()
    return scheme.startswith("git+") and bool(re.search(_COMMIT, record.url))
