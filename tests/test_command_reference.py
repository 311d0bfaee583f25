"""The commands' page of the documentation, which is written from the parsers."""

from __future__ import annotations

import runpy
from pathlib import Path

from conda_multiplat.cli.main import COMMANDS, HIDDEN

PAGE = runpy.run_path(str(Path(__file__).parents[1] / "docs" / "command_reference.py"))["text"]()


def test_every_command() -> None:
    """Each has a section with its usage and examples; those that nobody types have none."""
    sections = [part.split("\n", 1) for part in PAGE.split("\n## ")[1:]]
    assert [name for name, _ in sections] == list(COMMANDS)
    assert not set(HIDDEN) & {name for name, _ in sections}
    for name, section in sections:
        assert f"\n```\nconda multiplat {name} " in section
        assert section.count("```") == 4, name


def test_every_option() -> None:
    """Each says what it is for."""
    rows = [line for line in PAGE.split("\n") if line.startswith("| `")]
    assert len(rows) > 100
    assert [row for row in rows if row.endswith("|  |")] == []
