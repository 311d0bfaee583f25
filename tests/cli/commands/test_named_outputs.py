"""What a user names to be written: a slip replaces no manifest, no lock, and makes no folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.advisories import advisory, below
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR

#: The commands that write a file of the user's choice, with what they call its kind.
COMMANDS = {
    "audit --db db.json --sarif": "a SARIF log",
    "schema -o": "a JSON Schema",
    "pack --platform linux-64 -o": "a packed environment",
    "image --platform linux-64 -o": "an image",
    "modulefile --kind tcl -o": "a module file",
    "modulefile --kind lmod -o": "a module file",
}
each_command = pytest.mark.parametrize("command", COMMANDS)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, real_channel: Path) -> Path:
    """A project, locked and installed."""
    folder = tmp_path_factory.mktemp("named") / "project"
    folder.mkdir()
    write(folder, real_channel, "greeting-data", platforms=f"[{SUBDIR}]")
    known = advisory("GHSA-1", "elsewhere", *below("2.0"))
    (folder / "db.json").write_text(json.dumps(known), encoding="utf-8")
    return folder


def _outputs(command: str, folder: Path) -> list[Path]:
    """What there is beside what such a command may replace, with the name that it wants."""
    suffix = {"modulefile --kind lmod -o": ".lua", "image --platform linux-64 -o": ".tar"}
    texts = {
        "manifest": (folder / "environment.yml").read_bytes(),
        "lock": (folder / "conda-lock.yml").read_bytes(),
        "notes": b"Monday: whatis this?\n",
        "json": b'{"version": 1, "runs": 3}\n',
        "list": b"[1, 2]\n",
        "binary": b"\x00\xff\xfe\n",
    }
    files = []
    for name, content in texts.items():
        file = folder / f"{name}{suffix.get(command, '')}"
        file.write_bytes(content)
        files.append(file)
    return files


@pytest.mark.parametrize("command", [*COMMANDS, "import nosuch.yml -o"])
def test_no_such_folder(alone: Host, tmp_path: Path, command: str) -> None:
    """It is told before anything else, even that there is no manifest; no folder is made."""
    for name in ("none/deep/file.tar", "none/file.lua"):
        done = alone.multiplat(*command.split(), name, cwd=tmp_path, code=2)
        folder = name.rpartition("/")[0]
        assert done.stderr == f"error: there is no folder {folder}\n  create it first\n"
    assert not (tmp_path / "none").exists()


@each_command
def test_others_stay(alone: Host, shared: Path, command: str) -> None:
    """What is of another kind is not replaced, whatever it is, and is told of by its name."""
    _installed(alone, shared)
    arguments = command.split()
    for path in _outputs(command, shared):
        before = path.read_bytes()
        done = alone.multiplat(*arguments, path.name, cwd=shared, code=2)
        line, hint = done.stderr.splitlines()[-2:]
        kind = COMMANDS[command]
        assert line == f"error: {path.name} exists and is not {kind}: it is not replaced"
        assert hint.startswith(f"  name another with {arguments[-1]} ")
        assert path.read_bytes() == before


@each_command
def test_own_kind(alone: Host, shared: Path, command: str) -> None:
    """A new file is written, an empty one and an earlier one are replaced."""
    _installed(alone, shared)
    suffix = ".lua" if "lmod" in command else ".tar"
    name = f"new{len(command)}{suffix if 'tcl' not in command else ''}"
    path = shared / name
    alone.multiplat(*command.split(), name, cwd=shared)
    first = path.read_bytes()
    assert first
    alone.multiplat(*command.split(), name, cwd=shared)
    path.write_bytes(b"")
    alone.multiplat(*command.split(), name, cwd=shared)
    assert path.read_bytes() == first


@pytest.mark.parametrize("command", ["audit --db db.json --sarif", "schema -o"])
def test_folder_is_no_file(alone: Host, shared: Path, command: str) -> None:
    """A folder is not replaced; `pack`, `image` and `modulefile` write into one."""
    _installed(alone, shared)
    folder = shared / f"folder{len(command)}"
    folder.mkdir()
    done = alone.multiplat(*command.split(), folder.name, cwd=shared, code=2)
    message = f"error: {folder.name} exists and is not {COMMANDS[command]}: it is not replaced\n"
    assert message in done.stderr


#: The same with a manifest that is imported.
STREAMING = [*COMMANDS, "import environment.yml -o"]


def _bash(alone: Host, cwd: Path, script: str) -> subprocess.CompletedProcess[bytes]:
    """Run a script, in which ``us`` is our program."""
    functions = f'us() {{ {shlex.join(alone.command)} "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail\n{functions}{script}"],
        cwd=cwd,
        env=alone.environ(),
        capture_output=True,
        check=False,
        timeout=300,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="of Unix")
@pytest.mark.parametrize("command", STREAMING)
def test_streams(alone: Host, shared: Path, tmp_path: Path, command: str) -> None:
    """A pipe and a descriptor get what a file would; nothing is replaced, and nothing else said."""
    _installed(alone, shared)
    name = f"streamed{len(command)}{'.tar' if 'image' in command else ''}"
    name += ".lua" if "lmod" in command else ""
    alone.multiplat(*command.split(), name, cwd=shared)
    expected = (shared / name).read_bytes()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for script in (
        f"us {command} /dev/stdout",
        f"us {command} /dev/fd/1 | cat",
        f"us {command} {pipe} > /dev/null & cat {pipe}; wait $!",
        f"exec 7>&1; us {command} /dev/fd/7 > /dev/null",
    ):
        done = _bash(alone, shared, script)
        assert (done.returncode, done.stdout) == (0, expected), (script, done.stderr.decode())
    assert pipe.is_fifo()


@pytest.mark.skipif(sys.platform == "win32", reason="of Unix")
@pytest.mark.parametrize("command", STREAMING)
def test_devices(alone: Host, shared: Path, tmp_path: Path, command: str) -> None:
    """A device stays one, also behind a link; one that takes nothing is an error that names it."""
    _installed(alone, shared)
    link = tmp_path / "device"
    link.symlink_to(os.devnull)
    for path in (os.devnull, link):
        alone.multiplat(*command.split(), path, cwd=shared)
    assert Path(os.devnull).is_char_device()
    assert link.is_symlink()
    done = alone.multiplat(*command.split(), "/dev/full", cwd=shared, code=3)
    assert done.stderr.endswith("error: can't write /dev/full: No space left on device\n")
    done = alone.multiplat(*command.split(), "/dev/fd/777", cwd=shared, code=3)
    assert done.stderr.endswith("error: can't write /dev/fd/777: Bad file descriptor\n")


@pytest.mark.parametrize("command", STREAMING)
def test_two_documents_on_one_stream(alone: Host, tmp_path: Path, command: str) -> None:
    """Standard output has one document, as ``--json`` promises."""
    done = alone.json(*command.split(), "/dev/stdout", cwd=tmp_path, code=2)
    assert done["error"] == "/dev/stdout is needed for the document of --json"
    assert done["hints"] == ["name a file, or leave out --json"]


def test_lock_is_a_pipe(alone: Host, tmp_path: Path, channel: Path) -> None:
    """What the user has not named to be written is neither written into nor replaced."""
    write(tmp_path, channel, "zlib")
    os.mkfifo(tmp_path / "conda-linux-64.lock")
    alone.multiplat("lock", "-q", cwd=tmp_path)
    render = ("render", "--kind", "explicit", "--platform", "linux-64")
    done = alone.multiplat(*render, cwd=tmp_path, code=3)
    assert done.stderr == (
        "error: can't write conda-linux-64.lock: it is not a file\n  the old files are as they "
        "were\n"
    )


def test_link_to_itself(alone: Host, tmp_path: Path) -> None:
    """A link that leads nowhere but to itself is the user's trouble, and told by its name."""
    (tmp_path / "loop").symlink_to("loop")
    done = alone.multiplat("schema", "-o", "loop", cwd=tmp_path, code=3)
    assert re.fullmatch(  # Python 3.13 notices it later
        r"error: (can't write )?(\S*/)?loop: Too many levels of symbolic links\n"
        r"(  the old files are as they were\n)?",
        done.stderr,
    )
    assert (tmp_path / "loop").is_symlink()


def _installed(alone: Host, project: Path) -> None:
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("install", "-q", cwd=project)
