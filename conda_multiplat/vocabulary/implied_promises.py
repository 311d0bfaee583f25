"""The promises that locked packages imply: what a platform's machines must have to run them.

Another tool's lock does not say what it was solved for. What its packages need of virtual packages
does, but for CUDA: many packages need ``__cuda`` of any version, and the least one is then that of
the CUDA libraries that are locked beside them.
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

#: Packages whose version is that of the CUDA libraries that are locked.
_CUDA_LIBRARIES = ("cuda-version", "cudatoolkit")
#: From this version on, a driver runs what was made for any minor version of its major one.
_FIRST_COMPATIBLE = 11
#: The CUDA that conda-lock assumes where it is told nothing.
_ASSUMED_CUDA = "11.4"
_VERSION = re.compile(r"[0-9][0-9A-Za-z_!+]*(?:\.[0-9A-Za-z_!+]+)*")

#: Whether a MatchSpec holds for a virtual package.
Matches = Callable[[str, VirtualPackage], bool]
#: Whether a version comes after another.
IsNewer = Callable[[str, str], bool]


class Implied(NamedTuple):
    """A promise that something locked needs and nobody has made.

    Attributes:
        name: of the virtual package, without underscores.
        value: the least that does.
        reason: who needs it, ``pytorch 2.5.1 needs __cuda >=12``.
    """

    name: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f'{self.name}: "{self.value}"'

    @property
    def comment(self) -> str:
        """The reason as a comment that no reader takes for a selector, whatever the lock says."""
        return printable(" ".join(self.reason.split())).replace("[", "(").replace("]", ")")


def as_mapping(implied: Iterable[Implied]) -> str:
    """Promises as they stand behind a platform in a manifest: ``{cuda: "12.0"}``."""
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
    """What must be promised of a platform for locked packages, beyond what it has anyway.

    Args:
        subdir: the platform.
        needs: what the locked packages need.
        versions: the locked packages and their versions.
        has: what is promised or assumed already.
        matches: reads MatchSpecs.
        is_newer: orders versions.

    Returns:
        By name. What no single version meets, or can't be promised of the platform, is not in it.
    """
    lacking = unmet(needs, has, matches)
    promises = []
    for package in sorted({spec_name(each.need.spec) for each in lacking}):
        its = [need for need in needs if spec_name(need.spec) == package]
        first = next(each.need for each in lacking if spec_name(each.need.spec) == package)
        if package == "__cuda":
            its += _library_needs(versions)
        value = _least(package, its, matches, is_newer)
        name = package.removeprefix("__")
        if value and promise_problem(subdir, name, value) is None:
            reason = _reason(first, _decisive(its, value, first), versions)
            promises.append(Implied(name, value, reason))
    return promises


def _library_needs(versions: Mapping[str, str]) -> list[Need]:
    """What the locked CUDA libraries need of a driver, which other tools' locks don't say."""
    needs = []
    for name in _CUDA_LIBRARIES:
        if match := re.match(r"([0-9]+)\.?([0-9]*)", versions.get(name, "")):
            major, minor = match.groups()
            least = "0" if int(major) >= _FIRST_COMPATIBLE else minor or "0"
            needs.append(Need(f"__cuda >={major}.{least}", name))
    return needs


def _least(package: str, needs: Sequence[Need], matches: Matches, is_newer: IsNewer) -> str:
    """The least version that meets all needs, the build for ``__archspec``; ``""`` for none."""
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
    except WordingError:  # a channel may write what a manifest may not
        return {}


def _decisive(needs: Sequence[Need], version: str, first: Need) -> Need:
    """The need that asks for most: the first that names the version, else the first of all."""
    return next((need for need in needs if version in _VERSION.findall(need.spec)), first)


def _reason(first: Need, decisive: Need, versions: Mapping[str, str]) -> str:
    library = decisive.record if decisive.record in _CUDA_LIBRARIES else ""
    need = first if library else decisive
    more = f", with {_named(library, versions)}" if library not in ("", need.record) else ""
    return f"{_named(need.record, versions)} needs {need.spec}{more}"


def _named(record: str, versions: Mapping[str, str]) -> str:
    return f"{record} {versions.get(record, '')}".strip()
