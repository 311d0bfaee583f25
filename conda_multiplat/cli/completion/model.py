"""The model of completion, derived from the parsers: what can come next on a command line.

Everything except a project's own names is known when a script is made. These names have a *kind*,
given by the metavariable (``ENV`` is an environment), and are looked up while the user types.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass

#: The kinds of names that are looked up: metavariable -> kind.
KINDS = {
    "ENV": "environments",
    "NAME": "names",
    "P": "platforms",
    "PATTERN": "packages",
    "PKG": "packages",
    "add|remove": "platform-changes",  # looked up, since the platforms depend on the word
}
#: Names of files, which the shell completes itself.
FILES = "files"
NONE, ONE, SEVERAL = "none", "one", "several"


@dataclass(frozen=True)
class Values:
    """The values of an option, or a command's positional arguments.

    Attributes:
        count: ``none``, ``one`` or ``several``.
        kind: one of ``KINDS``, ``files`` or ``words``.
        words: the values, if the kind is ``words``.
    """

    count: str = NONE
    kind: str = FILES
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the form that the scripts use: count, kind, words."""
        return " ".join([self.count, self.kind, *self.words]) if self.count != NONE else NONE


@dataclass(frozen=True)
class Option:
    """An option: its spellings, its summary and its values."""

    flags: tuple[str, ...]
    summary: str
    values: Values


@dataclass(frozen=True)
class Command:
    """A command: its options and its positional arguments."""

    name: str
    summary: str
    options: tuple[Option, ...]
    values: Values

    def table(self) -> list[tuple[str, Values]]:
        """Return each flag that takes values, with its values; ``""`` stands for no flag."""
        pairs = [(flag, option.values) for option in self.options for flag in option.flags]
        return [("", self.values), *(pair for pair in pairs if pair[1].count != NONE)]

    def flags(self) -> list[tuple[str, str]]:
        """Return each option's flag, the long one if there are two, with its summary."""
        return [(option.flags[-1], option.summary) for option in self.options]


def command(name: str, summary: str, parser: argparse.ArgumentParser) -> Command:
    """Return a command with the options and values that its parser takes."""
    options: list[Option] = []
    values = Values()
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        if action.option_strings:
            flags = tuple(sorted(action.option_strings, key=len))
            options.append(Option(flags, _one_line(action.help or ""), _values(action)))
        elif values.count == NONE:
            values = _values(action)
    return Command(name, summary, tuple(options), values)


def _values(action: argparse.Action) -> Values:
    if action.nargs == 0:
        return Values()
    count = SEVERAL if action.nargs in ("+", "*", argparse.REMAINDER) else ONE
    if kind := KINDS.get(str(action.metavar)):
        return Values(count, kind)
    if action.choices is not None:
        return Values(count, "words", tuple(map(str, action.choices)))
    return Values(count, FILES)


def _one_line(text: str) -> str:
    return " ".join(text.replace("%%", "%").split())


def flags_after(words: Iterable[str], *flags: str) -> list[str]:
    """Return the values given for an option that takes several, up to the next option."""
    values: list[str] = []
    inside = False
    for word in words:
        name, _, value = word.partition("=")
        if word.startswith("-"):
            inside = name in flags
            values += [value] if inside and value else []
        elif inside and word != "=":
            values.append(word)
    return values
