"""Alternatives to a solution: CUDA builds instead of CPU builds, and newer versions.

Each is tried by solving the request again with an additional requirement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import rattler
from rattler.exceptions import SolverError

from conda_multiplat.engines.conda.explain.likely_obstacles import suspected_lines
from conda_multiplat.engines.conda.repodata import Repodata
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.alternatives import (
    CpuBuild,
    Newest,
    by_adding,
    by_exception,
    by_promising,
    by_updating,
    by_writing,
)
from conda_multiplat.solving.newest_versions import by_age, by_channel
from conda_multiplat.solving.outcomes import Why
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.errors import NOWHERE
from conda_multiplat.vocabulary.graph import path_to
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.names import VirtualPackage, spec_name
from conda_multiplat.vocabulary.records import CondaRecord
from conda_multiplat.vocabulary.virtual_packages import has_cuda, promise_problem

Records = Sequence[rattler.RepoDataRecord]

#: The dependencies of CUDA builds, and otherwise the mark in their build strings.
_CUDA_NAMES = frozenset({"__cuda", "cuda-version", "cudatoolkit"})
_CUDA_BUILD = re.compile(r"cuda|gpu")

#: Promised if no CUDA version is known: more than any package needs.
_ANY_CUDA = "99"
#: The version that the user is then told to promise.
_EXAMPLE = "12.4"


class Alternatives:
    """Finds alternatives to a solution.

    Args:
        repodata: the channels.
        machine_cuda: the CUDA version of this machine, if a target is for it.
    """

    def __init__(self, repodata: Repodata, machine_cuda: Callable[[str], str]) -> None:
        self._repodata = repodata
        self._machine_cuda = machine_cuda

    async def cpu_builds(self, request: SolveRequest, solution: Records) -> tuple[CpuBuild, ...]:
        """Return the CPU builds of a solution if CUDA is promised or this machine has it.

        Packages that no line names are included only if their build string says CPU, and if they
        would not become CUDA builds together with a named one. A line that asks for a CPU build is
        respected.
        """
        cuda = self._missing_cuda(request)
        if not (cuda or _promises_cuda(request)):
            return ()
        requested = {requirement.name for requirement in request.requirements}
        for_cpu = {line.name for line in request.requirements if _asks_for_cpu(line)}
        suspects = {
            _name(record): record
            for record in solution
            if _is_suspect(record, requested) and _name(record) not in for_cpu
        }
        builds = await self._cuda_builds(request, suspects)
        first = [name for name in builds if name in requested]
        trials = [await self._trial(request, solution, name, builds[name], cuda) for name in first]
        covered = {name for trial in trials for name in trial.cuda}
        for name in builds:
            if name not in requested and name not in covered:
                trials.append(await self._trial(request, solution, name, builds[name], cuda))
                covered |= trials[-1].cuda
        notes = [trial.note for trial in trials if trial.note.instead or not cuda]
        return tuple(sorted(notes, key=lambda note: note.name))

    def _missing_cuda(self, request: SolveRequest) -> str:
        """Return the CUDA version that this machine has but the manifest does not promise."""
        return "" if _promises_cuda(request) else self._machine_cuda(request.target.subdir)

    async def why(self, request: SolveRequest, record: CondaRecord) -> Why:
        """Return what rules out the newest version and a CUDA build."""
        available = await self._repodata.known(request, [record.name])
        newest = await self.newest(request, record)
        chosen = next((build for build in available if public_name(build.url) == record.url), None)
        builds = [build for build in available if _is_cuda(build)]
        if chosen is None or _is_cuda(chosen) or not builds:
            return Why(newest)
        locked = await self._repodata.kept(request, request.locked)
        cuda = self._missing_cuda(request) or ("" if _promises_cuda(request) else _ANY_CUDA)
        trial = await self._trial(request, locked, record.name, builds, cuda)
        return Why(newest, trial.note)

    async def newest(self, request: SolveRequest, record: CondaRecord) -> Newest:
        """Return what rules out the newest version."""
        available = await self._repodata.known(request, [record.name], unseen=True)
        too_new = self._repodata.too_new(request)
        allowed = [build for build in available if not too_new(build)]
        best = max(available, key=lambda build: build.version, default=None)
        if best and best.version not in {build.version for build in allowed}:
            cut = self._repodata.cut(request, best) or 0
            exception = by_exception(record.name)
            return Newest(str(best.version), f"{by_age(cut)}; {exception}")
        return await self._newest(request, record, allowed)

    async def _cuda_builds(
        self, request: SolveRequest, suspects: Mapping[str, rattler.RepoDataRecord]
    ) -> dict[str, Records]:
        """Return the CUDA builds of packages that have any, by name."""
        available = await self._repodata.known(request, suspects) if suspects else []
        builds: dict[str, list[rattler.RepoDataRecord]] = {}
        for package in filter(_is_cuda, available):
            builds.setdefault(_name(package), []).append(package)
        return {name: builds[name] for name in sorted(builds)}

    async def _trial(
        self, request: SolveRequest, solution: Records, name: str, builds: Records, cuda: str
    ) -> _Trial:
        """Find out why a package is a CPU build, and whether a CUDA build is possible.

        Args:
            request: the request.
            solution: the solution.
            name: the package.
            builds: its CUDA builds.
            cuda: the CUDA version to promise, if none is promised.
        """
        chosen = next(record for record in solution if _name(record) == name)
        at = _asks(request, solution, name).at
        channel = self._behind(request, chosen, builds)
        note = CpuBuild(name, str(chosen.version), at, _reason(chosen, builds, solution, channel))
        if cuda:
            return await self._with_a_promise(request, note, cuda)
        kept = any(record.url == public_name(chosen.url) for record in request.locked)
        fresh = await self._repodata.solve(request, request.requirements) if kept else []
        freed = _cuda_build(fresh, name)
        if freed:
            why = "it was kept from an earlier lock"
            note = replace(note, reason=why, instead=str(freed.version), fix=by_updating(name))
            return _Trial(note, fresh)
        return await self._forced(request, note, builds, channel)

    async def promise_that_helps(self, request: SolveRequest, clash: Sequence[Requirement]) -> str:
        """Return the promise of CUDA that would resolve a clash, if only that is missing."""
        subdir = request.target.subdir
        if _promises_cuda(request) or promise_problem(subdir, "cuda", _EXAMPLE):
            return ""
        solution = await self._try(_with_cuda(request, _ANY_CUDA), clash)
        return by_promising(subdir, _EXAMPLE) if solution else ""

    async def _with_a_promise(self, request: SolveRequest, note: CpuBuild, cuda: str) -> _Trial:
        """Try whether a promise of CUDA would lead to a CUDA build."""
        subdir = request.target.subdir
        note = replace(note, reason=f"the manifest promises no CUDA for {subdir}")
        solution = await self._try(_with_cuda(request, cuda), request.requirements)
        build = _cuda_build(solution, note.name)
        if build is None:
            return _Trial(note, solution)
        fix = by_promising(subdir, _EXAMPLE if cuda == _ANY_CUDA else cuda)
        return _Trial(replace(note, instead=str(build.version), fix=fix), solution)

    async def _forced(
        self, request: SolveRequest, note: CpuBuild, builds: Records, channel: str
    ) -> _Trial:
        """Try whether a CUDA build can be requested explicitly."""
        line = _line(request, note.name)
        text = line.text if line else note.name
        spec = _cuda_spec(text, builds, channel)
        if not spec:
            return _Trial(note, ())
        forced = Requirement(spec, note.name, note.at)
        try:
            solution = await self._repodata.solve(request, [*request.requirements, forced])
        except SolverError as error:
            return _Trial(replace(note, spec=spec, obstacle=self._repodata.scrubbed(error)), ())
        instead = str(next(record.version for record in solution if _name(record) == note.name))
        fix = by_writing(spec, note.at) if line else by_adding(spec)
        return _Trial(replace(note, spec=spec, instead=instead, fix=fix), solution)

    async def _newest(self, request: SolveRequest, record: CondaRecord, known: Records) -> Newest:
        best = max(known, key=lambda build: build.version, default=None)
        if best is None or best.version <= rattler.Version(record.version):
            return Newest(record.version)
        version = str(best.version)
        chosen = next((build for build in known if public_name(build.url) == record.url), best)
        channel = self._behind(request, chosen, [best])
        note = Newest(version, by_channel(channel) if channel else "")
        spec = f"{channel}::{record.name}" if channel else record.name
        tried = Requirement(f"{spec} =={version}", record.name, NOWHERE)
        builds = [build for build in known if build.version == best.version]
        suspects = suspected_lines(request, record.name, builds)
        if not suspects and await self._moves(request, record, version):
            return replace(note, fix=by_updating(record.name))
        clash, obstacle = await self._near_clash(request, tried, suspects)
        if not obstacle and await self._is_chosen(request, record, version):
            return replace(note, fix=by_updating())
        if not obstacle and not await self._try(request, [*request.requirements, tried]):
            clash = await self._repodata.clash(request, [*request.requirements, tried])
            obstacle = await self._repodata.explanation(request, clash)
        if obstacle:
            lines = tuple(line for line in clash if line is not tried)
            return replace(note, clash=lines, obstacle=obstacle)
        stated = _line(request, record.name)
        bounded = f"{spec} >={version}"
        return replace(note, fix=by_writing(bounded, stated.at) if stated else by_adding(bounded))

    async def _near_clash(
        self, request: SolveRequest, tried: Requirement, suspects: Sequence[Requirement]
    ) -> tuple[Sequence[Requirement], str]:
        """Return a smallest clash of ``tried`` with suspected lines, and why; empty if none.

        Nearly always a single line clashes, so each is tried on its own.
        """
        together = [*suspects, tried]
        if not suspects or not await self._repodata.explanation(request, together):
            return (), ""
        for line in suspects:
            if obstacle := await self._repodata.explanation(request, [line, tried]):
                own_obstacle = await self._repodata.explanation(request, [tried])
                return ([tried], own_obstacle) if own_obstacle else ([line, tried], obstacle)
        clash = await self._repodata.clash(request, together)
        return clash, await self._repodata.explanation(request, clash)

    async def _moves(self, request: SolveRequest, record: CondaRecord, version: str) -> bool:
        """Return whether a package gets a version if it may change and the others stay."""
        others = [other for other in request.locked if other.name != record.name]
        kept = await self._repodata.kept(request, others)
        return _has(
            await self._repodata.solve(request, request.requirements, kept), record, version
        )

    async def _is_chosen(self, request: SolveRequest, record: CondaRecord, version: str) -> bool:
        """Return whether a new solve chooses a version."""
        return _has(await self._repodata.solve(request, request.requirements), record, version)

    def _behind(
        self, request: SolveRequest, chosen: rattler.RepoDataRecord, others: Records
    ) -> str:
        """Return the channel of records that only channel priority rules out; ``""`` if none."""
        names = [self._repodata.channel(request, other) for other in others]
        order = list(request.channels)
        first = self._repodata.channel(request, chosen)
        if request.channel_priority != "strict" or first in names or not set(names) <= set(order):
            return ""
        return min(names, key=order.index)

    async def _try(self, request: SolveRequest, requirements: Sequence[Requirement]) -> Records:
        """Return a solution; empty if there is none."""
        try:
            return await self._repodata.solve(request, requirements)
        except SolverError:
            return ()


class _Trial:
    """A note on a CPU build, and the CUDA builds that its suggestion leads to."""

    def __init__(self, note: CpuBuild, solved: Records) -> None:
        self.note = note
        self.cuda = {_name(record) for record in solved if _is_cuda(record)}


def _has(solution: Records, record: CondaRecord, version: str) -> bool:
    return any(
        _name(solved) == record.name and str(solved.version) == version for solved in solution
    )


def _name(record: rattler.RepoDataRecord) -> str:
    return record.name.normalized


def _with_cuda(request: SolveRequest, version: str) -> SolveRequest:
    """Return the request with a promised CUDA driver."""
    packages = (*request.virtual_packages, VirtualPackage("__cuda", version))
    return request._replace(virtual_packages=packages)


def _promises_cuda(request: SolveRequest) -> bool:
    return has_cuda(request.virtual_packages)


def _cuda_build(solved: Records, name: str) -> rattler.RepoDataRecord | None:
    """Return the package if it is a CUDA build."""
    return next((record for record in solved if _name(record) == name and _is_cuda(record)), None)


def _line(request: SolveRequest, name: str) -> Requirement | None:
    """Return the requirement that names a package."""
    return next(
        (requirement for requirement in request.requirements if requirement.name == name), None
    )


def _asks_for_cpu(line: Requirement) -> bool:
    return "cpu" in parse_spec(line.text).fields.get("build", "")


def _is_suspect(record: rattler.RepoDataRecord, requested: set[str]) -> bool:
    named = _name(record) in requested or "cpu" in str(record.build)
    return named and not _is_cuda(record)


def _asks(request: SolveRequest, solved: Records, name: str) -> Requirement:
    """Return the requirement that leads to a package."""
    by_name = {requirement.name: requirement for requirement in request.requirements}
    depends = {_name(record): [spec_name(spec) for spec in record.depends] for record in solved}
    path = path_to(name, by_name, depends)
    return by_name[path[0]] if path else request.requirements[0]


def _is_cuda(record: rattler.RepoDataRecord) -> bool:
    """Return whether a package is a CUDA build, by its dependencies or its build string."""
    names = {spec_name(spec) for spec in record.depends}
    return bool(names & _CUDA_NAMES or _CUDA_BUILD.search(str(record.build)))


def _cuda_spec(text: str, records: Records, channel: str) -> str:
    """Return the MatchSpec ``text`` for CUDA builds only; ``""`` if build strings don't tell.

    ``channel`` is the channel to use, ``""`` for any.
    """
    spec = parse_spec(text)
    bare = f"{spec.name} {spec.fields.get('version', '*')}"
    bare = f"{channel}::{bare}" if channel else bare
    builds = [str(record.build) for record in records]
    if all(build.startswith("cuda") for build in builds):
        return f"{bare} cuda*"
    return f"{bare} *cuda*" if all("cuda" in build for build in builds) else ""


def _reason(chosen: rattler.RepoDataRecord, builds: Records, solved: Records, channel: str) -> str:
    """Return why a CPU build was chosen, judged by versions, Python and channels.

    Args:
        chosen: the CPU build.
        builds: the CUDA builds of the package.
        solved: the whole solution.
        channel: the channel of the CUDA builds, if another one's priority rules them out.
    """
    if channel:
        return f"its CUDA builds are in {channel}, which has a lower priority"
    same = [build for build in builds if str(build.version) == str(chosen.version)]
    if not same:
        return f"{chosen.version} has no CUDA build"
    python = next((record for record in solved if _name(record) == "python"), None)
    if python is not None and not any(_fits(record, python) for record in same):
        minor = ".".join(str(python.version).split(".")[:2])
        return f"{chosen.version} has no CUDA build for python {minor}"
    return f"the solver did not choose the CUDA build of {chosen.version}"


def _fits(record: rattler.RepoDataRecord, python: rattler.RepoDataRecord) -> bool:
    specs = [spec for spec in record.depends if spec_name(spec) == "python"]
    return all(rattler.MatchSpec(spec, strict=False).matches(python) for spec in specs)
