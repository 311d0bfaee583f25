"""``outdated`` as a user runs it: what is newer, what of it is allowed, and what is in the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import Rules, serve

LINUX = "[linux-64]"
TWO = "[linux-64, osx-arm64]"
_HEADER = ["Name", "Locked", "Allowed", "Newest", "Where", "Why not the newest"]


def _rows(text: str) -> list[list[str]]:
    """The cells of the table's lines, the mark of what is asked for as a word of its own."""
    head, *lines = text.splitlines()
    starts = [0, *(head.index(word) for word in _HEADER)]
    spans = list(zip(starts, [*starts[1:], None], strict=True))
    assert head.split("  ")[0] == ""
    return [[line[start:end].strip() for start, end in spans] for line in lines]


def _locked(host: Host, project: Path, channel: Path, old: Sequence[Package]) -> None:
    """Lock while the channel has no more than ``old``."""
    write_repodata(channel, old)
    host.multiplat("lock", cwd=project)


def _generic(name: str, version: str, *depends: str, constrains: Sequence[str] = ()) -> Package:
    return Package(name, version, noarch="generic", depends=depends, constrains=constrains)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Where a channel is to be."""
    return tmp_path / "own"


def test_what_is_in_the_way(alone: Host, project: Path, own: Path) -> None:
    """A line, what others say of it, what it needs itself, and what only a solve could tell."""
    old = [
        _generic("free", "1.0"),
        _generic("lined", "1.0"),
        _generic("part", "1.0"),
        _generic("held", "1.0"),
        _generic("tool", "1.0", "part <2", constrains=["held <2"]),
        _generic("needy", "1.0"),
        _generic("glibc", "1.0"),
        _generic("tangled", "1.0"),
        _generic("newest", "1.0"),
    ]
    lines = [package.name for package in old if package.name not in ("part", "lined")]
    write(project, own, "lined <2", *lines, platforms=LINUX)
    _locked(alone, project, own, old)
    new = [
        *(_generic(name, "2.0") for name in ("free", "lined", "part", "held")),
        _generic("needy", "2.0", "part >=2"),
        Package("glibc", "2.0", subdir="linux-64", depends=["__glibc >=2.34"]),
        _generic("tangled", "2.0", "between"),
        _generic("between", "1.0", "part >=2"),
    ]
    write_repodata(own, [*old, *new])
    done = alone.multiplat("outdated", cwd=project)
    assert _rows(done.stdout) == [
        ["*", "free", "1.0", "2.0", "2.0", "linux-64", ""],
        ["*", "glibc", "1.0", "1.0", "2.0", "linux-64", "it needs __glibc >=2.34; promised: 2.28"],
        ["*", "held", "1.0", "1.0", "2.0", "linux-64", "tool 1.0 allows only held <2"],
        ["*", "lined", "1.0", "1.0", "2.0", "linux-64", "lined <2 in environment.yml:6:5"],
        ["*", "needy", "1.0", "1.0", "2.0", "linux-64", "it needs part >=2; locked: 1.0"],
        ["", "part", "1.0", "1.0", "2.0", "linux-64", "tool 1.0 needs part <2"],
        [
            *("*", "tangled", "1.0", "1.0", "2.0", "linux-64"),
            "conflicts with tool in environment.yml:9:5",
        ],
    ]
    assert done.stderr == (
        " 1 package can move: conda multiplat update\n"
        " 6 packages held back; for details: conda multiplat why NAME\n"
        " to move bounds of the manifest: conda multiplat upgrade\n"
    )


def test_at_the_cost_of_others(alone: Host, project: Path, own: Path) -> None:
    """What can be had where another package would be older; of many, `why` is named."""
    old = [_generic("both", "2", "part"), *(_generic(f"t{n}", "1") for n in range(4))]
    write(project, own, "both", *(f"t{n}" for n in range(4)), platforms=LINUX)
    _locked(alone, project, own, [*old, _generic("part", "1")])
    new = [
        _generic("both", "3", "inner"),
        _generic("inner", "1", "part <2"),
        *(_generic("part", version) for version in ("1", "2")),
        *(_generic(f"t{n}", "2", f"deep{n}") for n in range(4)),
        *(_generic(f"deep{n}", "1", "part >=2") for n in range(4)),
    ]
    write_repodata(own, [*old, *new])
    rows = _rows(alone.multiplat("outdated", cwd=project).stdout)
    reasons = {name: reason for _, name, *_, reason in rows if reason}
    assert set(reasons) == {"part", "t0", "t1", "t2", "t3"}
    assert reasons["part"] == "inner 1 needs part <2"
    assert [reasons[f"t{n}"] for n in range(4)] == [
        "would make others older: write `t0 >=2` in environment.yml:7:5",
        "would make others older: write `t1 >=2` in environment.yml:8:5",
        "held back by other packages: conda multiplat why t2",
        "held back by other packages: conda multiplat why t3",
    ]


def test_other_pythons_and_systems(alone: Host, project: Path, own: Path) -> None:
    """Builds for other Pythons are said in a word; those for other systems are no versions here."""
    python = [
        Package("python", version, subdir="linux-64") for version in ("3.11.9", "3.12.4", "3.13.1")
    ]
    old = [
        python[0],
        Package("several", "1.0", subdir="linux-64", depends=["python 3.11.*"]),
        Package("single", "1.0", subdir="linux-64", depends=["python"]),
        _generic("windows", "1.0"),
    ]
    write(project, own, "python 3.11.*", "several", "single", "windows", platforms=LINUX)
    _locked(alone, project, own, old)
    new = [
        *python,
        *(
            Package("several", "2.0", f"py{minor}_0", "linux-64", depends=[f"python 3.{minor}.*"])
            for minor in (12, 13)
        ),
        Package("single", "2.0", subdir="linux-64", depends=["python >=3.13"]),
        Package("windows", "2.0", "win_0", noarch="generic", depends=["__win"]),
    ]
    write_repodata(own, [*old, *new])
    rows = {
        name: reason
        for _, name, *_, reason in _rows(alone.multiplat("outdated", cwd=project).stdout)
    }
    assert rows == {
        "python": "python 3.11.* in environment.yml:6:5",
        "several": "it has no build for python 3.11",
        "single": "it needs python >=3.13; locked: 3.11.9",
    }


def test_channels(alone: Host, project: Path, tmp_path: Path) -> None:
    """A newer version of a channel that is not looked into is told of, and how it stands."""
    first = write_repodata(tmp_path / "first", [_generic("a", "1.0")])
    second = write_repodata(tmp_path / "second", [_generic("a", "2.0")])
    path = write(project, first, "a", platforms=LINUX)
    both = f"channels:\n  - {first.as_uri()}\n  - {second.as_uri()}\n"
    text = path.read_text(encoding="utf-8").replace(f"channels:\n  - {first.as_uri()}\n", both)
    path.write_text(text, encoding="utf-8")
    alone.multiplat("lock", "--channel-priority", "strict", cwd=project)
    (package,) = alone.json("outdated", cwd=project)["outdated"]
    assert package["reason"] == f"it is in {second.as_uri()}, which has a lower priority"


def test_targets_that_agree_share_a_line(door: Host, project: Path, own: Path) -> None:
    """What is the same on all platforms or in all environments is said once."""
    old = [_generic(name, "1.0") for name in "abc"]
    extra = "multiplat: {environments: {dev: {platforms: [linux-64], dependencies: [c]}}}\n"
    write(project, own, "a", "b <2  # [linux]", "b  # [osx]", platforms=TWO, extra=extra)
    _locked(door, project, own, old)
    write_repodata(own, [*old, *(_generic(name, "2.0") for name in "abc")])
    reason = "b <2 in environment.yml:7:5"
    done = door.multiplat("outdated", cwd=project)
    assert _rows(done.stdout) == [
        ["*", "a", "1.0", "2.0", "2.0", "everywhere", ""],
        ["*", "b", "1.0", "1.0", "2.0", "linux-64", reason],
        ["*", "b", "1.0", "2.0", "2.0", "osx-arm64", ""],
        ["*", "c", "1.0", "2.0", "2.0", "dev/linux-64", ""],
    ]
    done = door.multiplat("outdated", "-e", "default", "a", cwd=project)
    assert _rows(done.stdout) == [["*", "a", "1.0", "2.0", "2.0", "all platforms", ""]]
    done = door.multiplat(
        "outdated", "--markdown", "B", "--platform", "linux-64", "-e", "dev", cwd=project
    )
    assert done.stdout == (
        "| name | locked | allowed | newest | where | why not the newest |\n"
        "|---|---|---|---|---|---|\n"
        "| b | 1.0 | 1.0 | 2.0 | linux-64 | b &#60;2 in environment.yml:7:5 |\n"
    )


def test_json_and_exit_codes(alone: Host, project: Path, own: Path) -> None:
    """0 whatever is found; with --exit-code 1 where anything is."""
    old = [_generic("a", "1.0", "b"), _generic("b", "1.0")]
    write(project, own, "a", platforms=LINUX)
    done = alone.multiplat("outdated", cwd=project, code=2)
    assert "conda-lock.yml does not exist" in done.stderr
    _locked(alone, project, own, old)
    done = alone.multiplat("outdated", "--exit-code", cwd=project)
    assert (done.stdout, done.stderr) == ("", " everything that is locked is the newest there is\n")
    before = (project / "conda-lock.yml").read_bytes()
    write_repodata(own, [*old, _generic("b", "2.0")])
    assert alone.json("outdated", cwd=project) == {
        "success": True,
        "outdated": [
            {
                "name": "b",
                "manager": "conda",
                "locked": "1.0",
                "allowed": "2.0",
                "newest": "2.0",
                "reason": "",
                "asked": False,
                "targets": ["default/linux-64"],
            }
        ],
        "targets": ["default/linux-64"],
    }
    alone.multiplat("outdated", "--exit-code", cwd=project, code=1)
    alone.multiplat("outdated", "--exit-code", "--direct", cwd=project)
    done = alone.multiplat("outdated", "bb", cwd=project, code=2)
    assert done.stderr == "error: not locked: bb\n  did you mean 'b'?\n"
    assert (project / "conda-lock.yml").read_bytes() == before


@pytest.mark.slow
def test_pypi(alone: Host, project: Path, tmp_path: Path) -> None:
    """The same for PyPI's packages beside conda's; a file that is named has no newer one."""
    python = Package("python", "3.12.5", "0_cpython", "linux-64")
    numpy = Package("numpy", "1.26.4", subdir="linux-64", depends=["python"])
    channel = write_repodata(tmp_path / "channel", [python, numpy])
    index = Index(tmp_path / "index")
    for name in ("free", "lined", "part", "needy", "gone", "file", "tangled"):
        index.wheel(name, "1.0")
    index.wheel("robot", "1.0", requires=["part<2", "numpy"])
    url = f"{index.root.as_uri()}/files/file-1.0-py3-none-any.whl"
    with serve(index.root) as server:
        pip = [f"--index-url {server.url}/simple", "free", "lined<2; python_version > '3'", "robot"]
        pip += ["needy", "gone", f"file @ {url}"]
        entries = "".join(f"\n      - {entry}" for entry in pip)
        write(project, channel, "python 3.12.*", "numpy", f"pip:{entries}", platforms=LINUX)
        alone.multiplat("lock", cwd=project)
        for name in ("free", "lined", "part", "file"):
            index.wheel(name, "2.0")
        index.wheel("free", "3.0rc1")
        index.wheel("needy", "2.0", requires=["numpy>=2", "unheard; extra == 'x'"])
        rows = _rows(alone.multiplat("outdated", cwd=project).stdout)
    where = ["1.0", "2.0", "linux-64"]
    assert rows == [
        ["*", "free (PyPI)", "1.0", "2.0", "2.0", "linux-64", ""],
        [
            "*",
            "lined (PyPI)",
            "1.0",
            *where,
            "lined<2; python_version > '3' in environment.yml:11:9",
        ],
        ["*", "needy (PyPI)", "1.0", *where, "it needs numpy>=2; locked: 1.26.4 from conda"],
        ["", "part (PyPI)", "1.0", *where, "robot 1.0 needs part<2"],
    ]


def test_pypi_newest_where_the_oldest_are_wanted(
    alone: Host, project: Path, tmp_path: Path
) -> None:
    """How versions are chosen is one thing, which there are another."""
    channel = write_repodata(
        tmp_path / "channel", [Package("python", "3.12.5", "0_cpython", "linux-64")]
    )
    index = Index(tmp_path / "index")
    for version in ("1.0", "2.0"):
        index.wheel("free", version)
    with serve(index.root) as server:
        pip = f"pip: [--index-url {server.url}/simple, free]"
        extra = "multiplat: {pypi: {resolution: lowest}}\n"
        write(project, channel, "python 3.12.*", pip, platforms=LINUX, extra=extra)
        alone.multiplat("lock", cwd=project)
        (package,) = alone.json("outdated", cwd=project)["outdated"]
        stdout = alone.multiplat("why", "free", cwd=project).stdout
    assert (package["locked"], package["allowed"], package["newest"]) == ("1.0", "1.0", "2.0")
    assert "  2.0 is the newest\n" in stdout


@pytest.mark.parametrize("moves", [False, True])
def test_pypi_for_the_python_that_is_allowed(
    alone: Host, project: Path, tmp_path: Path, moves: bool
) -> None:
    """What indexes have is asked for before it is known whether Python moves: not in vain."""
    pythons = [Package("python", f"3.12.{patch}", "0_cpython", "linux-64") for patch in (5, 6)]
    channel = write_repodata(tmp_path / "channel", pythons[:1])
    index = Index(tmp_path / "index")
    for name in ("free", "held"):
        index.wheel(name, "1.0")
    with serve(index.root) as server:
        pip = f"pip: [--index-url {server.url}/simple, free, held<2]"
        write(project, channel, "python 3.12.*", pip, platforms=LINUX)
        alone.multiplat("lock", cwd=project)
        if moves:
            write_repodata(channel, pythons)
        for name in ("free", "held"):
            index.wheel(name, "2.0", python=">=3.12.6")
        index.wheel("free", "1.1")
        packages = alone.json("outdated", cwd=project)["outdated"]
    versions = {
        package["name"]: (package["allowed"], package["newest"])
        for package in packages
        if package["manager"] == "pypi"
    }
    if moves:
        assert versions == {"free": ("2.0", "2.0"), "held": ("1.0", "2.0")}
    else:
        assert versions == {"free": ("1.1", "1.1")}


def test_one_look_for_all(alone: Host, project: Path, server: Rules, tmp_path: Path) -> None:
    """However many packages there are, no more is asked of a channel than by a lock."""
    write(project, f"{server.url}/chan", "python", "numpy", "scipy")
    alone.multiplat("lock", cwd=project)
    assert server.requests
    server.requests.clear()
    alone.multiplat("lock", "--update-all", "--dry-run", cwd=project)
    asked = len(server.requests)
    server.requests.clear()
    alone.multiplat("outdated", cwd=project)
    assert len(server.requests) <= asked


@pytest.mark.slow
def test_environments_that_agree(alone: Host, project: Path, tmp_path: Path) -> None:
    """In a solve-group the lines of the others are in the way too, conda's and pip's."""
    python = Package("python", "3.12.5", "0_cpython", "linux-64")
    channel = write_repodata(
        tmp_path / "channel", [python, _generic("a", "1.0"), _generic("a", "2.0")]
    )
    index = Index(tmp_path / "index")
    for version in ("1.0", "2.0"):
        index.wheel("tool", version)
    with serve(index.root) as server:
        pip = f"pip: [--index-url {server.url}/simple, tool]"
        extra = (
            "multiplat:\n  solve-group: all\n  environments:\n    dev:\n      solve-group: all\n"
            "      dependencies: [a <2, pip: [tool<2]]\n"
        )
        write(project, channel, "python 3.12.*", "a", pip, platforms=LINUX, extra=extra)
        alone.multiplat("lock", cwd=project)
        packages = alone.json("outdated", cwd=project)["outdated"]
    rows = {(package["name"], package["reason"]): package["targets"] for package in packages}
    both = ["default/linux-64", "dev/linux-64"]
    assert rows["a", "a <2 in environment.yml:14:22"] == both
    assert {name for name, _ in rows} == {"a", "tool"}
    assert rows["tool", "tool<2 in environment.yml:14:34"] == both


def test_where_names_the_targets_that_have_a_package(alone: Host, project: Path, own: Path) -> None:
    """Not everywhere but where it is: all of an environment, or a platform of all of them."""
    old = [_generic(name, "1.0") for name in "abc"]
    extra = "multiplat: {environments: {dev: {dependencies: [c]}}}\n"
    write(project, own, "a", "b  # [osx]", platforms=TWO, extra=extra)
    _locked(alone, project, own, old)
    write_repodata(own, [*old, *(_generic(name, "2.0") for name in "abc")])
    done = alone.multiplat("outdated", cwd=project)
    assert [(row[1], row[5]) for row in _rows(done.stdout)] == [
        ("a", "everywhere"),
        ("b", "osx-arm64"),
        ("c", "all of dev"),
    ]
