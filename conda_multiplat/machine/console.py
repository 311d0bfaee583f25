"""What a user sees: prose and progress on stderr, one JSON document on stdout with ``--json``."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, NamedTuple, TextIO

from conda_multiplat.vocabulary.channels import scrub
from conda_multiplat.vocabulary.errors import MultiplatError, OutputError
from conda_multiplat.vocabulary.printable import printable
from conda_multiplat.vocabulary.styled import Line, Span

_STYLES = {"green": "32", "red": "31", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}
#: Seconds after which somebody wants to know what goes on, and at the end how long it took.
PATIENCE = 0.3
#: Of a terminal that says nothing of its size.
_COLUMNS = 80
#: What says of a console of Windows that it knows colours as other terminals do.
_WINDOWS_TERMINALS = ("WT_SESSION", "ANSICON", "ConEmuANSI", "TERM")


class Console(NamedTuple):
    """Where a command talks to its user.

    Attributes:
        json: print one JSON document on stdout.
        quiet: no prose but errors.
        verbose: leave nothing out of long lists.
        started: when the command began, as ``time.monotonic`` counts; 0 where nobody knows.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    started: float = 0.0

    @property
    def stream(self) -> IO[str]:
        """Where prose goes; asked for late, so that a replaced ``sys.stderr`` is honoured."""
        return sys.stderr if sys.stderr is not None else _Nowhere()

    @property
    def interactive(self) -> bool:
        """Whether a person watches: progress bars are drawn only then."""
        return not self.quiet and not self.json and self.stream.isatty()

    @property
    def width(self) -> int | None:
        """The characters of a line of prose: a terminal's; ``None`` where it may have any."""
        return _width(self.stream)

    @property
    def answer_width(self) -> int | None:
        """The same of what :meth:`show` shows."""
        return _width(sys.stdout) if sys.stdout is not None else None

    @property
    def took(self) -> str:
        """The time since the command began, for who has watched and waited; else nothing."""
        seconds = time.monotonic() - self.started
        waited = self.started and seconds > PATIENCE and self.interactive
        return f" in {seconds:.1f} s" if waited else ""

    def say(self, text: str | Line = "") -> None:
        """A line of prose."""
        if not self.quiet:
            self._prose(_styled(text, self.stream))

    def hint(self, command: str) -> None:
        """What a user does next, after all else."""
        self.say([Span(" next: "), Span(command, "bold")])

    def ask(self, question: str) -> None:
        """A question that is answered on the same line."""
        self._prose(_harmless(question), end="")

    def show(self, text: str | Line) -> None:
        """A line of what was asked for: on stdout, where it can be piped on."""
        if not self.json:
            _answer(_styled(text, sys.stdout))

    def show_file(self, text: str) -> None:
        """What is meant for a file: to the letter, but for what would steer a terminal."""
        if sys.stdout is not None and sys.stdout.isatty():
            self.show(text)
        else:
            self.show_bytes(f"{text}\n".encode())

    def show_bytes(self, content: bytes) -> None:
        """What was asked for and need not be text, as it is."""
        if not self.json:
            with _writing() as stream:
                stream.flush()
                stream.buffer.write(content)
                stream.buffer.flush()

    def result(self, data: dict[str, Any]) -> None:
        """The command's answer, for ``--json``."""
        if self.json:
            _answer(json.dumps({"success": True, **data}, indent=2))

    def error(self, error: MultiplatError) -> int:
        """Show an error and return its exit code."""
        if self.json and not isinstance(error, OutputError):
            text = json.dumps(error.to_dict(), indent=2)
            with suppress(OutputError, BrokenPipeError):
                _answer(scrub(text))
                return error.exit_code
        first, *rest = error.told()
        lines = [_styled([Span(first, "red")], self.stream), *map(_harmless, rest)]
        apart = [""] if rest and error.hints and self.width else []
        lines += [*apart, *map(_harmless, error.advice())]
        self._prose("\n".join(lines))
        return error.exit_code

    def _prose(self, text: str, end: str = "\n") -> None:
        """Write to stderr; a command's work does not depend on whether anybody reads that."""
        try:
            self.stream.write(text + end)
            self.stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                _drop(sys.stderr)


class _Nowhere(io.StringIO):
    """What stands for stderr where it is closed: what is written is forgotten."""

    def write(self, _: str) -> int:
        return 0


def occupy_streams() -> None:
    """Open the null device for each standard stream that is closed (``2>&-``).

    The next file that is opened would have its number, and get what some library, or a child, says
    to the stream.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004  # stdin, stdout, stderr
        pass
    os.close(handle)


def _width(stream: IO[str]) -> int | None:
    """A terminal's columns, as ``COLUMNS`` or it says; ``None`` where none is looked at."""
    if not stream.isatty():
        return None
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except (OSError, ValueError):
        return _COLUMNS


def _coloured(stream: IO[str] | None) -> bool:
    """Whether colours are wanted: ``NO_COLOR``, then ``FORCE_COLOR``, then what it is decide."""
    environ = os.environ
    if environ.get("NO_COLOR") or stream is None:
        return False
    if forced := environ.get("FORCE_COLOR"):
        return forced != "0"
    if not stream.isatty() or environ.get("TERM") == "dumb":
        return False
    return os.name != "nt" or any(name in environ for name in _WINDOWS_TERMINALS)


def _styled(text: str | Line, stream: IO[str] | None) -> str:
    if isinstance(text, str):
        return _harmless(text)
    colours = _coloured(stream)
    return "".join(
        f"\x1b[{_STYLES[style]}m{_harmless(span)}\x1b[0m" if style and colours else _harmless(span)
        for span, style in text
    )


def _harmless(text: str) -> str:
    """``text`` without credentials, and without what would steer a terminal."""
    return printable(scrub(text))


def _answer(text: str) -> None:
    """A line on stdout, in UTF-8 where stdout's own encoding has no letters for it."""
    with _writing() as stream:
        try:
            _write(stream, text)
        except UnicodeEncodeError:
            stream.buffer.write(f"{text}\n".encode("utf-8", "backslashreplace"))
            stream.buffer.flush()


@contextmanager
def _writing() -> Iterator[TextIO]:
    """stdout, to be written to.

    Raises:
        OutputError: it can't be written; a pipe that nobody reads is left to the caller.
    """
    if sys.stdout is None:
        raise OutputError("can't write to standard output: it is closed")
    try:
        yield sys.stdout
    except BrokenPipeError:
        drop_output()
        raise
    except OSError as error:
        drop_output()
        raise OutputError(f"can't write to standard output: {error.strerror}") from None


def drop_output() -> None:
    """Send what is left for stdout nowhere: Python would write it at its end, and fail again."""
    _drop(sys.stdout)


def _drop(stream: IO[str]) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write(stream: IO[str], text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
