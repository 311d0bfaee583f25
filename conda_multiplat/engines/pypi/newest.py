"""The newest version of each PyPI package of a solution, and what is in its way.

1. uv resolves all names of a target at once and without what they need (``--no-deps``), so that no
   package is in another's way. Where an index has lost one, the names are asked for in halves.
2. A newest version that was not taken is held against the manifest's lines, against what those who
   need it say of it, and against what it needs itself. Their metadata is looked up for that.

Nothing is resolved a second time: where all of that lets it through, ``why`` can tell more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name
from packaging.version import Version

from conda_multiplat.engines.pypi.compile import NO_SOLUTION, Compiler
from conda_multiplat.engines.pypi.exclude_newer import too_new
from conda_multiplat.engines.pypi.published import Published
from conda_multiplat.engines.pypi.vendor_indexes import sourced
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving import newest_versions as phrases
from conda_multiplat.solving.extras import Metadata, requested
from conda_multiplat.solving.newest_versions import NewestVersion
from conda_multiplat.solving.pypi import PypiSolution, places_only
from conda_multiplat.vocabulary.markers import holds, holds_for
from conda_multiplat.vocabulary.pip_options import CONSTRAINT
from conda_multiplat.vocabulary.pip_places import place_of
from conda_multiplat.vocabulary.records import PypiRecord


def newest_versions(
    uv: Compiler, solution: PypiSolution, published: Published
) -> dict[str, NewestVersion]:
    """The newest version that the indexes have of each package that comes from one.

    Raises:
        OutsideError: an index can't be read.
    """
    names = [record.name for record in solution.records if _is_of_index(uv, record)]
    alone = replace(uv, request=places_only(solution.request))
    solved = _Solved(uv, alone, solution, published)
    return {
        name: solved.newest(name, version, too_new=newer)
        for name, (version, newer) in _versions(uv, alone, names).items()
    }


def _is_of_index(uv: Compiler, record: PypiRecord) -> bool:
    """Whether a package is the best that an index has, and not what a line or a URL names."""
    if record.is_folder or record.url.startswith("git+"):
        return False
    named = (line for line in uv.request.requirements if line.name == record.name)
    return not any(place_of(line.text) for line in named)


def _versions(uv: Compiler, alone: Compiler, names: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """The newest version of each project, and if it is too new; none of what no index has."""
    if not names:
        return {}
    own = replace(alone, named=frozenset(names) & sourced(alone.request))
    done = own.lock([*own.options, *names], "--no-deps")
    if done.returncode == 0:
        packages = [p for p in own.pylock().get("packages", ()) if "version" in p]
        newer = too_new(uv.request, packages)
        return {
            name: (package["version"], name in newer)
            for package in packages
            if (name := canonicalize_name(package["name"]))
        }
    if done.returncode != NO_SOLUTION:
        own.check(done)
    if len(names) == 1:
        return {}
    half = len(names) // 2
    return {**_versions(uv, alone, names[:half]), **_versions(uv, alone, names[half:])}


class _Solved:
    """A target's solution, and what is in the way of newer versions.

    Args:
        uv: for the request that was solved.
        alone: for packages by themselves.
        solution: what was found.
        published: looks metadata up.
    """

    def __init__(
        self, uv: Compiler, alone: Compiler, solution: PypiSolution, published: Published
    ) -> None:
        self._uv = uv
        self._alone = alone
        self._request = solution.request
        self._records = {record.name: record for record in solution.records}
        self._published = published

    def newest(self, name: str, version: str, *, too_new: bool) -> NewestVersion:
        """The newest version of a project, and what is in its way where it was not taken."""
        here = self._records[name].version
        if Version(version) <= Version(here):
            return NewestVersion(here)
        request = self._request
        lines = phrases.with_peers(request.requirements, request.target, pypi=True)
        reason = (
            phrases.first_in_the_way(lines, name, lambda line: self._allows(line, version))
            or (phrases.by_age(request.cuts.of(name) or 0) if too_new else "")
            or self._asker(name, version)
            or self._need(name, version)
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

    def _asker(self, name: str, version: str) -> str:
        """Which package needs an older one."""
        for record in self._records.values():
            if name not in record.depends:
                continue
            metadata = self._published.of_file(self._uv, record.name, record.url)
            for line in self._needs(metadata):
                if canonicalize_name(line.name) == name and _excludes(line, version):
                    spec = f"{name}{line.specifier}"
                    return phrases.by_package(record.name, record.version, spec)
        return ""

    def _need(self, name: str, version: str) -> str:
        """What it needs in another version than is here."""
        metadata = self._published.of_version(self._alone, name, version)
        here = self._here()
        for line in self._needs(metadata):
            needed = canonicalize_name(line.name)
            if needed in here and _excludes(line, here[needed].split(" ")[0]):
                return phrases.by_need(f"{needed}{line.specifier}", here[needed])
        return ""

    def _here(self) -> Mapping[str, str]:
        """The version of each project, and whether conda provides it."""
        given = {each.name: f"{each.version} of conda" for each in self._request.provided}
        return {**given, **{record.name: record.version for record in self._records.values()}}

    def _needs(self, metadata: Metadata | None) -> Sequence[Pep508]:
        """What a package needs on the target, without extras."""
        target, python = self._request.target, self._request.python

        def counts(marker: Marker, extra: str) -> bool:
            return holds(marker, target.subdir, python, extra)

        return requested(metadata, (), counts) if metadata else ()


def _excludes(line: Pep508, version: str) -> bool:
    return not line.specifier.contains(version, prereleases=True)
