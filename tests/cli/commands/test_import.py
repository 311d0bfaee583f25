"""``import``: environment files of several platforms as one manifest, and what is asked of it."""

from __future__ import annotations

import json
import os
import pty
import random
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.conda_lock_says import conda_lock_says
from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, write_repodata

from conda_multiplat.importers.values import conda_meaning, pypi_meaning
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.manifest.read import Source, read_manifest

LINUX = """\
name: robot
channels: [{channel}]
dependencies:
  - python=3.12
  - numpy >=2            # arrays
  - only-unix
  - pip:
      - robosuite
      - mujoco ==3.1
variables:
  MUJOCO_GL: egl
  OMP_NUM_THREADS: "4"
prefix: /home/ada/envs/robot
"""
MAC = """\
name: robot-mac
channels:
  - {channel}
dependencies:
  - numpy 2.*            # for Accelerate [osx]
  - python 3.12.*
  - rich-text
  - needs-cuda           # [linux]
  - pip:
      - mujoco ==3.2
      - Robosuite
variables:
  OMP_NUM_THREADS: "4"
  MUJOCO_GL: cgl
"""
MERGED = """\
# Imported by `conda multiplat import` from environment-linux.yml, env.osx-arm64.yaml.
# A line with a selector, `# [linux]`, applies only to those platforms; the others apply to all.
name: robot
channels:
  - {channel}
platforms:
  - linux-64
  - osx-arm64
dependencies:
  - python=3.12
  - numpy >=2  # arrays [linux]
  - numpy 2.*  # for Accelerate [osx]
  - only-unix  # [linux]
  - rich-text  # [osx]
  - pip:
      - robosuite
      - mujoco ==3.1  # [linux]
      - mujoco ==3.2  # [osx]
variables:
  MUJOCO_GL: "egl"  # [linux]
  MUJOCO_GL: "cgl"  # [osx]
  OMP_NUM_THREADS: "4"
"""
SAID = """\
 default: 2 lines on all platforms, 6 under selectors
 environment-linux.yml is for linux-64, judging by its name; for another platform: \
environment-linux.yml@PLATFORM
 different between platforms; each keeps its own:
   numpy
     numpy >=2  linux-64   environment-linux.yml:5
     numpy 2.*  osx-arm64  env.osx-arm64.yaml:5
   mujoco
     mujoco ==3.1  linux-64   environment-linux.yml:9
     mujoco ==3.2  osx-arm64  env.osx-arm64.yaml:10
 not carried over:
   environment-linux.yml:13:1: prefix: a folder of one machine
       `install` takes the name, or -p PREFIX
   env.osx-arm64.yaml:8: - needs-cuda: its selector is never true on osx-arm64
   env.osx-arm64.yaml: name: robot-mac
       the name is robot now
"""
TWO = ("linux-64", "osx-arm64")


def write_files(folder: Path, **files: str) -> list[str]:
    """Write environment files, ``a_b`` as ``a-b.yml``; their dependencies after a channel."""
    names = [f"{name.replace('_', '-')}.yml" for name in files]
    for name, text in zip(names, files.values(), strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    return names


def simple(*dependencies: str, channels: str = "[main]") -> str:
    """The text of a small environment file."""
    lines = "".join(f"  - {dependency}\n" for dependency in dependencies)
    return f"channels: {channels}\ndependencies:\n{lines}"


def lines_of(folder: Path, key: str = "dependencies") -> list[str]:
    """The lines of a top-level list of the manifest, selectors and all."""
    text = (folder / "environment.yml").read_text(encoding="utf-8")
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith(" "):
            inside = line == f"{key}:"
        elif inside:
            lines.append(line.strip().removeprefix("- "))
    return lines


def two_files(project: Path, channel: Path) -> tuple[str, str]:
    url = channel.as_uri()
    (project / "environment-linux.yml").write_text(LINUX.format(channel=url), encoding="utf-8")
    (project / "env.osx-arm64.yaml").write_text(MAC.format(channel=url), encoding="utf-8")
    return "environment-linux.yml", "env.osx-arm64.yaml"


def test_two_files(door: Host, project: Path, channel: Path) -> None:
    """What both ask for is written once, the rest under selectors, and what is lost is listed."""
    files = two_files(project, channel)
    done = door.multiplat("import", *files, cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert text == MERGED.format(channel=channel.as_uri())
    assert done.stderr == f"{SAID} wrote environment.yml\n next: conda multiplat lock\n"
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("output", "following"),
    [
        ("other.yml", "lock -f other.yml"),
        ("two words.yml", 'lock -f "two words.yml"'),
        ("sub/environment.yml", f"lock -f {Path('sub/environment.yml')}"),
        ("environment.yaml", "lock"),
    ],
)
def test_what_comes_next(
    alone: Host, project: Path, channel: Path, output: str, following: str
) -> None:
    """The command that is named locks what was written, wherever that is."""
    (project / "sub").mkdir()
    text = simple("numpy", channels=f"[{channel.as_uri()}]")
    (project / "env.linux-64.yml").write_text(text, encoding="utf-8")
    done = alone.multiplat("import", "env.linux-64.yml", "-o", output, cwd=project)
    assert done.stderr.endswith(f" next: conda multiplat {following}\n")
    alone.multiplat(*shlex.split(following), "--dry-run", cwd=project)


def test_json(door: Host, project: Path, channel: Path) -> None:
    """With --json all of it is one document."""
    document = door.json("import", *two_files(project, channel), "--dry-run", cwd=project)
    assert document.pop("manifest") == MERGED.format(channel=channel.as_uri())
    assert not (project / "environment.yml").exists()
    differing = document.pop("differing")
    assert [
        (difference["manager"], difference["name"], difference["settled"])
        for difference in differing
    ] == [
        ("conda", "numpy", None),
        ("pypi", "mujoco", None),
    ]
    assert differing[0]["specs"][0] == {
        "platforms": ["linux-64"],
        "spec": "numpy >=2",
        "file": "environment-linux.yml",
        "line": 5,
    }
    assert document == {
        "success": True,
        "files": ["environment.yml"],
        "written": False,
        "platforms": ["linux-64", "osx-arm64"],
        "environments": {
            "default": {
                "shared": ["python=3.12", "robosuite"],
                "selected": [
                    {"spec": "numpy >=2", "platforms": ["linux-64"]},
                    {"spec": "numpy 2.*", "platforms": ["osx-arm64"]},
                    {"spec": "only-unix", "platforms": ["linux-64"]},
                    {"spec": "rich-text", "platforms": ["osx-arm64"]},
                    {"spec": "mujoco ==3.1", "platforms": ["linux-64"]},
                    {"spec": "mujoco ==3.2", "platforms": ["osx-arm64"]},
                ],
            }
        },
        "lost": [
            {
                "file": "environment-linux.yml",
                "line": 13,
                "what": "prefix: a folder of one machine",
                "instead": "`install` takes the name, or -p PREFIX",
            },
            {
                "file": "env.osx-arm64.yaml",
                "line": 8,
                "what": "- needs-cuda: its selector is never true on osx-arm64",
                "instead": "",
            },
            {
                "file": "env.osx-arm64.yaml",
                "line": 0,
                "what": "name: robot-mac",
                "instead": "the name is robot now",
            },
        ],
        "notes": [
            "environment-linux.yml is for linux-64, judging by its name; for another platform: "
            "environment-linux.yml@PLATFORM"
        ],
    }


def test_locks_ask_for_the_same(alone: Host, project: Path, channel: Path, tmp_path: Path) -> None:
    """The manifest's lock asks for what the files' own locks ask for, and has the same packages."""
    files = two_files(project, channel)
    for name in files:  # the PyPI side is not what is tested here
        path = project / name
        text = path.read_text(encoding="utf-8")
        start, _, rest = text.partition("  - pip:\n")
        path.write_text(start + rest[rest.index("variables:") :], encoding="utf-8")
    alone.multiplat("import", *files, cwd=project)
    alone.multiplat("lock", cwd=project)
    for name, subdir in zip(files, ("linux-64", "osx-arm64"), strict=True):
        folder = tmp_path / subdir
        folder.mkdir()
        shutil.copy(project / name, folder / "environment.yml")
        alone.multiplat("lock", "--platform", subdir, cwd=folder)
        key = f"multiplat.requested.{subdir}"
        own = yaml.safe_load((folder / "conda-lock.yml").read_text(encoding="utf-8"))
        now = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
        asked = [
            {
                conda_meaning(spec)
                for spec in yaml.safe_load(lock["metadata"]["custom_metadata"][key])
            }
            for lock in (own, now)
        ]
        assert asked[0] == asked[1]
        assert locked(project)[subdir] == locked(folder)[subdir]


_NAMES = ("a", "b-c", "d_e", "python", "numpy", "lib.x")
_SPECS = ("{}", "{} >=1", "{}=1.2", "{} 1.2.*", "{} ==2.0", "{}=2.0=py_0", "chan::{} <3")
_PIP = ("{}", "{}>=1", "{} >= 1", "{}[extra]==2.0", "{}; sys_platform == 'linux'")
_OTHER_PIP = ("-e .", "./local", "--index-url https://pypi.example.com/simple")
_PLATFORMS = ("linux-64", "osx-arm64", "osx-64", "win-64", "linux-aarch64")


def _random_file(chance: random.Random) -> str:
    channels = chance.sample(["conda-forge", "main", "./local", "https://c.example.com/x"], 2)
    data: dict[str, Any] = {"channels": channels[: chance.randint(1, 2)]}
    names = chance.sample(_NAMES, chance.randint(0, 5))
    data["dependencies"] = [chance.choice(_SPECS).format(name) for name in names]
    pip = [chance.choice(_PIP).format(name) for name in chance.sample(_NAMES[:4], 2)]
    if chance.random() < 0.6:
        data["dependencies"].append({"pip": [*pip, *chance.sample(_OTHER_PIP, 1)]})
    if chance.random() < 0.5:
        data["variables"] = {"A": chance.choice(["1", "x # [linux]", 'say "hi"']), "B": "ü\t"}
    if chance.random() < 0.5:
        data["name"] = chance.choice(["one", "two"])
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


def _read(name: str, text: str, subdirs: Sequence[str]) -> Manifest:
    return read_manifest([Source(name, text)], host_subdirs=subdirs)


def _asked(manifest: Manifest, subdir: str, environment: str = "default") -> tuple[object, ...]:
    """What is asked for on a platform; a name alone says nothing beside more of that package."""
    view = manifest.view(environment, subdir)
    conda = {conda_meaning(line.text) for line in view.conda}
    pypi = {pypi_meaning(line.text) for line in view.pypi}
    return (
        [channel.value for channel in view.channels],
        conda - {line.name for line in view.conda if conda_meaning(line.text) != line.name},
        pypi - {line.name for line in view.pypi if pypi_meaning(line.text) != line.name},
    )


@pytest.mark.parametrize("seed", range(12))
def test_any_files(alone: Host, project: Path, seed: int) -> None:
    """Whatever files are imported, each platform is asked for what its own file asks for."""
    chance = random.Random(seed)
    platforms = chance.sample(_PLATFORMS, chance.randint(2, 4))
    texts = {f"{subdir}.yml": _random_file(chance) for subdir in platforms}
    places = {f"{subdir}.yml": ("default", subdir) for subdir in platforms}
    for name, base in (("cuda12", texts[f"{platforms[0]}.yml"]), ("gpu", _random_file(chance))):
        more = yaml.safe_load(base)
        more["dependencies"].append("gpu-tool")
        texts[f"{platforms[0]}-{name}.yml"] = yaml.safe_dump(more)
        places[f"{platforms[0]}-{name}.yml"] = (name, platforms[0])
    for file, text in texts.items():
        (project / file).write_text(text, encoding="utf-8")
    alone.multiplat("import", *texts, cwd=project)
    merged = _read("m.yml", (project / "environment.yml").read_text(encoding="utf-8"), ())
    assert merged.platforms == tuple(platforms)
    for file, text in texts.items():
        environment, subdir = places[file]
        own = _read(file, text, [subdir])
        assert _asked(merged, subdir, environment) == _asked(own, subdir), file
        if environment == "default":
            assert merged.variables[subdir] == own.variables[subdir], file


def test_platforms_in_the_files(alone: Host, project: Path) -> None:
    """``FILE@PLATFORM`` and ``platforms:`` go before the name; selectors in files are honoured."""
    two = "platforms: [linux-64, linux-aarch64]\n"
    text = simple("a", "b  # [aarch64]", "sse  # [x86_64]", "never  # [win]")
    names = write_files(project, environment_mac=two + text, other=simple("a", "m  # [arm64]"))
    done = alone.multiplat("import", names[0], f"{names[1]}@osx-64,osx-arm64", cwd=project)
    assert lines_of(project) == ["a", "b    # [aarch64]", "sse  # [linux64]", "m    # [arm64]"]
    assert lines_of(project, "platforms") == ["linux-64", "linux-aarch64", "osx-64", "osx-arm64"]
    assert "environment-mac.yml:7: - never: its selector is never true on" in done.stderr


def test_dictionary_selectors(alone: Host, project: Path) -> None:
    """Micromamba's selectors become comments; those that hold nowhere are told."""
    names = write_files(
        project,
        linux=simple("a", "sel(linux): l", "sel(osx): o"),
        win=simple("a", "sel(win): w"),
    )
    done = alone.multiplat("import", *names, cwd=project)
    assert lines_of(project) == ["a", "l  # [linux]", "w  # [win]"]
    assert "linux.yml:5: - sel(osx): o: its selector is never true on linux-64" in done.stderr


def test_gpu_files_are_environments(alone: Host, project: Path) -> None:
    """A file for GPUs is an environment beside the others, with what it has more."""
    names = write_files(
        project,
        env_linux=simple("python 3.12.*", "tool"),
        env_mac=simple("python 3.12.*", "tool", "mlx"),
        env_linux_cuda12=simple("gpu-tool", "python=3.12", "tool", channels="[nvidia, main]"),
        env_gpu=simple("other"),
    )
    alone.multiplat("import", *names, cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert (
        text[text.index("dependencies:") :]
        == """\
dependencies:
  - python 3.12.*
  - tool
  - mlx  # [osx]
multiplat:
  environments:
    cuda12:
      platforms: [linux-64]
      virtual-packages:
        linux-64: {cuda: "12"}
      channels:
        - nvidia
      dependencies:
        - gpu-tool
    gpu:
      extends: []
      platforms: [linux-64]
      dependencies:
        - other
"""
    )


@pytest.mark.parametrize("gpus_first", [True, False])
def test_order_of_gpu_files(alone: Host, project: Path, gpus_first: bool) -> None:
    """The file of a GPU environment may come first, and its version counts beside `gpu`."""
    for name in ("gpu_cuda-129_linux-64.yml", "dev_linux-aarch64.yml"):
        (project / name).write_text("channels: [main]\ndependencies: [tool]\n", encoding="utf-8")
    names = ["gpu_cuda-129_linux-64.yml", "dev_linux-aarch64.yml"]
    done = alone.multiplat(
        "import", *(names if gpus_first else names[::-1]), "-o", "o.yml", cwd=project
    )
    assert "error" not in done.stderr
    manifest = yaml.safe_load((project / "o.yml").read_text(encoding="utf-8"))
    assert manifest["platforms"] == ["linux-aarch64"]
    environment = manifest["multiplat"]["environments"]["cuda129"]
    assert environment["platforms"] == ["linux-64"]
    assert environment["virtual-packages"] == {"linux-64": {"cuda": "12.9"}}


def test_declared_environments(alone: Host, project: Path) -> None:
    """What files say under ``multiplat:`` is joined, each environment on the platforms it has."""
    more = """\
multiplat:
  virtual-packages: {{{platform}}}
  environments:
    dev: {{dependencies: [pytest, {tool}]}}
"""
    linux = simple("a") + more.format(platform='linux: {glibc: "2.34"}', tool="strace")
    mac = simple("a") + more.format(platform='osx: {osx: "14.0"}', tool="dtruss")
    alone.multiplat("import", *write_files(project, linux=linux, mac=mac), cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert (
        text[text.index("multiplat:") :]
        == """\
multiplat:
  virtual-packages:
    linux-64: {glibc: "2.34"}
    osx-arm64: {osx: "14.0"}
  environments:
    dev:
      platforms: [linux-64, osx-arm64]
      dependencies:
        - pytest
        - strace  # [linux]
        - dtruss  # [osx]
"""
    )


def test_ignored_vulnerabilities(alone: Host, project: Path) -> None:
    """What `audit` is told to ignore comes along, each entry once."""
    entry = "{{id: {}, reason: \"no: 'files' # of others\", until: 2099-12-31}}"
    for file, platform, names in (
        ("environment-linux.yml", "linux-64", ("CVE-1", "CVE-2")),
        ("environment-osx.yml", "osx-arm64", ("CVE-2", "CVE-3")),
    ):
        ignored = ", ".join(map(entry.format, names))
        (project / file).write_text(
            f"name: a\nchannels: [c]\nplatforms: [{platform}]\ndependencies: [zlib]\n"
            f"multiplat: {{audit: {{ignore: [{ignored}]}}}}\n",
            encoding="utf-8",
        )
    alone.multiplat("import", "environment-linux.yml", "environment-osx.yml", cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    ignored = yaml.safe_load(text)["multiplat"]["audit"]["ignore"]
    assert [vulnerability["id"] for vulnerability in ignored] == ["CVE-1", "CVE-2", "CVE-3"]
    assert {vulnerability["reason"] for vulnerability in ignored} == {"no: 'files' # of others"}
    manifest = read_manifest([Source("environment.yml", text)], host_subdirs=())
    assert {vulnerability.until for vulnerability in manifest.ignored} == {"2099-12-31"}


def test_licenses(alone: Host, project: Path) -> None:
    """Lists of licences come along; what one file denies is denied."""
    for file, platform, lists in (
        ("environment-linux.yml", "linux-64", "allow: [MIT, Zlib], deny: [GPL-2.0-only]"),
        (
            "environment-osx.yml",
            "osx-arm64",
            "allow: [MIT, ISC], deny: [Zlib], "
            "exceptions: {a: {license: 'no', reason: 'x: #1'}, b: {reason: y}}",
        ),
    ):
        (project / file).write_text(
            f"name: a\nchannels: [c]\nplatforms: [{platform}]\ndependencies: [zlib]\n"
            f"multiplat: {{licenses: {{{lists}}}}}\n",
            encoding="utf-8",
        )
    alone.multiplat("import", "environment-linux.yml", "environment-osx.yml", cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["multiplat"]["licenses"] == {
        "allow": ["MIT", "ISC"],
        "deny": ["GPL-2.0-only", "Zlib"],
        "exceptions": {"a": {"license": "no", "reason": "x: #1"}, "b": {"reason": "y"}},
    }
    manifest = read_manifest([Source("environment.yml", text)], host_subdirs=())
    assert [exception.package for exception in manifest.licenses.exceptions] == ["a", "b"]


def test_channels(alone: Host, project: Path) -> None:
    """Channels keep an order that all files agree with, or else each platform keeps its own."""
    names = write_files(
        project,
        linux=simple("a", channels="[x, main]"),
        mac=simple("a", channels="[main, y]"),
        win=simple("a", channels="[main]"),
    )
    alone.multiplat("import", *names, cwd=project)
    assert lines_of(project, "channels") == ["x  # [linux]", "main", "y  # [osx]"]
    write_files(project, win=simple("a", channels="[main, x]"))
    done = alone.multiplat("import", *names, "--force", cwd=project)
    assert lines_of(project, "channels") == [
        *("x     # [linux]", "main  # [linux]", "main  # [osx]", "y     # [osx]"),
        *("main  # [win]", "x     # [win]"),
    ]
    assert " default: the platforms' channels have no common order; each keeps its own\n" in (
        done.stderr
    )


def test_prefer_common(alone: Host, project: Path) -> None:
    """One spec for all: the majority's, the only one that says something, a common beginning."""
    names = write_files(
        project,
        linux=simple("most 1.*", "bare", "exact ==1.26.4", "far ==1.2", "range >=2", "all"),
        mac=simple("most 1.*", "bare >=3", "exact=1.26.3", "far ==2.1", "range <3", "all"),
        win=simple("most 2.*", "bare", "exact ==1.26.4", "all"),
    )
    done = alone.multiplat("import", *names[:2], "--prefer-common", cwd=project)
    assert lines_of(project) == [
        *("most 1.*", "bare >=3", "exact 1.26.*", "all"),
        *("far ==1.2  # [linux]", "far ==2.1  # [osx]"),
        *("range >=2  # [linux]", "range <3   # [osx]"),
    ]
    assert " exact: exact 1.26.* for all, instead of exact ==1.26.4, exact=1.26.3\n" in done.stderr
    alone.multiplat("import", *names, "--prefer-common", "--force", cwd=project)
    assert lines_of(project)[:3] == ["most 1.*", "bare", "exact ==1.26.4"]


def test_differences_within_a_file(alone: Host, project: Path) -> None:
    """What one file says of its own platforms is no difference between files."""
    text = simple("a 1.*  # [linux]", "a 2.*  # [win]", "b")
    names = write_files(project, other=text, mac=simple("a 1.*", "b"))
    arguments = ["import", "--prefer-common", "--force", f"{names[0]}@linux-64,win-64", names[1]]
    done = alone.multiplat(*arguments, cwd=project)
    assert "different" not in done.stderr
    assert lines_of(project) == ["b", "a 1.*  # [unix]", "a 2.*  # [win]"]
    write_files(project, mac=simple("a 3.*", "b"))
    done = alone.multiplat(*arguments, cwd=project)
    assert " different between platforms; each keeps its own:\n   a\n" in done.stderr


def test_builds(alone: Host, project: Path) -> None:
    """Exact builds are kept; with --no-builds what is alike is shared, and they are listed."""
    pins = [f"p{n}=1.{n}=h{{}}_0" for n in range(5)]
    names = write_files(
        project,
        linux=simple(*(pin.format("l") for pin in pins), "mkl=*=*mkl", "same 2.0 py_0"),
        mac=simple(*(pin.format("m") for pin in pins), "mkl=*=*mkl", "same 2.0 py_0"),
    )
    done = alone.multiplat("import", *names, cwd=project)
    assert lines_of(project)[:4] == [
        *("mkl=*=*mkl", "same 2.0 py_0"),
        *("p0=1.0=hl_0  # [linux]", "p0=1.0=hm_0  # [osx]"),
    ]
    hint = (
        " 5 packages are pinned to builds: --no-builds merges lines that differ only in the build\n"
    )
    assert hint in done.stderr
    done = alone.multiplat("import", *names, "--no-builds", "--force", cwd=project)
    assert lines_of(project) == [
        *(f"p{n} ==1.{n}" for n in range(5)),
        "mkl=*=*mkl",
        "same 2.0 py_0",
    ]
    assert "   linux.yml: the builds of p0, p1, p2, p3, p4\n" in done.stderr
    assert "   mac.yml: the builds of p0, p1, p2, p3, p4\n" in done.stderr


def _at_a_terminal(host: Host, project: Path, arguments: Sequence[str], answers: str) -> str:
    """What a person sees who answers the questions of a command at a terminal."""
    own, theirs = pty.openpty()
    with subprocess.Popen(
        [*host.command, *arguments],
        cwd=project,
        env=host.environ(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        os.write(own, answers.encode())
        output = b""
        while True:
            try:
                block = os.read(own, 1024)
            except OSError:  # the end of a terminal, on Linux
                break
            if not block:
                break
            output += block
        assert process.wait(60) == 0, output
    os.close(own)
    return output.decode().replace("\r\n", "\n")


def test_questions(alone: Host, project: Path) -> None:
    """At a terminal each difference is asked about, with numbers, places and two ways out."""
    names = write_files(
        project,
        linux=simple("a 1.*", "b >=2", "c <1", "d 1", "e"),
        mac=simple("a 2.*", "b <2", "c >1", "d 2", "e"),
    )
    output = _at_a_terminal(alone, project, ["import", *names], "2\nk\n7\n1\na\n")
    assert lines_of(project) == [
        *("a 2.*", "c <1", "e"),
        *("b >=2  # [linux]", "b <2   # [osx]", "d 1    # [linux]", "d 2    # [osx]"),
    ]
    assert (
        "a is not the same on all platforms (1 of 4):\n"
        "  1  a 1.*  linux-64   linux.yml:3\n"
        "  2  a 2.*  osx-arm64  mac.yml:3\n"
        "  k  keep each platform's own (enter)\n"
        "  a  keep each platform's own, here and in all that follow\n"
        "which one for all platforms? [1-2, k, a] "
    ) in output
    assert "  '7' is not one of the choices\n" in output
    assert " a: a 2.* for all, instead of a 1.*, a 2.*\n" in output


def test_questions_end_with_the_input(alone: Host, project: Path) -> None:
    """An end of input at a question keeps the rest as it is."""
    names = write_files(project, linux=simple("a 1.*", "b 1"), mac=simple("a 2.*", "b 2"))
    _at_a_terminal(alone, project, ["import", *names], "1\n\x04")
    assert lines_of(project) == ["a 1.*", "b 1  # [linux]", "b 2  # [osx]"]


def test_relative_paths(alone: Host, project: Path) -> None:
    """Paths in a file of another folder start from the manifest's."""
    (project / "envs").mkdir()
    entries = "      - -e ..\n      - -r reqs/dev.txt\n      - ./wheel.whl\n      - -c /abs.txt\n"
    text = simple("a", channels="[./local, main]") + "  - pip:\n" + entries
    write_files(project / "envs", linux=text)
    alone.multiplat("import", "envs/linux.yml", cwd=project)
    assert lines_of(project) == [
        *("a", "pip:", "-r envs/reqs/dev.txt", "-c /abs.txt", "-e .", "./envs/wheel.whl"),
    ]
    assert lines_of(project, "channels") == ["./envs/local", "main"]
    alone.multiplat("import", "envs/linux.yml", "-o", "envs/environment.yml", cwd=project)
    assert lines_of(project / "envs", "channels") == ["./local", "main"]


def test_nothing_is_overwritten(alone: Host, project: Path) -> None:
    """A manifest that is there stays, unless --force; one that is imported says so."""
    write_files(project, environment=simple("a"), linux=simple("b"))
    done = alone.multiplat("import", "linux.yml", cwd=project, code=2)
    assert done.stderr == (
        "error: environment.yml already exists\n"
        "  -o FILE writes another, --force replaces it\n"
        "  --dry-run shows what it would be\n"
    )
    done = alone.multiplat("import", "environment.yml@linux-64", cwd=project, code=2)
    assert done.stderr.startswith(
        "error: environment.yml is one of the imported files, and would be replaced\n"
    )
    assert lines_of(project) == ["a"]
    alone.multiplat(
        "import", "environment.yml@linux-64", "linux.yml@win-64", "--force", cwd=project
    )
    assert lines_of(project) == ["a  # [linux]", "b  # [win]"]
    (project / "environment.yml").chmod(0o444)
    done = alone.multiplat("import", "linux.yml", "--force", cwd=project, code=3)
    assert done.stderr == "error: environment.yml is read-only\n  no file was changed\n"
    done = alone.multiplat("import", "linux.yml", "-o", "no/such/env.yml", cwd=project, code=2)
    assert done.stderr == "error: there is no folder no/such\n  create it first\n"


def test_dry_run(alone: Host, project: Path) -> None:
    """--dry-run prints the manifest, and only that, to stdout."""
    write_files(project, linux=simple("a", "b  # so it is"))
    done = alone.multiplat("import", "linux.yml", "--dry-run", cwd=project)
    assert (
        done.stdout
        == """\
# Imported by `conda multiplat import` from linux.yml.
# A line with a selector, `# [linux]`, applies only to those platforms; the others apply to all.
channels:
  - main
platforms:
  - linux-64
dependencies:
  - a
  - b  # so it is
"""
    )
    assert not (project / "environment.yml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            "error: nothing to import\n"
            "  name files, or an environment with --from-prefix or --from-name\n",
        ),
        (
            ["plain.yml"],
            "error: plain.yml can't be imported\n"
            "  plain.yml: its platform is unknown\n"
            "      write plain.yml@PLATFORM, for example plain.yml@linux-64\n",
        ),
        (
            ["plain.yml@linux-46"],
            "error: plain.yml@linux-46: unknown platform 'linux-46'\n  did you mean 'linux-64'?\n",
        ),
        (
            ["linux.yml", "plain.yml@linux-64"],
            "error: two files are for the same platform\n"
            "  plain.yml: linux.yml is for linux-64 too\n"
            "      write the platform after the file: plain.yml@PLATFORM\n",
        ),
        (
            ["linux.yml", "linux.yml"],
            "error: two files are for the same platform\n"
            "  linux.yml: linux.yml is for linux-64 too\n"
            "      write the platform after the file: linux.yml@PLATFORM\n",
        ),
        (
            ["bad-linux.yml", "bad-mac.yml", "missing.yml@win-64"],
            "error: missing.yml does not exist\n",
        ),
        (
            ["bad-linux.yml", "bad-mac.yml"],
            "error: bad-linux.yml, bad-mac.yml can't be imported\n"
            "  bad-linux.yml:3:5: not a MatchSpec: 'numpy >1 <2' "
            "(not a version: '>1<2'; write a comma before '<2')\n"
            "      for example `python 3.12.*`, `numpy>=1.26,<2.3` or `conda-forge::scipy`\n"
            "  bad-mac.yml: no `dependencies`\n"
            "      write `dependencies:` and a list; `dependencies: []` if there is nothing\n",
        ),
        (
            ["pixi.lock"],
            "error: pixi.lock lists packages, not what was requested\n"
            "  import pixi.toml or pyproject.toml instead: the locked versions are kept\n",
        ),
        (["explicit.txt"], "error: explicit.txt lists packages, not what was requested\n"),
        (["plain.yml@linux-64", "--from-name", "x"], "error: files and an environment can't be"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input(alone: Host, project: Path, arguments: list[str], message: str) -> None:
    """What is wrong is told for all files at once, with what to write; nothing is written."""
    write_files(
        project,
        plain=simple("a"),
        linux=simple("a"),
        bad_linux=simple("numpy >1 <2"),
        bad_mac="channels: [main]\n",
    )
    (project / "pixi.lock").touch()
    (project / "explicit.txt").write_text("# platform: linux-64\n@EXPLICIT\n", encoding="utf-8")
    done = alone.multiplat("import", *arguments, cwd=project, code=2)
    assert done.stderr.startswith(message), done.stderr
    assert not (project / "environment.yml").exists()


def test_comments(alone: Host, project: Path) -> None:
    """Words beside a line go with it, the first file's; those that don't are listed."""
    names = write_files(
        project,
        linux="# ours\n" + simple("a  # one", "b") + "  # the end\n",
        mac=simple("a  # two", "b  # three"),
    )
    done = alone.multiplat("import", *names, cwd=project)
    assert lines_of(project) == ["a  # one", "b  # three"]
    assert done.stderr.partition("not carried over:\n")[2].startswith(
        "   linux.yml:1: the comments on lines 1, 6\n   mac.yml:3:5: the comment 'two'\n wrote"
    )


def test_category(alone: Host, project: Path) -> None:
    """The category of a file's requirements is kept, for its platforms where they differ."""
    dev = "category: dev\n"
    names = write_files(project, linux=dev + simple("a"), mac=dev + simple("a"))
    alone.multiplat("import", *names, cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert "\ncategory: dev\n" in text
    write_files(project, mac=simple("a"))
    alone.multiplat("import", *names, "--force", cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert "\ncategory: dev  # [linux]\n" in text


def test_words_that_look_like_a_selector(alone: Host, project: Path) -> None:
    """A comment that would be read as a selector never becomes one."""
    names = write_files(
        project,
        linux=simple("a  # see [1]", "b  # works on [linux and osx", "c  # [not] here (really)"),
        mac=simple("a  # see [2]"),
    )
    alone.multiplat("import", *names, cwd=project)
    merged = _read("m.yml", (project / "environment.yml").read_text(encoding="utf-8"), ())
    asked = {
        platform: {r.text for r in merged.view("default", platform).conda}
        for platform in merged.platforms
    }
    assert asked == {"linux-64": {"a", "b", "c"}, "osx-arm64": {"a"}}


@pytest.fixture
def two_versions(tmp_path: Path) -> Path:
    """A channel of tools in two versions, and what they need."""
    packages = [
        *(
            Package("tool", version, noarch="generic", depends=["base >=1"])
            for version in ("1.0", "2.0")
        ),
        *(Package("base", version, noarch="generic") for version in ("1.0", "1.5")),
        *(Package("python", version, subdir=s) for version in ("3.11.1", "3.12.2") for s in TWO),
        *(Package("lib", v, subdir=s) for v, s in (("1.2", TWO[0]), ("1.10", TWO[1]))),
        Package("gpu", subdir="linux-64", depends=["__cuda >=12"]),
    ]
    return write_repodata(tmp_path / "two-versions", packages)


def _old_lock(host: Host, folder: Path, channel: Path, *dependencies: str, extra: str = "") -> Path:
    """A lock of old versions, in a folder of its own."""
    (folder / ".git").mkdir(parents=True)
    platforms = "[linux-64, osx-arm64]"
    write(folder, channel, *dependencies, platforms=platforms, extra=extra)
    host.multiplat("lock", cwd=folder)
    return folder / "conda-lock.yml"


def _as_another_tool(lock: Path) -> None:
    """The lock without what we alone know, in another order."""
    data = yaml.safe_load(lock.read_text(encoding="utf-8"))
    data["metadata"].pop("custom_metadata")
    lock.write_text(yaml.safe_dump(data), encoding="utf-8")


def test_own_lock(alone: Host, project: Path, two_versions: Path, tmp_path: Path) -> None:
    """A lock of ours gives the specs, channels and promises it was made for, and is in sync."""
    promises = 'multiplat: {virtual-packages: {linux-64: {cuda: "12.4", archspec: x86_64_v3}}}\n'
    old = _old_lock(
        *(alone, tmp_path / "old", two_versions, "tool 1.*", "gpu  # [linux]"), extra=promises
    )
    alone.multiplat("import", old, cwd=project)
    url = two_versions.as_uri()
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert (
        text[text.index("channels:") :]
        == f"""\
channels:
  - {url}
platforms:
  - linux-64
  - osx-arm64
dependencies:
  - tool 1.*
  - gpu  # [linux]
multiplat:
  virtual-packages:
    linux-64: {{archspec: "x86_64_v3", cuda: "12.4"}}
"""
    )
    assert (project / "conda-lock.yml").read_bytes() == old.read_bytes()
    done = alone.multiplat("check", "--strict", cwd=project)
    assert done.stdout == "in sync: conda-lock.yml\n"


def test_lock_of_another_tool(
    alone: Host, project: Path, two_versions: Path, tmp_path: Path
) -> None:
    """A lock of conda-lock gives what nothing else needs; the next lock moves no version."""
    lock = _old_lock(
        alone, tmp_path / "old", two_versions, "tool 1.*", "base 1.0", "lib", "python 3.11.*"
    )
    _as_another_tool(lock)
    shutil.copy(lock, project / "conda-lock.yml")
    before = locked(project)
    done = alone.multiplat("import", "conda-lock.yml", cwd=project)
    assert lines_of(project) == ["lib >=1.2", "python 3.11.*", "tool >=1.0"]
    assert done.stderr == (
        " default: 3 lines on all platforms\n"
        " conda-lock.yml does not say what was requested: "
        "the manifest lists Python and the packages that no other package needs\n"
        " wrote environment.yml\n"
        " next: conda multiplat lock\n"
    )
    alone.multiplat("lock", cwd=project)
    assert locked(project) == before
    assert before["linux-64"]["tool"] == "1.0"


def test_lock_is_not_overwritten(
    alone: Host, project: Path, two_versions: Path, tmp_path: Path
) -> None:
    """A lock that is already beside the new manifest stays, unless --force."""
    old = _old_lock(alone, tmp_path / "old", two_versions, "tool 1.*")
    (project / "conda-lock.yml").write_text("another\n", encoding="utf-8")
    done = alone.multiplat("import", old, cwd=project, code=2)
    assert done.stderr.startswith("error: conda-lock.yml already exists\n")
    assert not (project / "environment.yml").exists()
    done = alone.multiplat("import", old, "--force", cwd=project)
    assert " wrote environment.yml, conda-lock.yml\n" in done.stderr
    assert (project / "conda-lock.yml").read_bytes() == old.read_bytes()


def test_broken_lock(alone: Host, project: Path, two_versions: Path, tmp_path: Path) -> None:
    """A lock that can't be read is no source, and nothing is written."""
    old = _old_lock(alone, tmp_path / "old", two_versions, "tool 1.*")
    text = old.read_text(encoding="utf-8")
    old.write_text(text.replace("version: 1\n", "version: 9\n", 1), encoding="utf-8")
    done = alone.multiplat("import", old, cwd=project, code=2)
    assert "lock version 9; this conda-multiplat reads version 1" in done.stderr
    assert list(project.glob("*.yml")) == []


def test_some_platforms_of_a_lock(
    alone: Host, project: Path, two_versions: Path, tmp_path: Path
) -> None:
    """``conda-lock.yml@PLATFORM`` takes some platforms; one that it has not is an error."""
    old = _old_lock(alone, tmp_path / "old", two_versions, "tool 1.*")
    alone.multiplat("import", f"{old}@osx-arm64", cwd=project)
    assert lines_of(project, "platforms") == ["osx-arm64"]
    done = alone.multiplat("import", f"{old}@win-64", "--force", cwd=project, code=2)
    assert "conda-lock.yml: it has nothing for win-64\n" in done.stderr


def test_locks_of_several_environments(
    alone: Host, project: Path, two_versions: Path, tmp_path: Path
) -> None:
    """Each lock is an environment; what it has beyond `default` is its own."""
    extra = "multiplat: {environments: {more: {dependencies: [lib]}}}\n"
    old = _old_lock(alone, tmp_path / "old", two_versions, "tool 1.*", extra=extra)
    alone.multiplat("import", old, old.parent / "more.conda-lock.yml", cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert (
        text[text.index("multiplat:") :]
        == """\
multiplat:
  environments:
    more:
      platforms: [linux-64, osx-arm64]
      dependencies:
        - lib
"""
    )
    assert (project / "more.conda-lock.yml").exists()
    assert alone.multiplat("check", "--strict", cwd=project).stdout == (
        "in sync: conda-lock.yml, more.conda-lock.yml\n"
    )


def test_environment(door: Host, project: Path, real_channel: Path, tmp_path: Path) -> None:
    """An environment gives its history's specs, channels, variables and what pip was asked for."""
    origin = tmp_path / "origin"
    (origin / ".git").mkdir(parents=True)
    write(
        *(origin, real_channel, "greeting >=1", "prefixed"),
        platforms=f"[{SUBDIR}]",
        extra='variables: {GREETING: "hello # there"}\n',
    )
    door.multiplat("lock", cwd=origin)
    door.multiplat("install", "-n", "there", cwd=origin)
    prefix = door.envs / "there"
    packages = next(prefix.glob("lib/python*/site-packages"))
    for name, files in {
        "asked_for-2.1": {"REQUESTED": ""},
        "brought-1.0": {},
        "of_index-3.0": {
            "REQUESTED": "",
            "direct_url.json": '{"url": "https://files.example.com/packages/0a/1b/'
            f'{"c" * 60}/of_index-3.0-cp312-cp312-win_amd64.whl", "archive_info": {{}}}}',
        },
        "from_folder-0.1": {
            "REQUESTED": "",
            "direct_url.json": '{"url": "file:///src/my%20tool", "dir_info": {"editable": true}}',
        },
        "from_git-0.2": {
            "REQUESTED": "",
            "direct_url.json": '{"url": "https://me:pw@git.example.com/x.git", '
            '"vcs_info": {"vcs": "git", "commit_id": "0a1b2c"}}',
        },
        "inner_git-0.3": {
            "REQUESTED": "",
            "direct_url.json": '{"url": "ssh://git@git.example.com/y.git", "subdirectory": "z", '
            '"vcs_info": {"vcs": "git", "commit_id": "0a1b2c"}}',
        },
        "of_hg-0.4": {
            "REQUESTED": "",
            "direct_url.json": '{"url": "https://hg.example.com/x", '
            '"vcs_info": {"vcs": "hg", "commit_id": "0a1b2c"}}',
        },
    }.items():
        folder = packages / f"{name}.dist-info"
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_text(content, encoding="utf-8")
    door.multiplat("import", "--from-name", "there", cwd=project)
    by_name = (project / "environment.yml").read_text(encoding="utf-8")
    assert (
        by_name[by_name.index("name:") :]
        == f"""\
name: there
channels:
  - {real_channel.as_uri()}
platforms:
  - {SUBDIR}
dependencies:
  - greeting >=1
  - prefixed
  - pip:
      - asked-for >=2.1
      - -e /src/my tool
      - from-git @ git+https://git.example.com/x.git@0a1b2c
      - inner-git @ git+ssh://git@git.example.com/y.git@0a1b2c#subdirectory=z
      - of-hg >=0.4
      - of-index >=3.0
variables:
  GREETING: "hello # there"
"""
    )
    door.multiplat("import", "--from-prefix", prefix, "-o", "other.yml", cwd=project)
    by_prefix = (project / "other.yml").read_text(encoding="utf-8")
    assert by_prefix == by_name


def test_environment_of_old(alone: Host, project: Path, tmp_path: Path) -> None:
    """Specs that can't be locked are told; without a history the packages no other needs count."""
    meta = tmp_path / "old" / "conda-meta"
    meta.mkdir(parents=True)
    alias = "https://conda.example.com"
    (alone.home / ".condarc").write_text(
        f"channel_alias: {alias}\nchannels: [forge, main]\n", encoding="utf-8"
    )
    for name, channel, depends in (
        ("app", "main", ["lib >=1"]),
        ("lib", "main", []),
        ("extra", "forge", []),
        ("far", "https://far.example.com/t/abc/far", []),
    ):
        base = channel if "://" in channel else f"{alias}/{channel}"
        record = {
            "name": name,
            "version": "1.5",
            "build": "0",
            "subdir": "linux-64",
            "depends": depends,
            "url": f"{base}/linux-64/{name}-1.5-0.conda",
        }
        (meta / f"{name}-1.5-0.json").write_text(json.dumps(record), encoding="utf-8")
    history = meta / "history"
    history.write_text("# update specs: ['app >1 <2', 'gone', 'extra=1.5']\n", encoding="utf-8")
    arguments = ["import", "--from-prefix", tmp_path / "old", "--dry-run"]
    done = alone.multiplat(*arguments, cwd=project)
    assert done.stdout.endswith("""\
name: old
channels:
  - forge
  - main
  - https://far.example.com/far
platforms:
  - linux-64
dependencies:
  - app
  - extra=1.5
""")
    assert "app >1 <2: not a version: '>1<2'; write a comma before '<2'\n" in done.stderr
    assert "       only the name is in the manifest\n" in done.stderr
    history.write_text("", encoding="utf-8")
    done = alone.multiplat(*arguments, cwd=project)
    assert done.stdout.endswith("  - app >=1.5\n  - extra >=1.5\n  - far >=1.5\n")
    assert (
        " its history has no requests: the packages that no other package needs are imported\n"
        in (done.stderr)
    )
    app = meta / "app-1.5-0.json"
    app.write_text(app.read_text(encoding="utf-8").replace('"lib >=1"', ""), encoding="utf-8")
    done = alone.multiplat(*arguments, cwd=project)
    assert done.stdout.endswith("  - app >=1.5\n  - extra >=1.5\n  - far >=1.5\n  - lib >=1.5\n")
    assert (
        " none of its 4 packages states what it needs, so all are imported: "
        "keep those that you use\n"
    ) in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from-prefix", "nowhere"], "error: nowhere is not a conda environment\n"),
        (["--from-name", "nobody"], "error: there is no environment 'nobody'\n  looked in "),
    ],
)
def test_no_environment(alone: Host, project: Path, arguments: list[str], message: str) -> None:
    """An environment that is not there is a wrong use of the command."""
    done = alone.multiplat("import", *arguments, cwd=project, code=2)
    assert done.stderr.startswith(message)


CASES = Path(__file__).parents[2] / "cases" / "import"


_FILE = '{"url": "https://nexus.example.com/files/NAME.whl", "archive_info": {}}'
_FOLDER = '{"url": "file:///src/NAME", "dir_info": {}}'


@pytest.mark.parametrize(
    ("origins", "by_url"),
    [
        ({"app": _FILE, "lib-a": _FILE, "free": _FILE}, set[str]()),
        ({"app": _FILE, "lib-a": _FILE, "free": _FOLDER}, set[str]()),
        ({"app": _FILE, "lib-a": _FILE, "free": ""}, {"app", "lib-a"}),
        ({"app": _FILE, "lib-a": ""}, {"app"}),
        ({"app": _FILE}, {"app"}),
        ({"app": "", "lib-a": _FILE}, {"lib-a"}),
        ({"lib-a": _FILE, "free": _FILE}, {"lib-a", "free"}),
        ({"app": "", "lib-a": ""}, set[str]()),
        ({"app": "[nonsense", "lib-a": "[]"}, set[str]()),
    ],
)
def test_files_that_a_lock_named(
    alone: Host, project: Path, real_channel: Path, origins: dict[str, str], by_url: set[str]
) -> None:
    """What a tool installed from a lock by URLs of an index is no URL requirement."""
    write(project, real_channel, "greeting", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("install", "-n", "there", cwd=project)
    packages = next((alone.envs / "there").glob("lib/python*/site-packages"))
    for name, origin in origins.items():
        folder = packages / f"{name.replace('-', '_')}-1.0+local.dist-info"
        folder.mkdir()
        (folder / "REQUESTED").touch()
        needs = "Requires-Dist: Lib_A[x]>=1; python_version > '3'\n" if name == "app" else ""
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}"
        (folder / "METADATA").write_text(text, encoding="utf-8")
        if origin:
            text = origin.replace("NAME", name)
            (folder / "direct_url.json").write_text(text, encoding="utf-8")
    alone.multiplat("import", "--from-name", "there", "-o", "back.yml", cwd=project)
    data = yaml.safe_load((project / "back.yml").read_text(encoding="utf-8"))
    (lines,) = (
        dependency["pip"] for dependency in data["dependencies"] if isinstance(dependency, dict)
    )
    expected = [
        f"{name} @ https://nexus.example.com/files/{name}.whl"
        if name in by_url
        else f"/src/{name}"
        if origin == _FOLDER
        else f"{name} >=1.0"
        for name, origin in origins.items()
    ]
    assert sorted(lines) == sorted(expected)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.toml")), ids=lambda path: path.stem)
def test_pixi(alone: Host, project: Path, path: Path) -> None:
    """Manifests of the shapes that pixi's users write give these manifests and reports."""
    name = "pyproject.toml" if "pyproject" in path.name else "pixi.toml"
    shutil.copy(path, project / name)
    done = alone.multiplat("import", name, "--dry-run", cwd=project)
    assert done.stdout == path.with_suffix(".yml").read_text(encoding="utf-8")
    assert done.stderr == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_pixi_locks(alone: Host, project: Path, channel: Path) -> None:
    """What comes of a pixi manifest can be locked, each environment for its platforms."""
    (project / "pixi.toml").write_text(
        f"""\
[workspace]
channels = ["{channel.as_uri()}"]
platforms = ["linux-64", {{ name = "gpu", platform = "linux-64", cuda = "12.4" }}, "osx-arm64"]

[dependencies]
python = "3.12.*"

[target.gpu.dependencies]
needs-cuda = "*"

[feature.tools.target.osx.dependencies]
only-unix = "*"

[environments]
tools = ["tools"]
""",
        encoding="utf-8",
    )
    alone.multiplat("import", "pixi.toml", cwd=project)
    alone.multiplat("lock", cwd=project)
    assert set(locked(project, "gpu.conda-lock.yml")) == {"linux-64"}
    assert "needs-cuda" in locked(project, "gpu.conda-lock.yml")["linux-64"]
    assert "needs-cuda" not in locked(project)["linux-64"]
    tools = locked(project, "tools.conda-lock.yml")
    assert {tool: "only-unix" in tools[tool] for tool in tools} == {
        "linux-64": False,
        "osx-arm64": True,
    }
    assert "needs-cuda" in locked(project, "tools-gpu.conda-lock.yml")["linux-64"]


BAD_PIXI = """\
[workspace]
channels = "conda-forge"
platforms = ["linux-64", { platform = "linux-64", cuda = 12.4 }]

[dependencies]
python = 3.12

[feature]
test = ["pytest"]

[environments]
test = "test"
"""


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            BAD_PIXI,
            "  pixi.toml:2: channels is text, not a list of channels\n"
            "  pixi.toml:3: cuda is a number or a date, not a version or a table\n"
            "      put it in quotes\n"
            "  pixi.toml:6: python is a number or a date, not a version or a table\n"
            "      put it in quotes\n"
            "  pixi.toml:9: test is a list, not a table\n"
            "  pixi.toml:12: test is text, not a list of features or a table\n",
        ),
        (
            "[package]\nname = 'x'\n",
            "  pixi.toml: it is not a pixi manifest\n"
            "      pixi.toml has `[workspace]`, pyproject.toml `[tool.pixi.workspace]`\n",
        ),
        (
            "[workspace]\nchannels = ['x']\nplatforms = ['linux-46', 'noarch']\n",
            "  pixi.toml:3: unknown platform 'linux-46'\n      did you mean 'linux-64'?\n"
            "  pixi.toml:3: unknown platform 'noarch'\n      known: ",
        ),
        (
            "[workspace]\nchannels = ['x']\n",
            "  pixi.toml:1: no `platforms`\n"
            "      list the platforms, or write pixi.toml@PLATFORM\n",
        ),
        ("[workspace\n", "  pixi.toml:1:11: not TOML: Expected ']' at the end of a table"),
    ],
    ids=["kinds", "package", "platform", "no-platforms", "toml"],
)
def test_bad_pixi(alone: Host, project: Path, text: str, problems: str) -> None:
    """All problems of a pixi manifest are told at once, with their lines."""
    (project / "pixi.toml").write_text(text, encoding="utf-8")
    done = alone.multiplat("import", "pixi.toml", cwd=project, code=2)
    assert done.stderr.startswith(f"error: pixi.toml can't be imported\n{problems}"), done.stderr


def test_some_platforms_of_pixi(alone: Host, project: Path) -> None:
    """``pixi.toml@PLATFORM`` takes some of its platforms, and is needed where it names none."""
    (project / "pixi.toml").write_text("[workspace]\nchannels = ['x']\n", encoding="utf-8")
    alone.multiplat("import", "pixi.toml@osx-64,win-64", cwd=project)
    assert lines_of(project, "platforms") == ["osx-64", "win-64"]
    (project / "pixi.toml").write_text(
        "[workspace]\nchannels = ['x']\nplatforms = ['linux-64', 'osx-64']\n", encoding="utf-8"
    )
    alone.multiplat("import", "pixi.toml@osx-64", "--force", cwd=project)
    assert lines_of(project, "platforms") == ["osx-64"]
    done = alone.multiplat("import", "pixi.toml@win-64", "--force", cwd=project, code=2)
    assert done.stderr == (
        "error: pixi.toml can't be imported\n"
        "  pixi.toml:3: the workspace does not have win-64\n"
        "      available: linux-64, osx-64\n"
    )


def test_pixi_beside_an_environment_file(alone: Host, project: Path) -> None:
    """Sources of different kinds are joined, each with its platforms."""
    (project / "pixi.toml").write_text(
        """\
[workspace]
name = "both"
channels = ["main"]
platforms = ["linux-64", "osx-arm64"]
dependencies = { tool = "1.*" }

[dependencies]
tool = { workspace = true }

[feature.linux-only]
platforms = ["linux-64"]

[feature.more.dependencies]
more = "*"

[environments]
default = ["linux-only"]
more = ["more"]
""",
        encoding="utf-8",
    )
    names = write_files(project, win=simple("tool=1", "w"))
    alone.multiplat("import", "pixi.toml", *names, cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert (
        text[text.index("platforms:") :]
        == """\
platforms:
  - linux-64
  - win-64
dependencies:
  - tool 1.*
  - w  # [win]
multiplat:
  environments:
    more:
      extends: []
      platforms: [linux-64, osx-arm64]
      dependencies:
        - tool 1.*
        - more
"""
    )


@pytest.mark.slow
def test_conda_lock_reads_the_same(alone: Host, project: Path) -> None:
    """conda-lock's own parser leaves on each platform what the file of that platform asks for."""
    platforms = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")
    chance = random.Random(5)
    asked = {platform: sorted(chance.sample("abcdefghijklmnopq", 9)) for platform in platforms}
    for subdir, names in asked.items():
        text = f"channels: [{subdir[:3]}, all]\ndependencies: {[*names, {'pip': names}]}\n"
        (project / f"env-{subdir}.yml").write_text(text, encoding="utf-8")
    alone.multiplat("import", *(f"env-{platform}.yml" for platform in platforms), cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    for kept, subdir in zip(
        conda_lock_says("lines", [[text, platform] for platform in platforms]),
        platforms,
        strict=True,
    ):
        data = yaml.safe_load("\n".join(kept))
        *conda, pip = data["dependencies"]
        assert (sorted(conda), sorted(pip["pip"])) == (asked[subdir], asked[subdir])
        assert data["channels"] == [subdir[:3], "all"]
