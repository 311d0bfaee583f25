"""The last line of what locks: what is new, of all targets together, each package once."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.terminal import Terminal

TWO = "[linux-64, osx-arm64]"
DEV = "multiplat: {environments: {dev: {dependencies: [tool]}}}\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A channel with a package for all platforms, and one for each."""
    return write_repodata(tmp_path / "own", _packages("1.0"))


def _packages(version: str) -> list[Package]:
    shared = Package("shared", version=version, noarch="generic")
    built = [
        Package("built", version=version, subdir=subdir) for subdir in ("linux-64", "osx-arm64")
    ]
    return [shared, Package("tool", noarch="generic"), *built]


def _last(host: Host, project: Path, *command: str) -> str:
    *_, last = host.multiplat(*command, cwd=project).stderr.splitlines()
    return last


def test_what_several_have(alone: Host, project: Path, own: Path) -> None:
    """A file that platforms and environments share counts once, and only what is new is summed."""
    write(project, own, "shared", "built", platforms=TWO, extra=DEV)
    both = "conda-lock.yml, dev.conda-lock.yml"
    first = "(4 different packages, download size 68 B)"
    assert _last(alone, project, "lock") == f" wrote {both} {first}"
    write_repodata(own, [*_packages("1.0"), *_packages("2.0")])
    newer = "(4 different packages, 3 new, download size 52 B)"
    assert _last(alone, project, "update", "--dry-run") == f" would write {both} {newer}"
    one = "(3 different packages, 1 new, download size 17 B)"
    command = ("lock", "-e", "default", "--platform", "linux-64", "--update", "built")
    assert _last(alone, project, *command) == f" wrote conda-lock.yml {one}"


def test_one_target(alone: Host, project: Path, own: Path) -> None:
    """What the table says of a single target is not said again; what comes to it is."""
    write(project, own, "built", platforms="[linux-64]")
    assert _last(alone, project, "lock") == " wrote conda-lock.yml"
    names = "environment.yml, conda-lock.yml"
    assert _last(alone, project, "add", "shared") == f" wrote {names} (1 new, download size 18 B)"
    assert _last(alone, project, "remove", "shared") == f" wrote {names}"
    assert _last(alone, project, "lock") == " in sync: nothing to write"


def test_narrow_terminal(alone: Host, project: Path, own: Path) -> None:
    """Where one line has no room for the files and the sum, the sum is a line by itself."""
    write(project, own, "shared", "built", platforms=TWO, extra=DEV)
    with Terminal([*alone.command, "lock"], env=alone.environ(), cwd=project) as terminal:
        assert terminal.exit_code() == 0
    *_, files, last = terminal.shown.splitlines()
    assert files == " wrote conda-lock.yml, dev.conda-lock.yml"
    assert last.startswith("   (4 different packages, download size 68 B)")
