"""Commands in README, docs and the examples of `--help`: each is one that the parser takes."""

from __future__ import annotations

import argparse
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from conda_multiplat.cli import main
from conda_multiplat.cli.main import configure_parser

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = runpy.run_path(str(ROOT / "docs" / "command_reference.py"))["text"]()
PAGES = {
    "--help": REFERENCE,
    **{
        path.name: path.read_text(encoding="utf-8")
        for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        if path.name != "commands.md"  # made from the former
    },
}
_LINE = re.compile(r"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*conda[ -]multiplat (?P<rest>[a-z].*)$")
#: Where what is typed ends: a remark in another column or behind `#`, a pipe, a redirection.
_END = re.compile(r"\s{2,}|\s#|\s*[|;]|\s*&&|\s>\s|:\s")
#: What stands for something of the user's, or for more of the same.
_PLACEHOLDER = re.compile(r"[…\[\]<]")


def _commands(page: str) -> Iterator[str]:
    """What is typed in the page's blocks of code."""
    for block in page.split("```")[1::2]:
        for line in block.splitlines():
            match = _LINE.match(line)
            if match and not _PLACEHOLDER.search(typed := _END.split(match["rest"])[0]):
                yield typed


COMMANDS = sorted({(name, command) for name, page in PAGES.items() for command in _commands(page)})


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_is_one(page: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No command, option or value that there is not."""
    parser = argparse.ArgumentParser(prog="conda multiplat")
    configure_parser(parser)
    try:
        parser.parse_args(shlex.split(command))
    except SystemExit as end:
        if end.code:
            pytest.fail(f"{page}: conda multiplat {command}\n{capsys.readouterr().err}")


@pytest.mark.parametrize("page", ["README.md", "all-commands.md"])
def test_tables(page: str) -> None:
    """A new command is in the README's table and on the page of all commands."""
    rows = "\n".join(line for line in PAGES[page].splitlines() if line.startswith("|"))
    missing = [name for name in main.COMMANDS if not re.search(rf"`{name}[` ]", rows)]
    assert not missing, f"{page} has no row for: {', '.join(missing)}"


def test_many() -> None:
    """They are found at all."""
    assert len(COMMANDS) > 50
