"""git commands that read a project's files."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.vocabulary.errors import OutsideError, UsageError


def names_at(folder: Path, revision: str) -> list[str]:
    """Return the names of the files of a folder in a revision.

    Raises:
        UsageError: the folder is not in a repository, or there is no such revision.
        OutsideError: git is not installed.
    """
    done = _git(folder, "ls-tree", "-z", "--name-only", revision)
    if done.returncode != 0:
        raise UsageError(
            f"git knows no revision {revision!r} of {folder}",
            details=[done.stderr.decode(errors="replace").strip()],
            hints=["name a revision (a commit, branch or tag), or a lock file"],
        )
    return [path for path in done.stdout.decode(errors="replace").split("\0") if path]


def text_at(folder: Path, revision: str, name: str) -> str:
    """Return the text of a file of a folder in a revision.

    Raises:
        UsageError: it is not there.
        OutsideError: git is not installed.
    """
    return show(folder, f"{revision}:./{name}")


def show(folder: Path, thing: str) -> str:
    """Return the text of ``REVISION:PATH``.

    Raises:
        UsageError: there is no such file.
        OutsideError: git is not installed.
    """
    done = _git(folder, "show", thing)
    if done.returncode != 0:
        message = done.stderr.decode(errors="replace").strip()
        raise UsageError(f"git has no file {thing!r}", details=[message])
    return done.stdout.decode("utf-8-sig", errors="replace")


def deleted(folder: Path) -> list[str]:
    """Return the files below a folder that the next commit deletes; empty if git can't tell."""
    what = ("--name-only", "--diff-filter=D", "--no-renames", "--relative", "-z")
    return _listed(folder, "diff", "--cached", *what)


def not_added(folder: Path, names: Sequence[str]) -> set[str]:
    """Return the files that are neither tracked nor ignored by git; empty if git can't tell."""
    paths = _listed(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", *names)
    return {os.path.normpath(path) for path in paths}


def _listed(folder: Path, *arguments: str) -> list[str]:
    try:
        done = _git(folder, *arguments)
    except OutsideError:
        return []
    output_text = os.fsdecode(done.stdout) if done.returncode == 0 else ""
    return [path for path in output_text.split("\0") if path]


def blob(folder: Path, thing: str) -> bytes | None:
    """Return the content of ``REVISION:PATH``; ``None`` if there is no such file.

    Raises:
        OutsideError: git is not installed.
    """
    done = _git(folder, "cat-file", "blob", thing)
    return done.stdout if done.returncode == 0 else None


def blob_id(folder: Path, content: bytes) -> str:
    """Return git's id of a content.

    Raises:
        OutsideError: git is not installed.
    """
    return _git(folder, "hash-object", "--stdin", stdin=content).stdout.decode().strip()


def output(folder: Path, *arguments: str) -> str | None:
    """Return the output of a git command without surrounding white space; ``None`` if it fails.

    Raises:
        OutsideError: git is not installed.
    """
    done = _git(folder, *arguments)
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None


def merged(folder: Path, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Merge three texts as git does; ``None`` if they conflict.

    Raises:
        OutsideError: git is not installed.
    """
    with tempfile.TemporaryDirectory() as place:
        paths = [Path(place) / name for name in ("ours", "base", "theirs")]
        for path, content in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(content)
        done = _git(folder, "merge-file", "-p", "-q", *map(str, paths))
    return done.stdout if done.returncode == 0 else None


def _git(
    folder: Path, *arguments: str, stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "--literal-pathspecs", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=False, input=stdin)
    except OSError as error:
        hints = ["install git, or name two lock files"]
        raise OutsideError(f"git can't be run: {error.strerror}", hints=hints) from None
