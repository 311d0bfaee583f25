"""A locale without UTF-8, and folders with other letters than ASCII's: done, or told in a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 elsewhere")
ASCII = {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "CONDA_MULTIPLAT_TEST_COLD": "1",  # an interpreter reads its locale when it starts
}


@pytest.fixture
def locked(alone: Host, project: Path, real_channel: Path) -> Path:
    """A locked project in a folder of ASCII."""
    write(project, real_channel, "greeting-data", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    return project


@pytest.mark.slow
def test_in_such_a_folder(alone: Host, locked: Path, tmp_path: Path) -> None:
    """To be in one is nothing for rattler: each command that needs it says so, and what to do."""
    folder = tmp_path / "für"
    folder.mkdir()
    for name in ("environment.yml", "conda-lock.yml"):
        (folder / name).write_bytes((locked / name).read_bytes())
    commands = ["lock", "install", "list", "why python", "licenses", "tree", "info", "run -- true"]
    for command in [*commands, "outdated", "pack", "render --kind explicit", "clean --dry-run"]:
        done = alone.multiplat(*command.split(), cwd=folder, env=ASCII, code=3)
        assert done.stderr == (
            f"error: a file's name can't be used: {tmp_path}/f\\udcc3\\udcbcr\n"
            "  file names are ascii here: set LC_ALL=C.UTF-8, or PYTHONUTF8=1\n"
        )
    assert "in sync" in alone.multiplat("check", cwd=folder, env=ASCII).stdout
    document = alone.json("info", cwd=folder, env=ASCII, code=3)
    assert (document["kind"], document["exit_code"]) == ("OutsideError", 3)


@pytest.mark.slow
def test_such_a_prefix(alone: Host, locked: Path, tmp_path: Path) -> None:
    """A prefix there is made, known to conda by its name, and used in every locale."""
    prefix = tmp_path / "für"
    alone.multiplat("install", "-q", "-p", prefix, cwd=locked, env=ASCII)
    assert (prefix / "share" / "greeting.txt").read_bytes() == b"hello\n"
    listed = (alone.home / ".conda" / "environments.txt").read_text(encoding="utf-8")
    assert listed == f"{prefix}\n"
    noted = json.loads((prefix / "conda-meta" / "multiplat").read_text(encoding="utf-8"))
    assert noted["state"] == "complete"
    for env in (ASCII, {}):
        alone.multiplat("run", "-p", prefix, "true", cwd=locked, env=env)
        shown = alone.multiplat("list", "--installed", "-p", prefix, cwd=locked, env=env)
        assert shown.stderr.endswith(", all as locked\n")
        alone.multiplat("install", "-q", "-p", prefix, cwd=locked, env=env)
    assert (alone.home / ".conda" / "environments.txt").read_text(encoding="utf-8") == listed


@pytest.mark.slow
def test_such_files(alone: Host, locked: Path, tmp_path: Path) -> None:
    """Files there are read and written."""
    folder = tmp_path / "für"
    folder.mkdir()
    (folder / "environment.yml").write_bytes((locked / "environment.yml").read_bytes())
    for command in ("lock -f", "check -f"):
        alone.multiplat(*command.split(), folder / "environment.yml", cwd=locked, env=ASCII)
    assert (folder / "conda-lock.yml").is_file()
    alone.multiplat("pack", "-q", "-o", folder / "a.tar", cwd=locked, env=ASCII)
    alone.multiplat("unpack", "-q", folder / "a.tar", "-p", folder / "env", cwd=locked, env=ASCII)
    assert (folder / "env" / "share" / "greeting.txt").is_file()


def test_other_names_in_the_list(alone: Host, locked: Path) -> None:
    """What somebody has written into conda's list in another encoding stays as it is."""
    listed = alone.home / ".conda" / "environments.txt"
    listed.parent.mkdir()
    listed.write_bytes(b"/envs/f\xfcr\n")
    alone.multiplat("install", "-q", cwd=locked)
    assert listed.read_bytes() == b"/envs/f\xfcr\n" + f"{alone.envs / 'demo'}\n".encode()
