"""Output to the user: messages on stderr; on stdout results, or one JSON document (``--json``)."""

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
#: Seconds after which progress is shown, and the duration at the end.
PATIENCE = 0.3
#: The width of a terminal of unknown size, in characters.
_COLUMNS = 80
#: Variables that are set if a console of Windows supports ANSI colours.
_WINDOWS_TERMINALS = ("WT_SESSION", "ANSICON", "ConEmuANSI", "TERM")


class Console(NamedTuple):
    """A command's output to its user.

    Attributes:
        json: whether to print one JSON document on stdout.
        quiet: whether to print no messages except errors.
        verbose: whether to print long lists in full.
        started: the start of the command by ``time.monotonic``; 0 if it is not known.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    started: float = 0.0

    @property
    def stream(self) -> IO[str]:
        """The stream for messages, looked up late so that a replaced ``sys.stderr`` is used."""
        return sys.stderr if sys.stderr is not None else _Nowhere()

    @property
    def interactive(self) -> bool:
        """Return whether messages go to a terminal, where progress bars are drawn."""
        return not self.quiet and not self.json and self.stream.isatty()

    @property
    def width(self) -> int | None:
        """The width of the terminal for messages, in characters; ``None`` if there is none."""
        return _width(self.stream)

    @property
    def answer_width(self) -> int | None:
        """The width of the terminal for :meth:`show`, in characters; ``None`` if there is none."""
        return _width(sys.stdout) if sys.stdout is not None else None

    @property
    def took(self) -> str:
        """The time since the start as a message's suffix, if a person has waited; else ``""``."""
        seconds = time.monotonic() - self.started
        waited = self.started and seconds > PATIENCE and self.interactive
        return f" in {seconds:.1f} s" if waited else ""

    def say(self, text: str | Line = "") -> None:
        """Print a line as a message."""
        if not self.quiet:
            self._prose(_styled(text, self.stream))

    def hint(self, command: str) -> None:
        """Print the next command for the user to run, after everything else."""
        self.say([Span(" next: "), Span(command, "bold")])

    def ask(self, question: str) -> None:
        """Print a question that is answered on the same line."""
        self._prose(_harmless(question), end="")

    def show(self, text: str | Line) -> None:
        """Print a line of the result on stdout."""
        if not self.json:
            _answer(_styled(text, sys.stdout))

    def show_file(self, text: str) -> None:
        """Print text for a file on stdout, unchanged except for terminal control sequences."""
        if sys.stdout is not None and sys.stdout.isatty():
            self.show(text)
        else:
            self.show_bytes(f"{text}\n".encode())

    def show_bytes(self, content: bytes) -> None:
        """Write a binary result to stdout."""
        if not self.json:
            with _writing() as stream:
                stream.flush()
                stream.buffer.write(content)
                stream.buffer.flush()

    def result(self, data: dict[str, Any]) -> None:
        """Print the command's result, with ``--json``."""
        if self.json:
            _answer(json.dumps({"success": True, **data}, indent=2))

    def error(self, error: MultiplatError) -> int:
        """Show an error and return its exit code."""
        if self.json and not isinstance(error, OutputError):
            text = json.dumps(error.to_dict(), indent=2)
            with suppress(OutputError, BrokenPipeError):
                _answer(scrub(text))
                return error.exit_code
        first, *rest = error.statement()
        lines = [_styled([Span(first, "red")], self.stream), *map(_harmless, rest)]
        apart = [""] if rest and error.hints and self.width else []
        lines += [*apart, *map(_harmless, error.advice())]
        self._prose("\n".join(lines))
        return error.exit_code

    def _prose(self, text: str, end: str = "\n") -> None:
        """Write to stderr, ignoring errors: nobody may be reading it."""
        try:
            self.stream.write(text + end)
            self.stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                _drop(sys.stderr)


class _Nowhere(io.StringIO):
    """Replaces a closed stderr; output is discarded."""

    def write(self, _: str) -> int:
        return 0


def occupy_streams() -> None:
    """Open the null device for each closed standard stream (``2>&-``).

    Otherwise the next file that is opened would get its number, and the output that a library or a
    child process writes to the stream.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004  # stdin, stdout, stderr
        pass
    os.close(handle)


def _width(stream: IO[str]) -> int | None:
    """Return a terminal's width by ``COLUMNS`` or its size; ``None`` if it is not a terminal."""
    if not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except (OSError, ValueError):
        return _COLUMNS


def _coloured(stream: IO[str] | None) -> bool:
    """Return whether to use colours: as ``NO_COLOR`` or ``FORCE_COLOR`` says, or on a terminal."""
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
    """Return ``text`` without credentials and terminal control sequences."""
    return printable(scrub(text))


def _answer(text: str) -> None:
    """Write a line to stdout, in UTF-8 if stdout's own encoding can't encode it."""
    with _writing() as stream:
        try:
            _write(stream, text)
        except UnicodeEncodeError:
            stream.buffer.write(f"{text}\n".encode("utf-8", "backslashreplace"))
            stream.buffer.flush()


@contextmanager
def _writing() -> Iterator[TextIO]:
    """Provide stdout for writing.

    Raises:
        OutputError: it can't be written. A broken pipe is left to the caller.
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
    """Discard buffered output for stdout: Python would write it at exit, and fail again."""
    _drop(sys.stdout)


def _drop(stream: IO[str]) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write(stream: IO[str], text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
