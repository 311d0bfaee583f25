"""The conda engine: py-rattler.

:meth:`RattlerEngine.solve` handles all targets at once on one Gateway, so that each channel's
repodata is fetched and parsed once:

1. a request's previous records are looked up in the channels by URL: a record that was removed from
   its channel, or whose metadata was corrected there, must not be kept as it was;
2. rattler solves, with those records preferred;
3. if there is no solution, QuickXplain reduces the requirements to a smallest set that still
   clashes; the user gets rattler's explanation of that set.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import rattler
from rattler.exceptions import (
    FetchRepoDataError,
    GatewayError,
    InvalidChannelError,
    IoError,
    SolverError,
)

from conda_multiplat.engines.conda.access import Channels, repodata_folder, run
from conda_multiplat.engines.conda.download_progress import Arriving
from conda_multiplat.engines.conda.exclude_newer import time_of
from conda_multiplat.engines.conda.explain.conflict_hints import WaysOut
from conda_multiplat.engines.conda.explain.what_if import Alternatives
from conda_multiplat.engines.conda.explain.wheel_advice import wheel_advice
from conda_multiplat.engines.conda.facts import stated_facts
from conda_multiplat.engines.conda.newest import newest_versions
from conda_multiplat.engines.conda.repodata import Repodata
from conda_multiplat.engines.conda.settled_records import settled
from conda_multiplat.engines.conda.specs import detect_virtual_packages, spec_subdir
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.gpu_driver import cuda_possible
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.newest_versions import (
    NewestVersion,
    SolvedRequest,
    is_unclear,
    with_reason_of,
)
from conda_multiplat.solving.outcomes import Arrived, Conflict, Outcome, Question, Solution, Why
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.solving.virtual_lines import virtual_advice
from conda_multiplat.vocabulary.byte_sizes import plausible
from conda_multiplat.vocabulary.channels import base_url, public_name
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.names import nearest
from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.records import CondaRecord

T = TypeVar("T")

#: The maximum number of a target's packages that are explained by trial solves.
_TRIALS = 2
_ARENAS = (os.cpu_count() or 1) + 1
_M_ARENA_MAX = -8  # of glibc's <malloc.h>
#: The beginning of the name of a channel's index of shards (CEP 16).
_SHARDS = "repodata_shards"


class RattlerEngine:
    """Solves with rattler; implements :class:`conda_multiplat.solving.outcomes.CondaEngine`."""

    def __init__(self, settings: Settings, base: Path) -> None:
        self._settings = settings
        self._channels = Channels(settings, base)
        self._runs: dict[frozenset[str], _Run] = {}
        self._cuda: str | None = None

    def solve(
        self, requests: Sequence[SolveRequest], solved: Callable[[Solution], None]
    ) -> Sequence[Outcome]:
        """Solve all requests at once; see :class:`conda_multiplat.solving.outcomes.CondaEngine`."""
        self.require_allowed(requests)
        return self._ask(requests, lambda run: run.all(requests, solved))

    def why(self, questions: Sequence[Question]) -> Sequence[Why]:
        """Return what rules out the newest version and a CUDA build; see :class:`Why`.

        Raises:
            OutsideError: a channel can't be read.
        """
        requests = [request for request, _ in questions]
        self.require_allowed(requests)
        return self._ask(requests, lambda run: run.why(questions))

    def newest(self, solved: Sequence[SolvedRequest]) -> Sequence[Mapping[str, NewestVersion]]:
        """Return the newest version of each package of some solutions, and what rules it out.

        If the packages' data doesn't tell, a few are tried by solving: see
        :mod:`conda_multiplat.engines.conda.newest`.

        Raises:
            OutsideError: a channel can't be read.
        """
        requests = [request for request, _ in solved]
        self.require_allowed(requests)
        return self._ask(requests, lambda run: run.newest(solved))

    def facts(self, locked: Sequence[SolvedRequest]) -> Sequence[Mapping[str, PackageFacts]]:
        """Return what the channels state about locked records, by name, for each request.

        Raises:
            OutsideError: a channel can't be read.
        """
        requests = [request for request, _ in locked]
        self.require_allowed(requests)
        return self._ask(requests, lambda run: run.facts(locked))

    def arriving(self, requests: Sequence[SolveRequest]) -> Callable[[], Arrived]:
        """Return a thread-safe function that tells how much of the channels has arrived."""
        folders: dict[str, str] = {}
        for request in requests:
            for name, urls in self._channels.named_urls(request):
                for url in urls:
                    for subdir in (request.target.subdir, "noarch"):
                        folders.setdefault(f"{url.rstrip('/')}/{subdir}", public_name(name))
        return Arriving(repodata_folder(self._settings), folders).look

    def channel_names(self, requests: Sequence[SolveRequest]) -> Sequence[str]:
        """Return the names of the channels, each channel once: by the first of its names."""
        names: dict[frozenset[str], str] = {}
        for request in requests:
            for name, urls in self._channels.named_urls(request):
                names.setdefault(frozenset(url.rstrip("/") for url in urls), public_name(name))
        return tuple(dict.fromkeys(names.values()))

    def require_allowed(self, requests: Sequence[SolveRequest]) -> None:
        """Refuse requests for channels that conda's configuration does not allow.

        Raises:
            ChannelRefusedError: with every such channel.
        """
        urls = (url for request in requests for url in self._channels.spec_channels(request))
        self._channels.require_allowed(urls)

    def _ask(
        self,
        requests: Sequence[SolveRequest],
        work: Callable[[_Run], Coroutine[Any, Any, T]],
        plain: frozenset[str] = frozenset(),
    ) -> T:
        """Do work on the channels of requests.

        Servers without sharded repodata should answer 404 when asked for it, but some forbid
        unknown requests: their channels are asked again for plain repodata.
        """
        _limit_arenas()
        if plain not in self._runs:
            repodata = Repodata(self._settings, self._channels, plain)
            self._runs[plain] = _Run(repodata, Alternatives(repodata, self._machine_cuda))
        try:
            return run(work(self._runs[plain]), self._settings)
        except _UnreadableError as error:
            urls = {url for request in requests for url in self._channels.spec_channels(request)}
            refused = {url for url in urls - plain if self._refuses_shards(url, error.text)}
            if not refused:
                raise self._outside(error) from None
        return self._ask(requests, work, plain | refused)

    def _machine_cuda(self, subdir: str) -> str:
        """Return this machine's CUDA version if a target is for this platform; else ``""``.

        conda takes most of a second to look for a driver: this is called only if there is one.
        """
        if subdir != self._settings.subdir:
            return ""
        if self._cuda is None:
            self._cuda = self._detected_cuda() if cuda_possible() else ""
        return self._cuda

    def _detected_cuda(self) -> str:
        versions = {package.name: package.version for package in detect_virtual_packages()}
        if "__cuda" in versions and self._settings.detect is not None:
            versions = {
                package.name: package.version for package in self._settings.detect(["__cuda"])
            }
        return versions.get("__cuda", "")

    def _refuses_shards(self, url: str, text: str) -> bool:
        urls = (url, self._channels.mirrors.get(url, url))
        return any(re.search(rf"{re.escape(url)}/[\w-]+/{_SHARDS}", text) for url in urls)

    def _outside(self, error: _UnreadableError) -> OutsideError:
        names = ", ".join(map(public_name, error.request.asked_channels))
        return OutsideError(
            f"the channels of {error.request.target} can't be read ({names})",
            details=[self._channels.scrub(error.text)],
            hints=["nothing was written; check the channel's name, the network and the proxy"],
        )


class _UnreadableError(Exception):
    """A request's channels can't be read."""

    def __init__(self, request: SolveRequest, text: str) -> None:
        super().__init__(text)
        self.request = request
        self.text = text


class _Run:
    """The requests of a run, and their answers."""

    def __init__(self, repodata: Repodata, alternatives: Alternatives) -> None:
        self._repodata = repodata
        self._alternatives = alternatives
        self._records: dict[str, CondaRecord] = {}

    async def all(
        self, requests: Sequence[SolveRequest], solved: Callable[[Solution], None]
    ) -> list[Outcome]:
        """Return every request's outcome, in order; ``solved`` is called with each solution."""
        self._repodata.begin()
        self._ways_out = WaysOut(self._repodata, {request.target.subdir for request in requests})
        return list(await asyncio.gather(*(self._outcome(request, solved) for request in requests)))

    async def why(self, questions: Sequence[Question]) -> list[Why]:
        """Return the answer to each question, in order."""
        self._repodata.begin()
        return list(await asyncio.gather(*(self._why(*question) for question in questions)))

    async def newest(self, solved: Sequence[SolvedRequest]) -> list[dict[str, NewestVersion]]:
        """Return the newest versions of each solution's packages, in order."""
        self._repodata.begin()
        return list(await asyncio.gather(*(self._newest(request) for request in solved)))

    async def facts(self, locked: Sequence[SolvedRequest]) -> list[dict[str, PackageFacts]]:
        """Return what the channels state about each request's records, in order."""
        self._repodata.begin()
        return list(await asyncio.gather(*(self._facts(request) for request in locked)))

    async def _facts(self, locked: SolvedRequest) -> dict[str, PackageFacts]:
        with _readable(locked.request):
            return await stated_facts(self._repodata, *locked)

    async def _newest(self, solved: SolvedRequest) -> dict[str, NewestVersion]:
        with _readable(solved.request):
            newest = await newest_versions(self._repodata, solved)
            request = solved.request._replace(locked=solved.records)
            unclear = [record for record in solved.records if is_unclear(newest, record.name)][
                :_TRIALS
            ]
            tried = (self._alternatives.newest(request, record) for record in unclear)
            for record, tried_newest in zip(unclear, await asyncio.gather(*tried), strict=True):
                newest[record.name] = with_reason_of(newest[record.name], tried_newest)
            return newest

    async def _why(self, request: SolveRequest, record: CondaRecord) -> Why:
        with _readable(request):
            return await self._alternatives.why(request, record)

    async def _outcome(self, request: SolveRequest, solved: Callable[[Solution], None]) -> Outcome:
        if misplaced := [
            line for line in request.requirements if _is_for_another_platform(line, request)
        ]:
            return Conflict(request, "\n".join(map(_misplaced, misplaced)), tuple(misplaced), {})
        with _readable(request):
            try:
                locked = await self._repodata.kept(request, request.locked)
                answer = await self._repodata.solve(request, request.requirements, locked)
            except SolverError as error:
                return await self._conflict(request, error)
            plain = [self._record(record) for record in answer]
            records = settled(request, plain, answer)
            cpu_builds = await self._alternatives.cpu_builds(request, answer)
        if wrong := _of_wrong_platforms(request, records):
            return Conflict(request, "\n".join(wrong.values()), tuple(wrong), {})
        relations = () if self._repodata.restricted else await self._repodata.declared(request)
        solution = Solution(
            request, records, cpu_builds, tuple(relations), self._times(request, answer)
        )
        solved(solution)
        return solution

    def _times(
        self, request: SolveRequest, solution: Sequence[rattler.RepoDataRecord]
    ) -> dict[str, dict[str, int]]:
        """Return when the records of a solution were published, if that is needed."""
        if not request.target.exclude_newer.is_stated:
            return {}
        names = self._repodata.channel_names(request)
        times: dict[str, dict[str, int]] = {}
        for record in solution:
            channel = names.get(base_url(public_name(record.url)), "")
            times.setdefault(channel, {})[record.name.normalized] = time_of(record)
        return times

    def _record(self, record: rattler.RepoDataRecord) -> CondaRecord:
        """Convert rattler's record to ours; targets share most of their packages."""
        value = self._records.get(record.url)
        if value is None:
            value = self._records[record.url] = _record(record)
        return value

    async def _conflict(self, request: SolveRequest, error: SolverError) -> Conflict:
        unknown = await self._suggestions(request)
        if unknown:
            missing = [
                requirement for requirement in request.requirements if requirement.name in unknown
            ]
            advice = virtual_advice(request, missing)
            advice = advice or await wheel_advice(self._repodata, request, request.requirements)
            advice = advice or await self._ways_out.related(request, request.requirements)
            advice = advice or await self._ways_out.elsewhere(request, missing)
            unknown = {name: near for name, near in unknown.items() if not name.startswith("__")}
            return Conflict(request, "", tuple(missing), unknown, advice=advice)
        involved = await self._repodata.clash(request, request.requirements)
        text = await self._repodata.explanation(request, involved)
        text = text or self._repodata.scrubbed(error)
        fix = await self._alternatives.promise_that_helps(request, involved)
        advice = () if len(involved) > 1 else virtual_advice(request, involved)
        advice = advice or await wheel_advice(self._repodata, request, involved)
        advice = advice or await self._ways_out.related(request, involved)
        advice = advice or await self._ways_out.of(request, involved)
        return Conflict(request, text, tuple(involved), {}, fix=fix, advice=advice)

    async def _suggestions(self, request: SolveRequest) -> dict[str, list[str]]:
        """Return similar names for each requirement whose package is in no channel."""
        names = await self._repodata.names(request)
        promised = {package.name for package in request.virtual_packages}
        missing = {requirement.name for requirement in request.requirements} - names - promised
        return {name: nearest(name, sorted(names), 3) for name in sorted(missing)}


def _is_for_another_platform(line: Requirement, request: SolveRequest) -> bool:
    """Return whether a line names another platform."""
    return spec_subdir(line.text) not in ("", "noarch", request.target.subdir)


def _misplaced(line: Requirement) -> str:
    subdir = spec_subdir(line.text)
    hint = "give the line a selector, or leave the platform out"
    return f"{line.name} is requested for {subdir}: {hint}"


def _of_wrong_platforms(
    request: SolveRequest, records: Sequence[CondaRecord]
) -> dict[Requirement, str]:
    """Return the lines that name a platform, or ``noarch``, but got a package of another one."""
    stated = {line: subdir for line in request.requirements if (subdir := spec_subdir(line.text))}
    solution = {record.name: record for record in records} if stated else {}
    hint = "add the build to the line"
    return {
        line: f"{line.name} {record.version} is for {record.subdir}, not {subdir}: {hint}"
        for line, subdir in stated.items()
        if (record := solution.get(line.name)) and record.subdir != subdir
    }


def _limit_arenas() -> None:
    """Limit the number of glibc's arenas, which keep the memory that a solve has freed.

    Otherwise each thread of rattler's pool gets its own arena, and memory that one solve has freed
    can't be used by another thread's: 48 targets took twice the memory of 6. On systems without
    glibc, nothing happens.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # musl has no mallopt
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


@contextmanager
def _readable(request: SolveRequest) -> Iterator[None]:
    """Report for which request channels could not be read."""
    try:
        yield
    except (GatewayError, FetchRepoDataError, InvalidChannelError, IoError) as error:
        raise _UnreadableError(request, str(error)) from None


def _record(record: rattler.RepoDataRecord) -> CondaRecord:
    return CondaRecord(
        name=record.name.normalized,
        version=str(record.version),
        build=str(record.build),
        url=public_name(record.url),
        md5=record.md5.hex() if record.md5 else None,
        sha256=record.sha256.hex() if record.sha256 else None,
        depends=tuple(record.depends),
        constrains=tuple(record.constrains),
        size=plausible(record.size),
    )
