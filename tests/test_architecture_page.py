"""``docs/architecture.md`` names functions and files that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "architecture.md"
#: Words in backticks that are Python names but not ours.
FOREIGN = {"conda", "rattler", "conda_lock", "rich", "asyncio", "subprocess", "os", "sys", "io"} | {
    *("tempfile", "print", "open", "input", "constrains", "depends", "lock", "install", "check"),
    *("add", "dataclasses", "hooks", "data", "noarch"),
}


def _page() -> str:
    return re.sub(r"```.*?```", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def _names() -> set[str]:
    """Every name that our sources define."""
    names: set[str] = set()
    for path in [*(REPOSITORY / "conda_multiplat").rglob("*.py")]:
        names |= {part.removesuffix(".py") for part in path.relative_to(REPOSITORY).parts}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg)):
                names.add(node.arg if isinstance(node, ast.arg) else node.name)
            elif isinstance(node, ast.Name):
                names.add(node.id)
    return names


@pytest.mark.slow
def test_names_are_there() -> None:
    """A function that is renamed takes its place on the page along."""
    words = set(re.findall(r"`([A-Za-z_]+)`", _page())) - FOREIGN
    assert len(words) > 40
    assert words - _names() - {"NAME"} == set()


def test_files_are_there() -> None:
    """A module that moves too."""
    files = set(re.findall(r"`([a-z_/]+(?:\.py|\.toml|/))`", _page()))
    assert len(files) > 30
    places = (REPOSITORY, REPOSITORY / "conda_multiplat")
    assert [file for file in sorted(files) if not any((p / file).exists() for p in places)] == []


def test_names_stand_in_the_files_beside_them() -> None:
    """``name`` (``file``): the file defines the name."""
    pairs = re.findall(r"`([A-Za-z_]+)`\s\((?:`[A-Za-z_]+`,\s)?`([a-z_/]+\.py)`\)", _page())
    assert len(pairs) > 15
    for name, file in pairs:
        text = (REPOSITORY / "conda_multiplat" / file).read_text(encoding="utf-8")
        assert re.search(rf"^\s*(async )?(def|class) {name}\b", text, re.MULTILINE), (name, file)
