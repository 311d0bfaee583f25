"""The plugin inside conda: what it costs, and that it never breaks another command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.hosts import EMBEDDED, Host

import conda_multiplat

_BROKEN = """\
import sys
class Broken:
    def find_spec(self, name, path, target=None):
        if name == {name!r}:
            raise {error}("broken on purpose")
sys.meta_path.insert(0, Broken())
"""


def test_registered(conda: Host) -> None:
    """``conda --help`` lists the subcommand, and its own help names the commands."""
    assert "multiplat" in conda.run("--help").stdout
    shown = conda.run("multiplat", "--help").stdout
    assert [name for name in ("lock", "install", "render") if f"    {name} " in shown] == [
        "lock",
        "install",
        "render",
    ]


@pytest.mark.parametrize("command", ["lock", "install", "render", "info"])
def test_help_has_an_example(conda: Host, command: str) -> None:
    """--help of every command ends with examples; --json is on every one."""
    shown = conda.run("multiplat", command, "--help").stdout
    assert f"examples:\n  conda multiplat {command} " in shown
    assert "--json" in shown


def test_bad_usage(conda: Host, project: Path) -> None:
    """An unknown option: exit code 2."""
    conda.multiplat("lock", "--platfrom", "x", cwd=project, code=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("lock", "--bogus", "--json"), "unrecognized arguments: --bogus"),
        (("lock", "--json", "--update-al"), "unrecognized arguments: --update-al"),
        (
            ("lock", "--json", "--update", "a", "--update-all"),
            "argument --update-all: not allowed with argument --update",
        ),
        (("render", "--json"), "one of the arguments --kind --existing is required"),
        (("--bogus", "--json"), "unrecognized arguments: --bogus"),
        (("--json", "--bogus", "lock"), "unrecognized arguments: --bogus"),
        (("--bogus", "lock", "--json"), "unrecognized arguments: --bogus"),
        (("--json", "--versio"), "unrecognized arguments: --versio"),
        (("-x", "--json", "--quiet"), "unrecognized arguments: -x --quiet"),
    ],
)
def test_bad_usage_as_json(
    door: Host, project: Path, arguments: tuple[str, ...], message: str
) -> None:
    """With --json, one JSON document in every case; options can't be shortened."""
    done = door.multiplat(*arguments, cwd=project, code=2)
    answer = json.loads(done.stdout)
    assert (answer["success"], answer["exit_code"]) == (False, 2)
    assert answer["error"] == message
    assert answer["hints"][0].startswith("usage: ")


@pytest.mark.parametrize("arguments", [("--bogus",), ("--bogus", "lock"), ("lock", "--bogus")])
def test_bad_usage_in_words(door: Host, project: Path, arguments: tuple[str, ...]) -> None:
    """The usage that is shown is ours, before and after a command."""
    done = door.multiplat(*arguments, cwd=project, code=2)
    usage, *_, error = done.stderr.splitlines()
    assert "multiplat" in usage
    assert error.endswith("error: unrecognized arguments: --bogus")
    assert done.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["conda_multiplat.cli.main", "conda_multiplat.plugin"])
@pytest.mark.parametrize("error", ["ImportError", "RuntimeError"])
def test_a_broken_plugin_breaks_nothing_else(conda: Host, broken: str, error: str) -> None:
    """Where our modules can't be imported, conda's own commands go on."""
    if conda.label != EMBEDDED:
        pytest.skip("the fault is planted in the Python of the tests")
    folder = conda.home / "planted"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_BROKEN.format(name=broken, error=error), "utf-8")
    path = f"{folder}:{conda.environ()['PYTHONPATH']}"
    done = conda.run("info", "--json", env={"PYTHONPATH": path})
    assert json.loads(done.stdout)["conda_version"] == "24.7.1"
    assert "broken on purpose" in done.stderr


@pytest.mark.slow
def test_uninstalled_by_the_command_that_runs(conda: Host, tmp_path: Path) -> None:
    """`conda run pip uninstall` ends without a word of ours: what conda asks for then is gone."""
    if conda.label != EMBEDDED:
        pytest.skip("it would be gone from a real conda")
    package = Path(conda_multiplat.__file__).parent
    shutil.copytree(package, tmp_path / "site" / "conda_multiplat")
    path = f"{tmp_path / 'site'}:{conda.environ()['PYTHONPATH']}"
    root = conda.home / "root"
    words = ("run", "-p", root, "rm", "-r", tmp_path / "site")
    done = conda.run(*words, cwd=tmp_path, env={"PYTHONPATH": path})
    assert not (tmp_path / "site").exists()
    assert "conda-multiplat" not in done.stdout + done.stderr


@pytest.mark.timed
def test_loading_costs_little(tmp_path: Path) -> None:
    """What conda does with us at each start: import the plugin, build the parser; 5 ms at most.

    On a slow machine twice what ``import unittest`` takes, which is 5 ms on a fast one. Processor
    time, and some fresh processes may try, so that the machine's other work does not count;
    ``pluggy`` and ``argparse``, which conda has, are loaded before, and conda's parser is made.
    """
    script = (
        "import argparse, logging, pluggy, time, importlib.metadata, typing, collections.abc\n"
        "parser = argparse.ArgumentParser(prog='conda multiplat')\n"
        "start = time.process_time()\n"
        "import conda_multiplat.plugin\n"
        "from conda_multiplat.cli.main import configure_parser\n"
        "configure_parser(parser)\n"
        "ours = time.process_time() - start\n"
        "import unittest\n"
        "print(ours, time.process_time() - start - ours)\n"
    )
    for _ in range(40):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
        ours, other = map(float, done.stdout.split())
        if ours < max(0.005, 2 * other):
            return
    pytest.fail(f"{ours} s, and {other} s for the import of unittest")


def test_nothing_heavy_is_loaded(tmp_path: Path) -> None:
    """Loading the plugin imports neither rattler nor YAML nor rich nor conda."""
    script = (
        "import sys, argparse, conda_multiplat.plugin\n"
        "from conda_multiplat.cli.main import configure_parser\n"
        "configure_parser(argparse.ArgumentParser())\n"
        "print(sorted(set(sys.modules) & {'rattler', 'yaml', 'rich', 'conda', 'packaging'}))\n"
    )
    assert _python(script, tmp_path) == "[]\n"


def _python(script: str, folder: Path) -> str:
    """Run Python where the sources can't be imported from; what it prints."""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_exit_codes_survive_the_engine(alone: Host, project: Path) -> None:
    """Commands that fail right after the engine answered still end with their own exit code."""
    (project / "environment.yml").write_text(
        "channels: [./nowhere]\nplatforms: [linux-64]\ndependencies: [a]\n", encoding="utf-8"
    )
    start = time.monotonic()
    codes = {alone.multiplat("lock", cwd=project, code=None).returncode for _ in range(12)}
    assert codes == {3}, f"after {time.monotonic() - start:.1f} s"
