"""Lines about progress: how they get into a narrow terminal."""

from __future__ import annotations

import pytest

from conda_multiplat.machine.progress import fitting

MAIN = "reading https://a.example/t/main (noarch 9 MB), https://b.example/x/y/extra/: 12 MB"
TWO_ALIKE = "reading https://a.example/x/main, https://b.example/y/main: 12 MB"


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        (MAIN, 90, MAIN),
        (MAIN, 70, "reading a.example/t/main (noarch 9 MB), b.example/x/y/extra: 12 MB"),
        (MAIN, 65, "reading a.example/…/main (noarch 9 MB), b.example/…/extra: 12 MB"),
        (MAIN, 60, "reading …/main (noarch 9 MB), …/extra: 12 MB"),
        (MAIN, 10, "reading …/main (noarch 9 MB), …/extra: 12 MB"),
        (TWO_ALIKE, 10, "reading a.example/…/main, b.example/…/main: 12 MB"),
        ("reading file:///home/me/chan, solving", 30, "reading /home/me/chan, solving"),
        ("reading file:///home/me/chan, solving", 25, "reading …/chan, solving"),
        ("reading https://a.example: 1 MB", 10, "reading a.example: 1 MB"),
        ("PyPI: resolved 1 of 3", 10, "PyPI: resolved 1 of 3"),
    ],
)
def test_urls_are_shortened(text: str, width: int, expected: str) -> None:
    """As little as it takes, and never so far that two URLs look the same."""
    assert fitting(text, width) == expected
