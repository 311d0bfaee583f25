"""``-q``: nothing but errors and what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel

from conda_multiplat.cli.main import COMMANDS

#: In this order, each finds something to do.
_DO = (
    ("init", "new"),
    ("import", "environment.yml", "-o", "new/other.yml"),
    ("lock",),
    ("install", "--dry-run"),
    ("install",),
    ("install",),
    ("add", "two"),
    ("remove", "two", "--dry-run"),
    ("remove", "two"),
    ("update",),
    ("upgrade",),
    ("platform", "add", "osx-arm64"),
    ("render", "--kind", "explicit"),
    ("render", "--existing"),
    ("image", "--platform", "linux-64", "-o", "robot.oci"),
    ("pack", "-o", "robot.tar"),
    ("unpack", "robot.tar", "-n", "unpacked"),
    ("modulefile", "-o", "module"),
    ("schema", "-o", "schema.json"),
    ("run", "--", "true"),
    ("clean", "--dry-run"),
    ("clean",),
    ("clean",),
)
_ASK = (
    ("check",),
    ("completion", "--shell", "bash"),
    ("diff", "conda-lock.yml", "other.yml"),
    ("import", "environment.yml", "--dry-run"),
    ("info",),
    ("licenses",),
    ("list",),
    ("modulefile",),
    ("outdated",),
    ("run", "--", "echo", "x"),
    ("schema",),
    ("shell-hook", "--shell", "bash"),
    ("tree",),
    ("why", "one"),
)
#: They need more than a channel: a terminal, a database of advisories, git.
_ELSEWHERE = {"shell", "audit", "merge-driver"}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of two packages for every platform."""
    named = [
        Package(name, noarch="generic", files={f"share/{name}": b"x"}) for name in ("one", "two")
    ]
    return build_channel(tmp_path_factory.mktemp("quiet"), named)


def test_nothing_of_what_was_done(alone: Host, project: Path, packages: Path) -> None:
    """What a command does and has done is not said: neither tables nor the last line."""
    write(project, packages, "one", platforms=f"[{SUBDIR}]")
    for words in _DO:
        done = alone.multiplat(words[0], "-q", *words[1:], cwd=project)
        assert (words, done.stdout, done.stderr) == (words, "", "")


def test_what_was_asked_for(alone: Host, project: Path, packages: Path) -> None:
    """Answers are the same on stdout as without it, and stand alone."""
    write(project, packages, "one", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("install", "-q", cwd=project)
    (project / "other.yml").write_bytes((project / "conda-lock.yml").read_bytes())
    for words in _ASK:
        stdout = alone.multiplat(*words, cwd=project).stdout
        done = alone.multiplat(words[0], "-q", *words[1:], cwd=project)
        assert (words, done.stdout, done.stderr) == (words, stdout, "")


def test_every_command_is_one_of_them() -> None:
    """No command is left out of this rule."""
    assert {words[0] for words in (*_DO, *_ASK)} | _ELSEWHERE == set(COMMANDS)
