"""The pictures in the documentation: what the commands print today."""

from __future__ import annotations

import html
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCREENS = runpy.run_path(str(ROOT / "scripts/screens.py"))


def _words(svg: str) -> list[str]:
    """The text of a picture, piece by piece: rich's own drawing may change."""
    pieces = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return [words for piece in pieces if (words := html.unescape(piece).strip())]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pictures as they would be made now, in the order in which they are."""
    return dict(SCREENS["pictures"](tmp_path_factory.mktemp("screens")))


@pytest.mark.slow
@pytest.mark.parametrize("name", [screen.name for screen in SCREENS["SCREENS"]])
def test_as_printed_today(made: dict[str, str], name: str) -> None:
    """If not: `make screens`, and look at them."""
    picture = (ROOT / "docs" / "screens" / f"{name}.svg").read_text(encoding="utf-8")
    assert _words(picture) == _words(made[name])


def test_nothing_is_loaded(made: dict[str, str]) -> None:
    """A picture needs no font and no script from elsewhere."""
    for svg in made.values():
        assert not re.search(r"@font-face|<script|href=|url\((?!#)", svg)
