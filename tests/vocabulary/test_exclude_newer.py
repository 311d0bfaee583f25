"""Rules of ``exclude-newer``: those that conda accepts mean the same as in conda."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from conda_multiplat.vocabulary.exclude_newer import (
    Cuts,
    ExcludeNewer,
    Rule,
    in_words,
    instant,
    is_never,
    is_rule,
    whole_seconds,
)

HOUR, DAY = 3600, 86400
NOW = int(datetime(2026, 11, 27, 15, tzinfo=timezone.utc).timestamp())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("0", 0), ("3600", 3600), ("20260401", 20260401), ("30s", 30), ("5m", 300)),
        *(("24h", DAY), ("7d", 7 * DAY), ("1w", 7 * DAY), ("3d12h", 3 * DAY + 12 * HOUR)),
        *(("7D", 7 * DAY), ("7 d", 7 * DAY), (" 2w ", 14 * DAY), ("1d 2h", DAY + 2 * HOUR)),
        *(("P7D", 7 * DAY), ("PT24H", DAY), ("P1W", 7 * DAY), ("P1DT12H", DAY + 12 * HOUR)),
        *(("PT30M", 1800), ("PT3600S", 3600), ("p0d", 0)),
        *(("24 hours", DAY), ("1 week", 7 * DAY), ("30 days", 30 * DAY), ("2 hrs 5 mins", 7500)),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    """Those of conda's own tests, and uv's in words; 0 is now."""
    assert instant(text, NOW) == NOW - seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-04-01", "2026-04-02T00:00:00Z"),
        ("2026-04-01T12:00:00Z", "2026-04-01T12:00:00Z"),
        ("2026-04-01T12:00:00z", "2026-04-01T12:00:00Z"),
        ("2020-06-15T12:00:00+02:00", "2020-06-15T10:00:00Z"),
        ("2026-04-01T12:00:00", "2026-04-01T12:00:00Z"),
        ("2026-04-01 12:00", "2026-04-01T12:00:00Z"),
        ("2026-04-01T12:00:00.999Z", "2026-04-01T12:00:00Z"),
        ("2099-01-01", "2099-01-02T00:00:00Z"),
        ("1960-01-01", "1970-01-01T00:00:00Z"),
    ],
)
def test_instants(text: str, expected: str) -> None:
    """A date is its whole day in UTC; without a zone it is UTC."""
    assert in_words(instant(text, NOW)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "abc", "7x", "P", "PT", "P1DT", "-1", "-7d", "7", "1d 2", "7d soon", "true"),
        *("2026-02-30", "2026-13-01", "9999-12-31", "2026-04", "9" * 5000, f"{'9' * 5000}d", "P1Y"),
        *("2026-W14-1", "2026-091", "20260401T120000", "P\u0667D"),
        *(
            "\u0667d",
            "2026-04-01T25:00:00Z",
            "2026-04-01T12:00:00+99:00",
            "2026-04-01T12:00:00+02:99",
        ),
        "2026-04-01T24:00:00Z",
    ],
)
def test_no_words(text: str) -> None:
    """Any other text, however long, is not a rule."""
    assert is_rule(text) is (text == "7")


def test_exceptions() -> None:
    """A value that conda takes for false exempts a package."""
    assert all(map(is_never, ("false", "False", "no", "OFF", "none", "0")))
    assert not any(map(is_never, ("0d", "true", "7d", "")))


@pytest.mark.parametrize(
    ("milliseconds", "seconds"), [(0, 0), (1, 1), (1000, 1), (1001, 2), (-5, 0), (1999.5, 2)]
)
def test_whole_seconds(milliseconds: float, seconds: int) -> None:
    """A time that is after an instant is so in whole seconds too."""
    assert whole_seconds(milliseconds) == seconds


def test_precedence() -> None:
    """A package's own rule applies, else its channel's last one, else the general rule."""
    rule = Rule("7d", (("a", "1d"), ("a", "2d"), ("b", "false")), (("Foo_Bar", "3d"), ("x", "no")))
    cutoffs = ExcludeNewer(rule, rule._replace(channels=())).cutoffs(NOW)
    conda, pypi = cutoffs.conda, cutoffs.pypi
    assert conda.of("other") == NOW - 7 * DAY
    assert conda.of("other", "a") == NOW - 2 * DAY
    assert conda.of("other", "b") is None
    assert conda.of("foo_bar", "a") == NOW - 3 * DAY
    assert conda.of("x", "a") is None
    assert pypi.of("foo-bar") == NOW - 3 * DAY
    assert cutoffs.at == NOW


def test_nothing_to_exclude() -> None:
    """Exceptions alone exclude nothing; a package without a time is never excluded."""
    assert not Cuts(None, (("a", None),), (("b", None),)).can_exclude
    assert not Cuts(NOW).excludes("a", "", 0)
    assert Cuts(NOW).excludes("a", "", NOW + 1)
    assert not Cuts(NOW).excludes("a", "", NOW)


def test_option() -> None:
    """Of the option and the general rule, the earlier instant applies."""
    times = ExcludeNewer(Rule("7d"), Rule("7d"), option="2d")
    assert times.cutoffs(NOW).conda.everything == NOW - 7 * DAY
    times = times._replace(option="9d")
    assert times.cutoffs(NOW).pypi.everything == NOW - 9 * DAY
