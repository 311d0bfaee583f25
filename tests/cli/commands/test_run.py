"""``run`` as a user types it: the command in our place, with what its environment sets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import (
    SUBDIR,
    Package,
    activated_package,
    build_channel,
    generic_package,
)
from support.sizes import without_sizes

from conda_multiplat.machine.gpu_driver import driver_present

_VARIABLES = "variables: {ROBOT: 'arm 1'}\n"


def _tools() -> Package:
    """Commands: one that shows its arguments, and two that are no programs."""
    return Package(
        "tools",
        noarch="generic",
        files={
            "bin/show": b'#!/bin/sh\nprintf "<%s>" "$@"\n',
            "bin/no-program": b"\x00\x01",
            "bin/lost": b"#!/nowhere/interpreter\n",
        },
        executables=["bin/show", "bin/no-program", "bin/lost"],
    )


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of packages with and without scripts of activation."""
    folder = tmp_path_factory.mktemp("run-channel")
    driven = Package("driven", noarch="generic", constrains=["__cuda >=12"], files={"x": b"x"})
    return build_channel(folder, [activated_package(), generic_package(), _tools(), driven])


def _project(host: Host, project: Path, channel: Path, *packages: str, extra: str = "") -> Path:
    write(project, channel, *packages, platforms=f"[{SUBDIR}]", extra=_VARIABLES + extra)
    host.multiplat("lock", "-q", cwd=project)
    return host.envs / "demo"


def _command(host: Host, *words: str) -> list[str]:
    return [*host.command, *(["multiplat"] if host.is_conda else []), "run", *words]


def test_command_runs_in_the_environment(door: Host, project: Path, channel: Path) -> None:
    """It is made first; what comes after ``--`` is the command's, options like ours included."""
    prefix = _project(door, project, channel, "tools")
    words = ("--json", "-n", "", "a  b", "--no-plugins", "--", "-h")
    done = door.multiplat("run", "--", "show", *words, cwd=project)
    assert done.stdout == "".join(f"<{word}>" for word in words)
    assert without_sizes(done.stderr) == f" {prefix} has the 1 package of default\n"
    done = door.multiplat("run", "show", "-e", "x", cwd=project)
    assert (done.stdout, done.stderr) == ("<-e><x>", "")


def test_variables_are_set(alone: Host, project: Path, channel: Path) -> None:
    """The manifest's and conda's; our caller's are passed on."""
    prefix = _project(alone, project, channel, "tools")
    words = ("run", "--", "env")
    done = alone.multiplat(*words, cwd=project, env={"CONDA_SHLVL": "0"})
    variables = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert variables["PATH"] == f"{prefix}/bin:{os.environ['PATH']}"
    assert {key: variables[key] for key in ("ROBOT", "CONDA_PREFIX", "CONDA_SHLVL")} == {
        "ROBOT": "arm 1",
        "CONDA_PREFIX": str(prefix),
        "CONDA_SHLVL": "1",
    }
    assert not [key for key in variables if key.startswith("__")]


#: What a caller can say of the locale, and of a conda.
_CALLERS: list[dict[str, str]] = [
    {},
    {"LC_CTYPE": "C"},
    {"LC_CTYPE": "C.UTF-8"},
    {"LC_CTYPE": ""},
    {"LANG": "C"},
    {"LC_ALL": "C", "CONDA_ROOT": "/opt/other"},
]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="nothing shows the beginning")
@pytest.mark.parametrize("package", ["tools", "activated"])
def test_nothing_else_is_set(conda: Host, project: Path, channel: Path, package: str) -> None:
    """What Python and conda set for themselves as they start, the locale say, is not passed on."""
    _project(conda, project, channel, package)
    kept = {k: v for k, v in conda.environ().items() if k not in ("LANG", "LC_ALL")}
    set_by_us = {
        "PATH",
        "CONDA_PREFIX",
        "CONDA_DEFAULT_ENV",
        "CONDA_PROMPT_MODIFIER",
        "CONDA_SHLVL",
    }
    set_by_us |= {"ROBOT", "ACTIVATED", "ORDER", "FROM_PACKAGE", "__MULTIPLAT_1"}
    for given in _CALLERS:
        caller = {**kept, **given}
        done = subprocess.run(
            _command(conda, "-q", "--", "/usr/bin/env", "-0"),
            cwd=project,
            env=caller,
            capture_output=True,
            text=True,
            check=True,
        )
        child = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)
        other = {name for name in {*child, *caller} if child.get(name) != caller.get(name)}
        assert other <= set_by_us, given


def test_scripts_are_run_once_before(alone: Host, project: Path, channel: Path) -> None:
    """Their variables arrive; what they read or print, or the shell sets, is not the command's."""
    _project(alone, project, channel, "tools", "activated")
    script = alone.envs / "demo/etc/conda/activate.d/loud.sh"
    alone.multiplat("install", "-q", cwd=project)
    script.write_text('cat; echo loud; export ODD="a\nb"; export SHLVL=9\n', encoding="utf-8")
    code = """
        env -0 > seen; cat
        printf "%s|" "$ACTIVATED" "$ORDER" "$FROM_PACKAGE" "$ODD" "$ENV" "$SHLVL"
    """
    done = subprocess.run(
        _command(alone, "--", "dash", "-c", code),
        cwd=project,
        env=alone.environ({"ENV": "production", "SHLVL": "4", "GIVEN": "odd \udcff\n"}),
        input="for the command\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "for the command\non |Zaz|a $HOME|a\nb|production|4|"
    assert done.stderr == "loud\n"
    assert b"GIVEN=odd \xff\n" in (project / "seen").read_bytes().split(b"\0")


def test_script_that_ends_the_shell_is_named(alone: Host, project: Path, channel: Path) -> None:
    """A script that says ``exit`` is an error that says which folder it is in."""
    prefix = _project(alone, project, channel, "activated")
    alone.multiplat("install", "-q", cwd=project)
    (prefix / "etc/conda/activate.d/bad.sh").write_text("exit 5\n", encoding="utf-8")
    done = alone.multiplat("run", "--", "true", cwd=project, code=3)
    assert done.stderr == (
        f"error: a script of {prefix}/etc/conda/activate.d ended with exit code 5\n"
    )


@pytest.mark.slow
def test_process_is_the_commands(door: Host, project: Path, channel: Path) -> None:
    """No process of ours is left: the same id, signals that arrive, the exit code."""
    _project(door, project, channel, "tools")
    door.multiplat("install", "-q", cwd=project)
    process = subprocess.Popen(
        _command(door, "--", "sh", "-c", "echo $$; exec sleep 1000"),
        cwd=project,
        env=door.environ(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert int(process.stdout.readline()) == process.pid
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == -signal.SIGTERM
    process.stdout.close()
    door.multiplat("run", "--", "sh", "-c", "exit 7", cwd=project, code=7)


def test_pipes_break_as_usual(alone: Host, project: Path, channel: Path) -> None:
    """Python ignores SIGPIPE; a command must not inherit that."""
    _project(alone, project, channel, "tools")
    code = f"{' '.join(_command(alone, '--', 'yes'))} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", code], cwd=project, env=alone.environ(), capture_output=True, check=True
    )
    assert done.stdout == b"y\n141\n"


def test_command_that_is_not_there(alone: Host, project: Path, channel: Path) -> None:
    """Exit codes as a shell has them: 127 for none, 126 for what is no program."""
    _project(alone, project, channel, "tools")
    done = alone.multiplat("run", "-q", "--", "shwo", cwd=project, code=127)
    assert done.stderr == "error: there is no shwo in demo, nor in the rest of PATH\n"
    done = alone.multiplat("run", "--", "./shwo", cwd=project, code=127)
    assert done.stderr == "error: there is no ./shwo\n"
    done = alone.multiplat("run", "--", "lost", cwd=project, code=126)
    assert done.stderr == (
        "error: lost can't be run: No such file or directory\n"
        "  its first line must be `#!` and an existing program\n"
    )
    done = alone.multiplat("run", "--", "no-program", cwd=project, code=126)
    assert "error: no-program can't be run: Exec format error\n" in done.stderr
    document = json.loads(
        alone.multiplat("run", "--json", "--", "shwo", cwd=project, code=127).stdout
    )
    assert (document["kind"], document["exit_code"]) == ("CommandError", 127)
    done = alone.multiplat("run", cwd=project, code=2)
    assert done.stderr == "error: no command to run\n  conda multiplat run -- CMD ARG…\n"


def test_environment_stays_what_it_is(alone: Host, project: Path, channel: Path) -> None:
    """Without ``-e``, one that is named is what it was installed as."""
    extra = "multiplat: {environments: {dev: {dependencies: [greeting-data]}}}\n"
    _project(alone, project, channel, "tools", extra=extra)
    prefix, named = alone.envs / "other", ("-n", "other")
    alone.multiplat("install", "-q", "-e", "dev", *named, cwd=project)
    assert alone.multiplat("run", *named, "--", "show", cwd=project).stderr == ""
    assert (prefix / "share/greeting.txt").exists()
    done = alone.multiplat("run", "-e", "default", *named, "--", "true", cwd=project)
    assert without_sizes(done.stderr) == (
        f" {prefix} changes from dev to default\n {prefix} has the 1 package of default\n"
    )
    assert not (prefix / "share/greeting.txt").exists()


def test_environments_of_others_are_not_touched(
    alone: Host, project: Path, channel: Path, tmp_path: Path
) -> None:
    """One that this project has not made is refused, and taken as it is with --no-install."""
    _project(alone, project, channel, "tools")
    link = tmp_path / "link"
    link.symlink_to(project)
    for file in (project / "environment.yml", link / "environment.yml"):
        alone.multiplat("run", "-q", "-f", file, "--", "true", cwd=tmp_path)
    foreign = alone.envs / "foreign"
    (foreign / "conda-meta").mkdir(parents=True)
    (foreign / "conda-meta" / "history").touch()
    done = alone.multiplat("run", "-n", "foreign", "--", "true", cwd=project, code=1)
    assert done.stderr == (
        f"error: {foreign} was not made by conda multiplat\n"
        "  --no-install uses it as it is\n"
        "  conda multiplat install -n foreign makes it as locked, and removes everything else "
        "in it\n"
    )
    words = ("run", "--no-install", "-n", "foreign", "--", "printenv", "CONDA_DEFAULT_ENV")
    assert alone.multiplat(*words, cwd=tmp_path).stdout == "foreign\n"
    done = alone.multiplat("run", "--no-install", "-n", "none", "--", "true", cwd=tmp_path, code=1)
    assert done.stderr == (
        f"error: there is no conda environment in {alone.envs / 'none'}\n"
        "  leave out --no-install to install it first\n"
    )


@pytest.mark.parametrize("option", ["-n", "-p"])
def test_empty_name(alone: Host, project: Path, channel: Path, option: str) -> None:
    """`-n "$NAME"` without a NAME is not the manifest's environment, nor is `-p` this folder."""
    _project(alone, project, channel, "tools")
    for command in (("install",), ("run", "--no-install")):
        end = ["--", "true"] if command[0] == "run" else []
        done = alone.multiplat(*command, option, "", *end, cwd=project, code=2)
        assert done.stderr == "error: the value of -n or -p is empty\n"


@pytest.mark.slow
@pytest.mark.skipif(driver_present(), reason="a driver is asked in a process of its own")
def test_start(conda: Host, project: Path, channel: Path) -> None:
    """In conda, an installed environment is entered in conda's own time and half as much again.

    No process is started to look for a driver that can't be there, even if a package may need it.
    """
    _project(conda, project, channel, "driven")
    conda.multiplat("install", "-q", cwd=project)
    own, ours = ("info", "--base"), ("multiplat", "run", "--", "true")
    used = {
        words: min(conda.seconds(*words, cwd=project) for _ in range(3)) for words in (own, ours)
    }
    assert used[ours] < 1.5 * used[own]  # with a process of conda's for the driver, twice
