"""``update`` as a user runs it: what the manifest allows, locked, and installed where it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, build_channel, write_repodata
from support.pypi_index import Index
from support.server import serve
from support.sizes import without_sizes

OLD = [Package("a", depends=["b"]), Package("b"), Package("c")]
NEW = [*OLD, Package("a", "2.0", depends=["b"]), Package("b", "2.0"), Package("c", "9.0")]
TWO = "[linux-64, osx-arm64]"


@pytest.fixture
def own(project: Path, alone: Host, tmp_path: Path) -> Path:
    """A project that was locked before newer versions came; the channel."""
    own = write_repodata(tmp_path / "own", OLD)
    extra = "multiplat: {environments: {dev: {platforms: [linux-64], dependencies: [c]}}}\n"
    write(project, own, "a", "c <9", platforms=TWO, extra=extra)
    alone.multiplat("lock", cwd=project)
    return write_repodata(own, NEW)


@pytest.mark.slow
def test_everything(door: Host, project: Path, own: Path) -> None:
    """All that the manifest allows moves, in every environment; the manifest stays."""
    manifest = (project / "environment.yml").read_bytes()
    done = door.multiplat("update", cwd=project)
    newest = {"a": "2.0", "b": "2.0", "c": "1.0"}
    assert locked(project) == {"linux-64": newest, "osx-arm64": newest}
    assert locked(project, "dev.conda-lock.yml") == {"linux-64": newest}
    assert done.stderr.endswith(
        " wrote conda-lock.yml, dev.conda-lock.yml "
        "(3 different packages, 2 new, download size 26 B)\n"
    )
    assert (project / "environment.yml").read_bytes() == manifest
    done = door.multiplat("update", "--all", cwd=project)
    assert done.stderr.endswith(" nothing newer that the manifest allows: nothing to write\n")


def test_some_packages_of_some_targets(alone: Host, project: Path, own: Path) -> None:
    """What is named moves where it is named; the rest stays."""
    alone.multiplat("update", "-e", "default", "--platform", "osx-arm64", "B", cwd=project)
    old = {"a": "1.0", "b": "1.0", "c": "1.0"}
    assert locked(project) == {"linux-64": old, "osx-arm64": {**old, "b": "2.0"}}
    assert locked(project, "dev.conda-lock.yml") == {"linux-64": old}


def test_dry_run(alone: Host, project: Path, own: Path) -> None:
    """It is shown what would move, and nothing does."""
    before = {path: path.read_bytes() for path in project.glob("*.yml")}
    document = alone.json("update", "b", "-d", cwd=project)
    assert (document["dry_run"], document["files"]) == (
        True,
        ["conda-lock.yml", "dev.conda-lock.yml"],
    )
    (change,) = document["environments"]["default"]["linux-64"]["changes"]
    versions = (change["old"]["version"], change["new"]["version"])
    assert (change["name"], *versions) == ("b", "1.0", "2.0")
    assert {path: path.read_bytes() for path in project.glob("*.yml")} == before


def test_what_is_not_locked(alone: Host, project: Path, own: Path) -> None:
    """It is an error, with the nearest name; without a lock everything is solved."""
    done = alone.multiplat("update", "aa", cwd=project, code=2)
    assert done.stderr.startswith("error: can't update what is not locked: aa\n")
    done = alone.multiplat("update", "--all", "a", cwd=project, code=2)
    assert (
        done.stderr
        == "error: --all can't be combined with packages: a\n  leave out one of the two\n"
    )
    (project / "conda-lock.yml").unlink()
    alone.multiplat("update", "-e", "default", cwd=project)
    assert locked(project)["linux-64"]["a"] == "2.0"


def test_installed_environment_follows(alone: Host, project: Path, tmp_path: Path) -> None:
    """Where it was installed it has the new packages, unless --no-install says otherwise."""
    files = {"share/tool": b"x"}
    tools = [Package("tool", version, subdir=SUBDIR, files=files) for version in ("1.0", "2.0")]
    own = build_channel(tmp_path / "real", tools[:1])
    write(project, own, "tool", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("install", cwd=project)
    build_channel(own, tools)
    prefix = alone.envs / "demo"
    alone.multiplat("update", "--no-install", cwd=project)
    assert locked(project)[SUBDIR] == {"tool": "2.0"}
    assert list((prefix / "conda-meta").glob("tool-1.0-*"))
    done = alone.multiplat("update", cwd=project)
    assert without_sizes(done.stderr).endswith(f" {prefix} has the 1 package of default\n")
    assert list((prefix / "conda-meta").glob("tool-2.0-*"))
    done = alone.multiplat("update", cwd=project)
    assert without_sizes(done.stderr).endswith(f" {prefix} already has the 1 package of default\n")


@pytest.mark.slow
def test_pypi(alone: Host, project: Path, tmp_path: Path) -> None:
    """PyPI's packages move too, whichever way their names are written."""
    python = Package("python", "3.12.5", "0_cpython", "linux-64")
    channel = write_repodata(tmp_path / "channel", [python])
    index = Index(tmp_path / "index")
    for name in ("robo-suite", "other"):
        index.wheel(name, "1.0")
    with serve(index.root) as server:
        pip = f"pip: [--index-url {server.url}/simple, robo-suite, other<3]"
        write(project, channel, "python 3.12.*", pip, platforms="[linux-64]")
        alone.multiplat("lock", cwd=project)
        for name in ("robo-suite", "other"):
            index.wheel(name, "2.0")
            index.wheel(name, "3.0")
        alone.multiplat("update", "Robo_Suite", cwd=project)
        assert locked(project)["linux-64"]["robo-suite"] == "3.0"
        assert locked(project)["linux-64"]["other"] == "1.0"
        alone.multiplat("update", cwd=project)
    assert locked(project)["linux-64"]["other"] == "2.0"


def test_named_conda_environment(alone: Host, project: Path, tmp_path: Path) -> None:
    """-n tells the manifest and which environment of it, from wherever the user is."""
    files = {"share/tool": b"x"}
    tools = [Package("tool", version, subdir=SUBDIR, files=files) for version in ("1.0", "2.0")]
    own = build_channel(tmp_path / "real", tools[:1])
    extra = "multiplat: {environments: {dev: {extends: [], dependencies: [tool]}}}\n"
    write(project, own, "tool", platforms=f"[{SUBDIR}]", extra=extra)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("install", "-e", "dev", "-n", "mine", cwd=project)
    build_channel(own, tools)
    done = alone.multiplat("update", "tool", "-n", "mine", cwd=tmp_path)
    assert without_sizes(done.stderr).endswith(f" {alone.envs / 'mine'} has the 1 package of dev\n")
    assert locked(project, "dev.conda-lock.yml")[SUBDIR] == {"tool": "2.0"}
    assert locked(project)[SUBDIR] == {"tool": "1.0"}
    done = alone.multiplat("update", "-n", "nosuch", cwd=project, code=1)
    assert done.stderr == (
        f"error: there is no conda environment in {alone.envs / 'nosuch'}\n"
        "  run `conda multiplat install -n nosuch` first\n"
        "  leave out -n to change the manifest here\n"
    )
