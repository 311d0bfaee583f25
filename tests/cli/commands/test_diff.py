"""``diff``: what differs between two states of the locks, from git or from files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import Package, write_repodata

TWO = "[linux-64, osx-arm64]"
DEV = "multiplat: {environments: {dev: {dependencies: [solo]}}}\n"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Packages in several versions and builds."""
    packages = [
        *(Package("base", version, noarch="generic") for version in ("1.0", "2.0")),
        *(Package("tool", "3.0", build, noarch="generic") for build in ("h1_0", "h2_1")),
        Package("solo", "1.0", noarch="generic"),
        Package("native", "1.0", subdir="linux-64"),
    ]
    return write_repodata(tmp_path / "tools", packages)


def _git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments]
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)


@pytest.fixture
def repository(alone: Host, project: Path, tools: Path) -> Path:
    """A project with locks in a subfolder of a repository, committed; then locked anew."""
    _git(project, "init", "-q", "-b", "main")
    folder = project / "robot"
    folder.mkdir()
    specs = ("base <2", "tool * h1_*", "native  # [linux]")
    write(folder, tools, *specs, platforms=TWO, extra=DEV)
    alone.multiplat("lock", cwd=folder)
    _git(project, "add", "-A")
    _git(project, "commit", "-qm", "first")
    write(folder, tools, "base", "tool * h2_*", "solo", platforms=TWO, extra=DEV)
    alone.multiplat("lock", "--update-all", cwd=folder)
    return folder


def test_work_tree_against_head(door: Host, repository: Path) -> None:
    """Changes by environment, platforms that agree together, and how many of each kind."""
    assert door.multiplat("diff", cwd=repository).stdout == (
        "default\n"
        "  ↑ base    1.0 → 2.0          16 B  all platforms\n"
        "  - native  1.0                      linux-64\n"
        "  + solo    1.0                16 B  all platforms\n"
        "  ~ tool    3.0 (h1_0 → h2_1)  19 B  all platforms\n"
        "  1 added, 1 removed, 1 upgraded, 1 build changed\n"
        "dev\n"
        "  ↑ base    1.0 → 2.0          16 B  all platforms\n"
        "  - native  1.0                      linux-64\n"
        "  ~ tool    3.0 (h1_0 → h2_1)  19 B  all platforms\n"
        "  1 removed, 1 upgraded, 1 build changed\n"
    )


def test_revisions(alone: Host, repository: Path) -> None:
    """Two revisions; what is the same; --exit-code; one environment and platform."""
    _git(repository, "commit", "-qam", "second")
    stdout = alone.multiplat("diff", cwd=repository).stdout
    assert stdout == "the locks do not differ\n"
    alone.multiplat("diff", "--exit-code", cwd=repository, code=0)
    chosen = ("-e", "dev", "--platform", "osx-arm64")
    stdout = alone.multiplat("diff", "HEAD~1", "HEAD", *chosen, cwd=repository).stdout
    assert stdout == (
        "dev\n"
        "  ↑ base  1.0 → 2.0          16 B  osx-arm64\n"
        "  ~ tool  3.0 (h1_0 → h2_1)  19 B  osx-arm64\n"
        "  1 upgraded, 1 build changed\n"
    )
    stdout = alone.multiplat("diff", "main", "HEAD~1", "-e", "dev", cwd=repository).stdout
    assert "  ↓ base    2.0 → 1.0          16 B  all platforms\n" in stdout
    assert "  + native  1.0                18 B  linux-64\n" in stdout
    alone.multiplat("diff", "HEAD~1", "--exit-code", cwd=repository, code=1)


def test_markdown(alone: Host, repository: Path) -> None:
    """Tables that a pull request shows; what a name has of Markdown means nothing."""
    stdout = alone.multiplat("diff", "--markdown", "-e", "default", cwd=repository).stdout
    assert stdout == (
        "### default\n"
        "\n"
        "| package | old | new | platforms |\n"
        "|---|---|---|---|\n"
        "| base | <code>1.0</code> | <code>2.0</code> | all platforms |\n"
        "| native | <code>1.0</code> |  | linux-64 |\n"
        "| solo |  | <code>1.0</code> | all platforms |\n"
        "| tool | <code>3.0 h1&#95;0</code> | <code>3.0 h2&#95;1</code> | all platforms |\n"
        "\n"
        "1 added, 1 removed, 1 upgraded, 1 build changed\n"
        "\n"
    )


def test_json(alone: Host, repository: Path) -> None:
    """One document, environments that do not differ included."""
    environments = alone.json("diff", "--platform", "osx-arm64", cwd=repository)["environments"]
    assert list(environments) == ["default", "dev"]
    assert environments["dev"]["changes"][0] == {
        "kind": "upgraded",
        "name": "base",
        "manager": "conda",
        "old": {"version": "1.0", "build": "0"},
        "new": {"version": "2.0", "build": "0"},
        "size": 16,
        "platforms": ["osx-arm64"],
    }


def test_order(alone: Host, project: Path, tools: Path) -> None:
    """Environments are in the manifest's order, as everywhere; those that it lacks come last."""
    _git(project, "init", "-q", "-b", "main")
    names = ["zoo", "mid", "abc", "old", "gone"]

    def locked(spec: str, names: list[str]) -> None:
        environments = ", ".join(f"{name}: {{dependencies: [solo]}}" for name in names)
        extra = f"multiplat: {{environments: {{{environments}}}}}\n"
        write(project, tools, spec, platforms=TWO, extra=extra)
        alone.multiplat("lock", "-q", "--update-all", cwd=project)

    def shown(*words: str) -> list[str]:
        stdout = alone.multiplat("diff", *words, cwd=project).stdout
        return [line for line in stdout.splitlines() if not line.startswith(" ")]

    locked("base <2", names)
    _git(project, "add", "-A")
    _git(project, "commit", "-qm", "first")
    locked("base", names[:3])
    assert shown() == ["default", "zoo", "mid", "abc"]
    _git(project, "rm", "-qf", "old.conda-lock.yml", "gone.conda-lock.yml")
    _git(project, "commit", "-qam", "second")
    every = ["default", "zoo", "mid", "abc", "gone", "old"]
    assert shown("HEAD~1", "HEAD") == every
    assert list(alone.json("diff", "HEAD~1", cwd=project)["environments"]) == every
    (project / "environment.yml").write_text("dependencies: [", encoding="utf-8")
    assert shown("HEAD~1") == sorted(every, key=lambda name: (name != "default", name))


def test_files_and_paths(alone: Host, repository: Path, tmp_path: Path) -> None:
    """Lock files by themselves, REVISION:PATH, platforms and environments that came and went."""
    old = tmp_path / "old-lock.yml"
    shown = subprocess.run(
        ["git", "show", "HEAD:./conda-lock.yml"], cwd=repository, check=True, capture_output=True
    )
    old.write_bytes(shown.stdout)
    by_file = alone.multiplat("diff", str(old), "conda-lock.yml", cwd=repository).stdout
    by_path = alone.multiplat("diff", "HEAD:./conda-lock.yml", cwd=repository).stdout
    assert by_file == by_path
    assert by_file.startswith("default\n  ↑ base    1.0 → 2.0 ")
    (repository / "dev.conda-lock.yml").unlink()
    stdout = alone.multiplat("diff", cwd=repository).stdout
    assert stdout.endswith("dev\n  linux-64: gone, 4 packages\n  osx-arm64: gone, 3 packages\n")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("nosuch", "error: git knows no revision 'nosuch' of "),
        ("nosuch-lock.yml", "error: nosuch-lock.yml does not exist\n"),
        ("HEAD:nosuch", "error: git has no file 'HEAD:nosuch'\n"),
    ],
)
def test_bad_arguments(alone: Host, repository: Path, argument: str, message: str) -> None:
    """What is neither a revision nor a file: exit code 2."""
    assert message in alone.multiplat("diff", argument, cwd=repository, code=2).stderr


def test_without_git(alone: Host, project: Path, tools: Path) -> None:
    """No repository, no commit, no git: each is said; files can be compared without."""
    write(project, tools, "solo", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    stderr = alone.multiplat("diff", cwd=project, code=2).stderr
    assert "not a git repository" in stderr
    _git(project, "init", "-q")
    assert "git knows no revision 'HEAD'" in alone.multiplat("diff", cwd=project, code=2).stderr
    stderr = alone.multiplat("diff", cwd=project, code=3, env={"PATH": "/nonexistent"}).stderr
    assert stderr.startswith("error: git can't be run: ")
    same = ("conda-lock.yml", "conda-lock.yml")
    done = alone.multiplat("diff", *same, cwd=project, env={"PATH": "/nonexistent"})
    assert done.stdout == "the locks do not differ\n"
