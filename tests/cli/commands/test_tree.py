"""``tree``: from the manifest's lines down, and from a package up to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, write_repodata
from support.pypi_index import Index
from support.server import serve

LINUX = "[linux-64]"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Two tools that share a library on a base, which needs something of the machine."""
    packages = [
        Package("base", "1.1", subdir="linux-64", depends=["__glibc >=2.17"]),
        Package("library", "1.0", "h1_0", subdir="linux-64", depends=["base >=1,<2"]),
        Package("tool", "3.0", subdir="linux-64", depends=["library", "base"]),
        Package("other", "1.0", subdir="linux-64", depends=["library 1.0 h1_*"]),
        Package("tool", "2.0", subdir="osx-arm64"),
    ]
    return write_repodata(tmp_path / "tools", packages)


@pytest.fixture
def robot(alone: Host, project: Path, tools: Path) -> Path:
    """A locked project."""
    write(project, tools, "tool >=3", "other", platforms=LINUX)
    alone.multiplat("lock", "-q", cwd=project)
    return project


def test_downwards(door: Host, robot: Path) -> None:
    """Each line with what answers it; a subtree that was shown is not shown again."""
    done = door.multiplat("tree", "--platform", "linux-64", cwd=robot)
    assert done.stdout == (
        "default/linux-64\n"
        "tool 3.0  ← environment.yml:6:5  tool >=3\n"
        "├── base 1.1\n"
        "└── library 1.0\n"
        "    └── base 1.1  (>=1,<2)\n"
        "other 1.0  ← environment.yml:7:5  other\n"
        "└── library 1.0  (1.0 h1_*)  (*)\n"
    )
    assert done.stderr == " (*) shown further up\n"


def test_upwards(door: Host, robot: Path) -> None:
    """Who needs a package, up to the lines; and who needs something of the machine."""
    stdout = door.multiplat("tree", "--invert", "base", "--platform", "linux-64", cwd=robot).stdout
    assert stdout == (
        "default/linux-64\n"
        "base 1.1\n"
        "├── library 1.0  (needs >=1,<2)\n"
        "│   ├── other 1.0  (needs 1.0 h1_*)\n"
        "│   │   └── asked for in environment.yml:7:5  other\n"
        "│   └── tool 3.0\n"
        "│       └── asked for in environment.yml:6:5  tool >=3\n"
        "└── tool 3.0  (*)\n"
    )
    done = door.multiplat("tree", "--invert", "__glibc", "--platform", "linux-64", cwd=robot)
    assert done.stdout.startswith(
        "default/linux-64\n__glibc\n└── base 1.1  (needs >=2.17)\n    ├── library 1.0  "
    )


def test_some_packages(alone: Host, robot: Path) -> None:
    """Only what some packages need."""
    stdout = alone.multiplat("tree", "other", "--platform", "linux-64", cwd=robot).stdout
    assert stdout == (
        "default/linux-64\nother 1.0\n└── library 1.0  (1.0 h1_*)\n    └── base 1.1  (>=1,<2)\n"
    )


def test_which_platform(alone: Host, project: Path, channel: Path) -> None:
    """This machine's platform or, where it is not locked, the first; that is said."""
    other = "osx-arm64" if SUBDIR != "osx-arm64" else "linux-64"
    write(project, channel, "zlib", platforms=f"[win-64, {SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    done = alone.multiplat("tree", cwd=project)
    assert (done.stdout.splitlines()[0], done.stderr) == (f"default/{SUBDIR}", "")
    write(project, channel, "zlib", platforms=f"[{other}, win-64]")
    alone.multiplat("lock", "-q", cwd=project)
    done = alone.multiplat("tree", cwd=project)
    assert done.stdout.startswith(f"default/{other}\nzlib 1.3.1  ← ")
    assert done.stderr == f" not locked for {SUBDIR}, this machine's platform: showing {other}\n"


def test_a_changed_manifest(alone: Host, robot: Path, tools: Path) -> None:
    """A line that nothing is locked for, and packages that no line leads to any more."""
    write(robot, tools, "tool >=3", "new", platforms=LINUX)
    done = alone.multiplat("tree", "--platform", "linux-64", cwd=robot)
    assert done.stdout == (
        "default/linux-64\n"
        "tool 3.0  ← environment.yml:6:5  tool >=3\n"
        "├── base 1.1\n"
        "└── library 1.0\n"
        "    └── base 1.1  (>=1,<2)\n"
        "nothing is locked for environment.yml:7:5  new\n"
        "other 1.0\n"
        "└── library 1.0  (1.0 h1_*)  (*)\n"
    )
    assert done.stderr.startswith("warning: the manifest has changed since it was locked: ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("libary",),
            1,
            "error: libary not locked in default/linux-64\n  did you mean 'library'?\n",
        ),
        (
            ("zzz", "--invert"),
            1,
            "error: zzz not locked in default/linux-64\n  no requested package needs it\n",
        ),
        (
            ("--invert",),
            2,
            "error: --invert needs a package\n  write it after the option: --invert PKG\n",
        ),
        (
            ("-e", "dev"),
            2,
            "error: the manifest has no environment 'dev'\n  available: default\n",
        ),
    ],
)
def test_bad_arguments(
    alone: Host, robot: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """What is not there: near names, and the exit code."""
    done = alone.multiplat("tree", *arguments, "--platform", "linux-64", cwd=robot, code=code)
    assert done.stderr == message


def test_json(alone: Host, robot: Path) -> None:
    """The same as a graph: each package once."""
    document = alone.json("tree", "other", "--platform", "linux-64", cwd=robot)
    assert document["roots"] == [{"name": "other", "manager": "conda"}]
    assert [package["name"] for package in document["packages"]] == ["other", "library", "base"]
    assert document["packages"][0] == {
        "name": "other",
        "manager": "conda",
        "version": "1.0",
        "build": "0",
        "asked": [{"spec": "other", "file": "environment.yml", "line": 7}],
        "depends": [{"name": "library", "manager": "conda", "constraint": "1.0 h1_*"}],
    }
    document = alone.json("tree", "__glibc", "--invert", "--platform", "linux-64", cwd=robot)
    assert document["packages"][0] == {
        "name": "__glibc",
        "manager": "virtual",
        "version": None,
        "build": None,
        "asked": [],
        "needed_by": [{"name": "base", "manager": "conda", "constraint": ">=2.17"}],
    }


def test_pypi(alone: Host, project: Path, tmp_path: Path) -> None:
    """One tree of both managers: what PyPI packages need of conda's is found by its project."""
    packages = [
        Package("python", "3.12.4", "0_cpython", "linux-64"),
        Package("py-opencv", "4.10.0", noarch="python", depends=["python >=3.10"]),
    ]
    channel = write_repodata(tmp_path / "chan", packages)
    index = Index(tmp_path / "served")
    index.wheel("robo-suite", "1.2", requires=["opencv-python", "Tiny_Math"])
    index.wheel("tiny-math", "0.3")
    (project / "own").mkdir()
    (project / "own" / "pyproject.toml").write_text(
        '[project]\nname = "own"\nversion = "1.0"\ndependencies = ["tiny-math"]\n', encoding="utf-8"
    )
    with serve(index.root) as rules:
        absent = "absent; python_version<'3'"
        pip = f"pip: [--index-url {rules.url}/simple, Robo_Suite, -e ./own, {absent}]"
        write(project, channel, "py-opencv", pip, platforms=LINUX)
        alone.multiplat("lock", "-q", cwd=project)
    done = alone.multiplat("tree", "--platform", "linux-64", cwd=project)
    lines = done.stdout.splitlines()
    assert [line.partition("  ←")[0] for line in lines] == [
        "default/linux-64",
        "py-opencv 4.10.0",
        "└── python 3.12.4  (>=3.10)",
        "robo-suite 1.2 from PyPI",
        "├── py-opencv 4.10.0  (*)",
        "└── tiny-math 0.3 from PyPI",
        "own 1.0 from PyPI",
        "└── tiny-math 0.3 from PyPI",
    ]
    up = alone.multiplat("tree", "--invert", "Tiny.Math", "--platform", "linux-64", cwd=project)
    assert [line.partition(" in environment.yml")[0] for line in up.stdout.splitlines()] == [
        "default/linux-64",
        "tiny-math 0.3 from PyPI",
        "├── own 1.0 from PyPI",
        "│   └── asked for",
        "└── robo-suite 1.2 from PyPI",
        "    └── asked for",
    ]


def test_letters_that_the_output_lacks(alone: Host, robot: Path) -> None:
    """A pipe of an old Windows has no arrows: the text is UTF-8 all the same."""
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    done = alone.multiplat("tree", "--platform", "linux-64", cwd=robot, env=ascii_only)
    assert done.stdout.splitlines()[1] == "tool 3.0  ← environment.yml:6:5  tool >=3"


def test_in_another_environment(alone: Host, project: Path, tools: Path) -> None:
    """What is not in the tree is told to be elsewhere, with the command that shows it."""
    extra = (
        "multiplat: {environments: {dev: {dependencies: [other]}, "
        "mac: {extends: [], platforms: [osx-arm64], dependencies: [tool]}}}\n"
    )
    write(project, tools, "base", platforms=LINUX, extra=extra)
    alone.multiplat("lock", "-q", cwd=project)
    options = ("--platform", "linux-64")
    done = alone.multiplat("tree", "library", "tool", "zzz", *options, cwd=project, code=1)
    assert done.stderr == (
        "error: library, tool, zzz not locked in default/linux-64\n"
        "  library is elsewhere: conda multiplat tree library -e dev\n"
        "  tool is elsewhere: conda multiplat tree tool -e mac --platform osx-arm64\n"
        "  no requested package needs it\n"
    )
