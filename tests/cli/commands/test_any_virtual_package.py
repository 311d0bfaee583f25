"""Virtual packages of any name, which a channel or a plugin of conda brings."""

from __future__ import annotations

from pathlib import Path

from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, write_repodata

PROMISE = 'multiplat: {virtual-packages: {%s: {%s: "6.1"}}}\n'


def test_promised(alone: Host, project: Path, tmp_path: Path) -> None:
    """It counts in a solve, and a machine must have it; without it there is no solution."""
    package = Package("hip", subdir=SUBDIR, depends=["__amdgpu >=6"])
    channel = write_repodata(tmp_path / "channel", [package])
    only = f"[{SUBDIR}]"
    write(project, channel, "hip", platforms=only)
    assert "__amdgpu >=6" in alone.multiplat("lock", cwd=project, code=1).stderr
    write(project, channel, "hip", platforms=only, extra=PROMISE % (SUBDIR, "amdgpu"))
    stderr = alone.multiplat("lock", cwd=project).stderr
    assert "nobody knows" not in stderr
    assert locked(project)[SUBDIR] == {"hip": "1.0"}
    done = alone.multiplat("install", "--dry-run", "-n", "x", cwd=project, code=1)
    assert "needs __amdgpu >=6" in done.stderr
    done = alone.multiplat("install", "--dry-run", "--platform", SUBDIR, cwd=project)


def test_slip(alone: Host, project: Path, tmp_path: Path) -> None:
    """A name that looks like a known one is taken, with a warning."""
    channel = write_repodata(tmp_path / "channel", [Package("a", noarch="generic")])
    write(project, channel, "a", platforms="[linux-64]", extra=PROMISE % ("linux-64", "cudda"))
    assert (
        "default: virtual-packages: linux-64: unknown virtual package 'cudda': "
        "did you mean 'cuda'?\n"
    ) in alone.multiplat("lock", cwd=project).stderr
