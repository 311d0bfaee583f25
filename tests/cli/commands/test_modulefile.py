"""``modulefile``: what the real Environment Modules and the real Lmod make of it."""

from __future__ import annotations

import random
import string
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.modules import Tool, lmod, tools
from support.packages import SUBDIR, Package, build_channel

from conda_multiplat.activation.model import activation
from conda_multiplat.activation.modulefile import (
    SUFFIXES,
    Module,
    expanded_by_tcl,
    render,
    without_line_breaks,
)

BEFORE = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
DEV = """\
variables: {ROBOT_ARM: "two words, $HOME & 'quotes'"}
multiplat: {environments: {dev: {dependencies: [scripted]}}}
"""
SCRIPT = b'export TOOL_HOME="$CONDA_PREFIX/share"\nexport PATH="/opt/tool:$PATH"\n'


@pytest.fixture(params=tools())
def tool(request: pytest.FixtureRequest) -> Tool:
    """Each of the two tools that is here."""
    chosen: Tool = request.param
    return chosen


@pytest.fixture(scope="session")
def tools_channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program, and a package with scripts of activation."""
    packages = [
        Package(
            "program",
            subdir=SUBDIR,
            files={"bin/program": b"#!/bin/sh\necho running\n"},
            executables=["bin/program"],
        ),
        Package(
            "scripted",
            noarch="generic",
            files={
                "etc/conda/activate.d/tool.sh": SCRIPT,
                "etc/conda/activate.d/tool.fish": b"exit 1\n",
            },
        ),
    ]
    return build_channel(tmp_path_factory.mktemp("modules"), packages)


@pytest.fixture
def robot(alone: Host, project: Path, tools_channel: Path) -> Path:
    """A project with two environments, both installed: robot, and dev as robot-dev."""
    here = f"[{SUBDIR}]"
    write(project, tools_channel, "program", platforms=here, name="robot", extra=DEV)
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("install", "-q", cwd=project)
    alone.multiplat("install", "-q", "-e", "dev", cwd=project)
    return project


def _modules(alone: Host, robot: Path, kind: str, *arguments: str) -> Path:
    """A folder of modules with one for each environment."""
    folder = robot / "modules"
    for name in ("robot", "robot-dev"):
        given = ("--kind", kind, "-n", name, "-o", f"{folder}/", *arguments)
        alone.multiplat("modulefile", "-q", *given, cwd=robot)
    return folder


def test_load_and_unload(alone: Host, robot: Path, tool: Tool) -> None:
    """PATH, variables and scripts are there after load; after unload all is as before."""
    folder = _modules(alone, robot, tool.kind)
    before = {**BEFORE, "CONDA_PREFIX": "/opt/base", "CONDA_SHLVL": "1"}
    loaded = tool.after(folder, "load", "robot/dev", env=before)
    prefix = alone.envs / "robot-dev"
    assert loaded["PATH"] == f"/opt/tool:{prefix}/bin:/usr/bin:/bin"
    assert loaded["ROBOT_ARM"] == "two words, $HOME & 'quotes'"
    assert loaded["TOOL_HOME"] == f"{prefix}/share"
    assert {key: loaded[key] for key in loaded if key.startswith("CONDA_")} == {
        "CONDA_PREFIX": str(prefix),
        "CONDA_DEFAULT_ENV": "robot-dev",
        "CONDA_SHLVL": "1",
    }
    ran = subprocess.run(["program"], env=loaded, capture_output=True, text=True, check=True)
    assert ran.stdout == "running\n"
    after = tool.after(folder, "unload", "robot/dev", env=loaded)
    assert {key: after.get(key) for key in before} == before
    gone = ("ROBOT_ARM", "TOOL_HOME", "CONDA_DEFAULT_ENV")
    assert not any(key in after for key in gone)


def test_tcl_in_lmod(alone: Host, robot: Path) -> None:
    """Lmod reads files for Environment Modules too, and leaves nothing of them after unload."""
    folder = _modules(alone, robot, "tcl")
    loaded = lmod().after(folder, "load", "robot/default", env=BEFORE)
    assert loaded["CONDA_PREFIX"] == str(alone.envs / "robot")
    assert loaded["ROBOT_ARM"] == "two words, $HOME & 'quotes'"
    after = lmod().after(folder, "unload", "robot/default", env=loaded)
    assert {key: after.get(key) for key in BEFORE} == BEFORE
    assert not any(key.startswith(("CONDA_", "ROBOT_")) for key in after)


def test_another_environment(alone: Host, robot: Path) -> None:
    """A module is not called after an environment that it would not load."""
    done = alone.multiplat("modulefile", "-e", "dev", "-n", "robot", cwd=robot, code=1)
    assert (done.stdout, done.stderr) == (
        "",
        f"error: {alone.envs / 'robot'} has default installed, not dev\n"
        "  -n or -p names the conda environment that dev is installed in\n"
        "  to install it: conda multiplat install -e dev\n",
    )
    document = alone.json("modulefile", "--kind", "tcl", "-e", "dev", cwd=robot)
    assert (document["module"], document["prefix"]) == ("robot/dev", str(alone.envs / "robot-dev"))


def test_siblings(alone: Host, robot: Path, tool: Tool) -> None:
    """One of a family at a time: refused, or exchanged where Lmod is let do that, never both."""
    folder = _modules(alone, robot, tool.kind)
    strict = {**BEFORE, "LMOD_DISABLE_SAME_NAME_AUTOSWAP": "yes"}
    loaded = tool.after(folder, "load", "robot/default", env=strict)
    done = tool.run(folder, "load", "robot/dev", env=loaded)
    refusals = {"tcl": b"due to a conflict", "lmod": b"prevents the automatic\nswapping"}
    assert refusals[tool.kind] in done.stderr
    assert str(alone.envs / "robot-dev").encode() not in done.stdout
    if tool.kind == "lmod":
        loaded = tool.after(folder, "load", "robot/default", env=BEFORE)
        swapped = tool.run(folder, "load", "robot/dev", env=loaded)
        assert b"reloaded with a version change" in swapped.stderr
        assert f"{alone.envs / 'robot-dev'}/bin".encode() in swapped.stdout
        assert f"{alone.envs / 'robot'}/bin".encode() not in swapped.stdout


def test_family(alone: Host, robot: Path, tool: Tool) -> None:
    """Modules of the same --family conflict whatever their own names are."""
    folder = _modules(alone, robot, tool.kind, "--family", "stack")
    (folder / "other").mkdir()
    text = 'conflict "stack"\n' if tool.kind == "tcl" else 'conflict("stack")\n'
    head = "#%Module1.0\n" if tool.kind == "tcl" else ""
    (folder / "other" / f"one{SUFFIXES[tool.kind]}").write_text(head + text, encoding="utf-8")
    loaded = tool.after(folder, "load", "stack/default", env=BEFORE)
    refusals = {"tcl": b"due to a conflict", "lmod": b"these module(s) are loaded:\n   stack"}
    assert refusals[tool.kind] in tool.run(folder, "load", "other/one", env=loaded).stderr


def test_prereq(alone: Host, robot: Path, tool: Tool) -> None:
    """A module that must be loaded before is asked for."""
    folder = _modules(alone, robot, tool.kind, "--prereq", "driver/12", "site")
    alone_done = tool.run(folder, "load", "robot/dev", env=BEFORE)
    assert b"driver/12" in alone_done.stderr
    assert b"robot-dev/bin" not in alone_done.stdout
    head = "#%Module1.0\n" if tool.kind == "tcl" else ""
    for name in ("driver/12", "site/one"):
        path = folder / f"{name}{SUFFIXES[tool.kind]}"
        path.parent.mkdir()
        path.write_text(head, encoding="utf-8")
    loaded = tool.after(folder, "load", "driver/12", "site/one", "robot/dev", env=BEFORE)
    assert loaded["CONDA_DEFAULT_ENV"] == "robot-dev"


def test_whatis_and_help(alone: Host, robot: Path, tool: Tool) -> None:
    """The environment's name and lock, and no date: the same environment, the same file."""
    folder = _modules(alone, robot, tool.kind)
    stderr = tool.run(folder, "whatis", "robot/dev", env=BEFORE).stderr.decode()
    assert ": conda environment robot-dev, locked in dev.conda-lock.yml\n" in stderr
    stderr = tool.run(folder, "help", "robot/dev", env=BEFORE).stderr.decode()
    summary = (
        "the conda environment robot-dev\n"
        f"in {alone.envs / 'robot-dev'}\n"
        f"locked in {robot / 'dev.conda-lock.yml'}\n"
    )
    assert summary in stderr
    path = folder / "robot" / f"dev{SUFFIXES[tool.kind]}"
    text = path.read_text(encoding="utf-8")
    _modules(alone, robot, tool.kind)
    assert path.read_text(encoding="utf-8") == text


def _hostile() -> dict[str, str]:
    """Values with all that means something to Tcl, Lua or a shell, alone and mixed."""
    signs = string.punctuation + " \t"
    values = ["", "-x", "--", "$HOME", "${HOME}", "[exit 3]", "$(exit 3)", "`exit 3`", "a\\", "\\"]
    values += [
        '"',
        "'",
        "''",
        "{",
        "}",
        "}{",
        "]]",
        "%s",
        "!!",
        "#x",
        ";exit 3;",
        "\x01",
        "\x1b[0m",
    ]
    values += ["é", "日本", "a:b", ":", "/usr/bin", *signs]
    chooser = random.Random(20)
    for length in (3, 8, 20):
        values += ["".join(chooser.choices(signs + "ab$\\\"'é", k=length)) for _ in range(60)]
    return {f"V{number}": value for number, value in enumerate(values)}


def _write(
    folder: Path, kind: str, prefix: str, asked: Mapping[str, str], on: list[Path]
) -> Module:
    steps, _ = without_line_breaks(activation(prefix, "x", requested=[asked], on=map(str, on)))
    module = Module("robot", "x", "/conda-lock.yml", steps)
    path = folder / "robot" / f"x{SUFFIXES[kind]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(module, kind), encoding="utf-8")
    return module


def test_hostile_values(tool: Tool, tmp_path: Path) -> None:
    """Every value arrives as it is, and is gone after unload; but for ``~``, which is said."""
    values = _hostile()
    module = _write(tmp_path, tool.kind, "/opt/x", values, [])
    loaded = tool.after(tmp_path, "load", "robot/x", env=BEFORE)
    excused = expanded_by_tcl(module) if tool.kind == "tcl" else []
    wrong = {k: (v, loaded.get(k)) for k, v in values.items() if loaded.get(k) != v}
    assert {k: v for k, v in wrong.items() if k not in excused} == {}
    after = tool.after(tmp_path, "unload", "robot/x", env=loaded)
    assert [key for key in values if key in after] == []


PREFIXES = (
    "plain",
    "two words",
    "$(touch pwned)`touch pwned`$HOME",
    "q'uo\"te;y&z|[exit]{}",
    "é~*?#!日本",
    "back\\slash\\",
    "100%d %1 %",
    "<(touch pwned)>",
)


@pytest.mark.parametrize("name", PREFIXES)
def test_hostile_prefixes(tool: Tool, tmp_path: Path, name: str) -> None:
    """Any folder can be loaded, with its scripts, which are run and nothing else is."""
    prefix = tmp_path / name
    scripts = prefix / "etc" / "conda" / "activate.d"
    scripts.mkdir(parents=True)
    (scripts / "a.sh").write_text('test -d "$CONDA_PREFIX" && export FROM_A=1\n', encoding="utf-8")
    (scripts / "b.sh").write_text("export FROM_B=after$FROM_A\n", encoding="utf-8")
    modules = tmp_path / "modules"
    _write(modules, tool.kind, str(prefix), {}, [scripts / "b.sh", scripts / "a.sh"])
    loaded = tool.after(modules, "load", "robot/x", env=BEFORE)
    assert loaded["PATH"] == f"{prefix}/bin:/usr/bin:/bin"
    assert loaded["CONDA_PREFIX"] == str(prefix)
    assert (loaded["FROM_A"], loaded["FROM_B"]) == ("1", "after1")
    after = tool.after(modules, "unload", "robot/x", env=loaded)
    assert after["PATH"] == BEFORE["PATH"]
    assert not {"CONDA_PREFIX", "FROM_A", "FROM_B"} & after.keys()
    assert list(Path.cwd().glob("pwned")) == []


def test_unset(tool: Tool, tmp_path: Path) -> None:
    """A variable that the environment takes away is gone."""
    steps = activation("/opt/x", "x", requested=[{"GONE": None}])
    path = tmp_path / "robot" / f"x{SUFFIXES[tool.kind]}"
    path.parent.mkdir()
    path.write_text(render(Module("robot", "x", "/l", steps), tool.kind), encoding="utf-8")
    assert "GONE" not in tool.after(tmp_path, "load", "robot/x", env={**BEFORE, "GONE": "here"})


def test_line_breaks_are_left_out() -> None:
    """A value that would begin a command of its own in the shell is not in the file."""
    steps, gone = without_line_breaks(
        activation("/opt/x", "x", requested=[{"A": "a\nid", "B": "b\rid", "C": "c"}])
    )
    assert gone == ("A", "B")
    assert dict(steps.variables) == {"C": "c"}


def test_printed(door: Host, project: Path, tools_channel: Path) -> None:
    """The file on stdout, by either door; what can't be said in it is said."""
    extra = 'variables: {LINES: "a\\nb", DATA: "~/data"}\n'
    here = f"[{SUBDIR}]"
    write(project, tools_channel, "scripted", platforms=here, name="robot", extra=extra)
    door.multiplat("lock", "-q", cwd=project)
    door.multiplat("install", "-q", cwd=project)
    prefix = door.envs / "robot"
    done = door.multiplat("modulefile", cwd=project)
    assert done.stdout == (
        "#%Module1.0\n"
        "# Made by `conda multiplat modulefile`.\n"
        'module-whatis "conda environment robot, locked in conda-lock.yml"\n'
        "proc ModulesHelp { } {\n"
        '    puts stderr "the conda environment robot"\n'
        f'    puts stderr "in {prefix}"\n'
        f'    puts stderr "locked in {project / "conda-lock.yml"}"\n'
        "}\n"
        'conflict "robot"\n'
        "proc multiplat_set {name value} {\n"
        '    set lmod [expr {[info exists ::ModuleTool] && $::ModuleTool eq "Lmod"}]\n'
        '    set pushed [expr {!$lmod && [string first ":" $value] < 0}]\n'
        "    if {$pushed && [llength [info commands pushenv]]} {\n"
        "        pushenv $name $value\n"
        "    } else {\n"
        "        setenv $name $value\n"
        "    }\n"
        "}\n"
        f'prepend-path PATH "{prefix}/bin"\n'
        'multiplat_set DATA "~/data"\n'
        f'multiplat_set CONDA_PREFIX "{prefix}"\n'
        'multiplat_set CONDA_DEFAULT_ENV "robot"\n'
        'multiplat_set CONDA_SHLVL "1"\n'
        "if {[llength [info commands source-sh]]} {\n"
        f'    source-sh bash "{prefix}/etc/conda/activate.d/tool.sh"\n'
        "} elseif {[module-info mode load]} {\n"
        '    puts stderr "activation scripts are not run: that needs Environment Modules 4.6"\n'
        "}\n"
    )
    assert done.stderr == (
        "warning: left out, since no module can set them: LINES (give them "
        "names that shells can set, and values without line breaks, in `variables:`)\n"
        "warning: Environment Modules expands `~` in DATA: "
        "use --kind lmod, or write the variable without `~`\n"
        f" it loads default from {prefix}\n"
    )
    done = door.multiplat("modulefile", cwd=project, env={"LMOD_CMD": "/lmod"})
    assert done.stdout == (
        "-- Made by `conda multiplat modulefile`.\n"
        'whatis("conda environment robot, locked in conda-lock.yml")\n'
        f'help("the conda environment robot\\010", "in {prefix}\\010", '
        f'"locked in {project / "conda-lock.yml"}\\010")\n'
        'conflict("robot")\n'
        f'prepend_path("PATH", "{prefix}/bin")\n'
        'pushenv("DATA", "~/data")\n'
        f'pushenv("CONDA_PREFIX", "{prefix}")\n'
        'pushenv("CONDA_DEFAULT_ENV", "robot")\n'
        'pushenv("CONDA_SHLVL", "1")\n'
        "if source_sh then\n"
        f'    source_sh("bash", "{prefix}/etc/conda/activate.d/tool.sh")\n'
        'elseif mode() == "load" then\n'
        '    LmodMessage("activation scripts are not run: that needs Lmod 8.6")\n'
        "end\n"
    )


def test_where_it_goes(alone: Host, robot: Path) -> None:
    """A file's name says the kind; a folder gets FAMILY/ENV; what to type next is said."""
    (robot / "m/robot").mkdir(parents=True)
    done = alone.multiplat("modulefile", "-o", "m/robot/x.lua", cwd=robot)
    assert done.stderr == (
        " wrote m/robot/x.lua\n"
        f" it loads default from {alone.envs / 'robot'}\n"
        f" module use {robot}/m; module load robot/x\n"
    )
    assert (robot / "m/robot/x.lua").read_text(encoding="utf-8").startswith("-- Made by ")
    alone.multiplat("modulefile", "-o", "m", "-n", "robot-dev", cwd=robot)
    document = alone.json("modulefile", "-o", "m", "-n", "robot-dev", cwd=robot)
    alone.multiplat("modulefile", "-o", "new/", "-n", "robot-dev", cwd=robot)
    assert (robot / "new/robot/dev").exists()
    path = robot / "m/robot/dev"
    assert document == {
        "success": True,
        "kind": "tcl",
        "module": "robot/dev",
        "prefix": str(alone.envs / "robot-dev"),
        "environment": "dev",
        "skipped": [],
        "file": str(path),
        "text": path.read_text(encoding="utf-8"),
    }


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("--kind", "lmod", "-o", "x"),
            2,
            "error: -o x can't be used with --kind lmod: Lmod takes only files that end in .lua\n",
        ),
        (
            ("--kind", "tcl", "-o", "x.lua"),
            2,
            "error: -o x.lua can't be used with --kind tcl: .lua means Lmod\n",
        ),
        (("--prereq", "two words"), 2, "error: 'two words' can't be a module's name\n"),
        (("--family", "-x"), 2, "expected one argument"),
        (
            ("-n", "nosuch"),
            1,
            "/nosuch\n  run `conda multiplat install -n nosuch`\n",
        ),
        (
            ("-e", "dev", "-p", "no such"),
            1,
            '/no such\n  run `conda multiplat install -p "no such" -e dev`\n',
        ),
        (("-o", "environment.yml/x"), 2, "error: there is no folder environment.yml\n"),
    ],
)
def test_bad_arguments(
    alone: Host, robot: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """What can't be is said, and nothing is written."""
    before = sorted(robot.iterdir())
    assert message in alone.multiplat("modulefile", *arguments, cwd=robot, code=code).stderr
    assert sorted(robot.iterdir()) == before
