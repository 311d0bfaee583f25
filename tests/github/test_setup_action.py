"""The script of the action `setup`: what it installs, what is cached under which key, and where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR
from support.pypi_index import Index
from support.service import Service, run_step, service

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / ".github" / "actions" / "setup" / "setup.py"
OURS = f"{sys.executable} -m conda_multiplat"
_STAND_IN = '#!python\nimport sys\nprint("ours", *sys.argv[1:])\n'


class Runner:
    """A runner with a project.

    Args:
        host: its home.
        project: where its checkout is.
        service: the files that GitHub's runner reads.
    """

    def __init__(self, host: Host, project: Path, service: Service) -> None:
        self.host, self.project, self.service = host, project, service

    def run(self, step: str, *, code: int = 0, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the action."""
        (self.service.folder / "GITHUB_OUTPUT").unlink(missing_ok=True)
        env = {
            **self.host.environ(),
            **self.service.environ,
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            "SETUP_HOME": str(self.host.home / "action"),
            **inputs,
        }
        return run_step(SCRIPT, step, cwd=self.project, env=env, code=code)

    def written(self, name: str) -> str:
        """What was added to one of the runner's files."""
        path = self.service.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture
def runner(alone: Host, project: Path, tmp_path: Path) -> Runner:
    """A runner."""
    return Runner(alone, project, service(tmp_path / "service"))


def test_installs_us_alone(runner: Runner, tmp_path: Path) -> None:
    """Our command is on PATH, and no other: the runner's own python stays the first."""
    index = Index(tmp_path / "index")
    wheel = index.wheel("conda-multiplat", "9.9", more={"bin/conda-multiplat": _STAND_IN})
    inputs = {"SETUP_SPEC": str(wheel), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    runner.run("prepare", **inputs)
    folder = Path(runner.written("GITHUB_PATH").splitlines()[-1])
    assert [path.name for path in folder.iterdir()] == ["conda-multiplat"]
    done = subprocess.run(
        [folder / "conda-multiplat", "x"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "ours x\n"


def test_key_is_of_the_locks(runner: Runner, channel: Path) -> None:
    """The same locks, the same key; another lock, runner or project, another; one beginning."""
    write(runner.project, channel, "zlib", platforms="[linux-64]")
    runner.host.multiplat("lock", cwd=runner.project)
    runner.run("prepare", SETUP_COMMAND=OURS)
    first = runner.service.outputs()
    assert first["restore"] == "conda-multiplat-1-Linux-X64-"
    assert first["key"].startswith(first["restore"])
    assert Path(first["folder"]).is_dir()
    assert runner.written("GITHUB_PATH") == ""  # a command was named: nothing was installed
    folders = dict(line.split("=", 1) for line in runner.written("GITHUB_ENV").splitlines())
    assert set(folders) == {"CONDA_PKGS_DIRS", "UV_CACHE_DIR"}
    assert all(Path(folder).is_relative_to(first["folder"]) for folder in folders.values())

    (runner.project / "README.md").write_text("x", encoding="utf-8")
    runner.run("prepare", SETUP_COMMAND=OURS)
    assert runner.service.outputs() == first
    runner.run("prepare", SETUP_COMMAND=OURS, RUNNER_OS="macOS", RUNNER_ARCH="ARM64")
    other = runner.service.outputs()
    assert other["key"] == first["key"].replace("Linux-X64", "macOS-ARM64")
    lock = runner.project / "conda-lock.yml"
    (runner.project / "dev.conda-lock.yml").write_bytes(lock.read_bytes())
    runner.run("prepare", SETUP_COMMAND=OURS)
    assert runner.service.outputs()["key"] not in (first["key"], other["key"])
    runner.run("prepare", SETUP_COMMAND=OURS, SETUP_FILES="elsewhere/gpu.yml")
    assert runner.service.outputs()["key"] != first["key"]


def test_makes_the_environment(runner: Runner, real_channel: Path, tmp_path: Path) -> None:
    """Exactly as locked, where it is wanted; a lock that is out of date is refused."""
    extra = "multiplat:\n  environments:\n    dev: {dependencies: [greeting-data]}\n"
    write(runner.project, real_channel, "python", platforms=f"[{SUBDIR}]", extra=extra)
    runner.host.multiplat("lock", cwd=runner.project)
    prefix = tmp_path / "made here"
    inputs = {"SETUP_COMMAND": OURS, "SETUP_PREFIX": str(prefix), "SETUP_ENVIRONMENT": "dev"}
    done = runner.run("install", **inputs, GITHUB_ACTIONS="true")
    begin, message, end = done.stdout.splitlines()
    assert message == f"{prefix} is as locked"
    assert begin == f"::stop-commands::{end.strip(':')}"
    assert runner.service.outputs() == {"prefix": str(prefix)}
    assert (prefix / "share" / "greeting.txt").read_bytes() == b"hello\n"

    write(runner.project, real_channel, "python", "greeting-data", platforms=f"[{SUBDIR}]")
    done = runner.run("install", code=1, **{**inputs, "SETUP_ENVIRONMENT": ""})
    assert json.loads(done.stderr[done.stderr.index("{") :])["kind"] == "OutOfDateError"
    runner.run("install", SETUP_COMMAND=OURS, SETUP_NAME="loose", SETUP_LOCKED="false")
    assert (runner.host.envs / "loose" / "conda-meta").is_dir()
