"""Hints for a conflict: which versions and builds exist, and where."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cmp_to_key

import rattler
from rattler.exceptions import FetchRepoDataError, GatewayError, IoError, SolverError

from conda_multiplat.engines.conda.explain.smallest_clash import smallest_clash
from conda_multiplat.engines.conda.repodata import Repodata
from conda_multiplat.engines.conda.specs import is_newer, record_matches
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.alternatives import too_new_reason
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.channels import base_url, public_name
from conda_multiplat.vocabulary.exclude_newer import Cutoffs
from conda_multiplat.vocabulary.match_spec import MatchSpec, parse_spec
from conda_multiplat.vocabulary.names import unique
from conda_multiplat.vocabulary.records import CondaRecord

Records = Sequence[CondaRecord]

_VERSION = re.compile(r"[0-9][0-9A-Za-z_!+]*(?:\.[0-9A-Za-z_!+]+)*")
#: The number of versions or builds to name.
_NAMED = 4
#: Platforms that are likely to have a build, to be searched besides the run's own.
_USUAL = ("linux-64", "osx-arm64", "win-64", "osx-64", "linux-aarch64")


class WaysOut:
    """Finds alternatives to lines that have no solution.

    Args:
        repodata: the channels.
        subdirs: the platforms of the run, whose repodata has been fetched.
    """

    def __init__(self, repodata: Repodata, subdirs: Collection[str]) -> None:
        self._repodata = repodata
        self._subdirs = subdirs

    async def elsewhere(
        self, request: SolveRequest, missing: Sequence[Requirement]
    ) -> tuple[str, ...]:
        """Return the other platforms of the run that have packages which this one lacks."""
        lines = []
        for line in missing:
            others = await self._platforms_of(request, MatchSpec(line.name, "", {}), self._subdirs)
            lines += [f"{line.name} is available for {', '.join(others)}"] if others else []
        return tuple(lines)

    async def related(
        self, request: SolveRequest, involved: Sequence[Requirement]
    ) -> tuple[str, ...]:
        """Return channels declared by the request's channels (CEP 42) that have what is missing.

        A base comes before the channel that extends it, and an overridden channel after the label.
        """
        relations = {
            relation.url: relation for relation in await self._repodata.declared(request, deep=True)
        }
        if self._repodata.restricted or not relations:
            return ()
        try:
            solution = await self._repodata.solve(request, involved, related=True)
        except (SolverError, GatewayError, FetchRepoDataError, IoError):
            return ()
        names: dict[str, list[str]] = {}
        for record in solution:
            url = base_url(public_name(record.url))
            if url in relations:
                names.setdefault(url, []).append(record.name.normalized)
        return tuple(
            f"{url}, {relations[url].words} (CEP 42), has {_few(sorted(packages))}: "
            f"name it under `channels:`, {relations[url].place}"
            for url, packages in sorted(names.items())
        )

    async def of(self, request: SolveRequest, involved: Sequence[Requirement]) -> tuple[str, ...]:
        """Return alternatives to lines, and packages hidden by channel priority."""
        if newer := await self._too_new(request, involved):
            return newer
        lines: list[str] = []
        for line in involved:
            available = await self._known(request, line.name)
            if available and not any(record_matches(line.text, record) for record in available):
                lines += await self._instead(request, line, available)
        if not lines:
            lines += await self._behind_priority(request, involved)
        return tuple(dict.fromkeys(lines))

    async def _too_new(
        self, request: SolveRequest, involved: Sequence[Requirement]
    ) -> tuple[str, ...]:
        """Return what to exempt from ``exclude-newer``; empty if that does not help.

        The smallest set that helps: everything else stays excluded.
        """
        if not request.cutoffs.conda.can_exclude:
            return ()
        try:
            solution = await self._repodata.solve(request._replace(cutoffs=Cutoffs()), involved)
        except SolverError:
            return ()
        too_new = self._repodata.too_new(request)
        newer = {record.name.normalized: record for record in solution if too_new(record)}

        async def hidden(names: Sequence[str]) -> bool:
            cutoffs = request.cutoffs.letting_through(names)
            return bool(
                await self._repodata.explanation(request._replace(cutoffs=cutoffs), involved)
            )

        names = await smallest_clash(sorted(newer), hidden) if newer else []
        return tuple(
            too_new_reason(
                name, str(newer[name].version), self._repodata.cut(request, newer[name]) or 0
            )
            for name in names
        )

    async def _instead(self, request: SolveRequest, line: Requirement, known: Records) -> list[str]:
        """Return what a package has instead, if nothing matches the request."""
        spec = parse_spec(line.text)
        build = spec.fields.get("build", "")
        version = MatchSpec(spec.name, "", _only(spec, "version")).text()
        of_version = [record for record in known if record_matches(version, record)]
        if build and of_version:
            newest = _by_version(of_version)[-1].version
            builds = unique(record.build for record in of_version if record.version == newest)
            lines = [f"the builds of {spec.name} {newest} are {_few(builds)}"]
        elif not of_version:
            lines = [_nearest(spec, known)]
        else:  # a channel, a hash or a build number
            lines = []
        places = (*self._subdirs, *(_USUAL if build and "*" not in build else ()))
        others = await self._platforms_of(request, spec, places)
        if not others:
            return lines
        names = ", ".join(others)
        exact = build and of_version
        subject = "that build" if exact else f"`{line.text}`"
        return [*lines, f"{subject} exists for {names}"]

    async def _platforms_of(
        self, request: SolveRequest, spec: MatchSpec, subdirs: Collection[str]
    ) -> list[str]:
        """Return the other platforms with a match for a spec."""
        fitting = []
        for subdir in sorted(set(subdirs) - {request.target.subdir}):
            elsewhere = request._replace(target=request.target._replace(subdir=subdir))
            available = await self._known(elsewhere, spec.name)
            text = spec.text(spec.channel)
            if any(
                record.subdir == subdir and record_matches(text, record) for record in available
            ):
                fitting.append(subdir)
        return fitting

    async def _known(self, request: SolveRequest, name: str) -> Records:
        try:
            return [_record(record) for record in await self._repodata.known(request, [name])]
        except (GatewayError, FetchRepoDataError, IoError):
            return []

    async def _behind_priority(
        self, request: SolveRequest, involved: Sequence[Requirement]
    ) -> list[str]:
        """Return the channels that have what strict priority hides."""
        _, *others = request.channels
        if request.channel_priority != "strict" or not others:
            return []
        flexible = request._replace(channel_priority="flexible")
        try:
            solution = await self._repodata.solve(flexible, involved)
        except SolverError:
            return []
        lines = await self._hidden(request, involved, solution)
        setting = "or lock with --channel-priority flexible (`channel_priority` in .condarc)"
        return [*lines, setting] if lines else []

    async def _hidden(
        self,
        request: SolveRequest,
        involved: Sequence[Requirement],
        solution: Sequence[rattler.RepoDataRecord],
    ) -> list[str]:
        """Return a solution's packages that are in a later channel than another of their name."""
        lines_by_name = {line.name: line for line in involved}
        first = await self._first_channels(request, [record.name.normalized for record in solution])
        lines = []
        for record in solution:
            name, channel = record.name.normalized, self._repodata.channel(request, record)
            if channel and first[name] != channel:
                line = lines_by_name.get(name)
                where = f"in place of `{line.text}`" if line else "as a line of its own"
                spec = line.text.rpartition("::")[2] if line else name
                lines.append(
                    f"{name} {record.version} is in {public_name(channel)}, hidden by strict "
                    f"channel priority behind {public_name(first[name])}: "
                    f"write `{public_name(channel)}::{spec}` {where}"
                )
        return sorted(lines, key=lambda line: line.partition(" ")[0] not in lines_by_name)[:_NAMED]

    async def _first_channels(self, request: SolveRequest, names: Sequence[str]) -> dict[str, str]:
        """Return the first of a request's channels that has each package."""
        having: dict[str, set[str]] = {}
        for record in await self._repodata.known(request, names):
            channel = self._repodata.channel(request, record)
            having.setdefault(record.name.normalized, set()).add(channel)
        return {
            name: next((channel for channel in request.channels if channel in channels), "")
            for name, channels in having.items()
        }


def _record(record: rattler.RepoDataRecord) -> CondaRecord:
    return CondaRecord(record.name.normalized, str(record.version), str(record.build), record.url)


def _only(spec: MatchSpec, key: str) -> dict[str, str]:
    return {key: spec.fields[key]} if key in spec.fields else {}


def _by_version(records: Records) -> list[CondaRecord]:
    def compared(one: CondaRecord, other: CondaRecord) -> int:
        return is_newer(one.version, other.version) - is_newer(other.version, one.version)

    return sorted(records, key=cmp_to_key(compared))


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _nearest(spec: MatchSpec, known: Records) -> str:
    """Return the versions around the one that a spec names, and the newest; all if they are few."""
    versions = unique(record.version for record in _by_version(known))
    stated = _VERSION.search(spec.fields.get("version", ""))
    if len(versions) <= _NAMED or not stated:
        return f"the versions of {spec.name} are {_few(versions[::-1])}"
    at = sum(not is_newer(version, stated[0]) for version in versions)
    near = versions[max(0, at - 2) : at + 2]
    newest = "" if versions[-1] in near else f"; the newest is {versions[-1]}"
    return f"the nearest versions of {spec.name} are {', '.join(near)}{newest}"
