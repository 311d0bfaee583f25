"""The conda engine: py-rattler.

Flow of :meth:`RattlerEngine.solve`, all targets at once on one Gateway, so that each channel's
repodata is fetched and parsed once:

1. a request's previous records are looked up in the channels by URL: a record that was taken out
   of its channel, or whose metadata was mended there, must not be kept as it was;
2. rattler solves, with those records preferred;
3. where there is no solution, the requirements are halved again and again (QuickXplain) to a
   smallest set that still clashes; rattler's explanation of that set is what the user reads.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import rattler
from rattler.exceptions import (
    FetchRepoDataError,
    GatewayError,
    InvalidChannelError,
    IoError,
    SolverError,
)
from rattler.networking.fetch_repo_data import CacheAction
from rattler.repo_data.gateway import ChannelRelationsMode

from conda_multiplat.channels import public_name
from conda_multiplat.config import Settings
from conda_multiplat.engines.access import Channels, cache_folder, client, run
from conda_multiplat.engines.conflict import smallest_clash
from conda_multiplat.engines.cuda_builds import cuda_spec, is_cuda, reason
from conda_multiplat.engines.memory import limit_arenas
from conda_multiplat.errors import OutsideError
from conda_multiplat.manifest import Requirement
from conda_multiplat.names import VirtualPackage, nearest
from conda_multiplat.outcomes import Conflict, CpuBuild, Outcome, Solution
from conda_multiplat.records import CondaRecord
from conda_multiplat.requests import SolveRequest

_PRIORITIES = {
    "strict": rattler.ChannelPriority.Strict,
    "flexible": rattler.ChannelPriority.Flexible,
    "disabled": rattler.ChannelPriority.Disabled,
}
#: CEP 42 lets a channel name others to look into. conda does not, and what a lock is made from
#: are the channels that it names.
_RELATIONS: ChannelRelationsMode = "disabled"

#: How rattler begins its explanations.
_PREAMBLE = "Cannot solve the request because of: "
_PROCESSORS = os.cpu_count() or 1
#: Solves at once: more than processors, since some wait for repodata; but each takes memory.
_SLOTS = _PROCESSORS + 3
_ARENAS = _PROCESSORS + 1
#: The beginning of the file that tells of a channel's shards (CEP 16).
_SHARDS = "repodata_shards"


class RattlerEngine:
    """Solves with rattler; implements :class:`conda_multiplat.outcomes.CondaEngine`."""

    def __init__(self, settings: Settings, base: Path) -> None:
        self._settings = settings
        self._channels = Channels(settings, base)
        self._runs: dict[frozenset[str], _Run] = {}

    def solve(
        self, requests: Sequence[SolveRequest], solved: Callable[[Solution], None]
    ) -> Sequence[Outcome]:
        """Solve all requests at once; see :class:`conda_multiplat.outcomes.CondaEngine`.

        Servers that know nothing of sharded repodata should answer 404 when asked for it, but some
        forbid what they do not know: such channels are asked again for plain repodata.
        """
        limit_arenas(_ARENAS)
        return self._solve(requests, solved, frozenset())

    def _solve(
        self,
        requests: Sequence[SolveRequest],
        solved: Callable[[Solution], None],
        plain: frozenset[str],
    ) -> Sequence[Outcome]:
        if plain not in self._runs:
            self._runs[plain] = _Run(self._settings, self._channels, plain)
        try:
            return run(self._runs[plain].all(requests, solved))
        except _UnreadableError as error:
            urls = {url for each in requests for url in self._channels.spec_channels(each)}
            refused = {url for url in urls - plain if self._refuses_shards(url, error.text)}
            if not refused:
                raise self._outside(error) from None
        return self._solve(requests, solved, plain | refused)

    def _refuses_shards(self, url: str, text: str) -> bool:
        asked = (url, self._channels.mirrors.get(url, url))
        return any(re.search(rf"{re.escape(each)}/[\w-]+/{_SHARDS}", text) for each in asked)

    def _outside(self, error: _UnreadableError) -> OutsideError:
        names = ", ".join(public_name(name) for name in error.request.channels)
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
    """One Gateway and what is asked of it.

    Args:
        settings: for the cache, the proxy and TLS.
        channels: the channels' URLs and credentials.
        plain: the URLs of the channels that can't be asked for sharded repodata.
    """

    def __init__(
        self,
        settings: Settings,
        channels: Channels,
        plain: Iterable[str],
    ) -> None:
        self._channels = channels
        action: CacheAction = "force-cache-only" if settings.offline else "cache-or-fetch"
        source = rattler.SourceConfig(cache_action=action)
        self._gateway = rattler.Gateway(
            cache_dir=cache_folder(settings) / "repodata",
            default_config=source,
            per_channel_config={url: replace(source, sharded_enabled=False) for url in plain},
            client=client(settings, channels),
        )
        self._records: dict[str, CondaRecord] = {}

    async def all(
        self, requests: Sequence[SolveRequest], solved: Callable[[Solution], None]
    ) -> list[Outcome]:
        """Every request's outcome, in order; ``solved`` hears of each solution."""
        self._slots = asyncio.Semaphore(_SLOTS)  # which belongs to one event loop
        return list(await asyncio.gather(*(self._outcome(each, solved) for each in requests)))

    async def _outcome(self, request: SolveRequest, solved: Callable[[Solution], None]) -> Outcome:
        try:
            locked = await self._in_channels(request)
            found = await self._solve(request, request.requirements, locked)
            records = tuple(self._record(each) for each in found)
            solution = Solution(request, records, await self._cpu_builds(request, found))
        except SolverError as error:
            return await self._conflict(request, error)
        except (GatewayError, FetchRepoDataError, InvalidChannelError, IoError) as error:
            raise _UnreadableError(request, str(error)) from None
        solved(solution)
        return solution

    async def _solve(
        self,
        request: SolveRequest,
        requirements: Sequence[Requirement],
        locked: Sequence[rattler.RepoDataRecord] = (),
    ) -> list[rattler.RepoDataRecord]:
        async with self._slots:
            return await rattler.solve(
                sources=self._sources(request),
                specs=self._specs(request, requirements),
                gateway=self._gateway,
                platforms=_platforms(request),
                locked_packages=locked,
                virtual_packages=[_generic(each) for each in request.virtual_packages],
                channel_priority=_PRIORITIES[request.channel_priority],
                channel_relations=_RELATIONS,
                constraints=[self._channels.spec(each) for each in request.constraints],
            )

    async def _cpu_builds(
        self, request: SolveRequest, found: Sequence[rattler.RepoDataRecord]
    ) -> tuple[CpuBuild, ...]:
        """The requested packages that are CPU builds where CUDA is promised.

        What only comes with a requested package follows its build, and is not looked at.
        """
        asked = {each.name for each in request.requirements}
        suspects = {
            each.name.normalized: each
            for each in found
            if each.name.normalized in asked and not is_cuda(each)
        }
        if not suspects or not any(each.name == "__cuda" for each in request.virtual_packages):
            return ()
        by_name: dict[str, list[rattler.RepoDataRecord]] = {}
        for each in filter(is_cuda, await self._known(request, suspects)):
            by_name.setdefault(each.name.normalized, []).append(each)
        python = next((each for each in found if each.name.normalized == "python"), None)
        return tuple(
            [
                await self._cpu_build(request, suspects[name], by_name[name], python)
                for name in sorted(by_name)
            ]
        )

    async def _cpu_build(
        self,
        request: SolveRequest,
        chosen: rattler.RepoDataRecord,
        cuda: Sequence[rattler.RepoDataRecord],
        python: rattler.RepoDataRecord | None,
    ) -> CpuBuild:
        """Why a package is a CPU build, and whether a CUDA build would do."""
        name, version = chosen.name.normalized, str(chosen.version)
        asked = next(each for each in request.requirements if each.name == name)
        spec, why = cuda_spec(asked.text, cuda), reason(chosen, cuda, python)
        if freed := await self._freed(request, chosen):
            return CpuBuild(name, version, asked.at, "an earlier lock had it", freed, "")
        if not spec:
            return CpuBuild(name, version, asked.at, why, "", "")
        forced = [*request.requirements, replace(asked, text=spec)]
        try:
            found = await self._solve(request, forced)
        except SolverError as error:
            text = str(error).removeprefix(_PREAMBLE)
            return CpuBuild(name, version, asked.at, why, "", spec, self._channels.scrub(text))
        instead = next(each for each in found if each.name.normalized == name)
        return CpuBuild(name, version, asked.at, why, str(instead.version), spec)

    async def _freed(self, request: SolveRequest, chosen: rattler.RepoDataRecord) -> str:
        """The version of the CUDA build that a fresh solve takes in place of a kept CPU build."""
        url = public_name(chosen.url)
        if not any(each.url == url for each in request.locked):
            return ""
        found = await self._solve(request, request.requirements)
        fresh = next((each for each in found if each.name == chosen.name), chosen)
        return str(fresh.version) if is_cuda(fresh) else ""

    def _specs(
        self, request: SolveRequest, requirements: Sequence[Requirement]
    ) -> list[rattler.MatchSpec]:
        """The requirements as rattler takes them.

        In a fixed order: rattler's choice among equals depends on it, and the order of a
        manifest's lines means nothing. Where the channels' priority is strict, each name is asked
        for by itself too: rattler looks at it only for a spec that the first channel can meet.
        """
        texts = sorted({each.text for each in requirements})
        strict = request.channel_priority == "strict"
        names = sorted({each.name for each in requirements}) if strict else []
        return [self._channels.spec(text) for text in (*texts, *names)]

    def _sources(self, request: SolveRequest) -> list[rattler.Channel]:
        return [rattler.Channel(url) for url in self._channels.spec_channels(request)]

    def _record(self, found: rattler.RepoDataRecord) -> CondaRecord:
        """What rattler found as our value; targets share most of their packages."""
        known = self._records.get(found.url)
        if known is None:
            known = self._records[found.url] = _record(found)
        return known

    async def _in_channels(self, request: SolveRequest) -> list[rattler.RepoDataRecord]:
        """The previous records that the channels still have, with the metadata of today."""
        if not request.locked:
            return []
        wanted = {each.url for each in request.locked}
        found = await self._known(request, [each.name for each in request.locked])
        return [each for each in found if public_name(each.url) in wanted]

    async def _known(
        self, request: SolveRequest, names: Iterable[str]
    ) -> list[rattler.RepoDataRecord]:
        """All that the channels have of some packages."""
        found = await self._gateway.query(
            self._sources(request),
            _platforms(request),
            list(names),
            recursive=False,
            channel_relations=_RELATIONS,
        )
        return [each for channel in found for each in channel]

    async def _conflict(self, request: SolveRequest, error: SolverError) -> Conflict:
        unknown = await self._suggestions(request)
        if unknown:
            involved = [each for each in request.requirements if each.name in unknown]
            return Conflict(request, "", tuple(involved), unknown)

        async def solvable(requirements: Sequence[Requirement]) -> bool:
            return await self._explanation(request, requirements) == ""

        involved = await smallest_clash(request.requirements, solvable)
        text = await self._explanation(request, involved) or str(error)
        return Conflict(request, self._channels.scrub(text), tuple(involved), {})

    async def _suggestions(self, request: SolveRequest) -> dict[str, list[str]]:
        """For each requirement that no channel has a package for: names like it."""
        known = await self._gateway.names(self._sources(request), _platforms(request))
        names = {each.normalized for each in known}
        promised = {each.name for each in request.virtual_packages}
        asked = {each.name for each in request.requirements}
        return {name: nearest(name, sorted(names), 3) for name in sorted(asked - names - promised)}

    async def _explanation(self, request: SolveRequest, involved: Sequence[Requirement]) -> str:
        """Why some requirements have no solution together; nothing where they have one."""
        try:
            await self._solve(request, involved)
        except SolverError as error:
            return str(error).removeprefix(_PREAMBLE)
        return ""


def _platforms(request: SolveRequest) -> list[rattler.Subdir]:
    return [rattler.Subdir(request.target.subdir), rattler.Subdir("noarch")]


def _generic(package: VirtualPackage) -> rattler.GenericVirtualPackage:
    return rattler.GenericVirtualPackage(
        rattler.PackageName(package.name),
        rattler.Version(package.version),
        rattler.BuildString(package.build),
    )


def _record(found: rattler.RepoDataRecord) -> CondaRecord:
    return CondaRecord(
        name=found.name.normalized,
        version=str(found.version),
        build=str(found.build),
        url=public_name(found.url),
        md5=found.md5.hex() if found.md5 else None,
        sha256=found.sha256.hex() if found.sha256 else None,
        depends=tuple(found.depends),
        constrains=tuple(found.constrains),
    )
