"""Verify an extracted conda package against its own ``info/paths.json`` (CEP 34).

Sizes are compared, with one ``stat`` for each file; contents (SHA-256) on demand. A package has no
hashes of ``paths.json`` and other files in ``info``: their digest is noted when it is extracted. If
there is no such note, they must be JSON and belong to the package.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from conda_multiplat.machine.prefix_files import sha256_of

#: `..`; NUL, which ends a path for the system; on Windows also drives and backslashes.
_PARTS_THAT_LEAD_OUT = re.compile(
    r"(?:^|[/\\])\.\.(?:[/\\]|$)|\0" + (r"|[\\:]" if sys.platform == "win32" else "")
)
#: conda's own folder in a prefix; Windows ignores dots and spaces at the end of a name.
_IN_CONDA_META = re.compile(r"(?:\.?/)*conda-meta[ .]*(?:[/\\]|$)", re.IGNORECASE)
#: Empty parts and `.`: rattler compares paths, also with those of links, as they are written.
_NOT_PLAIN = re.compile(r"(?:^|/)\.?(?:/|$)")
#: CEP 34's `NAME = MODULE:FUNCTION`, where NAME is valid as the name of a file.
_ENTRY_POINT = re.compile(
    r"\s*(?!\.{1,2}\s*=)[^\s=/\\:\0](?:[^=/\\:\0\r\n]*)=\s*[^\s:][^:\r\n]*:\s*\S.*"
)
#: Files of ``info`` that are read when a package is linked.
_DOCUMENTS = ("index.json", "link.json", "paths.json")
#: Indexes of ``os.stat_result``: access by index is twice as fast as by name.
_MODE, _SIZE = stat.ST_MODE, stat.ST_SIZE
_KIND = 0o170000
#: Whether files can be looked up relative to an open folder, which is faster than by full path.
_FROM_FOLDER = os.stat in os.supports_dir_fd
_ABSENT = "info/paths.json is missing"


def fault(folder: Path, identity: tuple[str, str, str], documents: str, *, contents: bool) -> str:
    """Return what is wrong with an extracted package; ``""`` if nothing is.

    Args:
        folder: the folder of the package.
        identity: its name, version and build.
        documents: what :func:`documents_digest` was when it was extracted; ``""`` if not known.
        contents: read the files whose sizes are right too.
    """
    if folder.is_symlink() or not folder.is_dir():
        return "it is not a folder"
    try:
        texts = _documents(folder)
        if documents and _digest(texts) != documents:
            return "files in info are altered"
        wrong = _another_package if documents else _wrong_document
        reason = wrong(texts, identity)
        if reason or "paths.json" not in texts:
            return reason
        entries = _entries(texts["paths.json"])
        if not documents and (reason := _not_to_link(texts)):
            return reason
        return _wrong_file(folder, entries, contents=contents)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return f"info can't be read: {error}"


def documents_digest(folder: Path) -> str:
    """Return the SHA-256 of the files in ``info`` that are read when a package is linked."""
    return _digest(_documents(folder))


def _documents(folder: Path) -> dict[str, bytes]:
    texts = {}
    for name in _DOCUMENTS:
        with suppress(FileNotFoundError):
            texts[name] = content_of(f"{folder}/info/{name}")
    return texts


def content_of(path: str) -> bytes:
    """Return the content of a small file; ``pathlib`` takes twice as long.

    Raises:
        OSError: it can't be read.
    """
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - for the same reason
        return file.read()


def _digest(texts: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, text in texts.items():
        digest.update(f"{name} {len(text)} ".encode())
        digest.update(text)
    return digest.hexdigest()


def refusal(folder: Path, identity: tuple[str, str, str]) -> str:
    """Return why an extracted package must not be linked, for safety; ``""`` if it may be.

    Args:
        folder: the folder of the package.
        identity: the name, version and build that it was locked by.
    """
    name = "index.json"
    try:
        texts = _documents(folder)
        if reason := _another_package(texts, identity):
            return reason
        name = "paths.json, or link.json,"
        return _not_to_link(texts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return f"info/{name} can't be read: {error}"


def _not_to_link(texts: Mapping[str, bytes]) -> str:
    """Return the first listed path or entry point that must not be linked; ``""`` for none."""
    for entry in _entries(texts.get("paths.json", b'{"paths": []}')):
        if reason := _wrong_entry(entry):
            return f"info/paths.json lists {entry['_path']!r}, {reason}"
    noarch = json.loads(texts.get("link.json", b"{}")).get("noarch")
    for text in (noarch.get("entry_points") or ()) if isinstance(noarch, dict) else ():
        if not _ENTRY_POINT.fullmatch(text):
            return f"info/link.json has the entry point {text!r}, which is not a file name"
    return ""


def _entries(text: bytes) -> list[dict[str, Any]]:
    entries = json.loads(text)["paths"]
    if not isinstance(entries, list):
        raise TypeError("`paths` is not a list")
    return entries


def _wrong_entry(entry: Mapping[str, Any]) -> str:
    path, size = entry["_path"], entry.get("size_in_bytes")
    if _leads_out(path):
        return "which leads out of the environment"
    if _IN_CONDA_META.match(path):
        return "which is in conda's own folder"
    if path[-1] in "/." and posixpath.basename(path) in ("", "."):
        return "which is not a file"
    if _NOT_PLAIN.search(path):
        return "which has an empty part or a `.`"
    if size is not None and (type(size) is not int or size < 0):
        return f"of {size!r} bytes"
    return ""


def _leads_out(path: str) -> bool:
    return not path or path[0] == "/" or bool(_PARTS_THAT_LEAD_OUT.search(path))


def _another_package(texts: Mapping[str, bytes], identity: tuple[str, str, str]) -> str:
    if "index.json" not in texts:
        return "info/index.json is missing"
    index = json.loads(texts["index.json"])
    name, version, build = (index.get(key) for key in ("name", "version", "build"))
    if (str(name).lower(), version, build) != identity:
        return f"info/index.json is for another package: {name} {version} {build}"
    return ""


def _wrong_document(texts: Mapping[str, bytes], identity: tuple[str, str, str]) -> str:
    for name in ("index.json", "paths.json"):
        if name not in texts:
            return f"info/{name} is missing"
    if reason := _another_package(texts, identity):
        return reason
    others = [json.loads(text) for text in texts.values()]
    return "" if all(isinstance(other, dict) for other in others) else "info is not a mapping"


def _wrong_file(folder: Path, entries: Iterable[dict[str, Any]], *, contents: bool) -> str:
    """Return the first wrong file; the most frequent kind of file is tested first, for speed."""
    regular, ask = stat.S_IFREG, os.stat
    with _opened(folder) as (root, handle):
        for entry in entries:
            path = entry["_path"]
            try:
                status = ask(root + path, dir_fd=handle, follow_symlinks=False)
            except OSError:
                return f"{path} is missing"
            kind, mode, size = entry["path_type"], int(status[_MODE]), status[_SIZE]
            if kind == "hardlink" and mode & _KIND == regular:
                as_packed = entry.get("size_in_bytes", size) == size
            else:
                as_packed = _is_of_kind(kind, mode)
            if not as_packed or (contents and _differs(folder / path, entry)):
                return f"{path} is altered"
    return ""


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[str, int | None]]:
    """Yield what ``stat`` needs for a path in a folder: a prefix for the path, and ``dir_fd``."""
    if not _FROM_FOLDER:
        yield f"{folder}/", None
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield "", handle
    finally:
        os.close(handle)


def _is_of_kind(kind: str, mode: int) -> bool:
    if kind == "softlink":
        return stat.S_ISLNK(mode) or sys.platform == "win32"
    return stat.S_ISDIR(mode) if kind == "directory" else kind != "hardlink"


def _differs(path: Path, entry: dict[str, Any]) -> bool:
    wanted = entry.get("sha256") if entry["path_type"] == "hardlink" else None
    return bool(wanted) and sha256_of(path) != wanted
