"""What git does in a clone that was set up, once our program is gone or has moved."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.git import Repository, repository
from support.hosts import Host

LINES = [f"line {number}\n" for number in range(20)]
LOCK = """\
version: 1
metadata:
  content_hash: {linux-64: x}
  channels: [{url: conda-forge, used_env_vars: []}]
  platforms: [linux-64]
  sources: [environment.yml]
package: []
"""
SAID = "conda-multiplat is gone, git takes locks as text; once it is installed: conda multiplat "


@dataclass(frozen=True)
class Clone(Repository):
    """A repository whose git finds no program of ours on PATH, but for those of some folders."""

    path: str = "/usr/bin:/bin"

    @property
    def env(self) -> dict[str, str]:
        """With this PATH."""
        return {**super().env, "PATH": self.path}

    def write(self, content: str, message: str = "") -> None:
        (self.folder / "conda-lock.yml").write_text(content, encoding="utf-8")
        if message:
            self.commit(message)

    def read(self) -> str:
        return (self.folder / "conda-lock.yml").read_text("utf-8")


def _installed(folder: Path) -> Path:
    """A Python with us in it, in a folder that can be moved; the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    ours = sysconfig.get_path("purelib")
    (packages / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n", "utf-8")
    script = folder / "bin" / "conda-multiplat"
    script.write_text(
        '#!/bin/sh\nexec "$(dirname "$0")/python" -I -m conda_multiplat "$@"\n', encoding="utf-8"
    )
    script.chmod(0o755)
    return script.parent


def _set_up(clone: Clone, programs: Path, how: str = "--setup") -> None:
    for command in ("merge-driver", "diff"):
        subprocess.run(
            [programs / "python", "-I", "-m", "conda_multiplat", command, how],
            cwd=clone.folder,
            env=clone.environ,
            check=True,
            capture_output=True,
        )


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A program whose path has all that shells and git take for something else."""
    return _installed(tmp_path / 'it\'s "my" $HOME %A `x` dir')


@pytest.fixture
def clone(alone: Host, tmp_path: Path, programs: Path) -> Clone:
    """A clone that was set up, with a commit."""
    assert shutil.which("conda-multiplat", path=Clone.path) is None
    clone = Clone(repository(tmp_path / "my repo", alone).folder, alone)
    _set_up(clone, programs)
    clone.write("".join(LINES), "base")
    return clone


def _branches(clone: Clone, ours: dict[int, str], theirs: dict[int, str]) -> None:
    """Two branches that change lines of the lock."""
    for name, changes in (("side", theirs), ("main", ours)):
        clone.git("checkout", "-q", *(["-b", name] if name == "side" else [name]))
        clone.write("".join(changes.get(n, line) for n, line in enumerate(LINES)), name)


@pytest.mark.slow
def test_program_with_any_path(clone: Clone) -> None:
    """It is called, whatever its path has in it."""
    clone.write(LOCK, "lock")
    assert "+channel conda-forge" in clone.git("show")
    clone.write("".join(LINES), "base")
    _branches(clone, {1: "ours\n"}, {18: "theirs\n"})
    assert "conda-lock.yml is not merged: " in clone.git("merge", "side", code=1)


@pytest.mark.slow
def test_moved(clone: Clone, programs: Path, tmp_path: Path) -> None:
    """The program on PATH is asked, without a word."""
    programs.parent.rename(tmp_path / "elsewhere")
    moved = Clone(clone.folder, clone.host, f"{tmp_path}/elsewhere/bin:{clone.path}")
    moved.write(LOCK, "lock")
    output = moved.git("show")
    assert "+channel conda-forge" in output
    assert SAID not in output
    moved.write("".join(LINES), "base")
    _branches(moved, {1: "ours\n"}, {18: "theirs\n"})
    output = moved.git("merge", "side", code=1)
    assert "conda-lock.yml is not merged: " in output
    assert SAID not in output


@pytest.mark.parametrize("how", ["gone", "without Python", "without package"])
def test_gone(clone: Clone, programs: Path, how: str) -> None:
    """What git shows and merges is what it does without us, with a line that says so."""
    if how == "gone":
        shutil.rmtree(programs.parent)
    elif how == "without Python":
        (programs / "python").unlink()
    else:
        next(programs.parent.glob("lib/python*/site-packages/ours.pth")).unlink()
    clone.write("".join(["changed\n", *LINES[1:]]))
    for command in (("diff",), ("log", "-p", "--reverse"), ("show",)):
        output = clone.git(*command)
        assert f"{SAID}diff --setup --local; to leave it: git config --remove-section" in output
        assert "+changed\n" in output if command == ("diff",) else "+line 3\n" in output
    clone.git("checkout", "-q", ".")
    _branches(clone, {1: "ours\n"}, {18: "theirs\n"})
    clone.git("branch", "again")
    assert f"{SAID}merge-driver --setup" in clone.git("merge", "side")
    merged = "".join({1: "ours\n", 18: "theirs\n"}.get(n, line) for n, line in enumerate(LINES))
    assert clone.read() == merged
    clone.git("checkout", "-q", "again")
    assert f"{SAID}merge-driver --setup" in clone.git("rebase", "side")
    assert clone.read() == merged


def test_gone_in_conflict(clone: Clone, programs: Path) -> None:
    """The markers that git writes, in the size that was asked for; then git no longer asks."""
    shutil.rmtree(programs.parent)
    with (clone.folder / ".gitattributes").open("a", encoding="utf-8") as file:
        file.write("conda-lock.yml conflict-marker-size=9\n")
    clone.commit("markers")
    _branches(clone, {1: "ours\n"}, {1: "theirs\n"})
    output = clone.git("merge", "side", code=1)
    assert "CONFLICT (content): Merge conflict in conda-lock.yml" in output
    marked = r"line 0\n<{9} (ours|HEAD)\nours\n={9}\ntheirs\n>{9} (theirs|side)\nline 2\n"
    assert re.match(marked, clone.read())
    clone.git("merge", "--abort")
    clone.git("rebase", "side", code=1)
    clone.git("rebase", "--abort")
    (clone.folder / "conda-lock.yml").write_bytes(b"\0binary")
    clone.commit("binary")
    assert "CONFLICT" in clone.git("merge", "side", code=1)
    assert (clone.folder / "conda-lock.yml").read_bytes() == b"\0binary"
    clone.git("merge", "--abort")
    for section in ("merge", "diff"):
        output = clone.git("config", "--remove-section", f"{section}.conda-multiplat")
    clone.git("reset", "-q", "--hard", "HEAD~1")
    output = clone.git("merge", "side", code=1)
    assert SAID not in output
    assert "<<<<<<<<< HEAD\n" in clone.read()


@pytest.mark.slow
def test_older_form(clone: Clone, programs: Path) -> None:
    """What was written before, without a way out, is renewed by ``--setup``, removed by undo."""
    keys = ("merge.conda-multiplat.driver", "diff.conda-multiplat.textconv")
    now = [clone.git("config", key) for key in keys]
    program = shlex.quote("/gone/conda-multiplat")
    older = (f"{program} merge-driver %O %A %B %P", f"{program} diff --textconv")
    for how, expected in (("--setup", now), ("--undo", ["", ""])):
        for key, value in zip(keys, older, strict=True):
            clone.git("config", key, value)
        _set_up(clone, programs, how)
        code = 0 if how == "--setup" else 1
        assert [clone.git("config", key, code=code) for key in keys] == expected
    assert "conda-multiplat" not in (clone.folder / ".git" / "config").read_text("utf-8")
