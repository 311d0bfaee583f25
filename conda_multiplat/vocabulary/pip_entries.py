"""Entries of ``pip:``: PEP 508 requirements and options of pip's requirements files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.pip_options import (
    EDITABLE,
    HASH,
    check_option,
    split_option,
)
from conda_multiplat.vocabulary.pip_places import check_place, place_of

_SHA256 = re.compile(r"sha256:[0-9a-fA-F]{64}")
#: The start of an option: at the start of a word, outside of quotes (see :func:`_chunks`).
_OPTION = re.compile(r"(?:^|(?<=\s))-{1,2}(?=[A-Za-z]|$)")


class PipEntryError(WordingError):
    """An entry that pip would not accept."""


def entry_name(entry: str) -> str:
    """Return the normalised name of the required project; ``""`` for options, paths and URLs.

    Raises:
        PipEntryError: it is neither a PEP 508 requirement nor a supported option of pip.
    """
    names = [single_name(single) for single in single_entries(entry)]
    return next(filter(None, names), "")


def single_name(entry: str) -> str:
    """Return the name as :func:`entry_name` does, for one of the :func:`single_entries`."""
    if entry.startswith(HASH):
        return ""
    try:
        if entry.startswith("-"):
            check_option(*split_option(entry))
            return ""
        if place := place_of(entry):
            check_place(place, entry)
            if not place.name:
                return _unnamed(entry, place.marker)
    except PipEntryError:
        raise
    except WordingError as error:
        raise PipEntryError(str(error), error.hint) from None
    return _requirement(entry)


def _unnamed(entry: str, marker: str) -> str:
    """Return ``""`` for a path or a URL, after checking its marker."""
    if marker:
        try:
            Requirement(f"x ; {marker}")
        except InvalidRequirement:
            hint = "for example `./robot ; sys_platform == 'linux'`"
            raise PipEntryError(f"not a marker (PEP 508): {entry!r}", hint) from None
    return ""


def _requirement(entry: str) -> str:
    try:
        return canonicalize_name(Requirement(entry).name)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise PipEntryError(
            f"not a PyPI requirement (PEP 508): {entry!r}",
            f"{reason}; for example `robosuite>=1.4` or `torch==2.5; sys_platform == 'linux'`",
        ) from None


def single_entries(entry: str) -> list[str]:
    """Split a line into single entries: a requirement, its hashes, and each option.

    A line that is a single entry is returned as it is written.

    Raises:
        PipEntryError: the line can't be split.
    """
    if "\n" in entry.strip():
        raise PipEntryError(
            f"several lines in one entry of pip: {entry.splitlines()[0]!r} and more",
            "write an entry (`- ENTRY`) for each",
        )
    first, *options = _chunks(entry)
    hashes = [split_option(option)[1] for option in options if _is_hash(option)]
    rest = [_unquoted(option) for option in options if not _is_hash(option)]
    if not hashes:
        return [*([first] if first or not rest else []), *rest]
    return [*([first] if first else []), *rest, _hash_entry(first, hashes)]


def _hash_entry(requirement: str, hashes: list[str]) -> str:
    if not requirement:
        hint = "write it after a requirement: `pkg==1.0 --hash=sha256:…`"
        raise PipEntryError("--hash without a requirement", hint)
    known = [text for text in map(str.strip, hashes) if _SHA256.fullmatch(text)]
    wrong = [text for text in hashes if text.partition(":")[0] not in hashlib.algorithms_available]
    if wrong or not known:
        hint = "write `--hash=sha256:` and 64 hexadecimal digits: a lock contains only SHA-256"
        raise PipEntryError(f"--hash that can't be checked: {(wrong or hashes)[0]!r}", hint)
    return f"{HASH}{' '.join(sorted({text.lower() for text in known}))} of {requirement}"


def split_hashes(entry: str) -> tuple[frozenset[str], str]:
    """Split a ``hash:`` entry into its SHA-256 digests and the requirement that they belong to."""
    hashes, _, requirement = entry.removeprefix(HASH).partition(" of ")
    return frozenset(text.removeprefix("sha256:") for text in hashes.split()), requirement


def _is_hash(option: str) -> bool:
    return split_option(option)[0] == "--hash"


def _chunks(entry: str) -> Iterator[str]:
    """Yield the text before the first option (possibly ``""``), then each option with its value."""
    text = entry if entry.strip() == "" else entry.strip()
    starts = [
        match.start()
        for match in _OPTION.finditer(text)
        if text.count('"', 0, match.start()) % 2 == 0 and text.count("'", 0, match.start()) % 2 == 0
    ]
    for begin, end in zip([0, *starts], [*starts, len(text)], strict=True):
        yield text[begin:end].strip()


def _unquoted(option: str) -> str:
    """Remove the quotes around an option's value."""
    name, value = split_option(option)
    match = re.fullmatch(r"""(["'])(?P<value>[^"']*)\1(?P<marker>\s*;.*)?""", value)
    if match is None or name not in (*EDITABLE, *_QUOTED):
        return option
    return f"{name} {match['value']}{match['marker'] or ''}"


_QUOTED = ("-c", "--constraint", "-r", "--requirement", "-f", "--find-links", "-i", "--index-url")
