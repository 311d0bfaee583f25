"""Base scores of CVSS 3, as FIRST's examples have them, and databases' words."""

from __future__ import annotations

import pytest

from conda_multiplat.lockfile.audit.severity import Rating, base_score, rating_of

V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


@pytest.mark.parametrize(
    ("metrics", "score"),
    [
        ("AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
        ("AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
        ("AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
        ("AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8),
        ("AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 8.8),
        ("AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 4.6),
        ("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
        ("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/MAV:L", 9.8),
    ],
)
def test_base_score(metrics: str, score: float) -> None:
    """The score is right for both versions; metrics after the base metrics don't count."""
    assert base_score(f"CVSS:3.0/{metrics}") == base_score(f"CVSS:3.1/{metrics}") == score


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "7.5",
        V4,
        "AV:N/AC:L/Au:N/C:P/I:P/A:P",
        "CVSS:3.1/AV:N",
        "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U",
    ],
)
def test_no_base_score(vector: str) -> None:
    """Other versions, truncated vectors and other texts have no score."""
    assert base_score(vector) is None


@pytest.mark.parametrize(
    ("vectors", "words", "rating"),
    [
        ([], [], Rating("unknown")),
        ([], ["MODERATE"], Rating("medium")),
        ([V4], ["Critical"], Rating("critical")),
        ([V4], [], Rating("unknown")),
        ([], ["nobody knows"], Rating("unknown")),
        (["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"], ["LOW"], Rating("high", 7.5)),
        (["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"], [], Rating("low", 0.0)),
        (["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"], ["CRITICAL"], Rating("critical")),
    ],
)
def test_rating(vectors: list[str], words: list[str], rating: Rating) -> None:
    """The worst rating of all sources counts."""
    assert rating_of(vectors, words) == rating


@pytest.mark.parametrize(
    ("level", "least", "counts"),
    [
        ("low", "low", True),
        ("low", "medium", False),
        ("high", "high", True),
        ("critical", "high", True),
        ("unknown", "critical", True),
    ],
)
def test_what_counts(level: str, least: str, counts: bool) -> None:
    """A severity counts if it is at least as high as the limit, or unknown."""
    assert Rating(level).counts(least) is counts
