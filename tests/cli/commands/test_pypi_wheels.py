"""Which of a version's files is locked, from indexes of every kind, and how it is installed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, write_repodata
from support.pypi_index import Index
from support.server import Rules, serve


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """An empty index."""
    return Index(tmp_path / "index")


@pytest.fixture
def pypi(index: Index) -> Iterator[Rules]:
    """The index, served."""
    with serve(index.root) as server:
        yield server


def _pip(*entries: str) -> str:
    return "pip:\n" + "\n".join(f"      - {line}" for line in entries)


def _of(server: Rules, *entries: str) -> str:
    return _pip(f"--index-url {server.url}/simple", *entries)


def _records(project: Path) -> dict[str, dict[str, Any]]:
    data = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    return {package["name"]: package for package in data["package"] if package["manager"] == "pip"}


def _files(project: Path) -> list[str]:
    return [package["url"].rsplit("/", 1)[-1] for package in _records(project).values()]


@pytest.mark.parametrize(
    ("builds", "taken"),
    [
        (["", "1-"], "1-"),
        (["1-", "2-", "10-"], "10-"),
        (["1a-", "1b-", "0-"], "1b-"),
    ],
)
def test_last_build_of_a_wheel(
    alone: Host,
    project: Path,
    channel: Path,
    index: Index,
    pypi: Rules,
    builds: list[str],
    taken: str,
) -> None:
    """Of several builds with one tag the last is taken, as by pip; a better tag goes first."""
    for build in builds:
        index.wheel("robot", "1.0", f"{build}py3-none-any")
        index.wheel("part", "1.0", f"{build}py3-none-any")
    index.wheel("part", "1.0", "cp312-none-any")
    entries = _of(pypi, "robot", "part")
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert _files(project) == ["part-1.0-cp312-none-any.whl", f"robot-1.0-{taken}py3-none-any.whl"]


_ABI = "python_abi"


@pytest.fixture
def two_pythons(tmp_path: Path) -> Path:
    """A channel with a python and a free-threaded one, as conda-forge has them."""
    pythons = [
        Package("python", "3.13.5", f"h1_102_{abi}", "linux-64", depends=[f"{_ABI} 3.13.* *_{abi}"])
        for abi in ("cp313", "cp313t")
    ]
    abis = [Package(_ABI, "3.13", f"8_{abi}", "linux-64") for abi in ("cp313", "cp313t")]
    return write_repodata(tmp_path / "pythons", [*pythons, *abis])


@pytest.mark.parametrize("abi", ["cp313", "cp313t"])
def test_free_threaded_python(
    alone: Host, project: Path, two_pythons: Path, index: Index, pypi: Rules, abi: str
) -> None:
    """It gets its own wheels; one that there is only for the other Python is built from source."""
    for each in ("cp313", "cp313t"):
        index.wheel("native", "1.0", f"cp313-{each}-manylinux_2_17_x86_64")
    index.wheel("purely")
    index.wheel("stable", "1.0", "cp38-abi3-manylinux_2_17_x86_64")
    index.sdist("stable", "1.0")
    entries = _of(pypi, "native", "purely", "stable")
    specs = ("python", f"{_ABI}=*=*_{abi}", entries)
    write(project, two_pythons, *specs, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    stable = "stable-1.0-cp38-abi3-manylinux_2_17_x86_64.whl"
    assert _files(project) == [
        f"native-1.0-cp313-{abi}-manylinux_2_17_x86_64.whl",
        "purely-1.0-py3-none-any.whl",
        stable if abi == "cp313" else "stable-1.0.tar.gz",
    ]


def test_wheel_url_for_the_other_python(
    alone: Host, project: Path, two_pythons: Path, index: Index, pypi: Rules
) -> None:
    """A wheel that a line names has to fit a free-threaded Python too."""
    wheel = index.wheel("native", "1.0", "cp313-cp313-manylinux_2_17_x86_64")
    entries = _pip(f"native @ {pypi.url}/files/{wheel.name}")
    specs = ("python", f"{_ABI}=*=*_cp313t", entries)
    write(project, two_pythons, *specs, platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    assert f"{wheel.name} can't be installed on default/linux-64, Python 3.13" in done.stderr


def _state(index: Index, name: str, hashes: str) -> None:
    """Let an index state other hashes of a project's files than their SHA-256."""
    page = index.root / "simple" / name / "index.html"
    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub("#sha256=[0-9a-f]+", f"#{hashes}", text), encoding="utf-8")


@pytest.mark.parametrize("algorithm", ["md5", "sha384", "sha512"])
@pytest.mark.parametrize("place", ["index", "links"])
def test_index_with_other_hashes(
    alone: Host,
    project: Path,
    channel: Path,
    index: Index,
    pypi: Rules,
    algorithm: str,
    place: str,
) -> None:
    """A file whose index states no SHA-256 is locked with one all the same, and in sync."""
    file = index.wheel("robot")
    _state(index, "robot", f"{algorithm}={hashlib.new(algorithm, file.read_bytes()).hexdigest()}")
    page = f"{pypi.url}/simple/robot/index.html"
    entries = _of(pypi, "robot") if place == "index" else _pip("--no-index", f"-f {page}", "robot")
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert _records(project)["robot"]["hash"] == {"sha256": sha256}
    alone.multiplat("check", cwd=project)


def test_index_with_a_wrong_hash(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules
) -> None:
    """A file that is not the one that its index describes is not locked."""
    found = hashlib.md5(index.wheel("robot").read_bytes(), usedforsecurity=False).hexdigest()
    wrong = "0" * 32
    _state(index, "robot", f"md5={wrong}")
    write(project, channel, "python 3.12.*", _of(pypi, "robot"), platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=3)
    assert done.stderr == (
        "error: robot 1.0: no SHA-256 is known for "
        f"{pypi.url}/files/robot-1.0-py3-none-any.whl\n"
        f"  its md5 is {found}, its index states {wrong}\n"
        "  its index states other hashes only; nothing was written\n"
    )
    assert not (project / "conda-lock.yml").exists()


@pytest.mark.parametrize("again", ["--index-url {}", "-i {}/", "--index-url={}"])
def test_index_that_is_named_twice(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules, again: str
) -> None:
    """A manifest and its requirements file may name the same index."""
    index.wheel("robot")
    url = f"{pypi.url}/simple"
    (project / "all.txt").write_text(f"{again.format(url)}\nrobot\n", encoding="utf-8")
    entries = _of(pypi, "-r all.txt")
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert _files(project) == ["robot-1.0-py3-none-any.whl"]
    write(project, channel, _of(pypi, "robot"), platforms="[linux-64]", file="more.yml")
    alone.multiplat("lock", "-f", "environment.yml", "more.yml", cwd=project)
    assert _files(project) == ["robot-1.0-py3-none-any.whl"]


def test_two_indexes_in_the_place_of_pypi(alone: Host, project: Path, channel: Path) -> None:
    """Which of two would count is nobody's guess: an error at the second, before any request."""
    one, other = "http://127.0.0.1:9/simple", "http://127.0.0.1:9/other"
    (project / "all.txt").write_text(f"robot\n-i {other}\n", encoding="utf-8")
    entries = _pip(f"--index-url {one}", "-r all.txt")
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    assert done.stderr == (
        "error: all.txt can't be used\n"
        "  all.txt:2:1: a second -i: there is another one in environment.yml:8:9\n"
        "      write the URLs of further indexes with --extra-index-url\n"
    )


def _with_dev(project: Path, channel: Path, url: str, *entries: str) -> None:
    """Write a manifest of two environments; the one that extends the other has its own entries."""
    pip = "".join(f"\n            - {entry}" for entry in entries)
    extra = f"multiplat:\n  environments:\n    dev:\n      dependencies:\n        - pip:{pip}\n"
    lines = _pip(f"--index-url {url}", "robot")
    write(project, channel, "python 3.12.*", lines, platforms="[linux-64]", extra=extra)


@pytest.mark.parametrize("option", ["-i ", "-i", "--index-url=", "--pypi-url "])
def test_index_of_an_environment_again(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules, option: str
) -> None:
    """An environment that names the index of the one that it extends has one index."""
    index.wheel("robot")
    index.wheel("arm")
    url = f"{pypi.url}/simple"
    _with_dev(project, channel, url, f"{option}{url}/", "arm")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("check", cwd=project)
    assert {"robot", "arm"} <= locked(project, "dev.conda-lock.yml")["linux-64"].keys()


def test_another_index_of_an_environment(alone: Host, project: Path, channel: Path) -> None:
    """One that names another is told at its line, once."""
    _with_dev(project, channel, "http://127.0.0.1:9/one", "-i http://127.0.0.1:9/two", "arm")
    done = alone.multiplat("lock", cwd=project, code=2)
    assert done.stderr == (
        "error: environment.yml can't be used\n"
        "  environment.yml:15:15: a second -i: there is another one in environment.yml:8:9\n"
        "      write the URLs of further indexes with --extra-index-url\n"
    )


@pytest.mark.parametrize("entry", ["--no-binary :all:", "--only-binary=:all:", "robot: 1.0"])
def test_entry_that_yaml_takes_for_a_mapping(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules, entry: str
) -> None:
    """The hint says to quote it; quoted, pip's options with `:all:` are accepted."""
    index.wheel("robot")
    index.sdist("robot")
    write(project, channel, "python 3.12.*", _of(pypi, entry, "robot"), platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    assert done.stderr == (
        "error: environment.yml can't be used\n"
        "  environment.yml:9:9: an entry of pip is a mapping\n"
        "      write plain text; quote it if it has `: ` in it, or `:` at its end\n"
    )
    if ":all:" in entry:
        entries = _of(pypi, f'"{entry}"', "robot")
        write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
        alone.multiplat("lock", cwd=project)
        is_built = "no-binary" in entry
        assert _files(project)[0].endswith(".tar.gz" if is_built else ".whl")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["02023.06.01", "1.0.post01", "1.0.RC1", "1.0+ubuntu_1"])
def test_version_that_a_wheel_spells_otherwise(
    alone: Host, project: Path, real_channel: Path, index: Index, pypi: Rules, version: str
) -> None:
    """What is installed is as locked, however the wheel writes its version (PEP 440)."""
    index.wheel("robot", version)
    write(project, real_channel, "python", _of(pypi, "robot"), platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("install", cwd=project)
    done = alone.multiplat("install", cwd=project)
    assert done.stderr == f" {alone.envs / 'demo'} is as locked: 1 package + 1 from PyPI\n"
    done = alone.multiplat("list", "--installed", cwd=project)
    assert done.stderr.endswith(": 2 packages, all as locked\n")


@pytest.mark.slow
@pytest.mark.parametrize("by", ["variable", "file"])
def test_without_uvs_cache(
    door: Host, project: Path, real_channel: Path, index: Index, pypi: Rules, by: str
) -> None:
    """Where uv may keep no cache, as in many containers, packages are installed too."""
    index.wheel("robot")
    index.sdist("made")
    env = {"UV_NO_CACHE": "1"} if by == "variable" else {}
    if by == "file":
        settings = door.home / ".config" / "uv" / "uv.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text("no-cache = true\n", encoding="utf-8")
    write(project, real_channel, "python", _of(pypi, "robot", "made"), platforms=f"[{SUBDIR}]")
    door.multiplat("lock", cwd=project, env=env)
    door.multiplat("install", cwd=project, env=env)
    done = door.multiplat("install", cwd=project, env=env)
    assert done.stderr.endswith(" is as locked: 1 package + 2 from PyPI\n")
