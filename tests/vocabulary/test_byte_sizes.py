"""Sizes in bytes as text, and how sums show that some are not known."""

from __future__ import annotations

import pytest

from conda_multiplat.vocabulary.byte_sizes import (
    plausible,
    read_size,
    size,
    size_range,
    total_document,
    total_words,
)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (31_557_432, "31.6 MB"),
        (1_324_578_000, "1.3 GB"),
        (10**14, "100.0 TB"),
        (10**18, "1000000.0 TB"),
    ],
)
def test_words(count: int, words: str) -> None:
    """Units of a thousand."""
    assert size(count) == words


@pytest.mark.parametrize(
    ("sizes", "words", "unknown"),
    [
        ([1000, 2000], "3.0 kB", 0),
        ([1000, None], "over 1.0 kB", 1),
        ([None, None], "", 2),
        ([], "", 0),
    ],
)
def test_sums(sizes: list[int | None], words: str, unknown: int) -> None:
    """An unknown size does not count as 0: the sum says that there is more."""
    assert total_words(sizes) == words
    assert total_document(sizes)["of_unknown_size"] == unknown


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ([7_100_000, 8_000_000], "7.1-8.0 MB"),
        ([7_100_000, 7_110_000], "7.1 MB"),
        ([999, 1200, None], "999 B-1.2 kB"),
        ([None], "?"),
        ([], "?"),
    ],
)
def test_spans(sizes: list[int | None], words: str) -> None:
    """The range of several platforms' sizes, in the shortest form."""
    assert size_range(sizes) == words


def test_plausible() -> None:
    """A stated size is accepted if a file can have it."""
    assert list(map(plausible, (None, 0, -1, 1, 10**15 - 1, 10**15, 2**64))) == [
        *(None, None, None, 1, 10**15 - 1, None, None),
    ]
    texts = ("12", "", "-1", "1.5", "1e3", "9" * 15, "9" * 16, 12, None, "\u0661")
    assert [read_size(text) for text in texts] == [12, *[None] * 4, 10**15 - 1, *[None] * 4]
