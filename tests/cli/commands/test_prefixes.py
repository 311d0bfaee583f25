"""The prefix of each environment: what work in one leaves of the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel
from support.sizes import without_sizes

_ENVIRONMENTS = """\
multiplat:
  environments:
    dev: {dependencies: [linter]}
    docs: {name: handbook, dependencies: [writer]}
"""


def _tool(name: str) -> Package:
    """A package with a command of its name."""
    command = f"bin/{name}"
    content = f"#!/bin/sh\necho {name}\n".encode()
    return Package(name, noarch="generic", files={command: content}, executables=[command])


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of commands."""
    names = ("tool", "linter", "writer")
    return build_channel(tmp_path_factory.mktemp("tools"), [_tool(name) for name in names])


@pytest.fixture
def demo(alone: Host, project: Path, tools: Path) -> Path:
    """A locked project of three environments."""
    write(project, tools, "tool", platforms=f"[{SUBDIR}]", extra=_ENVIRONMENTS)
    alone.multiplat("lock", "-q", cwd=project)
    return project


def _there(alone: Host) -> dict[str, set[str]]:
    """The commands in each conda environment."""
    return {
        path.name: {program.name for program in (path / "bin").iterdir()}
        for path in alone.envs.iterdir()
    }


def _as_before(alone: Host, environment: str) -> Path:
    """The prefix ``demo`` as earlier versions left it: with an environment that is not default."""
    prefix = alone.envs / "demo"
    marker = prefix / "conda-meta" / "multiplat"
    noted = json.loads(marker.read_text(encoding="utf-8"))
    assert noted.pop("shared") is True
    assert noted["environment"] == environment
    marker.write_text(json.dumps(noted), encoding="utf-8")
    return prefix


def test_each_has_its_own(alone: Host, demo: Path) -> None:
    """``NAME``, ``NAME-ENV`` or the environment's own name; one takes nothing from another."""
    for environment, command in (("default", "tool"), ("dev", "linter"), ("docs", "writer")):
        done = alone.multiplat("run", "-e", environment, "--", command, cwd=demo)
        assert done.stdout == f"{command}\n"
    assert _there(alone) == {
        "demo": {"tool"},
        "demo-dev": {"tool", "linter"},
        "handbook": {"tool", "writer"},
    }
    assert alone.multiplat("run", "--", "tool", cwd=demo).stderr == ""
    alone.multiplat("install", "-q", "-e", "dev", "-n", "mine", cwd=demo)
    assert _there(alone)["mine"] == {"tool", "linter"}


def test_shown_where_each_is(alone: Host, demo: Path) -> None:
    """``info`` has the prefix of each, ``list --installed`` and ``--no-install`` look there."""
    alone.multiplat("install", "-q", "-e", "dev", cwd=demo)
    environments = alone.json("info", cwd=demo)["environments"]
    assert {
        name: (environment["prefix"], environment["installed"])
        for name, environment in environments.items()
    } == {
        "default": (str(alone.envs / "demo"), False),
        "dev": (str(alone.envs / "demo-dev"), True),
        "docs": (str(alone.envs / "handbook"), False),
    }
    stdout = alone.multiplat("info", cwd=demo).stdout
    assert f"\n     {alone.envs / 'demo-dev'}  (as locked)\n" in stdout
    assert f"\n     {alone.envs / 'handbook'}  (not installed)\n" in stdout
    assert alone.json("list", "--installed", "-e", "dev", cwd=demo)["environment"] == "dev"
    words = ("run", "--no-install", "-e", "docs", "--", "writer")
    assert alone.multiplat(*words, cwd=demo, code=1).stderr == (
        f"error: there is no conda environment in {alone.envs / 'handbook'}\n"
        "  leave out --no-install to install it first\n"
    )


def test_shared_prefix_goes_on(alone: Host, demo: Path) -> None:
    """What an earlier version has put into ``NAME`` stays that, which is said once."""
    alone.multiplat("install", "-q", "-e", "dev", "-n", "demo", cwd=demo)
    prefix = _as_before(alone, "dev")
    once = (
        f" {prefix} stays dev, as when all environments shared one prefix "
        "(for a prefix of its own: conda multiplat install -e dev -n demo-dev)\n"
    )
    assert alone.multiplat("run", "-e", "dev", "--", "linter", cwd=demo).stderr == once
    assert alone.multiplat("run", "--", "linter", cwd=demo).stderr == ""
    assert alone.json("list", "--installed", cwd=demo)["environment"] == "dev"
    assert list(_there(alone)) == ["demo"]


def test_shared_prefix_becomes_that_of_default(alone: Host, demo: Path) -> None:
    """It does where ``default`` is asked for, which is said; the other gets one of its own."""
    alone.multiplat("install", "-q", "-e", "dev", "-n", "demo", cwd=demo)
    prefix = _as_before(alone, "dev")
    done = alone.multiplat("run", "-e", "default", "--", "tool", cwd=demo)
    assert without_sizes(done.stderr) == (
        f" {prefix} changes from dev to default\n {prefix} has the 1 package of default\n"
    )
    alone.multiplat("run", "-e", "dev", "--", "linter", cwd=demo)
    assert _there(alone) == {"demo": {"tool"}, "demo-dev": {"tool", "linter"}}


def test_prefix_of_its_own_wins(alone: Host, demo: Path) -> None:
    """Once an environment has its own prefix, that is meant, whatever is in the shared one."""
    for name in ("demo", "demo-dev"):
        alone.multiplat("install", "-q", "-e", "dev", "-n", name, cwd=demo)
    words = ("run", "-e", "dev", "--", "printenv", "CONDA_DEFAULT_ENV")
    assert alone.multiplat(*words, cwd=demo).stdout == "demo-dev\n"


def test_passed_over_is_said_once(alone: Host, project: Path, tools: Path) -> None:
    """A preferred environment that this machine can't run is named when another one is made."""
    extra = (
        f"multiplat: {{prefer: [gpu, default], environments: {{gpu: {{virtual-packages: "
        f'{{{SUBDIR}: {{cuda: "12.4"}}}}, dependencies: [linter]}}}}}}\n'
    )
    write(project, tools, "tool", platforms=f"[{SUBDIR}]", extra=extra)
    alone.multiplat("lock", "-q", cwd=project)
    none, driver = {"CONDA_OVERRIDE_CUDA": ""}, {"CONDA_OVERRIDE_CUDA": "12.4"}
    done = alone.multiplat("run", "--", "tool", cwd=project, env=none)
    assert done.stderr.startswith(f"skipped gpu: this machine can't run gpu for {SUBDIR}\n")
    assert alone.multiplat("run", "--", "tool", cwd=project, env=none).stderr == ""
    done = alone.multiplat("run", "--", "linter", cwd=project, env=driver)
    assert without_sizes(done.stderr) == f" {alone.envs / 'demo-gpu'} has the 2 packages of gpu\n"
    assert _there(alone) == {"demo": {"tool"}, "demo-gpu": {"tool", "linter"}}


def test_not_for_this_machine(alone: Host, project: Path, tools: Path) -> None:
    """`lock` is not the answer for an environment of other platforms."""
    extra = "multiplat: {environments: {dev: {platforms: [zos-z], dependencies: []}}}\n"
    write(project, tools, "tool", platforms=f"[{SUBDIR}]", extra=extra)
    for words in (("install", "-e", "dev"), ("run", "-e", "dev", "--", "true")):
        stderr = alone.multiplat(*words, cwd=project, code=1).stderr
        assert stderr.startswith(
            f"error: dev has no platform {SUBDIR}, this machine's platform\n  it has zos-z\n"
        )


def test_name_that_is_taken(alone: Host, demo: Path, tools: Path, tmp_path: Path) -> None:
    """A conda environment that others have made is not taken over by a name that nobody wrote."""
    other = tmp_path / "other"
    other.mkdir()
    write(other, tools, "writer", platforms=f"[{SUBDIR}]", name="demo-dev")
    alone.multiplat("lock", "-q", cwd=other)
    alone.multiplat("install", "-q", cwd=other)
    prefix = alone.envs / "demo-dev"
    done = alone.multiplat("install", "-e", "dev", cwd=demo, code=1)
    assert done.stderr == (
        f"error: {prefix} was not made from {demo}\n"
        f"  it was made from {other / 'conda-lock.yml'}\n"
        "  -n demo-dev installs dev there anyway\n"
        "  to use another name, set `name:` of dev in the manifest\n"
    )
    assert _there(alone) == {"demo-dev": {"writer"}}
    alone.multiplat("install", "-q", "-e", "dev", "-n", "demo-dev", cwd=demo)
    assert _there(alone) == {"demo-dev": {"tool", "linter"}}


def test_added_where_it_belongs(alone: Host, demo: Path) -> None:
    """What is added to an environment comes into its prefix; others are named with the command."""
    alone.multiplat("install", "-q", cwd=demo)
    alone.multiplat("install", "-q", "-e", "dev", cwd=demo)
    done = alone.multiplat("add", "-e", "dev", "writer", cwd=demo)
    assert without_sizes(done.stderr).endswith(
        f" {alone.envs / 'demo-dev'} has the 3 packages of dev\n"
        f" {alone.envs / 'demo'} was installed from this manifest too; to update it: "
        "conda multiplat install -e default\n"
    )
    assert _there(alone) == {"demo": {"tool"}, "demo-dev": {"tool", "linter", "writer"}}
