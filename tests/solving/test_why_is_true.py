"""What ``why`` says about newest versions is true, tested in random channels."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata
from support.random_packages import random_packages

LINUX = "[linux-64]"


def _older(packages: list[Package], chosen: random.Random) -> list[Package]:
    """Return the packages without the newest versions of some."""
    newest: dict[str, tuple[int, ...]] = {}
    for package in packages:
        version = tuple(map(int, package.version.split(".")))
        newest[package.name] = max(newest.get(package.name, ()), version)
    later = {name for name in sorted(newest) if chosen.random() < 0.6}
    return [
        package
        for package in packages
        if package.name not in later
        or tuple(map(int, package.version.split("."))) != newest[package.name]
    ]


def _solvable(host: Host, folder: Path, channel: Path, *lines: str) -> bool:
    write(folder, channel, *lines, platforms=LINUX)
    (folder / "conda-lock.yml").unlink(missing_ok=True)
    return host.multiplat("lock", cwd=folder, code=None).returncode == 0


def _true(host: Host, folder: Path, channel: Path, name: str, newest: dict[str, Any]) -> str:
    """Check that an answer is true, and return its kind."""
    tried = f"{name} =={newest['version']}"
    lines = [requirement["spec"] for requirement in newest["clash"]]
    if newest["obstacle"]:
        assert not _solvable(host, folder, channel, *lines, tried)
        if lines:
            assert _solvable(host, folder, channel, tried)
        for line in lines:
            rest = [other for other in lines if other != line]
            assert _solvable(host, folder, channel, *rest, tried)
        return "clash"
    return "fix" if newest["fix"] else "newest"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_newest(alone: Host, project: Path, tmp_path: Path, seed: int) -> None:
    """A clash is a smallest one, and an update has the promised result."""
    packages, names = random_packages(seed + 100)
    chosen = random.Random(seed)
    channel = write_repodata(tmp_path / "random", _older(packages, chosen))
    asked: list[str] = []
    while not asked or not _solvable(alone, project, channel, *asked):
        asked = chosen.sample(names, 4)
    before = locked(project)["linux-64"]
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    write_repodata(channel, packages)
    trial = tmp_path / "trial"
    trial.mkdir()
    kinds = set()
    for name in chosen.sample(sorted(before), min(5, len(before))):
        (answer,) = alone.json("why", name, cwd=project)["answers"]
        newest = answer["newest"]
        kinds.add(_true(alone, trial, channel, name, newest))
        if match := re.fullmatch(r"run `conda multiplat (lock --update.*)`", newest["fix"]):
            write(trial, channel, *asked, platforms=LINUX)
            (trial / "conda-lock.yml").write_text(text, encoding="utf-8")
            alone.multiplat(*match[1].split(), cwd=trial)
            assert locked(trial)["linux-64"][name] == newest["version"]
        elif newest["fix"]:
            assert _solvable(alone, trial, channel, *asked, f"{name} >={newest['version']}")
    assert kinds
