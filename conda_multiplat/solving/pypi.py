r"""PyPI requests and solutions: what conda provides, what is required, what was locked.

Flow, for each target as soon as its conda side is solved::

    conda records --provided()--> {project: version}  --\
    pip: lines ----------------------------------------> PypiRequest -PypiEngine-> PypiSolution
    previous PyPI records (preferences) ----------------/                      \-> PypiConflict

What conda provides takes part in the resolution with the version that conda locked, so that both
sides fit; it is not part of the solution.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Protocol

from packaging.tags import Tag
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.wheel_tags import tags
from conda_multiplat.vocabulary.exclude_newer import NO_CUTS, Cuts
from conda_multiplat.vocabulary.names import VirtualPackage, spec_name
from conda_multiplat.vocabulary.pip_options import EDITABLE, FILES, split_option
from conda_multiplat.vocabulary.pip_places import place_of
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, is_free_threaded, python_of

#: conda package -> the PyPI projects that it provides, if its name does not tell.
NameTable = Mapping[str, Sequence[str]]

_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+)*")
#: Python, and packages that depend on it but are not projects.
_NO_PROJECT = frozenset({"python", "python_abi", "python-gil", "python-freethreading", "pypy"})


@dataclass(frozen=True)
class Provided:
    """A project that a conda package provides.

    Attributes:
        name: its normalised name.
        version: its version (PEP 440).
        record: the conda package.
    """

    name: str
    version: str
    record: CondaRecord


@dataclass(frozen=True)
class PypiRequest:
    """All that one resolution depends on, apart from the indexes' content.

    Attributes:
        target: the target this is for.
        python: the version of the locked Python.
        free_threaded: whether that is a Python without the global lock, which has other wheels.
        requirements: the entries of ``pip:``.
        provided: what conda provides, by name.
        preferred: previous records, kept where they still fit.
        bound: constraints (PEP 508) on what conda does not provide: what a solve-group agrees on.
        cuts: files that were published after them are ignored.
    """

    target: Target
    python: str
    requirements: tuple[Requirement, ...]
    provided: tuple[Provided, ...]
    preferred: tuple[PypiRecord, ...] = ()
    bound: tuple[str, ...] = ()
    cuts: Cuts = NO_CUTS
    free_threaded: bool = False

    def tags(self, packages: Iterable[VirtualPackage] | None = None) -> list[Tag]:
        """Return the tags of wheels that fit the target, best first.

        Args:
            packages: the virtual packages to assume instead of the promised ones.
        """
        promised = self.target.virtual_packages if packages is None else packages
        subdir = self.target.subdir
        return tags(self.python, subdir, promised, free_threaded=self.free_threaded)


@dataclass(frozen=True)
class PypiSolution:
    """The solution of a request.

    Attributes:
        request: the request.
        records: the PyPI records, by name.
        warnings: for the user.
        extras: the extras that lines of ``pip:`` ask for, ``name[extra]``, each with its
            requirements if conda provides the project.
        torch_backend: the accelerator that PyTorch's packages are for, as uv names it; ``""`` if
            none is from PyTorch's index.
        times: when the files were published, as ``lockfile`` stores it.
    """

    request: PypiRequest
    records: tuple[PypiRecord, ...]
    warnings: tuple[str, ...] = ()
    extras: tuple[tuple[str, tuple[str, ...]], ...] = ()
    torch_backend: str = ""
    times: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PypiConflict:
    """Why a request has no solution.

    Attributes:
        request: the request.
        explanation: why, in the resolver's words or ours.
        requirements: the lines of ``pip:`` that are involved.
        provided: the packages of conda's side that are involved.
        hints: what to write instead.
        agreement: the environments that can't agree, if each has a solution by itself.
        instead: the projects of ``provided`` with which there would be a solution in another
            version, and that version; conda may not have it.
    """

    request: PypiRequest
    explanation: str
    requirements: tuple[Requirement, ...]
    provided: tuple[Provided, ...] = ()
    hints: tuple[str, ...] = ()
    agreement: tuple[str, ...] = ()
    instead: tuple[tuple[str, str], ...] = ()


PypiOutcome = PypiSolution | PypiConflict


class PypiEngine(Protocol):
    """Resolves PyPI requests."""

    def start(self, request: PypiRequest) -> Future[PypiSolution | PypiConflict]:
        """Begin a resolution, and return at once.

        The future raises an ``OutsideError`` where an index can't be read.
        """
        ...  # pragma: no cover

    def close(self) -> None:
        """Stop all resolutions, whose results nobody needs any more."""
        ...  # pragma: no cover


def provided(
    records: Iterable[CondaRecord], table: NameTable, own: NameTable
) -> tuple[Provided, ...]:
    """Return the projects that conda packages provide, by name.

    A package in ``own`` (the manifest's ``pypi-names``) or in ``table`` provides the projects that
    are listed there; another one provides the project of its own name if it depends on Python.
    """
    projects: dict[str, Provided] = {}
    for record in records:
        for name in _projects(record, table, own):
            project = canonicalize_name(name)
            projects.setdefault(project, Provided(project, pypi_version(record.version), record))
    return tuple(projects[name] for name in sorted(projects))


def pypi_request(
    target: Target,
    records: Iterable[CondaRecord],
    table: NameTable,
    preferred: Iterable[PypiRecord] = (),
    cuts: Cuts = NO_CUTS,
) -> PypiRequest:
    """Return the PyPI request of a target whose conda side is solved."""
    solved = tuple(records)
    return PypiRequest(
        target=target,
        python=python_of(solved),
        requirements=target.view.pypi,
        provided=provided(solved, table, dict(target.pypi_names)),
        preferred=tuple(preferred),
        cuts=cuts,
        free_threaded=is_free_threaded(solved),
    )


def without_cuts(request: PypiRequest) -> PypiRequest:
    """Return a request for which nothing is too new."""
    return replace(request, cuts=NO_CUTS)


def index_options_only(request: PypiRequest) -> PypiRequest:
    """Return a request with the options that name indexes, but no requirements.

    It serves to look up the newest versions.
    """
    lines = tuple(line for line in request.requirements if _names_an_index(line.text))
    options = request.target.pypi_options._replace(resolution="")
    target = request.target._replace(pypi_options=options)
    free = without_cuts(request)
    return replace(free, target=target, requirements=lines, provided=(), preferred=(), bound=())


def is_of_index(record: PypiRecord, request: PypiRequest) -> bool:
    """Return whether a locked package comes from an index, which may know other versions.

    A folder, a repository, and the file that a line names are not looked up: their names may be
    private.
    """
    if record.is_folder or record.url.startswith("git+"):
        return False
    named = (line for line in request.requirements if line.name == record.name)
    return not any(place_of(line.text) for line in named)


def _names_an_index(entry: str) -> bool:
    return entry.startswith("-") and split_option(entry)[0] not in (*EDITABLE, *FILES)


def _projects(record: CondaRecord, table: NameTable, own: NameTable) -> Sequence[str]:
    if record.name in own:
        return own[record.name]
    if record.name in table:
        return table[record.name]
    needs = {spec_name(spec) for spec in record.depends}
    is_project = record.name not in _NO_PROJECT and needs & {"python", "python_abi"}
    return [record.name] if is_project else []


def pypi_version(version: str) -> str:
    """Return a conda version in PyPI's form (PEP 440); only its leading numbers if it has none."""
    try:
        return str(Version(version.replace("_", ".")))
    except InvalidVersion:
        match = _NUMBERS.match(version)
        return match.group() if match else "0"
