"""``commands.md``: what each command and option says of itself, from the parsers.

Usage: python docs/command_reference.py    (`make docs` runs it)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from conda_multiplat.cli.main import command_parsers

_HEAD = """\
# Command reference

Generated from the parsers: `conda multiplat COMMAND --help` prints the same, and so does
`conda-multiplat COMMAND`, which needs no conda.
"""


def text() -> str:
    """The page, as Markdown."""
    parser = argparse.ArgumentParser(prog="conda multiplat")
    sections = [_section(*command) for command in command_parsers(parser)]
    return "\n".join([_HEAD, *sections])


def _section(name: str, summary: str, parser: argparse.ArgumentParser) -> str:
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    lines = [f"## {name}", "", f"{summary[0].upper()}{summary[1:]}.", "", "```", usage, "```", ""]
    if parser.epilog:
        _, _, examples = parser.epilog.partition("\n")
        lines += [
            "```",
            *(line.removeprefix("  ") for line in examples.rstrip().split("\n")),
            "```",
            "",
        ]
    rows = list(_rows(parser))
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _rows(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        value = action.metavar if action.nargs != 0 else None
        names = [f"`{option}{f' {value}' if value else ''}`" for option in action.option_strings]
        shown = ", ".join(names) or f"`{value or action.dest}`"
        said = parser._get_formatter()._expand_help(action) if action.help else ""
        yield f"| {_cell(shown)} | {_cell(said)} |"


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;")


def write(folder: Path) -> None:
    """Write the page into a folder, if it is not there as it should be."""
    path = folder / "commands.md"
    if not path.exists() or path.read_text(encoding="utf-8") != text():
        path.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent)
