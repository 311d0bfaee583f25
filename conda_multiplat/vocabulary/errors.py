"""Errors are values of one base class; the command line decides how to show them.

Exit codes: 1 the answer is no; 2 wrong usage, manifest or lock; 3 network, disk or permissions;
130 interrupted; 143 terminated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Location(NamedTuple):
    """A place in a file; ``line`` and ``column`` count from 1, and 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        places = [str(number) for number in (self.line, self.column) if number]
        return ":".join([self.file, *places])


#: The location of a problem that is in no file.
NOWHERE = Location("")


class Problem(NamedTuple):
    """One mistake in a file: what is wrong, where, and what to write instead."""

    location: Location
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.location}: {self.message}"
        return f"{text}\n    {self.hint}" if self.hint else text

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: ``file``, ``line``, ``column``, ``message``, ``hint``."""
        return {**self.location._asdict(), "message": self.message, "hint": self.hint}


class WordingError(ValueError):
    """A piece of text that can't be read; ``hint`` says what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class DocumentError(ValueError):
    """Text that is not YAML, JSON or TOML, or contains values that can't be used.

    Attributes:
        message: the reason, in one line.
        line: counts from 1; 0 if it is not known.
        column: counts from 1; 0 if it is not known.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{message} (at line {line}, column {column})" if column else message)
        self.message, self.line, self.column = message, line, column


#: The message for a document that is nested deeper than our readers can follow.
TOO_DEEP = "nested too deeply"
#: The name of the exception for a Rust ``panic!``; it is not an ``Exception``.
PANIC = "PanicException"


class MultiplatError(Exception):
    """The base class of all errors that end a command.

    Attributes:
        message: what happened, in one line.
        details: further lines of text.
        hints: what to do next, one line for each suggestion.
        problems: mistakes in files.
        exit_code: the process's exit code.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        details: Sequence[str] = (),
        hints: Sequence[str] = (),
        problems: Sequence[Problem] = (),
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)
        self.hints = tuple(hints)
        self.problems = tuple(problems)
        self.data = data or {}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document that a failing command prints with ``--json``."""
        return {
            "success": False,
            "error": self.message,
            "kind": type(self).__name__,
            "exit_code": self.exit_code,
            "details": list(self.details),
            "hints": list(self.hints),
            "problems": [problem.to_dict() for problem in self.problems],
            **self.data,
        }

    def statement(self) -> list[str]:
        """Return the lines that say what happened: the message, problems and details."""
        lines = [f"error: {self.message}"]
        for part in (*map(str, self.problems), *self.details):
            lines += [f"  {line}" for line in part.splitlines()]
        return [_cut(line) for line in lines]

    def advice(self) -> list[str]:
        """Return the lines that say what to do next."""
        return [_cut(f"  {hint}") for hint in self.hints]

    def lines(self) -> list[str]:
        """Return all lines: what happened, then what to do next."""
        return [*self.statement(), *self.advice()]


#: The maximum length of a line, in characters.
_LONGEST = 1000


def _cut(line: str) -> str:
    """Truncate a line that is far too long."""
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… ({len(line)} characters)"


def reason_of(error: ValueError) -> str:
    """Return Python's message about a value, worded for the person who wrote the value."""
    if "integer string conversion" in str(error):
        return "a number of thousands of digits"
    return str(error)


class UsageError(MultiplatError):
    """The command line is wrong."""


class ManifestError(MultiplatError):
    """A manifest is missing or wrong."""


class LockFileError(MultiplatError):
    """A lock file is missing, broken, or of a version that we can't read."""


class NoSolutionError(MultiplatError):
    """At least one target can't be solved."""

    exit_code = 1


class UnmetError(MultiplatError):
    """This machine lacks what the locked packages need, or the prefix may not be touched."""

    exit_code = 1


class OutOfDateError(MultiplatError):
    """A lock does not satisfy its manifest, and an option forbids locking again."""

    exit_code = 1


class InUseError(MultiplatError):
    """The prefix that would have to change is in use."""

    exit_code = 1


class ChannelRefusedError(MultiplatError):
    """conda's configuration refuses a channel."""

    exit_code = 1


class OutsideError(MultiplatError):
    """An error of the network, the disk or permissions."""

    exit_code = 3


class OutputError(OutsideError):
    """Standard output can't be written, so that JSON can't be printed either."""


class CommandError(MultiplatError):
    """A command to run does not exist or can't be executed; exit codes are those of a shell.

    Attributes:
        exit_code: 127 if it is not found, 126 if it can't be executed.
    """

    exit_code = 127

    def __init__(self, message: str, *, exit_code: int = 127, hints: Sequence[str] = ()) -> None:
        super().__init__(message, hints=hints)
        self.exit_code = exit_code


class InterruptedByUserError(MultiplatError):
    """Ctrl-C, or SIGTERM.

    Attributes:
        exit_code: 130 for Ctrl-C, 143 for SIGTERM.
    """

    exit_code = 130

    def __init__(self, message: str, *, exit_code: int = 130) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class InternalError(MultiplatError):
    """A bug of conda-multiplat."""

    exit_code = 3

    @classmethod
    def of(cls, error: BaseException) -> InternalError:
        """Return the error to show for an unexpected exception."""
        return cls(
            f"internal error: {type(error).__name__}: {error}",
            hints=["please report it; -v shows where it happened"],
        )
