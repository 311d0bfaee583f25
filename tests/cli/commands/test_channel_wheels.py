"""Wheels as records of a channel (``v3.whl``): never locked, and never passed over in silence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rattler
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata
from support.server import serve
from support.shards import to_shards

CANT = f"py-rattler {rattler.__version__} can't install wheels of a channel"


def _wheel(name: str, version: str) -> tuple[str, dict[str, Any]]:
    file = f"{name}-{version}-py3-none-any.whl"
    return f"{name}-{version}-py3_none_any_0", {
        "name": name,
        "version": version,
        "build": "py3_none_any_0",
        "build_number": 0,
        "depends": [],
        "subdir": "noarch",
        "noarch": "python",
        "fn": file,
        "url": file,
        "sha256": "aa" * 32,
        "md5": "bb" * 16,
        "size": 10,
    }


@pytest.fixture(params=["a folder", "a server", "shards"])
def channel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Packages, wheels, and both of `both`, as a channel can be had; its URL."""
    folder = write_repodata(
        tmp_path / "ours",
        [
            Package("both", "1.5", noarch="generic"),
            Package("app", noarch="generic", depends=["middle"]),
            Package("middle", "3.0", noarch="generic", depends=["w >=1"]),
            Package("own", subdir="linux-64", noarch="generic"),
        ],
    )
    path = folder / "noarch" / "repodata.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    wheels = [_wheel("w", "2.0"), _wheel("w", "10.0"), _wheel("w", "9.0"), _wheel("both", "2.0")]
    data["v3"] = {"whl": dict(wheels)}
    path.write_text(json.dumps(data), encoding="utf-8")
    path.with_name("repodata.json.zst").unlink()
    if request.param == "a folder":
        yield folder.as_uri()
        return
    if request.param == "shards":
        to_shards(folder)
    with serve(folder) as server:
        yield server.url


def _said(host: Host, project: Path, channel: str, *lines: str) -> str:
    write(project, channel, *lines, platforms="[linux-64]")
    return host.multiplat("lock", cwd=project, code=1).stderr


def test_line(alone: Host, project: Path, channel: str) -> None:
    """What to write in place of a line that only a wheel fits: the newest that does."""
    assert (
        f"  w 10.0 is in {channel} as a wheel (`v3.whl`); {CANT}: use `pip: [w]`\n"
        "  no file was changed\n"
    ) in _said(alone, project, channel, "w")
    lines = _said(alone, project, channel, "own", "w <9")
    assert f"  w 2.0 is in {channel} as a wheel" in lines
    lines = _said(alone, project, channel, "both >=2")
    assert f"  both 2.0 is in {channel} as a wheel (`v3.whl`); {CANT}" in lines


def test_need(alone: Host, project: Path, channel: str) -> None:
    """A package that needs a wheel can't be locked: the error names both."""
    assert (
        f"  w 10.0 is in {channel} as a wheel (`v3.whl`), and middle 3.0 needs it: {CANT}\n"
    ) in _said(alone, project, channel, "app")


def test_package_beside_a_wheel(alone: Host, project: Path, channel: str) -> None:
    """Where there is a package too it is taken, whatever the wheel's version."""
    write(project, channel, "both", "own", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"both": "1.5", "own": "1.0"}
    assert alone.multiplat("check", cwd=project).stdout == "in sync: conda-lock.yml\n"
    alone.multiplat("lock", "--update-all", cwd=project)
    assert locked(project)["linux-64"]["both"] == "1.5"
    why = alone.multiplat("why", "both", cwd=project).stdout
    assert "2.0" not in why


def test_many_targets(alone: Host, project: Path, channel: str) -> None:
    """No target of a run gets the wheel, whichever is solved first."""
    several = "".join(f"    e{number}: {{dependencies: [both]}}\n" for number in range(6))
    extra = f"multiplat:\n  environments:\n{several}"
    platforms = "[linux-64, osx-arm64, win-64]"
    write(project, channel, "both", platforms=platforms, extra=extra)
    alone.multiplat("lock", cwd=project)
    for name in ("conda-lock.yml", *(f"e{number}.conda-lock.yml" for number in range(6))):
        assert {versions["both"] for versions in locked(project, name).values()} == {"1.5"}


def test_no_wheel(alone: Host, project: Path, channel: str) -> None:
    """Of what nobody has, no wheel is told of, nor one that does not fit."""
    assert "as a wheel" not in _said(alone, project, channel, "nobodys")
    assert "as a wheel" not in _said(alone, project, channel, "w >10")
