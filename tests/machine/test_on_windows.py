"""What differs on Windows, where it can be told without one: paths, files in use, programs."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from conda_multiplat.machine.files import seen_from
from conda_multiplat.machine.temporary import put
from conda_multiplat.machine.user_shell import wait_for


@pytest.mark.parametrize(
    ("path", "folder", "name"),
    [
        ("/a/b/c.yml", "/a/b", "c.yml"),
        ("/a/c.yml", "/a/b/d", "../../c.yml"),
        ("/a/b", "/a/b", "."),
        ("/x/y", "/a", "../x/y"),
    ],
)
def test_seen_from_a_folder(path: str, folder: str, name: str) -> None:
    """The same name on every system, so that all who lock write the same."""
    drive = "C:\\"
    assert seen_from(PurePosixPath(path), PurePosixPath(folder)) == name
    windows: tuple[PurePath, PurePath] = (
        PureWindowsPath(drive, *path.split("/")[1:]),
        PureWindowsPath(drive, *folder.split("/")[1:]),
    )
    assert seen_from(*windows) == name


def test_seen_from_elsewhere() -> None:
    """Case tells no folders apart; another drive has no way there but its own name."""
    assert seen_from(PureWindowsPath("C:/Work/a"), PureWindowsPath("c:/work/B")) == "../a"
    assert seen_from(PureWindowsPath("D:/pkgs/a"), PureWindowsPath("C:/work")) == "D:/pkgs/a"


class _InUse(type(Path())):  # type: ignore[misc]
    """A file that can't be renamed for so many times, as while a scanner reads it."""

    refusals = 0

    def replace(self, target: object) -> Path:
        type(self).refusals -= 1
        if type(self).refusals >= 0:
            raise PermissionError(13, "Access is denied")
        return Path(os.fspath(self)).replace(target)  # type: ignore[arg-type]


def test_file_in_use(tmp_path: Path) -> None:
    """It is tried again, for as long as there is patience."""
    new, place = tmp_path / "new", tmp_path / "place"
    new.write_text("new", "utf-8")
    place.write_text("old", "utf-8")
    _InUse.refusals = 2
    put(_InUse(new), place, patience=30)
    assert place.read_text("utf-8") == "new"
    _InUse.refusals = 1
    start = time.monotonic()
    with pytest.raises(PermissionError):
        put(_InUse(place), new, patience=0)
    assert time.monotonic() - start < 1


def test_program_of_the_environment(tmp_path: Path) -> None:
    """The program is looked for in the PATH that it gets, and gets Ctrl-C alone."""
    suffix = ".bat" if sys.platform == "win32" else ""
    program = tmp_path / f"only-here{suffix}"
    text = "@exit 7\n" if suffix else '#!/bin/sh\nkill -INT $PPID\n[ "$A" = b ] && exit 7\n'
    program.write_text(text, "utf-8")
    program.chmod(0o755)
    before = signal.getsignal(signal.SIGINT)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    assert wait_for(["only-here"], {**os.environ, "PATH": path, "A": "b"}) == 7
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(OSError, match="only-here"):
        wait_for(["only-here"], dict(os.environ))
