"""``shell`` in real terminals: the user's shell, its own files read, the environment active."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, activated_package, build_channel, generic_package
from support.terminal import CTRL_C, CTRL_Z, Terminal


@dataclass(frozen=True)
class Kind:
    """A shell as its user has set it up.

    Attributes:
        files: the user's own files of it: a prompt, and a variable that says that they are read.
        on_winch: has it say when it is told of a new window size.
    """

    name: str
    files: Mapping[str, str]
    on_winch: str


KINDS = [
    Kind(
        "bash",
        {".bashrc": "PS1='mine> '\nexport OF_RC=read\n"},
        "trap 'echo win''ch' WINCH",
    ),
    Kind(
        "zsh",
        {
            ".zshenv": "export OF_ENV=read\nZDOTDIR=$HOME/zdot\n",
            "zdot/.zshrc": "PS1='mine> '\nexport OF_RC=$OF_ENV\n",
        },
        "TRAPWINCH() { echo win''ch }",
    ),
    Kind(
        "fish",
        {
            ".config/fish/config.fish": (
                "function fish_prompt; echo -n 'mine> '; end\nset -gx OF_RC read\n"
            )
        },
        "function told --on-signal WINCH; echo win''ch; end",
    ),
]


#: Says that it runs, and repeats what it is told until it is stopped.
_RUN = """sh -c 'echo beg"in"; exec cat'"""


def _needed(name: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each shell that is there."""
    _needed(request.param.name)
    chosen: Kind = request.param
    return chosen


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel whose package has scripts of activation."""
    folder = tmp_path_factory.mktemp("activated-channel")
    return build_channel(folder, [activated_package(), generic_package()])


@pytest.fixture
def locked(alone: Host, project: Path, channel: Path) -> Path:
    """A project that is locked, and not installed."""
    write(
        project,
        channel,
        "activated",
        platforms=f"[{SUBDIR}]",
        extra="variables: {ROBOT: arm 1}\n",
    )
    alone.multiplat("lock", "-q", cwd=project)
    return project


def _write_files(kind: Kind, home: Path) -> None:
    for name, text in kind.files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _start(host: Host, project: Path, *arguments: str, **env: str) -> Terminal:
    temporary = host.home / "tmp"
    temporary.mkdir(exist_ok=True)
    door = ("multiplat",) if host.is_conda else ()
    command = [*host.command, *door, "shell", *arguments]
    return Terminal(command, env=host.environ({"TMPDIR": str(temporary), **env}), cwd=project)


def test_shell_is_the_users_own_and_active(alone: Host, locked: Path, kind: Kind) -> None:
    """The environment is made, the user's files are read before, and nothing stays behind."""
    _write_files(kind, alone.home)
    prefix = alone.envs / "demo"
    with _start(alone, locked, "--shell", kind.name) as terminal:
        terminal.wait_for(f"{prefix} has the 1 package of default")
        terminal.wait_for("(demo) mine> ")
        terminal.enter('echo "<$CONDA_PREFIX|$OF_RC|$ROBOT|$ACTIVATED|$ORDER>"')
        terminal.wait_for(f"<{prefix}|read|arm 1|on |Zaz>")
        terminal.wait_for("(demo) mine> ")
        terminal.enter("multiplat_deactivate; echo lef''t")
        terminal.wait_for("left")
        assert "(demo)" not in terminal.wait_for("mine> ")
        terminal.enter('echo "<$CONDA_PREFIX|$ROBOT|$ACTIVATED>"')
        terminal.wait_for("<||>")
        terminal.wait_for("mine> ")
        terminal.enter("exit 7")
        assert terminal.exit_code() == 7
    assert list((alone.home / "tmp").glob("multiplat-*")) == []


def test_terminal_is_the_shells(alone: Host, locked: Path, kind: Kind) -> None:
    """Sizes, interrupts and job control work as in any shell."""
    _write_files(kind, alone.home)
    prompt = "(demo) mine> "
    with _start(alone, locked, "--shell", kind.name) as terminal:
        terminal.wait_for(prompt)
        terminal.enter("stty size")
        terminal.wait_for("24 80")
        terminal.wait_for(prompt)
        terminal.enter(f"{kind.on_winch}; echo rea''dy")  # fish shows its prompt with every word
        terminal.wait_for("ready")
        terminal.wait_for(prompt)
        terminal.resize(40, 100)
        terminal.enter("stty size")
        terminal.wait_for("winch")
        terminal.wait_for("40 100")
        terminal.wait_for(prompt)
        terminal.enter(_RUN)
        terminal.wait_for("begin")
        terminal.type(CTRL_C)
        terminal.wait_for(prompt)
        terminal.enter(_RUN)
        terminal.wait_for("begin")
        terminal.type(CTRL_Z)
        terminal.wait_for(prompt)
        terminal.enter("jobs; echo rea''dy")
        assert "exec cat" in terminal.wait_for("ready")
        terminal.wait_for(prompt)
        terminal.enter("fg")
        terminal.wait_for("exec cat")
        terminal.enter("again")
        terminal.wait_for("again")
        terminal.wait_for("again")
        terminal.type(CTRL_C)
        terminal.wait_for(prompt)
        terminal.enter("exit")
        terminal.exit_code()


OTHERS = [
    Kind("tcsh", {".tcshrc": "set prompt = 'mine> '\nsetenv OF_RC read\n"}, ""),
    Kind("xonsh", {".xonshrc": "$OF_RC = 'read'\n$PROMPT = 'mine> '\n"}, ""),
]


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.name)
def test_other_shells_are_active_too(alone: Host, locked: Path, kind: Kind) -> None:
    """They start with the user's files read, and leave nothing behind either."""
    _needed(kind.name)
    _write_files(kind, alone.home)
    with _start(alone, locked, "--shell", kind.name, SHELL_TYPE="dumb") as terminal:
        terminal.wait_for("mine> ")
        terminal.enter("env | grep -E '^(CONDA_PREFIX|OF_RC|ROBOT)=' | sort")
        terminal.wait_for(f"CONDA_PREFIX={alone.envs / 'demo'}\nOF_RC=read\nROBOT=arm 1\n")
        terminal.wait_for("mine> ")
        terminal.enter("exit 7")
        assert terminal.exit_code() == 7
    assert list((alone.home / "tmp").glob("multiplat-*")) == []


def test_shell_is_that_which_asks(door: Host, locked: Path) -> None:
    """Whatever SHELL says, who types the command in zsh gets zsh, and comes back to theirs."""
    _needed("zsh")
    door.multiplat("install", "-q", cwd=locked)
    words = [*door.command, *(["multiplat"] if door.is_conda else []), "shell"]
    env = door.environ({"SHELL": "/bin/bash", "PS1": "outer> "})
    with Terminal(["zsh", "-f"], env=env, cwd=locked) as terminal:
        terminal.wait_for("outer> ")
        terminal.enter(f"ours() ( {shlex.join(words)} )")  # as the function conda() does it
        terminal.wait_for("outer> ")
        terminal.enter("ours")
        terminal.wait_for("(demo) ")
        terminal.enter('echo "<${ZSH_VERSION:+zsh} $CONDA_SHLVL>"')
        terminal.wait_for("<zsh 1>")
        terminal.enter(_RUN)
        terminal.wait_for("begin")
        terminal.type(CTRL_Z)
        terminal.wait_for("(demo) ")
        terminal.enter("kill %1; wait; sh -c 'exit 3'; exit")
        terminal.wait_for("outer> ")
        terminal.enter('echo "<$? ${CONDA_PREFIX-none}>"; exit')
        terminal.wait_for("<3 none>")


def test_active_environment_is_not_nested(alone: Host, locked: Path) -> None:
    """The same environment again is active already; another one goes on top and comes off."""
    alone.multiplat("install", "-q", cwd=locked)
    alone.multiplat("install", "-q", "-n", "other", cwd=locked)
    (alone.home / ".bashrc").write_text("PS1='mine> '\n", encoding="utf-8")
    ours = shlex.join([*alone.command, "shell", "--shell", "bash"])
    with _start(alone, locked, "--shell", "bash") as terminal:
        terminal.wait_for("(demo) mine> ")
        terminal.enter(f'{ours}; echo "<$? $SHLVL>"')
        terminal.wait_for("demo is active in this shell already")
        terminal.wait_for("<0 1>")
        terminal.enter(f"{ours} -n other")
        terminal.wait_for("on top of demo: `exit` returns to it")
        terminal.wait_for("(other) mine> ")
        terminal.enter('echo "<$CONDA_SHLVL $CONDA_PREFIX_1 ${PATH%%:*}>"')
        terminal.wait_for(f"<2 {alone.envs / 'demo'} {alone.envs / 'other'}/bin>")
        terminal.enter("exit")
        terminal.wait_for("(demo) mine> ")
        terminal.enter("exit")
        terminal.exit_code()


def test_shell_needs_a_terminal(alone: Host, locked: Path) -> None:
    """Without one there is nobody to type, and with --json nobody to read: both are told."""
    done = alone.multiplat("shell", cwd=locked, code=2)
    assert done.stderr == (
        "error: a shell needs a terminal\n  `conda multiplat run -- CMD` runs a command\n"
    )
    assert alone.json("shell", cwd=locked, code=2)["hints"] == [
        "`shell-hook --json` prints what activates the environment"
    ]


def test_shell_that_is_not_there_is_told(alone: Host, locked: Path) -> None:
    """What can't be started is refused before anything is installed."""
    with _start(alone, locked, "--shell", "cmd") as terminal:
        terminal.wait_for("error: cmd is not installed")
        assert terminal.exit_code() == 2
    assert not (alone.envs / "demo").exists()
