"""Several at once: installs into one prefix, and ``clean`` under an install."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel
from support.patience import PATIENCE, soon
from support.server import Rules, serve
from support.tally import rounds, tallied

pytestmark = pytest.mark.faults
_NAMES = [f"package{count}" for count in range(8)]
_SLOW = "package3-1.0-0.conda"


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Rules]:
    """A channel of some packages, one of which is slow to come."""
    packages = [
        Package(name, noarch="generic", files={f"share/{name}": b"x" * 10_000}) for name in _NAMES
    ]
    with serve(build_channel(tmp_path / "slow", packages)) as server:
        server.delay = {_SLOW: 1.5}
        yield server


def _start(host: Host, *arguments: str, cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a command; its messages are in ``log`` as soon as they are written."""
    with log.open("wb") as messages:
        return subprocess.Popen(
            [*host.command, *arguments],
            cwd=cwd,
            env=host.environ(),
            stdout=subprocess.DEVNULL,
            stderr=messages,
        )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _two_wait(logs: Sequence[Path]) -> bool:
    """Return whether, before long, two commands say that they wait for a third one."""
    waiting = "waiting for another install into"
    return soon(lambda: sum(waiting in _text(file) for file in logs) == 2)


def _require_whole(host: Host, project: Path, name: str) -> None:
    prefix = host.envs / name
    assert sorted(path.name for path in (prefix / "share").iterdir()) == _NAMES
    done = host.multiplat("install", "-n", name, "--verify", cwd=project)
    assert f"{prefix} is as locked" in done.stderr


def test_installs_wait(
    request: pytest.FixtureRequest, alone: Host, project: Path, slow: Rules, tmp_path: Path
) -> None:
    """Three installs into one prefix: all end well, and who waits says so."""
    with tallied(request, "three installs into one prefix") as tally:
        write(project, slow.url, *_NAMES, platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        for count in range(rounds(1)):
            alone.multiplat("clean", "-q", "--packages", cwd=project)
            with tally.attempt(count):
                slow.delay[_SLOW] = 2 * PATIENCE
                files = [tmp_path / f"said{number}" for number in range(3)]
                name = f"demo{count}"
                running = [
                    _start(alone, "install", "-n", name, cwd=project, log=file) for file in files
                ]
                waited = _two_wait(files)
                slow.delay.clear()
                codes = [process.wait(PATIENCE) for process in running]
                assert (waited, codes) == (True, [0, 0, 0]), list(map(_text, files))
                _require_whole(alone, project, name)


def test_clean_under_an_install(
    request: pytest.FixtureRequest, alone: Host, project: Path, slow: Rules, tmp_path: Path
) -> None:
    """``clean``, again and again, while an install is running: it takes nothing that is needed."""
    with tallied(request, "clean under an install") as tally:
        write(project, slow.url, *_NAMES, platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        for count in range(rounds(1)):
            with tally.attempt(count):
                log = tmp_path / "said"
                name = f"demo{count}"
                running = _start(alone, "install", "-n", name, cwd=project, log=log)
                codes = []
                while running.poll() is None:
                    codes.append(alone.multiplat("clean", "-q", cwd=project, code=None).returncode)
                    time.sleep(0.05)
                assert running.returncode == 0, _text(log)
                assert set(codes) <= {0, 1}
                _require_whole(alone, project, name)


@pytest.mark.parametrize("why", ["refused", "unreachable"])
def test_nothing_is_left_of_a_refusal(alone: Host, project: Path, slow: Rules, why: str) -> None:
    """An install that changed nothing leaves no folder."""
    write(project, slow.url, *_NAMES, platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    env = {"CONDA_DENYLIST_CHANNELS": slow.url} if why == "refused" else {}
    if why == "unreachable":
        (alone.home / "file").touch()
        alone.multiplat("install", "-p", alone.home / "file" / "x", cwd=project, code=3)
        return
    alone.multiplat("install", cwd=project, env=env, code=1)
    assert not (alone.envs / "demo").exists()
