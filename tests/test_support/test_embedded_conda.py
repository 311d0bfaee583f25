"""The conda inside conda-lock is a host like any other, and keeps to the root that it is given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.hosts import EMBEDDED, Host, make_host


@pytest.fixture
def embedded(tmp_path: Path) -> Host:
    """Only the embedded conda: what is tested here, real ones do by themselves."""
    return make_host((EMBEDDED,), tmp_path / "conda")


def _create(host: Host, channel: Path, *arguments: str | Path) -> None:
    host.run(
        "create", "-yq", "--offline", "--override-channels", "-c", channel.as_uri(), *arguments
    )


def test_modules_exist_once(embedded: Host) -> None:
    """A plugin that imports ``conda`` gets the very modules that the command line runs on."""
    script = (
        "import sys; from support.embedded_conda import install_alias; install_alias()\n"
        "from conda.base.context import context\n"
        "import conda.cli.main, conda.core.solve, conda.models.match_spec\n"
        "from conda_lock._vendor.conda.base.context import context as vendored\n"
        "prefix = 'conda_lock._vendor.'\n"
        "own = [each for each in sys.modules if each.split('.')[0] == 'conda']\n"
        "twice = [each for each in own if sys.modules[each] is not sys.modules[prefix + each]]\n"
        "print(context is vendored, 'conda.core.solve' in own, twice)\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, env=embedded.environ(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "True True []\n"


def test_all_is_in_the_root(embedded: Host) -> None:
    """Environments, packages and rc files are in the home, none beside the tests' interpreter."""
    info = json.loads(embedded.run("info", "--json").stdout)
    root = str(embedded.home / "root")
    roots = ("root_prefix", "conda_prefix", "sys.prefix", "default_prefix")
    assert [info[key] for key in roots] == [root] * 4
    assert info["env_vars"]["CONDA_ROOT"] == root
    assert info["sys_rc_path"] == f"{root}/.condarc"
    assert info["envs_dirs"][0] == str(embedded.envs)
    assert info["pkgs_dirs"] == [str(embedded.pkgs)]
    assert info["root_writable"]
    assert info["config_files"] == []
    assert info["solver"]["name"] == "classic"


def test_knows_the_environments_of_its_home_only(embedded: Host, real_channel: Path) -> None:
    """Named ones and those in other folders: for root too, whom conda shows everybody's."""
    elsewhere = embedded.home / "elsewhere"
    _create(embedded, real_channel, "-p", elsewhere, "greeting-data")
    _create(embedded, real_channel, "-n", "named", "greeting-data")
    known = json.loads(embedded.run("env", "list", "--json").stdout)["envs"]
    assert known == sorted(map(str, (elsewhere, embedded.home / "root", embedded.envs / "named")))


@pytest.mark.slow
def test_manages_an_environment(embedded: Host, real_channel: Path) -> None:
    """``create``, ``install``, ``list``, ``env export`` and ``remove``, by the classic solver."""
    prefix = embedded.envs / "demo"
    _create(embedded, real_channel, "-n", "demo", "greeting")
    channel = ("--offline", "--override-channels", "-c", real_channel.as_uri())
    embedded.run("install", "-yq", "-p", prefix, *channel, "prefixed")
    assert _names(embedded, prefix) == ["greeting", "greeting-data", "prefixed", "python"]
    exported = embedded.run("env", "export", "--from-history", "-p", prefix).stdout
    assert "dependencies:\n  - greeting\n  - prefixed\n" in exported
    embedded.run("remove", "-yq", "--offline", "-p", prefix, "prefixed")
    assert "prefixed" not in _names(embedded, prefix)


def _names(host: Host, prefix: Path) -> list[str]:
    return [
        package["name"] for package in json.loads(host.run("list", "-p", prefix, "--json").stdout)
    ]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
def test_activates_and_runs(embedded: Host, real_channel: Path) -> None:
    """``conda run``, and ``conda activate`` in a shell that was set up as ``conda init`` would."""
    _create(embedded, real_channel, "-n", "demo", "greeting")
    assert embedded.run("run", "-n", "demo", "greet").stdout.strip() == "hello from greeting"
    script = (
        'eval "$("$0" shell.posix hook)"\n'
        "conda activate demo && echo $CONDA_PREFIX && greet && conda --version\n"
    )
    launcher = embedded.home / "root" / "bin" / "conda"
    done = subprocess.run(
        ["/bin/sh", "-ec", script, launcher],
        env=embedded.environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{embedded.envs / 'demo'}\nhello from greeting\nconda 24.7.1\n"


@pytest.mark.slow
def test_plugins_are_found(embedded: Host, tmp_path: Path) -> None:
    """A distribution's entry point in the group ``conda`` is loaded, as a user's plugin is."""
    metadata = tmp_path / "plugins" / "toy-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n", "utf-8")
    (metadata / "entry_points.txt").write_text("[conda]\ntoy = toy_plugin\n", encoding="utf-8")
    (tmp_path / "plugins" / "toy_plugin.py").write_text(_TOY, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path / "plugins"), embedded.environ()["PYTHONPATH"]])
    done = embedded.run("toy", env={"PYTHONPATH": path})
    assert done.stdout == f"{embedded.home / 'root'}\n"


_TOY = """\
from conda.base.context import context
from conda.plugins import CondaSubcommand, hookimpl

def toy(arguments):
    print(context.root_prefix)

@hookimpl
def conda_subcommands():
    yield CondaSubcommand(name="toy", action=toy, summary="a toy")
"""
