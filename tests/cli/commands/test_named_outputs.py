"""What a user names to be written: a slip replaces no manifest, no lock, and makes no folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.advisories import advisory, below
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR

#: The commands that write a file of the user's choice, with what they call its kind.
COMMANDS = {
    "audit --db db.json --sarif": "SARIF log",
    "schema -o": "JSON Schema",
    "pack --platform linux-64 -o": "packed environment",
    "image --platform linux-64 -o": "image",
    "modulefile --kind tcl -o": "module file",
    "modulefile --kind lmod -o": "module file",
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
        assert done.stderr == f"error: there is no folder {folder}\n  make it first\n"
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
        assert line == f"error: {path.name} is there, and is no {kind}: it is not replaced"
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


@each_command
def test_no_file(alone: Host, shared: Path, command: str) -> None:
    """A pipe or a device is neither read nor written over; a folder only where one can be meant."""
    _installed(alone, shared)
    suffix = ".lua" if "lmod" in command else ""
    places = [shared / f"{name}{len(command)}{suffix}" for name in ("pipe", "device", "folder")]
    pipe, device, folder = places
    os.mkfifo(pipe)
    device.symlink_to(os.devnull)
    folder.mkdir()
    # `modulefile` goes by where a link leads; these write into a folder.
    tried = {"modulefile": [pipe], "pack": [pipe, device], "image": [pipe, device]}
    for path in tried.get(command.split(maxsplit=1)[0], places):
        done = alone.multiplat(*command.split(), path.name, cwd=shared, code=2)
        said = f"error: {path.name} is there, and is no {COMMANDS[command]}: it is not replaced\n"
        assert said in done.stderr


def test_link_to_itself(alone: Host, tmp_path: Path) -> None:
    """A link that leads nowhere but to itself is the user's trouble, and told by its name."""
    (tmp_path / "loop").symlink_to("loop")
    done = alone.multiplat("schema", "-o", "loop", cwd=tmp_path, code=3)
    said = f"error: {tmp_path / 'loop'}: Too many levels of symbolic links\n"
    assert done.stderr in (said, said.replace(f"{tmp_path}/", ""))


def _installed(alone: Host, project: Path) -> None:
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("install", "-q", cwd=project)
