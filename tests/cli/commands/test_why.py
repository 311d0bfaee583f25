"""Who asks for a package, and what stood in the way of the newest version or a CUDA build."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import serve

LINUX = "[linux-64]"
PROMISE = 'multiplat: {virtual-packages: {linux-64: {cuda: "12.4"}}}\n'


def _why(host: Host, project: Path, *arguments: str, code: int = 0) -> str:
    done = host.multiplat("why", *arguments, cwd=project, code=code)
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A tool on a library on a base, of which newer ones than the library takes are there."""
    packages = [
        *(Package("base", version, noarch="generic") for version in ("1.0", "1.1", "2.0")),
        Package("library", "1.0", "h1_0", noarch="generic", depends=["base >=1,<2"]),
        Package("tool", "3.0", noarch="generic", depends=["library", "base"]),
        Package("other", "1.0", noarch="generic", depends=["library 1.0 h1_*"]),
    ]
    return write_repodata(tmp_path / "tools", packages)


def test_chain_and_obstacle(door: Host, project: Path, tools: Path) -> None:
    """Through what a package came, who needs it, and what keeps a newer one out."""
    write(project, tools, "tool", platforms="[linux-64, osx-arm64]")
    door.multiplat("lock", cwd=project)
    assert _why(door, project, "base") == (
        "base 1.1 0  (default/linux-64, default/osx-arm64)\n"
        "  locked because of environment.yml:6:5  tool: tool → base\n"
        "  needed by library 1.0  >=1,<2\n"
        "  needed by tool 3.0  *\n"
        "  2.0 is the newest\n"
        "    it would have no solution with\n"
        "      environment.yml:6:5  tool\n"
        "      tool * cannot be installed because there are no viable options:\n"
        "      └─ tool 3.0 would require\n"
        "         └─ library *, which cannot be installed because there are no viable options:\n"
        "            └─ library 1.0 would require\n"
        "               └─ base >=1,<2, for which no candidates were found.\n"
    )
    assert _why(door, project, "library", "--platform", "osx-arm64") == (
        "library 1.0 h1_0  (default/osx-arm64)\n"
        "  locked because of environment.yml:6:5  tool: tool → library\n"
        "  needed by tool 3.0  *\n"
        "  1.0 is the newest\n"
    )


def test_lines_that_ask(alone: Host, project: Path, tools: Path) -> None:
    """A bound of the manifest is named; so is each environment for itself."""
    extra = "multiplat: {environments: {dev: {dependencies: [base]}}}\n"
    write(project, tools, "base <1.1", platforms=LINUX, extra=extra)
    alone.multiplat("lock", cwd=project)
    output = _why(alone, project, "base", "-e", "dev")
    assert output.startswith(
        "base 1.0 0  (dev/linux-64)\n"
        "  asked for in environment.yml:6:5  base <1.1\n"
        "  asked for in environment.yml:7:49  base\n"
        "  2.0 is the newest\n"
        "    it would have no solution with\n"
        "      environment.yml:6:5  base <1.1\n"
    )


def test_an_earlier_lock(alone: Host, project: Path, tools: Path) -> None:
    """What only stayed because it was locked can be let go."""
    write(project, tools, "base <2", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    write(project, tools, "base", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    assert _why(alone, project, "base").endswith(
        "  2.0 is the newest\n    to get it, run `conda multiplat lock --update base`\n"
    )
    write(project, tools, "base <9", platforms=LINUX)
    done = alone.multiplat("why", "base", cwd=project)
    assert done.stderr == (
        "warning: the manifest has changed since it was locked: default/linux-64 "
        "(run `conda multiplat lock`); the output describes what is locked\n"
    )


def test_not_the_solver_s_choice(alone: Host, project: Path, tmp_path: Path) -> None:
    """What can be had, but at another package's cost, has to be asked for."""
    packages = [
        Package("both", "2", noarch="generic", depends=["part <2"]),
        Package("both", "1", noarch="generic", depends=["part"]),
        *(Package("part", version, noarch="generic") for version in ("1", "2")),
    ]
    write(project, write_repodata(tmp_path / "c", packages), "both", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    assert _why(alone, project, "part").endswith(
        "  2 is the newest\n    to get it, add `- part >=2` to the dependencies\n"
    )


def test_not_locked(alone: Host, project: Path, tools: Path) -> None:
    """No answer is an answer: exit code 1, with a name that is near."""
    write(project, tools, "tool", platforms=LINUX)
    assert "conda-lock.yml does not exist" in _why(alone, project, "tool", code=2)
    alone.multiplat("lock", cwd=project)
    assert _why(alone, project, "libary", code=1) == (
        "error: libary is not locked in default/linux-64\n  did you mean 'library'?\n"
    )
    document = alone.json("why", "zzz", cwd=project, code=1)
    assert document["hints"] == ["no requested package needs it"]


@pytest.fixture
def drivers(alone: Host, project: Path, tmp_path: Path) -> Path:
    """A locked project whose packages need virtual packages, some of which are promised."""
    packages = [
        Package("base", "1.1", noarch="generic", depends=["__glibc >=2.17", "__cuda"]),
        Package("torch", "2.0", "cuda_1", noarch="generic", depends=["__cuda >=12", "base"]),
        Package("version", "12.4", noarch="generic", constrains=["__cuda >=12.4"]),
    ]
    channel = write_repodata(tmp_path / "drivers", packages)
    extra = """\
multiplat:
  virtual-packages: {linux: {cuda: "12.6"}, osx-arm64: {osx: "14.0"}}
  environments:
    all: {platforms: [linux-64], dependencies: [torch]}
    old: {extends: [all], virtual-packages: {linux-64: {cuda: "12.5"}}}
    none: {virtual-packages: {unix: {cuda: null}}}
"""
    write(project, channel, "version", platforms="[linux-64, osx-arm64]", extra=extra)
    alone.multiplat("lock", "-q", cwd=project)
    return project


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (
            "__cuda --platform linux-64",
            "__cuda 12.6  (default/linux-64)\n"
            '  promised in environment.yml:8:30  cuda: "12.6"\n'
            "  if present, restricted by version 12.4  >=12.4\n"
            "__cuda 12.6  (all/linux-64)\n"
            '  promised in environment.yml:8:30  cuda: "12.6"\n'
            "  needed by base 1.1  *\n"
            "  needed by torch 2.0  >=12\n"
            "  if present, restricted by version 12.4  >=12.4\n"
            "__cuda 12.5  (old/linux-64)\n"
            '  promised in environment.yml:11:57  cuda: "12.5"\n'
            "  needed by base 1.1  *\n"
            "  needed by torch 2.0  >=12\n"
            "  if present, restricted by version 12.4  >=12.4\n"
            "__cuda  (none/linux-64)\n"
            "  promised in environment.yml:12:38  cuda: null\n"
            "  if present, restricted by version 12.4  >=12.4\n",
        ),
        (
            "__cuda --platform osx-arm64",
            "__cuda  (default/osx-arm64, none/osx-arm64)\n"
            "  not promised: solved as for machines without it\n"
            "  if present, restricted by version 12.4  >=12.4\n",
        ),
        (
            "__GLIBC -e all",
            "__glibc 2.28  (all/linux-64)\n"
            "  a default: the manifest promises none\n"
            "  needed by base 1.1  >=2.17\n",
        ),
        (
            "__osx",
            "__osx 14.0  (default/osx-arm64, none/osx-arm64)\n"
            '  promised in environment.yml:8:57  osx: "14.0"\n'
            "  no locked package needs it\n",
        ),
        (
            "__unix -e all",
            "__unix 0  (all/linux-64)\n  follows from the platform\n  no locked package needs it\n",
        ),
    ],
)
def test_virtual_package(alone: Host, drivers: Path, arguments: str, answer: str) -> None:
    """What promises it, or that it is a default; and what needs it, by targets."""
    assert _why(alone, drivers, *arguments.split()) == answer


@pytest.mark.parametrize(
    ("arguments", "where", "hint"),
    [
        ("__foo", "default/linux-64", "  standard virtual packages: __archspec, __cuda, "),
        ("__cudda", "default/linux-64", "  did you mean '__cuda'?\n"),
        ("__win -e all", "all/linux-64\n", ""),
    ],
)
def test_virtual_package_of_no_target(
    alone: Host, drivers: Path, arguments: str, where: str, hint: str
) -> None:
    """An unknown name, and one that has no meaning on these platforms."""
    name = arguments.split(maxsplit=1)[0]
    said = _why(alone, drivers, *arguments.split(), code=1)
    assert said.startswith(
        f"error: no locked package needs {name}, and the manifest does not promise it, in {where}"
    )
    assert hint in said


def test_virtual_package_as_json(door: Host, drivers: Path) -> None:
    """The same for programs."""
    found = door.json("why", "__cuda", "-e", "none", "old", cwd=drivers)
    need = {"name": "version", "version": "12.4", "constraint": ">=12.4", "binding": False}
    assert [answer["target"] for answer in found["answers"]] == [
        "old/linux-64",
        "none/linux-64",
        "none/osx-arm64",
    ]
    assert found["answers"][1] == {
        "target": "none/linux-64",
        "name": "__cuda",
        "manager": "virtual",
        "version": None,
        "build": None,
        "from": "manifest",
        "promise": {"value": None, "file": "environment.yml", "line": 12},
        "needed_by": [need],
    }
    assert (found["answers"][0]["version"], found["answers"][2]["from"]) == ("12.5", "none")


def test_as_json(alone: Host, project: Path, tools: Path) -> None:
    """One document with all of it."""
    write(project, tools, "other", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    document = alone.json("why", "library", cwd=project)
    assert document["answers"] == [
        {
            "target": "default/linux-64",
            "name": "library",
            "manager": "conda",
            "version": "1.0",
            "build": "h1_0",
            "asked": [],
            "path": ["other", "library"],
            "needed_by": [{"name": "other", "version": "1.0", "constraint": "1.0 h1_*"}],
            "newest": {"version": "1.0", "reason": "", "fix": "", "clash": [], "obstacle": ""},
            "cpu_build": None,
        }
    ]


def _torch(version: str, build: str, *depends: str) -> Package:
    return Package("torch", version, build, "linux-64", depends=depends)


@pytest.fixture
def torches(tmp_path: Path) -> Path:
    """Torch for CPU and CUDA, and what brings it along."""
    packages = [
        _torch("2.0", "cpu_0"),
        _torch("2.0", "cuda126_1", "__cuda >=12"),
        Package("vision", "1.0", subdir="linux-64", depends=["torch"]),
        Package("capped", "1.0", subdir="linux-64", depends=["torch * cpu*"]),
    ]
    return write_repodata(tmp_path / "torches", packages)


def test_no_promise(alone: Host, project: Path, torches: Path) -> None:
    """Where CUDA is not promised, the promise is the way."""
    write(project, torches, "torch", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    assert _why(alone, project, "torch").endswith(
        "  2.0 is the newest\n"
        "  a CPU build: the manifest promises no CUDA for linux-64\n"
        '    2.0 has one; to get it, promise it: `linux-64: {cuda: "12.4"}` '
        "under multiplat: virtual-packages\n"
    )


def test_cuda_of_this_machine(door: Host, project: Path, torches: Path) -> None:
    """A machine with CUDA is told what a promise would bring; the lock is the same as anywhere."""
    write(project, torches, "vision", "torch", platforms="[linux-64]")
    machine = {"CONDA_SUBDIR": "linux-64"} if door.is_conda else {}
    done = door.multiplat("lock", cwd=project, env={**machine, "CONDA_OVERRIDE_CUDA": "12.6"})
    note = (
        " ! torch 2.0 is a CPU build: the manifest promises no CUDA for linux-64"
        "  (default/linux-64)\n"
        '     2.0 has one; to get it, promise it: `linux-64: {cuda: "12.6"}` '
        "under multiplat: virtual-packages\n"
    )
    assert note in done.stderr
    lock = project / "conda-lock.yml"
    first = lock.read_bytes()
    lock.unlink()
    done = door.multiplat("lock", cwd=project, env={"CONDA_OVERRIDE_CUDA": ""})
    assert "CPU build" not in done.stderr
    assert lock.read_bytes() == first


def test_build_that_nobody_asks_for(alone: Host, project: Path, torches: Path) -> None:
    """A CPU build that came along is told of, with what would ask for the CUDA build."""
    write(project, torches, "capped", "vision", platforms=LINUX, extra=PROMISE)
    stderr = alone.multiplat("lock", cwd=project).stderr
    assert (
        " ! torch 2.0 is a CPU build: the solver did not choose the CUDA build of 2.0  "
        "(default/linux-64)\n"
        "     `torch * cuda*` in environment.yml:6:5 would have no solution:\n"
    ) in stderr
    assert "torch * cpu*" in stderr


def test_channel_priority(alone: Host, project: Path, torches: Path, tmp_path: Path) -> None:
    """CUDA builds of a channel that is not looked into are told of, and how to have them."""
    first = write_repodata(tmp_path / "first", [_torch("2.0", "cpu_0")])
    write(project, first, "torch", platforms=LINUX, extra=PROMISE)
    manifest = project / "environment.yml"
    text = manifest.read_text(encoding="utf-8")
    both = f"channels:\n  - {first.as_uri()}\n  - {torches.as_uri()}\n"
    text = text.replace(f"channels:\n  - {first.as_uri()}\n", both)
    manifest.write_text(text, encoding="utf-8")
    stderr = alone.multiplat("lock", "--channel-priority", "strict", cwd=project).stderr
    spec = f"{torches.as_uri()}::torch * cuda*"
    assert (
        f" ! torch 2.0 is a CPU build: its CUDA builds are in {torches.as_uri()}, "
        "which has a lower priority  (default/linux-64)\n"
        f"     2.0 has one; to get it, write `{spec}` in environment.yml:7:5\n"
    ) in stderr
    manifest.write_text(text.replace("- torch\n", f"- '{spec}'\n"), encoding="utf-8")
    alone.multiplat("lock", cwd=project)
    assert "/torch-2.0-cuda126_1." in (project / "conda-lock.yml").read_text("utf-8")


@pytest.mark.slow
def test_pypi(alone: Host, project: Path, tmp_path: Path) -> None:
    """PyPI packages: who asks, and what keeps the newest out."""
    python = Package("python", "3.12.5", "0_cpython", "linux-64")
    channel = write_repodata(tmp_path / "channel", [python])
    index = Index(tmp_path / "index")
    for version in ("1.0", "2.0", "3.0"):
        index.wheel("part", version)
    index.wheel("robot", "1.0", requires=["part<3"])
    index.wheel("free", "1.0")
    with serve(index.root) as server:
        pip = f"pip: [--index-url {server.url}/simple, robot, free]"
        write(project, channel, "python 3.12.*", pip, platforms=LINUX)
        alone.multiplat("lock", cwd=project)
        index.wheel("free", "1.1")
        output = _why(alone, project, "part")
        assert output.startswith(
            "part 2.0 from PyPI  (default/linux-64)\n"
            f"  locked because of environment.yml:7:{pip.index('robot') + 5}  robot: robot → part\n"
            "  needed by robot 1.0  *\n"
            "  3.0 is the newest\n"
            "    it would have no solution with\n"
        )
        assert "robot" in output.split("no solution with")[1]
        assert _why(alone, project, "free").endswith(
            "  1.1 is the newest\n    to get it, run `conda multiplat lock --update free`\n"
        )
        assert _why(alone, project, "robot").endswith("  1.0 is the newest\n")
    assert locked(project)["linux-64"]["free"] == "1.0"
