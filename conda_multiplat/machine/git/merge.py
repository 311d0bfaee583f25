r"""Find what git is merging when it calls a merge driver, and the files as they will be merged.

A driver gets one file in three versions, and nothing else about the merge. With git's strategy
(ort), the work tree and the index still contain our side, files are merged in no useful order, and
``CHERRY_PICK_HEAD`` and the like are written only after a conflict. So:

1. Our side is the index: the target of a merge, the new base of a rebase, or what ``cherry-pick
   --no-commit`` has made so far.
2. ``git merge`` names the other side in its environment (``GITHEAD_<commit>``) or in
   ``MERGE_HEAD``; the base is one of the merge bases, or what they have in common.
3. Otherwise a commit is picked (rebase, cherry-pick, revert, stash) that turns the base into the
   other side, or back: the one in the state of a rebase or of several picks, or else the one that
   git finds by the content of the other side.
4. Each guess is verified with the file itself: only commits with exactly the content that the
   driver was given are accepted. If none is left, the merge is unknown.

Another file of the merge is then merged as git would: the version of the side that changed it, or
both by ``git merge-file``. If a guess were wrong, the digests in the lock would not match the
manifest, and ``check`` would detect it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conda_multiplat.lockfile.merge import Sides, union_of_sides
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.machine.files import read_text, relative_name, shown
from conda_multiplat.machine.git import commands as git
from conda_multiplat.vocabulary.errors import LockFileError, ManifestError, OutsideError

_MERGE = "GITHEAD_"
_PICKED = ("REBASE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "refs/stash")
#: The files in which git records what it picks, and the index of the line with the current commit.
_STATES = {"rebase-merge/done": -1, "sequencer/todo": 0}
_PICK = re.compile(r"^(?!#)\w+ (?:-\w+ )*([0-9a-f]{4,})\b", re.MULTILINE)
#: Our side: git's prefix for files of the index (``:0:PATH``).
_INDEX = ":0"
#: The number of commits to examine that added or removed a content: the newest first, then more.
_TRIES = (1, 20)


@dataclass(frozen=True)
class Given:
    """One file in the three versions that a driver gets; the base is empty if there is none."""

    base: bytes
    ours: bytes
    theirs: bytes


@dataclass(frozen=True)
class Merging:
    """The commits that are merged.

    Attributes:
        root: the top of the work tree.
        base: the commit to compare with, ``""`` for none.
        theirs: the commit that is merged into our side.
    """

    root: Path
    base: str
    theirs: str

    def at(self, name: str) -> tuple[bytes | None, bytes | None, bytes | None]:
        """Return a file's base, ours and theirs; ``name`` is its path from the root."""
        base = git.blob(self.root, f"{self.base}:{name}") if self.base else None
        ours, theirs = (git.blob(self.root, f"{commit}:{name}") for commit in (_INDEX, self.theirs))
        return base, ours, theirs

    def text(self, path: Path) -> str:
        """Return the text of a file after the merge; an untracked file is returned unchanged.

        Raises:
            ManifestError: both sides changed it in the same place, or it is gone.
        """
        name = relative_name(path.resolve(), self.root.resolve())
        base, ours, theirs = self.at(name)
        if ours is None and theirs is None and base is None:
            return read_text(path)
        if theirs in (base, ours):
            content = ours
        elif ours == base:
            content = theirs
        elif ours is None or theirs is None or base is None:
            raise _in_conflict(path)
        else:
            content = git.merged(self.root, base, ours, theirs)
            if content is None:
                raise _in_conflict(path)
        if content is None:
            raise ManifestError(f"{shown(path)} does not exist after the merge")
        return _text(content)


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig", errors="replace")


def _in_conflict(path: Path) -> ManifestError:
    return ManifestError(f"{shown(path)} is in conflict too; resolve that first")


def what_is_merged(root: Path, name: str, given: Given) -> Merging | None:
    """Return the commits with a driver's three versions of the file ``name``, if they are found.

    Args:
        root: the top of the work tree.
        name: the file's path from there.
        given: its versions.
    """
    if not _same(git.blob(root, f"{_INDEX}:{name}"), given.ours):
        return None
    for base, theirs in _guesses(root, name, given):
        merging = Merging(root, base, theirs)
        before, _, other = merging.at(name)
        if _same(before, given.base) and _same(other, given.theirs):
            return merging
    return None


def both_sides(path: Path, ours: LockFile) -> LockFile:
    """Add the other side's packages to an unmerged lock, as a start for solving.

    git keeps the three versions until the file is added; after that there is only ours.
    """
    try:
        base, theirs = (git.blob(path.parent, f":{stage}:./{path.name}") for stage in (1, 3))
        if theirs is None:
            return ours
        before = read_lock(_text(base), path.name) if base else None
        return union_of_sides(Sides(before, ours, read_lock(_text(theirs), path.name)))
    except (LockFileError, OutsideError):
        return ours


def _same(content: bytes | None, given: bytes) -> bool:
    return (content or b"").replace(b"\r\n", b"\n") == given.replace(b"\r\n", b"\n")


def _guesses(root: Path, name: str, given: Given) -> Iterator[tuple[str, str]]:
    """Yield pairs of a base and a merged commit, the likeliest first."""
    heads = [
        variable.removeprefix(_MERGE) for variable in os.environ if variable.startswith(_MERGE)
    ]
    for commit in (*heads, "MERGE_HEAD"):
        if git.output(root, "rev-parse", "-q", "--verify", commit):
            yield from ((base, commit) for base in _bases(root, commit))
    for commit in (*_under_way(root), *_PICKED):
        yield from _picks(git.output(root, "show", "-s", "--format=%H %P", commit) or "")
    for count in _TRIES:
        for line in _changing(root, name, given.theirs, count):
            yield from _picks(line)


def _bases(root: Path, commit: str) -> list[str]:
    """Return the possible bases of a merge with a commit; ``""`` if there is no common ancestor.

    If there are several merge bases, git merges them. A file in which they differ then has its
    content from before all of them (``recursive = binary``).
    """
    bases = (git.output(root, "merge-base", "--all", "HEAD", commit) or "").split()
    if len(bases) > 1:
        bases += (git.output(root, "merge-base", "--octopus", *bases) or "").split()
    return bases or [""]


def _picks(line: str) -> Iterator[tuple[str, str]]:
    """Return what picking or reverting a commit merges; ``line`` has the commit and its parents."""
    commit, *parents = line.split() or [""]
    for parent in parents:
        yield parent, commit
        yield commit, parent


def _under_way(root: Path) -> Iterator[str]:
    """Return the commits that git is picking according to its state."""
    for name, line in _STATES.items():
        path = root / (git.output(root, "rev-parse", "--git-path", name) or name)
        commits = _PICK.findall(read_text(path)) if path.is_file() else []
        yield from commits[line:][:1]


def _changing(root: Path, name: str, content: bytes, count: int) -> list[str]:
    """Return the newest commits that added or removed a file's content, with their parents."""
    blob = git.blob_id(root, content)
    commits = git.output(
        root,
        "log",
        *("--all", "--reflog", "-m", "--full-history", f"--max-count={count}"),
        *(f"--find-object={blob}", "--format=%H %P", "--", name),
    )
    return (commits or "").splitlines()
