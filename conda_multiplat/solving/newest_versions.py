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
        reason: what is in its way, a phrase; ``""`` where a solution has it.
    """

    version: str
    reason: str = ""


class SolvedRequest(NamedTuple):
    """A request, and the newest records that it allows."""

    request: SolveRequest
    records: tuple[CondaRecord, ...]


def by_line(line: Requirement) -> str:
    """A line of the manifest is in the way."""
    return f"{line.text} in {line.at}"


def by_package(name: str, version: str, spec: str) -> str:
    """Another package is."""
    return f"{name} {version} needs {spec}"


def by_constraint(name: str, version: str, spec: str) -> str:
    """Another package's ``constrains`` is."""
    return f"{name} {version} allows {spec} only"


def by_need(spec: str, here: str) -> str:
    """What it needs is not here, or not promised."""
    return f"it needs {spec}; {'promised' if spec.startswith('__') else 'here'}: {here}"


def by_python(version: str) -> str:
    """Its builds are for other versions of Python."""
    return f"it has no build for python {'.'.join(version.split('.')[:2])}"


def by_channel(channel: str) -> str:
    """The channels' priority is."""
    return f"it is in {channel}, after another channel"


def by_age(cut: int) -> str:
    """What ``exclude-newer`` says is."""
    return f"newer than exclude-newer ({in_words(cut)})"


def unknown(name: str) -> str:
    """Nothing by itself is: a solve can tell."""
    return f"not together with the rest: conda multiplat why {name}"


def with_peers(lines: Sequence[Requirement], target: Target, *, pypi: bool) -> list[Requirement]:
    """Lines, and those of the other environments of a target's solve-group."""
    views = [peer.view for peer in target.peers]
    theirs = [line for view in views for line in (view.pypi if pypi else view.conda)]
    return [*lines, *theirs]


def is_unclear(newest: Mapping[str, NewestVersion], name: str) -> bool:
    """Whether only a solve can tell what is in the way of a package's newest version."""
    return newest[name].reason == unknown(name)


def told(newest: NewestVersion, found: Newest) -> NewestVersion:
    """With what a solve has told."""
    if found.clash:
        lines = " and ".join(f"{line.text} in {line.at}" for line in found.clash[:_LINES])
        return newest._replace(reason=f"not together with {lines}")
    if found.fix:
        return newest._replace(reason=f"others would be older: {found.fix}")
    return newest


def first_in_the_way(
    lines: Sequence[Requirement], name: str, allows: Callable[[Requirement], bool]
) -> str:
    """The first line of a name that does not allow a version, in a phrase; ``""`` for none."""
    own = (line for line in lines if line.name == name)
    return next((by_line(line) for line in own if not allows(line)), "")
