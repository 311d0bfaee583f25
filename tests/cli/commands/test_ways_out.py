"""A solve without an answer says which versions and builds there are, where, and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.packages import Package, write_repodata

SUBDIRS = ("linux-64", "osx-arm64")
UNCHANGED = "  no file was changed"
BUILDS = {"linux-64": "hl_0", "osx-arm64": "ho_0"}


@pytest.fixture
def channels(tmp_path: Path) -> tuple[str, str]:
    """Two channels: the first has a tool up to version 8, the second its version 9."""
    first = [
        *(Package("tool", f"{v}.0", BUILDS[s], s) for v in range(1, 9) for s in SUBDIRS),
        Package("dep", "1.0", noarch="generic"),
        Package("top", "1.0", noarch="generic", depends=["dep >=2"]),
        Package("driver", "1.0", "0", "linux-64"),
    ]
    second = [
        *(Package("tool", "9.0", BUILDS[subdir], subdir) for subdir in SUBDIRS),
        Package("dep", "2.0", noarch="generic"),
    ]
    paths = [write_repodata(tmp_path / "first", first), write_repodata(tmp_path / "second", second)]
    return paths[0].as_uri(), paths[1].as_uri()


def _write(project: Path, channels: tuple[str, ...], *lines: str) -> None:
    text = f"channels: [{', '.join(channels)}]\nplatforms: [{', '.join(SUBDIRS)}]\ndependencies:\n"
    text += "".join(f"  - {line}\n" for line in lines)
    (project / "environment.yml").write_text(text, encoding="utf-8")


def _said(host: Host, project: Path, *options: str) -> list[str]:
    """What `lock` says of a conflict, without the solver's own tree."""
    lines = host.multiplat("lock", *options, cwd=project, code=1).stderr.splitlines()
    return [line for line in lines if not line.startswith(("  The", "  └", "   ", "  No cand"))]


@pytest.mark.parametrize(
    ("line", "where", "advice"),
    [
        (
            "tool 4.5.*",
            "default on all platforms",
            ["the nearest versions of tool are 3.0, 4.0, 5.0, 6.0; the newest is 8.0"],
        ),
        ("tool >=30", "default on all platforms", ["the nearest versions of tool are 7.0, 8.0"]),
        ("dep 3", "default on all platforms", ["the versions of dep are 1.0"]),
        (
            "tool=3.0=hl_0",
            "default/osx-arm64",
            ["the builds of tool 3.0 are ho_0", "that build exists for linux-64"],
        ),
    ],
)
def test_what_there_is(
    alone: Host,
    project: Path,
    channels: tuple[str, str],
    line: str,
    where: str,
    advice: list[str],
) -> None:
    """The nearest versions, the builds, and the platform that has what is asked for."""
    _write(project, channels[:1], line)
    lines = _said(alone, project)
    assert lines[0] == f"error: no solution for {where}"
    ends = [f"  {words}" for words in advice]
    solvable = ["  solvable: default/linux-64"] if "osx" in where else []
    assert lines[1:] == [f"  environment.yml:4:5  {line}", *ends, *solvable, UNCHANGED]


def test_groups_name_each_target_once(
    alone: Host, project: Path, channels: tuple[str, str]
) -> None:
    """Where targets fail for different reasons, each stands above its own."""
    _write(project, channels[:1], "driver 2.*")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert done.stderr == (
        "error: no solution for default on all platforms\n"
        "  default/linux-64\n"
        "    environment.yml:4:5  driver 2.*\n"
        "    No candidates were found for driver 2.*.\n"
        "    the versions of driver are 1.0\n"
        "  default/osx-arm64\n"
        "    environment.yml:4:5  driver 2.*\n"
        f"        no package 'driver' in {channels[0]}\n"
        "    driver is available for linux-64\n"
        "  no file was changed\n"
    )


@pytest.mark.parametrize(
    ("line", "version", "fixed", "where"),
    [
        ("tool 9.*", "tool 9.0", "{}::tool 9.*", "in place of `tool 9.*`"),
        ("top", "dep 2.0", "{}::dep", "as a line of its own"),
    ],
)
def test_strict_priority(
    alone: Host,
    project: Path,
    channels: tuple[str, str],
    line: str,
    version: str,
    fixed: str,
    where: str,
) -> None:
    """What a later channel has is named, with two ways to get it, each of which does."""
    first, second = channels
    strict = ("--channel-priority", "strict")
    _write(project, channels, line)
    assert _said(alone, project, *strict)[1:] == [
        f"  environment.yml:4:5  {line}",
        f"  {version} is in {second}, hidden by strict channel priority behind {first}: "
        f"write `{fixed.format(second)}` {where}",
        "  or lock with --channel-priority flexible (`channel_priority` in .condarc)",
        UNCHANGED,
    ]
    alone.multiplat("lock", "--dry-run", "--channel-priority", "flexible", cwd=project)
    _write(project, channels, *(["top"] if line == "top" else []), fixed.format(second))
    alone.multiplat("lock", "--dry-run", *strict, cwd=project)


def test_advice_as_json(alone: Host, project: Path, channels: tuple[str, str]) -> None:
    """The same for programs."""
    _write(project, channels[:1], "tool=3.0=hl_0")
    (conflict,) = alone.json("lock", cwd=project, code=1)["conflicts"]
    assert conflict["advice"] == [
        "the builds of tool 3.0 are ho_0",
        "that build exists for linux-64",
    ]
