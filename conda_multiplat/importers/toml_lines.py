"""Positions of tables and keys in a TOML file, since the parser only gives values.

This is not a parser: it only looks at each line. A key that it does not find gets the position of
its parent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_multiplat.vocabulary.errors import Location

_KEY = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_TABLE = re.compile(rf"^\s*\[\[?\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_PAIR = re.compile(rf"^\s*({_DOTTED})\s*=")
_PART = re.compile(_KEY)


class Places:
    """The positions of tables and keys, by path.

    Args:
        file: the file's name as the user knows it.
        text: its text.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self._found: dict[tuple[str, ...], int] = {}
        for path, number in self._scan():
            for length in range(1, len(path) + 1):
                self._found.setdefault(path[:length], number)

    def at(self, *path: str) -> Location:
        """Return the position of a table or key, or of its closest parent that was found."""
        for length in range(len(path), 0, -1):
            if number := self._found.get(path[:length]):
                return Location(self.file, number)
        return Location(self.file)

    def item(self, text: str, *path: str) -> Location:
        """Return the position of a list's item: the first line, from the list on, with its text."""
        start = self.at(*path)
        for number, line in enumerate(self.lines[max(start.line - 1, 0) :], start=start.line):
            if f'"{text}"' in line or f"'{text}'" in line:
                return Location(self.file, max(number, 1))
        return start

    def _scan(self) -> Iterator[tuple[tuple[str, ...], int]]:
        table: tuple[str, ...] = ()
        for number, line in enumerate(self.lines, start=1):
            if match := _TABLE.match(line):
                table = _parts(match[1])
                yield table, number
            elif match := _PAIR.match(line):
                yield (*table, *_parts(match[1])), number


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _PART.findall(dotted))
