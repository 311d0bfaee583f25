"""Locks of CUDA builds, ours and others': nothing turns them into CPU builds in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.conda_lock_says import conda_lock_says
from support.hosts import Host
from support.manifests import write
from support.packages import Package, build_channel, write_repodata
from support.server import serve

LINUX = "[linux-64]"
PROMISE = 'multiplat: {virtual-packages: {linux-64: {cuda: "12.0", glibc: "2.34"}}}\n'
BUILDS = "torch 2.* cuda*"


@pytest.fixture
def gpu(tmp_path: Path) -> Path:
    """PyTorch as conda-forge has it: for CUDA, whatever its version, and for the CPU."""
    needs = ["__cuda", "cuda-version >=12.6,<13", "__glibc >=2.34"]
    packages = [
        Package("torch", "2.0", "cuda126_0", "linux-64", depends=needs),
        Package("torch", "2.0", "cpu_0", "linux-64"),
        Package("torch", "2.0", "cpu_0", "osx-arm64"),
        Package("cuda-version", "12.6", noarch="generic", constrains=["__cuda >=12"]),
        Package("other", "1.0", noarch="generic"),
    ]
    return write_repodata(tmp_path / "gpu", packages)


def _locked(host: Host, project: Path, channel: Path, extra: str = PROMISE) -> Path:
    """A lock of CUDA builds, whose manifest has lost its promise and the builds since."""
    write(project, channel, BUILDS, platforms=LINUX, extra=extra)
    host.multiplat("lock", cwd=project)
    write(project, channel, "torch 2.*", platforms=LINUX)
    return project / "conda-lock.yml"


def _foreign(lock: Path) -> None:
    """The lock as another tool writes it."""
    data = yaml.safe_load(lock.read_text(encoding="utf-8"))
    data["metadata"].pop("custom_metadata")
    lock.write_text(yaml.safe_dump(data), encoding="utf-8")


def _builds(lock: Path) -> dict[str, str]:
    data = yaml.safe_load(lock.read_text(encoding="utf-8"))
    return {package["name"]: package["build"] for package in data["package"]}


def test_check_names_the_promise(alone: Host, project: Path, gpu: Path) -> None:
    """What to promise for another tool's lock; `lock` does it."""
    _foreign(_locked(alone, project, gpu))
    assert alone.multiplat("check", cwd=project, code=1).stdout == (
        "conda-lock.yml is out of date\n"
        "  torch 2.0 needs __cuda: not promised  (linux-64)\n"
        "  torch 2.0 needs __glibc >=2.34: promised: __glibc 2.28  (linux-64)\n"
        "  add the promise to environment.yml: multiplat: virtual-packages: linux-64: "
        '{cuda: "12.0", glibc: "2.34"}\n'
        "run: conda multiplat lock\n"
    )


def test_lock_adopts(alone: Host, project: Path, gpu: Path) -> None:
    """`lock` promises what another tool's lock needs, in the manifest, and keeps its builds."""
    lock = _locked(alone, project, gpu)
    _foreign(lock)
    dry = alone.json("lock", "--dry-run", cwd=project)
    assert dry["files"] == ["environment.yml", "conda-lock.yml"]
    assert "multiplat:" not in (project / "environment.yml").read_text(encoding="utf-8")
    stderr = alone.multiplat("lock", cwd=project).stderr
    assert (
        " added promises to environment.yml that the lock of another tool needs:\n"
        '   default/linux-64  cuda: "12.0"  (torch 2.0 needs __cuda, with cuda-version 12.6)\n'
        '   default/linux-64  glibc: "2.34"  (torch 2.0 needs __glibc >=2.34)\n'
        " wrote environment.yml, conda-lock.yml\n"
    ) in stderr
    assert (
        (project / "environment.yml")
        .read_text(encoding="utf-8")
        .endswith(
            "multiplat:\n"
            "  virtual-packages:\n"
            '    linux-64: {cuda: "12.0", glibc: "2.34"}'
            "  # torch 2.0 needs __cuda, with cuda-version 12.6, torch 2.0 needs __glibc >=2.34\n"
        )
    )
    assert _builds(lock)["torch"] == "cuda126_0"
    assert alone.multiplat("check", "--strict", cwd=project).stdout == "in sync: conda-lock.yml\n"


def test_adopted_without_cuda(alone: Host, project: Path, gpu: Path) -> None:
    """With --drop-cuda the rest is promised all the same."""
    lock = _locked(alone, project, gpu)
    _foreign(lock)
    alone.multiplat("lock", "--drop-cuda", cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert 'linux-64: {glibc: "2.34"}' in text
    assert _builds(lock)["torch"] == "cpu_0"


def test_environment_of_its_own(alone: Host, project: Path, gpu: Path) -> None:
    """The promise goes to the environment whose lock needs it, and to no other."""
    declared = "multiplat:\n  environments:\n    gpu:\n      dependencies: [{}]\n{}"
    promises = f"      virtual-packages: {PROMISE[PROMISE.index('{linux') : -2]}\n"
    write(project, gpu, "other", platforms=LINUX, extra=declared.format(BUILDS, promises))
    alone.multiplat("lock", cwd=project)
    write(project, gpu, "other", platforms=LINUX, extra=declared.format("torch 2.*", ""))
    _foreign(project / "gpu.conda-lock.yml")
    alone.multiplat("lock", cwd=project)
    data = yaml.safe_load((project / "environment.yml").read_text(encoding="utf-8"))["multiplat"]
    assert data["environments"]["gpu"]["virtual-packages"] == {
        "linux-64": {"cuda": "12.0", "glibc": "2.34"}
    }
    assert "virtual-packages" not in data
    assert _builds(project / "gpu.conda-lock.yml")["torch"] == "cuda126_0"


def test_own_promise_that_is_gone(alone: Host, project: Path, gpu: Path) -> None:
    """CUDA builds of our own lock aren't dropped for want of a promise, unless told."""
    lock = _locked(alone, project, gpu)
    before = lock.read_bytes()
    assert alone.multiplat("check", cwd=project, code=1).stdout.endswith(
        'linux-64: {cuda: "12.0", glibc: "2.34"}\n'
        "add that promise, then run: conda multiplat lock\n"
        "or, to drop CUDA builds: conda multiplat lock --drop-cuda\n"
    )
    for command in (["lock"], ["lock", "--update-all"], ["add", "other"]):
        stderr = alone.multiplat(*command, cwd=project, code=1).stderr
        assert (
            "error: CUDA builds are locked, and the manifest promises no CUDA for them\n"
            "  default/linux-64  torch 2.0 cuda126_0 would become a CPU build\n"
            "  to keep them, add to environment.yml multiplat: virtual-packages: linux-64: "
            '{cuda: "12.0"}\n'
            "  to drop them: conda multiplat lock --drop-cuda\n"
            "  no file was changed\n"
        ) in stderr
        assert lock.read_bytes() == before
    alone.multiplat("lock", "--drop-cuda", cwd=project)
    assert _builds(lock) == {"torch": "cpu_0"}
    assert "in sync" in alone.multiplat("lock", cwd=project).stderr


def test_promise_that_is_too_low(alone: Host, project: Path, gpu: Path) -> None:
    """A promise that the locked builds can't run with is no reason to drop them either."""
    lock = _locked(alone, project, gpu)
    low = 'multiplat: {virtual-packages: {linux-64: {cuda: "11.2", glibc: "2.34"}}}\n'
    write(project, gpu, "torch 2.*", platforms=LINUX, extra=low)
    text = lock.read_text(encoding="utf-8").replace("__cuda: ''", "__cuda: '>=12'")
    lock.write_text(text, encoding="utf-8")
    _foreign(lock)
    stderr = alone.multiplat("lock", cwd=project, code=1).stderr
    assert 'linux-64: {cuda: "12"}\n' in stderr


@pytest.mark.parametrize(
    ("line", "extra"),
    [
        ("torch 2.* cpu*", ""),
        ("torch 2.*", "multiplat: {virtual-packages: {linux-64: {cuda: null}}}\n"),
    ],
)
@pytest.mark.parametrize("ours", [True, False])
def test_cpu_builds_on_purpose(
    alone: Host, project: Path, gpu: Path, line: str, extra: str, *, ours: bool
) -> None:
    """A manifest that names a CPU build, or takes CUDA back, has said so."""
    lock = _locked(alone, project, gpu)
    write(project, gpu, line, platforms=LINUX, extra=extra)
    if not ours:
        _foreign(lock)
    alone.multiplat("lock", cwd=project)
    assert _builds(lock)["torch"] == "cpu_0"


def test_nobody_asks_for_it(alone: Host, project: Path, gpu: Path) -> None:
    """What is no longer asked for goes without a word about CUDA."""
    lock = _locked(alone, project, gpu)
    write(project, gpu, "other", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    assert list(_builds(lock)) == ["other"]


def test_import(alone: Host, project: Path, gpu: Path, tmp_path: Path) -> None:
    """Another tool's lock becomes a manifest with the promises that its packages need."""
    (tmp_path / "old").mkdir()
    lock = _locked(alone, tmp_path / "old", gpu)
    _foreign(lock)
    stderr = alone.multiplat("import", lock, cwd=project).stderr
    why = "torch 2.0 needs __cuda, with cuda-version 12.6, torch 2.0 needs __glibc >=2.34"
    assert f" promised for linux-64: cuda 12.0, glibc 2.34 ({why})\n" in stderr
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert f'    linux-64: {{cuda: "12.0", glibc: "2.34"}}  # {why}\n' in text
    alone.multiplat("lock", cwd=project)
    assert _builds(project / "conda-lock.yml")["torch"] == "cuda126_0"


STATED = """\
subdirs:
  linux-64:
    packages:
      __cuda: "12.4"
      __glibc: "2.31"
      __linux: "5.10"
      __unix: "0"
      __archspec: 1 x86_64_v3
  win-64:
    packages: {__win: "0", __cuda: "11.8"}
  osx-64:
    packages: {__osx: "11.0"}
"""


@pytest.mark.slow
def test_virtual_packages_yml(alone: Host, project: Path) -> None:
    """conda-lock's file of promises, as conda-lock itself reads it."""
    (project / "env.yml").write_text(
        "channels: [conda-forge]\nplatforms: [linux-64, win-64]\ndependencies: [python]\n",
        encoding="utf-8",
    )
    stated = project / "virtual-packages.yml"
    stated.write_text(STATED, encoding="utf-8")
    stderr = alone.multiplat("import", "env.yml", "--dry-run", cwd=project).stderr
    assert " virtual-packages.yml has virtual packages for conda-lock: to import them" in stderr
    done = alone.multiplat("import", "env.yml", "virtual-packages.yml", cwd=project)
    assert " not carried over:\n   virtual packages of osx-64\n" in done.stderr
    text = (project / "environment.yml").read_text(encoding="utf-8")
    promised = yaml.safe_load(text)["multiplat"]["virtual-packages"]
    judged = conda_lock_says("promises", str(stated))
    for subdir in ("linux-64", "win-64"):
        assert promised[subdir] == {
            name.removeprefix("__"): build or version
            for name, version, build, subdirs in judged
            if subdir in subdirs and version != "0"
        }


def test_virtual_packages_yml_problems(alone: Host, project: Path) -> None:
    """All problems at their places; names that can't be promised are listed, not lost."""
    (project / "env.yml").write_text(
        "platforms: [linux-64]\ndependencies: [python]\n", encoding="utf-8"
    )
    (project / "vp.yml").write_text(
        "subdirs:\n  linux64: {packages: {}}\n  linux-64: {packages: {__cuda: [1]}}\n",
        encoding="utf-8",
    )
    assert alone.multiplat("import", "env.yml", "vp.yml", cwd=project, code=2).stderr == (
        "error: vp.yml can't be imported\n"
        "  vp.yml:2:3: unknown platform 'linux64'\n"
        "      did you mean 'linux-64'?\n"
        "  vp.yml:3:33: __cuda is a list\n      write plain text\n"
    )
    assert alone.multiplat("import", "vp.yml", cwd=project, code=2).stderr.count("vp.yml:") == 2
    (project / "vp.yml").write_text(
        "subdirs: {linux-64: {packages: {__Odd: '1', __osx: '11.0', cuda: '12'}}}\n",
        encoding="utf-8",
    )
    done = alone.multiplat("import", "env.yml", "vp.yml", "--dry-run", cwd=project)
    assert [line for line in done.stderr.splitlines() if "vp.yml:" in line] == [
        "   vp.yml:1:33: __Odd: 1 of linux-64: 'Odd' is not the name of a virtual package",
        "   vp.yml:1:45: __osx: 11.0 of linux-64: linux-64 never has 'osx'",
        "   vp.yml:1:60: cuda: 12 of linux-64: a virtual package's name begins with `__`",
    ]


def test_install_elsewhere(alone: Host, project: Path, gpu: Path) -> None:
    """A lock without promises is held against the manifest's, and the words say whose they are."""
    _foreign(_locked(alone, project, gpu))
    look = ("install", "--dry-run", "--platform", "linux-64")
    assert alone.multiplat(*look, cwd=project, code=1).stderr == (
        "error: default needs more than is promised for linux-64\n"
        "  torch 2.0 needs __cuda           the promises of linux-64: none\n"
        "  torch 2.0 needs __glibc >=2.34   the promises of linux-64: __glibc 2.28\n"
        "  nothing was downloaded or changed\n"
        "  add the promise to environment.yml: multiplat: virtual-packages: linux-64: "
        '{cuda: "12.0", glibc: "2.34"}\n'
    )
    write(project, gpu, "torch 2.*", platforms=LINUX, extra=PROMISE)
    stderr = alone.multiplat(*look, cwd=project).stderr
    assert stderr == (
        "   + cuda-version  12.6\n   + torch         2.0\n"
        " would install the 2 packages of default/linux-64\n"
    )


def test_unquoted_hash_and_place(alone: Host, project: Path) -> None:
    """A hash of digits is text, also unquoted; where another machine finds a channel is its own."""
    case = Path(__file__).parents[2] / "cases" / "foreign-lock"
    for file in case.iterdir():
        (project / file.name).write_bytes(file.read_bytes())
    look = ("install", "--dry-run", "--platform", "linux-64")
    assert alone.multiplat(*look, cwd=project).stderr == (
        "warning: zlib: from https://conda.example/conda-forge, which is not a channel of the "
        "manifest: refused unless conda's configuration allows it "
        "(`channel_alias`, `custom_channels`)\n"
        "   + zlib  1.3.1\n would install the 1 package of default/linux-64\n"
    )
    fetch = ("install", "--download-only", "--platform", "linux-64")
    assert "zlib: from https://conda.example/conda-forge" in (
        alone.multiplat(*fetch, cwd=project, code=2).stderr
    )
    alias = {"CONDARC": str(project / "condarc")}
    (project / "condarc").write_text("channel_alias: https://conda.example\n", encoding="utf-8")
    assert "warning" not in alone.multiplat(*look, cwd=project, env=alias).stderr


@pytest.mark.parametrize("setting", ["channel_alias: {}\n", "custom_channels: {{ours: {}}}\n"])
def test_download_of_another_tools_lock(
    alone: Host, project: Path, tmp_path: Path, setting: str
) -> None:
    """It promises nothing: the manifest and what is assumed do, and its packages are fetched.

    Its URLs are where the manifest's channels are: here by this machine's configuration.
    """
    needs = {"linux-64": "__glibc >=2.17,<3.0.a0", "osx-arm64": "__osx >=11", "win-64": "__win"}
    packages = [
        Package("z", subdir=subdir, depends=[need], files={"share/z": b"z"})
        for subdir, need in needs.items()
    ]
    build_channel(tmp_path / "channels" / "ours", packages)
    with serve(tmp_path / "channels") as server:
        (alone.home / ".condarc").write_text(setting.format(server.url), encoding="utf-8")
        write(project, "ours", "z", platforms=f"[{', '.join(needs)}]")
        alone.multiplat("lock", cwd=project)
        _foreign(project / "conda-lock.yml")
        for subdir in needs:
            look = ("install", "--platform", subdir, "--dry-run")
            assert alone.multiplat(*look, cwd=project).stderr == (
                f"   + z  1.0\n would install the 1 package of default/{subdir}\n"
            )
            fetch = ("install", "--platform", subdir, "--download-only")
            assert alone.multiplat(*fetch, cwd=project).stderr == (
                f" the 1 package of default/{subdir} is in the cache\n"
            )
        archives = [path for path in server.seen if path.endswith(".conda")]
    assert sorted(archives) == [f"/ours/{subdir}/z-1.0-0.conda" for subdir in sorted(needs)]
