"""The newest version of a package, with a phrase that says why it was not chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.alternatives import Newest
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.exclude_newer import in_words
from conda_multiplat.vocabulary.records import CondaRecord

#: The maximum number of lines that a phrase names.
_LINES = 2


class NewestVersion(NamedTuple):
    """The newest version of a package that its channels or indexes have.

    Attributes:
        version: the version.
        reason: why it was not chosen, as a phrase; ``""`` if it was.
    """

    version: str
    reason: str = ""


class SolvedRequest(NamedTuple):
    """A request, and the newest records that it allows."""

    request: SolveRequest
    records: tuple[CondaRecord, ...]


def by_line(line: Requirement) -> str:
    """Return the phrase for a line of the manifest that rules it out."""
    return f"{line.text} in {line.at}"


def by_package(name: str, version: str, spec: str) -> str:
    """Return the phrase for another package whose ``depends`` rules it out."""
    return f"{name} {version} needs {spec}"


def by_constraint(name: str, version: str, spec: str) -> str:
    """Return the phrase for another package whose ``constrains`` rules it out."""
    return f"{name} {version} allows only {spec}"


def by_need(spec: str, present: str) -> str:
    """Return the phrase for a requirement that the locked or promised version does not meet."""
    return f"it needs {spec}; {'promised' if spec.startswith('__') else 'locked'}: {present}"


def by_python(version: str) -> str:
    """Return the phrase for a version whose builds are for other versions of Python."""
    return f"it has no build for python {'.'.join(version.split('.')[:2])}"


def by_channel(channel: str) -> str:
    """Return the phrase for a channel that strict priority excludes."""
    return f"it is in {channel}, which has a lower priority"


def by_age(cut: int) -> str:
    """Return the phrase for a version that ``exclude-newer`` excludes."""
    return f"newer than exclude-newer ({in_words(cut)})"


def unknown(name: str) -> str:
    """Return the phrase for a version that nothing rules out by itself; only a solve tells more."""
    return f"held back by other packages: conda multiplat why {name}"


def with_peers(lines: Sequence[Requirement], target: Target, *, pypi: bool) -> list[Requirement]:
    """Return lines, and those of the other environments of the target's solve-group."""
    views = [peer.view for peer in target.peers]
    theirs = [line for view in views for line in (view.pypi if pypi else view.conda)]
    return [*lines, *theirs]


def is_unclear(newest: Mapping[str, NewestVersion], name: str) -> bool:
    """Return whether only a solve can tell why a package's newest version was not chosen."""
    return newest[name].reason == unknown(name)


def with_reason_of(newest: NewestVersion, tried: Newest) -> NewestVersion:
    """Return a newest version with the reason that a solve with it gave."""
    if tried.clash:
        lines = " and ".join(f"{line.text} in {line.at}" for line in tried.clash[:_LINES])
        return newest._replace(reason=f"conflicts with {lines}")
    if tried.fix:
        return newest._replace(reason=f"would make others older: {tried.fix}")
    return newest


def first_in_the_way(
    lines: Sequence[Requirement], name: str, allows: Callable[[Requirement], bool]
) -> str:
    """Return the phrase for a name's first line that rules a version out; ``""`` if none does."""
    named = (line for line in lines if line.name == name)
    return next((by_line(line) for line in named if not allows(line)), "")
