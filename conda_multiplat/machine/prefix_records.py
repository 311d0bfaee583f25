"""The records of a prefix's packages, ``conda-meta/*.json``, whoever wrote them.

conda, rattler and micromamba order the keys differently, and conda has changed its order. Most of a
record is the list of its files, which is rarely needed. It is skipped if its end can be recognised
by the indentation that all of these programs use; any other text is parsed as a whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from conda_multiplat.machine.temporary import put, temporary_path
from conda_multiplat.vocabulary.json_values import json_object
from conda_multiplat.vocabulary.records import CondaRecord

#: Keys of a record that a lock does not have. ``depends`` is not among them: a lock has the
#: channel's corrected dependencies, the package those of the build.
_FROM_INDEX = (
    "arch",
    "build_number",
    "constrains",
    "features",
    "license",
    "license_family",
    "noarch",
    "platform",
    "python_site_packages_path",
    "timestamp",
    "track_features",
)
#: Keys whose values are strings, and lists of strings.
_TEXTS = ("build", "extracted_package_dir", "md5", "sha256", "subdir", "url", "version")
_LISTS = ("constrains", "depends")
#: The long members, by their brackets.
_LONG = {"files": ("[", "]"), "paths_data": ("{", "}")}
_FIRST_MEMBER = re.compile(r'\{(\r?\n[ \t]+)"')
#: The digest of a soft link, among the members after its type.
_LINK_DIGEST = re.compile(
    r'("path_type": "softlink"(?:,\s*"\w+": (?:"[^"\\]*"|[\w.]+))*?)'
    r',\s*"sha256_in_prefix": "[0-9a-f]*"'
)
_OWNED = re.compile(r'site-packages/([^/"]+\.dist-info)/')


def meta(prefix: Path) -> Path:
    """Return the folder of a prefix's records."""
    return prefix / "conda-meta"


def read_records(prefix: Path) -> list[dict[str, Any]]:
    """Return the records of a prefix's packages by name, without lists of files.

    Anything that is not a record is left out.
    """
    records = [record for _, text in record_texts(prefix) if (record := head(text)).get("name")]
    return sorted(records, key=lambda record: str(record["name"]))


def installed(prefix: Path) -> list[CondaRecord]:
    """Return the packages of a prefix, by name."""
    return [
        CondaRecord(
            name=str(record["name"]),
            version=str(record.get("version", "")),
            build=str(record.get("build", "")),
            url=str(record.get("url", "")),
            md5=record.get("md5") or None,
            sha256=record.get("sha256") or None,
        )
        for record in read_records(prefix)
    ]


def owned_metadata(prefix: Path) -> set[str]:
    """Return the ``.dist-info`` folders that conda packages contain."""
    return {name for _, text in record_texts(prefix) for name in _OWNED.findall(text)}


def record_texts(prefix: Path) -> Iterator[tuple[Path, str]]:
    """Return the files that may be records, with their text."""
    for path in meta(prefix).glob("*.json"):
        with suppress(UnicodeDecodeError):
            yield path, _text(path.read_bytes())


def _text(content: bytes) -> str:
    """Return a record's text.

    Raises:
        UnicodeDecodeError: it is binary, such as the ``._NAME.json`` files of macOS.
    """
    return content.decode("utf-8-sig")


def head(text: str) -> dict[str, Any]:
    """Return a record without its lists of files, if they are recognised; empty if it is none."""
    for candidate in (_cut(text)[0], text):
        with suppress(ValueError):
            record = json_object(candidate)
            return record if is_record(record) else {}
    return {}


def is_record(record: Mapping[str, Any]) -> bool:
    """Return whether the keys that we use have the types of a package's record."""
    lists = [record.get(key) or [] for key in _LISTS]
    return (
        isinstance(record.get("name"), str)
        and all(isinstance(record.get(key) or "", str) for key in _TEXTS)
        and all(isinstance(items, list) for items in lists)
        and all(isinstance(item, str) for items in lists for item in items)
    )


def _cut(text: str) -> tuple[str, dict[str, str]]:
    """Split a record's text into one with empty long members, and their content.

    A line break in JSON is never within a string, so a line break with the indentation of the first
    member starts or ends a member.
    """
    inside: dict[str, str] = {}
    first = _FIRST_MEMBER.match(text)
    if first is None:
        return text, inside
    line = first[1]
    for key, (opening, closing) in _LONG.items():
        before, opened, rest = text.partition(f'{line}"{key}": {opening}')
        content, end, after = rest.partition(line + closing)
        if opened and end and content[:1] in "\r\n" and f'{line}"' not in content:
            text, inside[key] = f"{before}{opened}{closing}{after}", content
    return text, inside


def complete_records(prefix: Path, meagre: Collection[str]) -> None:
    """Complete the records that rattler wrote as conda would have written them.

    To those of the packages ``meagre``, add what the packages themselves state: a lock has no build
    number, no ``constrains`` and no ``noarch``, but conda's solver needs them. They are in the
    package, which rattler has just extracted.

    For a soft link rattler records the digest of the link, but ``conda doctor`` compares it with
    that of the link's target. conda itself records none.
    """
    for path in meta(prefix).glob("*.json"):
        content = path.read_bytes()
        is_meagre = path.name.rsplit("-", 2)[0] in meagre
        if not is_meagre and b'"softlink"' not in content:  # most need no change
            continue
        with suppress(UnicodeDecodeError):
            text = _text(content)
            whole = _LINK_DIGEST.sub(r"\1", text)
            if is_meagre:
                whole = _with(whole, _from_package)
            if whole != text:
                replace_file(path, whole)


def _with(text: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> str:
    """Return a record's text with additional members."""
    short, inside = _cut(text)
    record = json_object(short)
    more = change(record)
    if not more:
        return text
    text = json.dumps({**record, **more}, indent=2)
    for key, content in inside.items():
        opening, closing = _LONG[key]
        mark = f'\n  "{key}": {opening}'
        text = text.replace(f"{mark}{closing}", f"{mark}{content}\n  {closing}")
    return text


def _from_package(record: Mapping[str, Any]) -> Mapping[str, Any]:
    folder = record.get("extracted_package_dir")
    if not folder:
        return {}
    try:
        index = json_object((Path(folder) / "info" / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: index[key] for key in _FROM_INDEX if index.get(key) is not None}


def replace_file(path: Path, text: str) -> None:
    """Write a file atomically: readers see the old text or the new one."""
    temporary = temporary_path(path)
    try:
        temporary.write_text(text, encoding="utf-8")
        put(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
