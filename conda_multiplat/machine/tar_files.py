"""Tar files (POSIX.1-2001): reproducible ones of ours, and restricted reading of others'.

Their content is compressed already. They are not compressed themselves, so that extracting one
never needs much more space than its size.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import tarfile
import unicodedata
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from conda_multiplat.machine.files import open_file, shown
from conda_multiplat.machine.hashing_writer import HashingWriter
from conda_multiplat.machine.interrupts import held
from conda_multiplat.machine.streams import is_stream, opened
from conda_multiplat.machine.temporary import sweep, temporary_path
from conda_multiplat.vocabulary.errors import LockFileError, OutsideError
from conda_multiplat.vocabulary.names import is_device

#: The size of a block that is read, in bytes.
_BLOCK = 1 << 20
#: The largest header, in bytes; Python would read one of any size into memory.
_LARGEST_READ = 4 << 20
#: The most members of a foreign archive; the largest layers of images have some hundred thousand.
_MOST_OF_ALL = 1_000_000
#: Limits of our own archives: members, characters of a path, bytes of a path's part, folder depth.
_MOST, _LONGEST, _LONGEST_PART, _DEEPEST = 20_000, 1000, 255, 50
_FORM: dict[str, Any] = {"format": tarfile.PAX_FORMAT, "copybufsize": _BLOCK}
#: A name valid on every system: no drive, no stream, no control character, no lone surrogate.
_NAME = re.compile(r"[^\x00-\x1f\x7f\\/:<>\"|?*\ud800-\udfff]+")


def write_tar(
    path: Path, members: Mapping[str, bytes | Path], begin: Callable[[str], None] = lambda _: None
) -> HashingWriter:
    """Write an archive atomically, and return what has its SHA-256 and its size.

    Members are sorted by name, without an owner, with the time 1970, readable by all. At any moment
    ``path`` is the complete old or new file. A stream gets the archive as it is made.

    Args:
        path: the path of the archive.
        members: name -> content, or the path of the file with the content.
        begin: called with each member.

    Raises:
        OutsideError: a file can't be read, or the archive can't be written.
    """
    if is_stream(path):
        with opened(path) as stream:
            return _packed(stream, members, begin)
    sweep(path.parent)
    temporary = temporary_path(path)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        with temporary.open("xb") as file:
            hashing = _packed(file, members, begin)
            file.flush()
            os.fsync(file.fileno())
        with held():
            temporary.replace(path)
    except OSError as error:
        at = error.filename if error.filename not in (None, str(temporary)) else shown(path)
        raise OutsideError(f"can't write {shown(path)}: {at}: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)
    return hashing


def _packed(
    file: BinaryIO, members: Mapping[str, bytes | Path], begin: Callable[[str], None]
) -> HashingWriter:
    hashing = HashingWriter(file)
    with tarfile.open(fileobj=cast("IO[bytes]", hashing), mode="w", **_FORM) as tar:
        for name in sorted(members):
            begin(name)
            _add(tar, name, members[name])
    return hashing


def _add(tar: tarfile.TarFile, name: str, content: bytes | Path) -> None:
    info = tarfile.TarInfo(name)
    info.mode = 0o644
    if isinstance(content, bytes):
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
        return
    with content.open("rb") as file:
        info.size = os.fstat(file.fileno()).st_size
        tar.addfile(info, file)


class _Bounded(io.RawIOBase):
    """A file that limits the bytes of a single read, and of a header.

    Attributes:
        left: how many more bytes the current header may have; ``None`` for no header.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.left: int | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= (_LARGEST_READ if self.left is None else self.left):
            raise tarfile.ReadError("a header of several megabytes")
        if self.left is not None:
            self.left -= size
        return self._file.read(size)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class _Strangers(tarfile.TarFile):
    """The members of a foreign archive: any problem with a header is a ``TarError``.

    ``tarfile`` recurses for each extension header before a member, and accepts any size.
    """

    fileobj: _Bounded
    most = _MOST_OF_ALL
    count = 0

    def next(self) -> tarfile.TarInfo | None:
        """Return the next member; ``None`` at the end."""
        self.fileobj.left = _LARGEST_READ
        try:
            member = super().next()
        except (ArithmeticError, EOFError, ValueError, zlib.error) as error:
            raise tarfile.ReadError(str(error)) from None
        except RecursionError:
            raise tarfile.ReadError("too many headers before a file") from None
        finally:
            self.fileobj.left = None
        if member is not None and member.size < 0:
            raise tarfile.ReadError("a file of negative size")
        self.count += member is not None
        if self.count > self.most:
            raise tarfile.ReadError(f"it has more than {self.most} files")
        return member


def open_tar(file: BinaryIO, most: int = _MOST_OF_ALL) -> tarfile.TarFile:
    """Open another's archive that is not compressed, or a decompressed stream.

    Headers are limited to some megabytes, and the number of members to ``most``.

    Raises:
        TarError: it is not an archive; reading on may raise it too.
    """
    archive = _Strangers.open(fileobj=cast("IO[bytes]", _Bounded(file)), mode="r:")
    archive.most = most
    return archive


def is_tar_with(path: Path, name: str) -> bool:
    """Return whether a file is an uncompressed tar with a member of this name, or is empty."""
    if not path.is_file():
        return False
    with suppress(OSError, tarfile.TarError), open_file(path) as file, open_tar(file) as tar:
        return any(member.name.removeprefix("./") == name for member in islice(tar, _MOST))
    return not path.stat().st_size


def extract_tar(
    archive: Path,
    folder: Path,
    done: Callable[[int], None] = lambda _: None,
    *,
    only: Collection[str] | None = None,
) -> dict[str, str]:
    """Extract an archive of files; return name -> SHA-256.

    Args:
        archive: the archive, not compressed.
        folder: an empty folder.
        done: called with the number of bytes processed so far.
        only: the files to extract; ``None`` for all.

    Raises:
        LockFileError: it is not such an archive, or has a member that is not a file, or a name that
            leads out of the folder or occurs twice, also in another case.
        OutsideError: it can't be read, or the files can't be written.
    """
    digests: dict[str, str] = {}
    names = _Names()
    with _reading(archive) as tar:
        for number, member in enumerate(tar):
            name = member.name.removeprefix("./")
            if number == _MOST:
                raise tarfile.ReadError(f"it has more than {_MOST} files")
            if member.isdir():
                continue
            _refuse(archive, member, name, names)
            if only is None or name in only:
                digests[name] = _extract(tar, member, folder / name, done)
    return digests


@contextmanager
def _reading(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with archive.open("rb") as file, open_tar(file) as tar:
            yield tar
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise LockFileError(f"{shown(archive)} is not a packed environment: {error}") from None
    except OSError as error:
        reason = f"{error.filename or archive}: {error.strerror or error}"
        raise OutsideError(f"{shown(archive)} can't be unpacked: {reason}") from None


def is_portable(name: str) -> bool:
    """Return whether every system takes a path with ``/`` for the same path below a folder."""
    parts = name.split("/")
    return len(name) <= _LONGEST and len(parts) <= _DEEPEST and all(map(_is_portable_part, parts))


def _is_portable_part(part: str) -> bool:
    """Return whether a part of a path is portable: Windows drops dots and spaces at its end."""
    return (
        bool(_NAME.fullmatch(part))
        and part[-1] not in " ."
        and not is_device(part)
        and len(part.encode()) <= _LONGEST_PART
    )


class _Names:
    """The names of an archive, compared like on systems that ignore case and Unicode forms."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: dict[str, str] = {}

    def add(self, name: str) -> str:
        """Add a file's name, or return why it can't coexist with the others."""
        parts = name.split("/")
        above = {
            _folded(folder): folder
            for folder in ("/".join(parts[:count]) for count in range(1, len(parts)))
        }
        key = _folded(name)
        if key in self._files:
            return "which is in it twice"
        if (
            key in self._folders
            or not self._files.isdisjoint(above)
            or any(self._folders.get(parent, folder) != folder for parent, folder in above.items())
        ):
            return "which clashes with another of its files on some systems"
        self._files.add(key)
        self._folders |= above
        return ""


def _folded(name: str) -> str:
    """Return a name's form for systems that ignore case and Unicode normalisation."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _refuse(archive: Path, member: tarfile.TarInfo, name: str, names: _Names) -> None:
    """Refuse members that are not files with a unique name below the folder.

    Raises:
        LockFileError: with the reason.
    """
    reason = ""
    if not member.isreg() or member.sparse is not None:
        reason = "which is not a file"
    elif not is_portable(name):
        reason = "which is not a path that is valid on every system"
    else:
        reason = names.add(name)
    if reason:
        text = f"{shown(archive)} can't be unpacked: it has {name[:80]!r}, {reason}"
        raise LockFileError(text, hints=["nothing was changed"])


def _extract(
    tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, done: Callable[[int], None]
) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    remaining = member.size
    source = tar.extractfile(member)
    assert source is not None  # it is a file
    with source, path.open("xb") as file:
        while block := source.read(_BLOCK):
            digest.update(block)
            file.write(block)
            remaining -= len(block)
            done(member.offset_data + member.size - remaining)
    if remaining:
        raise tarfile.ReadError("it ends in the middle of a file")
    return digest.hexdigest()
