"""``remove`` as a user runs it: the inverse of ``add``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata
from support.pypi_index import Index, write_project
from support.server import serve

TWO = "[linux-64, osx-arm64]"
DEV = "multiplat:\n  environments:\n    dev:\n      dependencies: [rich-text]\n"


def _dependencies(project: Path) -> str:
    text = (project / "environment.yml").read_text(encoding="utf-8")
    return text.partition("\ndependencies:")[2]


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables that make uv look in an index of ours."""
    index = Index(tmp_path / "index")
    index.wheel("robosuite", requires=["mujoco"])
    index.wheel("mujoco")
    with serve(index.root) as server:
        yield {"CONDA_MULTIPLAT_PYPI_INDEX": f"{server.url}/simple"}


def test_add_and_remove(door: Host, project: Path, channel: Path) -> None:
    """Manifest and lock are, byte for byte, what they were before the package was added."""
    write(project, channel, "python 3.12.*  # not newer", "zlib", platforms=TWO)
    door.multiplat("lock", cwd=project)
    before = {path.name: path.read_bytes() for path in project.glob("*.yml")}
    door.multiplat("add", "scipy", cwd=project)
    done = door.multiplat("remove", "scipy", cwd=project)
    assert done.stderr.endswith(" - scipy\n wrote environment.yml, conda-lock.yml\n")
    assert {path.name: path.read_bytes() for path in project.glob("*.yml")} == before


def test_what_others_need_stays_locked(alone: Host, project: Path, channel: Path) -> None:
    """And it is said who needs it."""
    write(project, channel, "python", "numpy", "scipy", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("remove", "NumPy", cwd=project)
    assert (
        " - numpy\n   it stays locked, scipy needs it  (default/linux-64, default/osx-arm64)\n"
    ) in done.stderr
    assert _dependencies(project) == "\n  - python\n  - scipy\n"
    assert "numpy" in locked(project)["linux-64"]
    document = alone.json("remove", "python", cwd=project)
    assert (document["removed"], document["stays"]) == (["python"], ["python"])


def test_another_environment_may_ask_for_it(alone: Host, project: Path, channel: Path) -> None:
    """It is locked there all the same."""
    extra = DEV.replace(" [rich-text]", "\n        - zlib")
    write(project, channel, "python", "zlib", platforms=TWO, extra=extra)
    done = alone.multiplat("remove", "-e", "dev", "zlib", cwd=project)
    where = "(dev/linux-64, dev/osx-arm64)"
    assert f" - zlib\n   it stays locked, python needs it  {where}\n" in done.stderr
    alone.multiplat("add", "-e", "dev", "libblas", cwd=project)
    alone.multiplat("add", "libblas", cwd=project)
    done = alone.multiplat("remove", "libblas", cwd=project)
    assert f" - libblas\n   it stays locked, environment.yml:12:11 asks for it  {where}\n" in (
        done.stderr
    )


def test_last_one(alone: Host, project: Path, channel: Path) -> None:
    """An empty list is left, which locks."""
    write(project, channel, "zlib", platforms=TWO)
    alone.multiplat("remove", "zlib", cwd=project)
    assert _dependencies(project) == " []\n"
    assert locked(project) == {"linux-64": {}, "osx-arm64": {}}


def test_one_platform(alone: Host, project: Path, channel: Path) -> None:
    """The others keep it; then the last one gives it up."""
    write(project, channel, "python", "zlib", "libblas", platforms=TWO)
    alone.multiplat("remove", "--platform", "linux-64", "libblas", cwd=project)
    assert _dependencies(project) == "\n  - python\n  - zlib\n  - libblas  # [arm64]\n"
    assert ["libblas" in versions for versions in locked(project).values()] == [False, True]
    alone.multiplat("remove", "--family", "osx", "libblas", cwd=project)
    assert _dependencies(project) == "\n  - python\n  - zlib\n"


def test_pypi(alone: Host, project: Path, channel: Path, env: dict[str, str]) -> None:
    """The last entry takes the block with it."""
    write(project, channel, "python 3.12.*", platforms=TWO)
    alone.multiplat("add", "--pypi", "robosuite", "Mujoco", cwd=project, env=env)
    done = alone.multiplat("remove", "--pypi", "mujoco", cwd=project, env=env)
    assert " - pip: mujoco\n   it stays locked, robosuite needs it  (default/linux-64" in (
        done.stderr
    )
    alone.multiplat("remove", "--pypi", "Robo_Suite", cwd=project, env=env, code=2)
    alone.multiplat("remove", "--pypi", "RoboSuite", cwd=project, env=env)
    assert _dependencies(project) == "\n  - python 3.12.*\n"
    assert "mujoco" not in locked(project)["linux-64"]


def test_folders(alone: Host, project: Path, channel: Path) -> None:
    """An entry that names no project goes by what is written; asked for by a name, it is shown."""
    write_project(project / "gripper", "gripper", "1.0")
    write(project, channel, "python 3.12.*", platforms=TWO)
    alone.multiplat("add", "--pypi", "./gripper", cwd=project)
    done = alone.multiplat("remove", "--pypi", "gripper", cwd=project, code=2)
    assert done.stderr == (
        "error: not in `pip:` of default: gripper\n"
        "  lines without a project name are removed by their full text: ./gripper\n"
        "  no file was changed\n"
    )
    done = alone.multiplat("remove", "--pypi", "../Gripper_2", cwd=project, code=2)
    assert done.stderr.startswith("error: not in `pip:` of default: ../Gripper_2\n")
    alone.multiplat("remove", "--pypi", "./gripper", cwd=project)
    assert _dependencies(project) == "\n  - python 3.12.*\n"


def test_python_under_what_pypi_needs(alone: Host, project: Path, channel: Path) -> None:
    """Nothing is changed, and the places are said to be those after the change."""
    write(project, channel, "zlib", "python", "pip: [robosuite]", platforms="[linux-64]")
    done = alone.multiplat("remove", "python", cwd=project, code=2)
    assert done.stderr == (
        "error: PyPI packages are asked for without a Python to install them\n"
        "  environment.yml:7:11: pip: robosuite needs Python, which default/linux-64 does not "
        "have\n"
        "      add `python 3.12.*` to the dependencies, for example\n"
        "  no file was changed\n"
        "  the line numbers are those of the changed manifest\n"
    )
    assert _dependencies(project) == "\n  - zlib\n  - python\n  - pip: [robosuite]\n"


def test_several_files(alone: Host, project: Path, channel: Path) -> None:
    """A name goes from all of them: what an earlier file says must not come up again."""
    write(project, channel, "python 3.12.*", "numpy", platforms=TWO)
    write(project, channel, "numpy <2", "zlib", platforms=TWO, file="more.yml")
    alone.multiplat("remove", "numpy", "-f", "environment.yml", "more.yml", cwd=project)
    assert _dependencies(project) == "\n  - python 3.12.*\n"
    assert (project / "more.yml").read_text(encoding="utf-8").endswith("dependencies:\n  - zlib\n")


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Two tools that need a library, one of them in several entries of its list."""
    twice = ["lib01 >=1", "lib01 <3", "lib01 !=2.1"]
    packages = [
        *(Package("lib01", version, noarch="generic") for version in ("1.0", "2.0")),
        Package("app", noarch="generic", depends=twice),
        *(Package(f"tool{n}", noarch="generic", depends=["lib01"]) for n in range(8)),
    ]
    return write_repodata(tmp_path / "stack", packages)


def test_who_needs_it_is_named_once(alone: Host, project: Path, stack: Path) -> None:
    """However often it says so; of many the first are named."""
    write(project, stack, "app", "lib01", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    stderr = alone.multiplat("remove", "lib01", cwd=project).stderr
    assert "   it stays locked, app needs it  (default/linux-64, default/osx-arm64)\n" in stderr
    write(project, stack, "lib01", *(f"tool{n}" for n in range(8)), platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    stderr = alone.multiplat("remove", "lib01", cwd=project).stderr
    names = ", ".join(f"tool{n}" for n in range(6))
    assert f"   it stays locked, {names} and 2 more need it  (default/linux-64)\n" in stderr


def test_only_locked(alone: Host, project: Path, stack: Path) -> None:
    """What no line asks for is not removed: who needs it is said, for each platform."""
    write(project, stack, "app", "tool1  # [osx]", platforms=TWO, extra=DEV)
    alone.multiplat("lock", "-e", "default", cwd=project)
    done = alone.multiplat("remove", "lib01", cwd=project, code=2)
    assert done.stderr == (
        "error: not in default: lib01\n"
        "  lib01 is locked: app needs it  (default/linux-64)\n"
        "  lib01 is locked: app, tool1 need it  (default/osx-arm64)\n"
        "  for details: conda multiplat why lib01\n"
        "  no file was changed\n"
    )
    done = alone.multiplat("remove", "--platform", "linux-64", "lib01", "lib1", cwd=project, code=2)
    assert done.stderr == (
        "error: not in default: lib01, lib1\n"
        "  lib01 is locked: app needs it  (default/linux-64)\n"
        "  for details: conda multiplat why lib01\n"
        "  no file was changed\n"
    )
    (project / "conda-lock.yml").write_text("{", encoding="utf-8")
    done = alone.multiplat("remove", "lib01", cwd=project, code=2)
    assert done.stderr == "error: not in default: lib01\n  no file was changed\n"


@pytest.mark.slow
def test_what_an_extra_brings_stays(
    alone: Host, project: Path, channel: Path, tmp_path: Path
) -> None:
    """The line that asks for the extra is the reason, where no package is."""
    index = Index(tmp_path / "extras")
    index.wheel("web", requires=["aiohttp; extra == 'http'"])
    index.wheel("aiohttp")
    web = Package("web", noarch="python", depends=["python"])
    own = write_repodata(tmp_path / "web", [web])
    with serve(index.root) as server:
        env = {"CONDA_MULTIPLAT_PYPI_INDEX": f"{server.url}/simple"}
        lines = (f"{own.as_uri()}::web", "python 3.12.*", "pip: ['web[http]', aiohttp]")
        write(project, channel, *lines, platforms="[linux-64]")
        alone.multiplat("lock", cwd=project, env=env)
        stderr = alone.multiplat("remove", "--pypi", "aiohttp", cwd=project, env=env).stderr
    assert "   it stays locked, environment.yml:8:11 asks for it  (default/linux-64)\n" in stderr


BAD = {
    "nothing": ([], "error: nothing to remove\n  name a package: conda multiplat remove numpy\n"),
    "near name": (
        ["zlob", "nump"],
        "error: not in default: zlob, nump\n  did you mean 'zlib'?\n  no file was changed\n",
    ),
    "another environment": (
        ["rich-text"],
        "error: not in default: rich-text\n"
        "  it is elsewhere: conda multiplat remove -e dev rich-text\n  no file was changed\n",
    ),
    "PyPI": (
        ["robosuite"],
        "error: not in default: robosuite\n"
        "  it is elsewhere: conda multiplat remove --pypi robosuite\n  no file was changed\n",
    ),
    "conda": (
        ["--pypi", "zlib"],
        "error: not in `pip:` of default: zlib\n"
        "  it is elsewhere: conda multiplat remove zlib\n  no file was changed\n",
    ),
    "another platform": (
        ["--platform", "linux-64", "libblas"],
        "error: not in default: libblas\n  libblas is in the manifest for osx-arm64\n"
        "  no file was changed\n",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_there(alone: Host, project: Path, channel: Path, name: str) -> None:
    """Exit code 2, with the name that was meant or where it is, and nothing changed."""
    options, message = BAD[name]
    pip = "pip:\n      - robosuite"
    lines = ("zlib", "libblas  # [osx]", pip)
    path = write(project, channel, *lines, platforms=TWO, extra=DEV)
    before = path.read_bytes()
    done = alone.multiplat("remove", *options, cwd=project, code=2)
    assert done.stderr == message
    assert path.read_bytes() == before


def test_read_only_manifest(alone: Host, project: Path, channel: Path) -> None:
    """It is not replaced."""
    path = write(project, channel, "zlib", platforms=TWO)
    path.chmod(0o444)
    done = alone.multiplat("remove", "zlib", cwd=project, code=3)
    assert done.stderr == "error: environment.yml is read-only\n  no file was changed\n"
