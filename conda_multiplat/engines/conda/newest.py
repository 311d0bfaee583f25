"""Find the newest version of each package of a solution, and what rules it out.

Nothing is solved here. A newest version is checked, in this order, against

1. the priority of channels;
2. the manifest's lines;
3. ``exclude-newer``, if it is set;
4. the ``depends`` and ``constrains`` of the other packages of the solution;
5. what its own builds need of those packages and of the machine.

If none of these excludes it, only a solve can tell more (``what_if``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

import rattler
from rattler.exceptions import InvalidMatchSpecError

from conda_multiplat.engines.conda.repodata import Repodata
from conda_multiplat.engines.conda.specs import spec_matches
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving import newest_versions as phrases
from conda_multiplat.solving.newest_versions import NewestVersion, SolvedRequest
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.names import VirtualPackage, spec_name
from conda_multiplat.vocabulary.records import CondaRecord

#: Packages that tie a build to one Python.
_PYTHON = ("python", "python_abi")
#: Packages that tie a build to one system.
_SYSTEMS = {"__linux", "__osx", "__unix", "__win"}

Builds = Sequence[rattler.RepoDataRecord]


async def newest_versions(repodata: Repodata, solved: SolvedRequest) -> dict[str, NewestVersion]:
    """Return the newest version that the channels have of each package of a solution.

    Raises:
        GatewayError: a channel can't be read.
    """
    request, records = solved
    names = [record.name for record in records]
    builds: dict[str, list[rattler.RepoDataRecord]] = defaultdict(list)
    for build in await repodata.known(request, names, unseen=True) if names else ():
        builds[build.name.normalized].append(build)
    others = _Others(solved)
    return {
        record.name: _newest(repodata, request, record, builds[record.name], others)
        for record in records
    }


def _newest(
    repodata: Repodata,
    request: SolveRequest,
    record: CondaRecord,
    builds: Builds,
    others: _Others,
) -> NewestVersion:
    builds = [build for build in builds if others.of_this_system(build)]
    versions = {str(build.version): build.version for build in builds}
    best = max(versions, key=lambda text: versions[text], default=record.version)
    if best == record.version or versions[best] <= rattler.Version(record.version):
        return NewestVersion(record.version)
    newest = [build for build in builds if str(build.version) == best]
    reason = (
        _later_channel(repodata, request, builds, record, newest)
        or _line(repodata, request, record.name, newest)
        or _too_new(repodata, request, newest)
        or others.against(record.name, newest)
        or others.missing(newest)
        or phrases.unknown(record.name)
    )
    return NewestVersion(best, reason)


def _too_new(repodata: Repodata, request: SolveRequest, newest: Builds) -> str:
    """Return a phrase if all builds were published too late; else ``""``."""
    if not all(map(repodata.too_new(request), newest)):
        return ""
    return phrases.by_age(max(repodata.cut(request, build) or 0 for build in newest))


def _later_channel(
    repodata: Repodata,
    request: SolveRequest,
    builds: Builds,
    record: CondaRecord,
    newest: Builds,
) -> str:
    """Return a phrase if strict priority rules out all channels that have it; else ``""``."""
    if request.channel_priority != "strict":
        return ""
    chosen = next((build for build in builds if str(build.version) == record.version), newest[0])
    first = repodata.channel(request, chosen)
    channels = {repodata.channel(request, build) for build in newest} - {""}
    if not channels or first in channels:
        return ""
    return phrases.by_channel(min(channels, key=list(request.channels).index))


def _line(repodata: Repodata, request: SolveRequest, name: str, newest: Builds) -> str:
    """Return a phrase with the line that allows none of the builds; ``""`` if there is none."""

    def allows(line: Requirement) -> bool:
        spec = repodata.spec(line.text)
        channel = parse_spec(line.text).channel
        return any(
            spec.matches(build)
            and (not channel or repodata.channel(request, build) in ("", channel))
            for build in newest
        )

    lines = phrases.with_peers(request.requirements, request.target, pypi=False)
    return phrases.first_in_the_way(lines, name, allows)


class _Others:
    """The packages of a solution, and what they and the machine require of another package."""

    def __init__(self, solved: SolvedRequest) -> None:
        self._records = {record.name: record for record in solved.records}
        self._promised = {p.name: p for p in solved.request.virtual_packages}

    def against(self, name: str, newest: Builds) -> str:
        """Return a phrase with the package that allows none of the builds; ``""`` if none."""
        for spec, phrase in self._requirements.get(name, ()):
            if not any(_matches(spec, build) for build in newest):
                return phrase
        return ""

    @cached_property
    def _requirements(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Return the packages' requirements by name: MatchSpecs, each with a phrase."""
        requirements: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for record in self._records.values():
            package = (record.name, record.version)
            for spec in record.depends:
                requirements[spec_name(spec)].append((spec, phrases.by_package(*package, spec)))
            for spec in record.constrains:
                requirements[spec_name(spec)].append((spec, phrases.by_constraint(*package, spec)))
        return requirements

    def of_this_system(self, build: rattler.RepoDataRecord) -> bool:
        """Return whether a build is for this system; those of ``noarch`` can be for another one."""
        names = {spec_name(spec) for spec in build.depends} & _SYSTEMS
        return names <= self._promised.keys()

    def missing(self, newest: Builds) -> str:
        """Return a phrase for what the build with the fewest missing requirements lacks."""
        lacks = [list(self._lacks(build)) for build in newest]
        if not all(lacks):
            return ""
        pythons = {spec for lack in lacks for spec in lack if spec_name(spec) in _PYTHON}
        several = len(pythons) > len(set(map(spec_name, pythons)))
        if several and all(pythons.intersection(lack) for lack in lacks):
            return phrases.by_python(self._version("python"))
        least = min(lacks, key=lambda lack: (len(lack), lack))
        spec = min(least, key=_importance)
        return phrases.by_need(spec, self._version(spec_name(spec)))

    def _lacks(self, build: rattler.RepoDataRecord) -> Iterator[str]:
        for spec in build.depends:
            name = spec_name(spec)
            present = self._record(name)
            if (present is None and name.startswith("__")) or (
                present and not spec_matches(spec, present)
            ):
                yield spec
        for spec in build.constrains:
            present = self._record(spec_name(spec))
            if present and not spec_matches(spec, present):
                yield spec

    def _record(self, name: str) -> VirtualPackage | CondaRecord | None:
        return self._promised.get(name) or self._records.get(name)

    def _version(self, name: str) -> str:
        record = self._record(name)
        return record.version if record else "nothing"


def _importance(spec: str) -> tuple[bool, bool, str]:
    """Return a sort key, the most familiar first: Python before its ABI, the machine last."""
    name = spec_name(spec)
    return name.startswith("__"), name == "python_abi", spec


def _matches(spec: str, build: rattler.RepoDataRecord) -> bool:
    parsed = _parsed(spec)
    return parsed is None or parsed.matches(build)


@lru_cache(maxsize=65536)  # many packages have the same specs
def _parsed(spec: str) -> rattler.MatchSpec | None:
    """Parse a package's own MatchSpec; ``None`` if rattler can't read it."""
    try:
        return rattler.MatchSpec(spec, strict=False)
    except InvalidMatchSpecError:
        return None
