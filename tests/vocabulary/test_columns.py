"""Columns: aligned, cut where a terminal is too narrow, and never wrapped."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from conda_multiplat.vocabulary.columns import columns, headed
from conda_multiplat.vocabulary.styled import Span

ROWS = [("numpy", "1.26.4 → 2.3.4"), ("a-very-long-name", "1.0"), ("b", "")]


def _lines(rows: list[tuple[str, ...]], width: int | None = None) -> list[str]:
    lines = columns([tuple(map(Span, row)) for row in rows], width)
    return ["".join(span.text for span in line) for line in lines]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (None, ["numpy             1.26.4 → 2.3.4", "a-very-long-name  1.0", "b"]),
        (32, ["numpy             1.26.4 → 2.3.4", "a-very-long-name  1.0", "b"]),
        (30, ["numpy           1.26.4 → 2.3.4", "a-very-long-n…  1.0", "b"]),
        (22, ["numpy       1.26.4 → …", "a-very-lo…  1.0", "b"]),
        (5, ["numpy     1.26.4 …", "a-very-…  1.0", "b"]),
    ],
)
def test_width(width: int | None, lines: list[str]) -> None:
    """The widest column is cut first, and none below eight characters."""
    assert _lines(ROWS, width) == lines


def test_nothing() -> None:
    """Without rows, there are no lines."""
    assert columns([], 80) == []


def test_styles_stay() -> None:
    """A cell keeps its style; the blanks between have none."""
    (line,) = columns([(Span("a", "red"), Span("b", "dim"))])
    assert line == [Span("a", "red"), Span("  "), Span("b", "dim")]


@pytest.mark.parametrize("seed", range(60))
def test_every_line_fits(seed: int) -> None:
    """Whatever the cells, no line is longer than the terminal; where all fits, nothing is cut."""
    dice = random.Random(seed)
    count, width = dice.randint(1, 4), dice.randint(40, 120)
    rows = [
        tuple("é" * dice.randint(0, 40) for _ in range(count)) for _ in range(dice.randint(1, 5))
    ]
    fitted = _lines(rows, width)
    assert max(map(len, fitted)) <= width
    aligned = sum(max(map(len, column)) for column in zip(*rows, strict=True)) + 2 * (count - 1)
    assert any("…" in line for line in fitted) is (aligned > width)


def test_table_with_a_head() -> None:
    """Nothing is left out: cells that are too wide are wrapped at blanks, not at hyphens."""
    rows = [("Name", "Where"), ("numpy", "linux-64, osx-arm64, win-64"), ("b", "linux-64")]
    lines = headed(rows, 27)
    assert ["".join(span.text for span in line) for line in lines] == [
        "Name   Where",
        "numpy  linux-64, osx-arm64,",
        "       win-64",
        "b      linux-64",
    ]
    assert {span.style for span in lines[0] if span.text.strip()} == {"bold"}
    assert len(headed(rows)) == 3


def _text(rows: Sequence[tuple[str, ...]], width: int) -> list[str]:
    return ["".join(span.text for span in line) for line in headed(rows, width)]


def test_table_without_room_for_its_head() -> None:
    """Each cell has a line, with the name of its column; marks of rows stay in front."""
    rows = [
        (" ", "environment", "needs", "lock"),
        ("*", "default", "cuda 12.6, glibc 2.17, archspec x86_64_v3", "in sync"),
        (" ", "gpu", "", "in sync"),
    ]
    assert _text(rows, 34) == [
        "   environment  needs      lock",
        "*  default      cuda       in sync",
        "                12.6,",
        "                glibc",
        "                2.17,",
        "                archspec",
        "                x86_64_v3",
        "   gpu                     in sync",
    ]
    assert _text(rows, 26) == [
        "* environment  default",
        "  needs        cuda 12.6,",
        "               glibc 2.17,",
        "               archspec",
        "               x86_64_v3",
        "  lock         in sync",
        "",
        "  environment  gpu",
        "  lock         in sync",
    ]


@pytest.mark.parametrize("seed", range(60))
def test_nothing_is_left_out(seed: int) -> None:
    """Whatever the table, each line fits, all text is there, and no word of the head is broken."""
    dice = random.Random(seed)
    count, width = dice.randint(1, 8), dice.randint(30, 120)
    head = tuple("abcdefghijklmn"[: dice.randint(1, 14)] for _ in range(count))
    body = [
        tuple(" ".join("word" * dice.randint(0, 4) for _ in range(3)) for _ in range(count))
        for _ in range(3)
    ]
    lines = _text([head, *body], width)
    assert max(map(len, lines)) <= width
    assert all(any(name in line for line in lines) for name in head)
    written = "".join(lines)
    for letter in "wrd":  # the head may come before each row
        assert written.count(letter) >= "".join(map("".join, [head, *body])).count(letter)
