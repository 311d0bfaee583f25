"""What ``run``, ``shell``, ``shell-hook`` and ``install`` do where the lock is out of date."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, build_channel
from support.sizes import without_sizes

_OTHER = "osx-arm64" if SUBDIR != "osx-arm64" else "linux-64"
_HERE = f"[{SUBDIR}]"
_OUT_OF_DATE = (
    "error: conda-lock.yml is out of date\n"
    f"  environment.yml:7:5  writer: not locked  ({SUBDIR})\n"
    "  run: conda multiplat lock\n"
)


def _tool(name: str, version: str = "1.0") -> Package:
    command = f"bin/{name}"
    content = f"#!/bin/sh\necho {name} {version}\n".encode()
    return Package(
        name, version=version, noarch="generic", files={command: content}, executables=[command]
    )


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of commands."""
    packages = [_tool("tool"), _tool("writer"), _tool("linter")]
    return build_channel(tmp_path_factory.mktemp("tools"), packages)


@pytest.fixture
def stale(alone: Host, project: Path, tools: Path) -> Path:
    """A project that is locked and installed, and whose manifest asks for ``writer`` since."""
    write(project, tools, "tool", platforms=_HERE)
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("install", "-q", cwd=project)
    write(project, tools, "tool", "writer", platforms=_HERE)
    return project


def _lock(project: Path) -> bytes:
    return (project / "conda-lock.yml").read_bytes()


@pytest.mark.slow
def test_current_by_default(door: Host, project: Path, tools: Path) -> None:
    """``run`` locks what changed, installs, and runs; the next one has nothing to say."""
    write(project, tools, "tool", platforms=_HERE)
    done = door.multiplat("run", "--", "tool", cwd=project)
    assert done.stdout == "tool 1.0\n"
    assert done.stderr.startswith(" conda-lock.yml does not exist yet: locking\n")
    write(project, tools, "tool", "writer", platforms=_HERE)
    done = door.multiplat("run", "--", "writer", cwd=project)
    assert done.stdout == "writer 1.0\n"
    lines = done.stderr.splitlines()
    assert lines[0] == " conda-lock.yml is not what the manifest asks for: locking"
    assert without_sizes(lines[-2]) == " wrote conda-lock.yml"
    assert re.fullmatch(
        r" \S+/demo has the 2 packages of default \(1 changed, download size \d\.\d kB\)", lines[-1]
    )
    done = door.multiplat("run", "--", "writer", cwd=project)
    assert (done.stdout, done.stderr) == ("writer 1.0\n", "")
    door.multiplat("check", "--strict", cwd=project)


def test_what_fits_stays(alone: Host, project: Path, tmp_path: Path) -> None:
    """A newer package in the channel does not come in with an edit of another line."""
    channel = build_channel(tmp_path / "c", [_tool("tool"), _tool("writer")])
    write(project, channel, "tool", platforms=f"[{SUBDIR}, {_OTHER}]")
    alone.multiplat("run", "-q", "--", "tool", cwd=project)
    build_channel(tmp_path / "c", [_tool("tool"), _tool("tool", "2.0"), _tool("writer")])
    write(project, channel, "tool", "writer", platforms=f"[{SUBDIR}, {_OTHER}]")
    assert alone.multiplat("run", "-q", "--", "tool", cwd=project).stdout == "tool 1.0\n"
    everywhere = {key: {"tool": "1.0", "writer": "1.0"} for key in sorted((SUBDIR, _OTHER))}
    assert locked(project) == everywhere


def test_all_environments_are_locked(alone: Host, project: Path, tools: Path) -> None:
    """It is what ``lock`` does: the locks of the others are current too."""
    extra = "multiplat: {environments: {dev: {dependencies: [linter]}}}\n"
    write(project, tools, "tool", platforms=_HERE, extra=extra)
    alone.multiplat("run", "-q", "-e", "dev", "--", "linter", cwd=project)
    alone.multiplat("check", cwd=project)


@pytest.mark.parametrize("how", ["option", "variable", "conda's variable", "file"])
def test_locked_fails(alone: Host, stale: Path, how: str) -> None:
    """With the reasons of ``check``; nothing is locked, installed or run."""
    before = _lock(stale)
    env = {"variable": "CONDA_MULTIPLAT_RUN", "conda's variable": "CONDA_PLUGINS_MULTIPLAT_RUN"}
    given = {env[how]: "locked"} if how in env else {}
    if how == "file":
        text = "plugins: {multiplat_run: locked}\n"
        (alone.home / ".condarc").write_text(text, encoding="utf-8")
    words = ["--locked"] if how == "option" else []
    done = alone.multiplat("run", *words, "--", "tool", cwd=stale, env=given, code=1)
    assert (done.stdout, done.stderr) == ("", _OUT_OF_DATE)
    assert _lock(stale) == before
    alone.multiplat("run", "--frozen", "--", "tool", cwd=stale, env=given)


def test_locked_in_sync(alone: Host, stale: Path, tools: Path) -> None:
    """What ``check`` lets pass, runs: nothing is changed for a request that is still met."""
    for dependency in ("tool", "tool <2"):
        write(stale, tools, dependency, platforms=_HERE)
        before = _lock(stale)
        done = alone.multiplat("run", "--locked", "--", "tool", cwd=stale)
        assert (done.stdout, done.stderr, _lock(stale)) == ("tool 1.0\n", "", before)


def test_frozen(alone: Host, stale: Path) -> None:
    """The lock as it is, without a word; by the setting, an option wins."""
    before = _lock(stale)
    done = alone.multiplat("run", "--frozen", "--", "tool", cwd=stale)
    assert (done.stdout, done.stderr, _lock(stale)) == ("tool 1.0\n", "", before)
    frozen = {"CONDA_MULTIPLAT_RUN": "frozen"}
    assert alone.multiplat("run", "--", "tool", cwd=stale, env=frozen).stderr == ""
    alone.multiplat("run", "--locked", "--", "tool", cwd=stale, env=frozen, code=1)


@pytest.mark.slow
def test_setting_in_conda(conda: Host, stale: Path) -> None:
    """Conda's configuration says the default, and our variable says another."""
    text = "plugins: {multiplat_run: locked}\n"
    (conda.home / ".condarc").write_text(text, encoding="utf-8")
    assert conda.multiplat("run", "--", "tool", cwd=stale, code=1).stderr == _OUT_OF_DATE
    frozen = {"CONDA_MULTIPLAT_RUN": "frozen"}
    assert conda.multiplat("run", "--", "tool", cwd=stale, env=frozen).stdout == "tool 1.0\n"


def test_setting_that_is_none(alone: Host, stale: Path) -> None:
    """A misspelt one is an error that names it."""
    env = {"CONDA_MULTIPLAT_RUN": "forzen"}
    done = alone.multiplat("run", "--", "tool", cwd=stale, env=env, code=2)
    assert done.stderr == (
        "error: CONDA_MULTIPLAT_RUN can't be 'forzen'\n  write one of current, locked, frozen\n"
    )


@pytest.mark.slow
def test_install_never_solves(alone: Host, stale: Path) -> None:
    """It warns, or fails with ``--locked``."""
    before = _lock(stale)
    warning = "warning: the manifest has changed since default was locked"
    assert alone.multiplat("install", cwd=stale).stderr.startswith(warning)
    assert alone.multiplat("install", "--locked", cwd=stale, code=1).stderr == _OUT_OF_DATE
    alone.multiplat("lock", "-q", cwd=stale)
    assert _lock(stale) != before
    alone.multiplat("install", "-q", "--locked", cwd=stale)
    assert (alone.envs / "demo/bin/writer").exists()


@pytest.mark.slow
def test_hook_never_solves(alone: Host, stale: Path) -> None:
    """A script that a shell's start sources does not lock: it warns, or fails with ``--locked``."""
    before = _lock(stale)
    words = ("shell-hook", "--shell", "bash")
    warning = "warning: the manifest has changed since default was locked"
    assert alone.multiplat(*words, cwd=stale).stderr.startswith(warning)
    assert alone.multiplat(*words, "--locked", cwd=stale, code=1).stderr == _OUT_OF_DATE
    assert "unrecognized" in alone.multiplat(*words, "--frozen", cwd=stale, code=2).stderr
    assert _lock(stale) == before


def test_conflict_names_the_way_on(alone: Host, stale: Path, tools: Path) -> None:
    """Where there is no solution nothing runs, and what is locked can still be used."""
    before = _lock(stale)
    write(stale, tools, "tool >=7", platforms=_HERE)
    done = alone.multiplat("run", "--", "tool", cwd=stale, code=1)
    assert done.stdout == ""
    assert done.stderr.endswith("  --frozen uses the lock as it is\n")
    assert _lock(stale) == before


def test_lock_that_was_edited(alone: Host, stale: Path) -> None:
    """A lock that is not as it was written is not renewed unasked."""
    path = stale / "conda-lock.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("1.0", "1.1"), encoding="utf-8")
    done = alone.multiplat("run", "--", "tool", cwd=stale, code=2)
    assert done.stderr.startswith("error: conda-lock.yml is not as it was written\n")


def test_prefix_of_others_is_not_locked_for(alone: Host, stale: Path) -> None:
    """An environment that this project has not made is refused before anything is solved."""
    before = _lock(stale)
    (alone.envs / "demo/conda-meta/multiplat").unlink()
    done = alone.multiplat("run", "--", "tool", cwd=stale, code=1)
    assert done.stderr.startswith(f"error: {alone.envs / 'demo'} was not made by conda multiplat\n")
    assert _lock(stale) == before


@pytest.mark.slow
def test_rules_exclude_each_other(alone: Host, stale: Path) -> None:
    """One of them at a time."""
    for pair in (("--locked", "--frozen"), ("--locked", "--no-install")):
        done = alone.multiplat("run", *pair, "--", "tool", cwd=stale, code=2)
        assert "not allowed with argument" in done.stderr


def test_project_that_cannot_be_written(alone: Host, stale: Path) -> None:
    """A lock that can't be replaced stops the run, which says how to go on."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    stale.chmod(0o500)
    done = alone.multiplat("run", "--", "tool", cwd=stale, code=3)
    stale.chmod(0o700)
    assert done.stderr.endswith("  --frozen uses the lock as it is\n")


@pytest.mark.slow
def test_several_at_once(alone: Host, stale: Path) -> None:
    """One locks and installs; the others take that, and all run."""
    running = [
        subprocess.Popen(
            [*alone.command, "run", "--", "writer"],
            cwd=stale,
            env=alone.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(3)
    ]
    ended = [process.communicate(timeout=60) for process in running]
    assert [out for out, _ in ended] == ["writer 1.0\n"] * 3, ended
    assert sum("for: locking\n" in stderr for _, stderr in ended) == 1
    assert sum(" wrote conda-lock.yml (1 new, " in stderr for _, stderr in ended) == 1
