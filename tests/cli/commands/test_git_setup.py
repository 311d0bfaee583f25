"""``--setup`` and ``--undo``: what git is told; and how git then shows locks."""

from __future__ import annotations

import re
import shlex
import shutil
import sysconfig
from pathlib import Path

import pytest
from support.git import Repository, repository
from support.hosts import Host
from support.manifests import write
from support.packages import Package, write_repodata

SCRIPT = shlex.quote(f"{sysconfig.get_path('scripts')}/conda-multiplat")
MERGE = """\
# Once in each clone, as git's configuration is not cloned: conda multiplat merge-driver --setup
conda-lock.yml merge=conda-multiplat
*.conda-lock.yml merge=conda-multiplat
"""
DIFF = """\
# Once in each clone, as git's configuration is not cloned: conda multiplat diff --setup
conda-lock.yml diff=conda-multiplat
*.conda-lock.yml diff=conda-multiplat
"""


@pytest.fixture
def repo(alone: Host, tmp_path: Path) -> Repository:
    """A repository with a space in its name."""
    return repository(tmp_path / "my repo", alone)


def _bare_path(repo: Repository, *folders: Path) -> dict[str, str]:
    """A PATH that has git and some folders, and no `conda-multiplat` of its own."""
    (repo.host.home / "bin").mkdir(exist_ok=True)
    git = repo.host.home / "bin" / "git"
    if not git.exists():
        git.symlink_to(shutil.which("git") or "git")
    return {"PATH": ":".join(map(str, (*folders, repo.host.home / "bin")))}


def _attributes(repo: Repository) -> Path:
    return repo.folder / ".gitattributes"


def _local(repo: Repository) -> Path:
    return repo.folder / ".git" / "config"


def test_merge_driver(door: Host, tmp_path: Path) -> None:
    """What is written, and said; nothing twice; and it is taken out to the last byte."""
    repo = repository(tmp_path / "my repo", door)
    inner = repo.folder / "inner"
    inner.mkdir()
    before = _local(repo).read_text("utf-8")
    output = repo.multiplat("merge-driver", "--setup", cwd=inner)
    driver = repo.git("config", "merge.conda-multiplat.driver").strip()
    assert "merge-driver %O %A %B %P" in driver
    assert output == (
        " wrote ../.gitattributes:\n"
        + "".join(f"   {line}\n" for line in MERGE.splitlines())
        + " wrote git's local configuration:\n"
        "   merge.conda-multiplat.name = "
        "conda-multiplat: both sides' changed packages, if they meet the manifest\n"
        f"   merge.conda-multiplat.driver = {driver}\n"
        "   merge.conda-multiplat.recursive = binary\n"
        " commit .gitattributes; in every other clone, once: "
        "conda multiplat merge-driver --setup\n"
    )
    assert _attributes(repo).read_text("utf-8") == MERGE
    written = _local(repo).read_text("utf-8").removeprefix(before)
    assert re.findall(r"^\t(\w+) =", written, re.MULTILINE) == ["name", "driver", "recursive"]
    again = repo.multiplat("merge-driver", "--setup", "--local")
    assert again == " already set up\n"
    assert _attributes(repo).read_text("utf-8") == MERGE
    output = repo.multiplat("merge-driver", "--undo")
    assert output.startswith(" removed from .gitattributes:\n   # Once in each clone")
    assert " removed from git's local configuration:\n" in output
    assert not _attributes(repo).exists()
    assert _local(repo).read_text("utf-8") == before
    assert repo.multiplat("merge-driver", "--undo") == " nothing to undo\n"


def test_other_lines_stay(repo: Repository) -> None:
    """What others wrote into the same files, with its line ends; both setups beside each other."""
    own = b"*.png binary\r\n*.yml text"
    _attributes(repo).write_bytes(own)
    repo.git("config", "merge.ours.driver", "true")
    repo.git("config", "merge.conda-multiplat.verbosity", "2")
    before = _local(repo).read_text("utf-8")
    repo.multiplat("merge-driver", "--setup")
    repo.multiplat("diff", "--setup")
    assert _attributes(repo).read_bytes() == (
        own + b"\r\n" + (MERGE + DIFF).replace("\n", "\r\n").encode()
    )
    output = repo.git("check-attr", "-a", "--", "a/dev.conda-lock.yml", "conda-lock.yml", "x.yml")
    assert output == (
        "a/dev.conda-lock.yml: diff: conda-multiplat\n"
        "a/dev.conda-lock.yml: merge: conda-multiplat\n"
        "a/dev.conda-lock.yml: text: set\n"
        "conda-lock.yml: diff: conda-multiplat\n"
        "conda-lock.yml: merge: conda-multiplat\n"
        "conda-lock.yml: text: set\n"
        "x.yml: text: set\n"
    )
    repo.multiplat("merge-driver", "--undo")
    assert _attributes(repo).read_bytes() == own + b"\r\n" + DIFF.replace("\n", "\r\n").encode()
    repo.multiplat("diff", "--undo")
    assert _attributes(repo).read_bytes() == own + b"\r\n"
    assert _local(repo).read_text("utf-8") == before


def test_colleague(repo: Repository, tmp_path: Path, alone: Host) -> None:
    """In a clone only the configuration is missing; an older program's is replaced."""
    repo.multiplat("merge-driver", "--setup")
    repo.commit("attributes")
    repo.git("clone", "-q", str(repo.folder), str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone", alone)
    clone.git("config", "merge.conda-multiplat.driver", "/gone/conda-multiplat x")
    output = clone.multiplat("merge-driver", "--setup")
    assert output.startswith(" wrote git's local configuration:\n")
    assert clone.git("status", "--short") == ""
    assert "/gone" not in _local(clone).read_text("utf-8")


def test_for_all_repositories(repo: Repository) -> None:
    """The user's configuration, and the answer as JSON."""
    answer = repo.host.json("diff", "--setup", "--global", cwd=repo.folder, env=repo.env)
    value = repo.git("config", "--global", "diff.conda-multiplat.textconv").rstrip("\n")
    assert f"try {SCRIPT} ||" in value
    assert "git config --global --remove-section diff.conda-multiplat" in value
    assert answer == {
        "success": True,
        "attributes": DIFF.splitlines(),
        "config": {"diff.conda-multiplat.textconv": value},
    }
    path = repo.host.home / ".gitconfig"
    assert path.read_text("utf-8").startswith('[diff "conda-multiplat"]\n\ttextconv = ')
    assert "conda-multiplat" not in _local(repo).read_text("utf-8")
    repo.multiplat("diff", "--undo", "--global")
    assert path.read_text("utf-8") == ""


def test_program(repo: Repository, tmp_path: Path) -> None:
    """By its name only where PATH has it whatever environment is active; else the whole path."""
    tool, environment = tmp_path / "local" / "bin", tmp_path / "env" / "bin"
    for folder in (tool, environment):
        folder.mkdir(parents=True)
        (folder / "conda-multiplat").write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / "conda-multiplat").chmod(0o755)
    (environment.parent / "conda-meta").mkdir()
    for folders, program in (((), SCRIPT), ((environment,), SCRIPT), ((tool,), "conda-multiplat")):
        env = {**repo.env, **_bare_path(repo, *folders)}
        repo.host.multiplat("merge-driver", "--setup", cwd=repo.folder, env=env)
        driver = repo.git("config", "merge.conda-multiplat.driver")
        assert f" works {program}; then merge {program}; " in driver


def test_no_repository(alone: Host, tmp_path: Path) -> None:
    """There is nothing to write to."""
    env = {"GIT_CEILING_DIRECTORIES": str(tmp_path)}
    (tmp_path / "bare").mkdir()
    for command in ("merge-driver", "diff"):
        done = alone.multiplat(command, "--setup", cwd=tmp_path / "bare", env=env, code=2)
        assert done.stderr == (
            f"error: {tmp_path / 'bare'} is not in a git repository\n"
            "  go to a project that is in git, or `git init` first\n"
        )


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Packages in two versions."""
    packages = [
        *(Package("base", version, noarch="generic") for version in ("1.0", "2.0")),
        Package("native", "1.0", "h1_0", "linux-64"),
    ]
    return write_repodata(tmp_path / "tools", packages)


def test_readable_diffs(alone: Host, tmp_path: Path, tools: Path) -> None:
    """``git diff``, ``git log -p`` and ``git show``: a line for each package of each platform."""
    repo = repository(tmp_path / "my repo", alone)
    repo.multiplat("diff", "--setup")
    folder = repo.folder / "the robot"
    folder.mkdir()
    write(folder, tools, "base <2", "native  # [linux]", platforms="[linux-64, osx-arm64]")
    repo.multiplat("lock", cwd=folder)
    repo.commit("one")
    write(folder, tools, "base >=2", platforms="[linux-64]")
    repo.multiplat("lock", cwd=folder)
    url = tools.as_uri()
    lines = repo.git("diff", "-U0", "--", "the robot/conda-lock.yml").splitlines()
    changed = [line for line in lines if line[0] in "+-" and not line.startswith(("---", "+++"))]
    digests = [line for line in changed if line[1:].startswith("lock sha256:")]
    assert [digest[:13] for digest in digests] == ["-lock sha256:", "+lock sha256:"]
    packages = [line.rpartition(":")[0] for line in changed if "  " in line]
    assert packages == [
        f"-base 1.0 0  linux-64  {url}/noarch  sha256",
        f"-base 1.0 0  osx-arm64  {url}/noarch  sha256",
        f"-native 1.0 h1_0  linux-64  {url}/linux-64  sha256",
        f"+base 2.0 0  linux-64  {url}/noarch  sha256",
    ]
    assert sorted(line for line in changed if " asks for " in line) == [
        "+linux-64 asks for base >=2",
        "-linux-64 asks for base <2",
        "-linux-64 asks for native",
        "-osx-arm64 asks for base <2",
    ]
    assert "-osx-arm64 is promised __osx 13.0" in changed
    repo.commit("two")
    for command in (("log", "-p", "-2"), ("show", "HEAD~1")):
        shown = repo.git(*command, "--", "the robot/conda-lock.yml", cwd=repo.folder)
        assert f"+base 1.0 0  osx-arm64  {url}/noarch  sha256:" in shown
        assert "dependencies:" not in shown


@pytest.mark.slow
def test_what_is_no_lock(repo: Repository) -> None:
    """It is shown as it is: an error would end the whole of ``git log``."""
    repo.multiplat("diff", "--setup")
    lock = repo.folder / "conda-lock.yml"
    for content in (b"", b"<<<<<<< a\n", b"\xff\xfe\n", b"version: 1\n"):
        lock.write_bytes(content)
        repo.commit(f"{content!r}")
    output = repo.git("log", "-p", "--", "conda-lock.yml")
    assert "+<<<<<<< a\n" in output
    assert "+version: 1\n" in output


def test_unmerged_and_unhashed(alone: Host, project: Path) -> None:
    """Other tools' locks too; what is not merged says so; without a hash, the whole URL."""
    text = """\
# Not merged: a: 1 in ours, 2 in theirs
version: 1
metadata:
  content_hash: {linux-64: x}
  channels: [{url: conda-forge, used_env_vars: []}]
  platforms: [linux-64]
  sources: [environment.yml]
package:
- {name: a, version: '1', manager: conda, platform: linux-64, dependencies: {}, category: dev,
   url: 'https://c.example.com/linux-64/a-1-0.conda', hash: {md5: 0123456789abcdef}}
- {name: b, version: '2', manager: pip, platform: linux-64, dependencies: {},
   url: 'git+https://x.example.com/b@0abc', hash: {}}
- {name: c, version: '3', manager: pip, platform: linux-64, dependencies: {}, url: ./c, hash: {}}
"""
    (project / "conda-lock.yml").write_text(text, encoding="utf-8")
    stdout = alone.multiplat("diff", "--textconv", "conda-lock.yml", cwd=project).stdout
    lines = stdout.splitlines()
    assert lines.pop(2).startswith("lock sha256:")
    assert lines == [
        "environment default of environment.yml",
        "not merged: a: 1 in ours, 2 in theirs",
        "channel conda-forge",
        "",
        "a 1 0  linux-64  https://c.example.com/linux-64  md5:0123456789ab  dev",
        "b 2  linux-64  git+https://x.example.com/b@0abc  no hash",
        "c 3  linux-64  ./c  no hash",
    ]
