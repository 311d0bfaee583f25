"""The promises that locked packages imply: what a platform's machines must have to run them.

Another tool's lock does not record the virtual packages that it was solved for; the requirements of
its packages show them. CUDA is an exception: many packages need ``__cuda`` of any version, and the
lowest version that works is then that of the CUDA libraries in the same lock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cmp_to_key
from typing import NamedTuple

from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.names import VirtualPackage, spec_name
from conda_multiplat.vocabulary.printable import printable
from conda_multiplat.vocabulary.virtual_packages import Need, promise_problem, unmet

#: Packages whose version is that of the locked CUDA libraries.
_CUDA_LIBRARIES = ("cuda-version", "cudatoolkit")
#: Since this version, a driver runs code for every minor version of its major version.
_FIRST_COMPATIBLE = 11
#: The CUDA version that conda-lock assumes by default.
_ASSUMED_CUDA = "11.4"
_VERSION = re.compile(r"[0-9][0-9A-Za-z_!+]*(?:\.[0-9A-Za-z_!+]+)*")

#: Says whether a MatchSpec matches a virtual package.
Matches = Callable[[str, VirtualPackage], bool]
#: Says whether the first version is newer than the second.
IsNewer = Callable[[str, str], bool]


class Implied(NamedTuple):
    """A promise that is missing although a locked package needs it.

    Attributes:
        name: the virtual package, without underscores.
        value: the lowest version that suffices.
        reason: which package needs it: ``pytorch 2.5.1 needs __cuda >=12``.
    """

    name: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f'{self.name}: "{self.value}"'

    @property
    def comment(self) -> str:
        """Return the reason as a YAML comment that can't be mistaken for a selector."""
        return printable(" ".join(self.reason.split())).replace("[", "(").replace("]", ")")


def as_mapping(implied: Iterable[Implied]) -> str:
    """Format promises as a value of ``virtual-packages``: ``{cuda: "12.0"}``."""
    return f"{{{', '.join(map(str, implied))}}}"


def implied_promises(
    subdir: str,
    needs: Sequence[Need],
    versions: Mapping[str, str],
    has: Iterable[VirtualPackage],
    *,
    matches: Matches,
    is_newer: IsNewer,
) -> list[Implied]:
    """Return the promises that locked packages need in addition to ``has``.

    Args:
        subdir: the platform.
        needs: what the locked packages need.
        versions: the versions of the locked packages, by name.
        has: the virtual packages that are promised or assumed already.
        matches: whether a MatchSpec matches a virtual package.
        is_newer: whether a version is newer than another.

    Returns:
        The promises, by name, without those that no single version meets and those that can't be
        made for the platform.
    """
    lacking = unmet(needs, has, matches)
    promises = []
    for package in sorted({spec_name(lack.need.spec) for lack in lacking}):
        package_needs = [need for need in needs if spec_name(need.spec) == package]
        first = next(lack.need for lack in lacking if spec_name(lack.need.spec) == package)
        if package == "__cuda":
            package_needs += _library_needs(versions)
        value = _least(package, package_needs, matches, is_newer)
        name = package.removeprefix("__")
        if value and promise_problem(subdir, name, value) is None:
            reason = _reason(first, _decisive(package_needs, value, first), versions)
            promises.append(Implied(name, value, reason))
    return promises


def _library_needs(versions: Mapping[str, str]) -> list[Need]:
    """Return what the locked CUDA libraries need of a driver; other tools don't record it."""
    needs = []
    for name in _CUDA_LIBRARIES:
        if match := re.match(r"([0-9]+)\.?([0-9]*)", versions.get(name, "")):
            major, minor = match.groups()
            least = "0" if int(major) >= _FIRST_COMPATIBLE else minor or "0"
            needs.append(Need(f"__cuda >={major}.{least}", name))
    return needs


def _least(package: str, needs: Sequence[Need], matches: Matches, is_newer: IsNewer) -> str:
    """Return the lowest version (of ``__archspec``: the build) that meets all needs, or ``""``."""
    if package == "__archspec":
        builds = {_fields(need.spec).get("build", "*") for need in needs}
        fits = [b for b in sorted(builds) if "*" not in b and _meets(needs, _archspec(b), matches)]
        return fits[0] if fits else ""
    named = {
        version
        for need in needs
        for stated in _VERSION.findall(_fields(need.spec).get("version", ""))
        for version in (stated, f"{stated}.1")  # the latter for `>1.2`
    }

    def compared(one: str, other: str) -> int:
        return is_newer(one, other) - is_newer(other, one)

    last = [_ASSUMED_CUDA] if package == "__cuda" else []
    for version in [*sorted(sorted(named), key=cmp_to_key(compared)), *last]:
        if _meets(needs, VirtualPackage(package, version), matches):
            return version
    return ""


def _archspec(build: str) -> VirtualPackage:
    return VirtualPackage("__archspec", "1", build)


def _meets(needs: Sequence[Need], package: VirtualPackage, matches: Matches) -> bool:
    return all(matches(need.spec, package) for need in needs)


def _fields(spec: str) -> Mapping[str, str]:
    try:
        return parse_spec(spec).fields
    except WordingError:  # valid in a channel's record, but not in a manifest
        return {}


def _decisive(needs: Sequence[Need], version: str, first: Need) -> Need:
    """Return the strictest need: the first that names the version, otherwise the first."""
    return next((need for need in needs if version in _VERSION.findall(need.spec)), first)


def _reason(first: Need, decisive: Need, versions: Mapping[str, str]) -> str:
    library = decisive.record if decisive.record in _CUDA_LIBRARIES else ""
    need = first if library else decisive
    more = f", with {_named(library, versions)}" if library not in ("", need.record) else ""
    return f"{_named(need.record, versions)} needs {need.spec}{more}"


def _named(record: str, versions: Mapping[str, str]) -> str:
    return f"{record} {versions.get(record, '')}".strip()
