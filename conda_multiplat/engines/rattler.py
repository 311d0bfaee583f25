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
import json
import os
import re
import tempfile
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import rattler
from rattler.exceptions import (
    FetchRepoDataError,
    GatewayError,
    InvalidChannelError,
    InvalidMatchSpecError,
    IoError,
    SolverError,
)
from rattler.networking.fetch_repo_data import CacheAction
from rattler.repo_data.gateway import ChannelRelationsMode

from conda_multiplat.channels import (
    channel_urls,
    expand,
    public_name,
    scrub,
    secrets,
    without_login,
)
from conda_multiplat.config import Settings
from conda_multiplat.errors import OutsideError
from conda_multiplat.lock import CondaRecord
from conda_multiplat.manifest import Requirement
from conda_multiplat.names import VirtualPackage, nearest
from conda_multiplat.requests import SolveRequest
from conda_multiplat.solve import Conflict, Solution

_CHANNEL_SPEC = re.compile(r"^\s*([^\s\[\]]+?)::(.*)$")
_STAR_AFTER_RELATION = re.compile(r"([<>]=?\s*[^\s,|\]'\"]+?)\.\*")
_PRIORITIES = {
    "strict": rattler.ChannelPriority.Strict,
    "flexible": rattler.ChannelPriority.Flexible,
    "disabled": rattler.ChannelPriority.Disabled,
}
#: CEP 42 lets a channel name others to look into. conda does not, and what a lock is made from
#: are the channels that it names.
_RELATIONS: ChannelRelationsMode = "disabled"
#: A conflict is minimised by solving parts of it; past this many the parts found so far are shown.
_EXPLAIN_SOLVES = 60

#: Seconds; see :func:`run`.
_LAST_STEPS = 0.01

T = TypeVar("T")


def check_spec(spec: str) -> str | None:
    """What is wrong with a MatchSpec as conda reads it; ``None`` if nothing is."""
    try:
        rattler.MatchSpec(spec, strict=False)
    except InvalidMatchSpecError as error:
        return str(error)
    return None


def spec_matches(spec: str, package: VirtualPackage) -> bool:
    """Whether a MatchSpec holds for a virtual package."""
    record = rattler.PackageRecord(
        package.name, package.version, rattler.BuildString(package.build), 0, "noarch"
    )
    return rattler.MatchSpec(spec, strict=False).matches(record)


def detect_virtual_packages() -> tuple[VirtualPackage, ...]:
    """The virtual packages of this machine, ``CONDA_OVERRIDE_*`` taken into account (CEP 30)."""
    overrides = rattler.VirtualPackageOverrides.from_env()
    found = [each.into_generic() for each in rattler.VirtualPackage.detect(overrides)]
    return tuple(
        sorted(
            VirtualPackage(each.name.normalized, str(each.version), str(each.build_string))
            for each in found
        )
    )


def this_subdir() -> str:
    """The platform of this machine."""
    return str(rattler.Subdir.current())


def cache_folder(settings: Settings) -> Path:
    """Where we keep what we fetch: in conda's first package cache that can be written."""
    for folder in settings.pkgs_dirs:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "multiplat").mkdir(exist_ok=True)
        except OSError:
            continue
        return folder / "multiplat"
    tried = ", ".join(map(str, settings.pkgs_dirs))
    raise OutsideError(f"no package cache can be written: {tried}", hints=["set pkgs_dirs"])


class Channels:
    """Channel names as this run resolves them, and the credentials that go with them."""

    def __init__(self, settings: Settings, base: Path) -> None:
        self._settings = settings
        self._base = base
        self._credentialed: dict[str, str] = {}

    def urls(self, name: str) -> list[str]:
        """The public base URLs of a channel."""
        found = channel_urls(expand(name, os.environ), self._settings.channel_config, self._base)
        self._credentialed |= {public_name(url): url for url in found if public_name(url) != url}
        return [public_name(url) for url in found]

    @property
    def mirrors(self) -> dict[str, str]:
        """Public URL -> the URL to fetch it from, where that has a token."""
        fetched = {public: without_login(url) for public, url in self._credentialed.items()}
        return {public: url for public, url in fetched.items() if url != public}

    @property
    def logins(self) -> dict[str, dict[str, dict[str, str]]]:
        """Host -> user and password, as rattler's file of credentials has them."""
        found: dict[str, dict[str, dict[str, str]]] = {}
        for url in self._credentialed.values():
            parts = urlsplit(url)
            if parts.username is not None and parts.hostname:
                login = {
                    "username": unquote(parts.username),
                    "password": unquote(parts.password or ""),
                }
                found[parts.hostname] = {"BasicHTTP": login}
        return found

    def scrub(self, text: str) -> str:
        """``text`` without the credentials of any channel."""
        return scrub(text, secrets(self._credentialed.values()))

    def spec(self, text: str) -> rattler.MatchSpec:
        """A MatchSpec, the channel of ``channel::name`` replaced by its URL."""
        if match := _CHANNEL_SPEC.match(text):
            text = f"{self.urls(match.group(1))[0]}::{match.group(2).strip()}"
        # conda takes `>1.2.*` for `>1.2`; rattler takes the star at its word.
        return rattler.MatchSpec(_STAR_AFTER_RELATION.sub(r"\1", text), strict=False)

    def spec_channels(self, request: SolveRequest) -> list[str]:
        """The URLs of a request's channels; those that only a spec names come last, as in conda."""
        named = [url for name in request.channels for url in self.urls(name)]
        for each in request.requirements:
            if match := _CHANNEL_SPEC.match(each.text):
                named += self.urls(match.group(1))
        return list(dict.fromkeys(named))


def client(settings: Settings, channels: Channels) -> rattler.Client:
    """Rattler's HTTP client with conda's proxy and TLS settings and the channels' credentials.

    Tokens are a part of the path, so that a mirror with the token stands in for the public URL.
    Logins go by host, through rattler's file of credentials, which it reads at once.
    """
    lines = [f"tls-no-verify = {'true' if settings.ssl_verify is False else 'false'}"]
    with tempfile.TemporaryDirectory(prefix="conda-multiplat-") as folder:
        if channels.logins:
            file = Path(folder) / "credentials.json"
            file.touch(mode=0o600)
            file.write_text(json.dumps(channels.logins), encoding="utf-8")
            lines.append(f"authentication-override-file = {_quote(str(file))}")
        # conda also knows proxies for one host, which rattler does not.
        proxies = [each for each in settings.proxy_servers.items() if each[0] in ("http", "https")]
        if proxies:
            lines += ["[proxy-config]", *(f"{key} = {_quote(url)}" for key, url in proxies)]
        if channels.mirrors:
            mirrors = channels.mirrors.items()
            lines += ["[mirrors]", *(f"{_quote(url)} = [{_quote(to)}]" for url, to in mirrors)]
        return rattler.Client.from_config(rattler.Config.from_toml("\n".join(lines)))


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run rattler's coroutines to their end, its threads' last steps in Python included.

    The thread that hands us a result still holds the interpreter for an instant after we have
    it. A process that ends in that instant crashes (3 of 100 runs that failed early, none of 400
    with the pause), after its work is done but with the wrong exit code.
    """
    try:
        return asyncio.run(coroutine)
    finally:
        time.sleep(_LAST_STEPS)


class RattlerEngine:
    """Solves with rattler; implements :class:`conda_multiplat.solve.CondaEngine`."""

    def __init__(self, settings: Settings, base: Path) -> None:
        self._settings = settings
        self._channels = Channels(settings, base)

    def solve(self, requests: Sequence[SolveRequest]) -> Sequence[Solution | Conflict]:
        """Solve all requests at once; see :class:`conda_multiplat.solve.CondaEngine`."""
        sources = {url for each in requests for url in self._channels.spec_channels(each)}
        run_ = _Run(self._settings, self._channels, sources)
        return run(run_.all(requests))


class _Run:
    """One Gateway and what is asked of it."""

    def __init__(self, settings: Settings, channels: Channels, sources: set[str]) -> None:
        self._channels = channels
        action: CacheAction = "force-cache-only" if settings.offline else "cache-or-fetch"
        self._gateway = rattler.Gateway(
            cache_dir=cache_folder(settings) / "repodata",
            default_config=rattler.SourceConfig(cache_action=action),
            client=client(settings, channels),
        )
        self._solves_left = _EXPLAIN_SOLVES

    async def all(self, requests: Sequence[SolveRequest]) -> list[Solution | Conflict]:
        """Every request's outcome, in order."""
        return list(await asyncio.gather(*(self._outcome(each) for each in requests)))

    async def _outcome(self, request: SolveRequest) -> Solution | Conflict:
        try:
            locked = await self._in_channels(request)
            found = await self._solve(request, request.requirements, locked)
            return Solution(request, tuple(_record(each) for each in found))
        except SolverError as error:
            return await self._conflict(request, error)
        except (GatewayError, FetchRepoDataError, InvalidChannelError, IoError) as error:
            raise self._outside(request, error) from None

    async def _solve(
        self,
        request: SolveRequest,
        requirements: Sequence[Requirement],
        locked: Sequence[rattler.RepoDataRecord] = (),
    ) -> list[rattler.RepoDataRecord]:
        return await rattler.solve(
            sources=self._sources(request),
            specs=[self._channels.spec(each.text) for each in requirements],
            gateway=self._gateway,
            platforms=[rattler.Subdir(request.target.subdir), rattler.Subdir("noarch")],
            locked_packages=locked,
            virtual_packages=[_generic(each) for each in request.virtual_packages],
            channel_priority=_PRIORITIES[request.channel_priority],
            channel_relations=_RELATIONS,
        )

    def _sources(self, request: SolveRequest) -> list[rattler.Channel]:
        return [rattler.Channel(url) for url in self._channels.spec_channels(request)]

    async def _in_channels(self, request: SolveRequest) -> list[rattler.RepoDataRecord]:
        """The previous records that the channels still have, with the metadata of today."""
        if not request.locked:
            return []
        wanted = {each.url for each in request.locked}
        found = await self._gateway.query(
            self._sources(request),
            [rattler.Subdir(request.target.subdir), rattler.Subdir("noarch")],
            [each.name for each in request.locked],
            recursive=False,
            channel_relations=_RELATIONS,
        )
        return [each for channel in found for each in channel if public_name(each.url) in wanted]

    # -- where there is no solution

    async def _conflict(self, request: SolveRequest, error: SolverError) -> Conflict:
        unknown = await self._suggestions(request)
        if unknown:
            involved = [each for each in request.requirements if each.name in unknown]
            return Conflict(request, "", tuple(involved), unknown)
        involved = await self._smallest(request, [], list(request.requirements), tested=False)
        text = await self._explanation(request, involved) or str(error)
        return Conflict(request, self._channels.scrub(text), tuple(involved), {})

    async def _suggestions(self, request: SolveRequest) -> dict[str, list[str]]:
        """For each requirement that no channel has a package for: names like it."""
        platforms = [rattler.Subdir(request.target.subdir), rattler.Subdir("noarch")]
        known = await self._gateway.names(self._sources(request), platforms)
        names = {each.normalized for each in known}
        promised = {each.name for each in request.virtual_packages}
        asked = {each.name for each in request.requirements}
        return {name: nearest(name, sorted(names), 3) for name in sorted(asked - names - promised)}

    async def _smallest(
        self,
        request: SolveRequest,
        kept: list[Requirement],
        asked: list[Requirement],
        *,
        tested: bool,
    ) -> list[Requirement]:
        """QuickXplain: a smallest part of ``asked`` that clashes together with ``kept``.

        1. If ``kept`` alone clashes, nothing of ``asked`` is needed (tested only after ``kept``
           grew, else the answer is known).
        2. One requirement left over must be it.
        3. Else the second half's part is looked for with the first half kept, then the first
           half's with that part kept.
        """
        if tested and kept and not await self._solvable(request, kept):
            return []
        if len(asked) == 1:
            return asked
        half = len(asked) // 2
        first, second = asked[:half], asked[half:]
        of_second = await self._smallest(request, kept + first, second, tested=bool(first))
        of_first = await self._smallest(request, kept + of_second, first, tested=bool(of_second))
        return of_first + of_second

    async def _solvable(self, request: SolveRequest, requirements: Sequence[Requirement]) -> bool:
        self._solves_left -= 1
        if self._solves_left < 0:
            return True
        try:
            await self._solve(request, requirements)
        except SolverError:
            return False
        return True

    async def _explanation(self, request: SolveRequest, involved: Sequence[Requirement]) -> str:
        try:
            await self._solve(request, involved)
        except SolverError as error:
            return str(error)
        return ""

    def _outside(self, request: SolveRequest, error: Exception) -> OutsideError:
        names = ", ".join(public_name(name) for name in request.channels)
        return OutsideError(
            f"the channels of {request.target} can't be read ({names})",
            details=[self._channels.scrub(str(error))],
            hints=["nothing was written; check the channel's name, the network and the proxy"],
        )


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


def with_locked(request: SolveRequest, locked: Sequence[CondaRecord]) -> SolveRequest:
    """``request`` with other previous records."""
    return replace(request, locked=tuple(locked))


def is_newer(version: str, other: str) -> bool:
    """Whether a version comes after another in conda's order."""
    return rattler.Version(version) > rattler.Version(other)
