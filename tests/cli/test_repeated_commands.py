"""Hints with a command to run: it says again what the user has said, so that it can be pasted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, write_repodata

MORE = """\
multiplat:
  environments:
    gpu:
      virtual-packages: {{{platform}: {{cuda: "12.4"}}}}
      dependencies: [torch]
    dev: {{extends: [], dependencies: [tool]}}
"""
FILE = "robot.yml"


@pytest.fixture
def robot(alone: Host, project: Path, tmp_path: Path) -> Path:
    """A project whose manifest has another name, beside one that has the usual name."""
    packages = [
        Package("base", "1.1", noarch="generic"),
        Package("tool", "3.0", noarch="generic", depends=["base"]),
        Package("torch", "2.0", "cuda_1", noarch="generic", depends=["__cuda >=12", "base"]),
    ]
    channel = write_repodata(tmp_path / "channel", packages)
    folder = project / "robot"
    folder.mkdir()
    write(project, channel, "base", platforms=f"[{SUBDIR}]", name="other")
    extra = MORE.format(platform=SUBDIR)
    write(folder, channel, "base", platforms=f"[{SUBDIR}]", extra=extra, file=FILE)
    alone.multiplat("lock", "-q", "-f", f"robot/{FILE}", cwd=project)
    return project


def _commands(said: str) -> list[str]:
    """The commands that a text has, without what says more of them."""
    found = re.findall(r"conda multiplat ([^`\n]+?)(?=`|: fits|\)|$)", said, re.MULTILINE)
    return [command.strip() for command in found]


@pytest.mark.parametrize(
    ("typed", "code", "hints"),
    [
        (
            "tree --invert __cuda",
            1,
            [f"tree --invert __cuda -e gpu -f robot/{FILE}"],
        ),
        ("tree torch", 1, [f"tree torch -e gpu -f robot/{FILE}"]),
        (
            "tree --invert tool",
            1,
            [f"tree --invert tool -e dev -f robot/{FILE}"],
        ),
        ("remove --no-lock tool", 2, [f"remove -e dev tool -f robot/{FILE}"]),
        (
            "install --dry-run -e gpu",
            1,
            [f"install -e default -f robot/{FILE}", f"install -e dev -f robot/{FILE}"],
        ),
    ],
)
def test_command_elsewhere(
    alone: Host, robot: Path, typed: str, code: int, hints: list[str]
) -> None:
    """The manifest, ``--invert``; and what is advised works."""
    environ = {"CONDA_OVERRIDE_CUDA": ""}
    manifest = ["-f", f"robot/{FILE}"]
    done = alone.multiplat(*typed.split(), *manifest, cwd=robot, env=environ, code=code)
    assert _commands(done.stderr) == hints
    for hint in hints:
        dry = ["--dry-run"] if hint.startswith(("install", "remove")) else []
        alone.multiplat(*shlex.split(hint), *dry, cwd=robot)


@pytest.mark.parametrize("command", ["list", "tree", "why base", "licenses", "install"])
def test_what_is_not_locked(alone: Host, robot: Path, command: str) -> None:
    """``lock`` is to lock that manifest, and not the one beside it."""
    for lock in (robot / "robot").glob("*conda-lock.yml"):
        lock.unlink()
    done = alone.multiplat(*command.split(), "-f", f"robot/{FILE}", cwd=robot, code=2)
    assert _commands(done.stderr) == [f"lock -f robot/{FILE}"]
    alone.multiplat("lock", "-q", "-f", f"robot/{FILE}", cwd=robot)
    alone.multiplat("list", "-q", "-f", f"robot/{FILE}", cwd=robot)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("install -e dev tool", "add -e dev tool"),
        ("install -n other tool", "add -n other tool"),
        ("shell -e dev tool 2", "run -e dev -- tool 2"),
        ("lock tool", "lock --update tool"),
    ],
)
def test_another_command(alone: Host, robot: Path, typed: str, hint: str) -> None:
    """Words for a command that takes none go to the one that does, with the place."""
    done = alone.multiplat(*typed.split(), cwd=robot, code=2)
    assert _commands(done.stderr) == [hint]
