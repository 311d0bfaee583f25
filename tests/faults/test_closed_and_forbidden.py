"""Standard streams that are closed, or that nobody reads, and files that may not be touched."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, build_channel

pytestmark = pytest.mark.faults
_BOUNDING_SET_DROP = 24
#: What lets root go where no permission lets it.
_OVERRIDE, _SEARCH = 1, 2


def _run(
    host: Host,
    *arguments: str,
    cwd: Path,
    shell: str = "",
    before: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own; ``shell`` is what a shell is to do to its streams."""
    words = ["bash", "-c", f'exec "$@" {shell}', "bash"] if shell else []
    return subprocess.run(
        [*words, *host.command, *arguments],
        cwd=cwd,
        env=host.environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=before,
    )


@pytest.mark.parametrize("shell", ["<&-", "2>&-", ">&-", "<&- >&- 2>&-"])
def test_closed_streams(alone: Host, project: Path, channel: Path, shell: str) -> None:
    """The work is done, and the exit code is right: but an answer has to go somewhere."""
    write(project, channel, "zlib", platforms=f"[{SUBDIR}]")
    assert _run(alone, "lock", cwd=project, shell=shell).returncode == 0
    assert list(locked(project)[SUBDIR]) == ["zlib"]
    answers = 3 if ">&-" in shell.split() else 0
    assert _run(alone, "list", cwd=project, shell=shell).returncode == answers
    (project / "conda-lock.yml").write_text("package: [\n", encoding="utf-8")
    done = _run(alone, "check", cwd=project, shell=shell)
    assert done.returncode == 2
    assert ("error: conda-lock.yml can't be read" in done.stderr) is ("2>&-" not in shell)


@contextmanager
def _unread() -> Iterator[int]:
    """A pipe that nobody reads from."""
    read, written = os.pipe()
    os.close(read)
    try:
        yield written
    finally:
        os.close(written)


def test_unread_streams(alone: Host, project: Path, channel: Path) -> None:
    """``2>&1 | head``: what nobody reads stops no work; an answer that nobody takes is none."""
    write(project, channel, "zlib", platforms=f"[{SUBDIR}]")
    with _unread() as pipe:
        command = [*alone.command, "lock"]
        ended = subprocess.run(
            command, cwd=project, env=alone.environ(), stderr=pipe, check=False, timeout=60
        )
        assert ended.returncode == 0
        assert list(locked(project)[SUBDIR]) == ["zlib"]
        command = [*alone.command, "list"]
        done = subprocess.run(
            command,
            cwd=project,
            env=alone.environ(),
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (141, b"")


def _as_anybody() -> None:
    """Be bound by permissions, as root too."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None)
        for capability in (_OVERRIDE, _SEARCH):
            library.prctl(_BOUNDING_SET_DROP, capability, 0, 0, 0)


def _is_bound(folder: Path) -> bool:
    """Whether permissions bind a process that has done :func:`_as_anybody`."""
    if sys.platform != "linux":
        return os.geteuid() != 0
    closed = folder / "closed"
    closed.touch(mode=0o000)
    done = subprocess.run(["cat", closed], preexec_fn=_as_anybody, capture_output=True, check=False)
    closed.unlink()
    return done.returncode != 0


@contextmanager
def _mode(path: Path, mode: int) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


def test_forbidden_files(alone: Host, project: Path, tmp_path: Path) -> None:
    """What can't be read or written is named, with exit code 3, and nothing has changed."""
    if not _is_bound(tmp_path):
        pytest.skip("permissions do not bind this user")
    packages = [Package(name, noarch="generic", files={name: b""}) for name in ("a", "b")]
    channel = build_channel(tmp_path / "channel", packages)
    write(project, channel, "a", platforms=f"[{SUBDIR}]")
    for command in ("lock", "install", "render --kind explicit"):
        alone.multiplat(*command.split(), "-q", cwd=project)
    write(project, channel, "b", platforms=f"[{SUBDIR}]")
    lock, prefix = project / "conda-lock.yml", alone.envs / "demo"
    before = {path: path.read_bytes() for path in project.iterdir() if path.is_file()}
    cases = [
        (lock, 0o444, "lock", "conda-lock.yml is read-only"),
        (lock, 0o000, "check", "conda-lock.yml can't be read: Permission denied"),
        (project, 0o555, "lock", "can't write conda-lock.yml: Permission denied"),
        (project, 0o555, "add --no-lock a", "can't write environment.yml: Permission denied"),
        (project / "environment.yml", 0o444, "add --no-lock a", "environment.yml is read-only"),
        (prefix / "conda-meta", 0o000, "run true", f"{prefix}/conda-meta"),
        (prefix / "conda-meta", 0o000, "list --installed", f"{prefix}/conda-meta"),
        (alone.pkgs, 0o000, "lock", "no package cache can be written"),
        (alone.home / ".condarc", 0o000, "info", "../alone/.condarc can't be read: "),
    ]
    for path, mode, command, words in cases:
        with _mode(path, mode):
            done = _run(alone, *command.split(), cwd=project, before=_as_anybody)
        assert (done.returncode, "Traceback" in done.stderr) == (3, False), (command, done)
        assert f"error: {words}" in done.stderr, (command, done)
        assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("command", ["run --no-install true", "shell-hook --no-install"])
def test_half_made(alone: Host, project: Path, real_channel: Path, command: str) -> None:
    """An environment that an install has not finished is not entered as if it were one."""
    write(project, real_channel, "greeting", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("install", "-q", cwd=project)
    prefix = alone.envs / "demo"
    shell = ["--shell", "bash"] if command.startswith("shell") else []
    words = command.split()
    alone.multiplat(words[0], *shell, *words[1:], cwd=project)
    marker = prefix / "conda-meta" / "multiplat"
    text = marker.read_text(encoding="utf-8")
    marker.write_text(text.replace('"complete"', '"installing"'), encoding="utf-8")
    done = alone.multiplat(words[0], *shell, *words[1:], cwd=project, code=1)
    assert done.stderr == (
        f"error: {prefix} is not finished: an install was interrupted, or is still running\n"
        "  run `conda multiplat install`, or leave out --no-install to finish it first\n"
    )
    alone.multiplat("install", "-q", cwd=project)
    alone.multiplat(words[0], *shell, *words[1:], cwd=project)
