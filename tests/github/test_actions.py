"""The actions' own files: what their scripts are told, and that nothing is pasted into a shell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))


def _steps(action: Path) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load(action.read_text("utf-8"))["runs"]["steps"]
    return steps


def test_all() -> None:
    """They are found at all."""
    assert [path.parent.name for path in ACTIONS] == ["setup", "update"]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda path: path.parent.name)
def test_no_text_for_a_shell(action: Path) -> None:
    """Inputs go by variables; other people's actions are pinned to a commit."""
    for step in _steps(action):
        assert "${{" not in step.get("run", "")
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step.get("uses", "a/b@" + "0" * 40))


@pytest.mark.parametrize("action", ACTIONS, ids=lambda path: path.parent.name)
def test_every_variable(action: Path) -> None:
    """Each variable that a step sets is one that the script reads; each input goes somewhere."""
    prefix = f"{action.parent.name.upper()}_"
    text = "".join(script.read_text("utf-8") for script in action.parent.glob("*.py"))
    read = set(re.findall(r"said\(\"([A-Z_]+)\"", text))
    read |= set(re.findall(r"\(\"-\w\", \"([A-Z_]+)\"\)", text))
    names = [name for step in _steps(action) for name in step.get("env", {})]
    for name in names:
        if name.startswith(prefix):
            assert name.removeprefix(prefix) in read, name
    inputs = yaml.safe_load(action.read_text("utf-8"))["inputs"]
    rest = action.read_text("utf-8").partition("\nruns:")[2]
    assert [name for name in inputs if f"inputs.{name}" not in rest] == []
    assert [name for name, entry in inputs.items() if not entry.get("description")] == []
