"""What is said without a command, of an unknown one, and with ``--help``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.hosts import Host

from conda_multiplat import __version__
from conda_multiplat.cli.main import COMMANDS, HIDDEN


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


def test_no_command(door: Host, tmp_path: Path) -> None:
    """The program by itself shows its help, and says the version."""
    done = door.multiplat(cwd=tmp_path)
    assert (done.stdout, done.stderr) == (door.multiplat("--help", cwd=tmp_path).stdout, "")
    assert door.multiplat("--version", cwd=tmp_path).stdout == f"conda-multiplat {__version__}\n"
    answer = {"success": True, "version": __version__, "commands": COMMANDS}
    assert door.json(cwd=tmp_path) == answer


@pytest.mark.parametrize(("typed", "meant"), [("instal", "install"), ("chekc", "check")])
def test_misspelt_command(door: Host, tmp_path: Path, typed: str, meant: str) -> None:
    """The nearest command is named; with --json in JSON, wherever that stands."""
    done = door.multiplat(typed, "-n", "robot", cwd=tmp_path, code=2)
    said = f"error: there is no command {typed!r}\n  did you mean {meant!r}?\n"
    assert (done.stdout, done.stderr) == ("", said)
    assert door.json(typed, cwd=tmp_path, code=2)["hints"] == [f"did you mean {meant!r}?"]
    first = json.loads(door.multiplat("--json", typed, cwd=tmp_path, code=2).stdout)
    assert first["error"] == f"there is no command {typed!r}"


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("qqq", "multiplat --help: lists the commands"), ("complete-word", "mean 'completion'?")],
)
def test_unknown_command(door: Host, tmp_path: Path, typed: str, hint: str) -> None:
    """Where none is near, the help is named; hidden commands are never."""
    said = door.multiplat(typed, cwd=tmp_path, code=2).stderr
    assert said.startswith(f"error: there is no command {typed!r}\n")
    assert said.endswith(f"{hint}\n")
    assert not [name for name in HIDDEN if name in said.replace(repr(typed), "")]


def test_json_before_the_command(door: Host, tmp_path: Path) -> None:
    """It is the same as after it."""
    said = json.loads(door.multiplat("--json", "check", cwd=tmp_path, code=2).stdout)
    assert said["kind"] == "ManifestError"
