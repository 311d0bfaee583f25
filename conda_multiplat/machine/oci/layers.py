"""Layers of an image: a compressed tar whose bytes depend on nothing but the files.

Entries are sorted by path, each folder before its content. All belong to root and are readable by
everybody; of a file's mode, only the executable bit counts. Files are read and written in blocks.
"""

from __future__ import annotations

import gzip
import io
import os
import posixpath
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple, cast

from conda_multiplat.machine.hashing_writer import HashingWriter
from conda_multiplat.machine.oci.layouts import place_blob
from conda_multiplat.machine.temporary import temporary_path
from conda_multiplat.vocabulary.oci import LAYER, Blob, Layer

_BLOCK = 1 << 20
#: zlib's own default: level 9 takes three times as long for one percent less.
_LEVEL = 6


class Entry(NamedTuple):
    """A file of a layer.

    Attributes:
        path: in the image, without a leading slash.
        source: the local file, link or folder with its content, or its bytes.
        mtime: seconds since 1970. Python's ``.pyc`` files contain that of their sources.
        executable: whether bytes are a program; a file has its own mode.
    """

    path: str
    source: Path | bytes
    mtime: int = 0
    executable: bool = False


def write_layer(
    entries: Iterable[Entry], title: str, layout: Path, stopped: Callable[[], bool]
) -> Layer:
    """Write a layer into a layout's blobs.

    Args:
        entries: its files; of two with the same path, the later one is used.
        title: a description of its content.
        layout: the layout's folder.
        stopped: returns whether to stop.

    Raises:
        InterruptedError: it was stopped.
        OSError: a file can't be read, or the layer can't be written.
    """
    by_path = {entry.path: entry for entry in entries}
    temporary = temporary_path(layout / "layer")
    try:
        with temporary.open("xb") as file:
            stored = HashingWriter(file, stopped)
            with gzip.GzipFile("", "wb", _LEVEL, stored, mtime=0) as packed:
                content = HashingWriter(packed, stopped)
                _write_tar(by_path, cast("IO[bytes]", content))
        blob = Blob(LAYER, f"sha256:{stored.sha256}", stored.size)
        place_blob(temporary, layout, blob.digest)
    finally:
        temporary.unlink(missing_ok=True)
    return Layer(blob, f"sha256:{content.sha256}", title)


def _write_tar(entries: Mapping[str, Entry], stream: IO[bytes]) -> None:
    with tarfile.open(
        mode="w|", fileobj=stream, bufsize=_BLOCK, format=tarfile.PAX_FORMAT
    ) as archive:
        for member, source in _members(entries):
            _add(archive, member, source)


def _members(entries: Mapping[str, Entry]) -> Iterator[tuple[tarfile.TarInfo, Path | bytes]]:
    """Return the archive's members in order, with their parent folders."""
    folders = {folder for path in entries for folder in _above(path)}
    for path in sorted(entries.keys() | folders, key=lambda path: path.split("/")):
        entry = entries.get(path)
        if entry is None:
            yield _folder(path), b""
        else:
            yield _member(entry), entry.source


def _above(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path


def _folder(path: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.type, member.mode = tarfile.DIRTYPE, 0o755
    return member


def _member(entry: Entry) -> tarfile.TarInfo:
    member = tarfile.TarInfo(entry.path)
    member.mtime = entry.mtime
    if isinstance(entry.source, bytes):
        member.size = len(entry.source)
        member.mode = 0o755 if entry.executable else 0o644
        return member
    status = entry.source.lstat()
    if entry.source.is_symlink():
        member.type, member.mode = tarfile.SYMTYPE, 0o777
        member.linkname = os.readlink(entry.source)  # noqa: PTH115 - readlink() makes it a path
    elif entry.source.is_dir():
        return _folder(entry.path)
    else:
        member.size = status.st_size
        member.mode = 0o755 if status.st_mode & 0o100 else 0o644
    return member


def _add(archive: tarfile.TarFile, member: tarfile.TarInfo, source: Path | bytes) -> None:
    if not member.isreg():
        archive.addfile(member)
    elif isinstance(source, bytes):
        archive.addfile(member, io.BytesIO(source))
    else:
        with source.open("rb") as file:
            archive.addfile(member, file)
