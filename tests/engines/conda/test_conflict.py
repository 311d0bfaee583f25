"""The smallest clash among requirements, without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from conda_multiplat.engines.conda.explain.smallest_clash import smallest_clash
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.errors import Location


def _requirements(names: str) -> list[Requirement]:
    return [Requirement(name, name, Location("f", number)) for number, name in enumerate(names, 1)]


def _smallest(names: str, clashes: Sequence[str], limit: int = 60) -> tuple[str, int]:
    asked = 0

    async def solvable(requirements: Sequence[Requirement]) -> bool:
        nonlocal asked
        asked += 1
        there = {requirement.name for requirement in requirements}
        return not any(set(clash) <= there for clash in clashes)

    smallest = asyncio.run(smallest_clash(_requirements(names), solvable, limit))
    return "".join(requirement.name for requirement in smallest), asked


@pytest.mark.parametrize(
    ("clashes", "expected"),
    [(["a"], "a"), (["h"], "h"), (["bg"], "bg"), (["abc"], "abc"), (["abcdefgh"], "abcdefgh")],
)
def test_one_clash(clashes: list[str], expected: str) -> None:
    """The whole clash is found and nothing else, in the manifest's order."""
    assert _smallest("abcdefgh", clashes)[0] == expected


def test_several_clashes() -> None:
    """If there are several clashes, one complete clash is found."""
    assert _smallest("abcdefgh", ["ab", "cd", "h"])[0] in ("ab", "cd", "h")


def test_few_questions() -> None:
    """Two clashing requirements of 64 are found with far fewer than 64 solves."""
    names = "".join(chr(0x100 + number) for number in range(64))
    clash, asked = _smallest(names, [names[5] + names[50]])
    assert clash == names[5] + names[50]
    assert asked <= 24


def test_limit() -> None:
    """After the limit, requirements that may be part of the clash remain."""
    clash, asked = _smallest("abcdefgh", ["ah"], limit=1)
    assert set("ah") <= set(clash)
    assert asked == 1
