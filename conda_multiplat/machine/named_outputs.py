"""Files that the user names for output: a slip must create no folder and replace no other file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conda_multiplat.machine.files import read_lock_text, shown, write_all
from conda_multiplat.machine.streams import is_stdout, is_stream, opened
from conda_multiplat.vocabulary.errors import ManifestError, UsageError


def require_place(path: Path, *, json: bool) -> None:
    """Refuse a path where nothing can be written, before any other work.

    Args:
        path: the path that the user gave.
        json: whether standard output gets a JSON document.

    Raises:
        UsageError: its folder does not exist, or it is standard output, which the document needs.
    """
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {shown(path.parent)}", hints=["create it first"])
    if json and is_stdout(path):
        raise UsageError(
            f"{path} is needed for the document of --json",
            hints=["name a file, or leave out --json"],
        )


def refuse_others(
    path: Path, kind: str, is_one: Callable[[Path], bool], option: str = "-o FILE"
) -> None:
    """Refuse to replace a file of another kind; new and empty files and streams may be written.

    Args:
        path: the path that the user gave.
        kind: what will be written: ``an image``, ``a SARIF log``.
        is_one: whether the existing file is of that kind.
        option: the option for choosing another path.

    Raises:
        UsageError: the file is of another kind.
        OutsideError: it can't be read.
    """
    if path.exists() and not is_stream(path) and not _is_empty(path) and not is_one(path):
        raise UsageError(
            f"{shown(path)} exists and is not {kind}: it is not replaced",
            hints=[f"name another with {option}"],
        )


def write_named(path: Path, text: str) -> None:
    """Write a text where the user wants it: into a stream, or as a file that replaces the old one.

    Raises:
        UsageError: a link leads out of its repository; nothing was written.
        OutsideError: it can't be written.
    """
    if not is_stream(path):
        write_all({path: text})
        return
    with opened(path) as stream:
        stream.write(text.encode())


def _is_empty(path: Path) -> bool:
    return path.is_file() and not path.stat().st_size


def with_text(is_one: Callable[[str], bool]) -> Callable[[Path], bool]:
    """Return a test of a file's text, for ``is_one`` of :func:`refuse_others`."""

    def tells(path: Path) -> bool:
        try:
            return path.is_file() and is_one(read_lock_text(path))
        except ManifestError:  # not text
            return False

    return tells
