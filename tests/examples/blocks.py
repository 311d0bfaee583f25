"""The blocks of code in README and docs, and the examples of ``--help``: what is typed and shown.

A comment above a block says where it is run:

``<!-- in: NAME -->``
    the project NAME of :mod:`examples.projects`; without a comment, ``robot``.
``<!-- in: NAME, each -->``
    each command in a project of its own: they are alternatives, not one after another.
``<!-- in: NAME, shown by: COMMAND -->``
    the block is a part of what COMMAND prints.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.cli.main import command_parsers

ROOT = Path(__file__).resolve().parents[2]
_COMMENT = re.compile(
    r"<!-- in: (?P<project>[\w-]+)(?P<each>, each)?(, shown by: (?P<shown_by>.+?))? -->"
)
_PROMPT = re.compile(r"^(?:\(\w+\) )?\$(?: |$)", re.MULTILINE)


class Block(NamedTuple):
    """A block of code.

    Attributes:
        place: ``page:line``.
        language: what stands behind its fence.
        text: its content.
        project: where it is run.
        each: whether its commands are alternatives.
        shown_by: the command that prints it.
    """

    place: str
    language: str
    text: str
    project: str = "robot"
    each: bool = False
    shown_by: str = ""

    @property
    def is_session(self) -> bool:
        """Whether it shows commands behind prompts, with what they print."""
        return bool(_PROMPT.search(self.text))

    def session(self) -> list[tuple[str, str]]:
        """Its commands, each with the text below it."""
        parts = _PROMPT.split(self.text)[1:]
        answers = ((part.partition("\n")[0], part.partition("\n")[2]) for part in parts)
        return [(command, answer) for command, answer in answers if command]


def pages() -> Iterator[Path]:
    """The pages that people write."""
    yield ROOT / "README.md"
    for path in sorted((ROOT / "docs").rglob("*.md")):
        if path.name != "commands.md":  # generated from the parsers
            yield path


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page."""
    name = page.relative_to(ROOT).as_posix()
    above, language, start, lines = "", None, 0, list[str]()
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if language is None and line.startswith("```"):
            language, start, lines = line[3:], number, []
        elif language is not None and line == "```":
            yield _block(f"{name}:{start}", language, "\n".join(lines) + "\n", above)
            above, language = "", None
        elif language is not None:
            lines.append(line)
        elif line.strip():
            above = line


def _block(place: str, language: str, text: str, above: str) -> Block:
    comment = _COMMENT.fullmatch(above)
    if not comment:
        return Block(place, language, text)
    more = comment["shown_by"] or ""
    return Block(place, language, text, comment["project"], bool(comment["each"]), more)


def help_examples() -> dict[str, list[str]]:
    """The commands in the examples of ``--help``, by the command that has them."""
    examples: dict[str, list[str]] = {}
    for name, _, parser in command_parsers(argparse.ArgumentParser(prog="conda multiplat")):
        heading, _, text = (parser.epilog or "").partition("\n")
        if heading == "examples:":
            examples[name] = re.findall(r"^  (\S.*)$", text, re.MULTILINE)
    return examples
