"""The newest version of each PyPI package of a solution, and what rules it out.

1. uv resolves all names of a target at once without dependencies (``--no-deps``), so that no
   package rules out another. If an index lacks one, the names are split in halves. This does not
   need the solution and can run in parallel with the solve.
2. A newest version that was not chosen is compared with the manifest's lines, with the requirements
   of the packages that need it, and with its own. Their metadata is looked up for several packages
   at once: most of the time is spent waiting for the index.

Nothing is resolved again: if none of this rules it out, ``why`` can tell more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name
from packaging.version import Version

from conda_multiplat.engines.pypi.compile import NO_SOLUTION, Compiler
from conda_multiplat.engines.pypi.exclude_newer import too_new
from conda_multiplat.engines.pypi.published import Published, files
from conda_multiplat.engines.pypi.vendor_indexes import sourced
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving import newest_versions as phrases
from conda_multiplat.solving.extras import Metadata, requested
from conda_multiplat.solving.newest_versions import NewestVersion
from conda_multiplat.solving.pypi import PypiSolution, index_options_only, is_of_index
from conda_multiplat.vocabulary.markers import holds, holds_for
from conda_multiplat.vocabulary.pip_options import CONSTRAINT
from conda_multiplat.vocabulary.records import PypiRecord

#: The number of parallel metadata lookups for a target.
_AT_ONCE = 8


class Latest(NamedTuple):
    """The newest version of a project; ``package`` is its entry in a ``pylock.toml`` (PEP 751)."""

    package: dict[str, Any]

    @property
    def version(self) -> str:
        """The version."""
        return str(self.package["version"])

    @property
    def url(self) -> str:
        """The URL of one of its files; ``""`` if uv states none."""
        return next(iter(files(self.package)), "")


def latest_versions(uv: Compiler, records: Sequence[PypiRecord]) -> dict[str, Latest]:
    """Return the newest version of each package from an index, if the index has one.

    Raises:
        OutsideError: an index can't be read.
    """
    names = [record.name for record in records if is_of_index(record, uv.request)]
    return _versions(_without_lines(uv), names)


def newest_versions(
    uv: Compiler,
    solution: PypiSolution,
    latest: Mapping[str, Latest],
    published: Published,
) -> dict[str, NewestVersion]:
    """Return the newest version of each package of a solution, if it is known.

    Args:
        uv: for the request that was solved.
        solution: the solution.
        latest: the newest versions in the indexes.
        published: looks up metadata.
    """
    newer = too_new(uv.request, [latest_release.package for latest_release in latest.values()])
    solved = _Solved(uv, solution, latest, newer, published)
    names = [record.name for record in solution.records if record.name in latest]
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return dict(zip(names, pool.map(solved.newest, names), strict=True))


def _without_lines(uv: Compiler) -> Compiler:
    """Return uv with a request that only states where packages come from."""
    return replace(uv, request=index_options_only(uv.request))


def _versions(uv: Compiler, names: Sequence[str]) -> dict[str, Latest]:
    if not names:
        return {}
    with_sources = replace(uv, named=frozenset(names) & sourced(uv.request))
    done = with_sources.lock([*with_sources.options, *names], "--no-deps")
    if done.returncode == 0:
        packages = with_sources.pylock().get("packages", ())
        return {
            canonicalize_name(package["name"]): Latest(package)
            for package in packages
            if "version" in package
        }
    if done.returncode != NO_SOLUTION:
        with_sources.check(done)
    if len(names) == 1:
        return {}
    half = len(names) // 2
    return {**_versions(uv, names[:half]), **_versions(uv, names[half:])}


class _Solved:
    """A target's solution, and what rules out newer versions.

    Args:
        uv: for the request that was solved.
        solution: the solution.
        latest: the newest versions in the indexes.
        newer: those of them that are too new for the request.
        published: looks up metadata.
    """

    def __init__(
        self,
        uv: Compiler,
        solution: PypiSolution,
        latest: Mapping[str, Latest],
        newer: Collection[str],
        published: Published,
    ) -> None:
        self._uv = uv
        self._latest = latest
        self._newer = newer
        self._request = solution.request
        self._records = {record.name: record for record in solution.records}
        self._published = published

    def newest(self, name: str) -> NewestVersion:
        """Return the newest version of a project, and what rules it out if it was not chosen."""
        version = self._latest[name].version
        current = self._records[name].version
        if Version(version) <= Version(current):
            return NewestVersion(current)
        request = self._request
        lines = phrases.with_peers(request.requirements, request.target, pypi=True)
        reason = (
            phrases.first_in_the_way(lines, name, lambda line: self._allows(line, version))
            or (phrases.by_age(request.cuts.of(name) or 0) if name in self._newer else "")
            or self._dependent(name, version)
            or self._need(name)
            or phrases.unknown(name)
        )
        return NewestVersion(version, reason)

    def _allows(self, line: Requirement, version: str) -> bool:
        text = line.text.removeprefix(CONSTRAINT)
        if not holds_for(text, self._request.target.subdir, self._request.python):
            return True
        try:
            return Pep508(text).specifier.contains(version, prereleases=True)
        except InvalidRequirement:
            return True

    def _dependent(self, name: str, version: str) -> str:
        """Return the package that needs an older version."""
        for record in self._records.values():
            if name not in record.depends:
                continue
            metadata = self._published.of_file(self._uv, record.name, record.url)
            for line in self._needs(metadata):
                if canonicalize_name(line.name) == name and _excludes(line, version):
                    spec = f"{name}{line.specifier}"
                    return phrases.by_package(record.name, record.version, spec)
        return ""

    def _need(self, name: str) -> str:
        """Return a requirement of the newest version that the solution does not satisfy."""
        url = self._latest[name].url
        metadata = self._published.of_file(self._uv, name, url) if url else None
        versions = self._locked_versions()
        for line in self._needs(metadata):
            needed = canonicalize_name(line.name)
            if needed in versions and _excludes(line, versions[needed].split(" ")[0]):
                return phrases.by_need(f"{needed}{line.specifier}", versions[needed])
        return ""

    def _locked_versions(self) -> Mapping[str, str]:
        """Return the version of each project, and whether conda provides it."""
        provided = {
            package.name: f"{package.version} from conda" for package in self._request.provided
        }
        return {**provided, **{record.name: record.version for record in self._records.values()}}

    def _needs(self, metadata: Metadata | None) -> Sequence[Pep508]:
        """Return a package's requirements on the target, without extras."""
        target, python = self._request.target, self._request.python

        def counts(marker: Marker, extra: str) -> bool:
            return holds(marker, target.subdir, python, extra)

        return requested(metadata, (), counts) if metadata else ()


def _excludes(line: Pep508, version: str) -> bool:
    return not line.specifier.contains(version, prereleases=True)
