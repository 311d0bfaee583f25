"""Poetry's tables as the requirements that `poetry build` writes into a wheel."""

from __future__ import annotations

from typing import Any

import pytest

from conda_multiplat.vocabulary.canonical_requirements import canonical_requirement
from conda_multiplat.vocabulary.poetry_metadata import (
    OR,
    poetry_bounds,
    poetry_extras,
    poetry_needs,
)


@pytest.mark.parametrize(
    ("words", "bounds"),
    [
        ("*", ""),
        ("1.5", "==1.5"),
        ("=1.5", "==1.5"),
        ("^1.2", ">=1.2,<2"),
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("^1.0b1", ">=1.0b1,<2"),
        ("~1", ">=1,<2"),
        ("~1.2", ">=1.2,<1.3"),
        ("~ 1.2.3", ">=1.2.3,<1.3"),
        ("~=1.4", "~=1.4"),
        ("1.*", "==1.*"),
        ("!=1.2.x", "!=1.2.*"),
        (">= 1 <3", ">=1,<3"),
        (">=1, <3,", ">=1,<3"),
        (">=1 || *", ""),
        ("<2 || >=3", "<2 || >=3"),
        ("dunno", "dunno"),
    ],
)
def test_bounds(words: str, bounds: str) -> None:
    """Each of Poetry's forms is translated; alternatives and unknown text stay as they are."""
    assert poetry_bounds(words) == bounds


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("^1", ["a>=1,<2"]),
        ("<2 || >=3", ["a<2 || a>=3"]),
        ({"version": "*", "extras": ["y", "x"]}, ["a[x,y]"]),
        ({"version": "1", "optional": True}, []),
        ({"version": "*", "python": "<3.10"}, ['a ; python_version < "3.10"']),
        (
            {"version": "*", "python": "^3.9 || >3.12"},
            [
                'a ; python_version < "4" and python_version >= "3.9" '
                'or python_full_version > "3.12"'
            ],
        ),
        ({"version": "*", "platform": "linux"}, ['a ; sys_platform == "linux"']),
        (
            {"version": "*", "platform": "!=win32", "python": ">=3.9"},
            ['a ; python_version >= "3.9" and sys_platform != "win32"'],
        ),
        (
            {"version": "1", "markers": "os_name == 'nt' or sys_platform == 'darwin'"},
            ['a==1 ; os_name == "nt" or sys_platform == "darwin"'],
        ),
        (
            [{"version": "1", "python": "<3.10"}, {"version": "2", "python": ">=3.10"}],
            ['a==1 ; python_version < "3.10"', 'a==2 ; python_version >= "3.10"'],
        ),
        ({"path": "../a", "develop": True}, ["a @ ../a"]),
        ({"url": "https://x.example.com/a.whl"}, ["a @ https://x.example.com/a.whl"]),
        (
            {"git": "https://x.example.com/a.git", "branch": "b", "subdirectory": "s"},
            ["a @ git+https://x.example.com/a.git@b#subdirectory=s"],
        ),
        ({"version": "dunno"}, ["a {version=dunno}"]),
        ({"version": "*", "source": "ours"}, ["a"]),
    ],
)
def test_needs(value: Any, texts: list[str]) -> None:
    """Tables, lists of them, alternatives; what is optional is needed by extras only."""
    needs = poetry_needs({"a": value}, {})
    expected = [sorted(_spelt(text).split(OR)) for text in texts]
    assert [sorted(_spelt(text).split(OR)) for text in needs] == expected


def _spelt(text: str) -> str:
    return OR.join(map(canonical_requirement, text.split(OR)))


def test_extras() -> None:
    """An extra names dependencies, which are then of that extra only, optional or not."""
    needs = {"My_A": {"version": "^1", "optional": True}, "b": "2", "c": "*"}
    extras = {"dev": ["my-a", "b", "nosuch"]}
    assert poetry_extras(needs, extras) == {"dev": ["My_A>=1,<2", "b==2"]}
    assert poetry_needs(needs, extras) == ["c"]
