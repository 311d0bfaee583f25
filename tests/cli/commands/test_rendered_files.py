"""Rendered files beside the locks: ``check`` compares them, ``render --existing`` renews them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import serve
from support.states import IN_SYNC, check_states

PLATFORMS = "[linux-64, osx-arm64]"
DEV = "multiplat: {environments: {dev: {dependencies: [solo]}}}\n"
AGAIN = "run: conda multiplat render --existing\n"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A few packages, and Pythons for those of PyPI."""
    packages = [Package("tool", version, noarch="generic") for version in ("1.0", "2.0")]
    packages += [Package("python", "3.12.5", "0_c", subdir) for subdir in ("linux-64", "osx-arm64")]
    return write_repodata(tmp_path / "tools", [*packages, Package("solo", noarch="generic")])


@pytest.fixture
def pip(tmp_path: Path) -> Iterator[str]:
    """A line of the manifest with a package of PyPI."""
    index = Index(tmp_path / "index")
    index.wheel("robot", "1.0")
    index.wheel("robot", "2.0")
    with serve(index.root) as server:
        yield f"pip: [--index-url {server.url}/simple, robot <2]"


def _texts(project: Path) -> dict[str, str]:
    names = ("*conda-*-*.lock", "*requirements-*.txt", "*environment-*.yml")
    paths = sorted(path for name in names for path in project.glob(name))
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


@pytest.mark.slow
def test_each_kind(door: Host, project: Path, tools: Path, pip: str) -> None:
    """What stands there of each kind is compared and renewed; what does not is not made."""
    write(project, tools, "tool <2", "python", pip, platforms=PLATFORMS, extra=DEV)
    door.multiplat("lock", cwd=project)
    door.multiplat("render", "--kind", "explicit", "--hash", "sha256", cwd=project)
    door.multiplat("render", "--kind", "environment", "-e", "dev", cwd=project)
    for name in ("conda-osx-arm64.lock", "dev.conda-linux-64.lock"):
        (project / name).unlink()
    before = _texts(project)
    assert "in sync" in door.multiplat("check", cwd=project).stdout
    done = door.multiplat("render", "--existing", cwd=project)
    assert done.stderr == " nothing to write: all files are up to date\n"

    newer = pip.replace("robot <2", "robot")
    write(project, tools, "tool", "python", newer, platforms=PLATFORMS, extra=DEV)
    door.multiplat("lock", "--update-all", cwd=project)
    stale = "is out of date\n  it differs from the lock\n"
    assert door.multiplat("check", cwd=project, code=1).stdout == (
        f"conda-linux-64.lock {stale}"
        f"requirements-linux-64.txt {stale}"
        f"requirements-osx-arm64.txt {stale}"
        f"dev.conda-osx-arm64.lock {stale}"
        f"dev.environment-linux-64.yml {stale}"
        f"dev.environment-osx-arm64.yml {stale}"
        f"dev.requirements-linux-64.txt {stale}"
        f"dev.requirements-osx-arm64.txt {stale}"
        f"{AGAIN}"
    )
    only = ("-e", "dev", "--platform", "linux-64")
    done = door.multiplat("render", "--existing", *only, cwd=project)
    assert done.stderr == (" wrote dev.environment-linux-64.yml, dev.requirements-linux-64.txt\n")
    door.multiplat("render", "--existing", cwd=project)
    after = _texts(project)
    assert list(after) == list(before)
    assert all(after[name] != before[name] for name in before)
    assert "#sha256:" in after["conda-linux-64.lock"]
    assert "in sync" in door.multiplat("check", cwd=project).stdout


def test_line_ends(alone: Host, project: Path, tools: Path) -> None:
    """Git on Windows writes CRLF into the work tree; that is no difference."""
    write(project, tools, "tool", platforms=PLATFORMS)
    alone.multiplat("lock", cwd=project)
    for kind in ("explicit", "environment"):
        alone.multiplat("render", "--kind", kind, cwd=project)
    for name in _texts(project):
        path = project / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert check_states(alone, project) == IN_SYNC


def test_of_what_is_no_more(alone: Host, project: Path, tools: Path, pip: str) -> None:
    """Files of an environment, a platform or PyPI packages that went are to be deleted."""
    write(project, tools, "tool", "python", pip, platforms=PLATFORMS, extra=DEV)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "explicit", cwd=project)
    write(project, tools, "tool", "python", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    (project / "dev.conda-lock.yml").unlink()
    alone.multiplat("render", "--existing", cwd=project)
    assert alone.multiplat("check", cwd=project, code=1).stdout == (
        "conda-osx-arm64.lock is out of date\n"
        "  the manifest has no default/osx-arm64\n"
        "requirements-linux-64.txt is out of date\n"
        "  no PyPI packages are locked any more\n"
        "requirements-osx-arm64.txt is out of date\n"
        "  the manifest has no default/osx-arm64\n"
        "dev.conda-linux-64.lock is out of date\n"
        "  the manifest has no dev/linux-64\n"
        "dev.conda-osx-arm64.lock is out of date\n"
        "  the manifest has no dev/osx-arm64\n"
        "dev.requirements-linux-64.txt is out of date\n"
        "  the manifest has no dev/linux-64\n"
        "dev.requirements-osx-arm64.txt is out of date\n"
        "  the manifest has no dev/osx-arm64\n"
        "delete it: conda-osx-arm64.lock\n"
        "delete it: requirements-linux-64.txt\n"
        "delete it: requirements-osx-arm64.txt\n"
        "delete it: dev.conda-linux-64.lock\n"
        "delete it: dev.conda-osx-arm64.lock\n"
        "delete it: dev.requirements-linux-64.txt\n"
        "delete it: dev.requirements-osx-arm64.txt\n"
    )


def test_without_a_lock(alone: Host, project: Path, tools: Path) -> None:
    """A file whose lock is missing, or not for its platform yet, waits for the lock."""
    write(project, tools, "tool", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "explicit", cwd=project)
    (project / "conda-lock.yml").unlink()
    assert alone.multiplat("check", cwd=project, code=1).stdout == (
        "conda-lock.yml is out of date\n"
        "  there is no such lock\n"
        "conda-linux-64.lock is out of date\n"
        "  its packages are not locked\n"
        "run: conda multiplat lock\n"
    )


def test_files_of_others(alone: Host, project: Path, tools: Path) -> None:
    """Files that people have under these names are theirs; conda-lock's explicit ones count."""
    write(project, tools, "tool", platforms=PLATFORMS)
    alone.multiplat("lock", cwd=project)
    for name in ("environment-linux-64.yml", "requirements-linux-64.txt", "old.conda-win-64.lock"):
        (project / name).write_text("# mine\n", encoding="utf-8")
    alone.multiplat("render", "--kind", "explicit", "--platform", "linux-64", cwd=project)
    file = project / "conda-linux-64.lock"
    head = "# Generated by conda-lock.\n# platform: linux-64\n# input_hash: 0123\n@EXPLICIT\n"
    theirs = head + file.read_text(encoding="utf-8").partition("@EXPLICIT\n")[2]
    file.write_text(theirs, encoding="utf-8")
    assert check_states(alone, project) == IN_SYNC
    file.write_text(theirs.replace("tool-2.0", "tool-1.0"), encoding="utf-8")
    assert alone.multiplat("check", cwd=project, code=1).stdout == (
        f"conda-linux-64.lock is out of date\n  it differs from the lock\n{AGAIN}"
    )
    alone.multiplat("render", "--existing", cwd=project)
    assert check_states(alone, project) == IN_SYNC


def test_kind_or_existing(alone: Host, project: Path, tools: Path) -> None:
    """One of them has to be said, and a lock that was edited is not rendered."""
    write(project, tools, "tool", platforms=PLATFORMS)
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("render", cwd=project, code=2)
    assert "one of the arguments --kind --existing is required" in done.stderr
    alone.multiplat("render", "--kind", "explicit", cwd=project)
    lock = project / "conda-lock.yml"
    text = lock.read_text(encoding="utf-8").replace("version: '2.0'", "version: '1.0'")
    lock.write_text(text.replace("tool-2.0", "tool-1.0"), encoding="utf-8")
    done = alone.multiplat("render", "--existing", cwd=project, code=2)
    assert done.stderr.startswith("error: conda-lock.yml is not as it was written\n")


def test_no_platforms_named(alone: Host, project: Path, tools: Path) -> None:
    """Where the manifest names no platform, the lock says which files it has; not this machine."""
    write(project, tools, "tool <2", platforms="")
    _unnamed(project)
    alone.multiplat("lock", "--platform", "osx-arm64", "win-64", cwd=project)
    alone.multiplat("render", "--kind", "explicit", cwd=project)
    write(project, tools, "tool", platforms="")
    _unnamed(project)
    alone.multiplat("lock", "--update-all", "--platform", "osx-arm64", "win-64", cwd=project)
    done = alone.multiplat("render", "--existing", cwd=project)
    assert done.stderr == " wrote conda-osx-arm64.lock, conda-win-64.lock\n"
    assert check_states(alone, project) == IN_SYNC
    done = alone.multiplat("render", "--existing", "-e", "defautl", cwd=project, code=2)
    assert "did you mean 'default'?" in done.stderr


def _unnamed(project: Path) -> None:
    manifest = project / "environment.yml"
    text = manifest.read_text(encoding="utf-8").replace("platforms: \n", "")
    manifest.write_text(text, encoding="utf-8")


#: One file of each kind for other tools, of the manifests below.
OTHERS = ("pixi.lock", "pylock.dev-linux-64.toml", "pylock.linux-64.toml")
PINS = ("dev.linux-64.pin.txt", "environment.linux-64.pin.txt")


@pytest.mark.slow
def test_for_other_tools(door: Host, project: Path, tools: Path, pip: str) -> None:
    """The files of pixi, PEP 751 and Snakemake: made, compared, and renewed."""
    write(project, tools, "tool <2", "python", pip, platforms="[linux-64]", extra=DEV)
    door.multiplat("lock", cwd=project)
    for kind in ("pylock", "pixi-lock", "snakemake"):
        done = door.multiplat("render", "--kind", kind, cwd=project)
    assert done.stderr == (
        " wrote environment.linux-64.pin.txt, requirements-linux-64.txt, "
        "dev.linux-64.pin.txt, dev.requirements-linux-64.txt\n"
    )
    before = {name: (project / name).read_text(encoding="utf-8") for name in (*OTHERS, *PINS)}
    assert door.multiplat("check", cwd=project).stdout.startswith("in sync: ")

    newer = pip.replace("robot <2", "robot")
    write(project, tools, "tool", "python", newer, platforms="[linux-64]", extra=DEV)
    door.multiplat("lock", "--update-all", cwd=project)
    stdout = door.multiplat("check", cwd=project, code=1).stdout
    stale = "is out of date\n  it differs from the lock\n"
    assert all(f"{name} {stale}" in stdout for name in before)
    assert stdout.endswith(AGAIN)
    door.multiplat("render", "--existing", cwd=project)
    assert door.multiplat("check", cwd=project).stdout.startswith("in sync: ")
    after = {name: (project / name).read_text(encoding="utf-8") for name in before}
    assert all(after[name] != before[name] for name in before)
    assert "robot-2.0" in after["pixi.lock"]
    assert "robot-1.0" in before["pixi.lock"]


def test_snakemake(alone: Host, project: Path, tools: Path) -> None:
    """A pin file is the explicit file but for its name, which is the manifest's."""
    write(project, tools, "tool", platforms="[linux-64]", file="robot.yml")
    file = ("-f", "robot.yml")
    alone.multiplat("lock", *file, cwd=project)
    for kind in ("explicit", "snakemake"):
        alone.multiplat("render", "--kind", kind, "--hash", "sha256", *file, cwd=project)
    pins = (project / "robot.linux-64.pin.txt").read_text(encoding="utf-8")
    explicit = (project / "conda-linux-64.lock").read_text(encoding="utf-8")
    assert pins == explicit.replace("conda-linux-64.lock", "robot.linux-64.pin.txt")
    assert "#sha256:" in pins
    done = alone.multiplat("render", "--existing", *file, cwd=project)
    assert done.stderr == " nothing to write: all files are up to date\n"


def test_another_tools_pixi_lock(alone: Host, project: Path, tools: Path) -> None:
    """The lock of pixi itself is left alone, by `check` and by `render`."""
    write(project, tools, "tool", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    theirs = "version: 6\nenvironments: {}\npackages: []\n"
    (project / "pixi.lock").write_text(theirs, encoding="utf-8")
    assert check_states(alone, project) == IN_SYNC
    alone.multiplat("render", "--existing", cwd=project)
    done = alone.multiplat("render", "--kind", "pixi-lock", cwd=project, code=2)
    assert done.stderr == (
        "error: pixi.lock was not written by conda multiplat\n"
        "  it would be replaced: move it away if it is no longer needed\n"
    )
    assert (project / "pixi.lock").read_text(encoding="utf-8") == theirs
    done = alone.multiplat(
        "render", "--kind", "pixi-lock", "--platform", "linux-64", cwd=project, code=2
    )
    assert done.stderr == (
        "error: pixi.lock is one file for all environments and platforms: "
        "leave out -e and --platform\n"
    )
    done = alone.multiplat("render", "--kind", "pylock", cwd=project, code=2)
    assert done.stderr == "error: no PyPI packages are locked for any platform\n"


def test_two_of_one_name(alone: Host, project: Path, tools: Path) -> None:
    """Two environments whose files would have one name are refused, and rendered one by one."""
    twin = "multiplat: {environments: {environment: {dependencies: [solo]}}}\n"
    write(project, tools, "tool", platforms="[linux-64]", extra=twin)
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("render", "--kind", "snakemake", cwd=project, code=2)
    assert done.stderr == (
        "error: two environments would both be written to environment.linux-64.pin.txt\n"
        "  render one of them with -e ENV\n"
    )
    alone.multiplat("render", "--kind", "snakemake", "-e", "default", cwd=project)
