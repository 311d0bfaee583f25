"""Read channels with rattler: one Gateway for all requests of a run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import rattler
from rattler.exceptions import SolverError
from rattler.networking.fetch_repo_data import CacheAction
from rattler.repo_data.gateway import ChannelRelationsMode

from conda_multiplat.engines.conda.access import Channels, client, repodata_folder
from conda_multiplat.engines.conda.exclude_newer import (
    DatedSource,
    arguments,
    by_rattler_alone,
    time_of,
)
from conda_multiplat.engines.conda.explain.smallest_clash import smallest_clash
from conda_multiplat.engines.conda.rattler_versions import Subdir, build_string, in_our_words
from conda_multiplat.engines.conda.related_channels import all_declared, declared
from conda_multiplat.engines.conda.wheel_records import (
    PlainWheels,
    Wheel,
    WithoutWheels,
    channels_of_wheels,
    is_wheel,
    wheels,
    without_wheels,
)
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.related_channels import Relation
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.channels import base_url, public_name
from conda_multiplat.vocabulary.match_spec import is_package_name, parse_spec
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.records import CondaRecord

_PRIORITIES = {
    "strict": rattler.ChannelPriority.Strict,
    "flexible": rattler.ChannelPriority.Flexible,
    "disabled": rattler.ChannelPriority.Disabled,
}
#: CEP 42 lets a channel declare others. A lock is made from the channels that the manifest names
#: and no others; if there is no solution, the declared ones are searched for a way out.
_RELATIONS: ChannelRelationsMode = "disabled"
_RELATED: ChannelRelationsMode = "strict"
#: The beginning of rattler's explanations.
_PREAMBLE = "Cannot solve the request because of: "
#: Number of parallel solves: more than processors, since some wait for repodata; each needs memory.
_SLOTS = (os.cpu_count() or 1) + 3


class Repodata:
    """One Gateway, so that each channel's repodata is downloaded and parsed once.

    Args:
        settings: for the cache, the proxy and TLS.
        channels: the channels' URLs and credentials.
        plain: the URLs of the channels that can't be asked for sharded repodata.
    """

    def __init__(self, settings: Settings, channels: Channels, plain: Iterable[str]) -> None:
        self._channels = channels
        action: CacheAction = "force-cache-only" if settings.offline else "cache-or-fetch"
        source = rattler.SourceConfig(cache_action=action)
        cache = repodata_folder(settings)
        self._plain_wheels = PlainWheels(cache)
        self._with_wheels: set[str] = set()  # channels for which the Gateway finds wheels
        self._names: dict[tuple[object, ...], dict[str, str]] = {}
        self._gateway = rattler.Gateway(
            cache_dir=cache,
            default_config=source,
            per_channel_config={url: replace(source, sharded_enabled=False) for url in plain},
            client=client(settings, channels),
        )

    def begin(self) -> None:
        """Prepare for an event loop; call it in each one first."""
        self._slots = asyncio.Semaphore(_SLOTS)

    async def solve(
        self,
        request: SolveRequest,
        requirements: Sequence[Requirement],
        locked: Sequence[rattler.RepoDataRecord] = (),
        *,
        related: bool = False,
    ) -> list[rattler.RepoDataRecord]:
        """Return the records that satisfy ``requirements`` within ``request``.

        With ``related``, channels that the request's channels declare are used too (CEP 42).

        Raises:
            SolverError: there is no solution.
        """
        async with self._slots:
            dated = not by_rattler_alone(request.cutoffs.conda)
            while True:
                avoided = set(self._with_wheels)  # others can add to it meanwhile
                records = await self._solve(
                    request, requirements, locked, related=related, dated=dated
                )
                with_wheels = channels_of_wheels(records)
                # A time of 0 is none to conda and to us; to rattler it is 1970.
                wrong = not dated and any(map(self.too_new(request), records))
                if with_wheels <= avoided and not wrong:
                    return records
                self._with_wheels |= with_wheels
                dated = dated or wrong

    async def _solve(
        self,
        request: SolveRequest,
        requirements: Sequence[Requirement],
        locked: Sequence[rattler.RepoDataRecord],
        *,
        related: bool,
        dated: bool,
    ) -> list[rattler.RepoDataRecord]:
        urls = self.channel_urls(request)
        return await rattler.solve(
            sources=[await self._source(url, request, dated=dated) for url in urls],
            specs=self._specs(request, requirements),
            gateway=self._gateway,
            platforms=_platforms(request),
            locked_packages=locked,
            virtual_packages=[_generic(package) for package in request.virtual_packages],
            channel_priority=_PRIORITIES[request.channel_priority],
            channel_relations=_RELATED if related else _RELATIONS,
            constraints=[self._channels.spec(constraint) for constraint in request.constraints],
            **arguments(request.cutoffs.conda, dated=dated),
        )

    async def explanation(self, request: SolveRequest, involved: Sequence[Requirement]) -> str:
        """Return the solver's explanation of why requirements clash; ``""`` if they don't."""
        try:
            await self.solve(request, involved)
        except SolverError as error:
            return self.scrubbed(error)
        return ""

    async def clash(
        self, request: SolveRequest, requirements: Sequence[Requirement]
    ) -> list[Requirement]:
        """Return a smallest subset of the requirements that still clashes."""

        async def solvable(subset: Sequence[Requirement]) -> bool:
            return await self.explanation(request, subset) == ""

        return await smallest_clash(requirements, solvable)

    async def known(
        self, request: SolveRequest, names: Iterable[str], *, unseen: bool = False
    ) -> list[rattler.RepoDataRecord]:
        """Return all records of packages in the channels; with ``unseen``, also those too new."""
        by_channel = await self._gateway.query(
            self._sources(request),
            _platforms(request),
            list(names),
            recursive=False,
            channel_relations=_RELATIONS,
        )
        records = [record for channel in by_channel for record in channel if not is_wheel(record)]
        if unseen or not request.cutoffs.conda.can_exclude:
            return records
        too_new = self.too_new(request)
        return [record for record in records if not too_new(record)]

    def too_new(self, request: SolveRequest) -> Callable[[rattler.RepoDataRecord], bool]:
        """Return a function that tells whether a record is excluded as too new."""
        cuts = request.cutoffs.conda
        if not cuts.can_exclude:
            return lambda _: False
        named = self.channel_names(request)

        def is_too_new(record: rattler.RepoDataRecord) -> bool:
            channel = named.get(base_url(public_name(record.url)), "")
            return cuts.excludes(record.name.normalized, channel, time_of(record))

        return is_too_new

    def cut(self, request: SolveRequest, record: rattler.RepoDataRecord) -> int | None:
        """Return the instant after which a record is too new."""
        channel = self.channel_names(request).get(base_url(public_name(record.url)), "")
        return request.cutoffs.conda.of(record.name.normalized, channel)

    def channel_names(self, request: SolveRequest) -> dict[str, str]:
        """Return the channels of a request and its MatchSpecs: URL -> name in the manifest."""
        texts = tuple(line.text for line in request.requirements)
        key = (request.target.subdir, request.channels, texts)
        if key not in self._names:  # called for each channel, and for each record that is too new
            self._names[key] = self._named(request)
        return self._names[key]

    def _named(self, request: SolveRequest) -> dict[str, str]:
        names: dict[str, str] = {}
        for name, urls in self._channels.named_urls(request):
            for url in urls:
                names.setdefault(url.rstrip("/"), public_name(name).rstrip("/"))
        return names

    async def wheels(self, request: SolveRequest, names: Sequence[str]) -> list[Wheel]:
        """Return the wheels of some packages in the channels, which can't be locked."""
        scope = self.channel_urls(request), _platforms(request)
        return await wheels(self._gateway, self._plain_wheels, *scope, names)

    async def declared(self, request: SolveRequest, *, deep: bool = False) -> list[Relation]:
        """Return channels that the request's channels declare (CEP 42) and the request lacks.

        With ``deep``, also those that the declared channels declare.
        """
        find = all_declared if deep else declared
        relations = await find(self._gateway, self.channel_urls(request), _platforms(request))
        subdir = request.target.subdir
        ordered = {url for name in request.channels for url in self._channels.urls(name, subdir)}
        return [
            relation
            for relation in relations
            if not relation.named or {relation.url, relation.channel} <= ordered
        ]

    async def kept(
        self, request: SolveRequest, records: Sequence[CondaRecord]
    ) -> list[rattler.RepoDataRecord]:
        """Return the records that the channels still have, with their current metadata."""
        names = [record.name for record in records if is_package_name(record.name)]
        if not names:  # an edited lock can have only invalid names
            return []
        urls = {record.url for record in records}
        current = await self.known(request, names)
        kept = [record for record in current if public_name(record.url) in urls]
        return [record for record in kept if self._is_of_asked_channel(request, record)]

    def _is_of_asked_channel(self, request: SolveRequest, record: rattler.RepoDataRecord) -> bool:
        """Return whether a record comes from the channel that lines name for its package.

        rattler checks this for records in channels, but not for preferred ones.
        """
        lines = (line for line in request.requirements if line.name == record.name.normalized)
        names = {
            parse_spec(line.text).channel for line in lines if "::" in line.text or "[" in line.text
        }
        base = public_name(record.url).rsplit("/", 2)[0]
        return all(base in self._bases(name, request.target.subdir) for name in names - {""})

    async def names(self, request: SolveRequest) -> set[str]:
        """Return the names of all packages in the channels."""
        package_names = await self._gateway.names(self._sources(request), _platforms(request))
        return {name.normalized for name in package_names}

    def spec(self, text: str) -> rattler.MatchSpec:
        """Return a manifest's MatchSpec as rattler expects it."""
        return self._channels.spec(text)

    def channel(self, request: SolveRequest, record: rattler.RepoDataRecord) -> str:
        """Return a record's channel as the request names it; ``""`` for any other channel."""
        base = public_name(record.url).rsplit("/", 2)[0]
        subdir = request.target.subdir
        return next((name for name in request.channels if base in self._bases(name, subdir)), "")

    @property
    def restricted(self) -> bool:
        """Return whether only some channels are allowed, so that none may lead to others."""
        return self._channels.restricted

    def channel_urls(self, request: SolveRequest) -> list[str]:
        """Return the URLs of a request's channels."""
        return self._channels.spec_channels(request)

    def _bases(self, channel: str, subdir: str) -> list[str]:
        return [url.rstrip("/") for url in self._channels.urls(channel, subdir)]

    def scrubbed(self, error: SolverError) -> str:
        """Return the solver's message without credentials."""
        return in_our_words(self._channels.scrub(str(error).removeprefix(_PREAMBLE)))

    def _specs(
        self, request: SolveRequest, requirements: Sequence[Requirement]
    ) -> list[rattler.MatchSpec]:
        """Return the requirements as rattler expects them.

        They are sorted: rattler's choice among equal candidates depends on the order, but the order
        of a manifest's lines has no meaning. With strict channel priority, each name is added on
        its own too: rattler applies the priority only to specs that the first channel can satisfy.
        """
        texts = sorted({requirement.text for requirement in requirements})
        strict = request.channel_priority == "strict"
        # A name with a condition is requested only if that holds, and not on its own.
        plain = [requirement for requirement in requirements if "when" not in requirement.text]
        names = sorted({requirement.name for requirement in plain}) if strict else []
        return [self._channels.spec(text) for text in (*texts, *names)]

    def _sources(self, request: SolveRequest) -> list[rattler.Channel]:
        return [rattler.Channel(url) for url in self._channels.spec_channels(request)]

    async def _source(
        self, url: str, request: SolveRequest, *, dated: bool
    ) -> rattler.Channel | WithoutWheels | DatedSource:
        channel = rattler.Channel(url)
        if dated:
            name = self.channel_names(request).get(url.rstrip("/"), "")
            source = WithoutWheels(self._gateway, channel, {})
            return DatedSource(source, name, request.cutoffs.conda)
        if url not in self._with_wheels:
            return channel
        return await without_wheels(self._gateway, channel, _platforms(request))


def _platforms(request: SolveRequest) -> list[rattler.Subdir]:
    return [Subdir(request.target.subdir), Subdir("noarch")]


def _generic(package: VirtualPackage) -> rattler.GenericVirtualPackage:
    return rattler.GenericVirtualPackage(
        rattler.PackageName(package.name),
        rattler.Version(package.version),
        build_string(package.build),
    )
