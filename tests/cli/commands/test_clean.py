"""``clean``: what we keep goes; conda's own packages, environments and running installs stay."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR
from support.patience import PATIENCE, soon
from support.pypi_index import Index
from support.server import Rules, serve

fcntl = pytest.importorskip("fcntl", reason="locks of another kind on Windows")


def _files(folder: Path) -> list[str]:
    """The files under a folder but for the empty ones that only stand for something."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (".cache.lock", ".lock")
    )


def _disk(paths: list[Path]) -> int:
    """What some files take on the disk, each inode once."""
    status = {(s.st_dev, s.st_ino): s.st_blocks * 512 for path in paths if (s := path.lstat())}
    return sum(status.values())


@contextmanager
def _held(file: Path) -> Iterator[None]:
    """Somebody else is at work: rattler's lock, in a process of its own."""
    code = (
        "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        ["python3", "-c", code, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield


@pytest.fixture
def served(tmp_path: Path, real_channel: Path) -> Iterator[Rules]:
    """The channel of real packages, from a server: what it has is kept as repodata too."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "real").symlink_to(real_channel)
    with serve(tmp_path / "served") as rules:
        yield rules


def _install(host: Host, project: Path, rules: Rules) -> Path:
    write(project, f"{rules.url}/real", "python", "greeting", platforms=f"[{SUBDIR}]")
    host.multiplat("lock", "-q", cwd=project)
    host.multiplat("install", "-q", cwd=project)
    return host.envs / "demo"


def test_all(door: Host, project: Path, served: Rules) -> None:
    """All that we keep goes; the environment runs, and what is missing is fetched again."""
    prefix = _install(door, project, served)
    conda_own = door.pkgs / "numpy-2.1.0-py312_0" / "info" / "index.json"
    conda_own.parent.mkdir(parents=True)
    conda_own.write_text("{}", encoding="utf-8")
    ours = door.pkgs / "multiplat"
    assert any(file.startswith("repodata/") for file in _files(ours))
    assert any(file.startswith("packages/greeting-1.0-0/") for file in _files(ours))
    done = door.multiplat("clean", cwd=project)
    assert done.stdout == ""
    first, second, freed, stays = done.stderr.splitlines()
    assert [line.split()[0] for line in (first, second, freed)] == [
        str(ours / "repodata"),
        str(ours / "packages"),
        "freed",
    ]
    assert stays.endswith(" is hard-linked into environments, and stays there")
    assert _files(ours) == []
    assert conda_own.exists()
    ran = subprocess.run([prefix / "bin/greet"], capture_output=True, text=True, check=True)
    assert ran.stdout == "hello from greeting\n"
    assert door.multiplat("clean", cwd=project).stderr == " nothing is cached\n"
    door.multiplat("install", "-q", "-n", "again", cwd=project)
    ran = subprocess.run(
        [door.envs / "again/bin/greet"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "hello from greeting\n"


def test_dry_run_and_sizes(alone: Host, project: Path, served: Rules) -> None:
    """Each inode is counted once, and what an environment holds is not free: to the byte."""
    _install(alone, project, served)
    ours = alone.pkgs / "multiplat"
    before = _files(ours)
    document = alone.json("clean", "--dry-run", cwd=project)
    assert _files(ours) == before
    paths = [path for path in ours.rglob("*") if not path.is_dir() or path.is_symlink()]
    counted = [path for path in paths if path.name != ".cache.lock"]
    assert document["dry_run"] is True
    assert document["freed"] + document["linked"] == _disk(counted)
    assert document["linked"] == _disk([path for path in counted if path.lstat().st_nlink > 1]) > 0
    assert sum(folder["files"] for folder in document["folders"]) == len(counted)
    stderr = alone.multiplat("clean", "--dry-run", cwd=project).stderr
    assert [line.split()[0] for line in stderr.splitlines()[:2]] == [
        str(ours / "repodata"),
        str(ours / "packages"),
    ]
    assert stderr.splitlines()[2].startswith(" would free ")


def test_kinds(alone: Host, project: Path, served: Rules) -> None:
    """Repodata or packages alone."""
    _install(alone, project, served)
    ours = alone.pkgs / "multiplat"
    alone.multiplat("clean", "--repodata", cwd=project)
    assert {file.partition("/")[0] for file in _files(ours)} == {"packages"}
    alone.multiplat("lock", "-q", "--update-all", cwd=project)
    alone.multiplat("clean", "--packages", cwd=project)
    assert {file.partition("/")[0] for file in _files(ours)} == {"repodata"}


def test_stubs_and_leftovers(
    alone: Host, project: Path, real_channel: Path, tmp_path: Path
) -> None:
    """What uv was shown and what cut-off runs left goes; a download of today stays."""
    index = Index(tmp_path / "served")
    index.wheel("robo-suite", "1.2")
    with serve(index.root) as rules:
        pip = f"pip: [--index-url {rules.url}/simple, robo-suite]"
        write(project, real_channel, "python", "greeting", pip, platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        ours = alone.pkgs / "multiplat"
        assert _files(ours / "stubs") == ["greeting-1.0-py3-none-any.whl"]
        for name, age in ((".download-new", 60), (".download-old", 2 * 24 * 3600)):
            (ours / name).mkdir()
            (ours / name / "file").write_bytes(b"x")
            os.utime(ours / name, (time.time() - age,) * 2)
        (ours / "packages" / ".removing-1-tool-1-0" / "bin").mkdir(parents=True)
        (ours / "packages" / ".removing-1-tool-1-0" / "bin" / "tool").write_bytes(b"x")
        alone.multiplat("clean", cwd=project)
        assert _files(ours) == [".download-new/file"]
        alone.multiplat("lock", "-q", "--update-all", cwd=project)
        assert _files(ours / "stubs") == ["greeting-1.0-py3-none-any.whl"]


def test_in_use(alone: Host, project: Path, served: Rules) -> None:
    """What another run holds stays; the rest goes, and the exit code says so."""
    _install(alone, project, served)
    ours = alone.pkgs / "multiplat"
    packages = [file for file in _files(ours) if file.startswith("packages/")]
    with _held(ours / "packages" / ".cache.lock"):
        done = alone.multiplat("clean", cwd=project, code=1)
    assert done.stderr.endswith(
        "error: some caches are in use: another conda-multiplat is running\n"
        f"  {ours / 'packages'}\n"
        "  run `conda multiplat clean` again when it is done\n"
    )
    assert _files(ours) == packages
    alone.multiplat("clean", cwd=project)
    alone.multiplat("lock", "-q", "--update-all", cwd=project)
    (lock, *_) = sorted((ours / "repodata").glob("*.lock"))
    with _held(lock):
        alone.multiplat("clean", cwd=project, code=1)
    kept = _files(ours / "repodata")
    assert f"{lock.stem}.json" in kept
    assert {name.partition(".")[0] for name in kept} == {lock.stem}


@pytest.mark.slow
def test_during_an_install(alone: Host, project: Path, served: Rules) -> None:
    """An install that is under way is not disturbed: rattler's own lock is seen."""
    write(project, f"{served.url}/real", "python", "greeting", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    served.delay["greeting-1.0-0.conda"] = 2 * PATIENCE
    command = [*alone.command, "install", "-q"]
    with subprocess.Popen(command, cwd=project, env=alone.environ()) as process:
        packages = alone.pkgs / "multiplat" / "packages"
        assert soon(lambda: list(packages.glob("python-*/info/index.json")))
        stderr = alone.multiplat("clean", "--packages", cwd=project, code=1).stderr
        assert "some caches are in use" in stderr
        assert list(packages.glob("python-*/info/index.json"))
        served.delay.clear()
        assert process.wait(PATIENCE) == 0
    subprocess.run([alone.envs / "demo/bin/greet"], capture_output=True, check=True)


@pytest.mark.slow
def test_cut_off(alone: Host, project: Path, served: Rules) -> None:
    """A removal that is killed leaves no half package that a later install would take."""
    prefix = _install(alone, project, served)
    ours = alone.pkgs / "multiplat" / "packages"
    package = ours / "greeting-1.0-0"
    for number in range(20000):
        (package / f"file-{number}").touch()
    command = [*alone.command, "clean", "-q"]
    with subprocess.Popen(command, cwd=project, env=alone.environ()) as process:
        while package.exists() and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    assert not package.exists()
    alone.multiplat("install", "-q", "-n", "again", cwd=project)
    again = alone.envs / "again/bin/greet"
    assert (
        again.read_text(encoding="utf-8").splitlines()[1:]
        == ((prefix / "bin/greet").read_text(encoding="utf-8").splitlines()[1:])
    )
    alone.multiplat("clean", cwd=project)
    assert _files(ours) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove everything")
def test_not_allowed(alone: Host, project: Path, served: Rules) -> None:
    """What may not be removed is named, with exit code 3; a cache of others is left alone."""
    _install(alone, project, served)
    ours = alone.pkgs / "multiplat"
    for folder, code in ((ours / "repodata", 3), (ours, 0)):
        folder.chmod(0o555)
        try:
            done = alone.multiplat("clean", "--repodata", cwd=project, code=code)
        finally:
            folder.chmod(0o755)
        assert ("Permission denied" in done.stderr) == (code != 0)
    assert done.stderr.splitlines()[0].split() == [str(ours), "0", "files", "0", "B", "read-only"]


def test_another_folder(alone: Host, project: Path) -> None:
    """A cache that is not there is not made; one that is no folder is left alone."""
    alone.multiplat("clean", cwd=project)
    assert not (alone.pkgs / "multiplat").exists()
