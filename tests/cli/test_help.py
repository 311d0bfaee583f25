"""``--help``: every command says what it is for, and shows how it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host

from conda_multiplat.cli.main import COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(alone: Host, tmp_path: Path, command: str) -> None:
    """The help of each command ends with examples of that command; --json is on every one."""
    shown = alone.multiplat(command, "--help", cwd=tmp_path).stdout
    _, mark, examples = shown.partition("\nexamples:\n")
    assert mark
    assert f"multiplat {command}" in examples
    assert "  --json " in shown


def test_all_are_listed(alone: Host, tmp_path: Path) -> None:
    """The program's own help has every command with what it does."""
    shown = " ".join(alone.multiplat("--help", cwd=tmp_path).stdout.split())
    assert [name for name, what in COMMANDS.items() if f"{name} {what}" not in shown] == []
