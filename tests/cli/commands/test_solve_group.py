"""Environments of one solve-group agree on the versions that they share."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import serve
from support.states import assert_nothing_to_lock

HEAD = "name: robot\nchannels: [{channel}]\nplatforms: [{platforms}]\n"


def _write(project: Path, channel: Path, text: str, platforms: str = "linux-64, osx-arm64") -> None:
    head = HEAD.format(channel=channel.as_uri(), platforms=platforms)
    (project / "environment.yml").write_text(head + text, encoding="utf-8")


def _versions(project: Path, subdir: str = "linux-64") -> dict[str, dict[str, str]]:
    """Environment -> package -> version."""
    names = {"default": "conda-lock.yml"}
    names |= {path.name.split(".")[0]: path.name for path in project.glob("*.*-lock.yml")}
    return {
        environment: locked(project, name)[subdir]
        for environment, name in names.items()
        if (project / name).exists()
    }


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """Packages in CPU and CUDA builds, of which the newest is for CPU only."""
    packages = [
        *(Package("numpy", version, noarch="generic") for version in ("1.26", "2.0", "2.3")),
        *(Package("base", version, noarch="generic") for version in ("1", "2", "3")),
        Package("old", "1", noarch="generic", depends=["numpy <2.1"]),
        Package("left", "1", noarch="generic", depends=["base <3"]),
        Package("right", "1", noarch="generic", depends=["other <3", "base"]),
        *(Package("other", version, noarch="generic") for version in ("1", "2", "3")),
        Package("wide", "1", noarch="generic", depends=["other", "base"]),
        *(Package("torch", version, "cpu_0", subdir="linux-64") for version in ("2.10", "2.12")),
        Package("torch", "2.10", "cuda_0", subdir="linux-64", depends=["__cuda"]),
        Package("torch", "2.12", "cpu_0", subdir="osx-arm64"),
    ]
    return write_repodata(tmp_path / "twins", packages)


DEV = """\
dependencies: [numpy]
multiplat:
  solve-group: main
  environments:
    dev: {{dependencies: [{dev}], solve-group: {group}}}
"""


def test_without_a_group(alone: Host, project: Path, twins: Path) -> None:
    """Environments that are in no group, or in different ones, go their own ways."""
    _write(project, twins, DEV.format(dev="old", group="null"))
    stderr = alone.multiplat("lock", cwd=project).stderr
    assert "warning: solve-group 'main' has only one environment, 'default': " in stderr
    versions = _versions(project)
    assert (versions["default"]["numpy"], versions["dev"]["numpy"]) == ("2.3", "2.0")


def test_versions_agree(alone: Host, project: Path, twins: Path) -> None:
    """One environment's bound holds for all, on every platform, and each has only its own."""
    _write(project, twins, DEV.format(dev="old", group="main"))
    alone.multiplat("lock", cwd=project)
    for subdir in ("linux-64", "osx-arm64"):
        versions = _versions(project, subdir)
        assert versions == {"default": {"numpy": "2.0"}, "dev": {"numpy": "2.0", "old": "1"}}
    assert_nothing_to_lock(alone, project)


def test_builds_may_differ(alone: Host, project: Path, twins: Path) -> None:
    """A CUDA environment and a CPU one share the newest version that both can have."""
    text = """\
dependencies: [torch]
multiplat:
  solve-group: main
  environments:
    gpu:
      platforms: [linux-64]
      solve-group: main
      virtual-packages: {linux-64: {cuda: "12.4"}}
      dependencies: [torch * cuda*]
"""
    _write(project, twins, text)
    alone.multiplat("lock", cwd=project)
    assert _versions(project) == {"default": {"torch": "2.10"}, "gpu": {"torch": "2.10"}}
    assert locked(project)["osx-arm64"] == {"torch": "2.12"}, "the group has no gpu here"
    assert "/torch-2.10-cpu_0." in (project / "conda-lock.yml").read_text("utf-8")
    assert "/torch-2.10-cuda_0." in (project / "gpu.conda-lock.yml").read_text("utf-8")


def test_bounds_of_each_side(alone: Host, project: Path, twins: Path) -> None:
    """Where no order of solving leads to an end, each is bound by what the others ask for."""
    text = """\
dependencies: [wide, base <3]
multiplat:
  solve-group: main
  environments:
    gpu:
      extends: []
      platforms: [linux-64]
      solve-group: main
      virtual-packages: {linux-64: {cuda: "12.4"}}
      dependencies: [wide, other <3]
"""
    _write(project, twins, text)
    alone.multiplat("lock", cwd=project)
    shared = {"wide": "1", "base": "2", "other": "2"}
    assert _versions(project) == {"default": shared, "gpu": shared}


def test_no_agreement(alone: Host, project: Path, twins: Path) -> None:
    """Who can't agree, on what, and by which lines; nothing is written."""
    _write(
        project, twins, DEV.format(dev="'numpy <2'", group="main").replace("[numpy]", "[numpy >=2]")
    )
    text = (project / "environment.yml").read_text("utf-8").replace("dev: {", "dev: {extends: [], ")
    (project / "environment.yml").write_text(text, encoding="utf-8")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert done.stderr.startswith(
        "error: no solution for default on all platforms\n"
        "  solve-group 'main': default, dev can't agree on versions\n"
        "  environment.yml:8:39  numpy <2\n"
        "  environment.yml:4:16  numpy >=2\n"
    )
    assert not list(project.glob("*-lock.yml"))
    conflicts = alone.json("lock", cwd=project, code=1)["conflicts"]
    assert [conflict["agreement"] for conflict in conflicts] == [["default", "dev"]] * 2


def test_one_member_asked_for(alone: Host, project: Path, twins: Path) -> None:
    """To lock one environment is to lock its group; another platform stays as it is."""
    _write(project, twins, DEV.format(dev="numpy", group="main"))
    alone.multiplat("lock", cwd=project)
    _write(project, twins, DEV.format(dev="old", group="main"))
    alone.multiplat("lock", "-e", "dev", "--platform", "linux-64", cwd=project)
    assert _versions(project)["default"] == {"numpy": "2.0"}
    assert _versions(project, "osx-arm64")["default"] == {"numpy": "2.3"}
    (project / "dev.conda-lock.yml").unlink()
    alone.multiplat("lock", cwd=project)
    assert _versions(project)["dev"] == {"numpy": "2.0", "old": "1"}


def test_a_member_that_has_no_solution(alone: Host, project: Path, twins: Path) -> None:
    """Its own conflict is what is shown, and no word of agreement."""
    _write(project, twins, DEV.format(dev="numpy >=9", group="main"))
    stderr = alone.multiplat("lock", cwd=project, code=1).stderr
    assert stderr.startswith("error: no solution for dev on all platforms\n")
    assert "agree" not in stderr


@pytest.mark.slow
def test_pypi_agrees(alone: Host, project: Path, tmp_path: Path) -> None:
    """PyPI's versions agree too, also with what conda provides elsewhere in the group."""
    python = Package("python", "3.12.5", "0_cpython", "linux-64")
    libs = [
        Package("lib", number, noarch="python", depends=["python"]) for number in ("1.0", "2.0")
    ]
    channel = write_repodata(tmp_path / "channel", [python, *libs])
    index = Index(tmp_path / "index")
    for version in ("1.0", "2.0", "3.0"):
        index.wheel("lib", version)
        index.wheel("tool", version)
    index.wheel("needy", "1.0", requires=["tool<3"])
    text = """\
dependencies: [python 3.12.*, lib <2]
multiplat:
  solve-group: main
  environments:
    a:
      extends: []
      solve-group: main
      dependencies: [python 3.12.*, pip: [--index-url {url}, lib, tool]]
    b:
      extends: []
      solve-group: main
      dependencies: [python 3.12.*, pip: [--index-url {url}, {needy}]]
"""
    with serve(index.root) as server:
        url = f"{server.url}/simple"
        _write(project, channel, text.format(url=url, needy="needy"), "linux-64")
        alone.multiplat("lock", cwd=project)
        versions = _versions(project)
        assert versions["default"]["lib"] == "1.0"
        assert (versions["a"]["lib"], versions["a"]["tool"]) == ("1.0", "2.0")
        assert (versions["b"]["needy"], versions["b"]["tool"]) == ("1.0", "2.0")
        _write(project, channel, text.format(url=url, needy="'lib>=2'"), "linux-64")
        stderr = alone.multiplat("lock", cwd=project, code=1).stderr
    assert "no solution for the PyPI packages of " in stderr
    assert "  solve-group 'main': " in stderr
    assert " can't agree on versions\n" in stderr
