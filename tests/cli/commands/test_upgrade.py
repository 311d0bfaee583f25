"""``upgrade`` as a user runs it: bounds of the manifest, its locks and what is installed move."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, build_channel, write_repodata
from support.pypi_index import Index
from support.server import serve
from support.sizes import without_sizes

LINUX = "[linux-64]"
TWO = "[linux-64, osx-arm64]"


def _generic(name: str, *versions: str) -> list[Package]:
    return [Package(name, version, noarch="generic") for version in versions]


def _dependencies(project: Path) -> str:
    text = (project / "environment.yml").read_text(encoding="utf-8")
    return text.partition("\ndependencies:\n")[2]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Four packages in an old and a new version."""
    packages = [package for name in "abcd" for package in _generic(name, "1.0.1", "1.2.0", "2.3.4")]
    return write_repodata(tmp_path / "own", packages)


@pytest.mark.slow
def test_all_bounds(door: Host, project: Path, own: Path) -> None:
    """Each in its own words; comments, selectors and what has no bound stay."""
    lines = ("a 1.0.*  # why", '"b>=1,<2"', "c ==1.0.1  # [linux]", "c <2  # [osx]", "d")
    write(project, own, *lines, platforms=TWO)
    door.multiplat("lock", cwd=project)
    done = door.multiplat("upgrade", cwd=project)
    assert _dependencies(project) == (
        '  - a 2.3.*  # why\n  - "b>=2.3.4,<3"\n'
        "  - c ==2.3.4  # [linux]\n  - c <3  # [osx]\n  - d\n"
    )
    assert done.stderr.endswith(
        " ~ a 2.3.*, was a 1.0.*\n ~ b>=2.3.4,<3, was b>=1,<2\n"
        " ~ c ==2.3.4, was c ==1.0.1\n ~ c <3, was c <2\n"
        " wrote environment.yml, conda-lock.yml "
        "(4 different packages, 3 new, download size 45 B)\n"
    )
    newest = dict.fromkeys("abcd", "2.3.4")
    assert locked(project) == {"linux-64": newest, "osx-arm64": newest}
    door.multiplat("check", cwd=project)
    done = door.multiplat("upgrade", cwd=project)
    assert done.stderr.endswith(" nothing to write\n")


def test_some(alone: Host, project: Path, own: Path) -> None:
    """What is named moves, or all but what is excluded; the rest stays as locked."""
    write(project, own, "a <2", "b <2", "c", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    before = locked(project)["linux-64"]
    alone.multiplat("upgrade", "A", cwd=project)
    assert _dependencies(project) == "  - a <3\n  - b <2\n  - c\n"
    assert locked(project)["linux-64"] == {**before, "a": "2.3.4"}
    document = alone.json("upgrade", "--exclude", "b", "--exclude", "a", cwd=project)
    assert document["upgraded"] == []
    alone.multiplat("upgrade", "--exclude", "a", cwd=project)
    assert _dependencies(project) == "  - a <3\n  - b <3\n  - c\n"


def test_environments(alone: Host, project: Path, own: Path) -> None:
    """-e is about an environment's own lines; its lock is solved with all that it inherits."""
    extra = "multiplat: {environments: {dev: {dependencies: [b <2, a]}}}\n"
    write(project, own, "a <2", platforms=LINUX, extra=extra)
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("upgrade", "-e", "dev", "--dry-run", cwd=project)
    assert done.stderr.endswith(
        " ~ b <3, was b <2  (dev)\n"
        " would write environment.yml, dev.conda-lock.yml (1 new, download size 15 B)\n"
    )
    document = alone.json("upgrade", "-e", "dev", cwd=project)
    assert document["upgraded"] == [
        {
            "spec": "b <3",
            "was": "b <2",
            "pypi": False,
            "environment": "dev",
            "platforms": ["linux-64"],
        }
    ]
    assert "dependencies: [b <3, a]" in (project / "environment.yml").read_text(encoding="utf-8")
    assert locked(project, "dev.conda-lock.yml")["linux-64"] == {"a": "1.2.0", "b": "2.3.4"}
    alone.multiplat("check", cwd=project)


def test_other_packages_hold_it_back(alone: Host, project: Path, tmp_path: Path) -> None:
    """A bound moves as far as the rest lets it, and never down."""
    packages = [
        *_generic("part", "1.0", "1.5", "2.0"),
        Package("tool", noarch="generic", depends=["part <2"]),
    ]
    write(project, write_repodata(tmp_path / "c", packages), "part 1.0.*", "tool", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("upgrade", cwd=project)
    assert _dependencies(project) == "  - part 1.5.*\n  - tool\n"


def test_platforms_differ(alone: Host, project: Path, tmp_path: Path) -> None:
    """One line holds on all of its platforms: with the lowest version, or as it was."""
    subdirs = ("linux-64", "osx-arm64")
    both = [
        Package("a", version, subdir=subdir) for version in ("1.0", "2.0") for subdir in subdirs
    ]
    ahead = Package("a", "3.0", subdir="linux-64")
    apart = [
        *(Package("b", "1.0", subdir=subdir) for subdir in subdirs),
        Package("b", "2.0", subdir="osx-arm64"),
        Package("b", "3.0", subdir="linux-64"),
    ]
    channel = write_repodata(tmp_path / "c", [*both, ahead, *apart])
    write(project, channel, "a ==1.0", "b >=1", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("upgrade", cwd=project)
    assert _dependencies(project) == "  - a ==2.0\n  - b >=2.0\n"
    assert {name: versions["a"] for name, versions in locked(project).items()} == {
        "linux-64": "2.0",
        "osx-arm64": "2.0",
    }
    write(project, channel, "a <2", "b ==1.0", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("upgrade", cwd=project)
    assert " = b ==1.0 stays: not all of its platforms have b ==2.0\n" in done.stderr
    assert _dependencies(project) == "  - a <4\n  - b ==1.0\n"
    alone.multiplat("check", cwd=project)


@pytest.mark.slow
def test_pypi(alone: Host, project: Path, tmp_path: Path) -> None:
    """The lines of pip: move too, with their extras and markers."""
    channel = write_repodata(
        tmp_path / "channel", [Package("python", "3.12.5", "0_cpython", "linux-64")]
    )
    index = Index(tmp_path / "index")
    for version in ("1.0", "2.0"):
        index.wheel("robo-suite", version)
        index.wheel("other", version)
    with serve(index.root) as server:
        entry = "Robo_Suite[all] ~=1.0; python_version > '3'"
        pip = f"pip:\n      - --index-url {server.url}/simple\n      - {entry}\n      - other==1.0"
        write(project, channel, "python 3.12.*", pip, platforms=LINUX)
        alone.multiplat("lock", cwd=project)
        done = alone.multiplat("upgrade", "robo-suite", cwd=project)
        assert f" ~ pip: {entry.replace('1.0', '2.0')}, was {entry}\n" in done.stderr
        assert locked(project)["linux-64"]["other"] == "1.0"
        alone.multiplat("upgrade", cwd=project)
        assert _dependencies(project).endswith(
            f"      - {entry.replace('1.0', '2.0')}\n      - other==2.0\n"
        )
        assert locked(project)["linux-64"]["robo-suite"] == "2.0"
        alone.multiplat("check", cwd=project)


def test_installed_environment_follows(alone: Host, project: Path, tmp_path: Path) -> None:
    """Where it was installed it has what is newest; --dry-run and --no-install leave it."""
    files = {"share/tool": b"x"}
    tools = [Package("tool", version, subdir=SUBDIR, files=files) for version in ("1.0", "2.0")]
    write(project, build_channel(tmp_path / "c", tools), "tool <2", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("install", cwd=project)
    metadata = alone.envs / "demo" / "conda-meta"
    before = {path: path.read_bytes() for path in project.glob("*.yml")}
    alone.multiplat("upgrade", "--dry-run", cwd=project)
    assert {path: path.read_bytes() for path in project.glob("*.yml")} == before
    alone.multiplat("upgrade", "--no-install", cwd=project)
    assert list(metadata.glob("tool-1.0-*"))
    done = alone.multiplat("upgrade", cwd=project)
    assert without_sizes(done.stderr).endswith(
        f" {alone.envs / 'demo'} has the 1 package of default\n"
    )
    assert list(metadata.glob("tool-2.0-*"))


def test_names_that_no_line_has(alone: Host, project: Path, own: Path) -> None:
    """It is an error."""
    write(project, own, "alpha <2", platforms=LINUX)
    done = alone.multiplat("upgrade", "alpa", "--exclude", "zzz", cwd=project, code=2)
    assert done.stderr == (
        "error: no line of the manifest asks for alpa, zzz\n  did you mean 'alpha'?\n"
    )
    done = alone.multiplat("upgrade", "-e", "dve", cwd=project, code=2)
    assert done.stderr.startswith("error: the manifest has no environment 'dve'\n")


def test_names_that_are_only_locked(alone: Host, project: Path, tmp_path: Path) -> None:
    """What moves them is said, of those that some lock has."""
    packages = [Package("app", depends=["lib"]), *_generic("lib", "1.0")]
    write(project, write_repodata(tmp_path / "c", packages), "app", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("upgrade", "lib", "nothing-like-it", cwd=project, code=2)
    assert done.stderr == (
        "error: no line of the manifest asks for lib, nothing-like-it\n"
        "  to move packages that are only locked: conda multiplat update lib\n"
    )


def test_line_that_can_not_be_edited(alone: Host, project: Path, own: Path) -> None:
    """It is refused as by `add`, and nothing is changed."""
    path = write(project, own, "&it a <2", "*it", platforms=LINUX)
    before = path.read_bytes()
    done = alone.multiplat("upgrade", cwd=project, code=2)
    assert "this item has an anchor or a tag" in done.stderr
    assert path.read_bytes() == before
