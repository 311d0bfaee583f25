"""PyPI dependencies: locked per platform, beside what conda provides, and installed exactly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.hosts import Host
from support.manifests import write
from support.packages import PYTHON, SUBDIR, Package, build_channel, python_package
from support.patience import PATIENCE, soon
from support.pypi_index import Index, write_project
from support.server import Rules, serve
from support.sizes import without_sizes
from support.states import assert_nothing_to_lock


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """An index with a robot: pure Python, on top of native parts."""
    projects = Index(tmp_path / "index")
    projects.wheel(
        "robot", "1.5", requires=["native>=2", "numpy>=1.2", "colorama; os_name == 'nt'"]
    )
    projects.wheel("robot", "1.4", requires=["native>=2", "numpy>=1.2"])
    for tag in ("manylinux_2_17_x86_64.manylinux2014_x86_64", "macosx_11_0_arm64", "win_amd64"):
        projects.wheel("native", "2.0", f"cp312-cp312-{tag}", requires=["purely"])
    projects.wheel("native", "2.0", "cp312-cp312-manylinux_2_28_x86_64", requires=["purely"])
    projects.wheel("native", "2.0", "cp311-cp311-manylinux_2_28_x86_64", requires=["purely"])
    for version in ("1.0", "1.1"):
        projects.wheel("purely", version)
    projects.wheel("colorama")
    projects.wheel("numpy", "1.26.4", "cp312-cp312-manylinux_2_17_x86_64")
    return projects


@pytest.fixture
def pypi(index: Index) -> Iterator[Rules]:
    """The index, served."""
    with serve(index.root) as server:
        yield server


def _pip(server: Rules, *entries: str) -> str:
    """The lines of ``pip:`` for a manifest's dependencies."""
    lines = [f"--index-url {server.url}/simple", *entries]
    return "pip:\n" + "\n".join(f"      - {line}" for line in lines)


def _pypi(project: Path, name: str = "conda-lock.yml") -> dict[str, dict[str, Any]]:
    """Platform -> name -> record, of the PyPI packages of a lock."""
    data = yaml.safe_load((project / name).read_text(encoding="utf-8"))
    records: dict[str, dict[str, Any]] = {
        platform: {} for platform in data["metadata"]["platforms"]
    }
    for package in data["package"]:
        if package["manager"] == "pip":
            records[package["platform"]][package["name"]] = package
    return records


def _file(record: dict[str, Any]) -> str:
    return str(record["url"].rsplit("/", 1)[-1])


def test_lock_takes_one_file_for_each_platform(
    door: Host, project: Path, channel: Path, pypi: Rules
) -> None:
    """The wheel that fits the target's Python and promises, with its hash; markers by target."""
    write(project, channel, "python 3.12.*", "numpy", _pip(pypi, "robot"))
    done = door.multiplat("lock", cwd=project)
    assert " default  linux-64      4 packages + 3 from PyPI\n" in without_sizes(done.stderr)
    platforms = _pypi(project)
    assert {subdir: sorted(records) for subdir, records in platforms.items()} == {
        "linux-64": ["native", "purely", "robot"],
        "osx-arm64": ["native", "purely", "robot"],
        "win-64": ["colorama", "native", "purely", "robot"],
    }
    assert [_file(platforms[subdir]["native"]) for subdir in platforms] == [
        "native-2.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "native-2.0-cp312-cp312-macosx_11_0_arm64.whl",
        "native-2.0-cp312-cp312-win_amd64.whl",
    ]
    assert platforms["win-64"]["robot"]["dependencies"] == dict.fromkeys(
        ("colorama", "native", "numpy"), ""
    )
    for record in platforms["linux-64"].values():
        assert len(record["hash"]["sha256"]) == 64
        assert record["url"].startswith(f"{pypi.url}/files/")


@pytest.mark.slow
def test_locking_twice_gives_the_same_bytes(
    alone: Host, project: Path, channel: Path, pypi: Rules
) -> None:
    """Afresh too."""
    write(project, channel, "python 3.12.*", "numpy", _pip(pypi, "robot"))
    alone.multiplat("lock", cwd=project)
    first = (project / "conda-lock.yml").read_bytes()
    assert_nothing_to_lock(alone, project)
    alone.multiplat("lock", "--update-all", cwd=project)
    assert (project / "conda-lock.yml").read_bytes() == first


def test_promises_choose_the_wheel(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """An older glibc takes the older wheel."""
    extra = 'multiplat: {virtual-packages: {linux-64: {glibc: "2.17"}}}\n'
    entries = _pip(pypi, "robot")
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]", extra=extra)
    alone.multiplat("lock", cwd=project)
    assert _file(_pypi(project)["linux-64"]["native"]) == (
        "native-2.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    )


def test_promise_that_is_too_old(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules
) -> None:
    """A source archive is not taken where a wheel would fit a newer system: it says what to do."""
    index.wheel("fresh", "3.0", "cp312-cp312-manylinux_2_34_x86_64")
    index.wheel("fresh", "3.0", "cp312-cp312-macosx_15_0_arm64")
    index.sdist("fresh", "3.0")
    write(project, channel, "python 3.12.*", _pip(pypi, "fresh"), platforms="[linux-64, osx-arm64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert done.stderr == (
        "error: no solution for the PyPI packages of default on all platforms\n"
        "  default/linux-64\n"
        "    environment.yml:9:9  pip: fresh\n"
        "    fresh 3.0 has no wheel for glibc 2.28; it has wheels for manylinux_2_34_x86_64\n"
        '    promise glibc: "2.34" for linux-64 under multiplat: virtual-packages\n'
        "    or ask for an older version: pip: fresh<3.0\n"
        "    or build it from source: pip: --no-binary=fresh\n"
        "  default/osx-arm64\n"
        "    environment.yml:9:9  pip: fresh\n"
        "    fresh 3.0 has no wheel for osx 13.0; it has wheels for macosx_15_0_arm64\n"
        '    promise osx: "15.0" for osx-arm64 under multiplat: virtual-packages\n'
        "    or ask for an older version: pip: fresh<3.0\n"
        "    or build it from source: pip: --no-binary=fresh\n"
        "  no file was changed\n"
    )
    assert not (project / "conda-lock.yml").exists()
    entries = _pip(pypi, "--no-binary=fresh", "fresh")
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert _file(_pypi(project)["linux-64"]["fresh"]) == "fresh-3.0.tar.gz"


def test_promise_that_is_too_old_for_all_there_is(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules
) -> None:
    """The same where there is no source archive, for a project that another one needs."""
    index.wheel("deep", "3.0", "cp312-cp312-manylinux_2_35_x86_64")
    index.wheel("top", requires=["deep"])
    write(project, channel, "python 3.12.*", _pip(pypi, "top"), platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert "  deep 3.0 has no wheel for glibc 2.28; it has wheels for manylinux_2_35_x86_64\n" in (
        done.stderr
    )
    assert '\n  promise glibc: "2.35" for linux-64 under multiplat' in done.stderr


def test_neither_wheel_nor_archive(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules
) -> None:
    """A project that has files for other platforms only."""
    index.wheel("windows", "3.0", "py3-none-win_amd64")
    write(project, channel, "python 3.12.*", _pip(pypi, "windows"), platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert "\n  environment.yml:9:9  pip: windows\n" in done.stderr
    assert "win_amd64" in done.stderr


def test_source_archive_where_there_is_no_wheel(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules
) -> None:
    """It is locked, with a warning that names the platform."""
    index.wheel("mixed", "1.0", "py3-none-win_amd64", requires=["purely"])
    index.sdist("mixed", "1.0", requires=["purely"])
    write(project, channel, "python 3.12.*", _pip(pypi, "mixed"), platforms="[linux-64, win-64]")
    done = alone.multiplat("lock", cwd=project)
    assert (
        " warning: mixed 1.0 has no wheel for linux-64: it will be built where it is installed\n"
    ) in done.stderr
    assert "wheel for win-64" not in done.stderr
    records = _pypi(project)
    assert _file(records["linux-64"]["mixed"]) == "mixed-1.0.tar.gz"
    assert sorted(records["linux-64"]) == ["mixed", "purely"]
    assert _file(records["win-64"]["mixed"]) == "mixed-1.0-py3-none-win_amd64.whl"


def test_conda_binds_pypi(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules
) -> None:
    """Conda's numpy 2.1.0, which the index lacks, rules out a version that wants an older one."""
    index.wheel("vision", "2.0", requires=["numpy<2"])
    index.wheel("vision", "1.0", requires=["numpy>=1"])
    entries = _pip(pypi, "vision")
    write(project, channel, "python 3.12.*", "numpy 2.*", entries, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert {name: record["version"] for name, record in _pypi(project)["linux-64"].items()} == {
        "vision": "1.0"
    }


@pytest.mark.slow
def test_conflict_names_both_sides(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules
) -> None:
    """With the lines, and what to ask conda for where it is free."""
    index.wheel("vision", "2.0", requires=["numpy<2"])
    entries = _pip(pypi, "vision")
    write(project, channel, "python 3.12.*", "numpy", entries, platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    lines = done.stderr.splitlines()
    assert lines[:3] == [
        "error: no solution for the PyPI packages of default/linux-64",
        "  environment.yml:10:9  pip: vision",
        "  environment.yml:7:5  numpy:  conda locked numpy 2.1.0",
    ]
    assert lines[-2:] == [
        "  conda can use another version: add `numpy 1.26.*` to dependencies",
        "  no file was changed",
    ]
    write(project, channel, "python 3.12.*", "numpy >=2", entries, platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert done.stderr.splitlines()[-2] == (
        "  environment.yml:7:5 does not allow numpy 1.26.4 from conda, which would fit"
    )
    answer = json.loads(alone.multiplat("lock", "--json", cwd=project, code=1).stdout)
    assert answer["conflicts"][0]["provided"] == {"numpy": "2.1.0"}


def test_names_that_differ(alone: Host, project: Path, tmp_path: Path, pypi: Rules) -> None:
    """Pytorch is torch; the manifest can say more."""
    index = Index(tmp_path / "more")
    index.wheel("net", requires=["torch>=2", "odd-name", "opencv-python-headless"])
    channel = write_channel(tmp_path / "c", "pytorch", "oddly", "py-opencv")
    extra = "multiplat: {pypi-names: {oddly: odd-name}}\n"
    with serve(index.root) as server:
        entries = _pip(server, "net")
        specs = ("python", "pytorch", "oddly", "py-opencv", entries)
        write(project, channel, *specs, platforms="[linux-64]", extra=extra)
        alone.multiplat("lock", cwd=project)
        assert sorted(_pypi(project)["linux-64"]) == ["net"]
        write(project, channel, *specs, platforms="[linux-64]")
        done = alone.multiplat("lock", cwd=project, code=1)
    assert "odd-name was not found" in " ".join(done.stderr.split())


def write_channel(folder: Path, *names: str) -> Path:
    """Metadata of a python and of packages that depend on it."""
    from support.packages import write_repodata

    packages = [Package(name, "2.5", noarch="python", depends=["python"]) for name in names]
    return write_repodata(folder, [Package("python", "3.12.4", subdir="linux-64"), *packages])


def test_unknown_project(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """Near names of the index are suggested."""
    write(project, channel, "python 3.12.*", _pip(pypi, "robbot"), platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert "\n  environment.yml:9:9  pip: robbot\n" in done.stderr
    assert "\n  no project 'robbot' in the index; did you mean 'robot'?\n" in done.stderr


def test_no_python(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """Where conda locks no Python, PyPI packages can't be."""
    write(project, channel, "zlib", _pip(pypi, "robot"), platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    assert (
        "  environment.yml:9:9: pip: robot needs Python, which default/linux-64 does not have\n"
        "      add `python 3.12.*` to the dependencies, for example\n"
    ) in done.stderr


def test_index_that_is_down(alone: Host, project: Path, channel: Path) -> None:
    """Exit code 3, the target named, nothing written."""
    entries = "pip:\n      - --index-url http://127.0.0.1:9/simple\n      - robot"
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=3, env={"UV_HTTP_RETRIES": "0"})
    assert done.stderr.startswith(
        "error: the PyPI packages of default/linux-64 can't be resolved\n"
    )
    assert "127.0.0.1:9" in done.stderr
    assert not (project / "conda-lock.yml").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_ctrl_c(alone: Host, project: Path, channel: Path, index: Index, pypi: Rules) -> None:
    """An interrupt that only we get does not wait for an index that does not answer."""
    index.wheel("slow")
    pypi.delay["/simple/slow/"] = 2 * PATIENCE
    write(project, channel, "python 3.12.*", _pip(pypi, "slow"), platforms="[linux-64]")
    process = subprocess.Popen(
        [*alone.command, "lock"],
        cwd=project,
        env=alone.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - the child execs at once
    )
    assert soon(lambda: pypi.waiting)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert error.endswith("error: interrupted\n")
    assert not (project / "conda-lock.yml").exists()


def test_conda_conflict_does_not_wait_for_pypi(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules
) -> None:
    """A target that conda can't solve ends the run, although another asks an index."""
    index.wheel("slow")
    pypi.delay["/simple/slow/"] = 2 * PATIENCE
    extra = "multiplat: {environments: {bad: {dependencies: [numpy >=9]}}}\n"
    entries = _pip(pypi, "slow")
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]", extra=extra)
    start = time.monotonic()
    done = alone.multiplat("lock", cwd=project, code=1)
    assert "error: no solution for bad/linux-64\n" in done.stderr
    assert time.monotonic() - start < PATIENCE


def test_options_and_files(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules, tmp_path: Path
) -> None:
    """-r, -c, --find-links and --extra-index-url; the digest knows the files' lines."""
    other = Index(tmp_path / "other")
    other.wheel("elsewhere")
    links = Index(tmp_path / "links")
    links.wheel("linked")
    (project / "req").mkdir()
    (project / "req" / "all.txt").write_text("# all\nrobot \\\n  >=1.4  # yes\n-c pins.txt\n")
    (project / "req" / "pins.txt").write_text("purely==1.0\n")
    with serve(other.root) as server:
        entries = _pip(
            pypi,
            *("-r req/all.txt", "elsewhere", "linked"),
            f"--extra-index-url {server.url}/simple",
            f"--find-links {links.root / 'files'}",
        )
        write(project, channel, "python 3.12.*", "numpy", entries, platforms="[linux-64]")
        alone.multiplat("lock", cwd=project)
        records = _pypi(project)["linux-64"]
        assert {name: record["version"] for name, record in records.items()} == {
            "elsewhere": "1.0",
            "linked": "1.0",
            "native": "2.0",
            "purely": "1.0",
            "robot": "1.5",
        }
        (project / "req" / "pins.txt").write_text("purely==1.1\n")
        done = alone.multiplat("lock", cwd=project)
    assert "   ↑ purely (PyPI)  1.0 → 1.1  linux-64\n" in done.stderr
    (project / "req" / "pins.txt").write_text("purely=1.0\n")
    done = alone.multiplat("lock", cwd=project, code=2)
    assert "req/pins.txt:1:1: not a PyPI requirement (PEP 508): 'purely=1.0'" in done.stderr


def test_update(alone: Host, project: Path, channel: Path, index: Index, pypi: Rules) -> None:
    """--update frees one PyPI package; the others stay although newer ones are there."""
    index.wheel("other", "1.0")
    write(project, channel, "python 3.12.*", _pip(pypi, "purely", "other"), platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    for name in ("purely", "other"):
        index.wheel(name, "9.0")
    alone.multiplat("lock", "--update", "Purely", cwd=project, env={"UV_NO_CACHE": "1"})
    records = _pypi(project)["linux-64"]
    assert (records["purely"]["version"], records["other"]["version"]) == ("9.0", "1.0")
    done = alone.multiplat("lock", "--update", "purly", cwd=project, code=2)
    assert "did you mean 'purely'?" in done.stderr


def test_one_platform_keeps_the_others(
    alone: Host, project: Path, channel: Path, pypi: Rules
) -> None:
    """--platform leaves the other platforms' PyPI records as they are."""
    write(project, channel, "python 3.12.*", _pip(pypi, "purely<1.1"))
    alone.multiplat("lock", cwd=project)
    write(project, channel, "python 3.12.*", _pip(pypi, "purely"))
    alone.multiplat("lock", "--update", "purely", "--platform", "win-64", cwd=project)
    records = _pypi(project)
    versions = [records[subdir]["purely"]["version"] for subdir in records]
    assert versions == ["1.0", "1.0", "1.1"]


def test_credentials_are_not_locked(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """A login of an index, given by a variable, is used and written nowhere."""
    pypi.login = "robot:s3cret"
    url = pypi.url.replace("://", "://robot:${SECRET}@")
    entries = f"pip:\n      - --index-url {url}/simple\n      - purely"
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    named = {"CONDA_MULTIPLAT_VARIABLES": "SECRET"}
    alone.multiplat("lock", cwd=project, env={"SECRET": "s3cret", **named})
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "s3cret" not in text
    assert "robot:" not in text
    done = alone.multiplat(
        "lock", "--update-all", cwd=project, code=None, env={"SECRET": "wrong", **named}
    )
    assert done.returncode != 0
    assert "wrong" not in done.stderr


@pytest.mark.slow
def test_conda_lock_reads_it(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """conda-lock parses the lock, and its render writes the PyPI packages with their hashes."""
    write(project, channel, "python 3.12.*", _pip(pypi, "robot"), platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    subprocess.run(
        [sys.executable, "-m", "conda_lock", "render", "-p", "linux-64", "-k", "explicit"],
        cwd=project,
        env=alone.environ(),
        check=True,
        capture_output=True,
    )
    text = (project / "conda-linux-64.lock").read_text(encoding="utf-8")
    record = _pypi(project)["linux-64"]["robot"]
    assert f"# pip robot @ {record['url']}#sha256={record['hash']['sha256']}\n" in text


def _import(prefix: Path, *modules: str) -> list[str]:
    """What modules of a prefix say of their versions and tags."""
    code = f"import {', '.join(modules)}\nfor m in ({', '.join(modules)},): print(m.VERSION, m.TAG)"
    command = [str(prefix / "bin/python"), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.slow
def test_install(door: Host, project: Path, real_channel: Path, pypi: Rules, index: Index) -> None:
    """Exactly what is locked, into a prefix that conda made; twice is once; what goes, goes."""
    index.wheel("tool", requires=["purely", "greeting"])
    index.sdist("made", "1.0")
    entries = _pip(pypi, "tool", "made")
    write(project, real_channel, "python", "greeting", entries, platforms=f"[{SUBDIR}]")
    door.multiplat("lock", cwd=project)
    assert sorted(_pypi(project)[SUBDIR]) == ["made", "purely", "tool"]
    done = door.multiplat("install", cwd=project)
    assert " installing 3 packages from PyPI\n" in done.stderr
    prefix = door.envs / "demo"
    assert _import(prefix, "tool", "purely", "made") == [
        "1.0 py3-none-any",
        "1.1 py3-none-any",
        "1.0 built",
    ]
    before = len(pypi.seen)
    done = door.multiplat("install", cwd=project)
    assert f" {prefix} is as locked: " in done.stderr
    assert len(pypi.seen) == before
    entries = _pip(pypi, "purely")
    write(project, real_channel, "python", "greeting", entries, platforms=f"[{SUBDIR}]")
    door.multiplat("lock", cwd=project)
    done = door.multiplat("install", "--dry-run", cwd=project)
    assert "   - made (PyPI)  1.0\n   - tool (PyPI)  1.0\n" in done.stderr
    door.multiplat("install", cwd=project)
    site = prefix / f"lib/python{'.'.join(PYTHON.split('.')[:2])}/site-packages"
    assert sorted(path.name for path in site.glob("*.dist-info")) == [
        "greeting-1.0.dist-info",
        "purely-1.1.dist-info",
    ]
    write(project, real_channel, "python", "greeting", platforms=f"[{SUBDIR}]")
    door.multiplat("lock", cwd=project)
    door.multiplat("install", cwd=project)
    assert [path.name for path in site.glob("*.dist-info")] == ["greeting-1.0.dist-info"]


@pytest.mark.slow
def test_conda_list_shows_them(conda: Host, project: Path, real_channel: Path, pypi: Rules) -> None:
    """As packages of the channel pypi."""
    write(project, real_channel, "python", _pip(pypi, "purely"), platforms=f"[{SUBDIR}]")
    conda.multiplat("lock", cwd=project)
    conda.multiplat("install", cwd=project)
    listed = json.loads(conda.run("list", "-n", "demo", "--json").stdout)
    assert [(package["name"], package["version"], package["channel"]) for package in listed][
        -2:
    ] == [
        ("purely", "1.1", "pypi"),
        ("python", PYTHON, listed[-1]["channel"]),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["gone", "changed"])
def test_file_that_cannot_be_had(
    alone: Host, project: Path, real_channel: Path, pypi: Rules, trouble: str
) -> None:
    """A file that vanished or changed since it was locked: exit code 3; a later run finishes."""
    write(project, real_channel, "python", _pip(pypi, "purely"), platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    name = "purely-1.1-py3-none-any.whl"
    if trouble == "gone":
        pypi.status = {name: 404}
    else:
        other = pypi.root / "files" / "purely-1.0-py3-none-any.whl"
        pypi.replace = {name: other.read_bytes()}
    fresh = {"UV_CACHE_DIR": str(alone.home / "another-cache"), "UV_HTTP_RETRIES": "0"}
    done = alone.multiplat("install", cwd=project, code=3, env=fresh)
    prefix = alone.envs / "demo"
    assert done.stderr.splitlines()[1 if done.stderr.startswith(" ") else 0] == (
        f"error: {prefix} could not be finished"
    )
    assert "purely" in done.stderr
    pypi.status.clear()
    pypi.replace.clear()
    alone.multiplat("install", cwd=project, env=fresh)
    assert _import(prefix, "purely") == ["1.1 py3-none-any"]


def test_conda_packages_are_not_overwritten(
    alone: Host, project: Path, tmp_path: Path, pypi: Rules
) -> None:
    """A conda package that brings a project under another name: refused, with what to write."""
    site = "site-packages"
    hidden = Package(
        "hidden",
        noarch="python",
        depends=["python"],
        files={
            f"{site}/purely.py": b"VERSION = 'of conda'\nTAG = ''\n",
            f"{site}/purely-0.9.dist-info/METADATA": b"Name: purely\nVersion: 0.9\n",
        },
    )
    own = build_channel(tmp_path / "own", [python_package(), hidden])
    write(project, own, "python", "hidden", _pip(pypi, "purely"), platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("install", cwd=project, code=3)
    prefix = alone.envs / "demo"
    assert f"error: conda packages in {prefix} already bring purely\n" in done.stderr
    assert "multiplat: {pypi-names: {hidden: purely}}" in done.stderr
    assert not prefix.exists()
    extra = "multiplat: {pypi-names: {hidden: purely}}\n"
    entries = _pip(pypi, "purely")
    write(project, own, "python", "hidden", entries, platforms=f"[{SUBDIR}]", extra=extra)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("install", cwd=project)
    assert _pypi(project)[SUBDIR] == {}


@pytest.mark.slow
def test_folders_and_repositories(
    alone: Host, project: Path, real_channel: Path, pypi: Rules, tmp_path: Path
) -> None:
    """-e FOLDER, FOLDER and git+URL: locked to a content digest or a commit, and installed."""
    write_project(project / "here", "here", "0.3", ["purely"])
    write_project(project / "there", "there", "0.4")
    repo = write_project(tmp_path / "repo", "repo", "0.5")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(repo)]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    commit = head.stdout.strip()
    source = f"repo @ git+{repo.as_uri()}@main"
    entries = _pip(pypi, "-e ./here", "./there", source)
    write(project, real_channel, "python", entries, platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    records = _pypi(project)[SUBDIR]
    assert {name: (record["version"], record["url"]) for name, record in records.items()} == {
        "here": ("0.3", "./here#editable"),
        "purely": ("1.1", f"{pypi.url}/files/purely-1.1-py3-none-any.whl"),
        "repo": ("0.5", f"git+{repo.as_uri()}@{commit}"),
        "there": ("0.4", "./there"),
    }
    assert records["here"]["hash"] == {}
    assert len(records["there"]["hash"]["sha256"]) == 64
    alone.multiplat("install", cwd=project)
    prefix = alone.envs / "demo"
    assert _import(prefix, "here", "there", "repo") == ["0.3 built", "0.4 built", "0.5 built"]
    (project / "there" / "there.py").write_text("VERSION = 'new'\nTAG = ''\n", encoding="utf-8")
    done = alone.multiplat("install", "-p", str(tmp_path / "other"), cwd=project, code=2)
    assert (
        "error: a local project has changed since it was locked\n  there: ./there\n" in done.stderr
    )
    assert "run `conda multiplat lock --update there`" in done.stderr
    alone.multiplat("lock", "--update", "there", cwd=project)
    alone.multiplat("install", cwd=project)
    assert _import(prefix, "there") == ["new "]


def test_render(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """Explicit files come with requirements; a pinned manifest has them under pip:."""
    write(project, channel, "python 3.12.*", _pip(pypi, "purely"), platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("render", "--kind", "explicit", cwd=project)
    assert done.stderr == " wrote conda-linux-64.lock, requirements-linux-64.txt\n"
    record = _pypi(project)["linux-64"]["purely"]
    assert (project / "requirements-linux-64.txt").read_text(encoding="utf-8").splitlines()[-1] == (
        f"purely @ {record['url']} --hash=sha256:{record['hash']['sha256']}"
    )
    alone.multiplat("render", "--kind", "environment", cwd=project)
    data = yaml.safe_load((project / "environment-linux-64.yml").read_text(encoding="utf-8"))
    assert data["dependencies"][-1] == {"pip": [f"--index-url {pypi.url}/simple", "purely==1.1"]}


@pytest.mark.slow
@pytest.mark.pypi
def test_robosuite_from_pypi(alone: Host, project: Path, channel: Path) -> None:
    """The real thing: robosuite for three platforms beside conda's python and numpy."""
    write(project, channel, "python 3.12.*", "numpy", "pip:\n      - robosuite")
    env = {
        k: v
        for k, v in os.environ.items()
        if k.startswith(("SSL_", "HTTP", "UV_", "CONDA_MULTIPLAT_PYPI_"))
    }
    alone.multiplat("lock", cwd=project, env=env)
    platforms = _pypi(project)
    assert sorted(platforms) == ["linux-64", "osx-arm64", "win-64"]
    for records in platforms.values():
        assert "numpy" not in records
        assert _file(records["robosuite"]).endswith("-py3-none-any.whl")
        assert "mujoco" in records["robosuite"]["dependencies"]
        for record in records.values():
            assert record["url"].startswith("https://")
            assert len(record["hash"]["sha256"]) == 64
