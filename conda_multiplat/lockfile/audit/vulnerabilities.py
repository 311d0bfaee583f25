"""What advisories say of a package's version, each vulnerability once.

Several databases describe one vulnerability under names of their own, which their aliases tie
together: it is one, with the worst rating and the fix that mends what all of them say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from conda_multiplat.lockfile.audit.advisory import Advisory
from conda_multiplat.lockfile.audit.audited import Audited
from conda_multiplat.lockfile.audit.impact import Impact, impact, later_fix
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
        """What it is to a user: a file, or a URL without what is secret in it."""
        ...  # pragma: no cover

    def advisories(self, questions: Sequence[Question], say: Callable[[str], None]) -> Advisories:
        """All advisories about some versions, and maybe others.

        ``say`` is told what is waited for.

        Raises:
            UsageError: what it has can't be used.
            OutsideError: it can't be read.
        """
        ...  # pragma: no cover


class Vulnerability(NamedTuple):
    """What is wrong with a version of a package.

    Attributes:
        id: what a database calls it.
        aliases: its other names, sorted.
        summary: what it is, in a line; ``""`` where nobody says.
        rating: how severe it is.
        fixed: the version that mends it, as of :class:`Impact`.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    rating: Rating
    fixed: str

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is called, ``id`` first."""
        return (self.id, *self.aliases)


_Said = tuple[Advisory, Impact]


def vulnerabilities(package: Audited, advisories: Advisories) -> list[Vulnerability]:
    """What is known to be wrong with a locked package, by its id."""
    said = [
        (advisory, hit)
        for project in package.projects
        for advisory in advisories.get(project, ())
        for affected in advisory.affected
        if affected.project == project and not advisory.withdrawn
        if (hit := impact(affected, package.version)) is not None
    ]
    return sorted(map(_vulnerability, _joined(said)))


def _joined(said: Sequence[_Said]) -> list[list[_Said]]:
    """Group the advisories that share a name, directly or through other advisories."""
    above: dict[str, str] = {}

    def first(name: str) -> str:
        """Return the name that represents all names known to be equivalent to ``name``."""
        while (other := above.setdefault(name, name)) != name:
            above[name] = name = above[other]
        return name

    for advisory, _ in said:
        for alias in advisory.aliases:
            above[first(alias)] = first(advisory.id)
    groups: dict[str, list[_Said]] = {}
    for entry in said:
        groups.setdefault(first(entry[0].id), []).append(entry)
    return list(groups.values())


def _vulnerability(said: Sequence[_Said]) -> Vulnerability:
    ordered = sorted((advisory for advisory, _ in said), key=lambda each: _order(each.id))
    names = {name for advisory in ordered for name in advisory.names}
    return Vulnerability(
        id=ordered[0].id,
        aliases=tuple(sorted(names - {ordered[0].id})),
        summary=next(
            (vulnerability.summary for vulnerability in ordered if vulnerability.summary), ""
        ),
        rating=worst(vulnerability.rating for vulnerability in ordered),
        fixed=later_fix([hit.fixed for _, hit in said]),
    )


def _order(name: str) -> tuple[int, str]:
    known = [number for number, first in enumerate(_FIRST) if name.startswith(first)]
    return (known or [len(_FIRST)])[0], name
