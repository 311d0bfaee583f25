"""A package that is asked for from both conda and PyPI: advice that leads somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hosts import Host
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import serve

MANIFEST = """\
name: demo
channels:
  - {channel}
platforms: [linux-64, osx-arm64]
dependencies:
  - python 3.12.*
{lines}"""
RUN_FIRST = re.compile(r"run this first: conda multiplat (.*)")
WRITE = re.compile(r"add `(.*)` to dependencies")


@pytest.fixture
def sides(project: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Conda has array 1.26, 2.0 and 2.2, PyPI 1.26, 2.1 and 2.3; the variables for the index."""
    packages = [
        *(Package("python", "3.12.4", "0_cpython", each) for each in ("linux-64", "osx-arm64")),
        *(
            Package("array", each, noarch="python", depends=["python"])
            for each in ("1.26", "2.0", "2.2")
        ),
    ]
    channel = write_repodata(tmp_path / "sides", packages)
    (project / "channel.txt").write_text(channel.as_uri(), "utf-8")
    index = Index(tmp_path / "index")
    for version in ("1.26", "2.1", "2.3"):
        index.wheel("array", version)
    index.wheel("old", "1.0", requires=["array<2"])
    index.wheel("new", "1.0", requires=["array>=2.3"])
    with serve(index.root) as server:
        yield {"CONDA_MULTIPLAT_PYPI_INDEX": f"{server.url}/simple"}


def _write(project: Path, *, conda: str = "", pip: str = "", dev: str = "") -> None:
    lines = f"  - {conda}\n" if conda else ""
    lines += f"  - pip: ['{pip}']\n" if pip else ""
    lines += f"multiplat: {{environments: {{dev: {{dependencies: [{dev}]}}}}}}\n" if dev else ""
    channel = (project / "channel.txt").read_text("utf-8")
    text = MANIFEST.format(channel=channel, lines=lines)
    (project / "environment.yml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("there", "adding", "removing"),
    [
        ({"pip": "array>=2.3"}, ["array"], "remove --pypi array"),
        ({"pip": "array>=2.3"}, ["array <2"], "remove --pypi array"),
        ({"pip": "array>=2.3"}, ["-e", "dev", "array"], "remove --pypi array"),
        ({"conda": "array"}, ["--pypi", "array>=2.3"], "remove array"),
        ({"conda": "array <2"}, ["--pypi", "array>=2.3"], "remove array"),
        ({"dev": "array"}, ["-e", "dev", "--pypi", "array>=2.3"], "remove -e dev array"),
    ],
)
def test_only_one_side_can_have_it(
    alone: Host,
    project: Path,
    sides: dict[str, str],
    there: dict[str, str],
    adding: list[str],
    removing: str,
) -> None:
    """Conda has no version that fits: the other line goes first, and then it can be added."""
    _write(project, **{"dev": "array" if "dev" in there else "python", **there})
    before = (project / "environment.yml").read_text("utf-8")
    done = alone.multiplat("add", *adding, cwd=project, env=sides, code=1)
    assert "conda has no array 2.3 that fits: keep only one line, environment.yml:" in done.stderr
    assert not WRITE.search(done.stderr)
    assert RUN_FIRST.findall(done.stderr) == [removing]
    assert (project / "environment.yml").read_text("utf-8") == before
    alone.multiplat(*shlex.split(removing), cwd=project, env=sides)
    alone.multiplat("add", *adding, cwd=project, env=sides)


def test_version_that_conda_has(alone: Host, project: Path, sides: dict[str, str]) -> None:
    """Another version of conda's is advised, and can be added as it is written there."""
    _write(project, pip="array<2")
    done = alone.multiplat("add", "array", cwd=project, env=sides, code=1)
    assert WRITE.findall(done.stderr) == ["array 1.26.*"]
    alone.multiplat("add", "array 1.26.*", cwd=project, env=sides)


@pytest.mark.parametrize(("pip", "version"), [("old", "1.26"), ("new", "")])
def test_needed_by_another(
    alone: Host, project: Path, sides: dict[str, str], pip: str, version: str
) -> None:
    """What a PyPI package needs is advised only if conda has it."""
    _write(project, conda="array", pip=pip)
    done = alone.multiplat("lock", cwd=project, env=sides, code=1)
    if version:
        _write(project, conda=WRITE.findall(done.stderr)[0], pip=pip)
        alone.multiplat("lock", cwd=project, env=sides)
    else:
        assert "  conda has no array 2.3 that fits, which PyPI's packages need\n" in done.stderr
