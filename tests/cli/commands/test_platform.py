"""``platform`` as a user runs it: platforms come and go, the others stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.hosts import Host
from support.manifests import locked, write

TWO = "[linux-64, osx-arm64]"


def _manifest(project: Path) -> str:
    return (project / "environment.yml").read_text(encoding="utf-8")


def _of(project: Path, subdir: str) -> Any:
    lock = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    kept = [package for package in lock["package"] if package["platform"] == subdir]
    return kept, lock["metadata"]["content_hash"].get(subdir)


def test_add_and_remove(door: Host, project: Path, channel: Path) -> None:
    """A new platform is locked, what is there is not touched; removed again, all is as before."""
    write(project, channel, "python 3.11.*", platforms=TWO)
    door.multiplat("lock", cwd=project)
    before = {path.name: path.read_bytes() for path in project.glob("*.yml")}
    kept = _of(project, "linux-64")
    done = door.multiplat("platform", "add", "win-64", cwd=project)
    assert done.stderr.endswith(
        " + win-64\n wrote environment.yml, conda-lock.yml "
        "(6 different packages, 2 new, download size 50 B)\n"
    )
    assert "platforms: [linux-64, osx-arm64, win-64]\n" in _manifest(project)
    assert locked(project)["win-64"] == {"python": "3.11.9", "zlib": "1.3.1"}
    assert _of(project, "linux-64") == kept
    done = door.multiplat("platform", "remove", "win-64", cwd=project)
    assert done.stderr.endswith(" - win-64\n wrote environment.yml, conda-lock.yml\n")
    assert {path.name: path.read_bytes() for path in project.glob("*.yml")} == before


def test_platform_that_is_there(alone: Host, project: Path, channel: Path) -> None:
    """Nothing to write; beside one that is not, that one is added."""
    write(project, channel, "zlib", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("platform", "add", "linux-64", cwd=project)
    assert done.stderr.endswith(" = linux-64\n nothing to write\n")
    document = alone.json("platform", "add", "linux-64", "win-64", cwd=project)
    assert document["platforms"] == ["win-64"]


def test_platform_without_a_solution(alone: Host, project: Path, channel: Path) -> None:
    """Nothing is changed."""
    write(project, channel, "only-unix", platforms=TWO)
    before = _manifest(project)
    done = alone.multiplat("platform", "add", "win-64", cwd=project, code=1)
    assert done.stderr.startswith("error: no solution for default/win-64\n")
    assert _manifest(project) == before
    assert not (project / "conda-lock.yml").exists()


def test_environment_of_its_own(alone: Host, project: Path, channel: Path) -> None:
    """It gets a list of its own: the platforms that it had from others, and the new ones."""
    extra = "multiplat:\n  environments:\n    dev:\n      dependencies: [zlib]\n"
    write(project, channel, "libblas", platforms=TWO, extra=extra)
    alone.multiplat("platform", "add", "win-64", "-e", "dev", cwd=project)
    assert _manifest(project).endswith(
        "      dependencies: [zlib]\n      platforms: [linux-64, osx-arm64, win-64]\n"
    )
    assert sorted(locked(project)) == ["linux-64", "osx-arm64"]
    assert sorted(locked(project, "dev.conda-lock.yml")) == ["linux-64", "osx-arm64", "win-64"]
    alone.multiplat("platform", "remove", "osx-arm64", "-e", "dev", cwd=project)
    assert _manifest(project).endswith("      platforms: [linux-64, win-64]\n")


def test_manifest_without_platforms(alone: Host, project: Path, channel: Path) -> None:
    """What was assumed or locked before is written down with the new one: nothing is lost."""
    path = write(project, channel, "zlib")
    path.write_text(_manifest(project).replace("platforms: [linux-64, osx-arm64, win-64]\n", ""))
    env = {"CONDA_SUBDIR": "linux-64"}
    alone.multiplat("lock", "--platform", "osx-arm64", cwd=project, env=env)
    alone.multiplat("platform", "add", "win-64", cwd=project, env=env)
    assert "platforms: [linux-64, osx-arm64, win-64]\ndependencies:\n" in _manifest(project)
    assert sorted(locked(project)) == ["linux-64", "osx-arm64", "win-64"]


BAD = {
    "unknown": (
        ["add", "linux64"],
        "error: unknown platform: linux64\n  did you mean 'linux-64'?\n",
    ),
    "not there": (
        ["remove", "win-64"],
        "error: default has no platform win-64\n  it has linux-64, osx-arm64\n",
    ),
    "the last": (
        ["remove", "linux-64", "osx-arm64"],
        "error: linux-64, osx-arm64: default would have no platform left\n"
        "  add another first: conda multiplat platform add P\n",
    ),
    "environment": (
        ["add", "win-64", "-e", "def"],
        "error: the manifest has no environment 'def'\n  did you mean 'dev'?\n",
    ),
    "nowhere": (
        ["remove", "osx-arm64"],
        "error: environment.yml can't be edited\n"
        "  environment.yml:11:5: environment 'mac' has no platform: default and dev have none in "
        "common\n",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_usage(alone: Host, project: Path, channel: Path, name: str) -> None:
    """Exit code 2, the reason and the way out, and nothing changed."""
    options, message = BAD[name]
    extra = (
        "multiplat:\n  environments:\n    dev:\n      platforms: [osx-arm64]\n"
        "    mac: {extends: [default, dev]}\n"
    )
    write(project, channel, "zlib", platforms=TWO, extra=extra)
    before = _manifest(project)
    done = alone.multiplat("platform", *options, "--no-lock", cwd=project, code=2)
    assert done.stderr.startswith(message)
    assert _manifest(project) == before


def test_unknown_action(alone: Host, project: Path) -> None:
    """There are two."""
    done = alone.multiplat("platform", "list", "linux-64", cwd=project, code=2)
    assert "invalid choice: 'list'" in done.stderr
