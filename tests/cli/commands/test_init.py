"""``init`` as a user runs it: a manifest that can be added to, locked and installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked
from support.packages import SUBDIR

LINUX = {"CONDA_SUBDIR": "linux-64"}
TEXT = """\
# yaml-language-server: $schema=environment.schema.json
# One manifest for all platforms: `conda multiplat lock` locks it, `install` installs the lock.
name: project
channels:
  - conda-forge
# What to lock for; `conda multiplat platform add` adds others: linux-64, osx-arm64, win-64 …
platforms:
  - linux-64
# For more: conda multiplat add numpy, add --pypi robosuite, add --platform linux-64 gdb
dependencies: []
"""


def test_new_manifest(door: Host, project: Path) -> None:
    """For this machine's platform, from conda-forge, named after the folder."""
    done = door.multiplat("init", cwd=project, env=LINUX)
    assert done.stderr.lstrip("\n") == (
        " wrote environment.yml, environment.schema.json\n next: conda multiplat add PACKAGE…\n"
    )
    assert (project / "environment.yml").read_text(encoding="utf-8") == TEXT


def test_from_nothing_to_an_environment(door: Host, project: Path, real_channel: Path) -> None:
    """Made, locked, installed, added to: no editor is needed."""
    door.multiplat("init", "--channel", real_channel.as_uri(), "--name", "demo", cwd=project)
    door.multiplat("lock", cwd=project)
    assert locked(project) == {SUBDIR: {}}
    door.multiplat("install", cwd=project)
    door.multiplat("add", "greeting", cwd=project)
    assert list((door.envs / "demo" / "conda-meta").glob("greeting-1.0-*.json"))


def test_options(alone: Host, project: Path) -> None:
    """A folder that is made, more platforms, channels, a name that YAML would misread."""
    options = ("--platform", "osx-arm64", "--platform", "linux-64", "-c", "robots")
    alone.multiplat("init", "new/place", *options, "-n", "1.0", cwd=project, env=LINUX)
    lines = (project / "new/place/environment.yml").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'name: "1.0"',
        "channels:",
        "  - robots",
        "platforms:",
        "  - linux-64",
        "  - osx-arm64",
        "dependencies: []",
    ]


def test_configured_channels(alone: Host, project: Path) -> None:
    """They come before our choice, without what is secret in them."""
    config = "channels: [https://me:secret@conda.example.com/robots, conda-forge]\n"
    (alone.home / ".condarc").write_text(config, encoding="utf-8")
    alone.multiplat("init", cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    assert "channels:\n  - https://conda.example.com/robots\n  - conda-forge\n" in text


@pytest.mark.parametrize(
    ("folder", "name"),
    [("my robot: 2", "my-robot-2"), ("base", "project"), ("...", "project"), ("робот", "робот")],
)
def test_name_of_the_folder(alone: Host, project: Path, folder: str, name: str) -> None:
    """In letters that an environment's name may have."""
    alone.multiplat("init", folder, cwd=project)
    text = (project / folder / "environment.yml").read_text(encoding="utf-8")
    assert f"\nname: {name}\n" in text
    alone.multiplat("add", "--no-lock", "numpy", "-f", f"{folder}/environment.yml", cwd=project)


@pytest.mark.parametrize("name", ["environment.yml", "environment.yaml"])
def test_existing_manifest(alone: Host, project: Path, name: str) -> None:
    """It is not overwritten, whichever of the two names it has."""
    path = project / name
    path.write_text("dependencies: []\n", encoding="utf-8")
    done = alone.multiplat("init", cwd=project, code=2)
    assert done.stderr == (
        f"error: {name} already exists\n"
        "  add to it: conda multiplat add PACKAGE…\n"
        "  no file was changed\n"
    )
    assert [file.name for file in project.glob("env*")] == [name]
    assert path.read_text(encoding="utf-8") == "dependencies: []\n"


BAD = {
    "platform": (
        ["--platform", "linux64"],
        "error: unknown platform 'linux64'\n  did you mean 'linux-64'?\n",
    ),
    "name": (["-n", "a b"], "error: 'a b' can't be an environment's name\n"),
    "base": (["-n", "base"], "error: 'base' can't be an environment's name\n"),
    "two platforms": (
        ["--platform", "linux-64", "osx-arm64"],
        "error: 'osx-arm64' is a platform\n"
        "  to lock for it too, repeat the option: --platform osx-arm64\n"
        "  for a folder of that name: ./osx-arm64\n",
    ),
    "two places": (
        ["here", "-f", "there.yml"],
        "error: one manifest at a time: name a folder, or one file with -f\n",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_usage(alone: Host, project: Path, name: str) -> None:
    """Exit code 2, and nothing is written."""
    options, message = BAD[name]
    done = alone.multiplat("init", *options, cwd=project, code=2)
    assert done.stderr.startswith(message)
    assert [path.name for path in project.iterdir()] == [".git"]


def test_file_in_the_way(alone: Host, project: Path) -> None:
    """A folder that can't be made is trouble outside."""
    (project / "robot").write_text("", encoding="utf-8")
    done = alone.multiplat("init", "robot", cwd=project, code=3)
    assert done.stderr.startswith("error: can't create robot: ")


def test_file_of_another_name(alone: Host, project: Path) -> None:
    """With -f, and --json says which it was."""
    document = alone.json("init", "-f", "robot.yml", cwd=project)
    assert document == {"success": True, "dry_run": False, "file": "robot.yml"}
    assert (project / "robot.yml").exists()
