"""``add`` as a user runs it: solved first, then manifest and locks change together."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, write_repodata
from support.pypi_index import Index, write_project
from support.server import Rules, serve
from support.sizes import without_sizes
from support.states import assert_nothing_to_lock

TWO = "[linux-64, osx-arm64]"


def _manifest(project: Path, file: str = "environment.yml") -> str:
    return (project / file).read_bytes().decode()


def _dependencies(project: Path) -> str:
    """The manifest from its dependencies on."""
    return _manifest(project).partition("dependencies:\n")[2]


def _bytes(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in project.glob("*.yml")}


@pytest.fixture
def pypi(tmp_path: Path) -> Iterator[tuple[Index, dict[str, str]]]:
    """An index with robosuite, and the variables that make uv look there and nowhere else."""
    index = Index(tmp_path / "index")
    for version in ("1.4", "1.5.2"):
        index.wheel("robosuite", version, requires=["numpy>=1.2", "mujoco"])
    index.wheel("mujoco", "3.1", "cp312-cp312-macosx_11_0_arm64")
    index.wheel("mujoco", "3.2", "cp312-cp312-manylinux_2_17_x86_64")
    with serve(index.root) as server:
        yield index, {"CONDA_MULTIPLAT_PYPI_INDEX": f"{server.url}/simple"}


@pytest.mark.slow
def test_package_for_all_platforms(door: Host, project: Path, channel: Path) -> None:
    """A bare name gets a lower bound; manifest and lock change together, and are in sync."""
    write(project, channel, "python 3.12.*   # not newer", platforms=TWO)
    done = door.multiplat("add", "numpy", cwd=project)
    assert done.stderr.lstrip("\n") == (
        " default  linux-64      4 packages  100 B\n"
        "          osx-arm64     4 packages  100 B\n"
        " defaults used (not in the manifest): glibc 2.28, linux 4.18, osx 13.0\n"
        " + numpy >=2.1.0\n"
        " wrote environment.yml, conda-lock.yml (8 different packages, download size 200 B)\n"
    )
    assert _dependencies(project) == "  - python 3.12.*   # not newer\n  - numpy >=2.1.0\n"
    assert locked(project)["osx-arm64"]["numpy"] == "2.1.0"
    assert_nothing_to_lock(door, project)


def test_two_commands_of_every_day(
    door: Host, project: Path, tmp_path: Path, pypi: tuple[Index, dict[str, str]]
) -> None:
    """PyPI's robosuite on both platforms, and a package that only one of them has."""
    _, env = pypi
    packages = [
        Package("python", "3.12.4", "0_cpython", "linux-64"),
        Package("python", "3.12.4", "0_cpython", "osx-arm64"),
        Package("numpy", "2.1.0", "py312_0", "linux-64", depends=["python 3.12.*"]),
        Package("numpy", "2.1.0", "py312_0", "osx-arm64", depends=["python 3.12.*"]),
        Package("mesa-libegl-cos7-x86_64", "18.3.4", noarch="generic", depends=["__linux"]),
    ]
    own = write_repodata(tmp_path / "own", packages)
    write(project, own, "python 3.12.*", "numpy", platforms=TWO)
    door.multiplat("add", "--pypi", "robosuite", cwd=project, env=env)
    door.multiplat("add", "--platform", "linux-64", "mesa-libegl-cos7-x86_64", cwd=project, env=env)
    assert _dependencies(project) == (
        "  - python 3.12.*\n  - numpy\n  - mesa-libegl-cos7-x86_64 >=18.3.4  # [linux64]\n"
        "  - pip:\n      - robosuite>=1.5.2\n"
    )
    assert locked(project) == {
        "linux-64": {
            "mesa-libegl-cos7-x86_64": "18.3.4",
            "mujoco": "3.2",
            "numpy": "2.1.0",
            "python": "3.12.4",
            "robosuite": "1.5.2",
        },
        "osx-arm64": {
            "mujoco": "3.1",
            "numpy": "2.1.0",
            "python": "3.12.4",
            "robosuite": "1.5.2",
        },
    }
    assert_nothing_to_lock(door, project, **env)


def test_one_platform_leaves_the_other_byte_for_byte(
    alone: Host, project: Path, channel: Path
) -> None:
    """What another platform has locked does not move."""
    write(project, channel, "python 3.11.*", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    before = yaml.safe_load(_manifest(project, "conda-lock.yml"))
    done = alone.multiplat("add", "--platform", "linux-64", "libblas", cwd=project)
    assert " + libblas >=3.9.0  (linux-64)\n" in done.stderr
    after = yaml.safe_load(_manifest(project, "conda-lock.yml"))

    def of(lock: Any) -> Any:
        kept = [package for package in lock["package"] if package["platform"] == "osx-arm64"]
        return kept, lock["metadata"]["content_hash"]["osx-arm64"]

    assert of(after) == of(before)


def test_lowest_version_of_all_platforms(alone: Host, project: Path, tmp_path: Path) -> None:
    """The bound holds on every platform that the line is for."""
    versions = {"linux-64": "1.10", "osx-arm64": "1.9", "win-64": "1.2"}
    packages = [Package("a", version, subdir=subdir) for subdir, version in versions.items()]
    own = write_repodata(tmp_path / "own", packages)
    path = write(project, own)
    path.write_text(_manifest(project)[:-1] + " []\n", encoding="utf-8")
    alone.multiplat("add", "--family", "unix", "a", cwd=project)
    assert _manifest(project).endswith("dependencies:\n  - a >=1.9  # [unix]\n")
    alone.multiplat("add", "a", cwd=project)
    assert _manifest(project).endswith("dependencies:\n  - a >=1.2\n")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["numpy", "--no-pin"], "  - numpy\n"),
        (["numpy>=1.2,<2"], "  - numpy>=1.2,<2\n"),
        (["NumPy  <2"], "  - NumPy <2\n"),
        (["numpy[version='>=2']"], "  - numpy[version='>=2']\n"),
    ],
)
def test_specs_as_written(
    alone: Host, project: Path, channel: Path, options: list[str], line: str
) -> None:
    """A spec that says more than a name is taken as it is; so is a name with --no-pin."""
    write(project, channel, "python", platforms=TWO)
    alone.multiplat("add", *options, cwd=project)
    assert _dependencies(project) == f"  - python\n{line}"


def test_style_of_the_bound(alone: Host, project: Path, channel: Path) -> None:
    """A file that writes specs without spaces gets one without."""
    write(project, channel, "python>=3.12", "zlib=1.3", platforms=TWO)
    alone.multiplat("add", "numpy", cwd=project)
    assert _dependencies(project) == "  - python>=3.12\n  - zlib=1.3\n  - numpy>=2.1.0\n"


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("numpy[]", "numpy >=2.1.0[]"),
        (" numpy ", "numpy >=2.1.0"),
    ],
)
def test_bound_of_what_conda_reads_as_a_name(
    alone: Host, project: Path, channel: Path, asked: str, written: str
) -> None:
    """Empty brackets and white space do not come before the bound."""
    write(project, channel, "python", platforms=TWO)
    alone.multiplat("add", asked, cwd=project)
    assert _dependencies(project) == f"  - python\n  - {written}\n"


@pytest.mark.parametrize("line", ["numpy=", "numpy>", "numpy!"])
def test_bound_of_a_line_with_an_empty_version(
    alone: Host, project: Path, channel: Path, line: str
) -> None:
    """A sign of a manifest that conda ignores gives way to the bound of the bare name."""
    write(project, channel, "python", line, platforms=TWO)
    assert f"`{line}`: conda ignores" in alone.multiplat("lock", cwd=project).stderr
    alone.multiplat("add", "numpy", cwd=project)
    assert _dependencies(project) == "  - python\n  - numpy>=2.1.0\n"


def test_bound_beside_a_channel(alone: Host, project: Path, channel: Path) -> None:
    """A channel in brackets stays at the end, behind the bound."""
    write(project, channel, "python", platforms=TWO)
    asked = f"numpy[channel={channel.as_uri()}]"
    alone.multiplat("add", asked, cwd=project)
    assert _dependencies(project) == f"  - python\n  - numpy >=2.1.0{asked[5:]}\n"


@pytest.mark.parametrize("sign", ["=", "==", "!=", "<=", ">=", "~=", "<", ">"])
def test_empty_version(alone: Host, project: Path, channel: Path, sign: str) -> None:
    """An operator without a version is refused and told as it was written, however it is spaced."""
    write(project, channel, "python", platforms=TWO)
    for asked in (
        *(f"numpy{sign}", f"numpy {sign}", f"numpy{sign} ", f"numpy {sign}\t"),
        *(f"numpy{sign}[build=py*]", f"conda-forge::numpy{sign}", f"numpy >=2,{sign}"),
    ):
        done = alone.multiplat("add", "zlib", asked, cwd=project, code=2)
        assert done.stderr == (
            f"error: not a MatchSpec: {asked!r} (no version after {sign!r})\n"
            "  for example `numpy`, `numpy>=1.26,<2.3`; for a PyPI package: --pypi\n"
        )
    assert _dependencies(project) == "  - python\n"


@pytest.mark.parametrize("asked", ["numpy!", "numpy~", "numpy=[]", "numpy= []"])
def test_sign_without_a_version(alone: Host, project: Path, channel: Path, asked: str) -> None:
    """What is no operator, or stands before brackets, has no version either."""
    write(project, channel, "python", platforms=TWO)
    sign = asked.removeprefix("numpy")[0]
    done = alone.multiplat("add", asked, cwd=project, code=2)
    assert done.stderr.startswith(
        f"error: not a MatchSpec: {asked!r} (no version after {sign!r})\n"
    )
    assert _dependencies(project) == "  - python\n"


def test_what_is_there_gets_a_new_spec(alone: Host, project: Path, channel: Path) -> None:
    """In its place, its comment kept; for one platform the line is split."""
    write(project, channel, "python 3.12.*", "numpy <2  # old", "zlib", platforms=TWO)
    done = alone.multiplat("add", "numpy >=2", cwd=project)
    assert " ~ numpy >=2, was numpy <2\n" in done.stderr
    assert _dependencies(project) == "  - python 3.12.*\n  - numpy >=2  # old\n  - zlib\n"
    done = alone.multiplat("add", "numpy >=2", cwd=project)
    assert done.stderr.endswith(" = numpy >=2\n nothing to write\n")
    alone.multiplat("add", "--platform", "osx-arm64", "numpy <2", cwd=project)
    assert _dependencies(project) == (
        "  - python 3.12.*\n  - numpy >=2  # old [linux64]\n  - zlib\n  - numpy <2  # [arm64]\n"
    )
    assert [versions["numpy"] for versions in locked(project).values()] == ["2.1.0", "1.26.4"]


def test_bare_name_takes_no_bound_away(alone: Host, project: Path, channel: Path) -> None:
    """What is asked for with a bound stays as it is; --no-pin says that there is to be none."""
    write(project, channel, "python 3.11.*", "numpy", platforms=TWO)
    done = alone.multiplat("add", "python", cwd=project)
    assert " = python 3.11.*\n" in done.stderr
    assert _dependencies(project) == "  - python 3.11.*\n  - numpy\n"
    alone.multiplat("add", "numpy", cwd=project)
    assert _dependencies(project) == "  - python 3.11.*\n  - numpy >=2.1.0\n"
    alone.multiplat("add", "--no-pin", "python", cwd=project)
    assert _dependencies(project) == "  - python\n  - numpy >=2.1.0\n"


def test_no_solution(alone: Host, project: Path, channel: Path) -> None:
    """On one platform is enough: no file is changed, and the places are said to be new ones."""
    write(project, channel, "python 3.12.*", platforms="[linux-64, win-64]")
    alone.multiplat("lock", cwd=project)
    before = _bytes(project)
    done = alone.multiplat("add", "only-unix", cwd=project, code=1)
    assert done.stderr.startswith("error: no solution for default/win-64\n")
    assert "\n  environment.yml:7:5  only-unix\n" in done.stderr
    assert done.stderr.endswith(
        "  solvable: default/linux-64\n"
        "  no file was changed\n"
        "  the line numbers are those of the changed manifest\n"
    )
    assert _bytes(project) == before


def test_unknown_package(alone: Host, project: Path, channel: Path) -> None:
    """With names like it; nothing is changed."""
    write(project, channel, "python", platforms=TWO)
    before = _bytes(project)
    done = alone.multiplat("add", "numpi", cwd=project, code=1)
    assert "      no package 'numpi' in " in done.stderr
    assert "      did you mean 'numpy'?\n" in done.stderr
    assert _bytes(project) == before


BAD = {
    "platform that is missing": (
        ["--platform", "win-64", "numpy"],
        "error: default has no platform 'win-64'; it has linux-64, osx-arm64\n"
        "  to add it: conda multiplat platform add win-64\n",
    ),
    "platform that nobody knows": (
        ["--platform", "linux64", "numpy"],
        "error: unknown platform 'linux64'\n  did you mean 'linux-64'?\n",
    ),
    "family that is missing": (
        ["--family", "win", "numpy"],
        "error: the manifest has no win platform\n  it has linux-64, osx-arm64\n",
    ),
    "environment": (
        ["-e", "defualt", "numpy"],
        "error: the manifest has no environment 'defualt'\n  did you mean 'default'?\n"
        "  to create it, write `defualt: {dependencies: []}` under `multiplat:` `environments:`\n",
    ),
    "spec": (
        ["numpy >1 <2"],
        "error: not a MatchSpec: 'numpy >1 <2' (not a version: '>1<2'; write a comma before "
        "'<2')\n"
        "  for example `numpy`, `numpy>=1.26,<2.3`; for a PyPI package: --pypi\n",
    ),
    "two platforms": (
        ["--platform", "linux-64", "osx-arm64", "numpy"],
        "error: 'osx-arm64' is a platform, not a package\n"
        "  --platform takes one value; repeat the option: --platform osx-arm64\n",
    ),
    "file of requirements that is missing": (
        ["--pypi", "-r reqs.txt"],
        "error: environment.yml can't be used\n"
        "  environment.yml:8:9: -r reqs.txt: reqs.txt does not exist\n"
        "      it is relative to .\n"
        "  no file was changed\n"
        "  the line numbers are those of the changed manifest\n",
    ),
    "PyPI entry": (
        ["--pypi", "robo suite"],
        "error: not a PyPI requirement (PEP 508): 'robo suite'\n",
    ),
    "nothing": ([], "error: nothing to add\n  name a package: conda multiplat add numpy\n"),
    "files without an end": (
        ["-f", "environment.yml", "numpy"],
        "error: nothing to add\n  -f takes several files: write it after the packages\n",
    ),
    "index for conda": (
        ["--index", "https://example.com/simple", "numpy"],
        "error: --index can be used only with --pypi\n",
    ),
    "two environments": (["-e", "a", "-e", "b", "numpy"], "error: one -e ENV at a time\n"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_usage(alone: Host, project: Path, channel: Path, name: str) -> None:
    """Exit code 2, the reason and the way out, and nothing changed."""
    options, message = BAD[name]
    write(project, channel, "python", platforms=TWO)
    before = _bytes(project)
    done = alone.multiplat("add", *options, cwd=project, code=2)
    assert done.stderr.startswith(message)
    assert _bytes(project) == before


def test_manifest_that_is_not_valid(alone: Host, project: Path, channel: Path) -> None:
    """All its problems are shown, and it is left alone."""
    write(project, channel, "python", "numpy >1 <2", platforms="[linux-46]")
    before = _bytes(project)
    done = alone.multiplat("add", "scipy", cwd=project, code=2)
    assert "environment.yml:4:13: unknown platform 'linux-46'" in done.stderr
    assert "environment.yml:7:5: not a MatchSpec" in done.stderr
    assert _bytes(project) == before


def test_no_manifest(alone: Host, project: Path) -> None:
    """There is a command that makes one."""
    done = alone.multiplat("add", "numpy", cwd=project, code=2)
    assert done.stderr.endswith(
        "  name the file with -f FILE\n  or create one: conda multiplat init\n"
    )


def test_anchors(alone: Host, project: Path, channel: Path) -> None:
    """A list that stands in two places is left alone, before anything is solved; others are not."""
    extra = (
        "multiplat:\n  environments:\n    a:\n      dependencies: &shared [zlib]\n"
        "    b:\n      dependencies: *shared\n"
    )
    write(project, channel, "python", platforms=TWO, extra=extra)
    before = _bytes(project)
    done = alone.multiplat("add", "-e", "b", "libblas", cwd=project, code=2)
    assert done.stderr == (
        "error: environment.yml can't be edited\n"
        "  `libblas` could not be added without changing other parts of the file\n"
        "  an anchor, or a selector on a line around it, ties it to other lines\n"
        "  no file was changed\n"
        "  change it by hand, then run `conda multiplat lock`\n"
    )
    assert _bytes(project) == before
    alone.multiplat("add", "libblas", cwd=project)
    assert "      dependencies: &shared [zlib]\n" in _manifest(project)


def test_line_breaks_and_mark(alone: Host, project: Path, channel: Path) -> None:
    """A file from Windows stays one, in what is locked with it too."""
    path = write(project, channel, "python", platforms=TWO)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    alone.multiplat("add", "zlib", cwd=project)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfname: demo\r\n")
    assert path.read_bytes().endswith(b"\r\n  - python\r\n  - zlib >=1.3.1\r\n")
    assert_nothing_to_lock(alone, project)


def test_read_only_manifest(alone: Host, project: Path, channel: Path) -> None:
    """Who made it so does not want it replaced, although the folder would allow it."""
    path = write(project, channel, "python", platforms=TWO)
    path.chmod(0o444)
    before = _bytes(project)
    done = alone.multiplat("add", "numpy", cwd=project, code=3)
    assert done.stderr == "error: environment.yml is read-only\n  no file was changed\n"
    assert _bytes(project) == before


def test_symbolic_link(alone: Host, project: Path, channel: Path) -> None:
    """What it stands for is edited; the lock lies beside the link, as always."""
    real = project / "elsewhere"
    real.mkdir()
    write(real, channel, "python", platforms=TWO)
    (project / "environment.yml").symlink_to(real / "environment.yml")
    alone.multiplat("add", "zlib", cwd=project)
    assert (project / "environment.yml").is_symlink()
    assert _manifest(real).endswith("  - python\n  - zlib >=1.3.1\n")
    assert (project / "conda-lock.yml").exists()
    assert not (real / "conda-lock.yml").exists()


def test_manifest_and_lock_are_written_together(alone: Host, project: Path, channel: Path) -> None:
    """Where the lock can't be written, the manifest is not either."""
    write(project, channel, "python", platforms=TWO)
    (project / "conda-lock.yml").mkdir()
    before = _manifest(project)
    alone.multiplat("add", "numpy", cwd=project, code=3)
    assert _manifest(project) == before


def test_no_lock(alone: Host, project: Path) -> None:
    """The manifest only, with no look at a channel."""
    write(project, "https://example.com/none", "python", platforms=TWO)
    done = alone.multiplat("add", "--no-lock", "numpy", cwd=project)
    assert done.stderr == " + numpy\n wrote environment.yml\n"
    assert not (project / "conda-lock.yml").exists()


def test_environment_of_its_own(alone: Host, project: Path, channel: Path) -> None:
    """Its lines go to it, and its lock alone changes; those who extend it count too."""
    extra = (
        "multiplat:\n  environments:\n    dev:\n      platforms: [linux-64]\n"
        "    more:\n      extends: [dev]\n"
    )
    write(project, channel, "python 3.12.*", platforms=TWO, extra=extra)
    alone.multiplat("lock", cwd=project)
    before = _bytes(project)
    alone.multiplat("add", "-e", "dev", "scipy", cwd=project)
    after = _bytes(project)
    changed = sorted(name for name in after if after[name] != before[name])
    assert changed == ["dev.conda-lock.yml", "environment.yml", "more.conda-lock.yml"]
    assert (
        "      platforms: [linux-64]\n      dependencies:\n        - scipy >=1.14.0\n    more:\n"
    ) in _manifest(project)


def test_platform_of_an_environment_that_is_missing(
    alone: Host, project: Path, channel: Path
) -> None:
    """The way out names the environment where it has platforms of its own."""
    extra = "multiplat: {environments: {dev: {platforms: [linux-64]}}}\n"
    write(project, channel, "python", platforms=TWO, extra=extra)
    options = ("-e", "dev", "--platform", "osx-arm64", "zlib")
    done = alone.multiplat("add", *options, cwd=project, code=2)
    assert done.stderr == (
        "error: dev has no platform 'osx-arm64'; it has linux-64\n"
        "  to add it: conda multiplat platform add osx-arm64 -e dev\n"
    )


def test_solve_group(alone: Host, project: Path, channel: Path) -> None:
    """The locks of its peers know of the bound too: all are in sync."""
    extra = (
        "multiplat:\n  solve-group: all\n  environments:\n    dev:\n"
        "      solve-group: all\n      dependencies: [python 3.11.*]\n"
    )
    write(project, channel, "python", platforms=TWO, extra=extra)
    alone.multiplat("add", "numpy", cwd=project)
    assert "  - numpy >=2.1.0\n" in _manifest(project)
    assert locked(project)["linux-64"]["python"] == "3.11.9"
    assert_nothing_to_lock(alone, project)


def test_several_files(alone: Host, project: Path, channel: Path) -> None:
    """The file that has the name is edited; new names go to the first."""
    write(project, channel, "python 3.12.*", platforms=TWO)
    write(project, channel, "numpy <2", platforms=TWO, file="more.yml")
    files = ("-f", "environment.yml", "-f", "more.yml")
    alone.multiplat("add", "numpy >=2", "zlib", *files, cwd=project)
    assert _dependencies(project) == "  - python 3.12.*\n  - zlib >=1.3.1\n"
    assert _manifest(project, "more.yml").endswith("dependencies:\n  - numpy >=2\n")
    done = alone.multiplat("add", "libblas", cwd=project)  # the lock says which files it is of
    assert " + libblas >=3.9.0\n wrote environment.yml, conda-lock.yml\n" in done.stderr


def test_manifest_without_platforms(alone: Host, project: Path, channel: Path) -> None:
    """This machine's is the only one, and needs no selector; another is to be added first."""
    path = write(project, channel, "python")
    path.write_text(_manifest(project).replace("platforms: [linux-64, osx-arm64, win-64]\n", ""))
    env = {"CONDA_SUBDIR": "linux-64"}
    alone.multiplat("add", "--platform", "linux-64", "zlib", cwd=project, env=env)
    assert _dependencies(project) == "  - python\n  - zlib >=1.3.1\n"
    done = alone.multiplat("add", "--platform", "win-64", "zlib", cwd=project, env=env, code=2)
    assert "  to add it: conda multiplat platform add win-64\n" in done.stderr


def test_one_solve(alone: Host, project: Path, server: Rules) -> None:
    """The bound costs no second solve: the channel is asked as often as by `lock`."""
    write(project, f"{server.url}/chan", "python", platforms=TWO)
    alone.multiplat("add", "numpy", "--no-pin", cwd=project)
    first = len(server.seen)
    write(project, f"{server.url}/chan", "python", platforms=TWO)
    (project / "conda-lock.yml").unlink()
    server.seen.clear()
    alone.multiplat("add", "numpy", cwd=project)
    assert len(server.seen) <= first
    assert _dependencies(project) == "  - python\n  - numpy >=2.1.0\n"


def test_json(door: Host, project: Path, channel: Path) -> None:
    """One document: what was added, what was locked, which files were written."""
    write(project, channel, "python", platforms=TWO)
    document = door.json("add", "--platform", "linux-64", "zlib", cwd=project)
    assert document["added"] == [
        {
            "spec": "zlib >=1.3.1",
            "pypi": False,
            "environment": "default",
            "platforms": ["linux-64"],
        }
    ]
    assert document["files"] == ["environment.yml", "conda-lock.yml"]
    assert sorted(document["environments"]["default"]) == ["linux-64", "osx-arm64"]
    failed = door.json("add", "numpi", cwd=project, code=1)
    assert failed["conflicts"][0]["suggestions"] == {"numpi": ["numpy"]}


def test_installed_environment_is_brought_up_to_date(
    door: Host, project: Path, real_channel: Path
) -> None:
    """Where it was installed; --no-install leaves it, and nothing is made where there is none."""
    write(project, real_channel, "python", platforms=f"[{SUBDIR}]")
    done = door.multiplat("add", "greeting", cwd=project)
    prefix = door.envs / "demo"
    assert not prefix.exists()
    door.multiplat("install", cwd=project)
    done = door.multiplat("add", "prefixed", cwd=project)
    assert without_sizes(done.stderr).endswith(f" {prefix} has the 4 packages of default\n")
    assert list((prefix / "conda-meta").glob("prefixed-*.json"))
    done = door.multiplat("add", "scripted", "--no-install", cwd=project)
    assert "packages of default" not in done.stderr
    assert not list((prefix / "conda-meta").glob("scripted-*"))
    document = door.json("remove", "prefixed", cwd=project)
    assert document["prefix"] == str(prefix)
    assert [(change["kind"], change["name"]) for change in document["installed"]] == [
        ("removed", "prefixed"),
        ("added", "scripted"),
    ]


def test_environments_of_other_names(alone: Host, project: Path, real_channel: Path) -> None:
    """The only one is brought up to date whatever it is called; of several the manifest's own."""
    write(project, real_channel, "python", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("install", "-n", "mine", cwd=project)
    done = alone.multiplat("add", "greeting", cwd=project)
    mine = alone.envs / "mine"
    assert without_sizes(done.stderr).endswith(f" {mine} has the 3 packages of default\n")
    alone.multiplat("install", "-n", "yours", cwd=project)
    done = alone.multiplat("remove", "greeting", cwd=project)
    also = (
        "{} was installed from this manifest too; to update it: "
        "conda multiplat install -n {} -e default\n"
    )
    assert done.stderr.endswith(
        f" {also.format(mine, 'mine')} {also.format(alone.envs / 'yours', 'yours')}"
    )
    assert list((mine / "conda-meta").glob("greeting-1*"))
    alone.multiplat("install", cwd=project)
    document = alone.json("add", "prefixed", cwd=project)
    assert document["prefix"] == str(alone.envs / "demo")
    assert document["others"] == [str(mine), str(alone.envs / "yours")]


def test_pypi_package_that_is_installed(
    alone: Host, project: Path, real_channel: Path, pypi: tuple[Index, dict[str, str]]
) -> None:
    """PyPI's side too."""
    index, env = pypi
    index.wheel("tool", "2.0")
    write(project, real_channel, "python", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("install", cwd=project)
    alone.multiplat("add", "--pypi", "tool", cwd=project, env=env)
    python = alone.envs / "demo" / "bin" / "python"
    code = "import tool; print(tool.VERSION)"
    ran = subprocess.run([python, "-c", code], capture_output=True, check=True)
    assert ran.stdout == b"2.0\n"


def test_pypi_entries(
    alone: Host, project: Path, channel: Path, pypi: tuple[Index, dict[str, str]]
) -> None:
    """Extras, markers, projects on this disk, files by URL, and one more index."""
    index, env = pypi
    index.wheel("tool", "2.0")
    write_project(project / "ours", "our-package", "0.1")
    url = f"{index.root.as_uri()}/files/tool-2.0-py3-none-any.whl"
    write(project, channel, "python 3.12.*", "numpy", platforms=TWO)
    specs = ("robosuite[all]; sys_platform == 'linux'", f"tool @ {url}", "-e", "./ours")
    options = ("--index", env["CONDA_MULTIPLAT_PYPI_INDEX"])
    alone.multiplat("add", "--pypi", *specs, *options, cwd=project, env=env)
    assert _dependencies(project) == (
        "  - python 3.12.*\n  - numpy\n  - pip:\n"
        f"      - --extra-index-url {env['CONDA_MULTIPLAT_PYPI_INDEX']}\n"
        "      - robosuite[all]>=1.5.2; sys_platform == 'linux'\n"
        f"      - tool @ {url}\n"
        "      - -e ./ours\n"
    )
    versions = locked(project)
    assert {"our-package", "tool", "robosuite"} <= set(versions["linux-64"])
    assert "robosuite" not in versions["osx-arm64"]
    before = _manifest(project)
    alone.multiplat("add", "--pypi", "-e", "./ours", *options, cwd=project, env=env)
    assert _manifest(project) == before
    alone.multiplat("remove", "--pypi", "-e", "./ours", "tool", cwd=project, env=env)
    assert "our-package" not in locked(project)["linux-64"]
    assert _manifest(project) == before.replace(f"      - tool @ {url}\n      - -e ./ours\n", "")


def test_marker_on_other_platforms(
    alone: Host, project: Path, channel: Path, pypi: tuple[Index, dict[str, str]]
) -> None:
    """What counts elsewhere only says nothing here; what counts nowhere is refused."""
    env = pypi[1]
    entry = "robosuite>=1; sys_platform == 'darwin'"
    write(project, channel, "python 3.12.*", f'pip: ["{entry}"]', platforms=TWO)
    before = _bytes(project)
    options = ("--pypi", "--platform", "linux-64")
    spec = "mujoco; sys_platform == 'darwin'"
    done = alone.multiplat("add", *options, spec, cwd=project, env=env, code=2)
    assert done.stderr == (
        f"error: the marker of `{spec}` rules out linux-64\n"
        "  it holds on osx-arm64\n  no file was changed\n"
    )
    windows = "mujoco; sys_platform == 'win32'"
    done = alone.multiplat("add", "--pypi", windows, cwd=project, env=env, code=2)
    assert done.stderr == (
        f"error: the marker of `{windows}` rules out linux-64, osx-arm64\n"
        "  leave out the marker\n  no file was changed\n"
    )
    assert _bytes(project) == before
    lines = ("python 3.12.*", "numpy", f"pip:\n      - {entry}")
    write(project, channel, *lines, platforms=TWO)
    alone.multiplat("add", *options, "robosuite", cwd=project, env=env)
    ours = "robosuite>=1.5.2  # [linux64]"
    after = f"  - python 3.12.*\n  - numpy\n  - pip:\n      - {entry}\n      - {ours}\n"
    assert _dependencies(project) == after
    alone.multiplat("add", *options, "robosuite", cwd=project, env=env)
    assert _dependencies(project) == after
    alone.multiplat(
        "add", "--pypi", "--platform", "osx-arm64", "robosuite", "--no-pin", cwd=project, env=env
    )
    assert _dependencies(project).count("robosuite") == 2


def test_pypi_package_that_conda_provides(
    alone: Host, project: Path, channel: Path, pypi: tuple[Index, dict[str, str]]
) -> None:
    """It is asked for and not installed again, and both are said."""
    write(project, channel, "python 3.12.*", "numpy", platforms=TWO)
    done = alone.multiplat("add", "--pypi", "NumPy", cwd=project, env=pypi[1])
    assert (
        " + pip: NumPy>=2.1.0\n"
        "   conda's numpy 2.1.0 provides it: not installed again (default/linux-64, "
        "default/osx-arm64)\n"
    ) in done.stderr


def test_pypi_without_python(
    alone: Host, project: Path, channel: Path, pypi: tuple[Index, dict[str, str]]
) -> None:
    """It is said what is missing, and nothing is changed."""
    write(project, channel, "zlib", platforms=TWO)
    before = _bytes(project)
    done = alone.multiplat("add", "--pypi", "robosuite", cwd=project, env=pypi[1], code=2)
    assert "pip: robosuite needs Python, which default/linux-64 does not have" in done.stderr
    assert "add `python 3.12.*` to the dependencies, for example" in done.stderr
    assert _bytes(project) == before


def test_unknown_pypi_package(
    alone: Host, project: Path, channel: Path, pypi: tuple[Index, dict[str, str]]
) -> None:
    """Exit code 1, and nothing changed."""
    write(project, channel, "python 3.12.*", platforms=TWO)
    before = _bytes(project)
    done = alone.multiplat("add", "--pypi", "robosweet", cwd=project, env=pypi[1], code=1)
    assert "pip: robosweet\n" in done.stderr
    assert _bytes(project) == before


@pytest.mark.slow
@pytest.mark.pypi
def test_robosuite_from_pypi(alone: Host, project: Path, channel: Path) -> None:
    """The real index: one command, and it is locked for both platforms with a bound."""
    write(project, channel, "python 3.12.*", "numpy", platforms=TWO)
    env = {
        k: v
        for k, v in os.environ.items()
        if k.startswith(("SSL_", "HTTP", "UV_", "CONDA_MULTIPLAT_PYPI_"))
    }
    document = json.loads(
        alone.multiplat("add", "--pypi", "robosuite", "--json", cwd=project, env=env).stdout
    )
    (added,) = document["added"]
    assert added["spec"].startswith("robosuite>=1.")
    for records in locked(project).values():
        assert added["spec"] == f"robosuite>={records['robosuite']}"


def test_same_bytes_as_a_fresh_lock(alone: Host, project: Path, channel: Path) -> None:
    """However a manifest came to be what it is, its lock is the same file."""
    write(project, channel, "scipy", "python 3.12.*")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("add", "numpy", "libblas", "numpy <2.1", cwd=project)
    lock = project / "conda-lock.yml"
    added = lock.read_bytes()
    alone.multiplat("lock", cwd=project)
    assert lock.read_bytes() == added
    lock.unlink()
    alone.multiplat("lock", cwd=project)
    assert lock.read_bytes() == added
