"""Which versions an advisory is about: OSV's rules, PEP 440's order."""

from __future__ import annotations

import random
from typing import Any

import pytest
from packaging.version import InvalidVersion, Version
from support.advisories import advisory, below

from conda_multiplat.lockfile.audit.advisory import read_advisory
from conda_multiplat.lockfile.audit.impact import impact, public_version


def _fix(version: str, *events: dict[str, str], **more: Any) -> str | None:
    """Return the version with the fix; ``None`` if the version is not affected."""
    (affected,) = read_advisory(advisory("A-1", "tool", *events, **more)).affected
    hit = impact(affected, version)
    return hit.fixed if hit else None


FROM_START = {"introduced": "0"}


@pytest.mark.parametrize(
    ("version", "events", "fix"),
    [
        ("1.0", below("1.1"), "1.1"),
        ("1.1", below("1.1"), None),
        ("1.1rc1", below("1.1"), "1.1"),
        ("1.1.post1", below("1.1"), None),
        ("0.9", below("1.1", since="1.0"), None),
        ("1.0.dev0", below("1.1", since="1.0"), None),
        ("1.10", below("1.9"), None),
        ("1!0.1", below("2024.1"), None),
        ("2024.1", below("1!0.1"), "1!0.1"),
        ("1.0+cu121", below("1.0"), None),
        ("1.0+cu121", (FROM_START, {"last_affected": "1.0"}), ">1.0"),
        ("1.0", (FROM_START, {"last_affected": "1.0"}), ">1.0"),
        ("1.0.1", (FROM_START, {"last_affected": "1.0"}), None),
        ("99", (FROM_START,), ""),
        ("1.5", (*below("1.1"), *below("2.0", since="1.4")), "2.0"),
        ("1.2", (*below("1.1"), *below("2.0", since="1.4")), None),
        ("1.5", (*below("2.0", since="1.4"), *below("1.1")), "2.0"),
        ("1.0", (*below("2.0"), {"limit": "1.0"}), None),
        ("0.9", (*below("2.0"), {"limit": "1.0"}), "2.0"),
        ("1.0", (*below("2.0"), {"limit": "*"}), "2.0"),
        ("1.0", (FROM_START, {"fixed": "2004-01-01b"}), ""),
        ("1.0", below("9" * 5000), ""),
        ("9" * 5000, below("2.0"), None),
        ("9e", below("10"), None),
    ],
)
def test_range(version: str, events: tuple[dict[str, str], ...], fix: str | None) -> None:
    """A single range affects the versions between its events."""
    assert _fix(version, *events) == fix


@pytest.mark.parametrize(
    ("version", "versions", "events", "fix"),
    [
        ("1.0", ["1.0.0"], (), ""),
        ("1.0", ["v1.0"], (), ""),
        ("1.0+cu121", ["1.0"], (), ""),
        ("9e", ["9e"], (), ""),
        ("1.0", ["1.1"], (), None),
        ("1.0", ["1.0"], below("0.9"), ""),
        ("1.0", ["1.0"], below("1.3", since="1.2"), "1.3"),
        ("1.0", ["1.1"], below("1.1"), "1.1"),
        ("1.0", ["1.1"], ({"introduced": "0"}, {"fixed": "2004-01-01b"}), None),
    ],
)
def test_list(
    version: str, versions: list[str], events: tuple[dict[str, str], ...], fix: str | None
) -> None:
    """A list of versions counts, alone or beside a range; it decides if the range has no order."""
    assert _fix(version, *events, versions=versions) == fix


#: Spellings of versions: each number by itself, and what may be before and behind.
_FORMS = ["{}", "v{}", " V{} ", "0!{}", "00{}", "{}.0", "{}.00.0", "1!{}", "v01!{}.0", "{}.1"]
_ENDS = ["", "rc1", ".rc.1", "-1", ".post1", ".dev0", "+local", "a", "alpha0", "x"]


@pytest.mark.parametrize("number", ["0", "1", "1.0", "1.10", "10", "1.1", "2024.1.0"])
def test_spellings(number: str) -> None:
    """A listed version is found in any spelling that PEP 440 allows."""
    texts = [form.format(number) + end for form in _FORMS for end in _ENDS]
    texts += [end.join(form.format(number).rsplit(" ", 1)) for form in _FORMS[:3] for end in _ENDS]
    for version in (number, f"{number}.0", f"1!{number}", f"{number}rc1", f"{number}.post1"):
        for text in texts:
            try:
                same = Version(Version(text).public) == Version(version)
            except InvalidVersion:
                same = False
            assert (_fix(version, versions=[text]) is not None) is same, (version, text)


@pytest.mark.slow
def test_many_versions() -> None:
    """In a list as long as a database can have, only versions that may be equal are parsed."""
    listed = [f"{number % 50}.{number}" for number in range(300_000)]
    (affected,) = read_advisory(advisory("A-1", "tool", versions=listed)).affected
    before = public_version.cache_info().misses
    for version in ("1.51.0", "49.299999.0", "50.1", "1.50"):
        assert (impact(affected, version) is not None) is (version.removesuffix(".0") in listed)
    assert public_version.cache_info().misses - before <= 2 * 4


def test_neither() -> None:
    """An advisory that names no version affects all of them, as does one with only commits."""
    assert _fix("1.0") == ""
    data = advisory("A-1", "tool")
    data["affected"][0]["ranges"] = [{"type": "GIT", "events": [{"introduced": "0"}]}]
    assert impact(read_advisory(data).affected[0], "1.0") is not None


def _by_the_book(version: Version, events: list[dict[str, str]]) -> bool:
    """Evaluate the schema's own pseudo-code, for events whose versions can be ordered."""
    vulnerable = False
    pairs = [(Version(at), kind) for event in events for kind, at in event.items()]
    for at, kind in sorted(pairs, key=lambda pair: pair[0]):
        if kind == "introduced" and version >= at:
            vulnerable = True
        if kind == "fixed" and version >= at:
            vulnerable = False
        if kind == "last_affected" and version > at:
            vulnerable = False
    return vulnerable


@pytest.mark.parametrize("seed", range(200))
def test_as_the_schema_says(seed: int) -> None:
    """Random ranges affect the versions that OSV's pseudo-code says, and the named fix is one."""
    chance = random.Random(seed)
    versions = chance.sample(
        [f"{a}.{b}{c}" for a in range(3) for b in range(4) for c in ("", "rc1")], 8
    )
    kinds = ("introduced", "fixed", "last_affected")
    events = [{chance.choice(kinds): at} for at in versions[: chance.randint(1, 5)]]
    for text in [*versions, "0.0", "9"]:
        fix = _fix(text, *events)
        assert (fix is not None) == _by_the_book(Version(text), events), (text, events)
        if fix and not fix.startswith(">"):
            assert Version(fix) > Version(text)
            assert not _by_the_book(Version(fix), events)
