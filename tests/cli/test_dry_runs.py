"""``--dry-run`` promises nothing that the same command without it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, write_repodata

PLATFORMS = f"[{SUBDIR}]"


@pytest.fixture
def robot(alone: Host, project: Path, tmp_path: Path) -> Path:
    """A locked project, for which there is a newer package by now."""
    names = ("one", "two", "three")
    packages = [Package(name, "1.0", noarch="generic") for name in names]
    channel = write_repodata(tmp_path / "channel", packages)
    write(project, channel, "one", platforms=PLATFORMS)
    alone.multiplat("lock", "-q", cwd=project)
    packages.append(Package("one", "2.0", noarch="generic"))
    write_repodata(tmp_path / "channel", packages)
    return project


def _read_only(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).touch()
        (folder / name).chmod(0o444)

    return change


def _folder(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).mkdir(parents=True)
        (folder / name / "file").touch()

    return change


_LOCK, _MANIFEST = _read_only("conda-lock.yml"), _read_only("environment.yml")
CASES = {
    "lock --update-all": _LOCK,
    "update": _LOCK,
    "add two": _LOCK,
    "add --no-lock two": _MANIFEST,
    "remove --no-lock one": _MANIFEST,
    "platform add win-64": _LOCK,
    "render --kind explicit": _folder(f"conda-{SUBDIR}.lock"),
    "render --kind environment": _read_only(f"environment-{SUBDIR}.yml"),
    "install -p folder": _folder("folder"),
    "install -p environment.yml": lambda _: None,
    "pack -o folder/none/": lambda _: None,
}


@pytest.mark.parametrize("command", CASES)
def test_refusal(alone: Host, robot: Path, command: str) -> None:
    """What can't be written, or may not be changed, is refused alike."""
    CASES[command](robot)
    before = sorted(path.name for path in robot.iterdir())
    words = command.split()
    dry = alone.multiplat(*words, "--dry-run", cwd=robot, code=None)
    real = alone.multiplat(*words, cwd=robot, code=None)
    errors = [done.stderr[done.stderr.index("error: ") :] for done in (dry, real)]
    assert errors[0] == errors[1]
    assert dry.returncode == real.returncode > 0
    assert sorted(path.name for path in robot.iterdir()) == before
