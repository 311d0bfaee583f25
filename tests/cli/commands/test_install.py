"""``install`` as a user runs it: real packages, a Python that runs, conda's own view of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import (
    SUBDIR,
    Package,
    Symlink,
    binary_package,
    build,
    build_channel,
    write_repodata,
)
from support.patience import PATIENCE, soon
from support.server import Rules, serve
from support.sizes import without_sizes

from conda_multiplat import __version__

ALL = ("python", "greeting", "prefixed", "scripted")


def _lock(door: Host, project: Path, channel: Path, *dependencies: str, extra: str = "") -> None:
    write(project, channel, *dependencies, platforms=f"[{SUBDIR}]", extra=extra)
    door.multiplat("lock", "-q", cwd=project)


@pytest.mark.parametrize(
    ("chosen", "activated"),
    [
        (("-n", "demo"), "demo"),
        (("-p", "{envs}/demo"), "demo"),
        (("-p", "{tmp}/envs/demo"), "{tmp}/envs/demo"),  # conda looks for names elsewhere
        (("-p", "{tmp}/demo"), "{tmp}/demo"),
    ],
)
def test_how_to_activate(
    door: Host,
    project: Path,
    real_channel: Path,
    tmp_path: Path,
    chosen: Sequence[str],
    activated: str,
) -> None:
    """The command works: by a name only where conda finds the environment by that."""
    _lock(door, project, real_channel, "greeting")
    folders = {"envs": door.envs, "tmp": tmp_path}
    done = door.multiplat("install", *(text.format(**folders) for text in chosen), cwd=project)
    assert done.stderr.splitlines()[-1] == f" next: conda activate {activated.format(**folders)}"


def test_name_of_another(alone: Host, project: Path, real_channel: Path, tmp_path: Path) -> None:
    """A name that leads to another environment activates nothing: the folder is named."""
    _lock(alone, project, real_channel, "greeting")
    alone.multiplat("install", "-n", "taken", cwd=project)
    done = alone.multiplat("install", "-p", tmp_path / "taken", cwd=project)
    assert done.stderr.endswith(f" next: conda activate {tmp_path / 'taken'}\n")


def test_installed_environment_runs(door: Host, project: Path, real_channel: Path) -> None:
    """Python runs in the prefix, noarch modules and commands work, prefixes are replaced."""
    _lock(door, project, real_channel, *ALL)
    done = door.multiplat("install", cwd=project)
    prefix = door.envs / "demo"
    assert without_sizes(done.stderr).endswith(
        f" {prefix} has the 5 packages of default\n next: conda activate demo\n"
    )
    code = "import sys, greeting; print(sys.prefix); greeting.main()"
    ran = subprocess.run(
        [prefix / "bin/python", "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"{prefix}\nhello from greeting\n"
    ran = subprocess.run([prefix / "bin/greet"], capture_output=True, text=True, check=True)
    assert ran.stdout == "hello from greeting\n"
    assert (prefix / "etc/prefixed.cfg").read_text(encoding="utf-8") == f"root = {prefix}\n"
    assert (prefix / "lib/prefixed.link").readlink() == Path("prefixed.bin")
    blob = (prefix / "lib/prefixed.bin").read_bytes()
    assert blob.startswith(b"\x7fELF\x00" + str(prefix).encode() + b"/share\x00")
    assert blob.endswith(bytes(range(256)))
    assert (prefix / "post-link.txt").read_text(encoding="utf-8") == "linked scripted\n"


@pytest.mark.slow
def test_conda_takes_it_for_its_own(conda: Host, project: Path, real_channel: Path) -> None:
    """list, env list, the history's specs, variables, and conda install on top of it."""
    _lock(
        conda,
        project,
        real_channel,
        "python",
        "greeting",
        extra="variables: {ROBOT: arm 1, N: 3}\n",
    )
    conda.multiplat("install", cwd=project)
    prefix = conda.envs / "demo"
    listed = json.loads(conda.run("list", "-p", prefix, "--json").stdout)
    assert [record["name"] for record in listed] == ["greeting", "greeting-data", "python"]
    assert str(prefix) in json.loads(conda.run("env", "list", "--json").stdout)["envs"]
    exported = conda.run("env", "export", "-p", prefix, "--from-history").stdout
    assert "dependencies:\n  - greeting\n  - python\n" in exported
    shown = conda.run("env", "config", "vars", "list", "-p", prefix).stdout
    assert shown.splitlines() == ["ROBOT = arm 1", "N = 3"]
    url = real_channel.as_uri()
    conda.run("install", "-y", "-p", prefix, "--override-channels", "-c", url, "prefixed")
    assert (prefix / "etc/prefixed.cfg").exists()
    assert (prefix / "bin/greet").exists()
    done = conda.multiplat("install", cwd=project)
    assert "   - prefixed  1.0\n" in done.stderr
    assert not (prefix / "etc/prefixed.cfg").exists()


def test_variables_are_set_on_activation(conda: Host, project: Path, real_channel: Path) -> None:
    """Conda's own activation exports the manifest's variables, and those of other hands stay."""
    extra = "variables: {ROBOT: arm 1}\n"
    _lock(conda, project, real_channel, "greeting-data", extra=extra)
    conda.multiplat("install", cwd=project)
    prefix = conda.envs / "demo"
    script = conda.run("shell.posix", "activate", prefix).stdout
    assert "export ROBOT='arm 1'" in script
    conda.run("env", "config", "vars", "set", "-p", prefix, "OWN=1")
    _lock(conda, project, real_channel, "greeting-data")
    conda.multiplat("install", cwd=project)
    script = conda.run("shell.posix", "activate", prefix).stdout
    assert "ROBOT" not in script
    assert "export OWN='1'" in script


def test_prefix_outside_envs_is_registered(conda: Host, project: Path, real_channel: Path) -> None:
    """An environment in any folder shows up in ``conda env list``."""
    _lock(conda, project, real_channel, "greeting-data")
    prefix = project / "env"
    conda.multiplat("install", "-p", prefix, cwd=project)
    known = (conda.home / ".conda/environments.txt").read_text(encoding="utf-8")
    assert known == f"{prefix}\n"
    if os.geteuid() != 0:  # for root, conda looks into the real homes of all users instead
        assert str(prefix) in json.loads(conda.run("env", "list", "--json").stdout)["envs"]


def test_records_are_complete(alone: Host, project: Path, real_channel: Path) -> None:
    """conda-meta has what conda's solver reads and the lock does not hold."""
    _lock(alone, project, real_channel, "greeting", "prefixed")
    alone.multiplat("install", cwd=project)
    meta = alone.envs / "demo" / "conda-meta"
    record = json.loads((meta / "greeting-1.0-0.json").read_text(encoding="utf-8"))
    assert record["noarch"] == "python"
    assert record["timestamp"] == 1_700_000_000_000
    assert record["depends"] == ["greeting-data >=1", "python >=3.10"]
    assert record["requested_specs"] == ["greeting"]
    assert record["channel"] == real_channel.as_uri()
    assert "bin/greet" in record["files"]


@pytest.mark.slow
def test_what_conda_linked_is_as_locked(
    conda: Host, alone: Host, project: Path, real_channel: Path
) -> None:
    """However a conda writes its records: the same archives are not linked again."""
    prefix = project / "env"
    names = ("greeting", "prefixed", "scripted")
    channel = ("--override-channels", "-c", real_channel.as_uri())
    conda.run("create", "-y", "-p", prefix, *channel, *names)
    _lock(alone, project, real_channel, *names)
    alone.multiplat("list", "--installed", "--exit-code", "-p", prefix, cwd=project)
    assert alone.json("install", "-p", prefix, cwd=project)["changes"] == []


def test_conda_doctor_finds_nothing_altered(
    conda: Host, alone: Host, project: Path, tmp_path: Path
) -> None:
    """Of soft links conda notes no digest, and compares that of what is behind them."""
    libz = Package(
        "libz",
        subdir=SUBDIR,
        files={
            "lib/libz.so.1.3": b"code",
            "lib/libz.so.1": Symlink("libz.so.1.3"),
            "lib/libz.so": Symlink("libz.so.1"),
            "lib/z/data": b"data",
            "lib/z-latest": Symlink("z"),
            "share/z": Symlink("../lib/libz.so"),
        },
    )
    channel = build_channel(tmp_path / "channel", [libz, binary_package()])
    prefix = project / "env"
    _lock(alone, project, channel, "libz", "prefixed")
    for _ in range(2):  # the second time, both are in the cache
        alone.multiplat("install", "-p", prefix, cwd=project)
        stdout = conda.run("doctor", "-v", "-p", prefix).stdout
        assert "There are no packages with altered files." in stdout
        assert "There are no packages with missing files." in stdout
        (prefix / "conda-meta" / "libz-1.0-0.json").unlink()
    (prefix / "etc/prefixed.cfg").write_text("altered\n", encoding="utf-8")
    stdout = conda.run("doctor", "-v", "-p", prefix).stdout
    assert "prefixed-1.0-h0_0:\n  etc/prefixed.cfg\n" in stdout


def test_again_does_nothing(door: Host, project: Path, real_channel: Path) -> None:
    """A second run changes no file."""
    _lock(door, project, real_channel, *ALL)
    door.multiplat("install", cwd=project)
    prefix = door.envs / "demo"
    before = {path: path.lstat().st_mtime_ns for path in prefix.rglob("*")}
    done = door.multiplat("install", cwd=project)
    assert done.stderr.strip() == f"{prefix} is as locked: 5 packages"
    assert {path: path.lstat().st_mtime_ns for path in prefix.rglob("*")} == before


def test_follows_the_lock(alone: Host, project: Path, real_channel: Path) -> None:
    """What the lock no longer has is removed, and no longer counts as asked for."""
    _lock(alone, project, real_channel, "greeting-data", "prefixed")
    alone.multiplat("install", "-n", "other", cwd=project)
    _lock(alone, project, real_channel, "greeting-data")
    document = alone.json("install", "-n", "other", cwd=project)
    assert [(change["kind"], change["name"]) for change in document["changes"]] == [
        ("removed", "prefixed")
    ]
    history = (alone.envs / "other/conda-meta/history").read_text(encoding="utf-8")
    assert history.splitlines()[-2:] == [
        "# remove specs: ['prefixed']",
        "# update specs: ['greeting-data']",
    ]


@pytest.mark.parametrize(
    ("by_conda", "told"),
    [
        ("# update specs: ['prefixed=1.0']\n", ["# remove specs: ['prefixed=1.0']"]),
        (
            "# create specs: ['prefixed', 'greeting >=1']\n",
            ["# remove specs: ['greeting >=1', 'prefixed']"],
        ),
        ("# neutered specs: ['prefixed']\n# remove specs: ['prefixed']\n", []),
        ("# install specs: ['greeting-data=1.0']\n", []),
    ],
)
def test_what_conda_was_asked_for_is_over(
    alone: Host, project: Path, real_channel: Path, by_conda: str, told: list[str]
) -> None:
    """Specs of conda that the lock does not ask for end: conda would go back to them."""
    _lock(alone, project, real_channel, "greeting-data")
    alone.multiplat("install", cwd=project)
    history = alone.envs / "demo/conda-meta/history"
    with history.open("a", encoding="utf-8") as file:
        file.write(f"==> 2026-01-01 00:00:00 <==\n{by_conda}")
    before = history.read_text(encoding="utf-8").splitlines()
    alone.multiplat("install", cwd=project)
    new = history.read_text(encoding="utf-8").splitlines()[len(before) :]
    asked = "# update specs: ['greeting-data']"
    changed = bool(told) or "greeting" in by_conda
    assert new[2:] == [*told, *([asked] if changed else [])]


@pytest.mark.slow
def test_conda_forgets_what_the_lock_does_not_ask_for(
    conda: Host, project: Path, tmp_path: Path
) -> None:
    """After ``install``, conda neither keeps nor restores versions that it was asked for before."""
    library = [Package("library", version, noarch="generic") for version in ("1.2", "1.3")]
    more = [
        Package("tool", noarch="generic", depends=["library"]),
        Package("other", noarch="generic"),
    ]
    channel = build_channel(tmp_path / "own", [*library, *more])
    _lock(conda, project, channel, "tool")
    conda.multiplat("install", cwd=project)
    prefix = conda.envs / "demo"
    words = ("install", "-y", "-p", prefix, "--override-channels", "-c", channel.as_uri())
    conda.run(*words, "library=1.2", "other")
    assert (prefix / "conda-meta/library-1.2-0.json").exists()
    conda.multiplat("install", cwd=project)
    exported = conda.run("env", "export", "-p", prefix, "--from-history").stdout
    assert "dependencies:\n  - tool\n" in exported
    assert "library" not in exported
    conda.run(*words, "other")
    assert (prefix / "conda-meta/library-1.3-0.json").exists()


def test_dry_run(door: Host, project: Path, real_channel: Path) -> None:
    """--dry-run says what would change, and leaves no trace."""
    _lock(door, project, real_channel, "greeting-data")
    done = door.multiplat("install", "--dry-run", cwd=project)
    prefix = door.envs / "demo"
    assert re.fullmatch(
        r"   \+ greeting-data  1\.0  (\d\.\d kB)\n"
        rf" would change 1 package in {re.escape(str(prefix))} \(download size \1\)\n",
        done.stderr.lstrip("\n"),
    )
    assert not prefix.exists()
    assert not (door.home / ".conda").exists()


def test_unmet_needs_are_refused(door: Host, project: Path, tmp_path: Path) -> None:
    """Needs of depends and constrains are checked before anything is fetched."""
    own = write_repodata(
        tmp_path / "own",
        [
            Package("driver-user", depends=["__cuda >=12"]),
            Package("cuda-version", "12.9", constrains=["__cuda >=12.9"]),
        ],
    )
    promise = 'multiplat: {virtual-packages: {unix: {cuda: "12.9"}, win: {cuda: "12.9"}}}\n'
    _lock(door, project, own, "driver-user", "cuda-version", extra=promise)
    env = {"CONDA_OVERRIDE_CUDA": "11.8"}
    done = door.multiplat("install", cwd=project, env=env, code=1)
    assert done.stderr.lstrip("\n") == (
        f"error: this machine can't run default for {SUBDIR}\n"
        "  driver-user 1.0 needs             __cuda >=12     this machine: __cuda 11.8\n"
        "  cuda-version 12.9 and 1 more need __cuda >=12.9   this machine: __cuda 11.8\n"
        "  nothing was downloaded or changed\n"
        f"  driver {'576.02' if SUBDIR.startswith('win') else '575.51.03'} or newer "
        "supports CUDA 12.9\n"
        "  if you know that it works, set CONDA_OVERRIDE_CUDA=12.9\n"
    )
    assert not (door.envs / "demo").exists()


def test_alike_needs_are_folded(alone: Host, project: Path, tmp_path: Path) -> None:
    """Many packages with one need make one line."""
    names = ("a", "b", "c")
    own = write_repodata(tmp_path / "own", [Package(n, depends=["__cuda"]) for n in names])
    promise = 'multiplat: {virtual-packages: {unix: {cuda: "12"}, win: {cuda: "12"}}}\n'
    _lock(alone, project, own, *names, extra=promise)
    env = {"CONDA_OVERRIDE_CUDA": ""}
    done = alone.multiplat("install", cwd=project, env=env, code=1)
    assert "  a 1.0 and 2 more need        __cuda        this machine: none\n" in done.stderr
    assert "  the manifest's promise needs __cuda >=12   this machine: none\n" in done.stderr


def test_promise_alone_is_a_need(alone: Host, project: Path, tmp_path: Path) -> None:
    """What was locked for CUDA is not installed where CUDA is older, or not there at all."""
    own = build_channel(tmp_path / "own", [Package("plain", noarch="generic")])
    promise = f'multiplat: {{virtual-packages: {{{SUBDIR}: {{cuda: "12.4"}}}}}}\n'
    _lock(alone, project, own, "plain", extra=promise)
    for has in ("", "12.3"):
        done = alone.multiplat("install", cwd=project, env={"CONDA_OVERRIDE_CUDA": has}, code=1)
        assert "  the manifest's promise needs __cuda >=12.4   this machine: " in done.stderr
    alone.multiplat("install", cwd=project, env={"CONDA_OVERRIDE_CUDA": "12.4"})


def test_ways_out(alone: Host, project: Path, real_channel: Path) -> None:
    """A refusal names the environments of the manifest that this machine can run."""
    extra = f"""\
multiplat:
  environments:
    gpu: {{virtual-packages: {{{SUBDIR}: {{cuda: "12.4"}}}}}}
    more: {{dependencies: [greeting]}}
"""
    platforms = f"[{SUBDIR}]"
    write(project, real_channel, "greeting-data", platforms=platforms, extra=extra)
    alone.multiplat("lock", cwd=project)
    none = {"CONDA_OVERRIDE_CUDA": ""}
    done = alone.multiplat("install", "-e", "gpu", cwd=project, env=none, code=1)
    assert (
        "  nothing was downloaded or changed\n"
        "  conda multiplat install -e default: fits this machine\n"
        "  conda multiplat install -e more: fits this machine\n"
    ) in done.stderr


def test_other_machine(alone: Host, project: Path, tmp_path: Path) -> None:
    """--platform with --dry-run or --download-only: the machine has what was promised."""
    other = "win-64" if SUBDIR != "win-64" else "linux-64"
    packages = [
        Package("native", subdir=other, depends=["__cuda >=12"], files={"share/x": b"x" * 99}),
        Package("data", noarch="generic", files={"share/y": b"y" * 99}),
    ]
    with serve(build_channel(tmp_path / "own", packages)) as server:
        extra = f'multiplat: {{virtual-packages: {{{other}: {{cuda: "12.4"}}}}}}\n'
        specs = ("native", "data")
        write(project, server.url, *specs, platforms=f"[{other}]", extra=extra)
        alone.multiplat("lock", cwd=project)
        none = {"CONDA_OVERRIDE_CUDA": ""}
        done = alone.multiplat("install", "--platform", other, "--dry-run", cwd=project, env=none)
        assert without_sizes(done.stderr) == (
            "   + data    1.0\n   + native  1.0\n"
            f" would install the 2 packages of default/{other}\n"
        )
        fetch = ("install", "--platform", other, "--download-only")
        done = alone.multiplat(*fetch, cwd=project, env=none)
        assert done.stderr == f" the 2 packages of default/{other} are in the cache\n"
        before = [path for path in server.seen if path.endswith(".conda")]
        assert len(before) == 2
        alone.multiplat(*fetch, cwd=project, env=none)
        assert [path for path in server.seen if path.endswith(".conda")] == before
        server.replace = {"native-1.0-0.conda": b"other"}
        (alone.pkgs / "multiplat").rename(alone.pkgs / "gone")
        done = alone.multiplat(*fetch, cwd=project, env=none, code=3)
        assert "native" in done.stderr
    assert list(alone.envs.glob("*")) == []
    done = alone.multiplat("install", "--platform", other, cwd=project, code=2)
    assert done.stderr == (
        f"error: --platform {other} can be used only with --dry-run or --download-only\n"
        "  --dry-run shows what would be installed, --download-only fills the cache\n"
    )


def test_info(door: Host, project: Path, real_channel: Path) -> None:
    """The machine, where each value comes from, and which environments fit and why not."""
    promise = f'{{virtual-packages: {{{SUBDIR}: {{cuda: "13"}}}}}}'
    extra = f"multiplat: {{environments: {{gpu: {promise}}}}}\n"
    write(project, real_channel, "greeting-data", platforms=f"[{SUBDIR}]", extra=extra)
    env = {"CONDA_OVERRIDE_CUDA": "12.4"}
    answer = door.json("info", cwd=project, env=env)
    assert answer["environments"] == {
        name: {
            "fits": False,
            "reasons": [f"{lock} does not exist"],
            "lock": {"state": "not locked", "reasons": []},
            "prefix": str(door.envs / prefix),
            "installed": False,
            "as_locked": None,
        }
        for name, lock, prefix in (
            ("default", "conda-lock.yml", "demo"),
            ("gpu", "gpu.conda-lock.yml", "demo-gpu"),
        )
    }
    door.multiplat("lock", cwd=project)
    answer = door.json("info", cwd=project, env=env)
    assert answer["platform"] == SUBDIR
    assert {
        "name": "__cuda",
        "version": "12.4",
        "build": "0",
        "from": "CONDA_OVERRIDE_CUDA",
    } in answer["virtual_packages"]
    assert answer["environments"] == {
        "default": {
            "fits": True,
            "reasons": [],
            "lock": {"state": "in sync", "reasons": []},
            "prefix": str(door.envs / "demo"),
            "installed": False,
            "as_locked": None,
        },
        "gpu": {
            "fits": False,
            "lock": {"state": "in sync", "reasons": []},
            "prefix": str(door.envs / "demo-gpu"),
            "installed": False,
            "as_locked": None,
            "reasons": [
                f"this machine can't run gpu for {SUBDIR}",
                "the manifest's promise needs __cuda >=13   this machine: __cuda 12.4",
            ],
        },
    }
    shown = door.multiplat("info", cwd=project, env=env).stdout
    assert "   __cuda 12.4  (CONDA_OVERRIDE_CUDA)\n" in shown
    where = f"     conda-lock.yml  (in sync)\n     {door.envs / 'demo'}  (not installed)\n"
    where += "   gpu: this machine can't run it\n"
    assert f"   default: this machine can run it\n{where}" in shown


@pytest.mark.slow
def test_info_of_what_is_there(alone: Host, project: Path, real_channel: Path) -> None:
    """Whether a lock answers its manifest, and whether a prefix has what is locked; why not."""

    def state() -> tuple[object, ...]:
        environment = alone.json("info", cwd=project)["environments"]["default"]
        stdout = alone.multiplat("info", cwd=project).stdout
        _, there, rest = stdout.partition(f"     {prefix}  (")
        assert there, stdout
        words = rest.partition(")\n")[0]
        return (
            environment["lock"]["state"],
            environment["installed"],
            environment["as_locked"],
            words,
        )

    prefix = alone.envs / "demo"
    _lock(alone, project, real_channel, "greeting-data")
    assert state() == ("in sync", False, None, "not installed")
    alone.multiplat("install", cwd=project)
    assert state() == ("in sync", True, True, "as locked")
    write(project, real_channel, "greeting-data", "prefixed", platforms=f"[{SUBDIR}]")
    assert state() == ("out of date", True, True, "as locked")
    lock = alone.json("info", cwd=project)["environments"]["default"]["lock"]
    assert lock["reasons"] == [f"environment.yml:7:5  prefixed: not locked  ({SUBDIR})"]
    alone.multiplat("lock", cwd=project)
    assert state() == ("in sync", True, False, "1 package not as locked")
    marker = prefix / "conda-meta" / "multiplat"
    text = marker.read_text(encoding="utf-8")
    marker.write_text(text.replace("complete", "installing"), encoding="utf-8")
    assert state() == ("in sync", True, False, "an install into it was not finished")
    marker.unlink()
    assert state() == ("in sync", True, None, "not made by conda multiplat")
    (project / "conda-lock.yml").write_text("package: []\n", encoding="utf-8")
    assert state()[0] == "can't be read"


def test_info_of_tools_and_caches(door: Host, project: Path, real_channel: Path) -> None:
    """Versions of what works here, and how much is kept where."""
    _lock(door, project, real_channel, "greeting-data")
    door.multiplat("install", cwd=project)
    answer = door.json("info", cwd=project)
    versions = answer["versions"]
    assert versions["conda-multiplat"] == __version__
    for name in ("py-rattler", "uv"):
        assert versions[name] == door.version_of(name)
    assert bool(versions["conda"]) is (door.label != "standalone")
    (ours, *_) = answer["caches"]
    assert (ours["name"], ours["folder"]) == ("cache", str(door.pkgs / "multiplat"))
    assert ours["bytes"] > 0
    assert ours["whole"]
    shown = door.multiplat("info", cwd=project).stdout
    assert re.search(rf"^ uv +{re.escape(versions['uv'])}$", shown, re.MULTILINE)
    assert re.search(rf"^ cache +\d+\.\d kB +{re.escape(ours['folder'])}$", shown, re.MULTILINE)


def test_info_without_a_manifest(alone: Host, project: Path) -> None:
    """The machine alone."""
    answer = alone.json("info", cwd=project, env={"CONDA_OVERRIDE_CUDA": ""})
    assert answer["environments"] == {}
    assert "__cuda" not in {package["name"] for package in answer["virtual_packages"]}


def test_metadata_is_the_channels(alone: Host, project: Path, tmp_path: Path) -> None:
    """Where a channel has mended a package's dependencies, conda-meta has the mended ones."""
    own = build_channel(tmp_path / "own", [Package("a", depends=["b <2"]), Package("b")])
    path = own / "noarch" / "repodata.json"
    path.write_text(path.read_text("utf-8").replace("b <2", "b <3"), encoding="utf-8")
    (own / "noarch" / "repodata.json.zst").unlink()
    _lock(alone, project, own, "a")
    for name in ("cold", "warm"):
        alone.multiplat("install", "-n", name, cwd=project)
        meta = alone.envs / name / "conda-meta" / "a-1.0-0.json"
        assert json.loads(meta.read_text(encoding="utf-8"))["depends"] == ["b <3"]


def test_prefer_takes_the_first_that_fits(alone: Host, project: Path, real_channel: Path) -> None:
    """Without -e, ``prefer`` is gone through, and what is passed over is said."""
    extra = f"""\
multiplat:
  environments:
    gpu: {{virtual-packages: {{{SUBDIR}: {{cuda: "12.4"}}}}, dependencies: [gpu-part]}}
  prefer: [gpu, default]
"""
    folder = real_channel.parent / "gpu-channel"
    build_channel(folder, [Package("gpu-part", depends=["__cuda >=12"], noarch="generic")])
    write(
        project,
        f"{real_channel.as_uri()}\n  - {folder.as_uri()}",
        "greeting-data",
        platforms=f"[{SUBDIR}]",
        extra=extra,
    )
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("install", cwd=project, env={"CONDA_OVERRIDE_CUDA": ""})
    assert done.stderr.startswith(f"skipped gpu: this machine can't run gpu for {SUBDIR}\n")
    assert " has the 1 package of default\n" in without_sizes(done.stderr)
    refused = alone.json(
        "install", "-e", "gpu", cwd=project, env={"CONDA_OVERRIDE_CUDA": ""}, code=1
    )
    for more in ((), ("--dry-run",)):
        document = alone.json("install", *more, cwd=project, env={"CONDA_OVERRIDE_CUDA": ""})
        assert document["skipped"] == [
            {"environment": "gpu", "error": refused["error"], "details": refused["details"]}
        ]
    none = alone.json("install", "-e", "default", cwd=project, env={"CONDA_OVERRIDE_CUDA": ""})
    assert none["skipped"] == []
    done = alone.multiplat("install", "-n", "two", cwd=project, env={"CONDA_OVERRIDE_CUDA": "12.4"})
    assert " has the 2 packages of gpu\n" in without_sizes(done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("frozen", "reason"),
    [
        ("", "no reason is given"),
        ("{}", "no reason is given"),
        ('{"message": "in production"}', "in production"),
        ("by hand", "by hand"),
    ],
)
def test_frozen_prefix(
    alone: Host, project: Path, real_channel: Path, frozen: str, reason: str
) -> None:
    """CEP 22: refused with the marker's message, unless told otherwise."""
    _lock(alone, project, real_channel, "greeting-data")
    prefix = alone.envs / "demo"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta/history").touch()
    (prefix / "conda-meta/frozen").write_text(frozen, encoding="utf-8")
    done = alone.multiplat("install", cwd=project, code=1)
    assert done.stderr == (
        f"error: {prefix} is frozen (conda-meta/frozen)\n"
        f"  {reason}\n"
        "  --override-frozen changes it anyway\n"
    )
    alone.multiplat("install", "--override-frozen", cwd=project)
    assert (prefix / "share/greeting.txt").exists()


@pytest.mark.slow
def test_base_is_refused(conda: Host, project: Path, real_channel: Path) -> None:
    """The base environment is conda's own."""
    _lock(conda, project, real_channel, "greeting-data")
    done = conda.multiplat("install", "-n", "base", cwd=project, code=1)
    assert "is conda's base environment\n" in done.stderr


def test_other_folders_are_refused(alone: Host, project: Path, real_channel: Path) -> None:
    """A folder with something else in it is not made an environment."""
    _lock(alone, project, real_channel, "greeting-data")
    done = alone.multiplat("install", "-p", project, cwd=project, code=1)
    assert done.stderr == (
        f"error: {project} is not empty, and not a conda environment\n  choose another folder\n"
    )


def test_folder_that_scripts_would_run(alone: Host, project: Path, real_channel: Path) -> None:
    """A name that a package's script would run is refused; one with a space alone works."""
    _lock(alone, project, real_channel, "python", "greeting")
    for name in ("a $(touch pwned)", "an `id`", 'a "b"', "$" + 100 * "x"):
        done = alone.multiplat("install", "-p", project / name, cwd=project, code=2)
        assert done.stderr == (
            f"error: {str(project / name)!r} can't be an environment's folder: "
            "its scripts would run what is in it\n"
            "  choose another, without `$`, quotes, backslashes and line breaks\n"
        )
        assert not (project / name).exists()
    alone.multiplat("install", "-p", project / "with a space", cwd=project)
    greet = project / "with a space" / "bin" / "greet"
    ran = subprocess.run([greet], capture_output=True, text=True, check=True)
    assert ran.stdout == "hello from greeting\n"


def test_no_lock(alone: Host, project: Path, real_channel: Path) -> None:
    """Without a lock: exit code 2 and the command to run."""
    write(project, real_channel, "greeting-data", platforms=f"[{SUBDIR}]")
    done = alone.multiplat("install", cwd=project, code=2)
    assert done.stderr == "error: conda-lock.yml does not exist\n  run `conda multiplat lock`\n"


def test_other_platform(alone: Host, project: Path, real_channel: Path) -> None:
    """A lock without this machine's platform is no reason to solve."""
    write(project, real_channel, "greeting-data", platforms="[linux-s390x]")
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("install", cwd=project, code=1)
    assert done.stderr.startswith(
        f"error: default is not locked for {SUBDIR}, this machine's platform\n"
        "  locked: linux-s390x\n"
    )
    other = "osx-64" if SUBDIR != "osx-64" else "osx-arm64"
    done = alone.multiplat("install", "--platform", other, "--dry-run", cwd=project, code=1)
    assert done.stderr.startswith(f"error: default is not locked for {other}\n")


def test_edited_lock(alone: Host, project: Path, real_channel: Path) -> None:
    """A hand-edited lock is not installed."""
    _lock(alone, project, real_channel, "greeting-data")
    lock = project / "conda-lock.yml"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace("greeting-data-1.0", "greeting-data-2.0"), encoding="utf-8")
    done = alone.multiplat("install", cwd=project, code=2)
    assert done.stderr.startswith("error: conda-lock.yml is not as it was written\n")


def test_changed_manifest_is_noted(alone: Host, project: Path, real_channel: Path) -> None:
    """What is locked is installed, with a word that the manifest has moved on."""
    _lock(alone, project, real_channel, "greeting-data")
    write(project, real_channel, "greeting-data", "prefixed", platforms=f"[{SUBDIR}]")
    done = alone.multiplat("install", cwd=project)
    assert done.stderr.startswith("warning: the manifest has changed since default was locked; ")
    assert not (alone.envs / "demo/etc").exists()


def test_local_packages_are_verified(door: Host, project: Path, tmp_path: Path) -> None:
    """A ``file://`` package with other content than was locked is refused before any change."""
    own = build_channel(tmp_path / "own", [Package("a", files={"a.txt": b"one"}, noarch="generic")])
    _lock(door, project, own, "a")
    build(Package("a", files={"a.txt": b"two"}, noarch="generic"), own)
    done = door.multiplat("install", cwd=project, code=3)
    assert done.stderr.lstrip("\n").startswith("error: packages differ from the lock\n")
    assert "a-1.0-0.conda: sha256 is " in done.stderr
    assert not (door.envs / "demo/a.txt").exists()


def test_same_name_from_another_channel(alone: Host, project: Path, tmp_path: Path) -> None:
    """The cache does not mix up two archives of one name, version and build."""
    for name in ("one", "two"):
        own = build_channel(
            tmp_path / name, [Package("a", files={"a.txt": name.encode()}, noarch="generic")]
        )
        (project / "conda-lock.yml").unlink(missing_ok=True)
        _lock(alone, project, own, "a")
        alone.multiplat("install", cwd=project)
        assert (alone.envs / "demo/a.txt").read_text(encoding="utf-8") == name


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(8))
def test_interrupted_install_is_finished(
    alone: Host, project: Path, tmp_path: Path, moment: int
) -> None:
    """Killed at any moment, the next run leaves the environment whole."""
    packages = [
        Package(
            f"p{n}", noarch="generic", files={f"share/p{n}/{i}": b"x" * 2000 for i in range(60)}
        )
        for n in range(12)
    ]
    own = build_channel(tmp_path / "own", packages)
    _lock(alone, project, own, *(package.name for package in packages))
    process = subprocess.Popen(
        [*alone.command, "install"],
        cwd=project,
        env=alone.environ(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    prefix = alone.envs / "demo"
    soon((prefix / "conda-meta/multiplat").exists)
    time.sleep(moment * 0.004)
    process.kill()
    killed = process.wait()  # else it was done before
    if killed and (prefix / "conda-meta/history").exists():  # it is written before rattler begins
        (prefix / "symtest_planted").symlink_to(prefix)  # what rattler leaves when it is killed
    done = alone.multiplat("install", cwd=project)
    if "is as locked" not in done.stderr:  # else all had been done
        assert list(prefix.glob("symtest_*")) == []
    assert list((prefix / "conda-meta").glob("prefix_record_*")) == []
    for package in packages:
        meta = json.loads(
            (prefix / f"conda-meta/{package.name}-1.0-0.json").read_text(encoding="utf-8")
        )
        assert meta["noarch"] == "generic"
        for name, content in package.files.items():
            assert (prefix / name).read_bytes() == content


def test_ctrl_c_while_downloading(door: Host, project: Path, tmp_path: Path) -> None:
    """Ctrl-C in the middle of an install: exit code 130; the next run finishes."""
    root = tmp_path / "packages"
    packages = [Package(name, noarch="generic", files={name: b"x"}) for name in "ab"]
    build_channel(root / "chan", packages)
    with serve(root) as server:
        write(project, f"{server.url}/chan", "a", "b", platforms=f"[{SUBDIR}]")
        door.multiplat("lock", cwd=project)
        server.delay["b-1.0-0.conda"] = 2 * PATIENCE
        command = [*door.command, *(["multiplat"] if door.is_conda else []), "install"]
        process = _start(command, door, project)
        prefix = door.envs / "demo"
        assert soon(lambda: server.waiting)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=PATIENCE)
        assert (process.returncode, "Traceback" in error) == (130, False), error
        server.delay.clear()
        door.multiplat("install", cwd=project)
    assert sorted(path.name for path in prefix.glob("[ab]")) == ["a", "b"]


def test_ctrl_c(door: Host, project: Path, server: Rules) -> None:
    """Ctrl-C while a channel hangs: exit code 130, no lock, no traceback."""
    server.delay["repodata.json.zst"] = 2 * PATIENCE
    write(project, server.url + "/chan", "zlib", platforms="[linux-64]")
    command = [*door.command, *(["multiplat"] if door.is_conda else []), "lock"]
    process = _start(command, door, project)
    assert soon(lambda: server.waiting)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert error.endswith("error: interrupted\n")
    assert sorted(path.name for path in project.iterdir()) == [".git", "environment.yml"]


def _start(command: list[str], door: Host, project: Path) -> subprocess.Popen[str]:
    """Start a command that heeds Ctrl-C, even where these tests run as a background job."""
    return subprocess.Popen(
        command,
        cwd=project,
        env=door.environ(),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    )
