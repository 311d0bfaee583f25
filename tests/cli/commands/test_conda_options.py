"""What conda's users type: ``-d``, ``-y``, and ``-n`` where something is added or removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel

_OTHER = "osx-arm64" if SUBDIR != "osx-arm64" else "linux-64"
_DEV = "multiplat: {environments: {dev: {dependencies: [two]}}}\n"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of four small packages."""
    named = [
        Package(name, noarch="generic", files={f"share/{name}": b"x"})
        for name in ("one", "two", "three", "four")
    ]
    return build_channel(tmp_path_factory.mktemp("conda-options"), named)


@pytest.fixture
def demo(alone: Host, project: Path, packages: Path) -> Path:
    """A project of two environments that is locked and installed."""
    write(project, packages, "one", platforms=f"[{SUBDIR}]", extra=_DEV)
    alone.multiplat("lock", "-q", cwd=project)
    for environment in ("default", "dev"):
        alone.multiplat("install", "-q", "-e", environment, cwd=project)
    return project


def _state(*folders: Path) -> dict[str, bytes]:
    """All that is in some folders."""
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _has(alone: Host, environment: str) -> set[str]:
    return {path.name for path in (alone.envs / environment / "share").iterdir()}


@pytest.mark.parametrize("option", ["-d", "--dry-run"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "three"), " + three >=1.0\n would write environment.yml, conda-lock.yml, dev."),
        (("remove", "one"), " - one\n would write environment.yml, conda-lock.yml, dev."),
        (("platform", "add", _OTHER), f" + {_OTHER}\n would write environment.yml, conda-lock"),
        (("lock", "--update-all"), " in sync: nothing to write\n"),
        (("update",), " nothing newer that the manifest allows: nothing to write\n"),
        (("install", "-e", "dev", "-n", "demo"), " would change 1 package in "),
        (("render", "--kind", "environment"), " would write "),
        (("init", "other"), " would write other/environment.yml, other/"),
        (("import", "environment.yml", "-o", "new.yml"), ""),
        (("clean",), " would free "),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_dry_run(alone: Host, demo: Path, option: str, words: tuple[str, ...], said: str) -> None:
    """What would be done is said, and nothing is done; ``-d`` is the short form."""
    before = _state(demo, alone.home)
    assert said in alone.multiplat(*words, option, cwd=demo).stderr
    found = alone.json(*words, option, cwd=demo)
    assert found["written" if words[0] == "import" else "dry_run"] is (words[0] != "import")
    assert _state(demo, alone.home) == before


@pytest.mark.parametrize(
    "words",
    [("add", "three"), ("remove", "one"), ("install",), ("lock",), ("update",), ("clean",)],
    ids=lambda words: words[0],
)
def test_yes(door: Host, project: Path, packages: Path, words: tuple[str, ...]) -> None:
    """``-y`` is taken for an answer to what is not asked."""
    write(project, packages, "one", platforms=f"[{SUBDIR}]")
    door.multiplat("lock", "-q", "-y", cwd=project)
    for option in ("-y", "--yes"):
        door.multiplat(*words, option, "-d", cwd=project)


@pytest.mark.parametrize("where", ["project", "elsewhere"])
def test_named_environment_follows(alone: Host, demo: Path, tmp_path: Path, where: str) -> None:
    """``-n`` tells the manifest and its environment, wherever one is; that one follows."""
    cwd = {"project": demo, "elsewhere": tmp_path}[where]
    done = alone.multiplat("add", "-n", "demo-dev", "three", cwd=cwd)
    assert done.stderr.endswith(f" {alone.envs / 'demo-dev'} has the 3 packages of dev\n")
    assert (_has(alone, "demo"), _has(alone, "demo-dev")) == ({"one"}, {"one", "two", "three"})
    text = (demo / "environment.yml").read_text(encoding="utf-8")
    assert "{dev: {dependencies: [two, three >=1.0]}}" in text
    alone.multiplat("remove", "-q", "-p", alone.envs / "demo-dev", "two", cwd=cwd)
    assert (_has(alone, "demo"), _has(alone, "demo-dev")) == ({"one"}, {"one", "three"})


def test_named_environment_with_another(alone: Host, demo: Path) -> None:
    """``-e`` says which lines change; what is named stays what it is, and follows."""
    done = alone.multiplat("add", "-e", "default", "-n", "demo-dev", "four", cwd=demo)
    assert done.stderr.endswith(f" {alone.envs / 'demo-dev'} has the 3 packages of dev\n")
    assert (_has(alone, "demo"), _has(alone, "demo-dev")) == ({"one"}, {"one", "two", "four"})


def test_named_environment_is_of_no_manifest(alone: Host, demo: Path, tmp_path: Path) -> None:
    """What is not there, was not installed by us or is of another manifest is refused at once."""
    before = _state(demo)
    hint = "  `conda multiplat install` with the same -n or -p does it\n"
    done = alone.multiplat("add", "-n", "nosuch", "three", cwd=demo, code=1)
    assert done.stderr == f"error: there is no {alone.envs / 'nosuch'}\n{hint}"
    hand_made = alone.envs / "hand"
    (hand_made / "conda-meta").mkdir(parents=True)
    (hand_made / "conda-meta/history").touch()
    done = alone.multiplat("remove", "-n", "hand", "one", cwd=demo, code=1)
    assert done.stderr == f"error: {hand_made} was not installed by us\n{hint}"
    other = tmp_path / "other.yml"
    other.write_text("dependencies: []\n", encoding="utf-8")
    done = alone.multiplat("add", "three", "-n", "demo", "-f", other, cwd=demo, code=1)
    assert done.stderr == (
        f"error: {alone.envs / 'demo'} is of {demo / 'environment.yml'}\n  leave out -f, or -n\n"
    )
    assert _state(demo) == before
