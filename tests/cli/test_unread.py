"""``… | head -1``: a reader that has enough is no fault, and the exit code is that of SIGPIPE."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.advisories import advisory, below, write_zip
from support.hosts import Host
from support.manifests import write

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
_UNREAD = 141


def _outcome(host: Host, *arguments: str, cwd: Path) -> tuple[int, str]:
    """Return the exit code and the messages of a command whose output nobody reads."""
    read, written = os.pipe()
    os.close(read)
    plugin = ["multiplat"] if host.is_conda else []
    done = subprocess.run(
        [*host.command, *plugin, *arguments],
        cwd=cwd,
        env=host.environ(),
        stdout=written,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(written)
    return done.returncode, done.stderr


@pytest.fixture
def robot(alone: Host, project: Path, channel: Path) -> Path:
    """A locked project."""
    write(project, channel, "zlib", platforms="[linux-64]")
    alone.multiplat("lock", "-q", cwd=project)
    write_zip(project / "advisories.zip", [advisory("A-1", "other", *below("2"))])
    return project


def test_whatever_runs_us(door: Host, robot: Path) -> None:
    """Inside conda, which has its own messages for exceptions, and without it."""
    assert _outcome(door, "list", cwd=robot) == (_UNREAD, "")


@pytest.mark.parametrize(
    "command",
    [
        "list --json",
        "tree zlib",
        "info",
        "info --html",
        "check --json",
        "audit --db advisories.zip --sarif /dev/stdout",
        "schema",
    ],
)
def test_every_kind_of_answer(alone: Host, robot: Path, command: str) -> None:
    """Lines, JSON, files and streams."""
    assert _outcome(alone, *command.split(), cwd=robot) == (_UNREAD, "")


def test_error(alone: Host, robot: Path) -> None:
    """An error has its own exit code, and is said where somebody may read it."""
    assert _outcome(alone, "list", "nosuch", "--json", cwd=robot) == (
        1,
        "error: nothing in default/linux-64 is named nosuch\n  no requested package needs it\n",
    )
