"""What is said without a command, of an unknown one, and with ``--help``."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.hosts import Host

from conda_multiplat import __version__
from conda_multiplat.cli import main
from conda_multiplat.cli.main import COMMANDS, ELSEWHERE, HIDDEN, WORDLESS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(alone: Host, tmp_path: Path, command: str) -> None:
    """The help of each command ends with examples of that command; --json is on every one."""
    shown = alone.multiplat(command, "--help", cwd=tmp_path).stdout
    _, mark, examples = shown.partition("\nexamples:\n")
    assert mark
    assert f"multiplat {command}" in examples
    assert "  --json " in shown


def _read(sources: Mapping[str, str], text: str, seen: set[str]) -> set[str]:
    """The options that a text reads of ``args``, by way of shared functions that it calls too."""
    attributes = set(re.findall(r"\bargs\.(\w+)", text))
    for name in set(re.findall(r"\b(\w+)\(", text)) & sources.keys() - seen:
        seen.add(name)
        attributes |= _read(sources, sources[name], seen)
    return attributes


def test_options_are_taken() -> None:
    """No command has an option that it does not read; ``-y`` is conda's, and all have it."""
    folder = Path(main.__file__).parent
    functions = "".join(
        path.read_text("utf-8") for path in (folder / "options.py", Path(main.__file__))
    )
    shared = {part.partition("(")[0]: part for part in functions.split("\ndef ")[1:]}
    wrong = []
    for name, _, parser in main.command_parsers(argparse.ArgumentParser()):
        module = sys.modules[parser.get_default("run_command").__module__]
        text = Path(str(module.__file__)).read_text("utf-8")
        taken = _read(shared, text, set()) | {"help", "json", "quiet", "say_more", "said_yes"}
        # Some are read by a name that is put together.
        taken |= {action.dest for action in parser._actions if f'"{action.dest}"' in text}
        wrong += [(name, action.dest) for action in parser._actions if action.dest not in taken]
    assert wrong == []


@pytest.mark.parametrize("command", sorted(main.WITHOUT_MANIFEST - HIDDEN.keys()))
def test_no_manifest_to_name(door: Host, tmp_path: Path, command: str) -> None:
    """What reads no manifest has no ``-f``, in its help as in its answer."""
    assert "--file" not in door.multiplat(command, "--help", cwd=tmp_path).stdout
    done = door.multiplat(command, "--file=x", cwd=tmp_path, code=2)
    assert "--file=x" in done.stderr or "required" in done.stderr


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "meant"), [("instal", "install"), ("chekc", "check"), *ELSEWHERE.items()]
)
def test_misspelt_command(door: Host, tmp_path: Path, typed: str, meant: str) -> None:
    """The nearest command, or ours for another tool's; with --json in JSON, wherever that is."""
    done = door.multiplat(typed, "-n", "robot", cwd=tmp_path, code=2)
    message = f"error: there is no command {typed!r}\n  did you mean {meant!r}?\n"
    assert (done.stdout, done.stderr) == ("", message)
    assert door.json(typed, cwd=tmp_path, code=2)["hints"] == [f"did you mean {meant!r}?"]
    first = json.loads(door.multiplat("--json", typed, cwd=tmp_path, code=2).stdout)
    assert first["error"] == f"there is no command {typed!r}"


@pytest.mark.parametrize(("name", "instead"), [(key, WORDLESS[key][1]) for key in WORDLESS])
def test_words_for_another_command(door: Host, tmp_path: Path, name: str, instead: str) -> None:
    """A command that takes no words names the one that does; with a wrong option, none is meant."""
    message = f"`{name}` {WORDLESS[name][0]}, and takes no arguments: "
    done = door.multiplat(name, "numpy >=2", "-q", "tool", cwd=tmp_path, code=2)
    hint = f'did you mean `conda multiplat {instead} "numpy >=2" tool`?'
    assert (done.stdout, done.stderr) == ("", f'error: {message}"numpy >=2" tool\n  {hint}\n')
    answer = door.json(name, "numpy", cwd=tmp_path, code=2)
    assert answer["error"] == f"{message}numpy"
    wrong = door.multiplat(name, "numpy", "--bogus", cwd=tmp_path, code=2).stderr
    assert wrong.endswith("error: unrecognized arguments: numpy --bogus\n")


def test_what_other_tools_call_commands() -> None:
    """No word of another tool is one of our commands, and each stands for one of them."""
    assert not ELSEWHERE.keys() & {*COMMANDS, *HIDDEN}
    assert {*ELSEWHERE.values(), *WORDLESS} <= {*COMMANDS}


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("qqq", "multiplat --help` for the list of commands"),
        ("complete-word", "mean 'completion'?"),
    ],
)
def test_unknown_command(door: Host, tmp_path: Path, typed: str, hint: str) -> None:
    """Where none is near, the help is named; hidden commands are never."""
    stderr = door.multiplat(typed, cwd=tmp_path, code=2).stderr
    assert stderr.startswith(f"error: there is no command {typed!r}\n")
    assert stderr.endswith(f"{hint}\n")
    assert not [name for name in HIDDEN if name in stderr.replace(repr(typed), "")]


def test_json_before_the_command(door: Host, tmp_path: Path) -> None:
    """It is the same as after it."""
    document = json.loads(door.multiplat("--json", "check", cwd=tmp_path, code=2).stdout)
    assert document["kind"] == "ManifestError"
