"""An advisory in OSV's form (https://ossf.github.io/osv-schema/) as a frozen value.

Of an advisory only what is said of PyPI is kept. Where what counts is of another kind than the
schema has, it is an error: an advisory that is passed over would make a package look clean. Real
databases have slips, though, and those do not stop everybody: what is about other projects is not
read on, an alias that is no identifier is left out, and an event that nobody knows makes its range
one without order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from conda_multiplat.lockfile.audit.severity import Rating, rating_of
from conda_multiplat.vocabulary.errors import DocumentError
from conda_multiplat.vocabulary.names import project_name

ECOSYSTEM = "PyPI"
#: What an id is of: it becomes a part of a URL, and of what others read.
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
#: Kinds of events in a range.
INTRODUCED, FIXED, LAST_AFFECTED, LIMIT = EVENTS = (
    *("introduced", "fixed", "last_affected", "limit"),
)


#: Events of a project's ranges, which are put in order for each version that is looked up; the most
#: that a real advisory has are some dozens.
_MOST_EVENTS = 10_000
#: An event of another kind: its range has no order.
UNORDERED = "unordered"


class Event(NamedTuple):
    """A version from which on something is so: one of :data:`EVENTS`, or ``UNORDERED``."""

    kind: str
    version: str


class Affected(NamedTuple):
    """What an advisory says of one project.

    Attributes:
        project: its normalised name.
        versions: versions that are affected, as they are written.
        ranges: the events of each range of versions.
    """

    project: str
    versions: frozenset[str]
    ranges: tuple[tuple[Event, ...], ...]


class Advisory(NamedTuple):
    """A vulnerability as one database has it.

    Attributes:
        id: its identifier there, such as ``GHSA-…``, ``PYSEC-…`` or ``CVE-…``.
        aliases: what it is called elsewhere.
        summary: what it is, in a line; ``""`` where nobody says.
        rating: how severe it is.
        affected: the projects of PyPI that it is about.
        withdrawn: whether it was taken back.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    rating: Rating
    affected: tuple[Affected, ...]
    withdrawn: bool

    @property
    def names(self) -> frozenset[str]:
        """All that it is called."""
        return frozenset((self.id, *self.aliases))


def read_advisory(value: object) -> Advisory:
    """The advisory that a JSON object is.

    Raises:
        DocumentError: it is none, with what is wrong.
    """
    data = _mapping(value, "an advisory")
    of_pypi = _of_pypi(data)
    aliases = (str(alias) for alias in _items(data, "aliases"))
    return Advisory(
        id=_id(data.get("id")),
        aliases=tuple(alias for alias in aliases if ID.fullmatch(alias)),
        summary=_summary(data),
        rating=rating_of(_severities(data, of_pypi), _words(data, of_pypi)),
        affected=tuple(_affected(item) for item in of_pypi),
        withdrawn=bool(data.get("withdrawn")),
    )


def projects_of(value: object) -> frozenset[str]:
    """The projects of PyPI that an advisory is about, normalised; nothing else of it is read.

    Raises:
        DocumentError: that can't be told.
    """
    return frozenset(map(_project, _of_pypi(_mapping(value, "an advisory"))))


def _of_pypi(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    affected = [_mapping(item, "affected") for item in _items(data, "affected")]
    return [item for item in affected if _is_pypi(item)]


def _is_pypi(item: Mapping[str, Any]) -> bool:
    """Whether an entry is about PyPI; what comes after a colon says more of where."""
    package = _mapping(item.get("package") or {}, "package")
    return str(package.get("ecosystem", "")).partition(":")[0] == ECOSYSTEM


def _affected(item: Mapping[str, Any]) -> Affected:
    ranges = tuple(
        tuple(event for each in _items(entry, "events") for event in _events(each))
        for entry in (_mapping(each, "a range") for each in _items(item, "ranges"))
        if entry.get("type") != "GIT"  # commits say nothing of a version
    )
    if (count := sum(map(len, ranges))) > _MOST_EVENTS:
        raise DocumentError(f"ranges with {count} events: more than {_MOST_EVENTS} are not read")
    versions = frozenset(_text(version, "a version") for version in _items(item, "versions"))
    return Affected(_project(item), versions, ranges)


def _project(item: Mapping[str, Any]) -> str:
    return project_name(_text(item["package"].get("name"), "a package's name"))


def _events(value: object) -> list[Event]:
    """The events of an object, which has one; an unknown one where it has none that is known."""
    event = _mapping(value, "an event")
    known = [Event(kind, _text(event[kind], kind)) for kind in EVENTS if kind in event]
    return known or [Event(UNORDERED, "")]


def _severities(data: Mapping[str, Any], affected: list[Mapping[str, Any]]) -> list[str]:
    """The vectors of CVSS, of the advisory and of its projects."""
    entries = [entry for each in (data, *affected) for entry in _items(each, "severity")]
    return [str(_mapping(entry, "severity").get("score", "")) for entry in entries]


def _words(data: Mapping[str, Any], affected: list[Mapping[str, Any]]) -> list[str]:
    """How severe its database calls it."""
    tables = [each.get(key) for each in (data, *affected) for key in _SPECIFIC]
    return [
        str(table["severity"])
        for table in tables
        if isinstance(table, dict) and "severity" in table
    ]


_SPECIFIC = ("database_specific", "ecosystem_specific")


def _summary(data: Mapping[str, Any]) -> str:
    text = data.get("summary") or data.get("details") or ""
    first = _text(text, "summary").strip().partition("\n")[0] if text else ""
    return first if len(first) <= _LONGEST else f"{first[: _LONGEST - 1]}…"


#: Characters of a summary.
_LONGEST = 200


def _id(value: object) -> str:
    text = _text(value, "id")
    if not ID.fullmatch(text):
        raise DocumentError(f"id is not an identifier: {text!r:.60}")
    return text


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DocumentError(f"{what} is not an object: {value!r:.60}")
    return value


def _items(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise DocumentError(f"{key} is not a list: {value!r:.60}")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise DocumentError(f"{what} is not text: {value!r:.60}")
    return value
