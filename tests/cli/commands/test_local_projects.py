"""``-e .`` and ``./pkg``: what a project says of itself is a part of what is locked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.hosts import Host
from support.manifests import write
from support.pypi_index import Index, write_project
from support.server import Rules, serve

_HEAD = '[project]\nname = "here"\nversion = "0.3"\n'
_BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
_SETUPTOOLS = "[tool.setuptools.dynamic]\n"


@pytest.fixture
def pypi(tmp_path: Path) -> Iterator[Rules]:
    """An index with two pure packages."""
    index = Index(tmp_path / "index")
    for version in ("1.0", "1.1"):
        index.wheel("purely", version)
    index.wheel("robot", "1.5")
    with serve(index.root) as server:
        yield server


def _locked(project: Path) -> set[str]:
    data = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    return {package["name"] for package in data["package"] if package["manager"] == "pip"}


def _lock(host: Host, project: Path, channel: Path, pypi: Rules, line: str, text: str) -> None:
    write_project(project / "here", "here", "0.3")
    (project / "here" / "pyproject.toml").write_text(f"{text}{_BUILD}", encoding="utf-8")
    entries = f"pip:\n      - --index-url {pypi.url}/simple\n      - {line}"
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64, osx-arm64]")
    host.multiplat("lock", cwd=project)
    host.multiplat("check", "--strict", cwd=project)


def _rewrite(project: Path, text: str) -> None:
    (project / "here" / "pyproject.toml").write_text(f"{text}{_BUILD}", encoding="utf-8")


@pytest.mark.parametrize(
    "line", ["-e ./here", "./here", "here @ file:./here", "here/", "-e here", "file:./here"]
)
def test_new_dependency(alone: Host, project: Path, channel: Path, pypi: Rules, line: str) -> None:
    """``check`` fails at the line, ``lock`` locks it, and then all is well."""
    _lock(alone, project, channel, pypi, line, f'{_HEAD}dependencies = ["robot"]\n')
    assert _locked(project) == {"here", "robot"}
    _rewrite(project, f'{_HEAD}dependencies = ["robot", "purely >=1"]\n')
    done = alone.multiplat("check", cwd=project, code=1)
    assert "it needs purely>=1: not locked" in done.stdout
    assert "environment.yml:9:" in done.stdout
    alone.multiplat("lock", cwd=project)
    assert _locked(project) == {"here", "purely", "robot"}
    alone.multiplat("check", "--strict", cwd=project)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('dependencies = ["purely"]', 'dependencies = ["purely <1.1"]', "it needs purely<1.1: "),
        ('requires-python = ">=3.10"', 'requires-python = ">=3.13"', "it needs Python >=3.13: "),
        ("dependencies = []", "dependencies = [\"robot; sys_platform == 'linux'\"]", "robot"),
        (
            "optional-dependencies = {dev = []}",
            'optional-dependencies = {dev = ["robot"]}',
            "it needs robot: not locked",
        ),
    ],
)
def test_other_needs(
    alone: Host, project: Path, channel: Path, pypi: Rules, before: str, after: str, reason: str
) -> None:
    """A bound, a Python, a marker, an extra that is asked for."""
    _lock(alone, project, channel, pypi, "-e ./here[dev]", f"{_HEAD}{before}\n")
    _rewrite(project, f"{_HEAD}{after}\n")
    assert reason in alone.multiplat("check", cwd=project, code=1).stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('dependencies = ["robot", "purely"]', 'dependencies = [\n  "purely",  # x\n  "robot",\n]'),
        ('dependencies = ["purely>=1,<2"]', 'dependencies = ["purely >= 1, <2"]'),
        ('dependencies = ["purely"]', 'dependencies = ["purely"]\ndescription = "new"'),
        ('dependencies = ["purely"]', 'dependencies = ["purely"]\n[tool.ruff]\nline-length = 9'),
        ('dependencies = ["purely"]', 'dependencies = ["purely"]\n[project.urls]\nx = "https://x"'),
        ('requires-python = ">=3.10"', 'requires-python = ">= 3.10"'),
    ],
)
def test_what_does_not_count(
    alone: Host, project: Path, channel: Path, pypi: Rules, before: str, after: str
) -> None:
    """Order, spaces, comments, a version and what else is said change nothing."""
    _lock(alone, project, channel, pypi, "-e ./here", f"{_HEAD}{before}\n")
    _rewrite(project, f"{_HEAD.replace('0.3', '0.4')}{after}\n")
    alone.multiplat("check", "--strict", cwd=project)


def test_file_of_setuptools(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """Dynamic dependencies that setuptools reads from a file are those of the file."""
    text = f'{_HEAD}dynamic = ["dependencies"]\n{_SETUPTOOLS}dependencies = {{file = ["r.txt"]}}\n'
    (project / "here").mkdir()
    (project / "here" / "r.txt").write_text("# nothing yet\n", encoding="utf-8")
    _lock(alone, project, channel, pypi, "-e ./here", text)
    (project / "here" / "r.txt").write_text("# still nothing\n\n", encoding="utf-8")
    alone.multiplat("check", "--strict", cwd=project)
    (project / "here" / "r.txt").write_text("purely  # now\n", encoding="utf-8")
    assert "it needs purely: not locked" in alone.multiplat("check", cwd=project, code=1).stdout


def test_dynamic_dependencies(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """What only a build can tell is named as such."""
    write_project(project / "here", "here", "0.3")
    _lock(alone, project, channel, pypi, "-e ./here", f'{_HEAD}dynamic = ["dependencies"]\n')
    done = alone.multiplat("lock", "--update-all", cwd=project)
    assert (
        "environment.yml:9:9: -e ./here: only building it tells its dependencies, "
        "so that a change of that is not noticed\n"
    ) in done.stderr


def test_no_local_project(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """A lock of a project without local ones is what it always was."""
    entries = f"pip:\n      - --index-url {pypi.url}/simple\n      - purely"
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "multiplat.recipe: '1'" in text
