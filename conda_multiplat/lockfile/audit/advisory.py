"""An advisory in OSV's format (https://ossf.github.io/osv-schema/) as a frozen value.

Only the parts about PyPI are kept. If a relevant value does not have the type that the schema
requires, that is an error: an advisory that is skipped would make a package look clean. Some
mistakes in real databases are tolerated: parts about other projects are not validated, an alias
that is not an identifier is dropped, and a range with an unknown event counts as one without order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from conda_multiplat.lockfile.audit.severity import Rating, rating_of
from conda_multiplat.vocabulary.errors import DocumentError
from conda_multiplat.vocabulary.names import project_name

ECOSYSTEM = "PyPI"
#: The pattern of an id, which becomes part of URLs and of output for other tools.
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
#: Kinds of events in a range.
INTRODUCED, FIXED, LAST_AFFECTED, LIMIT = EVENTS = (
    *("introduced", "fixed", "last_affected", "limit"),
)


#: The maximum number of events in a project's ranges, which are sorted for each version that is
#: looked up; real advisories have some dozens at most.
_MOST_EVENTS = 10_000
#: The kind of an unknown event; its range has no order.
UNORDERED = "unordered"


class Event(NamedTuple):
    """An event of a range at a version; its kind is one of :data:`EVENTS`, or ``UNORDERED``."""

    kind: str
    version: str


class Affected(NamedTuple):
    """The part of an advisory about one project.

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
        id: its identifier, such as ``GHSA-…``, ``PYSEC-…`` or ``CVE-…``.
        aliases: its identifiers in other databases.
        summary: a description in one line; may be ``""``.
        rating: its severity.
        affected: the affected PyPI projects.
        withdrawn: whether it was withdrawn.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    rating: Rating
    affected: tuple[Affected, ...]
    withdrawn: bool

    @property
    def names(self) -> frozenset[str]:
        """Its id and aliases."""
        return frozenset((self.id, *self.aliases))


def read_advisory(value: object) -> Advisory:
    """Read an advisory from a JSON object.

    Raises:
        DocumentError: it is not an advisory; the message says why.
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
    """Return the normalised PyPI projects of an advisory, without reading the rest.

    Raises:
        DocumentError: they can't be determined.
    """
    return frozenset(map(_project, _of_pypi(_mapping(value, "an advisory"))))


def _of_pypi(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    affected = [_mapping(item, "affected") for item in _items(data, "affected")]
    return [item for item in affected if _is_pypi(item)]


def _is_pypi(item: Mapping[str, Any]) -> bool:
    """Return whether an entry is about PyPI; its ecosystem can have a suffix after a colon."""
    package = _mapping(item.get("package") or {}, "package")
    return str(package.get("ecosystem", "")).partition(":")[0] == ECOSYSTEM


def _affected(item: Mapping[str, Any]) -> Affected:
    ranges = tuple(
        tuple(event for entry in _items(span, "events") for event in _events(entry))
        for span in (_mapping(span, "a range") for span in _items(item, "ranges"))
        if span.get("type") != "GIT"  # its events are commits, not versions
    )
    if (count := sum(map(len, ranges))) > _MOST_EVENTS:
        raise DocumentError(f"ranges with {count} events: more than {_MOST_EVENTS} are not read")
    versions = frozenset(_text(version, "a version") for version in _items(item, "versions"))
    return Affected(_project(item), versions, ranges)


def _project(item: Mapping[str, Any]) -> str:
    return project_name(_text(item["package"].get("name"), "a package's name"))


def _events(value: object) -> list[Event]:
    """Return an object's events, normally one; an unknown event if it has no known kind."""
    event = _mapping(value, "an event")
    known = [Event(kind, _text(event[kind], kind)) for kind in EVENTS if kind in event]
    return known or [Event(UNORDERED, "")]


def _severities(data: Mapping[str, Any], affected: list[Mapping[str, Any]]) -> list[str]:
    """Return the CVSS vectors of the advisory and of its projects."""
    entries = [entry for source in (data, *affected) for entry in _items(source, "severity")]
    return [str(_mapping(entry, "severity").get("score", "")) for entry in entries]


def _words(data: Mapping[str, Any], affected: list[Mapping[str, Any]]) -> list[str]:
    """Return the database's words for the severity."""
    tables = [source.get(key) for source in (data, *affected) for key in _SPECIFIC]
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


#: The maximum length of a summary, in characters.
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
