"""Files on disk: find a manifest, read text, and write several files or none."""

from __future__ import annotations

import codecs
import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from conda_multiplat.machine.interrupts import held
from conda_multiplat.machine.temporary import put, sweep, temporary_path
from conda_multiplat.vocabulary.errors import (
    Location,
    ManifestError,
    OutsideError,
    Problem,
    UsageError,
)
from conda_multiplat.vocabulary.file_names import (
    LOCK_NAME,
    lock_name,
    locked_environment,
    read_rendered_name,
)

MANIFEST_NAMES = ("environment.yml", "environment.yaml")
#: A word without special characters for any shell; letters need not be ASCII.
_PLAIN_WORD = r"[\w@%+=:,./~\\-]+" if os.name == "nt" else r"[\w@%+=:,./~-]+"
_SEEN_IN_QUOTES = r'["$`!\\]'
#: Returns the text of a file.
ReadText = Callable[[Path], str]
#: The size of a block that is read, in bytes.
_BLOCK = 1 << 16
#: The largest manifest, or file that it names, in bytes; more YAML takes a minute to read.
_LARGEST = 8 << 20
#: The message for an unusable line in a file outside of the project.
NOT_SHOWN = "this line can't be used; it is not shown, because its file is outside this repository"
#: The hint if nothing could be written.
_KEPT = "the old files are as they were"
#: The largest lock, in bytes.
_LARGEST_LOCK = 128 << 20


def find_manifest(start: Path) -> Path:
    """Find the nearest manifest in ``start`` or above, up to the root of the git repository.

    Raises:
        ManifestError: there is none.
    """
    folder = start.resolve()
    for folder_above in (folder, *folder.parents):
        if manifest := manifest_in(folder_above):
            return manifest
        if (folder_above / ".git").exists():
            break
    raise ManifestError(
        f"no {' or '.join(MANIFEST_NAMES)} in {folder}",
        details=["looked in the folders above too, up to the git repository's root"],
        hints=["name the file with -f FILE", "or create one: conda multiplat init"],
    )


def manifest_in(folder: Path) -> Path | None:
    """Return the manifest in a folder, if there is one."""
    return next((folder / name for name in MANIFEST_NAMES if (folder / name).is_file()), None)


def lock_path(folder: Path, environment: str) -> Path:
    """Return the path of an environment's lock, next to the manifest."""
    return folder / lock_name(environment)


def lock_files(folder: Path) -> list[Path]:
    """Return all locks in a folder, sorted, whether the manifest has their environments or not."""
    return sorted(path for path in folder.glob(f"*{LOCK_NAME}") if locked_environment(path.name))


def rendered_files(folder: Path) -> list[Path]:
    """Return the files in a folder with names of rendered files, sorted."""
    return sorted(
        path for path in folder.iterdir() if read_rendered_name(path.name) and path.is_file()
    )


def shown(path: Path) -> str:
    """Return a path as a user types it: relative to the working directory if that is shorter."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # on another drive, on Windows
        return str(path)
    return relative if len(relative) < len(str(path)) else str(path)


def relative_name(path: Path, folder: Path) -> str:
    """Return a path relative to ``folder``, with forward slashes, without following links."""
    return seen_from(Path(os.path.abspath(path)), Path(os.path.abspath(folder)))  # noqa: PTH100


def seen_from(path: PurePath, folder: PurePath) -> str:
    """Return an absolute path relative to a folder; unchanged if that is on another drive."""
    for ups, parent in enumerate((folder, *folder.parents)):
        if path.is_relative_to(parent):
            return str(PurePosixPath(*[".."] * ups, *path.relative_to(parent).parts))
    return path.as_posix()


def typed(path: Path) -> str:
    """Return a path as :func:`shown` does, quoted for a command line."""
    return quoted(shown(path))


def quoted(text: str) -> str:
    """Quote a word of a command line, for POSIX shells and Windows.

    If quotes are needed, they are double ones, which both support, or single ones if a POSIX shell
    would expand something in double quotes.
    """
    if re.fullmatch(_PLAIN_WORD, text):
        return text
    if os.name == "nt" or not re.search(_SEEN_IN_QUOTES, text):
        return f'"{text}"'
    return "'" + text.replace("'", "'\\''") + "'"


def read_text(path: Path, limit: int = _LARGEST) -> str:
    """Return the text of a UTF-8 file without a byte order mark.

    Raises:
        ManifestError: it is not there, not a file, larger than ``limit``, or not UTF-8.
        OutsideError: it can't be read.
    """
    name = shown(path)
    try:
        with open_file(path) as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise ManifestError(f"{name} is larger than {limit >> 20} MiB: it is not read")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise ManifestError(f"{name} does not exist") from None
    except UnicodeDecodeError as error:
        raise ManifestError(f"{name} can't be read", problems=[_not_utf8(name, error)]) from None
    except OSError as error:
        raise OutsideError(f"{name} can't be read: {error.strerror}") from None


def _not_utf8(name: str, error: UnicodeDecodeError) -> Problem:
    """Say in which encoding a file is, or where it can't be UTF-8."""
    if error.object.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        cause = "Windows PowerShell's `>` writes UTF-16; `--file NAME` of conda doesn't"
        return Problem(Location(name), "UTF-16, not UTF-8", f"save it as UTF-8: {cause}")
    line = error.object.count(b"\n", 0, error.start) + 1
    message = f"not UTF-8: {error.reason} at byte {error.start}"
    return Problem(Location(name, line), message, "save it as UTF-8")


def read_lock_text(path: Path) -> str:
    """Return the text of a lock as :func:`read_text` does, with a higher limit."""
    return read_text(path, _LARGEST_LOCK)


def open_file(path: Path) -> BinaryIO:
    """Open a regular file for reading: a pipe could block, and a device could be endless.

    Raises:
        ManifestError: it is not a regular file.
    """
    # Path.open takes no opener, and the caller closes it.
    file = open(path, "rb", buffering=0, opener=_without_waiting)  # noqa: SIM115
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise ManifestError(f"{shown(path)} is not a file")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_blocks(path: Path) -> Iterator[bytes]:
    """Yield the content of a file in blocks.

    Raises:
        OutsideError: it can't be read.
    """
    try:
        with open_file(path) as file:
            while block := file.read(_BLOCK):
                yield block
    except OSError as error:
        raise OutsideError(f"{shown(path)} can't be read: {error.strerror}") from None


def refuse_read_only(path: Path) -> None:
    """Refuse to write a read-only file.

    In a writable folder it could be replaced, but whoever made it read-only does not want that.

    Raises:
        OutsideError: it is read-only; as root, if nobody may write it.
    """
    writable = path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    if not writable or not os.access(path, os.W_OK):
        raise OutsideError(f"{shown(path)} is read-only", hints=["no file was changed"])


def _refuse_unwritable(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.exists():
            refuse_read_only(path)
        reason = errno.EISDIR if path.is_dir() else 0
        if not os.access(place_of(path).parent, os.W_OK):
            reason = errno.EACCES
        if reason:
            raise _unwritten(path, os.strerror(reason))


def _unwritten(path: Path, reason: str, hint: str = _KEPT) -> OutsideError:
    return OutsideError(f"can't write {shown(path)}: {reason}", hints=[hint])


def write_all(texts: Mapping[Path, str], *, dry_run: bool = False) -> None:
    """Write all files or, if one can't be written, none; a dry run only refuses the same.

    1. Each text is written to a temporary file in the same folder and synced to the disk: errors (a
       full disk, permissions, a folder with that name) occur here, and the temporary files are
       removed. A symbolic link is followed, unless it leads out of its git repository: whoever made
       the link may not be the user.
    2. Then the files are renamed, each atomically: readers see the old or the new one. Ctrl-C and
       SIGTERM wait until all are renamed.

    Temporary files of killed runs are removed.

    Raises:
        UsageError: a link leads out of its repository; nothing was written.
        OutsideError: a file is read-only, or can't be written; nothing was written.
    """
    if dry_run:
        _refuse_unwritable(texts)
        return
    staged: dict[Path, Path] = {}
    new: list[Path] = []
    at = Path()
    for folder in {path.parent for path in texts}:
        sweep(folder)
    try:
        for path in filter(Path.exists, texts):
            refuse_read_only(path)
        for path, text in texts.items():
            at = path
            place = place_of(path)
            temporary = temporary_path(place)
            staged[temporary] = place
            _stage(temporary, place, text)
        with held():
            for temporary, at in staged.items():
                put(temporary, at)
                new.append(at)
    except OSError as error:
        others = f"{', '.join(map(shown, new))} had been written" if new else ""
        raise _unwritten(at, str(error.strerror), others or _KEPT) from None
    finally:
        for temporary in staged:
            temporary.unlink(missing_ok=True)


def place_of(path: Path) -> Path:
    """Return the file that ``path`` refers to, following symbolic links.

    Raises:
        UsageError: a link leads out of the repository that it is in.
        OSError: a link leads to itself.
    """
    place = path.resolve()
    if place.is_symlink():  # since Python 3.13 that is not an error
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    repository = repository_of(path)
    if repository and not place.is_relative_to(repository.resolve()):
        raise UsageError(
            f"{shown(path)} is a link to {place}, outside of the repository {repository}",
            hints=["replace the link with a file, or name the file itself", "no file was changed"],
        )
    return place


def is_foreign(path: Path, folder: Path) -> bool:
    """Return whether a file is outside of a manifest's repository or, without one, of its folder.

    Args:
        path: the file.
        folder: the manifest's.
    """
    home = repository_of(folder / LOCK_NAME) or folder
    return not path.resolve().is_relative_to(home.resolve())


def repository_of(path: Path) -> Path | None:
    """Return the git repository that contains a path, without following links; ``None`` if none."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - it keeps links, resolve() does not
    return next((folder for folder in absolute.parents if (folder / ".git").exists()), None)


def local_path(url: str) -> Path:
    """Return the path of a ``file:`` URL: ``/a b`` of ``file:///a%20b``, ``C:/a`` of ``file:///C:/a``.

    ``urllib.request`` has this too, but takes as long to import as a small install.
    """
    path = unquote(urlsplit(url).path)
    return Path(path[1:] if path[2:3] == ":" else path)


def _stage(temporary: Path, path: Path, text: str) -> None:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a file")  # a pipe or a device must not be replaced
    mode = path.stat().st_mode & 0o777 if path.exists() else None
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(mode if mode is not None else 0o666 & ~_umask())


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
