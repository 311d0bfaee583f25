"""The owners of files after an install: no path may belong to both conda's and PyPI's packages.

Flow::

    Work -> conda packages that come, linked aside -> PyPI packages that come, installed aside
         -> the future owner of each path of both sides -> refused if there are two

All of this happens before the prefix is changed. PyPI packages that stay are included, since a new
conda package may have a file with the same path.
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda_multiplat.machine.distribution_files import recorded_files
from conda_multiplat.machine.prefix_files import Owners, is_in_conda_meta, owners
from conda_multiplat.machine.real_folders import RealFolders
from conda_multiplat.machine.site_packages import foreign_distributions, project_of
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.names import spec_name
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord

if TYPE_CHECKING:
    from conda_multiplat.engines.pypi.install import UvInstaller

#: The maximum number of shared paths to name.
_SHOWN = 5


@dataclass(frozen=True)
class _Both:
    """A path that a conda package and a PyPI package have in common."""

    path: str
    conda: str
    pypi: str


def to_link_aside(
    locked: Sequence[CondaRecord], changed: Sequence[CondaRecord], *, runs: bool
) -> list[CondaRecord]:
    """Return the conda packages whose files have to be examined before they are linked.

    These are the new and changed ones, and Python, whose version determines the others' paths; with
    ``runs`` it has to run there, so the packages that it needs are included.
    """
    by_name = {record.name: record for record in locked}
    names = {record.name for record in changed}
    names |= {"python"} if changed or runs else set()
    open_names = ["python"] if runs else []
    while open_names:
        record = by_name.get(open_names.pop())
        needed = {spec_name(spec) for spec in record.depends} if record else set()
        open_names += sorted((needed & by_name.keys()) - names)
        names |= needed
    return [record for record in locked if record.name in names]


def conda_owners(prefix: Path, removed: set[str], aside: Path | None, added: set[str]) -> Owners:
    """Return the future owners of conda's files.

    Args:
        prefix: the environment.
        removed: the packages in it that will be removed or replaced.
        aside: the folder in which the new ones are linked.
        added: the names of the new ones.
    """
    owners_of_path: Owners = {}
    for present, names in ((prefix, None), (aside, added)):
        for path, packages in owners(present).items() if present else ():
            kept = [
                name
                for name in packages
                if (name not in removed if names is None else name in names)
            ]
            if kept:
                owners_of_path[path] = (*owners_of_path.get(path, ()), *kept)
    return owners_of_path


def staying_files(prefix: Path, python: str, changed: set[str]) -> dict[str, frozenset[str]]:
    """Return the files of the PyPI packages that stay, by name."""
    return {
        name: frozenset(recorded_files(path, prefix))
        for path, name, _ in foreign_distributions(prefix, python)
        if name not in changed
    }


def coming_files(
    installer: UvInstaller, records: Sequence[PypiRecord], python: Path
) -> dict[str, frozenset[str]]:
    """Return the files of the new PyPI packages, by name."""
    if not records:
        return {}
    with temporary_folder() as folder:
        return installer.files(records, python, folder)


def refuse_two_owners(
    conda: Owners, pypi: Mapping[str, Iterable[str]], prefix: Path, aside: Path | None
) -> None:
    """Refuse a lock in which a path would belong to both conda and PyPI.

    Raises:
        OutsideError: there are such paths.
    """
    brought = {
        project: names[0]
        for path, names in conda.items()
        if (project := project_of(posixpath.basename(posixpath.dirname(path))))
    }
    if clash := sorted(brought.keys() & pypi.keys()):
        first = clash[0]
        raise OutsideError(
            f"conda packages in {prefix} already bring {', '.join(clash)}",
            details=[
                "the lock has them from PyPI too; conda's are not overwritten",
                *(f"{project} is brought by conda's {brought[project]}" for project in clash),
            ],
            hints=[
                "nothing was changed",
                "say in the manifest which conda package provides them, then lock again: "
                f"multiplat: {{pypi-names: {{{brought[first]}: {first}}}}}",
            ],
        )
    roots = [RealFolders(root) for root in (prefix, aside) if root]
    if conflicts := sorted(_in_conda_meta(pypi, roots)):
        raise OutsideError(
            f"PyPI packages have files in {prefix / 'conda-meta'}, which belongs to conda",
            details=[
                *(f"{path}: PyPI's {project}" for path, project in conflicts[:_SHOWN]),
                *([f"and {len(conflicts) - _SHOWN} more"] if len(conflicts) > _SHOWN else []),
            ],
            hints=["nothing was changed", f"remove what asks for PyPI's {conflicts[0][1]}"],
        )
    if both := sorted(_both(conda, pypi, roots), key=lambda shared: shared.path):
        raise _two_owners(both, prefix)


def _in_conda_meta(
    pypi: Mapping[str, Iterable[str]], roots: Sequence[RealFolders]
) -> Iterator[tuple[str, str]]:
    """Return paths of projects that belong to conda, also through a link to a folder."""
    for project, paths in pypi.items():
        for path in paths:
            if any(map(is_in_conda_meta, (path, *(root.path(path) for root in roots)))):
                yield path, project


def _two_owners(both: Sequence[_Both], prefix: Path) -> OutsideError:
    more = [f"and {len(both) - _SHOWN} more"] if len(both) > _SHOWN else []
    conda, pypi = both[0].conda, both[0].pypi
    return OutsideError(
        f"conda and PyPI packages have the same files in {prefix}",
        details=[
            *(
                f"{owned.path}: conda's {owned.conda}, PyPI's {owned.pypi}"
                for owned in both[:_SHOWN]
            ),
            *more,
        ],
        hints=[
            "nothing was changed",
            f"to have conda's {conda} in place of PyPI's {pypi}, write "
            f"multiplat: {{pypi-names: {{{conda}: {pypi}}}}}; then lock again",
            f"to have PyPI's, remove what asks for conda's {conda} from the dependencies",
        ],
    )


def _both(
    conda: Owners, pypi: Mapping[str, Iterable[str]], roots: Sequence[RealFolders]
) -> Iterator[_Both]:
    """Return the paths that both have, and files of one that are folders of the other."""
    files = {_key(path): names[0] for path, names in conda.items()}
    folders: dict[str, str] = {}
    for path, name in files.items():
        while (path := posixpath.dirname(path)) and path not in folders:
            folders[path] = name
    for project, paths in pypi.items():
        for path in paths:
            for key in {_key(path), *(_key(root.path(path)) for root in roots)}:
                if owner := files.get(key) or folders.get(key) or _above(key, files):
                    yield _Both(path, owner, project)
                    break


def _above(path: str, files: Mapping[str, str]) -> str | None:
    while path := posixpath.dirname(path):
        if path in files:
            return files[path]
    return None


def _key(path: str) -> str:
    """Return a path as its file system compares it."""
    return path.casefold() if sys.platform in ("win32", "darwin") else path
