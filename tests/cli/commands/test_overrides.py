"""``CONDA_OVERRIDE_…`` variables whose value is not what a machine can have."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR

WRONG = {
    "CUDA=12,6": ("a version", "12.6"),
    "CUDA=12.6;": ("a version", "12.6"),
    "CUDA=>=12": ("a version", "12"),
    "CUDA=none": ("a version", "12.4"),
    "CUDA_ARCH=8": ("a compute capability", "8.6"),
    "GLIBC=2..28": ("a version", "2"),
    "GLIBC=glibc 2.35": ("a version", "2.35"),
    "LINUX=4.18.0-553.el8_10": ("a version", "4.18.0"),
    "OSX=14.": ("a version", "14"),
    "OSX=14,2": ("a version", "14.2"),
    "WIN=ten": ("a version", "10.0"),
    "ARCHSPEC=x86-64 v3": ("a microarchitecture", "x86_64_v3"),
    "ARCHSPEC=zen99": ("a microarchitecture", "x86_64_v3"),
}

UNKNOWN = "ARCHSPEC=zen99"


def _error(setting: str) -> str:
    name, _, value = setting.partition("=")
    variable = f"CONDA_OVERRIDE_{name}"
    kind, write_ = WRONG[setting]
    return (
        f"error: {variable} is {value!r}, which is not {kind}\n"
        f"  write {variable}={write_}, or {variable}= for a machine without __{name.lower()}\n"
    )


@pytest.mark.parametrize("setting", [setting for setting in WRONG if setting != UNKNOWN])
def test_wrong_override(door: Host, project: Path, setting: str) -> None:
    """A value that can't be compared is refused with the variable, and never taken for true."""
    name, _, value = setting.partition("=")
    done = door.multiplat("info", cwd=project, env={f"CONDA_OVERRIDE_{name}": value}, code=2)
    assert done.stderr.lstrip("\n") == _error(setting)


def test_every_command_that_looks_at_the_machine(door: Host, project: Path, channel: Path) -> None:
    """What locks, installs or enters refuses it too, before it fetches or changes anything."""
    write(project, channel, "python", platforms=f"[{SUBDIR}]")
    env = {"CONDA_OVERRIDE_CUDA": "12,6"}
    done = door.multiplat("lock", cwd=project, env=env, code=2)
    assert done.stderr.lstrip("\n") == _error("CUDA=12,6")
    door.multiplat("lock", cwd=project)
    for command in (["install"], ["shell-hook"], ["run", "--", "true"], ["info"]):
        done = door.multiplat(*command, cwd=project, env=env, code=2)
        assert done.stderr.lstrip("\n").endswith(_error("CUDA=12,6")), command


def test_microarchitecture_that_nobody_knows(alone: Host, project: Path) -> None:
    """The names are in a table of rattler: its error is told with the variable."""
    env = {"CONDA_OVERRIDE_ARCHSPEC": "zen99"}
    assert alone.multiplat("info", cwd=project, env=env, code=2).stderr == _error(UNKNOWN)
    alone.multiplat("info", cwd=project, env={"CONDA_OVERRIDE_ARCHSPEC": "zen3"})
