"""What a plain command reads: the files that the lock beside it was made from."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata
from support.sizes import without_sizes

LINUX = "[linux-64]"
NOTE = "the lock was made from gpu.yml, not from environment.yml (to use another: -f)\n"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Two packages."""
    packages = [Package(name, "1.0", noarch="generic") for name in ("tool", "solo")]
    return write_repodata(tmp_path / "tools", packages)


def test_lock_of_another_file(alone: Host, project: Path, tools: Path) -> None:
    """A lock of `gpu.yml` stays one, whatever lies beside it."""
    write(project, tools, "solo", platforms=LINUX)
    write(project, tools, "tool", platforms=LINUX, file="gpu.yml")
    alone.multiplat("lock", "-f", "gpu.yml", cwd=project)
    before = (project / "conda-lock.yml").read_bytes()
    done = alone.multiplat("check", "--strict", cwd=project)
    assert (done.stdout, done.stderr) == ("in sync: conda-lock.yml\n", NOTE)
    done = alone.multiplat("lock", cwd=project)
    assert done.stderr.startswith(NOTE)
    assert (project / "conda-lock.yml").read_bytes() == before
    write(project, tools, "tool", "solo", platforms=LINUX, file="gpu.yml")
    assert "run: conda multiplat lock\n" in alone.multiplat("check", cwd=project, code=1).stdout
    alone.multiplat("add", "--no-pin", "solo", cwd=project)
    assert "solo" in (project / "gpu.yml").read_text(encoding="utf-8")
    (project / "environment.yml").unlink()
    assert alone.multiplat("check", "--strict", cwd=project).stderr == ""
    alone.multiplat("lock", cwd=project)
    assert locked(project) == {"linux-64": {"tool": "1.0", "solo": "1.0"}}


@pytest.mark.parametrize(
    "sources",
    [
        ["gone.yml"],
        ["pyproject.toml"],
        ["meta.yaml"],
        ["../gpu.yml"],
        ["environment.yml", "a.toml"],
    ],
)
def test_sources_that_are_not_ours(
    alone: Host, project: Path, tools: Path, sources: list[str]
) -> None:
    """What is gone, elsewhere or of a kind that only conda-lock reads: the manifest is read."""
    write(project, tools, "solo", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    lock = project / "conda-lock.yml"
    data = yaml.safe_load(lock.read_text(encoding="utf-8"))
    data["metadata"].pop("custom_metadata")
    data["metadata"]["sources"] = sources
    lock.write_text(yaml.safe_dump(data), encoding="utf-8")
    for name in ("pyproject.toml", "meta.yaml", "../gpu.yml", "a.toml"):
        (project / name).write_text("package: {}\n", encoding="utf-8")
    assert "another tool locked it" in alone.multiplat("check", cwd=project).stdout
    alone.multiplat("lock", cwd=project)
    assert "in sync" in alone.multiplat("check", "--strict", cwd=project).stdout


def test_locks_of_another_manifest(alone: Host, project: Path, tools: Path) -> None:
    """A lock of an environment that only another manifest has is that one's, while it is there."""
    extra = "multiplat: {environments: {dev: {dependencies: [tool]}}}\n"
    other = write(project, tools, "solo", platforms=LINUX, extra=extra)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "explicit", "-e", "dev", cwd=project)
    write(project, tools, "tool", platforms=LINUX, file="gpu.yml")
    alone.multiplat("lock", "-f", "gpu.yml", cwd=project)
    done = alone.multiplat("check", "--strict", cwd=project)
    assert (done.stdout, done.stderr) == ("in sync: conda-lock.yml\n", NOTE)
    other.unlink()
    stdout = alone.multiplat("check", cwd=project, code=1).stdout
    assert "delete it: dev.conda-lock.yml\n" in stdout
    assert "delete it: dev.conda-linux-64.lock\n" in stdout


def test_gone_source(alone: Host, project: Path, tools: Path) -> None:
    """Where a file is gone that the lock was made from, `lock` says so, and what it takes."""
    write(project, tools, "solo", platforms=LINUX)
    write(project, tools, "tool", platforms=LINUX, file="gpu.yml")
    (project / "more.yml").write_text("dependencies: [solo]\n", encoding="utf-8")
    alone.multiplat("lock", "-f", "gpu.yml", "more.yml", cwd=project)
    (project / "more.yml").unlink()
    assert alone.multiplat("lock", cwd=project).stderr.startswith(
        "the lock was made from more.yml, which is gone: environment.yml is used "
        "(to use another: -f)\n"
    )
    assert locked(project)["linux-64"] == {"solo": "1.0"}
    assert "gone" not in alone.multiplat("lock", cwd=project).stderr


@pytest.mark.parametrize("name", ["base", "root"])
def test_condas_own_name(alone: Host, project: Path, tools: Path, name: str) -> None:
    """`name: base` locks; where to install has to be said."""
    write(project, tools, "solo", platforms=LINUX, name=name)
    alone.multiplat("lock", cwd=project)
    assert "in sync" in alone.multiplat("check", "--strict", cwd=project).stdout
    alone.multiplat("add", "--no-pin", "tool", cwd=project)
    env = {"CONDA_SUBDIR": "linux-64"}
    assert alone.multiplat("install", cwd=project, env=env, code=2).stderr == (
        f"error: `name: {name}` is conda's base environment\n"
        "  say where to install with -n NAME or -p PREFIX\n"
    )
    done = alone.multiplat("install", "--dry-run", "-p", project / "env", cwd=project, env=env)
    assert f" would change 2 packages in {project / 'env'}\n" in without_sizes(done.stderr)
