"""Files that a user names to be written: a slip must not replace a manifest, a lock or notes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conda_multiplat.machine.files import read_lock_text, shown
from conda_multiplat.vocabulary.errors import ManifestError, UsageError


def refuse_others(
    path: Path, kind: str, is_one: Callable[[Path], bool], option: str = "-o FILE"
) -> None:
    """Refuse to replace what is of another kind; what is new, or an empty file, may be written.

    Args:
        path: what the user has named.
        kind: what will be written: ``image``, ``SARIF log``.
        is_one: whether what is there is of that kind.
        option: what names another place.

    Raises:
        UsageError: it is something else.
        OutsideError: it can't be read.
    """
    if path.exists() and not _is_empty(path) and not is_one(path):
        raise UsageError(
            f"{shown(path)} is there, and is no {kind}: it is not replaced",
            hints=[f"name another with {option}"],
        )


def _is_empty(path: Path) -> bool:
    return path.is_file() and not path.stat().st_size


def with_text(is_one: Callable[[str], bool]) -> Callable[[Path], bool]:
    """What tells the kind of a file by its text, as ``is_one`` of :func:`refuse_others`."""

    def tells(path: Path) -> bool:
        try:
            return is_one(read_lock_text(path))
        except ManifestError:  # a folder, or other bytes than text
            return False

    return tells
