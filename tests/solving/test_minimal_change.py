"""A lock changes only where it must, whatever was added to the channels and the index."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.hosts import TESTS, Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.random_packages import random_packages
from support.server import Rules, serve
from support.states import IN_SYNC, check_states, states

Key = tuple[str, str]


def _version(package: Package) -> tuple[int, ...]:
    return tuple(int(part) for part in package.version.split("."))


def _without_newest(packages: Sequence[Package]) -> list[Package]:
    """Return the packages without the newest version of each."""
    newest: dict[str, tuple[int, ...]] = {}
    for package in packages:
        newest[package.name] = max(newest.get(package.name, ()), _version(package))
    return [package for package in packages if _version(package) != newest[package.name]]


def _entries(lock: Path) -> dict[Key, dict[str, Any]]:
    """Return platform and name -> what is locked."""
    data = yaml.safe_load(lock.read_text(encoding="utf-8"))
    return {(package["platform"], package["name"]): package for package in data["package"]}


def _section(lock: Path) -> str:
    return lock.read_text(encoding="utf-8").partition("\npackage:")[2]


@dataclass(frozen=True)
class Locked:
    """A project that was locked before newer packages came.

    Attributes:
        asked: what its manifest asks for.
        rest: what is locked on every platform besides.
        others: what is locked on none.
    """

    project: Path
    channel: Path
    host: Host
    asked: list[str]
    rest: list[str]
    others: list[str]

    @property
    def lock(self) -> Path:
        return self.project / "conda-lock.yml"

    def run(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        return self.host.multiplat(*arguments, cwd=self.project, code=code)


@pytest.fixture(params=range(6))
def locked(request: pytest.FixtureRequest, alone: Host, project: Path, tmp_path: Path) -> Locked:
    """Return a project locked from a random channel that has since got newer versions."""
    packages, names = random_packages(request.param)
    chosen = random.Random(request.param)
    channel = write_repodata(tmp_path / "random", _without_newest(packages))
    rest: list[str] = []
    while len(rest) < 2:
        asked = chosen.sample(names, 3)
        write(project, channel, *asked)
        (project / "conda-lock.yml").unlink(missing_ok=True)
        if alone.multiplat("lock", cwd=project, code=None).returncode != 0:
            continue
        entries = _entries(project / "conda-lock.yml")
        platforms = {platform for platform, _ in entries}
        everywhere = {name for _, name in entries if all((p, name) in entries for p in platforms)}
        rest = sorted(everywhere - set(asked))
    write_repodata(channel, packages)
    others = sorted({*names} - {name for _, name in entries})
    return Locked(project, channel, alone, asked, rest, others)


@pytest.mark.slow
def test_asking_for_what_is_locked(locked: Locked) -> None:
    """A line that the lock satisfies changes no record, and ``check`` says so before."""
    before = _section(locked.lock)
    entries = _entries(locked.lock)
    for extra in locked.rest[:2]:
        versions = [package["version"] for (_, name), package in entries.items() if name == extra]
        lowest = min(versions, key=lambda version: tuple(map(int, version.split("."))))
        write(locked.project, locked.channel, *locked.asked, f"{extra} >={lowest}")
        assert "still meets it" in locked.run("check").stdout
        locked.run("lock")
        assert _section(locked.lock) == before
        assert states(locked.run("check", "--json").stdout) == IN_SYNC
    locked.run("lock", "--update-all")
    assert _section(locked.lock) != before


@pytest.mark.slow
def test_update_moves_what_it_names(locked: Locked) -> None:
    """An update changes the named package; others change only if their version no longer fits."""
    before = _entries(locked.lock)
    name = locked.rest[0]
    locked.run("lock", "--update", name)
    after = _entries(locked.lock)
    assert _moved_without_need(locked, before, after, name) == []
    assert states(locked.run("check", "--json").stdout) == IN_SYNC


@pytest.mark.slow
def test_an_edit_moves_what_it_needs(locked: Locked) -> None:
    """If a line is added or removed, everything that can stay stays."""
    before = _entries(locked.lock)
    for name in locked.others:
        write(locked.project, locked.channel, *locked.asked[1:], name)
        if locked.run("lock", code=None).returncode == 0:
            break
    after = _entries(locked.lock)
    assert name in {package for _, package in after}
    assert _moved_without_need(locked, before, after, name) == []


def _moved_without_need(
    locked: Locked, before: dict[Key, dict[str, Any]], after: dict[Key, dict[str, Any]], name: str
) -> list[Key]:
    """Return what changed, other than ``name``, although its old version would still fit."""
    moved = [key for key in after if key in before and after[key]["url"] != before[key]["url"]]
    others = [key for key in moved if key[1] != name]
    return [key for key in others if not _problems(locked, {**after, key: before[key]})]


def _problems(locked: Locked, entries: dict[Key, dict[str, Any]]) -> list[str]:
    """Return what conda's own MatchSpecs find wrong with a lock with these packages."""
    data = yaml.safe_load(locked.lock.read_text(encoding="utf-8"))
    other = locked.project / "other.yml"
    other.write_text(yaml.safe_dump({**data, "package": list(entries.values())}), "utf-8")
    command = [sys.executable, "-m", "support.judge", str(other), str(locked.channel)]
    environ = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    other.unlink()
    problems: list[str] = json.loads(done.stdout)
    return problems


def test_update_that_needs_more(alone: Host, project: Path, tmp_path: Path) -> None:
    """What the updated package needs changes with it; nothing else does."""
    old = [
        Package("top", depends=["middle", "other"]),
        Package("middle", depends=["low"]),
        *(Package(name) for name in ("low", "other")),
    ]
    channel = write_repodata(tmp_path / "own", old)
    write(project, channel, "top", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    new = [
        Package("middle", "2.0", depends=["low >=2"]),
        *(Package(name, "2.0") for name in ("low", "other")),
        Package("top", "2.0", depends=["middle", "other"]),
    ]
    write_repodata(channel, [*old, *new])
    alone.multiplat("lock", "--update", "middle", cwd=project)
    versions = {name: entry["version"] for (_, name), entry in _entries_of(project).items()}
    assert versions == {"top": "1.0", "middle": "2.0", "low": "2.0", "other": "1.0"}


def _entries_of(project: Path) -> dict[Key, dict[str, Any]]:
    return _entries(project / "conda-lock.yml")


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Return an index that the tests fill."""
    return Index(tmp_path / "index")


@pytest.fixture
def pypi(index: Index) -> Iterator[Rules]:
    """Serve the index."""
    with serve(index.root) as server:
        yield server


def _random_wheels(index: Index, chosen: random.Random, versions: Sequence[int]) -> list[str]:
    """Return layers of projects; each version needs ranges of the layer below."""
    names = [[f"{'pqrs'[layer]}{n}" for n in range(3)] for layer in range(4)]
    for version in versions:
        for layer, row in enumerate(names):
            for name in row:
                lower = names[layer - 1] if layer else []
                some = chosen.sample(lower, min(len(lower), 2))
                requires = [chosen.choice([need, f"{need}>=1", f"{need}!=2.5"]) for need in some]
                if chosen.random() < 0.3:
                    requires = [f"{require}; os_name == 'nt'" for require in requires]
                index.wheel(name, f"{version}.0", requires=requires)
    return [name for row in names for name in row]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_pypi(
    alone: Host, project: Path, tmp_path: Path, index: Index, pypi: Rules, seed: int
) -> None:
    """The same for PyPI packages: a line that is satisfied, and an update of a transitive one."""
    chosen = random.Random(seed)
    python = [Package("python", "3.12.5", "0_c", subdir) for subdir in ("linux-64", "win-64")]
    channel = write_repodata(tmp_path / "channel", python)
    names = _random_wheels(index, chosen, [1, 2])
    lock = project / "conda-lock.yml"

    def manifest(*lines: str) -> None:
        entries = ", ".join([f"--index-url {pypi.url}/simple", *(f"'{line}'" for line in lines)])
        write(project, channel, "python", f"pip: [{entries}]", platforms="[linux-64, win-64]")

    asked = chosen.sample(names[-6:], 2)
    manifest(*asked)
    alone.multiplat("lock", cwd=project)
    before, records = _section(lock), _entries(lock)
    _random_wheels(index, chosen, [3])
    everywhere = {n for p, n in records if ("linux-64", n) in records and ("win-64", n) in records}
    rest = sorted(everywhere - {"python", *asked})
    fresh = {"UV_NO_CACHE": "1"}  # the index has changed within uv's ten minutes

    extra = chosen.choice(rest)
    manifest(*asked, f"{extra}>=1")
    assert "still meets it" in alone.multiplat("check", cwd=project).stdout
    alone.multiplat("lock", cwd=project, env=fresh)
    assert _section(lock) == before
    assert check_states(alone, project) == IN_SYNC

    alone.multiplat("lock", "--update", extra, cwd=project, env=fresh)
    after = _entries(lock)
    moved = {key for key in after if key in records and after[key]["url"] != records[key]["url"]}
    assert moved == {("linux-64", extra), ("win-64", extra)}

    alone.multiplat("lock", "--update-all", cwd=project, env=fresh)
    assert {entry["version"] for key, entry in _entries(lock).items() if key[1] in asked} == {"3.0"}
