"""The files of a prefix: which conda packages own them, and whether they are as they were linked.

conda's records have the size of each file and the SHA-256 of most. By default, sizes are compared,
with one ``lstat`` for each file. Compiled Python files (``.pyc``) are skipped, since Python
rewrites them.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from conda_multiplat.machine.prefix_records import is_record, record_texts
from conda_multiplat.vocabulary.json_values import json_object

#: Path -> the names of the conda packages that own it, nearly always one.
Owners = dict[str, tuple[str, ...]]
#: Path -> its size after a package's own script has run; ``None`` for a file that it removed.
Accepted = Mapping[str, int | None]

_CHUNK = 1 << 20
#: The folders of noarch packages for Python modules and scripts.
_NOARCH = ("site-packages/", "python-scripts/")
#: The scripts that a package runs when it is linked.
_LINK_SCRIPTS = ("bin/.*-post-link.sh", "Scripts/.*-post-link.bat")


class Damage(NamedTuple):
    """The files of a package that are not as they were linked; paths start from the prefix."""

    missing: tuple[str, ...]
    altered: tuple[str, ...]

    def __str__(self) -> str:
        groups = ((self.missing, "missing"), (self.altered, "altered"))
        return ", ".join(_named(paths, word) for paths, word in groups if paths)


def _named(paths: Sequence[str], word: str) -> str:
    return f"{paths[0]} {word}" if len(paths) == 1 else f"{len(paths)} files {word}"


def owners(prefix: Path) -> Owners:
    """Return the owners of the files of a prefix, from conda's records."""
    owners_of_path: Owners = {}
    for name, entries in _packages(prefix):
        for entry in entries:
            path = str(entry["_path"])
            owners_of_path[path] = (*owners_of_path.get(path, ()), name)
    return owners_of_path


def damage(prefix: Path, accepted: Accepted, *, contents: bool = False) -> dict[str, Damage]:
    """Return the packages with missing or changed files.

    Args:
        prefix: the environment.
        accepted: sizes that are right although the records have others.
        contents: whether to read files whose sizes are right too.
    """
    wrong: dict[str, dict[str, int | None]] = {}
    for name, entries in _packages(prefix):
        root = f"{prefix}/"
        for entry in entries:
            path = entry["_path"]
            size = _size(root + path, entry, contents=contents)
            if size == _AS_LINKED or path.endswith(".pyc"):
                continue
            if path not in accepted or accepted[path] != size:
                wrong.setdefault(name, {})[path] = size
    suspects = {path for paths in wrong.values() for path in paths}
    right = _right_for_another(prefix, suspects, contents=contents)
    return {
        name: _damage(sizes)
        for name, paths in wrong.items()
        if (sizes := {path: size for path, size in paths.items() if path not in right})
    }


def _right_for_another(prefix: Path, paths: Collection[str], *, contents: bool) -> set[str]:
    """Return the paths that match some package's record; two packages can have the same path."""
    if not paths:
        return set()
    return {
        entry["_path"]
        for _, entries in _packages(prefix)
        for entry in entries
        if entry["_path"] in paths
        and _size(f"{prefix}/{entry['_path']}", entry, contents=contents) == _AS_LINKED
    }


def left_by_scripts(prefix: Path, names: Collection[str]) -> dict[str, int | None]:
    """Return the files, with their sizes, that packages' own scripts have changed since linking.

    Args:
        prefix: the environment.
        names: packages that were linked because files of theirs were not as recorded.
    """
    if not names and not any(True for pattern in _LINK_SCRIPTS for _ in prefix.glob(pattern)):
        return {}
    damaged = damage(prefix, {}).values()
    paths = [path for files in damaged for path in (*files.missing, *files.altered)]
    return {path: _lstat_size(prefix / path) for path in paths}


def _damage(sizes: Mapping[str, int | None]) -> Damage:
    return Damage(
        tuple(path for path, size in sizes.items() if size is None),
        tuple(path for path, size in sizes.items() if size is not None),
    )


def is_in_conda_meta(path: str) -> bool:
    """Return whether a path of a prefix belongs to conda itself: its records and its history."""
    return path.partition("/")[0].casefold() == "conda-meta"


#: What `_size` returns for a file that is as recorded.
_AS_LINKED = -1


def _size(path: str, entry: Mapping[str, Any], *, contents: bool) -> int | None:
    """Return a file's size if it is not as recorded; `_AS_LINKED` if it is, ``None`` if missing.

    This runs for tens of thousands of files, so the most frequent kind is tested first.
    """
    try:
        status = os.lstat(path)
    except OSError:
        return None
    kind, size = entry.get("path_type"), entry.get("size_in_bytes")
    if kind == "hardlink" and status.st_size == size and stat.S_ISREG(status.st_mode):
        as_linked = not contents or _same_content(path, entry)
    elif kind == "softlink":
        as_linked = stat.S_ISLNK(status.st_mode) or size is None or sys.platform == "win32"
    elif kind == "directory" or size is None:
        as_linked = True
    elif status.st_size != size or not stat.S_ISREG(status.st_mode):
        # conda records the size of a text file before the prefix is written into it
        as_linked = "sha256_in_prefix" in entry and _same_content(path, entry)
    else:
        as_linked = not contents or _same_content(path, entry)
    return _AS_LINKED if as_linked else status.st_size


def _same_content(path: str, entry: Mapping[str, Any]) -> bool:
    wanted = entry.get("sha256_in_prefix") or entry.get("sha256")
    return not wanted or sha256_of(Path(path)) == wanted


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file; ``""`` if it can't be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()


def _lstat_size(path: Path) -> int | None:
    with suppress(OSError):
        return os.lstat(path).st_size
    return None


def _packages(prefix: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each package's name, and the files in its record."""
    for _, text in sorted(record_texts(prefix)):
        with suppress(ValueError):
            record = json_object(text)
            if is_record(record):
                yield str(record["name"]), list(_entries(record))


def _entries(record: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Return ``paths_data`` with paths in the prefix, or ``files``, all that old records have."""
    data, listed = record.get("paths_data"), record.get("files")
    files = [path for path in _listed(listed) if isinstance(path, str)]
    paths = [
        entry
        for entry in _listed(data.get("paths") if isinstance(data, dict) else None)
        if isinstance(entry, dict) and isinstance(entry.get("_path"), str)
    ]
    if not paths:
        return [{"_path": path} for path in files]
    noarch = any(entry["_path"].startswith(_NOARCH) for entry in paths)
    return _placed(paths, files) if noarch else iter(paths)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _placed(paths: Sequence[dict[str, Any]], files: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield a noarch package's entries with paths in the prefix; conda records the package's."""
    ends = {path[path.find(f"/{_NOARCH[0]}") + 1 :]: path for path in files}
    scripts = {f"{_NOARCH[1]}{path.rpartition('/')[2]}": path for path in files}
    for entry in paths:
        path = entry["_path"]
        yield {**entry, "_path": ends.get(path) or scripts.get(path) or path}
