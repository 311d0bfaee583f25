"""``info``: each mistake is said once, whatever else it makes impossible."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR
from support.terminal import Terminal

THREE = "multiplat: {environments: {dev: {dependencies: []}, docs: {dependencies: []}}}\n"


@pytest.fixture
def robot(alone: Host, project: Path, channel: Path) -> Path:
    """A locked project of three environments."""
    write(project, channel, "zlib", platforms=f"[{SUBDIR}]", extra=THREE)
    alone.multiplat("lock", "-q", cwd=project)
    return project


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("zlib >=<3", "not a MatchSpec: 'zlib >=<3'"),
        ("zlib: 3", "unknown section 'zlib'"),
        ("pip: [a b]", "'a b'"),
        ("[zlib", "not YAML: "),
    ],
)
def test_broken_manifest(alone: Host, robot: Path, channel: Path, line: str, mistake: str) -> None:
    """A mistake in the manifest is no trait of each lock: exit code 2, as from other commands."""
    write(robot, channel, line, platforms=f"[{SUBDIR}]", extra=THREE)
    done = alone.multiplat("info", cwd=robot, code=2)
    checked = alone.multiplat("check", cwd=robot, code=2)
    assert done.stderr == checked.stderr
    assert (done.stdout + done.stderr).count(mistake) == 1
    assert len(alone.json("info", cwd=robot, code=2)["problems"]) == 1


def _cut(text: str) -> str:
    return text[:200]


def _edited(text: str) -> str:
    return text.replace("zlib", "lib")


def _no_text(_: str) -> str:
    return "package: {"


@pytest.mark.parametrize(
    ("broken", "words"),
    [(_cut, "can't be read"), (_edited, "out of date"), (_no_text, "can't be read")],
)
def test_broken_lock(alone: Host, robot: Path, broken: Callable[[str], str], words: str) -> None:
    """What is wrong with a lock is said where its state is, and not as the machine's too."""
    lock = robot / "dev.conda-lock.yml"
    lock.write_text(broken(lock.read_text("utf-8")), encoding="utf-8")
    lines = alone.multiplat("info", cwd=robot).stdout.splitlines()
    start = lines.index("   dev: this machine can't run it") + 1
    end = lines.index("   docs: this machine can run it")
    state, *reasons, prefix = lines[start:end]
    assert state == f"     dev.conda-lock.yml  ({words})"
    assert len(reasons) == len(set(reasons)) > 0
    assert all(reason.startswith(" " * 7) for reason in reasons)
    assert prefix.endswith("(not installed)")


def test_no_lock(alone: Host, robot: Path) -> None:
    """A lock that is not there has one line."""
    (robot / "dev.conda-lock.yml").unlink()
    stdout = alone.multiplat("info", cwd=robot).stdout
    assert stdout.count("dev.conda-lock.yml") == 1
    assert "     dev.conda-lock.yml  (not locked)\n" in stdout


def test_matrix_on_a_narrow_terminal(alone: Host, robot: Path) -> None:
    """No column is narrower than its name: each row is a block of lines instead."""
    environ = alone.environ({"COLUMNS": "40"})
    with Terminal([*alone.command, "info", "--matrix"], env=environ, cwd=robot) as terminal:
        assert terminal.exit_code() == 0
    blocks = [
        f" environment  {name}\n platform     {SUBDIR}\n packages     1\n download     "
        for name in ("default", "dev", "docs")
    ]
    shown = re.sub(r"(download +).*\n lock +in sync\n", r"\1", terminal.shown)
    assert shown == "\n".join(blocks)
