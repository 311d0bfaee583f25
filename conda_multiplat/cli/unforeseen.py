"""Unforeseen errors that are not ours: of the operating system, the engine or their input."""

from __future__ import annotations

import sys

from conda_multiplat.vocabulary.errors import PANIC, MultiplatError, OutsideError, UsageError


def not_ours(error: BaseException) -> MultiplatError | None:
    """Return the error to report for an exception of the operating system or the engine.

    rattler's exceptions are in a module ``exceptions``; expected ones are caught where they occur.
    The others are caused by text in a file, a channel or a package.
    """
    if isinstance(error, RuntimeError) and isinstance(error.__context__, OSError):
        error = error.__context__  # a symbolic link to itself, before Python 3.13
    reason, *more = str(error).splitlines() or [type(error).__name__]
    if isinstance(error, UnicodeEncodeError):
        return _of_a_name(error)
    if isinstance(error, OSError):
        reason = error.strerror or reason
        return OutsideError(f"{error.filename}: {reason}" if error.filename else reason)
    if type(error).__name__ == PANIC:
        return OutsideError("rattler failed on this input", details=more)
    if type(error).__module__ == "exceptions":
        hint = "the text is in a lock, a channel or a package: restore a lock from version control"
        return UsageError(reason, details=more, hints=[hint])
    return None


def _of_a_name(error: UnicodeEncodeError) -> MultiplatError | None:
    """Return the error for a file name that the system or rattler can't be given.

    If the locale isn't UTF-8, Python represents the bytes of such names as lone surrogates
    (PEP 383). Returns ``None`` for other text.
    """
    encoding = sys.getfilesystemencoding()
    only_surrogates = all(
        "\udc80" <= character <= "\udcff" for character in error.object[error.start : error.end]
    )
    if encoding != "utf-8":
        hint = f"file names are {encoding} here: set LC_ALL=C.UTF-8, or PYTHONUTF8=1"
    elif only_surrogates:
        hint = "rename it, or its folder: names have to be UTF-8"
    else:
        return None
    name = ascii(error.object)[1:-1]
    return OutsideError(f"a file's name can't be used: {name}", hints=[hint])
