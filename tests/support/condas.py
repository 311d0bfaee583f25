"""Which conda a test runs in, for what only some condas have."""

from __future__ import annotations

import pytest

from support.hosts import Host


def version(conda: Host) -> tuple[int, ...]:
    """Return the version of a host's conda: year and month."""
    text = conda.run("--version").stdout.split()[-1]
    return tuple(int(part) for part in text.split(".")[:2])


def needs(conda: Host, year: int, month: int, what: str) -> None:
    """Skip the test where the conda is older than what it is about."""
    if version(conda) < (year, month):
        pytest.skip(f"conda before {year}.{month} has no {what}")
