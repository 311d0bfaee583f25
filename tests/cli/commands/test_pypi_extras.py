"""Extras beside conda's packages: what they need is locked from PyPI, and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import Rules, serve
from support.states import assert_nothing_to_lock

PLATFORMS = ("linux-64", "win-64")


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python and a few of its packages, which have no extras."""
    packages = [Package("python", "3.12.4", "0_cpython", subdir) for subdir in PLATFORMS]
    packages += [
        Package(name, "2024.1", noarch="python", depends=["python"])
        for name in ("fsspec", "multi", "hidden", "c0", "c1", "c2")
    ]
    return write_repodata(tmp_path_factory.mktemp("channel"), packages)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Conda's packages with the extras that they have on PyPI, and those that ask for them."""
    projects = Index(tmp_path / "index")
    fsspec = [
        "never-fetched",
        "http-client[speed]>=3; extra == 'http'",
        "winlib; extra == 'http' and sys_platform == 'win32'",
        "fsspec[http]; extra == 'full'",
        "multi[grid]; extra == 'full'",
    ]
    projects.wheel("fsspec", "2024.1", requires=fsspec)
    projects.wheel("fsspec", "2025.1")
    projects.wheel("multi", "2024.1", requires=["gridlib; extra == 'grid'"], beside=True)
    for version in ("2.0", "3.1"):
        projects.wheel("http-client", version, requires=["fast; extra == 'speed'"])
    for name in ("fast", "winlib", "gridlib"):
        projects.wheel(name)
    projects.wheel("asker", requires=["fsspec[http]"])
    projects.wheel("plain", requires=["fsspec"])
    projects.wheel("all-of-it", requires=["fsspec[full]; extra == 'io'"])
    projects.wheel("hopeful", requires=["plain[sox]", "fsspec[nope]"])
    return projects


@pytest.fixture
def pypi(index: Index) -> Iterator[Rules]:
    """The index, served."""
    with serve(index.root) as server:
        yield server


def _write(project: Path, channel: Path, server: Rules, conda: str, *entries: str) -> None:
    pip = ", ".join([f"--index-url {server.url}/simple", *(f'"{entry}"' for entry in entries)])
    specs = [spec for spec in conda.split() if spec]
    write(project, channel, "python", *specs, f"pip: [{pip}]", platforms="[linux-64, win-64]")


def _of_pypi(project: Path, subdir: str = "linux-64") -> dict[str, set[str]]:
    """Each PyPI package and whom it needs."""
    data = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    return {
        package["name"]: set(package["dependencies"])
        for package in data["package"]
        if package["manager"] == "pip" and package["platform"] == subdir
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conda", "entries", "expected"),
    [
        ("fsspec", ["fsspec[http]"], {"http-client", "fast"}),
        ("fsspec", ["fsspec[HTTP] >=2024"], {"http-client", "fast"}),
        ("fsspec", ["asker"], {"asker", "http-client", "fast"}),
        ("fsspec", ["asker", "plain"], {"asker", "plain", "http-client", "fast"}),
        ("fsspec", ["fsspec[http]; sys_platform == 'darwin'", "plain"], {"plain"}),
        ("fsspec multi", ["fsspec[full]"], {"http-client", "fast", "gridlib"}),
        ("fsspec", ["fsspec[full]"], {"http-client", "fast", "gridlib", "multi"}),
        ("fsspec multi", ["all-of-it[io]"], {"all-of-it", "http-client", "fast", "gridlib"}),
        ("fsspec", ["plain"], {"plain"}),
    ],
)
def test_what_extras_need_is_locked(
    alone: Host,
    project: Path,
    channel: Path,
    pypi: Rules,
    conda: str,
    entries: list[str],
    expected: set[str],
) -> None:
    """Asked by the manifest, by a package, and over other extras; minus what conda provides."""
    _write(project, channel, pypi, conda, *entries)
    done = alone.multiplat("lock", cwd=project)
    assert "warning" not in done.stderr
    assert set(_of_pypi(project)) == expected
    on_windows = {"winlib"} if "http-client" in expected else set()
    assert set(_of_pypi(project, "win-64")) == expected | on_windows
    assert locked(project)["linux-64"].get("http-client") in {"3.1", None}
    alone.multiplat("check", "--strict", cwd=project)
    assert_nothing_to_lock(alone, project)
    everything = alone.multiplat("tree", "--platform", "linux-64", cwd=project).stdout
    for name in expected:
        assert name in everything


@pytest.mark.slow
def test_who_asks_is_seen(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """`why` and `tree` go over the extra; who needs the project without it has nothing of it."""
    _write(project, channel, pypi, "fsspec", "asker", "plain")
    alone.multiplat("lock", cwd=project)
    assert _of_pypi(project)["asker"] == {"fsspec", "http-client"}
    assert _of_pypi(project)["plain"] == {"fsspec"}
    asked = ["tree", "--platform", "linux-64", "--invert", "http-client"]
    up = alone.multiplat(*asked, cwd=project).stdout
    assert "asker" in up
    assert "plain" not in up
    _write(project, channel, pypi, "fsspec", "fsspec[http]")
    alone.multiplat("lock", cwd=project)
    up = alone.multiplat(*asked, cwd=project).stdout
    assert "fsspec" in up
    assert "fsspec[http]" in up
    why = alone.multiplat("why", "http-client", "--platform", "linux-64", cwd=project).stdout
    assert "fsspec[http]" in why


@pytest.mark.slow
def test_extras_that_there_are_not(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """Unknown extras and metadata that no index has: a line each, with who asks."""
    entries = ("hopeful", "plain[other]", "hidden[gui]")
    _write(project, channel, pypi, "fsspec hidden", *entries)
    done = alone.multiplat("lock", cwd=project)
    lines = [line for line in done.stderr.splitlines() if "warning:" in line]
    pip = next(
        number
        for number, line in enumerate((project / "environment.yml").read_text().splitlines(), 1)
        if "pip:" in line
    )
    text = (project / "environment.yml").read_text(encoding="utf-8").splitlines()[pip - 1]

    def at(entry: str) -> str:
        return f"environment.yml:{pip}:{text.index(entry)}"

    assert sorted(lines) == sorted(
        [
            f" warning: {at('plain[other]')} asks for plain[other]: plain 1.0 has no such extra",
            " warning: hopeful asks for plain[sox]: plain 1.0 has no such extra",
            " warning: hopeful asks for fsspec[nope]: fsspec 2024.1 has no such extra",
            f" warning: {at('hidden[gui]')} asks for hidden[gui]: conda provides hidden 2024.1, "
            "and no index lists what that extra needs; add that to the manifest yourself",
        ]
    )
    quiet = alone.multiplat("lock", "--update-all", "-q", cwd=project)
    assert quiet.stderr == ""


@pytest.mark.slow
def test_an_extra_is_part_of_what_is_locked(
    alone: Host, project: Path, channel: Path, pypi: Rules
) -> None:
    """One more is not met by the lock, one less is; what only it needed goes with the next lock."""
    _write(project, channel, pypi, "fsspec multi", "fsspec", "http-client")
    alone.multiplat("lock", cwd=project)
    _write(project, channel, pypi, "fsspec multi", "fsspec[http]", "http-client[speed]")
    done = alone.multiplat("check", cwd=project, code=1)
    assert "locked without fsspec[http]" in done.stdout + done.stderr
    assert "locked without http-client[speed]" in done.stdout + done.stderr
    alone.multiplat("lock", cwd=project)
    assert set(_of_pypi(project)) == {"http-client", "fast"}
    _write(project, channel, pypi, "fsspec multi", "fsspec", "plain")
    done = alone.multiplat("check", cwd=project, code=1)
    assert "nothing asks for it" in done.stdout + done.stderr
    alone.multiplat("lock", cwd=project)
    assert set(_of_pypi(project)) == {"plain"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_random_extras(
    alone: Host, project: Path, channel: Path, tmp_path: Path, seed: int
) -> None:
    """What is locked is what PyPI alone would lock of it, apart from what conda provides."""
    chosen = random.Random(seed)
    names = ("c0", "c1", "c2", "p0", "p1", "p2", "p3")
    requires: dict[str, list[str]] = {name: [] for name in names}
    for number, name in enumerate(names):
        for extra in ("a", "b"):
            for other in chosen.sample((*names[number + 1 :], name), min(2, len(names) - number)):
                inner = chosen.choice(["", "[a]", "[b]", "[a,b]"])
                if (other, inner) != (name, f"[{extra}]"):
                    requires[name].append(f"{other}{inner}; extra == '{extra}'")
    projects = Index(tmp_path / "random-index")
    for name in names:
        version = "2024.1" if name.startswith("c") else "1.0"
        projects.wheel(name, version, requires=requires[name], beside=chosen.random() < 0.5)
    asked = [f"{name}[{chosen.choice('ab')}]" for name in chosen.sample(names, 2)]
    with serve(projects.root) as server:
        _write(project, channel, server, "", *asked)
        alone.multiplat("lock", cwd=project)
        alone_there = set(_of_pypi(project))
        _write(project, channel, server, "c0 c1 c2", *asked)
        alone.multiplat("lock", "--update-all", cwd=project)
        assert set(_of_pypi(project)) == alone_there - {"c0", "c1", "c2"}
        alone.multiplat("check", "--strict", cwd=project)
        _write(project, channel, server, "c0 c1 c2", *asked, f"{asked[0]}>0")
        assert "nothing asks" not in alone.multiplat("check", cwd=project).stderr


def _as_another_tool(project: Path) -> None:
    """The lock without what only ours says: the head's own keys, and who asks for extras."""
    path = project / "conda-lock.yml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    del data["metadata"]["custom_metadata"]
    for package in data["package"]:
        if package["manager"] == "pip":
            package["dependencies"].pop("http-client", None)
            package["dependencies"].pop("fast", None)
    path.write_text(yaml.safe_dump(data), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("entry", ["asker", "fsspec[http]", "http-client[speed]"])
def test_locks_of_other_tools_have_no_extras(
    alone: Host, project: Path, channel: Path, pypi: Rules, entry: str
) -> None:
    """That nothing asks for a PyPI package can't be known there: a note, and conda's are judged."""
    _write(project, channel, pypi, "fsspec", entry)
    alone.multiplat("lock", cwd=project)
    _as_another_tool(project)
    done = alone.multiplat("check", cwd=project)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("conda-lock.yml: another tool locked it")
    assert (
        "  note: fast 1.0: nothing in this lock asks for it; an extra may, but other tools' "
        "locks don't record that  (linux-64, win-64)"
    ) in lines
    verdict = alone.json("check", cwd=project)["files"][0]
    assert verdict["state"] == "met"
    assert any(note.startswith("note: fast 1.0") for note in verdict["notes"])
    _write(project, channel, pypi, "", entry)
    alone.multiplat("check", cwd=project, code=1)
    _write(project, channel, pypi, "fsspec", entry)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("check", "--strict", cwd=project)
    assert locked(project)["linux-64"]["fast"] == "1.0"
