"""Differences between two locks, as values and words."""

from __future__ import annotations

import pytest

from conda_multiplat.lockfile.platform_changes import Change, changes, packages, to_install
from conda_multiplat.vocabulary.records import CondaRecord

URL = "https://example.com/conda/noarch"


def record(name: str, version: str = "1", build: str = "0", **fields: str | None) -> CondaRecord:
    """Return a record whose hashes follow from its name."""
    given = {"url": f"{URL}/{name}-{version}-{build}.conda", "sha256": f"sha-{name}", **fields}
    return CondaRecord(name, version, build, md5=given.pop("md5", f"md5-{name}"), **given)


def is_newer(one: str, other: str) -> bool:
    """Compare versions that are whole numbers: ``10`` comes after ``9``."""
    return int(one) > int(other)


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        (None, record("a", "2"), "added", "+ a 2"),
        (record("a", "2"), None, "removed", "- a 2"),
        (record("a", "9"), record("a", "10"), "upgraded", "↑ a 9 → 10"),
        (record("a", "10"), record("a", "9"), "downgraded", "↓ a 10 → 9"),
        (record("a", "9", "h0"), record("a", "10", "h1"), "upgraded", "↑ a 9 → 10"),
        (record("a", "1", "h0"), record("a", "1", "h1"), "rebuilt", "~ a 1 (h0 → h1)"),
        (record("a"), record("a", sha256="other"), "rebuilt", "~ a 1 (another archive)"),
        (record("a"), record("a", md5="other"), "rebuilt", "~ a 1 (another archive)"),
        (record("a"), record("a", sha256=None, md5=None), "rebuilt", "~ a 1 (another archive)"),
        (
            record("a", sha256=None),
            record("a", md5=None),
            "rebuilt",
            "~ a 1 (another archive)",
        ),
        (record("a"), record("a", url=f"{URL}/mirror"), "rebuilt", "~ a 1 (another archive)"),
    ],
)
def test_one_change(
    old: CondaRecord | None, new: CondaRecord | None, kind: str, words: str
) -> None:
    """Each kind of change is found and described in a few words."""
    differences = changes([old] if old else [], [new] if new else [], is_newer)
    assert differences == [Change(kind, "a", old, new)]
    assert [str(change) for change in differences] == [words]


@pytest.mark.parametrize(
    "new",
    [
        record("a"),
        record("a")._replace(depends=("b >=1",)),
        record("a")._replace(constrains=("b >=1",)),
        record("a")._replace(category="dev"),
        record("a", md5=None),
        record("a", sha256=None),
    ],
)
def test_no_change(new: CondaRecord) -> None:
    """The same archive is not a change, whatever dependencies and hashes the records have."""
    assert changes([new], [record("a")], is_newer) == []
    assert changes([record("a")], [new], is_newer) == []


def test_changes_come_by_name() -> None:
    """Changes are sorted by name, whatever order the records have."""
    old = [record("d"), record("b"), record("a")]
    new = [record("c"), record("a", "2"), record("d", "3")]
    lines = [str(change) for change in changes(old, new, is_newer)]
    assert lines == ["↑ a 1 → 2", "- b 1", "+ c 1", "↑ d 1 → 3"]
    assert lines == [str(change) for change in changes(old[::-1], new[::-1], is_newer)]


@pytest.mark.parametrize(
    ("present", "changed"),
    [
        (record("a"), False),
        (record("a", url="file:///cache/a-1-0.conda"), False),
        (record("a", url="", md5=None), False),
        (record("a", sha256=None), False),
        (record("a", sha256="other"), True),
        (record("a", md5="other"), True),
        (record("a", sha256=None, md5=None), True),
        (record("a", build="h1"), True),
        (record("a", "2"), True),
        (record("b"), True),
    ],
)
def test_to_install(present: CondaRecord, changed: bool) -> None:
    """A mirror's archive is as good if its known hashes match the lock's."""
    assert bool(to_install([present], [record("a")], is_newer)) is changed


def test_to_install_kinds() -> None:
    """Missing packages are added and extra ones removed."""
    differences = to_install(
        [record("old"), record("same")], [record("same"), record("new")], is_newer
    )
    assert [str(change) for change in differences] == ["+ new 1", "- old 1"]


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (Change("added", "a", None, record("a", "1", "h0")), None, {"version": "1", "build": "h0"}),
        (Change("removed", "a", record("a"), None), {"version": "1", "build": "0"}, None),
        (
            Change("upgraded", "a", record("a"), record("a", "2")),
            {"version": "1", "build": "0"},
            {"version": "2", "build": "0"},
        ),
    ],
)
def test_as_dictionary(
    change: Change, old: dict[str, str] | None, new: dict[str, str] | None
) -> None:
    """The JSON form has versions and builds, and null if there is no package."""
    assert change.to_dict() == {"kind": change.kind, "name": "a", "old": old, "new": new}


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 packages"), (1, "1 package"), (2, "2 packages")]
)
def test_packages(count: int, words: str) -> None:
    """The number of packages is in correct English."""
    assert packages(count) == words
