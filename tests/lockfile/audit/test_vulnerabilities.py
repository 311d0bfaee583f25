"""Advisories of several databases that share a name are one vulnerability."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

import pytest
from support.advisories import advisory
from support.growth import require_linear

from conda_multiplat.lockfile.audit.advisory import Advisory, read_advisory
from conda_multiplat.lockfile.audit.audited import Audited
from conda_multiplat.lockfile.audit.vulnerabilities import vulnerabilities
from conda_multiplat.vocabulary.records import PypiRecord

TOOL = Audited(PypiRecord("tool", "1.0", "https://example.com/tool-1.0.tar.gz"), ("tool",), "1.0")


def _names(aliases: Mapping[str, Sequence[str]]) -> set[frozenset[str]]:
    """Return the names of each vulnerability."""
    return {
        frozenset(vulnerability.names)
        for vulnerability in vulnerabilities(TOOL, {"tool": _advisories(aliases)})
    }


def _advisories(aliases: Mapping[str, Sequence[str]]) -> list[Advisory]:
    return [
        read_advisory(advisory(name, "tool", {"introduced": "0"}, aliases=others))
        for name, others in aliases.items()
    ]


def _joined(aliases: Mapping[str, Sequence[str]]) -> set[frozenset[str]]:
    """Return the same by joining any two that share a name, until no two do."""
    groups = {frozenset((name, *others)) for name, others in aliases.items()}
    while True:
        pair = next(((a, b) for a in groups for b in groups if a != b and a & b), None)
        if pair is None:
            return groups
        groups = (groups - set(pair)) | {pair[0] | pair[1]}


def test_any_aliases() -> None:
    """Advisories are connected by their names, also through others, in any order."""
    for seed in range(200):
        rng = random.Random(seed)
        ids = [f"A-{number}" for number in range(rng.randrange(1, 12))]
        known = [*ids, *(f"CVE-{number}" for number in range(8))]
        aliases = {name: rng.sample(known, rng.choice([0, 0, 1, 1, 2, 3])) for name in ids}
        assert _names(aliases) == _joined(aliases), seed


@pytest.mark.slow
@pytest.mark.timed
@pytest.mark.parametrize("step", [1, -1], ids=["forwards", "backwards"])
def test_thousands(step: int) -> None:
    """A chain of thousands of advisories takes as long as its length, in either order."""

    def chain(count: int) -> Callable[[], object]:
        advisories = _advisories(
            {f"A-{number}": [f"A-{number + 1}"] for number in range(count)[::step]}
        )
        return lambda: _require_one(advisories)

    require_linear(chain, 500)


def _require_one(advisories: list[Advisory]) -> None:
    (vulnerability,) = vulnerabilities(TOOL, {"tool": advisories})
    assert len(vulnerability.names) == len(advisories) + 1
