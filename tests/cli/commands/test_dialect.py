"""conda's dialect in a manifest: slips are taken as conda takes them, and told."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A tool in three versions, the newest for all platforms at once."""
    packages = [
        *(Package("tool", v, subdir=s) for v in ("1.0", "2.0") for s in ("linux-64", "osx-64")),
        Package("tool", "3.0", noarch="generic"),
    ]
    return write_repodata(tmp_path / "tools", packages)


def test_slips(alone: Host, project: Path, tools: Path) -> None:
    """`lock` and `import` say what conda reads, and what to write; the line stays as it is."""
    file = write(project, tools, "tool=<2.0", platforms="[linux-64]")
    warning = (
        "environment.yml:6:5: `tool=<2.0`: conda reads `=<2.0` as `<2.0`: "
        "write `tool <=2.0` or `tool <2.0`\n"
    )
    assert f"warning: {warning}" in alone.multiplat("lock", cwd=project).stderr
    assert locked(project) == {"linux-64": {"tool": "1.0"}}
    assert alone.multiplat("check", "--strict", cwd=project).stdout == "in sync: conda-lock.yml\n"
    added = alone.multiplat("add", "tool=<2.0", cwd=project).stderr
    assert f"warning: {warning}" in added
    done = alone.multiplat("import", file, "--dry-run", cwd=project)
    assert f" {warning}" in done.stderr
    assert "  - tool=<2.0\n" in done.stdout


def test_no_build_to_leave_out(alone: Host, project: Path, tools: Path) -> None:
    """`import --no-builds` leaves a slip with a build as it is."""
    file = write(project, tools, "tool=<2.0=py_0", platforms="[linux-64]")
    done = alone.multiplat("import", file, "--no-builds", "--dry-run", cwd=project)
    assert "  - tool=<2.0=py_0\n" in done.stdout


def test_platform_of_a_channel(alone: Host, project: Path, tools: Path) -> None:
    """`channel/platform::name` is of that platform, and of no other."""
    line = f"{tools.as_uri()}/linux-64::tool 2.*"
    write(project, tools, line, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert locked(project) == {"linux-64": {"tool": "2.0"}}
    assert alone.multiplat("check", "--strict", cwd=project).stdout == "in sync: conda-lock.yml\n"
    write(project, tools, line, platforms="[linux-64, osx-64]")
    stderr = alone.multiplat("lock", cwd=project, code=1).stderr
    assert f"`{line}`: packages of linux-64 don't exist for osx-64\n" in stderr
    assert (
        f"error: no solution for default/osx-64\n  environment.yml:6:5  {line}\n"
        "  tool is requested for linux-64: give the line a selector, or leave the platform out\n"
    ) in stderr
    write(project, tools, "tool[subdir=linux-64]", platforms="[linux-64]")
    assert "\n  tool 3.0 is for noarch, not linux-64: add the build to the line\n" in (
        alone.multiplat("lock", "--update-all", cwd=project, code=1).stderr
    )


@pytest.mark.parametrize("line", ['"zlib= "', '"zlib=\\t"', "zlib =", "zlib==", "zlib >= "])
def test_no_version(alone: Host, project: Path, channel: Path, line: str) -> None:
    """An operator without a version, even with white space behind, is refused, as in conda."""
    write(project, channel, line, platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    assert "  environment.yml:6:5: not a MatchSpec: 'zlib" in done.stderr
    assert " (no version after '" in done.stderr
