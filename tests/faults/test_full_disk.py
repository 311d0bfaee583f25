"""A disk that is full: nothing is written by half, and the error says which file it was."""

from __future__ import annotations

import random
import resource
import subprocess
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, build_channel
from support.tally import rounds, tallied

pytestmark = pytest.mark.faults


def _run(host: Host, *arguments: str, cwd: Path, limit: int) -> subprocess.CompletedProcess[str]:
    """Run a command for which no file can be larger than so many bytes, as on a full disk."""
    return subprocess.run(
        [*host.command, *arguments],
        cwd=cwd,
        env=host.environ(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


def test_lock(request: pytest.FixtureRequest, alone: Host, project: Path, channel: Path) -> None:
    """The old lock stays, and no temporary file; the next run goes on."""
    with tallied(request, "full disk, lock") as tally:
        write(project, channel, "zlib", platforms="[linux-64]")
        alone.multiplat("lock", "-q", cwd=project)
        before = (project / "conda-lock.yml").read_bytes()
        for _ in range(rounds(3)):
            limit = tally.random.randrange(len(before) // 2)
            write(project, channel, "scipy", platforms="[linux-64]")
            (project / "conda-lock.yml").write_bytes(before)
            with tally.attempt(f"{limit} bytes"):
                done = _run(alone, "lock", cwd=project, limit=limit)
                assert done.returncode == 3, done
                assert "Traceback" not in done.stderr
                assert "internal error" not in done.stderr
                assert (project / "conda-lock.yml").read_bytes() == before
                assert not list(project.glob(".*multiplat-*"))
                alone.multiplat("lock", "-q", cwd=project)
                assert "scipy" in locked(project)["linux-64"]


def test_install(
    request: pytest.FixtureRequest, alone: Host, project: Path, tmp_path: Path
) -> None:
    """What could not be linked is an error, and the next run finishes the prefix."""
    files = {f"share/file{count}": b"x" * 300_000 for count in range(3)}
    channel = build_channel(tmp_path / "big", [Package("big", noarch="generic", files=files)])
    with tallied(request, "full disk, install") as tally:
        write(project, channel, "big", platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        for count in range(rounds(2)):
            limit = tally.random.randrange(1000, 200_000)
            install = ("install", "-n", f"demo{count}")
            alone.multiplat("clean", "-q", "--packages", cwd=project)
            with tally.attempt(f"{limit} bytes"):
                done = _run(alone, *install, cwd=project, limit=limit)
                assert done.returncode == 3, done
                assert "Traceback" not in done.stderr
                assert "internal error" not in done.stderr
                alone.multiplat(*install, "-q", "--verify", cwd=project)
                share = alone.envs / f"demo{count}" / "share"
                assert {path.stat().st_size for path in share.iterdir()} == {300_000}


def test_image(request: pytest.FixtureRequest, alone: Host, project: Path, tmp_path: Path) -> None:
    """The old image stays, and nothing beside it."""
    files = {f"share/file{count}": b"x" * 300_000 for count in range(3)}
    channel = build_channel(tmp_path / "big", [Package("big", noarch="generic", files=files)])
    with tallied(request, "full disk, image") as tally:
        write(project, channel, "big", platforms="[linux-64]")
        alone.multiplat("lock", "-q", cwd=project)
        make = ("image", "-q", "--platform", "linux-64", "-o", "demo.tar")
        alone.multiplat(*make, cwd=project)
        before = (project / "demo.tar").read_bytes()
        for _ in range(rounds(3)):
            limit = tally.random.randrange(500, len(before) - 1)
            with tally.attempt(f"{limit} bytes"):
                done = _run(alone, *make, "--tag", "new", cwd=project, limit=limit)
                assert done.returncode == 3, done
                assert done.stderr.startswith("error: can't write demo.tar: "), done
                assert (project / "demo.tar").read_bytes() == before
                assert not list(project.glob(".*multiplat-*"))


def test_pack_and_unpack(
    request: pytest.FixtureRequest, alone: Host, project: Path, tmp_path: Path
) -> None:
    """No archive is there by half, and no environment is made of what could not be extracted."""
    files = {f"share/file{count}": random.Random(count).randbytes(100_000) for count in range(3)}
    channel = build_channel(tmp_path / "big", [Package("big", noarch="generic", files=files)])
    archive = project / f"demo.{SUBDIR}.tar"
    with tallied(request, "full disk, pack and unpack") as tally:
        write(project, channel, "big", platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        for _ in range(rounds(2)):
            limit = tally.random.randrange(1000, 200_000)
            with tally.attempt(f"{limit} bytes"):
                done = _run(alone, "pack", cwd=project, limit=limit)
                _require_said(done)
                assert not archive.exists()
                assert not list(project.glob(".*multiplat-*"))
                alone.multiplat("pack", "-q", cwd=project)
                _require_said(_run(alone, "unpack", archive.name, cwd=project, limit=limit))
                assert not (alone.envs / "demo").exists()
                archive.unlink()


def _require_said(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 3, done
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
