"""Pairs of manifest and lock that conda-lock itself has written: judged, and adopted by ``lock``.

conda-lock is run for these tests, with the conda that it carries as its solver. Afterwards newer
versions come into the channel and the index: what moves without need is seen.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.hosts import EMBEDDED, Host, make_host
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import serve

PLATFORMS = ("linux-64", "osx-arm64", "win-64")
MET = "conda-lock.yml: another tool locked it, and what is locked meets the manifest"
EVERYWHERE = f"({', '.join(PLATFORMS)})"


@dataclass(frozen=True)
class Pair:
    """A project of conda-lock's making, and the index that it was locked from."""

    folder: Path
    index: str
    host: Host

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run one of our commands."""
        env = {"CONDA_MULTIPLAT_PYPI_INDEX": self.index}
        return self.host.multiplat(*arguments, cwd=self.folder, env=env, code=code)

    def check(self, *arguments: str, code: int = 0) -> str:
        """What ``check`` says."""
        return self.run("check", *arguments, code=code).stdout

    def edit(self, name: str, old: str, new: str) -> None:
        """Change every place of a file that has some text."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def locked(self) -> dict[tuple[str, str, str], tuple[str, str]]:
        """Platform, manager and name -> version and URL."""
        data = yaml.safe_load((self.folder / "conda-lock.yml").read_text(encoding="utf-8"))
        return {_key(package): (package["version"], package["url"]) for package in data["package"]}


def _key(package: dict[str, Any]) -> tuple[str, str, str]:
    return package["platform"], package["manager"], package["name"]


def _packages() -> list[Package]:
    packages = [Package("zlib", "1.3.1", "h1_0", platform) for platform in PLATFORMS]
    packages += [
        Package("python", "3.12.4", "0_cpython", platform, depends=["zlib >=1.2,<2"])
        for platform in PLATFORMS
    ]
    packages += [
        Package("numpy", "2.1.0", "py312_0", platform, depends=["python 3.12.*"])
        for platform in PLATFORMS
    ]
    packages += [
        Package("pip", "24.0", noarch="python", depends=["python >=3.8", "wheel"]),
        Package("wheel", "0.44", noarch="python", depends=["python"]),
        Package("only-unix", noarch="generic", depends=["__unix"]),
        Package("linter", "1.0", noarch="generic"),
        Package("gpu", "1.0", subdir="linux-64", depends=["__cuda >=11"]),
    ]
    return packages


def _newer() -> list[Package]:
    packages = [Package("zlib", "1.4.0", "h1_0", platform) for platform in PLATFORMS]
    packages += [Package("linter", "2.0", noarch="generic"), Package("extra", noarch="generic")]
    return packages


def _fill(index: Index) -> None:
    extras = "nothing; extra == 'all'"
    requires = ["native>=2,<3", "numpy>=1.2", "colorama; os_name == 'nt'", extras]
    index.wheel("robot", "1.5", requires=requires)
    for tag in ("manylinux_2_17_x86_64.manylinux2014_x86_64", "macosx_11_0_arm64", "win_amd64"):
        index.wheel("native", "2.0", f"cp312-cp312-{tag}", requires=["purely!=0.5"])
    index.wheel("purely", "1.0")
    index.wheel("colorama", "1.0")
    index.wheel("checker", "1.0")
    index.wheel("numpy", "2.1.0")  # Poetry asks the index for what conda provides, too


def _newer_wheels(index: Index) -> None:
    index.wheel("robot", "1.6", requires=["native>=2"])
    for name in ("purely", "colorama", "checker"):
        index.wheel(name, "2.0")


def _manifests(folder: Path, channel: Path, index: str) -> None:
    head = f"channels: [{channel.as_uri()}]\npip-repositories: [{index}]\n"
    head += "allow-pypi-requests: false\n"
    (folder / "environment.yml").write_text(
        f"""name: demo
{head}platforms: [{", ".join(PLATFORMS)}]
dependencies:
  - python 3.12.*
  - numpy >=2
  - only-unix  # [unix]
  - pip:
    - robot <2
""",
        encoding="utf-8",
    )
    (folder / "dev.yml").write_text(
        f"{head}category: dev\ndependencies:\n  - linter\n  - pip:\n    - checker\n",
        encoding="utf-8",
    )


def _conda_lock(folder: Path, host: Host, *arguments: str) -> None:
    command = [str(Path(sys.executable).with_name("conda-lock")), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=host.environ(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder with what conda-lock has written, and the index."""
    root = tmp_path_factory.mktemp("conda-lock")
    channel = write_repodata(root / "channel", _packages())
    index = Index(root / "index")
    _fill(index)
    folder = root / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "names.yml").write_text("{}\n", encoding="utf-8")
    host = make_host((EMBEDDED,), root / "host")
    with serve(index.root) as server:
        url = f"{server.url}/simple"
        _manifests(folder, channel, url)
        _conda_lock(
            folder,
            host,
            "lock",
            *("--conda", str(host.home / "root" / "bin" / "conda")),
            *("-f", "environment.yml", "-f", "dev.yml"),
            # Its table of names comes from the network otherwise.
            *("--pypi_to_conda_lookup_file", (folder / "names.yml").as_uri()),
        )
        (folder / "names.yml").unlink()
        _conda_lock(folder, host, "render", "-k", "explicit", "--dev-dependencies")
        write_repodata(channel, [*_packages(), *_newer()])
        _newer_wheels(index)
        yield folder, url


@pytest.fixture
def pair(made: tuple[Path, str], tmp_path: Path, alone: Host) -> Pair:
    """A copy of it."""
    folder, index = made
    shutil.copytree(folder, tmp_path / "project")
    return Pair(tmp_path / "project", index, alone)


@pytest.mark.slow
def test_judged(pair: Pair) -> None:
    """What it has written meets its manifest, and ``--strict`` says that it is not ours."""
    before = {path.name: path.read_bytes() for path in pair.folder.iterdir() if path.is_file()}
    verdict = f"{MET}  {EVERYWHERE}\n"
    assert pair.check() == verdict
    assert pair.check("--strict", code=1) == f"{verdict}run: conda multiplat lock\n"
    after = {path.name: path.read_bytes() for path in pair.folder.iterdir() if path.is_file()}
    assert after == before
    assert {f"conda-{platform}.lock" for platform in PLATFORMS} <= {*after}


def test_looser(pair: Pair) -> None:
    """A manifest that has become looser is still met, PyPI's lines too."""
    pair.edit("environment.yml", "robot <2", "robot >1; os_name == 'posix' or os_name == 'nt'")
    pair.edit("environment.yml", "numpy >=2", "numpy")
    assert pair.check() == f"{MET}  {EVERYWHERE}\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        (
            *("environment.yml", "numpy >=2", "numpy <2"),
            f"environment.yml:8:5  numpy <2: locked: numpy 2.1.0  {EVERYWHERE}",
        ),
        (
            *("environment.yml", "  - only-unix  # [unix]", "  - only-unix  # [unix]\n  - extra"),
            f"environment.yml:10:5  extra: not locked  {EVERYWHERE}",
        ),
        (
            *("environment.yml", "  - only-unix  # [unix]\n", ""),
            "locked, but nothing asks for it: only-unix 1.0  (linux-64, osx-arm64)",
        ),
        (
            *("environment.yml", "robot <2", "robot >=1.6"),
            f"environment.yml:11:7  pip: robot >=1.6: locked: robot 1.5  {EVERYWHERE}",
        ),
        (
            *("environment.yml", "  - pip:\n    - robot <2\n", ""),
            "locked, but nothing asks for it: native 2.0 and 2 more  (linux-64, osx-arm64)",
        ),
        ("environment.yml", "win-64]", "linux-aarch64, win-64]", "linux-aarch64: not locked"),
        (
            *("environment.yml", ", win-64]", "]"),
            "win-64: locked, but the manifest does not name it",
        ),
        (
            *("dev.yml", "- linter", "- linter >=2"),
            f"dev.yml:6:5  linter >=2: locked: linter 1.0  {EVERYWHERE}",
        ),
        (
            *("conda-lock.yml", "numpy-2.1.0-py312_0", "numpy-2.2.0-py312_0"),
            f"numpy 2.1.0: its URL is for numpy-2.2.0-py312_0.conda  {EVERYWHERE}",
        ),
        (
            *("conda-lock.yml", "- name: zlib\n  version: 1.3.1", "- name: zlib\n  version: 2.0"),
            f"python 3.12.4 needs zlib >=1.2,<2: locked: zlib 2.0  {EVERYWHERE}",
        ),
        (
            *("conda-lock.yml", "zlib: '>=1.2,<2'", "zlib: '>>>1.2'"),
            f"python 3.12.4 needs zlib >>>1.2: locked: zlib 1.3.1  {EVERYWHERE}",
        ),
        (
            *(
                "conda-lock.yml",
                "- name: zlib\n  version: 1.3.1",
                "- name: zlib\n  version: 2 beta",
            ),
            f"python 3.12.4 needs zlib >=1.2,<2: locked: zlib 2 beta  {EVERYWHERE}",
        ),
        (
            *("conda-lock.yml", "- name: native\n  version: '2.0'", "- name: native\n  version: 3"),
            f"robot 1.5 needs native >=2,<3: locked: native 3  {EVERYWHERE}",
        ),
        (
            *("conda-lock.yml", "purely\n  version: '1.0'", "purely\n  version: '0.5'"),
            f"native 2.0 needs purely !=0.5: locked: purely 0.5  {EVERYWHERE}",
        ),
        (
            *("conda-lock.yml", "- name: purely\n", "- name: purity\n"),
            f"native 2.0 needs purely: not locked  {EVERYWHERE}",
        ),
    ],
)
def test_drifted(pair: Pair, file: str, old: str, new: str, reason: str) -> None:
    """Each kind of drift, of the manifest or by hand, is told by its reason."""
    pair.edit(file, old, new)
    lines = pair.check(code=1).splitlines()
    assert lines[0] == "conda-lock.yml is out of date"
    assert f"  {reason}" in lines
    assert "run: conda multiplat lock" in lines


def test_adopted(pair: Pair) -> None:
    """``lock`` takes its versions and files over, and then all is in sync."""
    theirs = pair.locked()
    pair.run("lock")
    ours = pair.locked()
    assert {key: their for key, their in theirs.items() if key not in ours} == {
        key: their for key, their in theirs.items() if key[2] in ("pip", "wheel")
    }
    assert {key: theirs.get(key) for key in ours} == ours
    assert "multiplat.packages-sha256" in (pair.folder / "conda-lock.yml").read_text("utf-8")
    assert pair.run("lock").stderr.endswith(" in sync: nothing to write\n")


@pytest.mark.slow
def test_adopted_platform_by_platform(pair: Pair) -> None:
    """One platform at a time: the others stay as they are, and are judged as they were."""
    theirs = pair.locked()
    for done, subdir in enumerate(PLATFORMS, start=1):
        pair.run("lock", "--platform", subdir)
        pair.run("render", "--existing")
        ours = pair.locked()
        assert all(theirs[key] == our for key, our in ours.items())
        gone = {key[0] for key in theirs if key not in ours}
        assert gone == {*PLATFORMS[:done]}
        rest = ", ".join(PLATFORMS[done:])
        assert pair.check() == (
            "conda-lock.yml: the manifest has changed, and what is locked still meets it"
            f"  ({rest})\n"
            if rest
            else "in sync: conda-lock.yml\n"
        )


def test_adopted_with_an_edit(pair: Pair) -> None:
    """An edit moves what it needs, and no more."""
    theirs = pair.locked()
    pair.edit("environment.yml", "robot <2", "robot >=1.6")
    pair.edit("environment.yml", "  - only-unix  # [unix]", "  - only-unix  # [unix]\n  - extra")
    pair.run("lock")
    ours = pair.locked()
    moved = {key[2] for key in ours if ours[key] != theirs.get(key)}
    assert moved == {"robot", "extra"}


@pytest.mark.slow
def test_cuda(pair: Pair, tmp_path: Path) -> None:
    """conda-lock takes CUDA for granted; a manifest has to promise it, and `lock` writes that."""
    channel = yaml.safe_load((pair.folder / "dev.yml").read_text("utf-8"))["channels"][0]
    for path in pair.folder.glob("[!.]*"):
        path.unlink()
    manifest = f"channels: [{channel}]\nplatforms: [linux-64]\ndependencies: [gpu]\n"
    (pair.folder / "environment.yml").write_text(manifest, encoding="utf-8")
    host = make_host((EMBEDDED,), tmp_path / "host")
    _conda_lock(pair.folder, host, "lock", "--conda", str(host.home / "root" / "bin" / "conda"))
    assert pair.check(code=1) == (
        "conda-lock.yml is out of date\n"
        "  gpu 1.0 needs __cuda >=11: not promised  (linux-64)\n"
        "  add the promise to environment.yml: multiplat: virtual-packages: linux-64: "
        '{cuda: "11"}\n'
        "run: conda multiplat lock\n"
    )
    promise = 'multiplat: {virtual-packages: {linux-64: {cuda: "11.4"}}}\n'
    (pair.folder / "environment.yml").write_text(manifest + promise, encoding="utf-8")
    assert pair.check() == f"{MET}  (linux-64)\n"
    (pair.folder / "environment.yml").write_text(manifest, encoding="utf-8")
    theirs = pair.locked()
    pair.run("lock")
    assert "in sync" in pair.check("--strict")
    assert pair.locked() == theirs
