"""Runs examples in projects that are prepared once: with conda and our program on PATH, in bash."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from support import warm
from support.git import Repository
from support.hosts import EMBEDDED, Host, make_host

_MARK = "=== end of an answer:"
_CONDA = "support.embedded_conda"
#: A program that has the warm server run ``python -m MODULE ARGUMENTS…``, with its own streams.
#: Our commands are run without conda, which prints the same and takes half the time;
#: test_walkthrough.py goes through conda. What looks at the processes above it, to know the shell,
#: is run as itself, and a shell in a terminal of its own.
_PROGRAM = """\
#!{python} -IS
import os, sys
module, arguments = {module!r}, sys.argv[1:]
if module == {conda!r} and arguments[:1] == ["multiplat"]:
    module, arguments = "conda_multiplat", arguments[1:]
if arguments[:1] in (["shell"], ["shell-hook"]):
    command = [{python!r}, "-m", module, *arguments]
    if arguments[0] == "shell-hook":
        os.execv(command[0], command)
    import pty
    process, terminal = pty.fork()
    if process == 0:
        os.execv(command[0], command)
    os.write(terminal, b"exit\\n")
    try:
        while os.read(terminal, 1024):
            pass
    except OSError:
        pass
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
import _socket  # the modules around these two take longer to import than a command takes
from _json import encode_basestring_ascii as quoted
environ = ",".join(f"{{quoted(k)}}:{{quoted(v)}}" for k, v in os.environ.items())
words = ",".join(map(quoted, arguments))
request = f"[[{{words}}],{{quoted(os.getcwd())}},{{{{{{environ}}}}}}]".encode()
server = _socket.socket(_socket.AF_UNIX)
server.connect({servers!r}[module])
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)
server.sendmsg([len(request).to_bytes(8, "big")], [rights])
while request:
    request = request[server.send(request):]
answer = b""
while answer.count(b"\\n") < 2:
    answer += server.recv(64)
sys.exit(int(answer.split()[1]))
"""


class Ended(NamedTuple):
    """What became of a command: what it printed, on both streams, and its exit code."""

    command: str
    output: str
    code: int


def programs(folder: Path) -> Path:
    """A folder with ``conda`` and ``conda-multiplat``."""
    folder.mkdir()
    modules = {"conda": _CONDA, "conda-multiplat": "conda_multiplat"}
    servers = {module: warm.server(module) for module in modules.values()}
    for name, module in modules.items():
        program = folder / name
        text = _PROGRAM.format(python=sys.executable, module=module, conda=_CONDA, servers=servers)
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
    return folder


class Place(NamedTuple):
    """A project and a home.

    Attributes:
        project: the folder with the manifest, below the one in which environments' folders are.
        host: the conda.
        environ: of all commands.
    """

    project: Path
    host: Host
    environ: Mapping[str, str]

    def run(self, commands: Sequence[str]) -> list[Ended]:
        """Run commands in one bash, as if typed one after another."""
        script = "".join(
            f"{{ {command}\n}} 2>&1 </dev/null; echo {shlex.quote(_MARK)} $?\n"
            for command in commands
        )
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.project,
            env=dict(self.environ),
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        ends = re.findall(rf"(.*?){_MARK} (\d+)\n", done.stdout, re.DOTALL)
        ended = [
            Ended(command, out, int(code))
            for command, (out, code) in zip(commands, ends, strict=False)
        ]
        assert len(ended) == len(commands), f"bash ended early: {done.stdout}{done.stderr}"
        return ended


def place(folder: Path, bin_folder: Path, environ: Mapping[str, str]) -> Place:
    """An empty project in an empty home; ``environ`` is in addition to the host's."""
    project = folder / "robot"
    project.mkdir(parents=True)
    host = make_host((EMBEDDED,), folder / "home")
    path = f"{bin_folder}:{host.environ()['PATH']}"
    git = Repository(project, host).env
    return Place(project, host, host.environ({**git, **environ, "PATH": path}))


def copy(prepared: Place, folder: Path) -> Place:
    """The same project and home elsewhere: what is changed there is seen by nobody else."""
    for part in ("robot", "home"):
        shutil.copytree(prepared.project.parent / part, folder / part, symlinks=True)
    host = Host(EMBEDDED, prepared.host.command, folder / "home")
    own = {
        **prepared.environ,
        **host.environ(),
        **Repository(folder / "robot", host).env,
        "PATH": prepared.environ["PATH"],
    }
    return Place(folder / "robot", host, own)
