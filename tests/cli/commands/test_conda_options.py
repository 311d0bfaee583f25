"""What conda's users type: ``-d``, ``-y``, ``-v``, ``-c``, and ``-n`` beside ``add``."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, build_channel, write_repodata
from support.sizes import without_sizes
from support.terminal import Terminal

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


@pytest.mark.slow
@pytest.mark.parametrize("option", ["-d", "--dry-run"])
@pytest.mark.parametrize(
    ("words", "message"),
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
def test_dry_run(
    alone: Host, demo: Path, option: str, words: tuple[str, ...], message: str
) -> None:
    """What would be done is said, and nothing is done; ``-d`` is the short form."""
    before = _state(demo, alone.home)
    assert message in alone.multiplat(*words, option, cwd=demo).stderr
    document = alone.json(*words, option, cwd=demo)
    assert document["written" if words[0] == "import" else "dry_run"] is (words[0] != "import")
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
    assert without_sizes(done.stderr).endswith(
        f" {alone.envs / 'demo-dev'} has the 3 packages of dev\n"
    )
    assert (_has(alone, "demo"), _has(alone, "demo-dev")) == ({"one"}, {"one", "two", "three"})
    text = (demo / "environment.yml").read_text(encoding="utf-8")
    assert "{dev: {dependencies: [two, three >=1.0]}}" in text
    alone.multiplat("remove", "-q", "-p", alone.envs / "demo-dev", "two", cwd=cwd)
    assert (_has(alone, "demo"), _has(alone, "demo-dev")) == ({"one"}, {"one", "three"})


def test_named_environment_with_another(alone: Host, demo: Path) -> None:
    """``-e`` says which lines change; what is named stays what it is, and follows."""
    done = alone.multiplat("add", "-e", "default", "-n", "demo-dev", "four", cwd=demo)
    assert without_sizes(done.stderr).endswith(
        f" {alone.envs / 'demo-dev'} has the 3 packages of dev\n"
    )
    assert (_has(alone, "demo"), _has(alone, "demo-dev")) == ({"one"}, {"one", "two", "four"})


def test_named_environment_is_of_no_manifest(alone: Host, demo: Path, tmp_path: Path) -> None:
    """What is not there, was not made by us or is of another manifest is refused at once."""
    before = _state(demo)
    done = alone.multiplat("add", "-n", "nosuch", "three", cwd=demo, code=1)
    assert done.stderr == (
        f"error: there is no conda environment in {alone.envs / 'nosuch'}\n"
        "  run `conda multiplat install -n nosuch` first\n"
        "  leave out -n to change the manifest here\n"
    )
    hand_made = alone.envs / "hand"
    (hand_made / "conda-meta").mkdir(parents=True)
    (hand_made / "conda-meta/history").touch()
    done = alone.multiplat("remove", "-n", "hand", "one", cwd=demo, code=1)
    assert done.stderr == (
        f"error: {hand_made} was not made by conda multiplat, so that no manifest belongs to it\n"
        "  leave out -n to change the manifest here\n"
        "  `conda multiplat install -n hand` makes it as locked, and removes "
        "everything else in it\n"
    )
    other = tmp_path / "other.yml"
    other.write_text("dependencies: []\n", encoding="utf-8")
    done = alone.multiplat("add", "three", "-n", "demo", "-f", other, cwd=demo, code=1)
    assert done.stderr == (
        f"error: {alone.envs / 'demo'} was made from {demo / 'environment.yml'}\n"
        "  leave out -f, or -n\n"
    )
    assert _state(demo) == before


@pytest.mark.parametrize("command", ["add three", "remove one", "update", "upgrade"])
@pytest.mark.parametrize("kind", ["full", "file", "empty", "missing"])
def test_folder_is_no_environment(
    alone: Host, demo: Path, tmp_path: Path, command: str, kind: str
) -> None:
    """It is not said to be missing if it is there, nor to install where ``install`` refuses."""
    folder = tmp_path / "folder"
    if kind == "file":
        folder.touch()
    elif kind != "missing":
        folder.mkdir()
    if kind == "full":
        (folder / "data").touch()
    done = alone.multiplat(*command.split(), "-p", folder, cwd=demo, code=1)
    no_place = ", so that nothing can be installed there: name another"
    way = {
        "full": f"it is not empty{no_place}",
        "file": f"it is not a folder{no_place}",
    }.get(kind, f"run `conda multiplat install -p {folder}` first")
    assert done.stderr == (
        f"error: there is no conda environment in {folder}\n"
        f"  {way}\n"
        "  leave out -p to change the manifest here\n"
    )
    installs = kind in ("empty", "missing")
    alone.multiplat("install", "-d", "-p", folder, cwd=demo, code=0 if installs else 1)
    listed = alone.multiplat("list", "--installed", "-p", folder, cwd=demo, code=1)
    assert f"  {way.removesuffix(' first')}\n" in listed.stderr


def _numbered(name: str, *versions: str) -> list[Package]:
    return [Package(name, version, noarch="generic") for version in versions]


@pytest.fixture
def channels(tmp_path: Path) -> tuple[Path, Path]:
    """Two channels; a package is newer in the second."""
    first = write_repodata(tmp_path / "first", [*_numbered("one", "1.0"), *_numbered("two", "1.0")])
    second = write_repodata(tmp_path / "second", [*_numbered("one", "1.0", "2.0")])
    return first, second


def _text(project: Path) -> str:
    return (project / "environment.yml").read_text(encoding="utf-8").partition("dependencies:\n")[2]


def test_package_of_a_channel(
    door: Host, project: Path, channels: tuple[Path, Path], tmp_path: Path
) -> None:
    """-c asks for a package of another channel; the environment's first one needs no word."""
    first, second = channels
    write(project, first, "two", platforms="[linux-64]")
    done = door.multiplat("add", "-c", f"{first.as_uri()}/", "one", cwd=project)
    assert _text(project) == "  - two\n  - one >=1.0\n"
    url = second.as_uri()
    done = door.multiplat("add", "one", "--channel", url, cwd=project)
    assert f" ~ {url}::one >=2.0, was one >=1.0\n" in done.stderr
    assert _text(project) == f"  - two\n  - {url}::one >=2.0\n"
    assert locked(project)["linux-64"] == {"one": "2.0", "two": "1.0"}
    door.multiplat("add", "one", cwd=project)
    assert _text(project) == f"  - two\n  - {url}::one >=2.0\n"
    door.multiplat("add", "-c", url, "one", cwd=project)
    assert _text(project) == f"  - two\n  - {url}::one >=2.0\n"


def test_channels_that_can_not_be_written(
    alone: Host, project: Path, channels: tuple[Path, Path]
) -> None:
    """Several, one with a secret, one for PyPI's packages, and another than the spec's."""
    path = write(project, channels[0], "two", platforms="[linux-64]")
    before = path.read_bytes()
    cases = [
        (
            ["-c", "a", "-c", "b", "one"],
            "one -c CHANNEL at a time: a package comes from one channel\n",
        ),
        (["-c", "nvidia", "--pypi", "one"], "-c nvidia can't be used with --pypi\n"),
        (["-c", "nvidia", "other::one"], "'other::one' names a channel other than -c nvidia\n"),
        (
            ["-c", "https://user:hunter2@conda.example.com/ours", "one"],
            "the channel https://conda.example.com/ours has a login or token, "
            "which would be in the manifest\n",
        ),
    ]
    for arguments, message in cases:
        done = alone.multiplat("add", *arguments, cwd=project, code=2)
        assert done.stderr.startswith(f"error: {message}")
        assert "hunter2" not in done.stderr
    assert path.read_bytes() == before


@pytest.mark.slow
def test_verbose(alone: Host, project: Path, tmp_path: Path) -> None:
    """-v leaves nothing out of a table on a terminal; a file has all of it anyway."""
    names = [f"p{n:02}" for n in range(70)]
    old = [package for name in names for package in _numbered(name, "1.0")]
    own = write_repodata(tmp_path / "own", old)
    write(project, own, *names, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    write_repodata(own, [package for name in names for package in _numbered(name, "1.0", "2.0")])
    stderr = without_sizes(alone.multiplat("update", "-d", cwd=project).stderr)
    assert stderr.count(" 1.0 → 2.0  linux-64\n") == 70
    for option, rows in (("-y", 60), ("-v", 70), ("--verbose", 70), ("-vv", 70)):
        command = [*alone.command, "update", "-d", option]
        with Terminal(command, env=alone.environ(), cwd=project) as terminal:
            assert terminal.exit_code() == 0
        assert without_sizes(terminal.shown).count(" 1.0 → 2.0  linux-64\n") == rows
        assert ("   … and 10 more: -v shows all\n" in terminal.shown) is (rows == 60)


def test_verbose_why(alone: Host, project: Path, tmp_path: Path) -> None:
    """The same for who needs a package, and for the solver's explanation."""
    tools = [Package(f"t{n:02}", noarch="generic", depends=["base <2"]) for n in range(15)]
    own = write_repodata(tmp_path / "own", [*tools, *_numbered("base", "1.0", "2.0")])
    write(project, own, *(tool.name for tool in tools), platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    stdout = alone.multiplat("why", "base", cwd=project).stdout
    assert (stdout.count("needed by t"), "needed by 5 more" in stdout) == (10, True)
    stdout = alone.multiplat("why", "base", "-v", cwd=project).stdout
    assert (stdout.count("needed by t"), " more" in stdout) == (15, False)


@pytest.fixture
def pythons(tmp_path: Path) -> Path:
    """Python, pip, and something that needs Python."""
    app = Package("app", noarch="python", depends=["python"])
    return write_repodata(
        tmp_path / "pythons", [app, *_numbered("python", "3.12.4"), *_numbered("pip", "26.1")]
    )


_WANTS_PIP = (
    " conda's configuration adds pip to python (add_pip_as_python_dependency), but the manifest "
    "does not: conda multiplat add pip  (default/linux-64, default/osx-arm64)\n"
)


def test_pip_beside_python(door: Host, project: Path, pythons: Path) -> None:
    """Who has conda's rule in their configuration gets pip into the manifest, or is told."""
    env = {"CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY": "true"}
    write(project, pythons, "app", platforms="[linux-64, osx-arm64]")
    assert _WANTS_PIP in door.multiplat("lock", cwd=project, env=env).stderr
    done = door.multiplat("add", "--platform", "linux-64", "python", cwd=project, env=env)
    assert " + python >=3.12.4  (linux-64)\n + pip >=26.1  (linux-64)\n" in done.stderr
    assert _WANTS_PIP.replace("default/linux-64, ", "") in done.stderr
    done = door.multiplat("add", "python", "pip >=20", cwd=project, env=env)
    assert "adds pip" not in done.stderr
    assert _text(project) == "  - app\n  - python >=3.12.4\n  - pip >=20\n"
    door.multiplat("add", "python", cwd=project, env=env)
    assert _text(project) == "  - app\n  - python >=3.12.4\n  - pip >=20\n"


@pytest.mark.slow
def test_no_pip_by_default(door: Host, project: Path, pythons: Path) -> None:
    """What conda does where no configuration says so is no wish for it."""
    write(project, pythons, "app", platforms="[linux-64, osx-arm64]")
    environ = door.environ()
    del environ["CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY"]
    command = [*door.command, *(["multiplat"] if door.is_conda else []), "add", "python"]
    done = subprocess.run(
        command, cwd=project, env=environ, capture_output=True, text=True, check=True
    )
    assert "adds pip" not in done.stderr
    assert _text(project) == "  - app\n  - python >=3.12.4\n"
    text = "add_pip_as_python_dependency: true\n"
    (door.home / ".condarc").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [*command[:-2], "lock", "--update-all"],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert _WANTS_PIP in done.stderr


@pytest.mark.parametrize("command", ["install", "run", "tree", "shell-hook", "pack", "platform"])
def test_one_environment(alone: Host, demo: Path, command: str) -> None:
    """What works in one environment takes no second one in silence, and the same one twice."""
    words = {"run": ["--", "true"], "platform": ["add", "linux-64"]}.get(command, [])
    stderr = alone.multiplat(command, "-e", "dev", "-e", "default", *words, cwd=demo, code=2).stderr
    assert "argument -e: only one ENV at a time, not dev and default\n" in stderr
    done = alone.json(command, "-e", "dev", "-e", "default", *words, cwd=demo, code=2)
    assert done["success"] is False
    alone.multiplat("tree", "-e", "dev", "--environment", "dev", cwd=demo)
