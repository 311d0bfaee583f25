"""Three-way merge of locks as values: which side's package is taken, and what is a conflict."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pytest

from conda_multiplat.lockfile.merge import Sides, disagreements, merge_locks, union_of_sides
from conda_multiplat.lockfile.model import LockChannel, LockFile, PlatformLock
from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.lockfile.write import render
from conda_multiplat.manifest.read import Source, read_manifest
from conda_multiplat.manifest.targets import Target, targets
from conda_multiplat.solving.requests import RECIPES
from conda_multiplat.vocabulary.pip_entries import entry_name
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record

LINUX, MAC = "linux-64", "osx-arm64"


def _targets(*lines: str, platforms: str = LINUX, extra: str = "") -> list[Target]:
    """Return the targets of ``default`` for a manifest with some dependencies."""
    text = f"channels: [c]\nplatforms: [{platforms}]\ndependencies:\n"
    text += "".join(f"  - {line}\n" for line in lines) + extra
    source = Source("environment.yml", text)
    manifest = read_manifest([source], host_subdirs=(), entry_name=entry_name)
    return targets(manifest, ["default"])


def _conda(name: str, version: str = "1", *depends: str, **changes: object) -> CondaRecord:
    url = f"https://conda.example.com/c/noarch/{name}-{version}-0.conda"
    record = CondaRecord(name, version, "0", url, "0" * 32, "ab" * 32, depends)
    return record._replace(**changes)  # type: ignore[arg-type]


def _pypi(name: str, version: str = "1", *depends: str) -> PypiRecord:
    url = f"https://pypi.example.com/{name}-{version}-py3-none-any.whl"
    return PypiRecord(name, version, url, "cd" * 32, depends)


def _lock(wanted: Sequence[Target], records: Mapping[str, Sequence[Record]]) -> LockFile:
    """Return a lock of targets as it is read; ``records`` are by platform."""
    platforms = {
        target.subdir: PlatformLock.of(
            "0" * 64,
            [r for r in records[target.subdir] if isinstance(r, CondaRecord)],
            target.virtual_packages,
            [line.text for line in target.view.conda],
            [r for r in records[target.subdir] if isinstance(r, PypiRecord)],
        )
        for target in wanted
        if target.subdir in records
    }
    lock = LockFile("default", ("environment.yml",), (LockChannel("c"),), platforms, "strict", 1)
    return read_lock(render(lock), "conda-lock.yml")


def _versions(_: Target, locked: PlatformLock) -> dict[str, str]:
    return {record.name: record.version for record in locked.every}


def _merge(
    base: LockFile | None, ours: LockFile, theirs: LockFile, wanted: Sequence[Target]
) -> tuple[LockFile | None, list[str]]:
    return merge_locks(Sides(base, ours, theirs), wanted, judge=lambda *_: [], versions=_versions)


def _of(wanted: Sequence[Target], *records: Record) -> LockFile:
    return _lock(wanted, {target.subdir: records for target in wanted})


def _shown(lock: LockFile | None) -> list[str]:
    assert lock is not None
    return [f"{record.name} {record.version}" for record in lock.platforms[LINUX].every]


ABC = ("a", "b", "c")


def _random_lock(wanted: Sequence[Target], seed: random.Random, old: LockFile | None) -> LockFile:
    """Return a lock with some new, missing or changed packages in comparison with ``old``."""
    by_platform: dict[str, list[Record]] = {}
    for target in wanted:
        known = (
            {(record.manager, record.name): record for record in old.platforms[target.subdir].every}
            if old
            else {}
        )
        for make, names in ((_conda, "abcdef"), (_pypi, "uvw")):
            for name in names:
                key = (make("x").manager, name)
                if old is None or seed.random() < 0.3:
                    known.pop(key, None)
                    if seed.random() < 0.7:
                        needs = (
                            ("__glibc >=2.17",) if make is _conda and seed.random() < 0.5 else ()
                        )
                        known[key] = make(name, str(seed.randint(1, 3)), *needs)
        by_platform[target.subdir] = list(known.values())
    return _lock(wanted, by_platform)


@pytest.mark.parametrize("seed", range(40))
def test_properties(seed: int) -> None:
    """An unchanged side gives the other; the same change twice is one; sides can be swapped."""
    numbers = random.Random(seed)
    wanted = _targets(*"abcdef", "pip: [u, v, w]", platforms=f"{LINUX}, {MAC}")
    base = _random_lock(wanted, numbers, None)
    ours, theirs = (_random_lock(wanted, numbers, base) for _ in range(2))
    for side in (ours, theirs):
        for one, other in ((side, base), (base, side), (side, side)):
            merged, reasons = _merge(base, one, other, wanted)
            assert reasons == []
            assert merged is not None
            assert {k: v.every for k, v in merged.platforms.items()} == {
                k: v.every for k, v in side.platforms.items()
            }
            assert [sorted(map(str, v.needs)) for v in merged.platforms.values()] == [
                sorted(map(str, v.needs)) for v in side.platforms.values()
            ]
    one, other = _merge(base, ours, theirs, wanted), _merge(base, theirs, ours, wanted)
    assert one[0] == other[0]
    assert len(one[1]) == len(other[1])
    if one[0]:
        assert render(one[0]) == render(other[0])  # type: ignore[arg-type]


def test_each_change_is_taken() -> None:
    """Packages added, changed or removed by either side are taken; the others stay."""
    wanted = _targets("a", "b", "c", "new")
    base = _of(wanted, *map(_conda, ABC), _conda("gone"))
    ours = _of(wanted, _conda("a", "2"), _conda("b"), _conda("c"), _conda("gone"), _conda("new"))
    theirs = _of(wanted, _conda("a"), _conda("b", "2"), _conda("c"))
    merged, reasons = _merge(base, ours, theirs, wanted)
    assert (reasons, _shown(merged)) == ([], ["a 2", "b 2", "c 1", "new 1"])


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        (_conda("a", "2"), _conda("a", "3"), "a: 2 in ours, 3 in theirs"),
        (_conda("a", "2"), None, "a: 2 in ours, not locked in theirs"),
        (None, _conda("a", "2"), "a: not locked in ours, 2 in theirs"),
        (
            _conda("a", "2"),
            _conda("a", "2", build="1"),
            "a: 2 0 in ours, 2 1 in theirs",
        ),
        (
            _conda("a", "2"),
            _conda("a", "2", sha256="ef" * 32),
            "a 2 0 differs between ours and theirs",
        ),
    ],
)
def test_both_changed_it(ours: Record | None, theirs: Record | None, reason: str) -> None:
    """A package that both sides changed differently is one conflict for all its platforms."""
    wanted = _targets("b", platforms=f"{LINUX}, {MAC}")
    sides = [_of(wanted, _conda("b"), *([side] if side else [])) for side in (ours, theirs)]
    merged, reasons = _merge(_of(wanted, _conda("a"), _conda("b")), *sides, wanted)
    assert (merged, reasons) == (None, [f"{reason}  (linux-64, osx-arm64)"])


@pytest.mark.parametrize("known", ["ours", "theirs", "both"])
def test_sizes(known: str) -> None:
    """A lock of an earlier version has no sizes: that is not a change, and known sizes stay."""
    wanted = _targets(*ABC)
    before = [_conda(name) for name in ABC]
    sized = [record._replace(size=number + 1) for number, record in enumerate(before)]
    ours = sized if known != "theirs" else before
    theirs = sized if known != "ours" else before
    sides = (_of(wanted, *ours), _of(wanted, *theirs[:2], _conda("c", "2", size=9)))
    for one, other in (sides, sides[::-1]):
        merged, reasons = _merge(_of(wanted, *before), one, other, wanted)
        assert reasons == []
        assert merged is not None
        assert [record.size for record in merged.platforms[LINUX].every] == [1, 2, 9]


def test_start_of_both() -> None:
    """The start of a new solve has all changes and platforms, and ours in a conflict."""
    wanted = _targets("a", platforms=f"{LINUX}, {MAC}")
    base = _lock(wanted, {LINUX: [_conda("a"), _conda("b"), _conda("gone")]})
    ours = _lock(wanted, {LINUX: [_conda("a", "2"), _conda("b"), _conda("gone", "2")]})
    mac = [_conda("a"), _pypi("u")]
    theirs = _lock(wanted, {LINUX: [_conda("a", "3"), _conda("b", "2")], MAC: mac})
    start = union_of_sides(Sides(base, ours, theirs))
    assert _shown(start) == ["a 2", "b 2", "gone 2"]
    assert [record.name for record in start.platforms[MAC].every] == ["a", "u"]


def test_what_nobody_asks_for_goes() -> None:
    """A package goes if each side removed what the other still needed it for."""
    wanted = _targets("c")
    base = _of(wanted, _conda("a", "1", "d"), _conda("b", "1", "d"), _conda("c"), _conda("d"))
    ours = _of(wanted, _conda("b", "1", "d"), _conda("c"), _conda("d"))
    theirs = _of(wanted, _conda("a", "1", "d"), _conda("c"), _conda("d"))
    merged, _ = _merge(base, ours, theirs, wanted)
    assert _shown(merged) == ["c 1"]


def test_judged_as_check_does() -> None:
    """The judge's findings are the reasons; it sees the merged packages of each target."""
    wanted = _targets("a", platforms=f"{LINUX}, {MAC}")
    judged = []

    def judge(target: Target, locked: PlatformLock) -> list[str]:
        judged.append((target.subdir, [record.version for record in locked.records]))
        return ["it does not do"]

    base, ours = (_of(wanted, _conda("a", version)) for version in "12")
    merged, reasons = merge_locks(Sides(base, ours, base), wanted, judge=judge, versions=_versions)
    assert (merged, reasons) == (None, ["it does not do  (linux-64, osx-arm64)"])
    assert judged == [(LINUX, ["2"]), (MAC, ["2"])]


def test_constraints_of_the_machine() -> None:
    """Of ``constrains``, only virtual packages are locked; they go with their package."""
    wanted = _targets("a", "b")
    base = _of(wanted, _conda("a"), _conda("b"))
    ours = _of(wanted, _conda("a", "2", constrains=("__cuda >=12",)), _conda("b"))
    theirs = _of(wanted, _conda("a"), _conda("b", "2", "__glibc >=2.28", "__glibc <3"))
    merged, _ = _merge(base, ours, theirs, wanted)
    assert merged is not None
    needs = merged.platforms[LINUX].needs
    assert sorted((need.spec, need.record, need.binding) for need in needs) == [
        ("__cuda >=12", "a", False),
        ("__glibc <3", "b", True),
        ("__glibc >=2.28", "b", True),
    ]


def test_platforms_of_one_side() -> None:
    """A platform of only one side is taken from there; a platform of none is a reason."""
    wanted = _targets("a", platforms=f"{LINUX}, {MAC}")
    base = _lock(wanted, {LINUX: [_conda("a")]})
    ours = _lock(wanted, {LINUX: [_conda("a", "2")]})
    theirs = _lock(wanted, {LINUX: [_conda("a")], MAC: [_conda("a", "3")]})
    merged, _ = _merge(base, ours, theirs, wanted)
    assert merged is not None
    assert {key: platform.records[0].version for key, platform in merged.platforms.items()} == {
        LINUX: "2",
        MAC: "3",
    }
    assert _merge(base, ours, base, wanted) == (None, ["not locked on either side  (osx-arm64)"])
    merged, _ = _merge(theirs, ours, theirs, _targets("a"))
    assert merged is not None
    assert list(merged.platforms) == [LINUX]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sources": ("other.yml",)}, "the manifest's files differ"),
        ({"environment": "dev"}, "the environments differ"),
        ({"channel_priority": "flexible"}, "the channel priorities differ"),
        ({"channels": (LockChannel("c", ("TOKEN",)),)}, "the channels differ"),
        ({"recipe": 0}, "theirs: another tool made it"),
        ({"recipe": 99}, "theirs: it was made by a newer conda-multiplat"),
    ],
)
def test_heads_that_differ(change: dict[str, object], reason: str) -> None:
    """Sides with different channels, priorities or files can't be merged."""
    wanted = _targets("a")
    base = _of(wanted, _conda("a"))
    theirs = base._replace(**change)  # type: ignore[arg-type]
    assert _merge(base, base, theirs, wanted) == (None, [reason])


def test_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A merge of two locks of an older recipe keeps it; different recipes can't be merged."""
    monkeypatch.setitem(RECIPES, 2, lambda _: "of recipe 2")  # type: ignore[attr-defined]
    wanted = _targets("a")
    base = _of(wanted, _conda("a"))
    ours, theirs = (_of(wanted, _conda("a", version))._replace(recipe=2) for version in "21")
    merged, _ = _merge(base, ours, theirs, wanted)
    assert merged is not None
    assert (merged.recipe, merged.platforms[LINUX].content_hash) == (2, "of recipe 2")
    assert _merge(base, ours, base, wanted) == (None, ["the recipes differ"])


def test_foreign_ancestor() -> None:
    """A lock that another tool made can't be compared."""
    wanted = _targets("a")
    ours = _of(wanted, _conda("a"))
    base = ours._replace(recipe=0)
    assert _merge(base, ours, ours, wanted)[1] == ["the common ancestor: another tool made it"]


def test_pypi_beside_what_it_was_locked_with() -> None:
    """PyPI packages are only merged with versions that one side had together."""
    wanted = _targets("python", "b", "pip: [u, v, w]")
    python = [_conda("python", "3.12"), _conda("b")]
    base = _of(wanted, *python, _pypi("u"), _pypi("w"))
    ours = _of(wanted, *python, _pypi("u", "2"), _pypi("w"))
    apart = _of(wanted, *python, _pypi("u"), _pypi("v"), _pypi("w"))
    assert _shown(_merge(base, ours, apart, wanted)[0])[2:] == ["u 2", "v 1", "w 1"]
    needy = _of(wanted, *python, _pypi("u"), _pypi("v", "1", "u"), _pypi("w"))
    for sides in ((ours, needy), (needy, ours)):
        assert _merge(base, *sides, wanted) == (
            None,
            ["v 1 was not locked together with u 2  (linux-64)"],
        )
    newer = _of(wanted, _conda("python", "3.13"), _conda("b"), _pypi("u"), _pypi("w"))
    assert _merge(base, newer, apart, wanted)[1] == [
        "v 1 was not locked together with python 3.13  (linux-64)"
    ]


def test_solve_group() -> None:
    """Environments of a solve-group with different versions are reported."""
    extra = (
        "multiplat:\n  solve-group: main\n  environments:\n"
        "    dev: {solve-group: main, dependencies: [b]}\n"
    )
    wanted = _targets("a", extra=extra)
    locks = {"default": _of(wanted, _conda("a", "2"), _pypi("u")), "dev": _of(wanted, _conda("a"))}
    assert disagreements(locks, wanted) == [
        "a: 2 in default, 1 in dev of its solve-group  (linux-64)"
    ]
    locks["dev"] = _of(wanted, _conda("a", "2"), _pypi("u"), _conda("b"))
    assert disagreements(locks, wanted) == []
    assert disagreements({"default": locks["default"]}, wanted) == []
