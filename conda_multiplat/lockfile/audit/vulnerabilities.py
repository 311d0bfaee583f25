"""Find the vulnerabilities of a package's version in advisories, each once.

Several databases describe the same vulnerability under their own names, which their aliases
connect. It is reported once, with the worst rating and with the latest fix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from conda_multiplat.lockfile.audit.advisory import Advisory
from conda_multiplat.lockfile.audit.audited import Audited
from conda_multiplat.lockfile.audit.impact import Impact, impact, latest_fix
from conda_multiplat.lockfile.audit.severity import Rating, worst

#: A project and its version.
Question = tuple[str, str]
#: Project -> the advisories about it.
Advisories = Mapping[str, Sequence[Advisory]]
#: The prefixes of the preferred ids: these databases describe their vulnerabilities.
_FIRST = ("GHSA-", "PYSEC-")


class AdvisorySource(Protocol):
    """Where advisories come from."""

    @property
    def name(self) -> str:
        """The file, or the URL without its secrets, to show to the user."""
        ...  # pragma: no cover

    def advisories(self, questions: Sequence[Question], say: Callable[[str], None]) -> Advisories:
        """Return all advisories about some versions, and perhaps others.

        ``say`` is called with what is being waited for.

        Raises:
            UsageError: its content can't be used.
            OutsideError: it can't be read.
        """
        ...  # pragma: no cover


class Vulnerability(NamedTuple):
    """What is wrong with a version of a package.

    Attributes:
        id: its identifier in a database.
        aliases: its other identifiers, sorted.
        summary: what it is, in a line; ``""`` if no advisory has a summary.
        rating: its severity.
        fixed: the version with the fix, as in :class:`Impact`.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    rating: Rating
    fixed: str

    @property
    def names(self) -> tuple[str, ...]:
        """All its identifiers, ``id`` first."""
        return (self.id, *self.aliases)


_Hit = tuple[Advisory, Impact]


def vulnerabilities(package: Audited, advisories: Advisories) -> list[Vulnerability]:
    """Return the known vulnerabilities of a locked package, sorted."""
    hits = [
        (advisory, effect)
        for project in package.projects
        for advisory in advisories.get(project, ())
        for affected in advisory.affected
        if affected.project == project and not advisory.withdrawn
        if (effect := impact(affected, package.version)) is not None
    ]
    return sorted(map(_vulnerability, _joined(hits)))


def _joined(hits: Sequence[_Hit]) -> list[list[_Hit]]:
    """Group the advisories that share a name, directly or through other advisories."""
    above: dict[str, str] = {}

    def first(name: str) -> str:
        """Return the name that represents all names known to be equivalent to ``name``."""
        while (other := above.setdefault(name, name)) != name:
            above[name] = name = above[other]
        return name

    for advisory, _ in hits:
        for alias in advisory.aliases:
            above[first(alias)] = first(advisory.id)
    groups: dict[str, list[_Hit]] = {}
    for entry in hits:
        groups.setdefault(first(entry[0].id), []).append(entry)
    return list(groups.values())


def _vulnerability(hits: Sequence[_Hit]) -> Vulnerability:
    ordered = sorted((advisory for advisory, _ in hits), key=lambda advisory: _order(advisory.id))
    names = {name for advisory in ordered for name in advisory.names}
    return Vulnerability(
        id=ordered[0].id,
        aliases=tuple(sorted(names - {ordered[0].id})),
        summary=next((advisory.summary for advisory in ordered if advisory.summary), ""),
        rating=worst(advisory.rating for advisory in ordered),
        fixed=latest_fix([effect.fixed for _, effect in hits]),
    )


def _order(name: str) -> tuple[int, str]:
    known = [number for number, first in enumerate(_FIRST) if name.startswith(first)]
    return (known or [len(_FIRST)])[0], name
