"""Errors are values: one base class with fields; how they are shown is decided at the edge.

Exit codes: 1 the answer is no, 2 bad usage, manifest or lock, 3 trouble outside, 130 interrupted,
143 terminated.
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


#: Where something is that stands in no file.
NOWHERE = Location("")


class Problem(NamedTuple):
    """One thing that is wrong, where, and what to write instead."""

    location: Location
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.location}: {self.message}"
        return f"{text}\n    {self.hint}" if self.hint else text

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: ``file``, ``line``, ``column``, ``message``, ``hint``."""
        return {**self.location._asdict(), "message": self.message, "hint": self.hint}


class WordingError(ValueError):
    """A piece of text that can't be read; ``hint`` says what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class DocumentError(ValueError):
    """Text that is not YAML, JSON or TOML, or has in it what nobody can use.

    Attributes:
        message: why, in one line.
        line: where, from 1; 0 where that is not known.
        column: the same.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{message} (at line {line}, column {column})" if column else message)
        self.message, self.line, self.column = message, line, column


#: Deeper than any file that somebody has written on purpose, and than our readers could follow.
TOO_DEEP = "nested too deeply"


class MultiplatError(Exception):
    """Anything that stops a command, as data.

    Attributes:
        message: what happened, in one line.
        details: further lines, already worded.
        hints: what to do next, a line each.
        problems: what is wrong in which file.
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
        """The JSON document that a failing command prints with ``--json``."""
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

    def told(self) -> list[str]:
        """What happened, for a person: the message, then problems and details."""
        shown = [f"error: {self.message}"]
        for part in (*map(str, self.problems), *self.details):
            shown += [f"  {line}" for line in part.splitlines()]
        return [_cut(line) for line in shown]

    def advice(self) -> list[str]:
        """What to do next, for a person."""
        return [_cut(f"  {hint}") for hint in self.hints]

    def lines(self) -> list[str]:
        """Both."""
        return [*self.told(), *self.advice()]


#: Characters of a line that a person reads.
_LONGEST = 1000


def _cut(line: str) -> str:
    """A line without the most of what somebody has put there to be endless."""
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… ({len(line)} characters)"


def reason_of(error: ValueError) -> str:
    """What Python says of a value, in words for who has written it."""
    if "integer string conversion" in str(error):
        return "a number of thousands of digits"
    return str(error)


class UsageError(MultiplatError):
    """The command line asks for something that can't be."""


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
    """A lock is not what its manifest asks for, and is not to be locked anew."""

    exit_code = 1


class InUseError(MultiplatError):
    """Somebody works in the prefix that would have to change."""

    exit_code = 1


class ChannelRefusedError(MultiplatError):
    """A channel is to be used that conda's configuration refuses."""

    exit_code = 1


class OutsideError(MultiplatError):
    """Network, disk or permission trouble."""

    exit_code = 3


class OutputError(OutsideError):
    """Standard output can't be written: there is no place for JSON either."""


class CommandError(MultiplatError):
    """A command to run does not exist, or is not a program: exit codes as a shell has them.

    Attributes:
        exit_code: 127 where there is none of that name, 126 where it can't be run.
    """

    exit_code = 127

    def __init__(self, message: str, *, exit_code: int = 127, hints: Sequence[str] = ()) -> None:
        super().__init__(message, hints=hints)
        self.exit_code = exit_code


class InterruptedByUserError(MultiplatError):
    """Ctrl-C, or SIGTERM.

    Attributes:
        exit_code: 130, or 143.
    """

    exit_code = 130

    def __init__(self, message: str, *, exit_code: int = 130) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class InternalError(MultiplatError):
    """A mistake of ours."""

    exit_code = 3

    @classmethod
    def of(cls, error: BaseException) -> InternalError:
        """The error to show for an exception that nobody expected."""
        return cls(
            f"internal error: {type(error).__name__}: {error}",
            hints=["please report it; -v shows where it happened"],
        )
