"""What a user sees: prose and progress on stderr, one JSON document on stdout with ``--json``."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, NamedTuple, TextIO

from conda_multiplat.vocabulary.channels import scrub
from conda_multiplat.vocabulary.errors import MultiplatError, OutputError
from conda_multiplat.vocabulary.printable import printable

_STYLES = {"green": "32", "red": "31", "yellow": "33", "dim": "2", "bold": "1"}


class Console(NamedTuple):
    """Where a command talks to its user.

    Attributes:
        json: print one JSON document on stdout.
        quiet: no prose but errors.
        verbose: leave nothing out of long lists.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def limit(self, shown: int) -> int | None:
        """How many entries of a list to show: ``shown``, or all (``None``)."""
        return None if self.verbose else shown

    @property
    def stream(self) -> IO[str]:
        """Where prose goes; asked for late, so that a replaced ``sys.stderr`` is honoured."""
        return sys.stderr if sys.stderr is not None else _Nowhere()

    @property
    def interactive(self) -> bool:
        """Whether a person watches: progress bars are drawn only then."""
        return not self.quiet and not self.json and self.stream.isatty()

    def say(self, text: str = "") -> None:
        """A line of prose."""
        if not self.quiet:
            self._prose(_harmless(text))

    def ask(self, question: str) -> None:
        """A question that is answered on the same line."""
        self._prose(_harmless(question), end="")

    def show(self, text: str) -> None:
        """A line of what was asked for: on stdout, where it can be piped on."""
        if not self.json:
            _answer(_harmless(text))

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

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows in aligned columns, fitted to a terminal; the last column is not padded."""
        if self.interactive:
            self._rich_table(rows)
            return
        widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            self.say(" " + "  ".join([*cells, row[-1]]).rstrip())

    def _rich_table(self, rows: Sequence[Sequence[str]]) -> None:
        from rich.console import Console as RichConsole
        from rich.table import Table

        table = Table.grid(padding=(0, 2), pad_edge=True)
        for style in ("bold", "cyan", "dim"):
            table.add_column(style=style, no_wrap=True)
        table.add_column(overflow="fold")
        for row in rows:
            table.add_row(*map(_harmless, row))
        RichConsole(file=self.stream, highlight=False, markup=False).print(table)

    def style(self, text: str, style: str) -> str:
        """``text`` in a colour or weight, on a terminal that wants it."""
        if not self.stream.isatty() or "NO_COLOR" in os.environ:
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

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
        first, *rest = map(_harmless, error.lines())
        self._prose("\n".join([self.style(first, "red"), *rest]))
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
